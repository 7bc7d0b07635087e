// What the model is: numbers, and how its losses went.
import { bytes, short } from "../shared/numbers";
import type { Card } from "./api";

type Points = [number, number | null][];

function Curve({ losses }: { losses: Card["losses"] }) {
  const [width, height, left, bottom] = [300, 120, 34, 16];
  const all = [...losses.loss, ...losses.val_loss].filter(([, y]) => y !== null) as [number, number][];
  if (all.length < 2) return null;
  const steps = all.map(([x]) => x);
  const values = all.map(([, y]) => y);
  const [x0, x1] = [Math.min(...steps), Math.max(...steps)];
  const [y0, y1] = [Math.min(...values), Math.max(...values)];
  const x = (step: number) => left + ((step - x0) / (x1 - x0 || 1)) * (width - left - 4);
  const y = (loss: number) => 6 + ((y1 - loss) / (y1 - y0 || 1)) * (height - bottom - 6);
  const line = (points: Points) =>
    points
      .filter(([, loss]) => loss !== null)
      .map(([step, loss]) => `${x(step).toFixed(1)},${y(loss!).toFixed(1)}`)
      .join(" ");
  const last = losses.loss[losses.loss.length - 1];
  const held = losses.val_loss[losses.val_loss.length - 1];
  return (
    <figure>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`Loss from step ${x0} to ${x1}: ${y1.toFixed(2)} to ${y0.toFixed(2)}`}
      >
        {[y0, y1].map((value) => (
          <text key={value} x={left - 4} y={y(value) + 4} text-anchor="end">
            {value.toFixed(2)}
          </text>
        ))}
        <text x={left} y={height - 3}>
          {x0}
        </text>
        <text x={width - 4} y={height - 3} text-anchor="end">
          step {x1}
        </text>
        <polyline class="loss" points={line(losses.loss)} />
        <polyline class="held-out" points={line(losses.val_loss)} />
      </svg>
      <figcaption>
        {last && <span class="key loss">Loss {last[1]?.toFixed(3)}</span>}
        {held && <span class="key held-out">Held out {held[1]?.toFixed(3)}</span>}
      </figcaption>
    </figure>
  );
}

export function ModelCard({ card }: { card: Card }) {
  const facts: [string, string][] = [
    ["Parameters", short(card.parameters)],
    ["Trained for", `${card.step} steps`],
    ["Context", `${card.context} tokens`],
    ["Vocabulary", `${card.vocabulary} (${card.tokenizer})`],
    ["Memory", bytes(card.memory_bytes)],
    ["Weights", card.weights],
    ["Sampler", card.cached ? "remembers what it has read" : "reads the whole window each time"],
    ["Texts at once", String(card.slots)],
    ["Program", `${card.program}, ${card.target}`],
    ["Compiler", card.compiler],
  ];
  return (
    <div class="model">
      <Curve losses={card.losses} />
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        {Object.entries(card.config ?? {}).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{String(value)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
