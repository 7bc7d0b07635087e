// A text field over the shades of its tokens. Both hold the same text in the same font, so that they break lines alike.
import { useEffect, useRef, useState } from "preact/hooks";
import { edited, isToken, starts, textOf, tokenAt, type Alternative, type Piece } from "./pieces";
import { TokenCard } from "./token_card";

/** Eight shades, by log2 of the probability. */
export function shadeOf(logprob: number | null | undefined): string {
  if (typeof logprob !== "number") return "shade-none";
  return `shade-${Math.min(7, Math.floor(-logprob / Math.LN2 / 1.25))}`;
}

interface Props {
  label: string;
  pieces: Piece[];
  busy: boolean;
  placeholder: string;
  onEdit(pieces: Piece[]): void;
  onReplace(token: number, by: Alternative): void;
  onKey(event: KeyboardEvent): void;
}

export function Editor({ label, pieces, busy, placeholder, onEdit, onReplace, onKey }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);
  const shades = useRef<HTMLDivElement>(null);
  const timer = useRef(0);
  const [open, setOpen] = useState<{ token: number; focus: boolean } | null>(null);
  const text = textOf(pieces);

  // A card of a token that is gone goes with it.
  useEffect(() => {
    if (open && !(pieces[open.token] && isToken(pieces[open.token]!))) setOpen(null);
  }, [pieces]);

  useEffect(() => {
    const end = field.current;
    if (busy && end) end.scrollIntoView({ block: "nearest" });
  }, [text, busy]);

  const under = (x: number, y: number): number => {
    for (const element of document.elementsFromPoint(x, y)) {
      const mark = (element as HTMLElement).dataset?.token;
      if (mark !== undefined && shades.current?.contains(element)) return Number(mark);
    }
    return -1;
  };

  const hover = (event: PointerEvent) => {
    if (event.pointerType !== "mouse") return;
    window.clearTimeout(timer.current);
    const token = under(event.clientX, event.clientY);
    timer.current = window.setTimeout(() => {
      if (token >= 0) setOpen((now) => (now?.focus ? now : { token, focus: false }));
      else setOpen((now) => (now?.focus ? now : null));
    }, 120);
  };

  const atCaret = () => tokenAt(pieces, field.current?.selectionStart ?? 0);

  const press = (event: KeyboardEvent) => {
    if (event.altKey && event.key === "ArrowDown") {
      event.preventDefault();
      const token = atCaret();
      if (token >= 0) setOpen({ token, focus: true });
    } else if (event.key === "Escape" && open) {
      setOpen(null);
    } else onKey(event);
  };

  const tap = (event: MouseEvent) => {
    const token = under(event.clientX, event.clientY);
    window.clearTimeout(timer.current);
    setOpen(token >= 0 ? { token, focus: false } : null);
  };

  const anchor = open ? shades.current?.querySelector<HTMLElement>(`[data-token="${open.token}"]`) : null;
  return (
    <div class="editor">
      <div class="page" onPointerLeave={() => window.clearTimeout(timer.current)}>
        <div class="shades" ref={shades} aria-hidden="true">
          {pieces.map((piece, i) =>
            isToken(piece) ? (
              <span
                key={i}
                data-token={i}
                class={`token ${shadeOf(piece.logprob)} ${open?.token === i ? "chosen" : ""}`}
              >
                {piece.text}
              </span>
            ) : (
              piece.text
            ),
          )}
          {"\u200b\n"}
        </div>
        <textarea
          ref={field}
          aria-label={label}
          aria-describedby="keys"
          placeholder={placeholder}
          spellcheck={false}
          autocapitalize="off"
          readOnly={busy}
          aria-busy={busy}
          value={text}
          onInput={(event) => onEdit(edited(pieces, event.currentTarget.value))}
          onKeyDown={press}
          onPointerMove={hover}
          onClick={tap}
        />
      </div>
      {open && anchor && pieces[open.token] && (
        <TokenCard
          piece={pieces[open.token]!}
          anchor={anchor}
          focus={open.focus}
          disabled={busy}
          onStay={() => window.clearTimeout(timer.current)}
          onChoose={(alternative) => {
            setOpen(null);
            onReplace(open.token, alternative);
            field.current?.focus();
          }}
          onMove={(by) => {
            let next = open.token + by;
            while (pieces[next] && !isToken(pieces[next]!)) next += by;
            if (pieces[next]) setOpen({ token: next, focus: true });
          }}
          onClose={(goBack) => {
            setOpen(null);
            if (!goBack) return;
            const start = starts(pieces)[open.token] ?? 0;
            field.current?.focus();
            field.current?.setSelectionRange(start, start);
          }}
        />
      )}
    </div>
  );
}
