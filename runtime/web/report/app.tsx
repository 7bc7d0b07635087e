// Trainings beside each other: curves, samples, what they were asked for, what the program is.
import { useMemo, useState } from "preact/hooks";
import { Chart, type Line } from "./chart";
import { Fusion } from "./fusion";
import { Memory } from "./memory";
import { bytes, short } from "../shared/numbers";
import { seriesOf, type Data, type Run } from "./data";

const colours = {
  light: ["#1756a9", "#b4530a", "#1b7a3d", "#8b2fa8", "#a3161b", "#0b7285", "#6b5900", "#5a5f69"],
  dark: ["#8ab8ff", "#ffb066", "#7ddb9c", "#dc9cf2", "#ff9d97", "#74d3e6", "#e3cc5e", "#b9bfc9"],
};

const titles: Record<string, string> = {
  lr: "Learning rate",
  grad_norm: "Norm of the gradient",
  val_accuracy: "Held-out accuracy",
  val_bits_per_byte: "Held-out bits a byte",
};
const titleOf = (name: string): string =>
  titles[name] ?? (name.endsWith("_per_s") ? `${name.slice(0, -6)} a second` : name);

/** Which charts there are: the losses together, then each other number. */
function chartsOf(runs: readonly Run[], palette: readonly string[]): { title: string; lines: Line[] }[] {
  const colour = (i: number) => palette[i % palette.length]!;
  const losses: Line[] = runs.flatMap((run, i) =>
    (["loss", "val_loss"] as const).flatMap((name) => {
      const series = seriesOf(run, name);
      const label = (runs.length > 1 ? `${run.name} ` : "") + (name === "loss" ? "loss" : "held out");
      return series ? [{ label, colour: colour(i), dashed: name === "val_loss", series }] : [];
    }),
  );
  const names = [...new Set(runs.flatMap((run) => run.series.map((series) => series.name)))];
  const others = names
    .filter((name) => !["loss", "val_loss", "time"].includes(name))
    .map((name) => ({
      title: titleOf(name),
      lines: runs.flatMap((run, i) => {
        const series = seriesOf(run, name);
        return series ? [{ label: run.name, colour: colour(i), dashed: false, series }] : [];
      }),
    }));
  return [{ title: "Loss", lines: losses }, ...others];
}

const last = (run: Run, name: string): number | null => {
  const values = seriesOf(run, name)?.values.filter((value) => value !== null);
  return values?.length ? values[values.length - 1]! : null;
};

/** The step and value of the least held-out loss. */
function best(run: Run): string {
  const series = seriesOf(run, "val_loss");
  let at = -1;
  series?.values.forEach((value, i) => {
    if (value !== null && (at < 0 || value < series.values[at]!)) at = i;
  });
  return series && at >= 0 ? `${series.values[at]!.toFixed(4)} at ${series.steps[at]}` : "–";
}

function duration(run: Run): string {
  const times = seriesOf(run, "time")?.values.filter((value) => value !== null) ?? [];
  if (times.length < 2) return "–";
  const seconds = Math.round(times[times.length - 1]! - times[0]!);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours} h ${minutes} min` : minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

function Overview({ runs, palette }: { runs: Run[]; palette: readonly string[] }) {
  const speed = (run: Run) => {
    const name = run.series.find((series) => series.name.endsWith("_per_s"))?.name;
    const value = name ? last(run, name) : null;
    return value === null ? "–" : `${short(value)} ${name!.slice(0, -6)}/s`;
  };
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Overview">
      <table>
        <thead>
          <tr>
            {["Training", "Steps", "Loss", "Least held-out loss", "Time", "Speed", "Seed", "Checkpoint"].map(
              (name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {runs.map((run, i) => (
            <tr key={i}>
              <th scope="row">
                <span class="mark" style={{ background: palette[i % palette.length] }} /> {run.name}
              </th>
              <td>{run.checkpoint?.step ?? seriesOf(run, "loss")?.steps.at(-1) ?? "–"}</td>
              <td>{last(run, "loss")?.toFixed(4) ?? "–"}</td>
              <td>{best(run)}</td>
              <td>{duration(run)}</td>
              <td>{speed(run)}</td>
              <td>{run.checkpoint?.seed ?? "–"}</td>
              <td>{run.checkpoint ? bytes(run.checkpoint.bytes) : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What the trainings were asked for, a column each; rows in which they differ stand out. */
function Options({ runs }: { runs: Run[] }) {
  const tables = runs.map((run) => {
    const table: Record<string, string> = {};
    for (const [name, value] of Object.entries(run.checkpoint?.config ?? {}))
      table[`model: ${name}`] = String(value);
    for (const [name, value] of Object.entries(run.checkpoint?.options ?? {})) table[name] = String(value);
    if (run.checkpoint) table["data: size"] = run.checkpoint.data;
    if (run.checkpoint) table["tokenizer"] = `${run.checkpoint.tokenizer}, ${run.checkpoint.vocabulary} tokens`;
    return table;
  });
  const names = [...new Set(tables.flatMap((table) => Object.keys(table)))];
  if (!names.length) return <p>There is no checkpoint beside the log.</p>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Options">
      <table>
        <thead>
          <tr>
            <th scope="col">Option</th>
            {runs.map((run, i) => (
              <th key={i} scope="col">
                {run.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names.map((name) => (
            <tr key={name} class={new Set(tables.map((table) => table[name])).size > 1 ? "differs" : ""}>
              <th scope="row">{name}</th>
              {tables.map((table, i) => (
                <td key={i}>{table[name] ?? "–"}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Samples({ run }: { run: Run }) {
  const [at, setAt] = useState(run.samples.length - 1);
  const sample = run.samples[at];
  if (!sample) return null;
  return (
    <section class="samples">
      <h3>{run.name}</h3>
      <label>
        Step {sample.step}
        <input
          type="range"
          min={0}
          max={run.samples.length - 1}
          value={at}
          disabled={run.samples.length < 2}
          onInput={(event) => setAt(event.currentTarget.valueAsNumber)}
        />
      </label>
      <pre tabIndex={0}>{sample.text}</pre>
    </section>
  );
}

function Program({ data, dark }: { data: Data; dark: boolean }) {
  const { program, machine } = data;
  const compiled = [data.compiled ?? []].flat();
  const [entry, setEntry] = useState(0);
  const chosen = program.entries[entry];
  const facts: [string, string][] = [
    ["Program", `${program.name}, from ${program.source}`],
    ["Compiler", `${program.compiler}, for ${program.target}`],
    ["Parameters", program.parameters.toLocaleString("en")],
    ["State", bytes(program.state_bytes)],
    ["Arena", bytes(program.arena_bytes)],
    ["Constants", bytes(program.constant_bytes)],
    [
      "Machine",
      `${machine.processor}, ${machine.threads} threads, ${bytes(machine.memory_bytes)}, ${machine.system}`,
    ],
  ];
  return (
    <>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <label>
        Entry{" "}
        <select value={entry} onChange={(event) => setEntry(Number(event.currentTarget.value))}>
          {program.entries.map(({ name }, i) => (
            <option key={name} value={i}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {chosen && (
        <>
          <p>
            {chosen.launches} launches, {short(chosen.flops)}FLOP, arena {bytes(chosen.arena_bytes)}
          </p>
          <Memory key={entry} entry={chosen} dark={dark} />
          <h3>Kernels</h3>
          <div class="scroll kernels" tabIndex={0} role="region" aria-label="Kernels">
            <table>
              <thead>
                <tr>
                  {["Kernel", "Line", "Launches", "FLOP of all", "Bytes of all"].map((name) => (
                    <th key={name} scope="col">
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {[...chosen.kernels]
                  .sort((a, b) => b.flops * b.launches - a.flops * a.launches)
                  .map((kernel, i) => (
                    <tr key={i}>
                      <th scope="row">{kernel.name}</th>
                      <td>{kernel.line}</td>
                      <td>{kernel.launches}</td>
                      <td>{short(kernel.flops * kernel.launches)}</td>
                      <td>{bytes(kernel.bytes * kernel.launches)}</td>
                    </tr>
                  ))}
              </tbody>
            </table>
          </div>
          {compiled.map((one) => (
            <Fusion key={one.target} compiled={one} entry={chosen.name} />
          ))}
        </>
      )}
    </>
  );
}

export function App({ data }: { data: Data }) {
  const [logarithmic, setLogarithmic] = useState(false);
  const [memory, setMemory] = useState(0.9);
  const dark = useMemo(() => window.matchMedia("(prefers-color-scheme: dark)").matches, []);
  const palette = dark ? colours.dark : colours.light;
  const charts = useMemo(() => chartsOf(data.runs, palette), [data, palette]);
  const thinned = data.runs.some((run) => run.series.some((series) => series.count > series.steps.length));
  return (
    <main>
      <h1>{data.runs.map((run) => run.name).join(", ")}</h1>
      <p>
        {data.program.name}, {data.program.parameters.toLocaleString("en")} parameters ·{" "}
        {new Date(data.made * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC
      </p>
      <Overview runs={data.runs} palette={palette} />
      <h2>Curves</h2>
      <div class="tools">
        <label>
          Smoothing
          <input
            type="range"
            min={0}
            max={0.99}
            step={0.01}
            value={memory}
            onInput={(event) => setMemory(event.currentTarget.valueAsNumber)}
          />
        </label>
        <label>
          <input
            type="checkbox"
            checked={logarithmic}
            onChange={(event) => setLogarithmic(event.currentTarget.checked)}
          />
          Logarithmic
        </label>
        <span>
          Drag to zoom, double-click to zoom out.
          {thinned && " Of long logs, each point is the mean of several steps."}
        </span>
      </div>
      <div class="charts">
        {charts.map(({ title, lines }) => (
          <Chart key={title} title={title} lines={lines} logarithmic={logarithmic} memory={memory} dark={dark} />
        ))}
      </div>
      {data.runs.some((run) => run.samples.length > 0) && <h2>Samples</h2>}
      {data.runs.map((run, i) => (
        <Samples key={i} run={run} />
      ))}
      <h2>What was asked for</h2>
      <Options runs={data.runs} />
      {data.runs.map(
        (run, i) =>
          run.options && (
            <details key={i}>
              <summary>options.toml of {run.name}</summary>
              <pre tabIndex={0}>{run.options}</pre>
            </details>
          ),
      )}
      <h2>Program and machine</h2>
      <Program data={data} dark={dark} />
    </main>
  );
}
