// The server's API, as far as the page needs it.
import { bytesOf, type Alternative, type Piece } from "./pieces";

export interface Settings {
  temperature: number;
  topP: number;
  topK: number;
  minP: number;
  repeatPenalty: number;
  presencePenalty: number;
  frequencyPenalty: number;
  maxTokens: number;
  stop: string;
  seed: string;
}

export interface Card {
  name: string;
  program: string;
  source: string;
  compiler: string;
  target: string;
  config: Record<string, unknown> | null;
  parameters: number;
  context: number;
  vocabulary: number;
  tokenizer: string;
  weights: string;
  cached: boolean;
  slots: number;
  memory_bytes: number;
  checkpoint: string;
  step: number;
  best_loss: number | null;
  /** The template of chats; null: the model knows none. */
  chat_template: string | null;
  chat_system: boolean;
  losses: { loss: [number, number | null][]; val_loss: [number, number | null][] };
}

/** What the server said was wrong, or the reason why it said nothing. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

let key = sessionStorage.getItem("key") ?? "";

export function setKey(value: string): void {
  key = value;
  sessionStorage.setItem("key", value);
}

async function call(path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = body === undefined ? {} : { "Content-Type": "application/json" };
  if (key) headers["Authorization"] = `Bearer ${key}`;
  let response: Response;
  try {
    response = await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError("The server does not answer. Is it still running?", 0);
  }
  if (response.ok) return response;
  let message = `The server answers ${response.status}.`;
  try {
    message = (await response.json()).error.message;
  } catch {
    // no JSON: the status says it
  }
  throw new ApiError(message, response.status);
}

export const card = async (): Promise<Card> => (await call("card")).json();

/** The ids of all pieces: those of tokens are known. */
async function idsOf(pieces: readonly Piece[], signal: AbortSignal): Promise<number[]> {
  const ids: number[] = [];
  for (const piece of pieces) {
    if (piece.id !== undefined) ids.push(piece.id);
    else if (piece.text) {
      const response = await call(
        "tokenize",
        {
          content: piece.text.replace(
            /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
            "\ufffd",
          ),
        },
        signal,
      );
      ids.push(...((await response.json()).tokens as number[]));
    }
  }
  return ids;
}

interface Chunk {
  error?: { message: string };
  choices?: {
    index: number;
    text: string;
    finish_reason: string | null;
    token_ids: number[];
    logprobs: { tokens: string[]; token_logprobs: (number | null)[]; top_tokens: (Alternative[] | null)[] };
  }[];
}

/** The data of server-sent events, one after the other. */
async function* events(response: Response): AsyncGenerator<string> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  while (true) {
    const { done, value } = await reader.read();
    if (done) return;
    pending += value;
    for (let end; (end = pending.indexOf("\n\n")) >= 0; pending = pending.slice(end + 2))
      if (pending.startsWith("data: ")) yield pending.slice(6, end);
  }
}

export interface Request {
  pieces: readonly Piece[];
  settings: Settings;
  seed: number;
  samples: number;
  /** Whether the tokens of what is there already are to be told of, too. */
  scorePrompt: boolean;
  signal: AbortSignal;
  /** Tokens of a sample, in order; of the text that was there if `ofPrompt`. */
  onTokens(sample: number, tokens: Piece[], ofPrompt: boolean): void;
  /** What a sample ends with: the text as the server has it, less than its tokens where a stop string cut it. */
  onEnd(sample: number, reason: string, text: string): void;
}

/** How tokens are chosen, as requests say it. */
const drawing = (settings: Settings, seed: number) => ({
  max_tokens: settings.maxTokens,
  temperature: settings.temperature,
  top_p: settings.topP,
  top_k: settings.topK,
  min_p: settings.minP,
  repeat_penalty: settings.repeatPenalty,
  presence_penalty: settings.presencePenalty,
  frequency_penalty: settings.frequencyPenalty,
  stop: settings.stop ? [settings.stop.replace(/\\n/g, "\n")] : null,
  seed,
});

/** Goes on with a text. */
export async function complete(request: Request): Promise<void> {
  const { settings, signal } = request;
  const prompt = await idsOf(request.pieces, signal);
  const echo = request.scorePrompt && prompt.length > 0;
  const response = await call(
    "v1/completions",
    {
      prompt: prompt.length ? prompt : "",
      stream: true,
      n: request.samples,
      echo,
      logprobs: 10,
      return_token_ids: true,
      ...drawing(settings, request.seed),
    },
    signal,
  );
  const decoders = Array.from({ length: request.samples }, () => new TextDecoder());
  const promptLeft = Array.from({ length: request.samples }, () => (echo ? prompt.length : 0));
  const texts = Array.from({ length: request.samples }, () => "");
  for await (const event of events(response)) {
    if (event === "[DONE]") return;
    const chunk = JSON.parse(event) as Chunk;
    if (chunk.error) throw new ApiError(chunk.error.message, 500);
    for (const choice of chunk.choices ?? []) {
      const { logprobs, token_ids: ids, index } = choice;
      const tokens = ids.map((id, i): Piece => ({
        id,
        text: decoders[index]!.decode(bytesOf(logprobs.tokens[i]!), { stream: true }),
        logprob: logprobs.token_logprobs[i],
        top: logprobs.top_tokens[i] ?? [],
      }));
      const old = tokens.splice(0, promptLeft[index]);
      promptLeft[index]! -= old.length;
      texts[index] += choice.text;
      if (old.length) request.onTokens(index, old, true);
      if (tokens.length) request.onTokens(index, tokens, false);
      if (choice.finish_reason) request.onEnd(index, choice.finish_reason, texts[index]!);
    }
  }
  throw new ApiError("The connection ended before the answer did.", 0);
}

export interface Message {
  role: "system" | "user" | "assistant";
  content: string;
}

interface Delta {
  error?: { message: string };
  choices?: { delta: { content?: string }; finish_reason: string | null }[];
}

/** Answers a chat; tells of each part of the answer, and returns why it ended. */
export async function answer(
  messages: readonly Message[],
  settings: Settings,
  seed: number,
  signal: AbortSignal,
  onText: (text: string) => void,
): Promise<string> {
  const response = await call(
    "v1/chat/completions",
    { messages, stream: true, ...drawing(settings, seed) },
    signal,
  );
  let reason = "";
  for await (const event of events(response)) {
    if (event === "[DONE]") return reason;
    const chunk = JSON.parse(event) as Delta;
    if (chunk.error) throw new ApiError(chunk.error.message, 500);
    for (const { delta, finish_reason } of chunk.choices ?? []) {
      if (delta.content) onText(delta.content);
      reason = finish_reason ?? reason;
    }
  }
  throw new ApiError("The connection ended before the answer did.", 0);
}
