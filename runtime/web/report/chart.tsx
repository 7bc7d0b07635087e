// A chart of one quantity: a line for each training. uPlot draws it.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { smoothed, type Series } from "./data";

export interface Line {
  label: string;
  colour: string;
  dashed: boolean;
  series: Series;
}

interface Props {
  title: string;
  lines: Line[];
  logarithmic: boolean;
  memory: number;
  dark: boolean;
}

/** All lines over the steps that any of them has. */
function joined(lines: readonly Line[], memory: number): uPlot.AlignedData {
  const tables = lines.map(({ series }): uPlot.AlignedData => [
    series.steps,
    smoothed(series.values, series.count > 50 ? memory : 0) as number[],
  ]);
  return uPlot.join(tables);
}

export function Chart({ title, lines, logarithmic, memory, dark }: Props) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current!;
    const ink = dark ? "#a6adb8" : "#5a5f69";
    const grid = { stroke: dark ? "#30353d" : "#e2e3e6", width: 1 };
    const options: uPlot.Options = {
      width: element.clientWidth,
      height: 260,
      cursor: { sync: { key: "steps" }, focus: { prox: 16 } },
      focus: { alpha: 0.35 },
      scales: { x: { time: false }, y: { distr: logarithmic ? 3 : 1 } },
      axes: [
        { stroke: ink, grid },
        {
          stroke: ink,
          grid,
          size: 64,
          values: (_, values) => values.map((v) => (v === null ? "" : String(+v.toPrecision(4)))),
        },
      ],
      series: [
        { label: "Step" },
        ...lines.map(({ label, colour, dashed, series }): uPlot.Series => ({
          label,
          stroke: colour,
          width: 1.5,
          dash: dashed ? [5, 4] : undefined,
          spanGaps: true,
          points: { show: series.count < 30 },
          value: (_, value) => (value === null ? "–" : String(+value.toPrecision(5))),
        })),
      ],
    };
    const plot = new uPlot(options, joined(lines, memory), element);
    const resize = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: 260 }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      plot.destroy();
    };
  }, [lines, logarithmic, memory, dark]);
  return (
    <section class="chart" aria-label={title}>
      <h3>{title}</h3>
      <div ref={place} />
    </section>
  );
}
