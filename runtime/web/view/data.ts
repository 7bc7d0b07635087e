// What sinterc puts into the page, and how it is unpacked.

export interface Place {
  line: string;
  scopes: string[];
}
export interface Change {
  section: string;
  added: number;
  removed: number;
}
export interface PassRun {
  name: string;
  changes: Change[];
}
export interface StageSummary {
  name: string;
  lines: number;
  passes: PassRun[];
  packed: string;
}
export interface Hunk {
  before: number;
  after: number;
  lines: string;
}
export interface Section {
  name: string;
  text: string;
  /** Of each line, a number in `places`. */
  places: number[];
}
export interface StageText {
  sections: Section[];
  /** Of each pass, of each of its changes. */
  passes: Hunk[][][];
}
export interface Kernel {
  name: string;
  launches: number;
  flops: number;
  bytes: number;
  fuses: string[];
  stored: string[];
}
export interface Launch extends Place {
  kernel: string;
  time: number;
}
export interface Buffer extends Place {
  shape: string;
  bytes: number;
  offset: number;
  first: number;
  last: number;
}
export interface Refusal extends Place {
  what: string;
  why: string;
  times: number;
}
export interface Entry {
  name: string;
  arena: number;
  live: number;
  inputs: number;
  flops: number;
  peak: number;
  kernels: Kernel[];
  launches: Launch[];
  buffers: Buffer[];
  refusals: Refusal[];
}
export interface Op {
  name: string;
  type: string;
  place: number;
  group: number;
  bytes: number;
  operands: number[];
}
export interface Graph {
  entry: string;
  kinds: string[];
  kernels: string[];
  ops: Op[];
}
export interface Data {
  title: string;
  compiler: string;
  target: string;
  parameters: number;
  state_bytes: number;
  places: Place[];
  stages: StageSummary[];
  entries: string;
  graphs: string;
}
export interface Model extends Omit<Data, "entries" | "graphs"> {
  entries: Entry[];
  graphs: Graph[];
}

/** What was deflated and written in base 64. */
export async function unpack<T>(packed: string): Promise<T> {
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return (await new Response(stream).json()) as T;
}

const texts = new Map<StageSummary, Promise<StageText>>();

/** The text of a stage, unpacked when it is first asked for. */
export function textOf(stage: StageSummary): Promise<StageText> {
  if (!texts.has(stage)) texts.set(stage, unpack<StageText>(stage.packed));
  return texts.get(stage)!;
}

export function bytes(value: number): string {
  const unit = Math.max(0, Math.min(4, Math.floor(Math.log2(Math.max(1, value)) / 10)));
  const shown = unit ? (value / 1024 ** unit).toPrecision(3) : value;
  return `${shown} ${["bytes", "KiB", "MiB", "GiB", "TiB"][unit]}`;
}

export function short(value: number): string {
  for (const [size, unit] of [
    [1e12, " T"],
    [1e9, " G"],
    [1e6, " M"],
    [1e3, " k"],
  ] as const)
    if (Math.abs(value) >= size) return `${(value / size).toPrecision(3)}${unit}`;
  return String(Math.round(value * 1000) / 1000);
}

/** `gpt.cpp:32:10 in h.3.attn`, or as much of it as there is. */
export function placeText({ line, scopes }: Place): string {
  const scope = scopes.join(", ");
  return line && scope ? `${line} in ${scope}` : line || scope || "no line of the model";
}
