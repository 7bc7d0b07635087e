// Memory over time: every buffer of the arena as a box, from launch to launch and from its offset on.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { bytes } from "../shared/numbers";
import { placeText, type Buffer, type Entry } from "./data";

/** A colour by the first part of the scope: what belongs together looks alike. */
export function hueOf(scopes: readonly string[], line: string): number {
  const key = (scopes[0] ?? line)
    .replace(/\d+|\*/g, "")
    .split(".")
    .slice(0, 3)
    .join(".");
  let hash = 7;
  for (const c of key) hash = (hash * 31 + c.charCodeAt(0)) % 3600;
  return hash / 10;
}

/** The bytes that are live at each moment, from the one before the first launch on: as the planner counts them. */
function liveOf(entry: Entry, moments: number, alignment: number): number[] {
  const change = new Float64Array(moments + 3);
  for (const one of entry.buffers) {
    const size = Math.ceil(one.bytes / alignment) * alignment;
    change[one.first + 1]! += size;
    change[one.until + 2]! -= size;
  }
  let sum = 0;
  return [...change.slice(0, moments + 2)].map((step) => (sum += step));
}

export function Memory({ entry, alignment }: { entry: Entry; alignment: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState({ width: 800, height: 460 });
  const [chosen, setChosen] = useState<Buffer | null>(null);
  const [pinned, setPinned] = useState(false);
  const moments = useMemo(() => 1 + Math.max(0, ...entry.launches.map(({ time }) => time)), [entry]);
  const live = useMemo(() => liveOf(entry, moments, alignment), [entry]);
  const left = 70;
  const band = 60; // for the bytes that are live, below the boxes
  const x = (time: number) => left + ((time + 1) / (moments + 2)) * (size.width - left);
  const y = (offset: number) => (1 - offset / Math.max(1, entry.arena)) * (size.height - band - 30) + 6;
  const boxOf = (one: Buffer): [number, number, number, number] => {
    const right = x(Math.min(one.last, moments) + 1);
    const above = y(one.offset + one.bytes);
    return [x(one.first), above, right - x(one.first), y(one.offset) - above];
  };
  useEffect(() => {
    const element = canvas.current!;
    const resize = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    resize.observe(element);
    return () => resize.disconnect();
  }, []);
  useEffect(() => {
    const element = canvas.current!;
    const scale = window.devicePixelRatio || 1;
    element.width = size.width * scale;
    element.height = size.height * scale;
    const context = element.getContext("2d")!;
    context.scale(scale, scale);
    const style = getComputedStyle(element);
    const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    context.clearRect(0, 0, size.width, size.height);
    for (const one of entry.buffers) {
      const [left, above, width, height] = boxOf(one);
      context.fillStyle = `hsl(${hueOf(one.scopes, one.line)} ${dark ? "45% 42%" : "60% 72%"})`;
      context.fillRect(left, above, Math.max(width, 1), Math.max(height, 0.5));
      if (width > 4 && height > 3) {
        context.strokeStyle = dark ? "#16181c" : "#ffffff";
        context.lineWidth = 0.5;
        context.strokeRect(left, above, width, height);
      }
    }
    context.fillStyle = style.color;
    context.strokeStyle = style.color;
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "right";
    for (let i = 0; i <= 4; ++i)
      context.fillText(bytes((entry.arena * i) / 4), left - 6, y((entry.arena * i) / 4) + 4);
    context.fillText("live", left - 6, size.height - band / 2 - 16);
    context.textAlign = "left";
    context.fillText("launch 0", x(0), size.height - 6);
    context.textAlign = "right";
    context.fillText(String(moments - 1), size.width - 4, size.height - 6);
    const most = Math.max(1, ...live);
    context.beginPath();
    live.forEach((value, i) => {
      const at = size.height - 24 - (value / most) * (band - 14);
      context.lineTo(x(i - 1), at);
      context.lineTo(x(i), at);
    });
    context.lineWidth = 1.5;
    context.stroke();
    context.setLineDash([4, 4]);
    context.beginPath();
    context.moveTo(x(entry.peak + 0.5), 0);
    context.lineTo(x(entry.peak + 0.5), size.height - 20);
    context.lineWidth = 1;
    context.stroke();
    context.setLineDash([]);
    if (chosen) {
      context.lineWidth = 3;
      context.strokeRect(...boxOf(chosen));
    }
  }, [size, entry, chosen]);
  const find = (event: MouseEvent): Buffer | null => {
    const [px, py] = [event.offsetX, event.offsetY];
    return (
      entry.buffers.find((one) => {
        const [left, above, width, height] = boxOf(one);
        return px >= left && px <= left + width && py >= above && py <= above + Math.max(height, 2);
      }) ?? null
    );
  };
  const sorted = useMemo(() => [...entry.buffers].sort((a, b) => b.bytes - a.bytes), [entry]);
  const about = (one: Buffer) =>
    `${one.shape}, ${bytes(one.bytes)} at ${one.offset.toLocaleString("en")}, ` +
    `${one.first < 0 ? "an input" : `written by launch ${one.first}`}, ` +
    (one.last >= moments ? "an output" : `read until launch ${one.last}`);
  return (
    <>
      <p>
        {entry.buffers.length} buffers in {bytes(entry.arena)} of arena; at most {bytes(entry.live)} (
        <span class="live">{Math.max(...live).toLocaleString("en")}</span> bytes) are live at once, at launch{" "}
        {entry.peak} (dashed).
      </p>
      <canvas
        ref={canvas}
        class="memory"
        role="img"
        aria-label="Buffers of the arena over launches; the table below has the same"
        onMouseMove={(event) => !pinned && setChosen(find(event))}
        onClick={(event) => {
          const found = find(event);
          setChosen(found);
          setPinned(found !== null);
        }}
      />
      <p class="chosen" aria-live="polite">
        {chosen ? (
          <>
            <b>{about(chosen)}</b> · {placeText(chosen)}
          </>
        ) : (
          "Point at a buffer, click to keep it."
        )}
      </p>
      <div class="scroll tall" tabIndex={0} role="region" aria-label="Buffers">
        <table>
          <thead>
            <tr>
              {["Buffer", "Bytes", "Offset", "From", "To", "Place"].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.slice(0, 300).map((one, i) => (
              <tr
                key={i}
                class={one === chosen ? "differs" : ""}
                onClick={() => {
                  setChosen(one);
                  setPinned(true);
                }}
              >
                <th scope="row">{one.shape}</th>
                <td>{one.bytes.toLocaleString("en")}</td>
                <td>{one.offset.toLocaleString("en")}</td>
                <td>{one.first < 0 ? "input" : one.first}</td>
                <td>{one.last >= moments ? "output" : one.last}</td>
                <td>{placeText(one)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {sorted.length > 300 && <p>The largest 300 of {sorted.length}.</p>}
    </>
  );
}
