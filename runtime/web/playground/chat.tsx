// A chat: messages in turns, of a model that has a template for them.
import { useEffect, useRef, useState } from "preact/hooks";
import { answer, ApiError, type Card, type Message, type Settings } from "./api";

interface Props {
  card: Card;
  settings: Settings;
  onSeed(seed: number): void;
  onProblem(problem: ApiError | Error | null): void;
}

const names = { system: "System", user: "You", assistant: "Model" };

export function Chat({ card, settings, onSeed, onProblem }: Props) {
  const [messages, setMessages] = useState<Message[]>([]);
  const [system, setSystem] = useState("");
  const [draft, setDraft] = useState("");
  const [busy, setBusy] = useState(false);
  const running = useRef<AbortController | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => end.current?.scrollIntoView({ block: "nearest" }), [messages]);
  useEffect(() => () => running.current?.abort(), []);

  /** Asks for what comes behind these messages. */
  const ask = async (before: Message[]) => {
    if (running.current) return;
    const control = new AbortController();
    running.current = control;
    setBusy(true);
    onProblem(null);
    const seed = settings.seed ? Number(settings.seed) : Math.floor(Math.random() * 1e9);
    onSeed(seed);
    let content = "";
    const draw = () => setMessages([...before, { role: "assistant", content }]);
    setMessages(before);
    try {
      const first: Message[] = system && card.chat_system ? [{ role: "system", content: system }] : [];
      await answer([...first, ...before], settings, seed, control.signal, (text) => {
        content += text;
        draw();
      });
      draw();
    } catch (error) {
      if (!control.signal.aborted) onProblem(error as Error);
    }
    running.current = null;
    setBusy(false);
    field.current?.focus();
  };

  const send = () => {
    if (!draft.trim() || busy) return;
    setDraft("");
    void ask([...messages, { role: "user", content: draft }]);
  };

  const last = messages[messages.length - 1];
  const again = () => ask(last?.role === "assistant" ? messages.slice(0, -1) : messages);
  return (
    <section class="chat" aria-label="Chat">
      {card.chat_system && (
        <details>
          <summary>What the model is told first</summary>
          <textarea
            aria-label="Message of the system"
            rows={3}
            value={system}
            disabled={busy}
            onInput={(event) => setSystem(event.currentTarget.value)}
          />
        </details>
      )}
      <div class="messages" role="log" aria-label="Messages" tabIndex={0}>
        {!messages.length && <p class="hint">Nothing was said yet.</p>}
        {messages.map(({ role, content }, i) => (
          <div key={i} class={`message ${role}`}>
            <b>{names[role]}</b>
            <p>{content || "…"}</p>
          </div>
        ))}
        <div ref={end} />
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <textarea
          ref={field}
          aria-label="Message"
          placeholder="Say something: Enter sends it, Shift+Enter begins a new line."
          rows={3}
          value={draft}
          onInput={(event) => setDraft(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") running.current?.abort();
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <div class="tools">
          <button class="primary" disabled={busy || !draft.trim()}>
            Send
          </button>
          <button type="button" disabled={!busy} onClick={() => running.current?.abort()}>
            Stop
          </button>
          <button type="button" disabled={busy || !messages.length} onClick={again}>
            Another answer
          </button>
          <button
            type="button"
            disabled={busy || !messages.length}
            onClick={() => {
              setMessages([]);
              onProblem(null);
            }}
          >
            New chat
          </button>
        </div>
      </form>
    </section>
  );
}
