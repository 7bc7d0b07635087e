// What `report` puts into the page.

export interface Series {
  name: string;
  /** In the log; more than here if they were thinned. */
  count: number;
  steps: number[];
  values: (number | null)[];
}

export interface Run {
  name: string;
  series: Series[];
  samples: { step: number; text: string }[];
  /** The file options.toml, or empty. */
  options: string;
  checkpoint: {
    program: string;
    config: Record<string, unknown> | null;
    step: number;
    seed: string;
    options: Record<string, unknown> | null;
    data: string;
    tokenizer: string;
    vocabulary: number;
    bytes: number;
  } | null;
}

export interface Kernel {
  name: string;
  line: string;
  launches: number;
  flops: number;
  bytes: number;
}

export interface Entry {
  name: string;
  launches: number;
  arena_bytes: number;
  flops: number;
  kernels: Kernel[];
  /** Of each launch, a number in `kernels`. */
  order: number[];
  arena: {
    /** Bytes before the first launch, at each, and behind the last. */
    live: number[];
    /** Where in `live` most are. */
    peak: number;
    /** How many parts there are then; the largest of them. */
    parts: number;
    at_peak: { bytes: number; launch: number; kernel: string; line: string; scope: string }[];
  };
}

/** What sinterc --report=json prints, as far as the page shows it; a list, where there are several targets. */
export interface Compiled {
  target: string;
  entries: {
    name: string;
    kernels: { name: string; line: string; stored_because?: string[] }[];
    not_fused?: { line: string; scopes: string[]; what: string; because: string; times: number }[];
  }[];
}

export interface Data {
  made: number;
  runs: Run[];
  machine: { processor: string; threads: number; memory_bytes: number; system: string };
  program: {
    name: string;
    source: string;
    compiler: string;
    target: string;
    config: Record<string, unknown> | null;
    parameters: number;
    state_bytes: number;
    arena_bytes: number;
    constant_bytes: number;
    entries: Entry[];
  };
  compiled: Compiled | Compiled[] | null;
}

export const seriesOf = (run: Run, name: string): Series | undefined =>
  run.series.find((one) => one.name === name);

/** The mean of the last values, the older the less they count; `memory` from 0, none, to below 1. */
export function smoothed(values: readonly (number | null)[], memory: number): (number | null)[] {
  let mean = 0;
  let weight = 0;
  return values.map((value) => {
    if (value === null) return null;
    mean = memory * mean + (1 - memory) * value;
    weight = memory * weight + (1 - memory);
    return mean / weight;
  });
}
