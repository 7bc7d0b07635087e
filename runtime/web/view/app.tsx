// The tabs of the page; each is drawn when it is opened.
import { useState } from "preact/hooks";
import { bytes, short } from "../shared/numbers";
import { modelOf, type Data, type Model } from "./data";
import { GraphTab } from "./graph";
import { Kernels } from "./kernels";
import { Memory } from "./memory";
import { Stages } from "./stages";

const tabs = ["Graph", "Stages", "Memory", "Kernels"] as const;
type Tab = (typeof tabs)[number];

export function App({ data, first }: { data: Data; first: Model }) {
  const [model, setModel] = useState(first);
  const names = model.entries.length
    ? model.entries.map((entry) => entry.name)
    : model.graphs.map((graph) => graph.entry);
  const [tab, setTab] = useState<Tab>(model.graphs.length ? "Graph" : "Stages");
  const [entryName, setEntry] = useState(names.includes("train") ? "train" : (names[0] ?? ""));
  const entry = model.entries.find(({ name }) => name === entryName);
  const graph = model.graphs.find((one) => one.entry === entryName);
  const name = `${model.name} ${entryName}`;
  const missing = <p>Compilation ended before this was known.</p>;
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? tabs.length - 1 : 0;
    if (!step) return;
    const next = tabs[(tabs.indexOf(tab) + step) % tabs.length]!;
    setTab(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <main>
      <header>
        <h1>{model.program}</h1>
        <p>
          {model.compiler}
          {`, for ${model.title}`}
          {model.parameters > 0 && ` · ${model.parameters.toLocaleString("en")} parameters`}
          {entry && ` · ${entry.name}: ${short(entry.flops)}FLOP, arena ${bytes(entry.arena)}`}
        </p>
        <nav>
          <div role="tablist" aria-label="Views" onKeyDown={move}>
            {tabs.map((name) => (
              <button
                key={name}
                id={`tab-${name}`}
                role="tab"
                aria-selected={tab === name}
                aria-controls="panel"
                tabIndex={tab === name ? 0 : -1}
                onClick={() => setTab(name)}
              >
                {name}
              </button>
            ))}
          </div>
          {data.targets.length > 1 && (
            <label>
              Target{" "}
              <select
                value={model.name}
                onChange={(event) => {
                  const target = data.targets.find(({ name }) => name === event.currentTarget.value)!;
                  void modelOf(data, target).then(setModel);
                }}
              >
                {data.targets.map(({ name }) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            </label>
          )}
          {names.length > 0 && tab !== "Stages" && (
            <label>
              Entry{" "}
              <select value={entryName} onChange={(event) => setEntry(event.currentTarget.value)}>
                {names.map((name) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            </label>
          )}
        </nav>
      </header>
      <div id="panel" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === "Stages" && <Stages key={model.name} model={model} />}
        {tab === "Graph" &&
          (graph ? <GraphTab key={name} model={model} graph={graph} entry={entry} /> : missing)}
        {tab === "Memory" && (entry ? <Memory key={name} entry={entry} alignment={model.alignment} /> : missing)}
        {tab === "Kernels" && (entry ? <Kernels key={name} entry={entry} /> : missing)}
      </div>
    </main>
  );
}
