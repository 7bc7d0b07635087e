// Every stage: its text at the end, and what each pass that changed something did to which functions.
import { useEffect, useMemo, useState } from "preact/hooks";
import { textOf, type Model, type StageText } from "./data";
import { Lines, type Line } from "./lines";

const kinds = { "+": "added", "-": "removed" } as const;

/** Everything that a pass changed, or one function of it. */
function diffLines(text: StageText, pass: number, sections: readonly string[], only: string): Line[] {
  return (text.passes[pass] ?? []).flatMap((hunks, i): Line[] => {
    if (only && sections[i] !== only) return [];
    return hunks.flatMap(({ before, after, lines }): Line[] => [
      { text: `${sections[i]}, line ${before + 1} → ${after + 1}`, kind: "head" },
      ...lines.split("\n").map((line): Line => ({ text: line, kind: kinds[line[0] as "+" | "-"] })),
    ]);
  });
}

export function Stages({ model }: { model: Model }) {
  const [at, setAt] = useState(Math.min(1, model.stages.length - 1));
  const [pass, setPass] = useState(-1); // -1: the stage itself
  const [section, setSection] = useState("");
  const [text, setText] = useState<StageText>();
  const stage = model.stages[at]!;
  useEffect(() => {
    let here = true;
    setText(undefined);
    void textOf(stage).then((loaded) => here && setText(loaded));
    return () => void (here = false);
  }, [stage]);
  const changes = pass < 0 ? undefined : stage.passes[pass]!.changes;
  const names = changes ? changes.map((change) => change.section) : (text?.sections.map(({ name }) => name) ?? []);
  const lines = useMemo((): Line[] => {
    if (!text) return [{ text: "…" }];
    if (changes) return diffLines(text, pass, names, section);
    const shown = section || (names.includes("@train") ? "@train" : names[0]);
    return (text.sections.find(({ name }) => name === shown)?.text ?? "")
      .split("\n")
      .map((line, i) => ({ text: line, number: i + 1 }));
  }, [text, pass, section]);
  const choose = (stageIndex: number, passIndex: number) => {
    setAt(stageIndex);
    setPass(passIndex);
    setSection("");
  };
  return (
    <div class="columns">
      <ol class="passes" aria-label="Stages and passes">
        {model.stages.map((one, i) => (
          <li key={one.name}>
            <button class="stage" aria-pressed={i === at && pass < 0} onClick={() => choose(i, -1)}>
              <b>{one.name}</b> <span>{one.lines.toLocaleString("en")} lines</span>
            </button>
            <ul>
              {one.passes.map(
                ({ name, changes: all }, p) =>
                  all.length > 0 && (
                    <li key={p}>
                      <button aria-pressed={i === at && pass === p} onClick={() => choose(i, p)}>
                        {name.replace(/^sinter-/, "")}{" "}
                        <span>
                          <ins>+{all.reduce((sum, change) => sum + change.added, 0)}</ins>{" "}
                          <del>−{all.reduce((sum, change) => sum + change.removed, 0)}</del>
                        </span>
                      </button>
                    </li>
                  ),
              )}
            </ul>
          </li>
        ))}
      </ol>
      <section class="text" aria-label="Text">
        <div class="tools">
          <h2>{changes ? `What ${stage.passes[pass]!.name} changed` : `At the end of stage ${stage.name}`}</h2>
          <label>
            Function{" "}
            <select value={section} onChange={(event) => setSection(event.currentTarget.value)}>
              <option value="">
                {changes ? `all ${names.length}` : names.includes("@train") ? "@train" : names[0]}
              </option>
              {names.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        </div>
        <Lines lines={lines} label={changes ? "Changes" : "Text of the stage"} />
      </section>
    </div>
  );
}
