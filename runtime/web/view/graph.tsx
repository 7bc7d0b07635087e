// The graph of an entry: layers, and inside of the one that is open its ops, those of a kernel in one box. elkjs lays
// it out; what an op is says the card beside it.
import ELK, { type ElkExtendedEdge, type ElkNode } from "elkjs/lib/elk.bundled.js";
import { useEffect, useMemo, useState } from "preact/hooks";
import { short } from "../shared/numbers";
import { type Entry, type Graph, type Model } from "./data";
import { OpCard } from "./op_card";
import { partName, partsOf, type Part } from "./layers";

const elk = new ELK();
const trivial = (name: string) => name === "constant" || name === "empty" || name === "literal";

const options = {
  "elk.algorithm": "layered",
  "elk.direction": "DOWN",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.layered.spacing.nodeNodeBetweenLayers": "22",
  "elk.spacing.nodeNode": "14",
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
};

const widthOf = (text: string) => 18 + 7.4 * text.length;

/** An edge for each two of `nodes` of which one reads from the other. */
function edgesOf(pairs: Iterable<[string, string]>): ElkExtendedEdge[] {
  const known = new Set<string>();
  for (const [from, to] of pairs) if (from !== to) known.add(`${from} ${to}`);
  return [...known].map((id) => ({ id, sources: [id.split(" ")[0]!], targets: [id.split(" ")[1]!] }));
}

function layersGraph(graph: Graph, parts: Part[], of: number[]): ElkNode {
  const children = parts.map((part, p) => ({
    id: `part${p}`,
    width: Math.max(140, widthOf(partName(part))),
    height: 44,
  }));
  const pairs = graph.ops.flatMap((op, i) =>
    op.operands.map((from): [string, string] => [`part${of[from]}`, `part${of[i]}`]),
  );
  return { id: "root", layoutOptions: options, children, edges: edgesOf(pairs) };
}

/** The ops of a part in the boxes of their kernels, and the parts that it reads from and is read by. */
function partGraph(graph: Graph, part: Part, p: number, parts: Part[], of: number[]): ElkNode {
  const children: ElkNode[] = [];
  const groups = new Map<number, ElkNode>();
  const shown = part.ops.filter((i) => !trivial(graph.ops[i]!.name));
  for (const i of shown) {
    const op = graph.ops[i]!;
    const node: ElkNode = { id: `op${i}`, width: Math.max(60, widthOf(op.name)), height: 28 };
    if (op.group < 0) {
      children.push(node);
      continue;
    }
    if (!groups.has(op.group)) {
      const name = graph.kernels[op.group] || graph.kinds[op.group] || "kernel";
      const box: ElkNode = {
        id: `group${op.group}`,
        children: [],
        labels: [{ text: name, width: widthOf(name), height: 16 }],
        layoutOptions: {
          "elk.padding": "[top=26,left=10,bottom=10,right=10]",
          "elk.nodeSize.constraints": "NODE_LABELS MINIMUM_SIZE",
          "elk.nodeLabels.placement": "INSIDE V_TOP H_LEFT",
          "elk.nodeSize.minimum": `(${widthOf(name)},30)`,
        },
      };
      groups.set(op.group, box);
      children.push(box);
    }
    groups.get(op.group)!.children!.push(node);
  }
  const inside = new Set(shown);
  const others = new Set<number>();
  const pairs: [string, string][] = [];
  graph.ops.forEach((op, i) => {
    for (const from of op.operands) {
      if (!inside.has(i) && !inside.has(from)) continue;
      if (trivial(graph.ops[from]!.name) || trivial(op.name)) continue;
      const name = (at: number) => (inside.has(at) ? `op${at}` : `part${of[at]}`);
      if (of[from] !== p) others.add(of[from]!);
      if (of[i] !== p) others.add(of[i]!);
      pairs.push([name(from), name(i)]);
    }
  });
  for (const other of others)
    children.push({ id: `part${other}`, width: widthOf(partName(parts[other]!)), height: 28 });
  return { id: "root", layoutOptions: options, children, edges: edgesOf(pairs) };
}

interface Drawn {
  root: ElkNode;
  boxes: { node: ElkNode; x: number; y: number }[];
}

/** All boxes by where they are in the whole. */
function flatten(root: ElkNode): Drawn["boxes"] {
  const boxes: Drawn["boxes"] = [];
  const visit = (node: ElkNode, x: number, y: number) => {
    for (const child of node.children ?? []) {
      boxes.push({ node: child, x: x + child.x!, y: y + child.y! });
      visit(child, x + child.x!, y + child.y!);
    }
  };
  visit(root, 0, 0);
  return boxes;
}

/** Edges have coordinates of the box that holds both of their ends. */
function Edge({ edge, origin }: { edge: ElkExtendedEdge; origin: { x: number; y: number } }) {
  return (
    <>
      {(edge.sections ?? []).map((section) => {
        const points = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
        return (
          <polyline
            key={section.id}
            class="edge"
            marker-end="url(#arrow)"
            points={points.map(({ x, y }) => `${x + origin.x},${y + origin.y}`).join(" ")}
          />
        );
      })}
    </>
  );
}

interface Props {
  model: Model;
  graph: Graph;
  entry: Entry | undefined;
}

export function GraphTab({ model, graph, entry }: Props) {
  const { parts, of } = useMemo(() => partsOf(graph, model.places), [graph]);
  const [open, setOpen] = useState(-1); // -1: all layers
  const [drawn, setDrawn] = useState<Drawn>();
  const [op, setOp] = useState(-1);
  const [zoom, setZoom] = useState(1);
  useEffect(() => {
    let here = true;
    const asked = open < 0 ? layersGraph(graph, parts, of) : partGraph(graph, parts[open]!, open, parts, of);
    void elk.layout(asked).then((root) => here && setDrawn({ root, boxes: flatten(root) }));
    return () => void (here = false);
  }, [graph, open]);
  const show = (part: number) => {
    setDrawn(undefined);
    setOp(-1);
    setOpen(part);
  };
  const activate = (id: string) => {
    if (id.startsWith("part")) show(Number(id.slice(4)));
    if (id.startsWith("op")) setOp(Number(id.slice(2)));
    if (id.startsWith("group")) setOp(graph.ops.findIndex(({ group }) => group === Number(id.slice(5))));
  };
  const titleOf = (id: string): [string, string] => {
    if (id.startsWith("part")) {
      const part = parts[Number(id.slice(4))]!;
      const kernels = new Set(part.ops.map((i) => graph.ops[i]!.group).filter((group) => group >= 0)).size;
      return [partName(part), `${part.ops.length} ops, ${kernels} kernels`];
    }
    if (id.startsWith("op")) return [graph.ops[Number(id.slice(2))]!.name, ""];
    const group = Number(id.slice(5));
    return [graph.kernels[group] || graph.kinds[group] || "kernel", ""];
  };
  const where = new Map(drawn?.boxes.map((box) => [box.node.id, box]));
  const selected = op < 0 ? undefined : graph.ops[op];
  return (
    <div class="columns graph">
      <section class="drawing" aria-label="Graph">
        <div class="tools">
          <h2>{open < 0 ? `${parts.length} parts of ${graph.entry}` : partName(parts[open]!)}</h2>
          {open >= 0 && <button onClick={() => show(-1)}>All layers</button>}
          <label>
            Part{" "}
            <select value={open} onChange={(event) => show(Number(event.currentTarget.value))}>
              <option value={-1}>all</option>
              {parts.map((part, p) => (
                <option key={p} value={p}>
                  {partName(part)}
                </option>
              ))}
            </select>
          </label>
          <label>
            Zoom{" "}
            <input
              type="range"
              min={0.3}
              max={2}
              step={0.1}
              value={zoom}
              onInput={(event) => setZoom(event.currentTarget.valueAsNumber)}
            />
          </label>
        </div>
        <div class="scroll canvas" tabIndex={0} role="region" aria-label="Drawing">
          {!drawn ? (
            <p>…</p>
          ) : (
            <svg
              width={drawn.root.width! * zoom}
              height={drawn.root.height! * zoom}
              viewBox={`0 0 ${drawn.root.width} ${drawn.root.height}`}
              role="group"
              aria-label={`Graph of ${graph.entry}`}
            >
              <defs>
                <marker
                  id="arrow"
                  viewBox="0 0 6 6"
                  refX="6"
                  refY="3"
                  markerWidth="7"
                  markerHeight="7"
                  orient="auto"
                >
                  <path d="M0 0 6 3 0 6z" class="head" />
                </marker>
              </defs>
              {drawn.boxes.map(({ node, x, y }) => {
                const [title, more] = titleOf(node.id);
                const kind = /^[a-z]+/.exec(node.id)![0];
                return (
                  <g
                    key={node.id}
                    class={`node ${kind} ${node.id === `op${op}` ? "selected" : ""}`}
                    data-node={node.id}
                    transform={`translate(${x} ${y})`}
                    role="button"
                    tabindex={0} // (SVG knows no other spelling.)
                    aria-label={`${kind === "part" ? "part" : kind === "op" ? "op" : "kernel"} ${title}`}
                    onClick={() => activate(node.id)}
                    onKeyDown={(event) => (event.key === "Enter" || event.key === " ") && activate(node.id)}
                  >
                    <rect width={node.width} height={node.height} rx={6} />
                    <text
                      x={kind === "group" ? 8 : node.width! / 2}
                      y={kind === "group" ? 16 : more && node.height! > 30 ? 18 : node.height! / 2 + 4.5}
                      text-anchor={kind === "group" ? "start" : "middle"}
                    >
                      {title}
                    </text>
                    {more && node.height! > 30 && (
                      <text class="more" x={node.width! / 2} y={35} text-anchor="middle">
                        {more}
                      </text>
                    )}
                  </g>
                );
              })}
              {drawn.root.edges?.map((edge) => {
                const holder = (edge as { container?: string }).container;
                return <Edge key={edge.id} edge={edge} origin={where.get(holder ?? "") ?? { x: 0, y: 0 }} />;
              })}
            </svg>
          )}
        </div>
      </section>
      <aside class="card" aria-label="Op" aria-live="polite">
        {selected ? (
          <OpCard model={model} graph={graph} entry={entry} op={selected} />
        ) : (
          <p>
            {open < 0
              ? "Click a layer to see its ops. “· 2” is what depends on what came after the layer: its gradients."
              : "Click an op: its line, its kernel, its text in each stage. A box is a kernel."}
            {entry &&
              ` ${graph.entry}: ${graph.ops.length} ops, ${entry.launches.length} launches, ${short(entry.flops)}FLOP.`}
          </p>
        )}
      </aside>
    </div>
  );
}
