// The arena of an entry over its launches: how much of it holds something that is still needed, and what that is when
// it is most.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { bytes } from "../shared/numbers";
import type { Entry } from "./data";

export function Memory({ entry, dark }: { entry: Entry; dark: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  const { live, peak, at_peak: parts } = entry.arena;
  useEffect(() => {
    const element = place.current!;
    const ink = dark ? "#a6adb8" : "#5a5f69";
    const grid = { stroke: dark ? "#30353d" : "#e2e3e6", width: 1 };
    const colour = dark ? "#8ab8ff" : "#1756a9";
    // Moment 0 is before launch 0.
    const nameOf = (launch: number) =>
      launch < 0 ? "inputs" : (entry.kernels[entry.order[launch] ?? -1]?.name ?? "outputs");
    const options: uPlot.Options = {
      width: element.clientWidth,
      height: 240,
      scales: { x: { time: false }, y: { range: (_, __, most) => [0, most * 1.05] } },
      axes: [
        { stroke: ink, grid },
        { stroke: ink, grid, size: 76, values: (_, values) => values.map((value) => bytes(value)) },
      ],
      series: [
        { label: "Launch", value: (_, launch) => (launch === null ? "–" : `${launch} ${nameOf(launch)}`) },
        {
          label: "Live",
          stroke: colour,
          fill: `${colour}33`,
          width: 1.5,
          paths: uPlot.paths.stepped!({ align: 1 }),
          points: { show: false },
          value: (_, value) => (value === null ? "–" : `${value.toLocaleString("en")} bytes`),
        },
      ],
    };
    const plot = new uPlot(options, [live.map((_, i) => i - 1), live], element);
    const resize = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: 240 }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      plot.destroy();
    };
  }, [entry, dark]);
  return (
    <section class="chart memory" aria-label={`Memory of ${entry.name}`}>
      <h3>Arena over the launches of {entry.name}</h3>
      <p>
        At most <b>{live[peak]!.toLocaleString("en")}</b> of {entry.arena_bytes.toLocaleString("en")} bytes hold
        something that is still needed, {peak > 0 ? `at launch ${peak - 1}` : "before the first launch"}.
      </p>
      <div ref={place} />
      {parts.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label="What is in the arena then">
          <table>
            <thead>
              <tr>
                {["Bytes then", "Written by", "Line", "Scope"].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {parts.map((part, i) => (
                <tr key={i}>
                  <th scope="row">{part.bytes.toLocaleString("en")}</th>
                  <td>{part.launch < 0 ? part.kernel : `launch ${part.launch}, ${part.kernel}`}</td>
                  <td>{part.line}</td>
                  <td>{part.scope}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {entry.arena.parts > parts.length && <p>The largest {parts.length} of {entry.arena.parts}.</p>}
    </section>
  );
}
