// Ops of an entry by layer: those of one scope with a number (h.3), and of the others by the scope's first part. Where
// what a layer computes comes back to it by way of others, as it does for gradients, another part of it begins.
import type { Graph, Place } from "./data";

export interface Part {
  key: string;
  /** 0, and 1 for what depends on what others made of 0... */
  turn: number;
  ops: number[];
}

export const partName = ({ key, turn }: Part): string => (turn ? `${key} · ${turn + 1}` : key);

const keyOf = (place: Place | undefined): string => {
  const words = (place?.scopes[0] ?? "").split(".");
  const number = words.findIndex((word) => /^(\d+|\*)$/.test(word));
  return (
    words
      .slice(0, number < 0 ? 1 : number + 1)
      .join(".")
      .replaceAll(" ", "_") || "model"
  );
};

export function partsOf(graph: Graph, places: readonly Place[]): { parts: Part[]; of: number[] } {
  // Kernels stay whole: the key of a group is that of most of its ops.
  const votes = new Map<number, Map<string, number>>();
  for (const op of graph.ops) {
    if (op.group < 0) continue;
    const vote = votes.get(op.group) ?? new Map<string, number>();
    const key = keyOf(places[op.place]);
    vote.set(key, (vote.get(key) ?? 0) + 1);
    votes.set(op.group, vote);
  }
  const keys = new Map([...votes].map(([group, vote]) => [group, [...vote].sort((a, b) => b[1] - a[1])[0]![0]]));
  // How far each layer has come in what an op depends on.
  const seen: Map<string, number>[] = [];
  const makers: (string | undefined)[] = []; // the layer that made a value, also behind views
  const groups = new Map<number, { seen: Map<string, number>; turn: number }>();
  graph.ops.forEach((op, i) => {
    const group = groups.get(op.group) ?? { seen: new Map<string, number>(), turn: 0 };
    const all = op.group < 0 ? new Map<string, number>() : group.seen;
    const key = keys.get(op.group);
    for (const from of op.operands) {
      const reached = key === undefined ? undefined : seen[from]!.get(key);
      const inside = graph.ops[from]!.group === op.group;
      const same = makers[from] === key;
      if (reached !== undefined && !inside) group.turn = Math.max(group.turn, same ? reached : reached + 1);
      for (const [name, value] of seen[from]!) all.set(name, Math.max(value, all.get(name) ?? 0));
    }
    if (key !== undefined) all.set(key, Math.max(group.turn, all.get(key) ?? 0));
    if (op.group >= 0) groups.set(op.group, group);
    seen[i] = all;
    makers[i] = key ?? makers[op.operands[0] ?? -1];
  });
  const names: (string | undefined)[] = graph.ops.map(({ group }) =>
    group < 0 ? undefined : `${keys.get(group)} ${groups.get(group)!.turn}`,
  );
  // State, views and literals belong to who reads them first, and what is written to who wrote it.
  for (let i = graph.ops.length - 1; i >= 0; --i)
    for (const from of graph.ops[i]!.operands) if (graph.ops[from]!.group < 0 && names[i]) names[from] = names[i];
  graph.ops.forEach((op, i) => (names[i] ??= op.operands.map((from) => names[from]).find(Boolean) ?? "model 0"));
  const parts = new Map<string, Part>();
  names.forEach((name, i) => {
    if (!parts.has(name!)) {
      const [key, turn] = name!.split(" ");
      parts.set(name!, { key: key!, turn: Number(turn), ops: [] });
    }
    parts.get(name!)!.ops.push(i);
  });
  const list = [...parts.values()];
  const of: number[] = [];
  list.forEach((part, p) => part.ops.forEach((i) => (of[i] = p)));
  return { parts: list, of };
}
