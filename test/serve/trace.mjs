// trace.mjs MOCK_SERVE MODULES: traces of train, sample and serve: what is in them, that spans of a lane lie inside
// each other or apart, and that speedscope opens them.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { packageOf, serve, train } from "./server.mjs";

const [program, modules] = process.argv.slice(2, 4).map((word) => path.resolve(word));
const { folder, run } = train(program, 20);
const at = (name) => path.join(folder, name);
const options = ["--data", at("text.txt"), "--out", at("traced"), "--threads", "2"];
execFileSync(program, ["train", ...options, "--steps", "9", "--eval-every", "5", "--trace", at("train.json")]);
execFileSync(program, ["sample", "--checkpoint", run, "-n", "12", "--trace", at("sample.json")]);
const server = await serve(program, run, "--trace", at("serve.json"));
for (const n of [1, 3])
  await fetch(`${server.url}/v1/completions`, {
    method: "POST",
    body: JSON.stringify({ prompt: "God", max_tokens: 7, n }),
  });
assert.equal(await server.end(), 0);

function eventsOf(name) {
  const { traceEvents } = JSON.parse(fs.readFileSync(at(name), "utf8"));
  const spans = traceEvents.filter((event) => event.ph === "X");
  for (const lane of new Set(spans.map((span) => span.tid))) {
    const open = [];
    const own = spans.filter((span) => span.tid === lane);
    for (const span of own.sort((a, b) => a.ts - b.ts || b.dur - a.dur)) {
      while (open.length && open.at(-1) <= span.ts + 0.001) open.pop();
      const end = span.ts + span.dur;
      assert.ok(
        !open.length || end <= open.at(-1) + 0.002,
        `${name}: ${JSON.stringify(span)} ends after what it is in`,
      );
      open.push(end);
    }
    assert.ok(
      traceEvents.some((event) => event.ph === "M" && event.tid === lane && event.args.name),
      `lane ${lane}`,
    );
  }
  return { all: traceEvents, named: (wanted) => spans.filter((span) => span.name === wanted) };
}

const training = eventsOf("train.json");
assert.equal(training.named("step").length, 9);
assert.equal(training.named("train").length, 9);
assert.equal(training.named("held-out loss").length, 3);
assert.equal(training.named("save a checkpoint").length, 2);
assert.equal(training.named("load the data").length, 1);
for (const kernel of ["gather_logits", "cross_entropy", "scatter_add", "update"])
  assert.ok(
    training.named(kernel).length >= 9 && training.named(kernel)[0].args.line.startsWith("mock.cpp:"),
    kernel,
  );
assert.equal(eventsOf("sample.json").named("logits").length, 12);
const served = eventsOf("serve.json");
assert.equal(served.named("step of 1 texts").length, 7);
assert.equal(served.named("step of 3 texts").length, 7);
const completions = served.all.filter((event) => event.name === "completion");
assert.deepEqual(completions.map((event) => event.ph).sort(), ["b", "b", "e", "e"]);

// A file that is something else is not written over.
const refused = spawnSync(program, ["sample", "--checkpoint", run, "--trace", at("text.txt")], {
  encoding: "utf8",
});
assert.equal(refused.status, 1);
assert.match(refused.stderr, /text\.txt: is not a trace/);
execFileSync(program, ["sample", "--checkpoint", run, "-n", "1", "--trace", at("sample.json")]);

const chrome = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(fs.existsSync);
if (!chrome) process.exit(0);
const browser = await packageOf(modules, "playwright-core").chromium.launch({
  executablePath: chrome,
  args: ["--no-sandbox"],
});
for (const [name, wanted] of [
  ["train.json", /main/],
  ["serve.json", /engine/],
]) {
  const page = await browser.newPage();
  await page.goto(pathToFileURL(path.join(modules, "speedscope/dist/release/index.html")).href);
  await page.locator("input[type=file]").first().setInputFiles(at(name));
  await page.getByText(wanted).first().waitFor({ state: "attached", timeout: 20000 });
  if (process.argv[4]) await page.screenshot({ path: path.join(process.argv[4], `speedscope-${name}.png`) });
  await page.close();
}
await browser.close();
