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
  /** The last moment at which its bytes count: not `last`, if that one overwrites it in place. */
  until: number;
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
  flops: number;
  operands: number[];
}
export interface Graph {
  entry: string;
  kinds: string[];
  kernels: string[];
  ops: Op[];
}
/** What is a target's own. */
export interface Target {
  name: string;
  title: string;
  parameters: number;
  state_bytes: number;
  stages: StageSummary[];
  entries: string;
  graphs: string;
}
export interface Data {
  title: string;
  compiler: string;
  /** What sizes of buffers are rounded up to. */
  alignment: number;
  places: Place[];
  /** Those that all targets share. */
  stages: StageSummary[];
  targets: Target[];
}
export interface Model extends Omit<Target, "entries" | "graphs">, Pick<Data, "compiler" | "alignment" | "places"> {
  program: string;
  entries: Entry[];
  graphs: Graph[];
}

/** Of a target: unpacked when it is looked at. */
export async function modelOf(data: Data, target: Target): Promise<Model> {
  const [entries, graphs] = await Promise.all([unpack<Entry[]>(target.entries), unpack<Graph[]>(target.graphs)]);
  const { title: program, compiler, alignment, places } = data;
  const stages = [...data.stages, ...target.stages];
  return { ...target, program, compiler, alignment, places, stages, entries, graphs };
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

/** `gpt.cpp:32:10 in h.3.attn`, or as much of it as there is. */
export function placeText({ line, scopes }: Place): string {
  const scope = scopes.join(", ");
  return line && scope ? `${line} in ${scope}` : line || scope || "no line of the model";
}
