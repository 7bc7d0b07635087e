// Numbers for people.

/** 1.5 GiB. */
export function bytes(value: number): string {
  const unit = Math.max(0, Math.min(4, Math.floor(Math.log2(Math.max(1, value)) / 10)));
  const shown = unit ? (value / 1024 ** unit).toPrecision(3) : value;
  return `${shown} ${["bytes", "KiB", "MiB", "GiB", "TiB"][unit]}`;
}

/** 1.23 M, with nothing behind it: what it counts follows. */
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
