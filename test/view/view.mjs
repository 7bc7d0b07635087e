// view.mjs SINTERC MODULES MODEL [FOLDER]: the page of `sinterc --view` for a GPT-2 in Chromium: opens in under three
// seconds, and shows what the compiler's own stages and report say. Screenshots go to FOLDER.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import zlib from "node:zlib";

const [sinterc, modules, model, shots] = process.argv.slice(2).map((word) => path.resolve(word));
const chrome = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(fs.existsSync);
if (!chrome) {
  console.log("no Chromium: .ci/setup test installs it");
  process.exit(77);
}
const require = createRequire(path.join(modules, "x.js"));
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(path.join(modules, "axe-core", "axe.min.js"), "utf8");

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "view-"));
process.on("exit", () => fs.rmSync(folder, { recursive: true, force: true }));
const file = path.join(folder, "view.html");
const settings = ["layers=12", "width=768", "heads=12", "vocab=50257", "context=1024", "batch=1"];
const words = [model, "--set", ...settings];
try {
  execFileSync(sinterc, [...words, `--view=${file}`, `--dump-stages=${folder}`], { stdio: "pipe" });
} catch (error) {
  if (!String(error.stderr).includes("npm was not there")) throw error;
  console.log("built without the page: npm was not there");
  process.exit(77);
}
const report = JSON.parse(
  execFileSync(sinterc, [...words, "--report=json"], { encoding: "utf8", maxBuffer: 1 << 28, stdio: "pipe" }),
);
const train = report.entries.find(({ name }) => name === "train");

const html = fs.readFileSync(file, "utf8");
assert.ok(
  !/(src|href)="(?!data:)/.test(html.replace(/<script[^]*?<\/script>/g, "")),
  "all is to be in the one file",
);
const data = JSON.parse(/<script type="application\/json" id="data">([^]*?)<\/script>/.exec(html)[1]);
const unpack = (text) => JSON.parse(zlib.inflateSync(Buffer.from(text, "base64")).toString());

// The text of each stage is that of --dump-stages, but for locations and where attributes have names.
assert.deepEqual(
  data.stages.map(({ name }) => name),
  ["model", "fused", "train", "kernels", "plan", "target"],
);
for (const stage of data.stages.slice(0, 5)) {
  const dump = fs.readFileSync(
    path.join(
      folder,
      fs.readdirSync(folder).find((name) => name.endsWith(`_${stage.name}.mlir`)),
    ),
    "utf8",
  );
  const count = (text, word) => text.split(word).length - 1;
  const all = unpack(stage.packed)
    .sections.map(({ text }) => text)
    .join("\n");
  for (const word of ["sinter.attention", "func.func", "plan.launch", "linalg.generic", "sinter.matmul"])
    assert.equal(count(all, word), count(dump, word), `${word} at stage ${stage.name}`);
}
// What a pass adds and removes adds up to what the stage grew by; each change's lines are those of its hunks.
const lengths = {};
for (const stage of data.stages.slice(0, 3)) {
  const { sections, passes } = unpack(stage.packed);
  for (const name of ["@train", "@eval"]) {
    const now = sections.find((section) => section.name === name).text.split("\n").length;
    let grown = 0;
    stage.passes.forEach(({ changes }, p) =>
      changes.forEach((change, c) => {
        const lines = passes[p][c].flatMap((hunk) => hunk.lines.split("\n"));
        assert.equal(lines.filter((line) => line[0] === "+").length, change.added);
        assert.equal(lines.filter((line) => line[0] === "-").length, change.removed);
        if (change.section === name) grown += change.added - change.removed;
      }),
    );
    if (lengths[name]) assert.equal(now - lengths[name], grown, `${name} at stage ${stage.name}`);
    lengths[name] = now;
  }
}
const entry = unpack(data.entries).find(({ name }) => name === "train");
assert.equal(entry.arena, train.arena_bytes);
// What lives at the peak is what the planner said, but for a few scalars.
const peak = entry.buffers.filter(({ first, last }) => first <= entry.peak && entry.peak <= last);
const together = peak.reduce((sum, { bytes }) => sum + Math.ceil(bytes / 64) * 64, 0);
assert.ok(Math.abs(together - entry.live) < 1e-4 * entry.live, `${together} of ${entry.live} bytes`);
assert.equal(
  Math.max(...entry.buffers.map(({ offset, bytes }) => Math.ceil((offset + bytes) / 64) * 64)),
  entry.arena,
);
// Every launch of the plan is a group of the graph.
const graph = unpack(data.graphs).find((one) => one.entry === "train");
const counted = (names) => {
  const counts = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort());
};
assert.deepEqual(counted(graph.kernels), counted(entry.launches.map(({ kernel }) => kernel)));

const browser = await chromium.launch({ executablePath: chrome, args: ["--no-sandbox"] });

/** A page of its own, of which every error and every request elsewhere is a failure; how long it took to show. */
async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1600, height: 1000 }, ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => assert.fail(error));
  page.on("console", (message) => message.type() === "error" && assert.fail(message.text()));
  page.on("request", (request) => assert.ok(/^(data|file|blob):/.test(request.url()), request.url()));
  const start = Date.now();
  await page.goto(pathToFileURL(file).href);
  await page.locator('[data-node^="part"]').first().waitFor();
  return { page, seconds: (Date.now() - start) / 1000 };
}

async function check(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  const found = violations.map(
    (one) =>
      `${one.id}: ${one.nodes
        .slice(0, 5)
        .map((node) => node.html.slice(0, 160))
        .join(" | ")}`,
  );
  assert.deepEqual(found, [], name);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(over <= 0, `${name}: ${over} pixels too wide`);
  if (shots) await page.screenshot({ path: path.join(shots, `${name}.png`) });
}

const profile = {
  machine: { gflops_per_s: 228, gb_per_s: 40 },
  profile: train.kernels.slice(0, 8).map((kernel, i) => ({
    kernel: kernel.name,
    location: kernel.line,
    launches: kernel.launches,
    ms: 100 / (i + 1),
    gflops_per_s: 150 / (i + 1),
  })),
};
fs.writeFileSync(path.join(folder, "profile.json"), JSON.stringify(profile));

/** Every view, with what it has to show. */
async function walk(page, name) {
  await check(page, `${name}-layers`);
  for (let layer = 0; layer < 12; ++layer)
    assert.ok(
      (await page.getByRole("button", { name: `part h.${layer}`, exact: true }).count()) === 1,
      `h.${layer}`,
    );
  await page.getByRole("button", { name: "part h.3", exact: true }).press("Enter");
  await page
    .getByRole("button", { name: /^kernel attention/ })
    .first()
    .waitFor();
  assert.ok((await page.locator('[data-node^="group"]').count()) >= 5, "kernels are boxes");
  await page.getByRole("button", { name: "op softmax" }).first().press("Enter");
  const card = page.getByRole("complementary", { name: "Op" });
  await card
    .getByText(/gpt\.cpp:\d+:\d+/)
    .first()
    .waitFor();
  assert.ok((await card.textContent()).includes("h.3.attn"), "the op's scope");
  assert.ok((await card.textContent()).includes("Why not fused further"));
  for (const [stage, word] of [
    ["fused", "sinter."],
    ["kernels", "linalg."],
    ["target", "llvm."],
  ]) {
    await card.getByRole("button", { name: stage, exact: true }).click();
    await card.getByText(word).first().waitFor();
  }
  await check(page, `${name}-op`);

  await page.getByRole("tab", { name: "Stages" }).click();
  await page.getByRole("button", { name: /^fuse-attention/ }).click();
  await page.locator(".lines .added").filter({ hasText: "sinter.attention" }).first().waitFor();
  assert.ok((await page.locator(".lines pre div").count()) < 200, "only what is in sight is drawn");
  await check(page, `${name}-changes`);
  await page.getByRole("button", { name: /^plan [\d,]+ lines/ }).click();
  await page.getByText("plan.entry @train").first().waitFor();

  await page.getByRole("tab", { name: "Memory" }).click();
  const row = page.getByRole("row").nth(1);
  const bytes = Math.max(...entry.buffers.map((buffer) => buffer.bytes));
  assert.ok((await row.textContent()).includes(bytes.toLocaleString("en")), "the largest buffer comes first");
  await row.click();
  assert.match(await page.locator(".chosen").textContent(), /at [\d,]+, (written by launch|an input)/);
  await check(page, `${name}-memory`);

  await page.getByRole("tab", { name: "Kernels" }).click();
  assert.equal(await page.getByRole("row").count(), train.kernels.length + 1);
  await page.getByLabel(/A profile/).setInputFiles(path.join(folder, "profile.json"));
  await page.getByRole("region", { name: "Roofline" }).waitFor();
  assert.equal(await page.locator(".roofline circle").count(), profile.profile.length);
  await check(page, `${name}-kernels`);
  await page.context().close();
}

const first = await open();
console.log(`${(html.length / 1e6).toFixed(1)} MB open in ${first.seconds} s`);
assert.ok(first.seconds < 3, `opened in ${first.seconds} s`);
await walk(first.page, "light");
await walk((await open({ colorScheme: "dark" })).page, "dark");
await walk((await open({ viewport: { width: 360, height: 780 }, hasTouch: true })).page, "narrow");
await browser.close();
console.log("good");
