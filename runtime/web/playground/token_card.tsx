// What might have stood in a token's place: the most probable tokens, each a button that puts it there.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { shown, type Alternative, type Piece } from "./pieces";

export const percent = (logprob: number): string => {
  const value = 100 * Math.exp(logprob);
  return value >= 10 ? `${value.toFixed(1)} %` : value >= 0.01 ? `${value.toFixed(2)} %` : "< 0.01 %";
};

interface Props {
  piece: Piece;
  anchor: HTMLElement;
  focus: boolean;
  disabled: boolean;
  onStay(): void;
  onChoose(alternative: Alternative): void;
  onMove(by: number): void;
  onClose(goBack: boolean): void;
}

export function TokenCard({ piece, anchor, focus, disabled, onStay, onChoose, onMove, onClose }: Props) {
  const card = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<{ left: number; top: number } | null>(null);

  // Below the token or, where there is no room, above it; on a narrow screen the style sheet puts it at the bottom.
  useLayoutEffect(() => {
    const move = () => {
      const [token] = anchor.getClientRects();
      const own = card.current?.getBoundingClientRect();
      if (!token || !own) return;
      const below = token.bottom + own.height + 8 <= window.innerHeight;
      setPlace({
        left: Math.max(8, Math.min(token.left, window.innerWidth - own.width - 8)),
        top: below ? token.bottom + 2 : Math.max(8, token.top - own.height - 2),
      });
    };
    move();
    window.addEventListener("scroll", move, { passive: true });
    window.addEventListener("resize", move);
    return () => {
      window.removeEventListener("scroll", move);
      window.removeEventListener("resize", move);
    };
  }, [anchor, piece]);

  useEffect(() => {
    if (focus) card.current?.querySelector<HTMLElement>("button")?.focus();
  }, [focus, piece, place !== null]);

  // A touch elsewhere closes the card; one on the text may open that of another token.
  useEffect(() => {
    const touch = (event: PointerEvent) => {
      const at = event.target as Element;
      if (event.pointerType !== "mouse" && !card.current?.contains(at) && !at.closest(".editor")) onClose(false);
    };
    document.addEventListener("pointerdown", touch);
    return () => document.removeEventListener("pointerdown", touch);
  });

  const press = (event: KeyboardEvent) => {
    const buttons = [...(card.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    const go = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") onClose(true);
    else if (go) buttons[(at + go + buttons.length) % buttons.length]?.focus();
    else if (event.key === "ArrowRight" || event.key === "ArrowLeft") onMove(event.key === "ArrowRight" ? 1 : -1);
    else return;
    event.preventDefault();
  };

  const top = piece.top ?? [];
  const total = top.reduce((sum, one) => sum + Math.exp(one.logprob), 0);
  return (
    <div
      ref={card}
      class="card"
      role="dialog"
      aria-label={`Alternatives to ${shown(piece.text)}`}
      style={place ? { left: `${place.left}px`, top: `${place.top}px` } : { visibility: "hidden" }}
      onPointerEnter={onStay}
      // A finger that leaves the glass leaves the card before it has pressed what it touched.
      onPointerLeave={(event) => event.pointerType === "mouse" && !focus && onClose(false)}
      onKeyDown={press}
    >
      <p class="card-title">
        <code>{shown(piece.text)}</code>
        <span>{typeof piece.logprob === "number" ? percent(piece.logprob) : "the first token"}</span>
      </p>
      <ul>
        {top.map((one) => (
          <li key={one.id}>
            <button
              type="button"
              disabled={disabled}
              class={one.id === piece.id ? "own" : ""}
              title={`Replace by ${shown(one.token)}, and go on from there`}
              onClick={() => onChoose(one)}
            >
              <code>{shown(one.token)}</code>
              <span class="bar" aria-hidden="true">
                <span style={{ width: `${100 * Math.exp(one.logprob)}%` }} />
              </span>
              <span class="number">{percent(one.logprob)}</span>
            </button>
          </li>
        ))}
      </ul>
      {top.length > 0 && (
        <p class="card-total">
          Together {(100 * total).toFixed(1)} % <small>· log-probability {(piece.logprob ?? 0).toFixed(3)}</small>
        </p>
      )}
    </div>
  );
}
