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
    entries: { name: string; launches: number; arena_bytes: number; flops: number; kernels: Kernel[] }[];
  };
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

export function bytes(value: number): string {
  const unit = Math.max(0, Math.min(4, Math.floor(Math.log2(Math.max(1, value)) / 10)));
  return `${(value / 1024 ** unit).toPrecision(unit ? 3 : 4)} ${["bytes", "KiB", "MiB", "GiB", "TiB"][unit]}`;
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
