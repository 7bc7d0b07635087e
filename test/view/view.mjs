// view.mjs SINTERC MODULES MODEL [FOLDER]: the page of `sinterc --view` for a GPT-2 in Chromium: opens in under three
// seconds of work, and shows what the compiler's own stages and report say. Screenshots go to FOLDER.
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
  const all = ["--target=cpu,vulkan", `--view=${file}`, `--dump-stages=${folder}`];
  execFileSync(sinterc, [...words, ...all], { stdio: "pipe" });
} catch (error) {
  if (!String(error.stderr).includes("npm was not there")) throw error;
  console.log("built without the page: npm was not there");
  process.exit(77);
}
const reports = JSON.parse(
  execFileSync(sinterc, [...words, "--target=cpu,vulkan", "--report=json"], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: "pipe",
  }),
);
const train = reports[0].entries.find(({ name }) => name === "train");

const html = fs.readFileSync(file, "utf8");
assert.ok(
  !/(src|href)="(?!data:)/.test(html.replace(/<script[^]*?<\/script>/g, "")),
  "all is to be in the one file",
);
const data = JSON.parse(/<script type="application\/json" id="data">([^]*?)<\/script>/.exec(html)[1]);
const unpack = (text) => JSON.parse(zlib.inflateSync(Buffer.from(text, "base64")).toString());

assert.deepEqual(
  data.stages.map(({ name }) => name),
  ["model", "fused", "train"],
);
assert.deepEqual(
  data.targets.map(({ name }) => name),
  ["cpu", "vulkan"],
);

// The text of each stage is that of --dump-stages, but for locations and where attributes have names.
function checkStages({ name: target, stages: own }) {
  assert.deepEqual(
    own.map(({ name }) => name),
    ["kernels", "plan", "target"],
  );
  for (const stage of [...data.stages, ...own.slice(0, 2)]) {
    const names = fs.readdirSync(folder).filter((name) => new RegExp(`_${stage.name}\\b.*\\.mlir$`).test(name));
    const of = names.find((name) => name.includes(target)) ?? names[0];
    const dump = fs.readFileSync(path.join(folder, of), "utf8");
    const count = (text, word) => text.split(word).length - 1;
    const all = unpack(stage.packed)
      .sections.map(({ text }) => text)
      .join("\n");
    for (const word of ["sinter.attention", "func.func", "plan.launch", "linalg.generic", "sinter.matmul"])
      assert.equal(count(all, word), count(dump, word), `${word} at stage ${stage.name} of ${of}`);
  }
}
// What a pass adds and removes adds up to what the stage grew by; each change's lines are those of its hunks.
const lengths = {};
for (const stage of data.stages) {
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

/** The bytes that are live at each launch, from the one before the first on. */
function liveOf(entry) {
  const aligned = (bytes) => Math.ceil(bytes / data.alignment) * data.alignment;
  const last = Math.max(...entry.launches.map(({ time }) => time)) + 1;
  return Array.from({ length: last + 2 }, (_, i) =>
    entry.buffers
      .filter(({ first, until }) => first <= i - 1 && i - 1 <= until)
      .reduce((sum, { bytes }) => sum + aligned(bytes), 0),
  );
}

const counted = (names) => {
  const counts = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort());
};

/** Buffers, launches and operations are those of the report, to the last byte and operation. */
function checkEntries(target, report) {
  const graphs = unpack(target.graphs);
  for (const entry of unpack(target.entries)) {
    const said = report.entries.find(({ name }) => name === entry.name);
    const what = `${entry.name} on ${target.name}`;
    assert.equal(entry.arena, said.arena_bytes, what);
    const live = liveOf(entry);
    assert.equal(Math.max(...live), said.live_bytes, what);
    assert.equal(live[entry.peak + 1], entry.live, what);
    const end = Math.max(...entry.buffers.map(({ offset, bytes }) => offset + bytes));
    assert.equal(Math.ceil(end / data.alignment) * data.alignment, entry.arena, what);
    // Every launch of the plan is a group of the graph, but for copies that only the plan has.
    const graph = graphs.find((one) => one.entry === entry.name);
    const launches = entry.launches.map(({ kernel }) => kernel).filter((name) => !/^copy_/.test(name));
    assert.deepEqual(counted(graph.kernels), counted(launches), what);
    // What the ops of a kernel do one by one is what the kernel does, but where it shares a part of it.
    let same = 0;
    const kernels = new Map(entry.kernels.map((kernel) => [kernel.name, kernel]));
    graph.kernels.forEach((name, group) => {
      const own = graph.ops.filter((op) => op.group === group).reduce((sum, { flops }) => sum + flops, 0);
      const apart = Math.abs(own - kernels.get(name).flops);
      assert.ok(apart <= 0.1 * own, `${what}: ${name} ${own}`);
      same += apart <= 1e-9 * own;
    });
    console.log(`${what}: ${same} of ${graph.kernels.length} kernels have the operations of their ops`);
    assert.ok(same >= 0.9 * graph.kernels.length, what);
  }
}
data.targets.forEach((target, i) => {
  checkStages(target);
  checkEntries(target, reports[i]);
});
const entry = unpack(data.targets[0].entries).find(({ name }) => name === "train");

const browser = await chromium.launch({ executablePath: chrome, args: ["--no-sandbox"] });

/**
 * A page of its own, of which every error and every request elsewhere is a failure; how long it took to show, and how
 * much of that its thread was busy, which a machine with other work does not change.
 */
async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1600, height: 1000 }, ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => assert.fail(error));
  page.on("console", (message) => message.type() === "error" && assert.fail(message.text()));
  page.on("request", (request) => assert.ok(/^(data|file|blob):/.test(request.url()), request.url()));
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const start = Date.now();
  await page.goto(pathToFileURL(file).href);
  await page.locator('[data-node^="part"]').first().waitFor();
  const seconds = (Date.now() - start) / 1000;
  const { metrics } = await session.send("Performance.getMetrics");
  return { page, seconds, busy: metrics.find(({ name }) => name === "TaskDuration").value };
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
  assert.match(await card.textContent(), /Alone[\d.]+ [kMG]FLOP/);
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
  assert.equal(await page.locator(".live").textContent(), train.live_bytes.toLocaleString("en"));
  await check(page, `${name}-memory`);

  await page.getByRole("tab", { name: "Kernels" }).click();
  assert.equal(await page.getByRole("row").count(), train.kernels.length + 1);
  await page.getByLabel(/A profile/).setInputFiles(path.join(folder, "profile.json"));
  await page.getByRole("region", { name: "Roofline" }).waitFor();
  assert.equal(await page.locator(".roofline circle").count(), profile.profile.length);
  await check(page, `${name}-kernels`);

  const others = reports[1].entries.find((one) => one.name === "train").kernels;
  await page.getByLabel("Target").selectOption("vulkan");
  await page.waitForFunction(
    (count) => document.querySelectorAll("[role=tabpanel] tr").length === count,
    others.length + 1,
  );
  await page.getByRole("tab", { name: "Graph" }).click();
  await page.getByRole("button", { name: "part h.3", exact: true }).waitFor();
  await check(page, `${name}-vulkan`);
  await page.context().close();
}

const first = await open();
console.log(`${(html.length / 1e6).toFixed(1)} MB open in ${first.seconds} s, of which ${first.busy} s of work`);
assert.ok(first.busy > 0 && first.busy < 3, `opened with ${first.busy} s of work`);
await walk(first.page, "light");
await walk((await open({ colorScheme: "dark" })).page, "dark");
await walk((await open({ viewport: { width: 360, height: 780 }, hasTouch: true })).page, "narrow");
await browser.close();
console.log("good");
