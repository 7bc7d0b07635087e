// What is known of an op: its line and scope, its kernel, why it was not fused further, and its text in each stage.
import { useEffect, useState } from "preact/hooks";
import { bytes, short } from "../shared/numbers";
import { placeText, textOf, type Entry, type Graph, type Model, type Op, type Place } from "./data";
import { Lines, type Line } from "./lines";

/** Whether a refusal, which may be of several layers (h.*.attn), is about this place. */
function isAbout(refusal: Place, place: Place): boolean {
  if (refusal.line !== place.line) return false;
  const scope = place.scopes[0] ?? "";
  const fits = (pattern: string) => {
    const [a, b] = [pattern.split("."), scope.split(".")];
    return a.length === b.length && a.every((word, i) => word === b[i] || word === "*");
  };
  return refusal.scopes.length === 0 || refusal.scopes.some(fits);
}

interface Props {
  model: Model;
  graph: Graph;
  entry: Entry | undefined;
  op: Op;
}

/** Lines of a stage from the op's place, those that follow each other together. */
function useStageLines(model: Model, graph: Graph, op: Op, at: number): Line[] {
  const [lines, setLines] = useState<Line[]>([{ text: "…" }]);
  useEffect(() => {
    let here = true;
    const stage = model.stages[at];
    if (!stage) return;
    const kernel = graph.kernels[op.group];
    void textOf(stage).then((text) => {
      const found = text.sections.flatMap(({ name, text: all, places }): Line[] => {
        if (name !== `@${graph.entry}` && name !== `@${kernel}`) return [];
        const rows = all.split("\n");
        // A kernel is shared by all layers, and has the lines of one: it is shown whole.
        const mine =
          name === `@${kernel}`
            ? rows.map((_, i) => i)
            : rows.map((_, i) => i).filter((i) => op.place > 0 && places[i] === op.place);
        return mine.length
          ? [{ text: name, kind: "head" }, ...mine.map((i) => ({ text: rows[i]!, number: i + 1 }))]
          : [];
      });
      if (here)
        setLines(found.length ? found : [{ text: "nothing of this line is left in this stage by its own" }]);
    });
    return () => void (here = false);
  }, [model, graph, op, at]);
  return lines;
}

export function OpCard({ model, graph, entry, op }: Props) {
  const [at, setAt] = useState(
    Math.max(
      0,
      model.stages.findIndex(({ name }) => name === "train"),
    ),
  );
  const lines = useStageLines(model, graph, op, at);
  const place = model.places[op.place] ?? { line: "", scopes: [] };
  const name = graph.kernels[op.group];
  const kernel = entry?.kernels.find((one) => one.name === name);
  const members = graph.ops.filter(({ group }) => op.group >= 0 && group === op.group);
  const refusals = entry?.refusals.filter((refusal) => isAbout(refusal, place)) ?? [];
  const facts: [string, string][] = [
    ["Result", op.type ? `${op.type}, ${bytes(op.bytes)}` : "none"],
    ["Alone", op.flops ? `${short(op.flops)}FLOP` : "no floating-point operations"],
    ["Line", place.line || "none"],
    ["Scope", place.scopes.join(", ") || "none"],
    ["Kernel", name ? `${name}, a kernel of ${graph.kinds[op.group]}` : "none: state, a view, or a literal"],
    ["With it", members.map((one) => one.name).join(", ") || "nothing"],
  ];
  if (kernel) {
    facts.push([
      "Work",
      `${short(kernel.flops)}FLOP, ${bytes(kernel.bytes)} moved by each of ${kernel.launches} launches`,
    ]);
    facts.push(["Stores", kernel.stored.join("; ") || "nothing"]);
  }
  return (
    <>
      <h2>{op.name}</h2>
      <dl>
        {facts.map(([title, value]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h3>Why not fused further</h3>
      {refusals.length ? (
        <ul class="refusals">
          {refusals.map((refusal, i) => (
            <li key={i}>
              {refusal.what}, because {refusal.why} <small>({placeText(refusal)})</small>
            </li>
          ))}
        </ul>
      ) : (
        <p>
          No pass refused anything at this line{kernel ? "; why its kernel stores results is said above" : ""}.
        </p>
      )}
      <h3>Text</h3>
      <div class="choices" role="group" aria-label="Stage">
        {model.stages.map((stage, i) => (
          <button key={stage.name} aria-pressed={i === at} onClick={() => setAt(i)}>
            {stage.name}
          </button>
        ))}
      </div>
      <Lines lines={lines} label={`Text of the op at stage ${model.stages[at]?.name}`} />
    </>
  );
}
