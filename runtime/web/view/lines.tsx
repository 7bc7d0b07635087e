// A long text, of which only the lines in sight are in the document.
import { useEffect, useRef, useState } from "preact/hooks";

const height = 19;

export interface Line {
  text: string;
  kind?: "added" | "removed" | "head" | "marked";
  number?: number;
}

export function Lines({ lines, label }: { lines: readonly Line[]; label: string }) {
  const place = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [view, setView] = useState(600);
  useEffect(() => {
    const element = place.current!;
    element.scrollTop = 0;
    const resize = new ResizeObserver(() => setView(element.clientHeight));
    resize.observe(element);
    return () => resize.disconnect();
  }, [lines]);
  const first = Math.max(0, Math.floor(top / height) - 20);
  const last = Math.min(lines.length, Math.ceil((top + view) / height) + 20);
  const longest = lines.reduce((most, line) => Math.max(most, line.text.length), 0);
  return (
    <div
      class="lines"
      ref={place}
      tabIndex={0}
      role="region"
      aria-label={label}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <div style={{ height: `${lines.length * height}px`, minWidth: `calc(${longest + 8}ch + 20px)` }}>
        <pre style={{ transform: `translateY(${first * height}px)` }}>
          {lines.slice(first, last).map((line, i) => (
            <div key={first + i} class={line.kind ?? ""}>
              {line.number !== undefined && <span class="number">{line.number}</span>}
              {line.text || " "}
            </div>
          ))}
        </pre>
      </div>
    </div>
  );
}
