// report.mjs PROGRAM MODULES SINTERC MODEL [FOLDER]: what `report` writes, read by others: the page in Chromium, the
// table, TensorBoard's files by protobuf.js; memory and what was not fused as the compiler's own report has them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { packageOf, train } from "./server.mjs";

const [program, modules, sinterc, model] = process.argv.slice(2, 6).map((word) => path.resolve(word));
const shots = process.argv[6];
const { folder } = train(program, 60);
const run = (...words) => execFileSync(program, words, { cwd: folder, encoding: "utf8" });
const options = ["--data", "text.txt", "--eval-every", "20", "--sample-every", "40", "--sample-tokens", "30"];
run("train", ...options, "--steps", "120", "--out", "first");
run("train", ...options, "--steps", "80", "--lr", "0.5", "--out", "second, <other>");
const names = ["first", "second, <other>"];
const lines = names.map((name) =>
  fs
    .readFileSync(path.join(folder, name, "log.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line)),
);

/** The value of a step in a run's log, if it has one. */
const logged = (i, step, name) => lines[i].find((line) => line.step === step && name in line)?.[name];

// The table has every number of the logs, and no other.
run("report", ...names, "--csv", "all.csv");
const [head, ...rows] = fs.readFileSync(path.join(folder, "all.csv"), "utf8").trim().split("\n");
const columns = head.split(",");
assert.deepEqual(columns.slice(0, 2), ["run", "step"]);
assert.equal(rows.length, 121 + 81);
let numbers = 0;
for (const row of rows) {
  const i = row.startsWith("first,") ? 0 : 1;
  const values = row.slice(i ? '"second, <other>",'.length : "first,".length).split(",");
  columns.slice(2).forEach((name, k) => {
    const expected = logged(i, Number(values[0]), name);
    assert.equal(values[k + 1] === "", expected === undefined, `${name} of step ${values[0]}`);
    if (expected !== undefined) {
      assert.equal(Number(values[k + 1]), expected, `${name} of step ${values[0]}`);
      ++numbers;
    }
  });
}
const all = lines.flat().flatMap((line) => Object.values(line).filter((value) => typeof value === "number"));
assert.equal(numbers, all.length - lines.flat().length); // without the steps

// TensorBoard's files: CRCs, records, messages.
const { parse } = packageOf(modules, "protobufjs");
const Event = parse(
  `syntax = "proto3";
  message Shape { message Dim { int64 size = 1; } repeated Dim dim = 2; }
  message Tensor { int32 dtype = 1; Shape tensor_shape = 2; repeated bytes string_val = 8; }
  message PluginData { string plugin_name = 1; }
  message Metadata { PluginData plugin_data = 1; }
  message Value { string tag = 1; float simple_value = 2; Tensor tensor = 8; Metadata metadata = 9; }
  message Summary { repeated Value value = 1; }
  message Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; }`,
  { keepCase: true },
).root.lookupType("Event");

function crc32c(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; ++bit) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}
assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283); // its check value
const masked = (bytes) => ((((crc32c(bytes) >>> 15) | (crc32c(bytes) << 17)) >>> 0) + 0xa282ead8) % 2 ** 32;

function eventsOf(file) {
  const bytes = fs.readFileSync(file);
  const events = [];
  for (let at = 0; at < bytes.length;) {
    const size = Number(bytes.readBigUInt64LE(at));
    assert.equal(bytes.readUInt32LE(at + 8), masked(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + size);
    assert.equal(bytes.readUInt32LE(at + 12 + size), masked(data));
    events.push(Event.toObject(Event.decode(data), { longs: Number, defaults: false }));
    at += 16 + size;
  }
  return events;
}

run("report", ...names, "--tensorboard", "events");
names.forEach((name, i) => {
  const [first, ...events] = eventsOf(path.join(folder, "events", name, "events.out.tfevents.sinter"));
  assert.equal(first.file_version, "brain.Event:2");
  let scalars = 0;
  for (const { wall_time, step = 0, summary } of events) {
    const [value] = summary.value;
    assert.ok(Math.abs(wall_time - Date.now() / 1000) < 600);
    const logName = value.tag.replace(/^(train|speed)\//, "").replace(/^val\//, "val_");
    if (value.tag === "sample") {
      assert.equal(value.metadata.plugin_data.plugin_name, "text");
      assert.equal(value.tensor.dtype, 7);
      assert.equal(Buffer.from(value.tensor.string_val[0]).toString(), logged(i, step, "sample"));
    } else {
      assert.equal(value.simple_value ?? 0, Math.fround(logged(i, step, logName)), `${value.tag} of step ${step}`);
      ++scalars;
    }
  }
  const expected = lines[i].flatMap((line) => Object.keys(line).filter((key) => typeof line[key] === "number"));
  assert.equal(scalars, expected.filter((key) => key !== "step" && key !== "time").length);
});

// The page.
const chrome = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(fs.existsSync);
if (!chrome) process.exit(0);
const { chromium } = packageOf(modules, "playwright-core");
run("report", ...names, "-o", "report.html");

// Of a GPT: memory over its launches, and why what is not fused is not.
const settings = ["--set", "layers=2", "width=32", "heads=2", "context=32", "vocab=96", "batch=4"];
execFileSync(sinterc, [model, ...settings, "-o", path.join(folder, "gpt")]);
fs.writeFileSync(path.join(folder, "gpt.json"), execFileSync(sinterc, [model, ...settings, "--report=json"]));
execFileSync("./gpt", ["train", "--data", "text.txt", "--steps", "4", "--out", "deep"], { cwd: folder, stdio: "pipe" });
const reportOf = (...words) => execFileSync("./gpt", ["report", "deep", ...words], { cwd: folder, stdio: "pipe" });
reportOf("--compiler", "gpt.json", "-o", "gpt.html");
const compiled = JSON.parse(fs.readFileSync(path.join(folder, "gpt.json"), "utf8"));
const gptData = JSON.parse(
  /<script type="application\/json" id="data">([^]*?)<\/script>/.exec(
    fs.readFileSync(path.join(folder, "gpt.html"), "utf8"),
  )[1],
);
assert.deepEqual(gptData.compiled, compiled);
for (const entry of gptData.program.entries) {
  const said = compiled.entries.find(({ name }) => name === entry.name);
  assert.equal(entry.launches, said.launches);
  assert.equal(entry.arena.live.length, said.launches + 2);
  assert.equal(entry.order.length, said.launches);
  // The planner counts buffers in steps of 256 bytes; the program knows which bytes are read.
  const most = Math.max(...entry.arena.live);
  assert.equal(most, entry.arena.live[entry.arena.peak]);
  const inSteps = entry.arena.at_peak.reduce((sum, { bytes }) => sum + 256 * Math.ceil(bytes / 256), 0);
  const counted = entry.arena.parts <= 12 ? inSteps : most;
  assert.ok(
    // (In steps, the most may be one more, at another launch.)
    most <= said.live_bytes &&
      counted <= said.live_bytes &&
      counted >= Math.min(0.9 * said.live_bytes, said.live_bytes - 256),
    `${entry.name}: ${counted} of ${said.live_bytes} bytes`,
  );
  if (entry.arena.parts <= 12)
    assert.equal(
      entry.arena.at_peak.reduce((sum, { bytes }) => sum + bytes, 0),
      most,
    );
  console.log(`${entry.name}: ${most} of ${said.live_bytes} bytes`);
}
fs.writeFileSync(path.join(folder, "other.json"), '{"a": 1}');
assert.throws(
  () => reportOf("--compiler", "other.json"),
  (error) => /other\.json: is not what sinterc --report=json prints/.test(String(error.stderr)),
);

const browser = await chromium.launch({ executablePath: chrome, args: ["--no-sandbox"] });
for (const [width, colorScheme] of [
  [360, "light"],
  [1600, "light"],
  [1600, "dark"],
]) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  page.on("pageerror", (error) => assert.fail(error));
  page.on("request", (request) => assert.ok(/^(file|data):/.test(request.url()), request.url()));
  await page.goto(pathToFileURL(path.join(folder, "report.html")).href);
  await page.getByRole("heading", { name: "Loss", exact: true }).waitFor();
  assert.ok((await page.locator(".u-wrap canvas").count()) >= 4, "a chart each for loss, rate, norm, speed");
  const overview = page.getByRole("region", { name: "Overview" }).getByRole("row");
  for (const [i, name] of names.entries()) {
    const text = await overview.nth(i + 1).textContent();
    const steps = [120, 80][i];
    assert.ok(text.includes(name) && text.includes(logged(i, steps, "loss").toFixed(4)), text);
    const least = Math.min(...lines[i].filter((line) => "val_loss" in line).map((line) => line.val_loss));
    assert.ok(text.includes(least.toFixed(4)), text);
  }
  assert.equal(await page.locator("tr.differs", { hasText: /^lr/ }).count(), 1, "their rates differ");
  assert.equal(await page.locator("tr.differs", { hasText: "model: context" }).count(), 0);
  const sample = await page.locator(".samples pre").first().textContent();
  assert.equal(sample, logged(0, 120, "sample"));
  await page.evaluate(fs.readFileSync(path.join(modules, "axe-core", "axe.min.js"), "utf8"));
  const { violations } = await page.evaluate(() => window.axe.run());
  assert.deepEqual(
    violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 200))}`),
    [],
  );
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(over <= 0, `${over} pixels too wide at ${width}`);
  if (shots)
    await page.screenshot({ path: path.join(shots, `report-${width}-${colorScheme}.png`), fullPage: width > 400 });
  await page.close();
}
for (const [width, colorScheme] of [
  [360, "dark"],
  [1600, "light"],
]) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  page.on("pageerror", (error) => assert.fail(error));
  await page.goto(pathToFileURL(path.join(folder, "gpt.html")).href);
  for (const name of ["train", "eval"]) {
    const at = gptData.program.entries.findIndex((one) => one.name === name);
    await page.getByLabel("Entry").selectOption(String(at));
    const memory = page.getByRole("region", { name: `Memory of ${name}` });
    await memory.waitFor();
    const text = await memory.textContent();
    const { live, peak, at_peak: parts } = gptData.program.entries[at].arena;
    assert.ok(text.includes(live[peak].toLocaleString("en")), text.slice(0, 200));
    const largest = page.getByRole("region", { name: "What is in the arena then" });
    assert.equal(await largest.getByRole("row").count(), parts.length + 1);
    const { not_fused: refusals } = compiled.entries.find((one) => one.name === name);
    const table = page.getByRole("region", { name: "Not fused" });
    assert.equal(await table.getByRole("row").count(), refusals.length + 1);
    assert.ok((await table.textContent()).includes(refusals[0].because));
  }
  await page.evaluate(fs.readFileSync(path.join(modules, "axe-core", "axe.min.js"), "utf8"));
  const { violations } = await page.evaluate(() => window.axe.run());
  assert.deepEqual(
    violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 200))}`),
    [],
  );
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(over <= 0, `${over} pixels too wide at ${width}`);
  if (shots) await page.screenshot({ path: path.join(shots, `report-gpt-${width}.png`), fullPage: true });
  await page.close();
}
await browser.close();
