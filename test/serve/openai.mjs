// openai.mjs MOCK_SERVE MODULES MOCK_CHAT: OpenAI's own client, unchanged, against the server.
import assert from "node:assert/strict";
import { packageOf, serve, train } from "./server.mjs";

const [program, modules, chatProgram] = process.argv.slice(2);
const { default: OpenAI } = packageOf(modules, "openai");
const { run } = train(program);
const server = await serve(program, run, "--api-key", "secret", "--max-tokens", "1000000", "--timeout", "30");
const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "secret", maxRetries: 0 });

const models = await client.models.list();
assert.deepEqual(
  models.data.map((model) => model.id),
  ["mock"],
);
assert.equal((await client.models.retrieve("mock")).object, "model");

const asked = { model: "mock", prompt: "And the", max_tokens: 24, temperature: 0, logprobs: 2, seed: 3 };
const whole = await client.completions.create(asked);
const [choice] = whole.choices;
assert.equal(whole.object, "text_completion");
assert.equal(choice.finish_reason, "length");
assert.equal(choice.text.length, 24);
assert.equal(choice.logprobs.tokens.join(""), choice.text);
assert.equal(Object.keys(choice.logprobs.top_logprobs[0]).length, 2);
assert.deepEqual(whole.usage, { prompt_tokens: 7, completion_tokens: 24, total_tokens: 31 });

// A stream, and its usage in the end.
let text = "",
  usage = null,
  chunks = 0;
const stream = await client.completions.create({
  ...asked,
  stream: true,
  stream_options: { include_usage: true },
});
for await (const chunk of stream) {
  text += chunk.choices[0]?.text ?? "";
  usage = chunk.usage ?? usage;
  ++chunks;
}
assert.equal(text, choice.text);
assert.equal(usage.completion_tokens, 24);
assert.ok(chunks >= 24);

// Echo, several texts, stop, bias.
const echoed = await client.completions.create({ ...asked, echo: true, n: 2, temperature: 1, stop: ["God"] });
assert.equal(echoed.choices.length, 2);
assert.ok(echoed.choices.every((one) => one.text.startsWith("And the")));
const stopped = await client.completions.create({ ...asked, stop: "e" });
assert.equal(stopped.choices[0].finish_reason, "stop");
assert.ok(!stopped.choices[0].text.includes("e"));

// Errors are of the classes that the client has for them.
await assert.rejects(
  client.completions.create({ ...asked, temperature: -1 }),
  (error) =>
    error instanceof OpenAI.BadRequestError &&
    error.param === "temperature" &&
    /must be a number/.test(error.message),
);
await assert.rejects(client.completions.create({ ...asked, model: "gpt-4" }), OpenAI.NotFoundError);
await assert.rejects(
  client.chat.completions.create({ model: "mock", messages: [{ role: "user", content: "x" }] }),
  OpenAI.NotFoundError,
);
const stranger = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "guess", maxRetries: 0 });
await assert.rejects(stranger.completions.create(asked), OpenAI.AuthenticationError);

// A stream that is given up frees its slot.
const given = await client.completions.create({ ...asked, max_tokens: 1000000, stream: true });
for await (const chunk of given) {
  assert.ok(chunk.id);
  break;
}
const metric = async (name) => {
  const response = await fetch(`${server.url}/metrics`, { headers: { Authorization: "Bearer secret" } });
  return Number(new RegExp(`^${name} (.*)$`, "m").exec(await response.text())[1]);
};
for (let i = 0; i < 200 && (await metric("sinter_texts_active")) > 0; ++i)
  await new Promise((resolve) => setTimeout(resolve, 50));
assert.equal(await metric("sinter_texts_active"), 0);

assert.equal(await server.end(), 0);

// Chats: whole and streamed, by the client's own helper that gathers a stream.
const chats = train(chatProgram, 200, "--chat-template", "plain");
const chatServer = await serve(chatProgram, chats.run);
const chatClient = new OpenAI({ baseURL: `${chatServer.url}/v1`, apiKey: "none", maxRetries: 0 });
const messages = [
  { role: "system", content: "be" },
  { role: "user", content: "void" },
];
const ask = { model: "mock", messages, max_tokens: 40, seed: 2, logprobs: true, top_logprobs: 2 };
const answer = await chatClient.chat.completions.create(ask);
const [first] = answer.choices;
assert.equal(first.message.role, "assistant");
assert.ok(first.message.content.length > 5);
assert.equal(
  first.logprobs.content
    .map((one) => one.token)
    .join("")
    .trim(),
  first.message.content.trim(),
);
let gathered = "";
const events = chatClient.chat.completions.stream({ ...ask, stream_options: { include_usage: true } });
events.on("content", (delta) => (gathered += delta));
const final = await events.finalChatCompletion();
assert.equal(gathered, first.message.content);
assert.equal(final.choices[0].message.content, first.message.content);
assert.deepEqual(final.usage, answer.usage);
const next = await chatClient.chat.completions.create({
  ...ask,
  messages: [...messages, first.message, { role: "user", content: "more" }],
});
assert.ok(next.usage.prompt_tokens > answer.usage.prompt_tokens + 4);
await assert.rejects(
  chatClient.chat.completions.create({ ...ask, messages: [{ role: "user", content: "a".repeat(400) }] }),
  (error) => error instanceof OpenAI.BadRequestError && error.code === "context_length_exceeded",
);
assert.equal(await chatServer.end(), 0);
