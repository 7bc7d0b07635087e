// Kernels of an entry: their work, what they fuse, why their results are stored; and the roofline of a profile.
import { useState } from "preact/hooks";
import { bytes, short } from "../shared/numbers";
import { placeText, type Entry } from "./data";

/** What `bench ENTRY --profile --json` prints. */
interface Profile {
  machine: { gflops_per_s: number; gb_per_s: number } | null;
  profile: { kernel: string | null; location: string; launches: number; ms: number; gflops_per_s?: number }[];
}

interface Point {
  name: string;
  intensity: number;
  speed: number;
  ms: number;
}

function pointsOf(profile: Profile, entry: Entry): Point[] {
  return profile.profile.flatMap(({ kernel, ms, location, gflops_per_s: speed }) => {
    const known = entry.kernels.find(({ name }) => name === kernel);
    if (!known || !speed || !known.bytes || !known.flops) return [];
    return [{ name: `${kernel} (${location})`, intensity: known.flops / known.bytes, speed, ms }];
  });
}

/** The decade below, and the one above. */
const decades = (values: number[]): [number, number] => [
  Math.floor(Math.log10(Math.min(...values))),
  Math.ceil(Math.log10(Math.max(...values))),
];

function Roofline({ profile, entry }: { profile: Profile; entry: Entry }) {
  const points = pointsOf(profile, entry);
  const machine = profile.machine;
  if (!points.length) return <p>No kernel of this entry is in the profile.</p>;
  const [width, height, left, below] = [900, 420, 60, 44];
  const [x0, x1] = decades(points.map((point) => point.intensity));
  const [y0, y1] = decades([...points.map((point) => point.speed), ...(machine ? [machine.gflops_per_s] : [])]);
  const x = (value: number) => left + ((Math.log10(value) - x0) / (x1 - x0)) * (width - left - 34);
  const y = (value: number) => height - below - ((Math.log10(value) - y0) / (y1 - y0)) * (height - below - 10);
  const most = Math.max(...points.map((point) => point.ms));
  const roof = machine
    ? Array.from({ length: 101 }, (_, i) => 10 ** (x0 + ((x1 - x0) * i) / 100))
        .map((at): [number, number] => [at, Math.min(at * machine.gb_per_s, machine.gflops_per_s)])
        .filter(([, speed]) => speed >= 10 ** y0)
    : [];
  const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Roofline">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        class="roofline"
        role="img"
        aria-label="Speed over intensity of each kernel"
      >
        {range(x0, x1).map((i) => (
          <g key={i}>
            <line class="grid" x1={x(10 ** i)} x2={x(10 ** i)} y1={10} y2={height - below} />
            <text x={x(10 ** i)} y={height - below + 16} text-anchor="middle">
              {short(10 ** i)}
            </text>
          </g>
        ))}
        {range(y0, y1).map((i) => (
          <g key={i}>
            <line class="grid" x1={left} x2={width - 34} y1={y(10 ** i)} y2={y(10 ** i)} />
            <text x={left - 6} y={y(10 ** i) + 4} text-anchor="end">
              {short(10 ** i)}
            </text>
          </g>
        ))}
        <text x={(width + left) / 2} y={height - 8} text-anchor="middle">
          FLOP a byte
        </text>
        <text transform={`translate(14 ${height / 2}) rotate(-90)`} text-anchor="middle">
          GFLOP a second
        </text>
        <polyline class="roof" points={roof.map(([at, speed]) => `${x(at)},${y(speed)}`).join(" ")} />
        {points.map((point, i) => (
          <circle key={i} cx={x(point.intensity)} cy={y(point.speed)} r={3 + 14 * Math.sqrt(point.ms / most)}>
            <title>{`${point.name}: ${point.ms.toPrecision(3)} ms, ${point.speed.toPrecision(3)} GFLOP/s`}</title>
          </circle>
        ))}
      </svg>
    </div>
  );
}

export function Kernels({ entry }: { entry: Entry }) {
  const [profile, setProfile] = useState<Profile | null>(null);
  const [problem, setProblem] = useState("");
  const read = async (file: File | undefined) => {
    if (!file) return;
    try {
      const loaded = JSON.parse(await file.text()) as Profile;
      if (!Array.isArray(loaded.profile)) throw new Error("it has no member `profile`");
      setProfile(loaded);
      setProblem("");
    } catch (error) {
      setProfile(null);
      setProblem(`${file.name} is no profile: ${(error as Error).message}`);
    }
  };
  const time = (name: string) =>
    profile?.profile.filter(({ kernel }) => kernel === name).reduce((sum, { ms }) => sum + ms, 0);
  return (
    <>
      <p>
        <label>
          A profile, for times and the roofline (<code>bench {entry.name} --profile --json</code>){" "}
          <input
            type="file"
            accept=".json,application/json"
            onChange={(event) => void read(event.currentTarget.files?.[0])}
          />
        </label>
      </p>
      {problem && <p role="alert">{problem}</p>}
      {profile && <Roofline profile={profile} entry={entry} />}
      <div class="scroll tall" tabIndex={0} role="region" aria-label="Kernels">
        <table>
          <thead>
            <tr>
              {[
                "Kernel",
                "Launches",
                ...(profile ? ["ms"] : []),
                "FLOP each",
                "Bytes each",
                "Fuses",
                "Why its results are stored",
              ].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {entry.kernels.map((kernel) => (
              <tr key={kernel.name}>
                <th scope="row">{kernel.name}</th>
                <td>{kernel.launches}</td>
                {profile && <td>{time(kernel.name)?.toPrecision(3)}</td>}
                <td>{short(kernel.flops)}</td>
                <td>{bytes(kernel.bytes)}</td>
                <td class="wide">{kernel.fuses.join(", ")}</td>
                <td class="wide">{kernel.stored.join("; ")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {entry.refusals.length > 0 && <h2>Not fused</h2>}
      <ul class="refusals">
        {entry.refusals.map((refusal, i) => (
          <li key={i}>
            <b>{placeText(refusal)}</b>: {refusal.what}, because {refusal.why}
            {refusal.times > 1 && ` (${refusal.times} times)`}
          </li>
        ))}
      </ul>
    </>
  );
}
