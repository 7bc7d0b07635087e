// How the next token is chosen.
import type { Settings } from "./api";

export const defaults: Settings = {
  temperature: 0.8,
  topP: 0.95,
  topK: 0,
  minP: 0,
  repeatPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  maxTokens: 100,
  stop: "",
  seed: "",
};

const presets: Record<string, Partial<Settings>> = {
  Balanced: { temperature: 0.8, topP: 0.95, topK: 0, minP: 0, repeatPenalty: 1 },
  "Most probable": { temperature: 0, topP: 1, topK: 0, minP: 0, repeatPenalty: 1 },
  "As the model says": { temperature: 1, topP: 1, topK: 0, minP: 0, repeatPenalty: 1 },
  Adventurous: { temperature: 1.3, topP: 1, topK: 0, minP: 0.05, repeatPenalty: 1.1 },
};

const sliders: [keyof Settings, string, number, number, number, string][] = [
  ["temperature", "Temperature", 0, 2, 0.05, "0: always the most probable token; 1: as the model says"],
  ["topP", "Top P", 0.05, 1, 0.01, "Among the fewest tokens that together have this probability"],
  ["topK", "Top K", 0, 100, 1, "Among so many of the most probable; 0: all"],
  ["minP", "Min P", 0, 0.5, 0.01, "Among those with this share of the highest probability"],
  ["repeatPenalty", "Repeat penalty", 1, 2, 0.05, "Makes tokens less probable that are among the last 64"],
  ["presencePenalty", "Presence penalty", -2, 2, 0.1, "Off the logits of tokens that were made before"],
  ["frequencyPenalty", "Frequency penalty", -2, 2, 0.1, "The same, as often as they were made"],
  ["maxTokens", "Tokens", 1, 1000, 1, "How many to make at most"],
];

interface Props {
  settings: Settings;
  lastSeed: number | null;
  onChange(settings: Settings): void;
}

export function SettingsForm({ settings, lastSeed, onChange }: Props) {
  const set = (change: Partial<Settings>) => onChange({ ...settings, ...change });
  const preset = Object.entries(presets).find(([, values]) =>
    Object.entries(values).every(([name, value]) => settings[name as keyof Settings] === value),
  )?.[0];
  return (
    <form class="settings" onSubmit={(event) => event.preventDefault()}>
      <label class="row">
        <span>Preset</span>
        <select
          value={preset ?? ""}
          onChange={(event) => event.currentTarget.value && set(presets[event.currentTarget.value]!)}
        >
          {!preset && <option value="">Own values</option>}
          {Object.keys(presets).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      {sliders.map(([name, label, least, most, step, help]) => (
        <div class="slider" key={name}>
          <label for={`range-${name}`} title={help}>
            {label}
          </label>
          <input
            type="number"
            aria-label={`${label}, as a number`}
            min={least}
            max={name === "maxTokens" ? 4096 : most}
            step={step}
            value={settings[name]}
            onChange={(event) => {
              const value = event.currentTarget.valueAsNumber;
              if (Number.isFinite(value)) set({ [name]: Math.max(least, value) });
            }}
          />
          <input
            id={`range-${name}`}
            type="range"
            min={least}
            max={most}
            step={step}
            value={settings[name]}
            title={help}
            onInput={(event) => set({ [name]: event.currentTarget.valueAsNumber })}
          />
        </div>
      ))}
      <label class="row">
        <span>Seed</span>
        <input
          inputMode="numeric"
          placeholder="another each time"
          value={settings.seed}
          onInput={(event) => set({ seed: event.currentTarget.value.replace(/[^0-9]/g, "").slice(0, 15) })}
        />
      </label>
      {lastSeed !== null && (
        <p class="hint">
          The last seed was {lastSeed}.{" "}
          {settings.seed !== String(lastSeed) && (
            <button type="button" class="link" onClick={() => set({ seed: String(lastSeed) })}>
              Keep it
            </button>
          )}
        </p>
      )}
      <label class="row">
        <span>Stop at</span>
        <input
          placeholder="text, \n for a line's end"
          value={settings.stop}
          maxLength={200}
          onInput={(event) => set({ stop: event.currentTarget.value })}
        />
      </label>
    </form>
  );
}
