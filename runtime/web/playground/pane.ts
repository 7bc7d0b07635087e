// One text of the page with its past, and what is being made of it.
import type { Piece } from "./pieces";

export interface Pane {
  pieces: Piece[];
  past: Piece[][];
  future: Piece[][];
  /** How the last sample ended; empty: none has. */
  reason: string;
}

export const emptyPane: Pane = { pieces: [], past: [], future: [], reason: "" };

const mostSteps = 200;

/** The same with other pieces, and a way back. */
export function changed(pane: Pane, pieces: Piece[], reason = ""): Pane {
  return { pieces, past: [...pane.past.slice(-mostSteps), pane.pieces], future: [], reason };
}

/** The same with other pieces in the same step. */
export const grown = (pane: Pane, pieces: Piece[]): Pane => ({ ...pane, pieces });

export function undone(pane: Pane): Pane {
  const pieces = pane.past[pane.past.length - 1];
  if (!pieces) return pane;
  return { pieces, past: pane.past.slice(0, -1), future: [pane.pieces, ...pane.future], reason: "" };
}

export function redone(pane: Pane): Pane {
  const [pieces, ...future] = pane.future;
  if (!pieces) return pane;
  return { pieces, past: [...pane.past, pane.pieces], future, reason: "" };
}
