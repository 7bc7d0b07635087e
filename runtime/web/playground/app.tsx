// The playground: a text that somebody and the model write together, or two of them side by side.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError, card as fetchCard, complete, setKey, type Card, type Settings } from "./api";
import { Chat } from "./chat";
import { Editor } from "./editor";
import { ModelCard } from "./model_card";
import { changed, emptyPane, grown, redone, undone, type Pane } from "./pane";
import { bytesOf, isToken, summary, textOf, type Alternative, type Piece } from "./pieces";
import { defaults, SettingsForm } from "./settings_form";

const reasons: Record<string, string> = {
  stop: "ended by itself or at a stop text",
  length: "as long as was asked for",
};

const about = ({ parameters, step, context }: Card): string =>
  `${parameters.toLocaleString("en")} parameters · step ${step} · a context of ${context} tokens`;

/** Tokens of which a stop string took the end back. */
function cut(pieces: Piece[], from: number, length: number): Piece[] {
  const result = pieces.slice(0, from);
  let left = length;
  for (const piece of pieces.slice(from)) {
    if (piece.text.length > left) {
      if (left > 0) result.push({ text: piece.text.slice(0, left) });
      return result;
    }
    left -= piece.text.length;
    result.push(piece);
  }
  return result;
}

export function App() {
  const [panes, setPanes] = useState<Pane[]>([emptyPane]);
  const [settings, setSettings] = useState<Settings>(defaults);
  const [scorePrompt, setScorePrompt] = useState(false);
  const [card, setCard] = useState<Card | null>(null);
  const [problem, setProblem] = useState("");
  const [locked, setLocked] = useState(false);
  const [busy, setBusy] = useState<number[]>([]);
  const [lastSeed, setLastSeed] = useState<number | null>(null);
  const [speed, setSpeed] = useState("");
  const [chats, setChats] = useState(false);
  const running = useRef<AbortController | null>(null);
  const wide = useRef(window.matchMedia("(min-width: 900px)").matches);

  const setPane = (i: number, change: (pane: Pane) => Pane) =>
    setPanes((all) => all.map((pane, k) => (k === i ? change(pane) : pane)));

  const load = useCallback(async () => {
    try {
      const found = await fetchCard();
      setCard(found);
      setLocked(false);
      setProblem("");
      document.title = `${found.name} · playground`;
    } catch (error) {
      const locks = error instanceof ApiError && error.status === 401;
      setLocked(locks);
      if (!locks) setProblem((error as Error).message);
    }
  }, []);
  useEffect(() => void load(), []);

  const stop = () => running.current?.abort();

  /** Goes on with `pieces` in these panes, all of which begin with them. */
  const generate = async (targets: number[], pieces: Piece[]) => {
    if (running.current) return;
    const control = new AbortController();
    running.current = control;
    setProblem("");
    setBusy(targets);
    const seed = settings.seed ? Number(settings.seed) : Math.floor(Math.random() * 1e9);
    setLastSeed(seed);
    for (const i of targets) setPane(i, (pane) => changed(pane, pieces));
    const made = targets.map(() => pieces);
    const begins = targets.map(() => pieces.length);
    const scored = targets.map((): Piece[] => []);
    let tokens = 0;
    const begun = performance.now();
    let drawn = 0;
    const draw = () => {
      drawn = 0;
      targets.forEach((i, k) => setPane(i, (pane) => grown(pane, made[k]!)));
      setSpeed(`${tokens} tokens, ${((1000 * tokens) / (performance.now() - begun)).toFixed(1)} a second`);
    };
    try {
      await complete({
        pieces,
        settings,
        seed,
        samples: targets.length,
        scorePrompt,
        signal: control.signal,
        onTokens(k, added, ofPrompt) {
          if (ofPrompt) {
            scored[k]!.push(...added);
            begins[k] = scored[k]!.length;
            made[k] = [...scored[k]!];
          } else {
            made[k] = [...made[k]!, ...added];
            tokens += added.length;
          }
          drawn ||= requestAnimationFrame(draw);
        },
        onEnd(k, reason, text) {
          const promptLength = textOf(made[k]!.slice(0, begins[k])).length;
          const ownLength = scorePrompt && pieces.length ? text.length - promptLength : text.length;
          made[k] = cut(made[k]!, begins[k]!, Math.max(0, ownLength));
          setPane(targets[k]!, (pane) => ({ ...pane, reason }));
        },
      });
    } catch (error) {
      if (!control.signal.aborted) setProblem((error as Error).message);
      if (error instanceof ApiError && error.status === 401) setLocked(true);
    }
    cancelAnimationFrame(drawn);
    draw();
    running.current = null;
    setBusy([]);
  };

  const goOn = (i: number) => generate([i], panes[i]!.pieces);
  const both = () =>
    generate(
      panes.map((_, i) => i),
      panes[0]!.pieces,
    );

  const replace = (i: number, token: number, by: Alternative) => {
    const pieces = panes[i]!.pieces.slice(0, token);
    const old = panes[i]!.pieces[token]!;
    const text = new TextDecoder().decode(bytesOf(by.token));
    const logprob = old.top?.find((one) => one.id === by.id)?.logprob ?? null;
    void generate([i], [...pieces, { id: by.id, text, logprob, top: old.top }]);
  };

  const press = (i: number) => (event: KeyboardEvent) => {
    const control = event.ctrlKey || event.metaKey;
    if (control && event.key === "Enter") void goOn(i);
    else if (event.key === "Escape") stop();
    else if (control && event.key.toLowerCase() === "z") setPane(i, event.shiftKey ? redone : undone);
    else if (control && event.key.toLowerCase() === "y") setPane(i, redone);
    else return;
    event.preventDefault();
  };

  const edit = (i: number) => (pieces: Piece[]) =>
    setPane(i, (pane) => {
      // Letters typed one after the other are one step back.
      const [old, before] = [pane.pieces, pane.past[pane.past.length - 1]];
      const typing = !!before && Math.abs(textOf(pieces).length - textOf(old).length) === 1 && !old.some(isToken);
      return typing && pane.past.length > 0 && !/\s$/.test(textOf(pieces))
        ? { ...grown(pane, pieces), future: [] }
        : changed(pane, pieces);
    });

  if (locked)
    return (
      <main class="locked">
        <h1>Playground</h1>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            setKey(new FormData(event.currentTarget).get("key") as string);
            void load();
          }}
        >
          <label>
            The server asks for a key
            <input name="key" type="password" autocomplete="off" />
          </label>
          <button class="primary">Go on</button>
        </form>
      </main>
    );

  const compare = panes.length > 1;
  const working = busy.length > 0;
  const told = (error: Error | null) => {
    setProblem(error?.message ?? "");
    if (error instanceof ApiError && error.status === 401) setLocked(true);
  };
  return (
    <>
      <header>
        <h1>{card ? card.name : "Playground"}</h1>
        <p>{card ? about(card) : "…"}</p>
        {card?.chat_template && (
          <div class="modes" role="group" aria-label="What to write">
            {[false, true].map((chat) => (
              <button
                key={String(chat)}
                type="button"
                aria-pressed={chats === chat}
                disabled={working}
                onClick={() => setChats(chat)}
              >
                {chat ? "Chat" : "Text"}
              </button>
            ))}
          </div>
        )}
      </header>
      <main>
        {problem && (
          <p class="problem" role="alert">
            {problem}{" "}
            <button type="button" class="link" onClick={() => setProblem("")}>
              Dismiss
            </button>
          </p>
        )}
        {chats && card ? (
          <Chat card={card} settings={settings} onSeed={setLastSeed} onProblem={told} />
        ) : (
          <>
            <div class="tools">
              <button type="button" class="primary" disabled={working} onClick={() => (compare ? both() : goOn(0))}>
                {compare ? "Two samples" : "Continue"}
              </button>
              <button type="button" disabled={!working} onClick={stop}>
                Stop
              </button>
              <label class="check">
                <input
                  type="checkbox"
                  checked={compare}
                  disabled={working}
                  onChange={(event) => setPanes(event.currentTarget.checked ? [panes[0]!, emptyPane] : [panes[0]!])}
                />
                Side by side
              </label>
              <label class="check" title="Asks the model what it thinks of the text that is there, token by token">
                <input
                  type="checkbox"
                  checked={scorePrompt}
                  onChange={(event) => setScorePrompt(event.currentTarget.checked)}
                />
                Shade the prompt
              </label>
            </div>
            <div class={compare ? "panes two" : "panes"}>
              {panes.map((pane, i) => {
                const sum = summary(pane.pieces);
                return (
                  <section key={i} aria-label={compare ? `Sample ${i + 1}` : "Text"}>
                    <Editor
                      label={compare ? `Sample ${i + 1}` : "Prompt and continuation"}
                      pieces={pane.pieces}
                      busy={busy.includes(i)}
                      placeholder={
                        i ? "The second sample comes here." : "Write something, then Continue (Ctrl+Enter)."
                      }
                      onEdit={edit(i)}
                      onReplace={(token, by) => replace(i, token, by)}
                      onKey={press(i)}
                    />
                    <div class="status">
                      <button type="button" disabled={working || !pane.past.length} onClick={() => setPane(i, undone)}>
                        Undo
                      </button>
                      <button
                        type="button"
                        disabled={working || !pane.future.length}
                        onClick={() => setPane(i, redone)}
                      >
                        Redo
                      </button>
                      {compare && (
                        <button type="button" disabled={working} onClick={() => goOn(i)}>
                          Continue this
                        </button>
                      )}
                      <button
                        type="button"
                        disabled={working || !pane.pieces.length}
                        onClick={() => setPane(i, (now) => changed(now, []))}
                      >
                        Clear
                      </button>
                      <span>
                        {sum.tokens > 0 && `${sum.tokens} tokens, perplexity ${sum.perplexity.toFixed(2)}`}
                        {pane.reason && ` · ${reasons[pane.reason] ?? pane.reason}`}
                      </span>
                    </div>
                  </section>
                );
              })}
            </div>
            <p class="legend">
              <span>Probability</span>
              {["≥ 42 %", "18 %", "7 %", "3 %", "1.3 %", "0.6 %", "0.2 %", "less"].map((text, i) => (
                <span key={i} class={`token shade-${i}`}>
                  {text}
                </span>
              ))}
            </p>
            <p class="hint" id="keys">
              Ctrl+Enter continues, Escape stops, Ctrl+Z undoes. Point at a token, or Alt+↓ with the cursor in it: what
              might have stood there; a click puts it there and goes on.
            </p>
            <p class="hint" role="status">
              {working ? "Writing… " : ""}
              {speed}
            </p>
          </>
        )}
      </main>
      <aside>
        <details open={wide.current}>
          <summary>
            <h2>Settings</h2>
          </summary>
          <SettingsForm settings={settings} lastSeed={lastSeed} onChange={setSettings} />
        </details>
        <details open={wide.current}>
          <summary>
            <h2>Model</h2>
          </summary>
          {card && <ModelCard card={card} />}
        </details>
      </aside>
    </>
  );
}
