// A text as the page keeps it: pieces that somebody wrote, and tokens that the model knows the probabilities of.

/** A token that might stand in a place. */
export interface Alternative {
  id: number;
  token: string;
  logprob: number;
}

export interface Piece {
  text: string;
  /** Of a token; none in a piece that somebody wrote. */
  id?: number;
  /** Null for the first token of a text, which nothing comes before. */
  logprob?: number | null;
  top?: Alternative[];
}

export const textOf = (pieces: readonly Piece[]): string => pieces.map((piece) => piece.text).join("");

export const isToken = (piece: Piece): boolean => piece.id !== undefined;

/** The pieces of a text that somebody changed: tokens before the change stay, all that follows is text like any. */
export function edited(pieces: readonly Piece[], text: string): Piece[] {
  const old = textOf(pieces);
  if (old === text) return [...pieces];
  let common = 0;
  while (common < old.length && common < text.length && old[common] === text[common]) ++common;
  const kept: Piece[] = [];
  let end = 0;
  for (const piece of pieces) {
    if (end + piece.text.length > common || (end === common && piece.text === "")) break;
    end += piece.text.length;
    kept.push(piece);
  }
  const rest = text.slice(end);
  const last = kept[kept.length - 1];
  if (rest && last && !isToken(last)) kept[kept.length - 1] = { text: last.text + rest };
  else if (rest) kept.push({ text: rest });
  return kept;
}

/** Where each piece begins. */
export function starts(pieces: readonly Piece[]): number[] {
  let at = 0;
  return pieces.map((piece) => {
    const start = at;
    at += piece.text.length;
    return start;
  });
}

/** The token that has a place in the text inside or right before it; -1: none. */
export function tokenAt(pieces: readonly Piece[], place: number): number {
  let at = 0;
  for (const [i, piece] of pieces.entries()) {
    if (place >= at && place < at + piece.text.length) return isToken(piece) ? i : -1;
    at += piece.text.length;
  }
  const last = pieces[pieces.length - 1];
  return last && isToken(last) && place === at ? pieces.length - 1 : -1;
}

/** The bytes of a token as the API writes it: text, or "bytes:\xe2\x82". */
export function bytesOf(token: string): Uint8Array {
  const escaped = /^bytes:((?:\\x[0-9a-f]{2})+)$/.exec(token)?.[1];
  if (!escaped) return new TextEncoder().encode(token);
  return Uint8Array.from(escaped.match(/[0-9a-f]{2}/g) ?? [], (hex) => parseInt(hex, 16));
}

/** A token for people: blanks and line ends are seen. */
export function shown(token: string): string {
  if (token.startsWith("bytes:\\x")) return token.slice(6);
  return (
    token
      .replace(/ /g, "␣")
      .replace(/\n/g, "↵")
      .replace(/\t/g, "⇥")
      .replace(/[\u0000-\u001f\u007f]/g, "·") || "∅"
  );
}

/** What the tokens since the last word of somebody's come to. */
export function summary(pieces: readonly Piece[]): { tokens: number; logprob: number; perplexity: number } {
  const known = pieces.filter((piece) => isToken(piece) && typeof piece.logprob === "number");
  const logprob = known.reduce((sum, piece) => sum + (piece.logprob ?? 0), 0);
  return { tokens: known.length, logprob, perplexity: known.length ? Math.exp(-logprob / known.length) : NaN };
}
