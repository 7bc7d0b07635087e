// browser.mjs MOCK_SERVE MODULES MOCK_CHAT [FOLDER]: the playground in Chromium, as somebody uses it who has read
// nothing; by mouse, by keyboard and by touch, at 360 and 1600 pixels, light and dark. Screenshots go to FOLDER.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";
import { packageOf, serve, train } from "./server.mjs";

const [program, modules, chatProgram, folder] = process.argv.slice(2);
const chrome = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(fs.existsSync);
if (!chrome) {
  console.log("no Chromium: .ci/setup test installs it");
  process.exit(77);
}
const { chromium } = packageOf(modules, "playwright-core");
const axe = fs.readFileSync(path.join(modules, "axe-core", "axe.min.js"), "utf8");
const { run, log } = train(program);
let server = await serve(program, run, "--log", log);

const response = await fetch(`${server.url}/`, { headers: { "Accept-Encoding": "identity" } });
const html = await response.text();
if (!html.startsWith("<!doctype html>")) {
  console.log("built without the page: npm was not there");
  process.exit(77);
}
assert.ok(zlib.gzipSync(html).length < 300000, "the page is to be below 300 kB");
assert.ok(!/(src|href)="(?!data:)/.test(html), "everything is to be in the one file");

const browser = await chromium.launch({ executablePath: chrome, args: ["--no-sandbox"] });

/** A page of its own, of which every error and every request elsewhere is a failure. */
async function open(options = {}, url = server.url) {
  const context = await browser.newContext({ viewport: { width: 1600, height: 900 }, ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => assert.fail(error));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("Failed to load resource"))
      assert.fail(message.text());
  });
  page.on("request", (request) => assert.ok(/^(data:|http:\/\/127\.0\.0\.1:)/.test(request.url()), request.url()));
  await page.goto(url);
  await page.getByRole("heading", { name: "mock" }).waitFor();
  return page;
}

const field = (page) => page.getByRole("textbox", { name: /Prompt and continuation|Sample 1/ });
const idle = (page) => page.getByRole("button", { name: "Stop" }).and(page.locator(":disabled")).waitFor();

const asked = (page, options) => page.waitForRequest((one) => one.method() === "POST", options);

/** Does what makes the page ask for text, and waits until all of it is there: before it asks, it is idle, too. */
async function written(page, act) {
  const [request] = await Promise.all([asked(page), act()]);
  await whole(page, request);
}

/** Waits until the page has all that a request answers. */
async function whole(page, request) {
  await (await request.response()).finished();
  await idle(page);
}

/** Nothing that axe-core finds wrong, and nothing that has to be scrolled to from side to side. */
async function check(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  const found = violations.map(
    (one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`,
  );
  assert.deepEqual(found, [], name);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(over <= 0, `${name}: ${over} pixels too wide`);
  if (folder) await page.screenshot({ path: path.join(folder, `${name}.png`) });
}

/** Where a token is drawn. */
async function placeOf(page, token) {
  const box = await page.locator(`[data-token="${token}"]`).first().boundingBox();
  return [box.x + box.width / 2, box.y + box.height / 2];
}

/** A prompt streams; its tokens are shaded; another one in a token's place goes on from there; undo takes it back. */
async function writes() {
  const page = await open();
  await check(page, "empty");
  await field(page).fill("And the ");
  await page.getByLabel("Tokens", { exact: true }).fill("30");
  await page.getByLabel("Seed").fill("7");
  await written(page, () => page.getByRole("button", { name: "Continue" }).click());
  const text = await field(page).inputValue();
  assert.equal(text.length, 38);
  const asked = { prompt: "And the ", max_tokens: 30, temperature: 0.8, top_p: 0.95, seed: 7 };
  const api = await fetch(`${server.url}/v1/completions`, { method: "POST", body: JSON.stringify(asked) });
  assert.equal(text, "And the " + (await api.json()).choices[0].text, "the page shows what the API says");
  assert.equal(await page.locator("[data-token]").count(), 30);
  assert.ok(
    new Set(await page.locator("[data-token]").evaluateAll((all) => all.map((one) => one.className))).size > 2,
  );

  await page.mouse.move(...(await placeOf(page, 5)));
  const card = page.getByRole("dialog");
  await card.waitFor();
  const choices = card.getByRole("button");
  assert.equal(await choices.count(), 10);
  const shares = await card.locator(".number").allTextContents();
  const numbers = shares.map((share) => Number(/[\d.]+/.exec(share)[0]));
  assert.deepEqual(
    numbers,
    [...numbers].sort((a, b) => b - a),
    "the most probable comes first",
  );
  const total = Number(/Together ([\d.]+) %/.exec(await card.textContent())[1]);
  assert.ok(Math.abs(total - numbers.reduce((a, b) => a + b)) < 0.2, "the total");
  await check(page, "alternatives");

  // Into the card, and another token.
  const other = choices.nth(3);
  const chosen = (await other.locator("code").textContent()).replace("␣", " ").replace("↵", "\n");
  await written(page, () => other.click());
  const replaced = await field(page).inputValue();
  assert.equal(replaced.slice(0, 13), text.slice(0, 12) + chosen);
  assert.equal(replaced.length, 13 + 30);
  await page.getByRole("button", { name: "Undo" }).click();
  assert.equal(await field(page).inputValue(), text);
  await page.getByRole("button", { name: "Redo" }).click();
  assert.equal(await field(page).inputValue(), replaced);

  // What is edited in the middle keeps the shades before it.
  await field(page).evaluate((element) => element.setSelectionRange(20, 20));
  await field(page).press("X");
  assert.equal(await page.locator("[data-token]").count(), 12);
  await page.context().close();
}

/** The same without a mouse. */
async function writesByKeyboard() {
  const page = await open();
  await field(page).focus();
  await page.keyboard.type("In the");
  await written(page, () => page.keyboard.press("Control+Enter"));
  const before = await field(page).inputValue();
  assert.ok(before.length > 20);
  await field(page).evaluate((element) => element.setSelectionRange(8, 8));
  await page.keyboard.press("Alt+ArrowDown");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("ArrowDown");
  const chosen = await page.evaluate(() => document.activeElement.querySelector("code").textContent);
  await written(page, () => page.keyboard.press("Enter"));
  assert.equal((await field(page).inputValue()).slice(0, 9), before.slice(0, 8) + chosen.replace("␣", " "));
  await page.keyboard.press("Control+z");
  assert.equal(await field(page).inputValue(), before);
  await page.context().close();
}

/** What goes on for long can be stopped; two samples are of one prompt and two seeds. */
async function stopsAndCompares() {
  const page = await open();
  await field(page).fill("God");
  const tokens = page.getByRole("spinbutton", { name: "Tokens, as a number" });
  await tokens.fill("4096");
  await tokens.press("Tab");
  // The model is a small one, whose tokens would all be there before a key is pressed.
  const network = await page.context().newCDPSession(page);
  const throttle = (bytesPerSecond) =>
    network.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 0,
      uploadThroughput: -1,
      downloadThroughput: bytesPerSecond,
    });
  await network.send("Network.enable");
  await throttle(20000);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.waitForFunction(() => document.querySelectorAll("[data-token]").length > 3);
  await field(page).press("Escape");
  await idle(page);
  const stopped = (await field(page).inputValue()).length;
  assert.ok(stopped > 3 && stopped < 4099, stopped);
  await throttle(-1);

  await field(page).fill("God said ");
  await tokens.fill("60");
  await tokens.press("Tab");
  await page.getByLabel("Side by side").check();
  await written(page, () => page.getByRole("button", { name: "Two samples" }).click());
  const texts = await page
    .getByRole("textbox", { name: /^Sample/ })
    .evaluateAll((all) => all.map((one) => one.value));
  assert.equal(texts.length, 2);
  assert.ok(texts[0] !== texts[1] && texts.every((text) => text.startsWith("God said ") && text.length === 69));
  await check(page, "two");
  await page.context().close();
}

/** Probabilities of what somebody wrote themselves. */
async function shadesThePrompt() {
  const page = await open();
  await field(page).fill("God said");
  await page.getByLabel("Shade the prompt").check();
  const tokens = page.getByRole("spinbutton", { name: "Tokens, as a number" });
  await tokens.fill("5");
  await tokens.press("Tab");
  for (const length of [13, 18]) {
    // again, where the prompt has its shades already
    await written(page, () => page.getByRole("button", { name: "Continue" }).click());
    assert.equal((await field(page).inputValue()).length, length);
    assert.equal(await page.locator("[data-token]").count(), length);
  }
  await page.context().close();
}

/** A chat, of a model that has a template: messages in turns, answers that stream and can be had again. */
async function talks() {
  const chats = train(chatProgram, 200, "--chat-template", "plain");
  const chatServer = await serve(chatProgram, chats.run);
  for (const [width, colorScheme] of [
    [1600, "light"],
    [360, "dark"],
  ]) {
    const page = await open({ viewport: { width, height: 740 }, colorScheme }, chatServer.url);
    await page.getByRole("button", { name: "Chat" }).click();
    await check(page, `chat-empty-${width}`);
    const says = page.getByRole("textbox", { name: "Message", exact: true });
    const answers = page.locator(".message.assistant p");
    await says.fill("void");
    await written(page, () => says.press("Enter"));
    await page.waitForFunction(() => document.querySelector(".message.assistant p").textContent.length > 1);
    assert.equal(await says.inputValue(), "");
    assert.equal(await page.locator(".message.user p").textContent(), "void");
    const first = await answers.textContent();
    assert.ok(!first.includes("User:"), first);
    await written(page, () => page.getByRole("button", { name: "Another answer" }).click());
    assert.equal(await answers.count(), 1);
    await says.fill("and\nmore");
    await written(page, () => page.getByRole("button", { name: "Send" }).click());
    assert.equal(await page.locator(".message").count(), 4);
    await check(page, `chat-${width}`);
    await says.fill("a".repeat(300));
    await says.press("Enter");
    await page.getByRole("alert").getByText("context has 256").waitFor();
    await page.getByRole("button", { name: "New chat" }).click();
    assert.equal(await page.locator(".message").count() + (await page.getByRole("alert").count()), 0);
    await page.getByRole("button", { name: "Text" }).click();
    await field(page).waitFor();
    await page.context().close();
  }
  assert.equal(await chatServer.end(), 0);
}

/** Taps until what is to come of it is there: on a busy machine a browser takes a short touch for a long one. */
async function tapped(tap, comes) {
  for (let left = 4; ; left--) {
    const coming = comes({ timeout: left ? 3000 : 30000 });
    try {
      return (await Promise.all([coming, tap()]))[0];
    } catch (error) {
      if (!left || error.name !== "TimeoutError") throw error;
    }
  }
}

/** 360 pixels, by touch. */
async function fitsAPhone(colorScheme) {
  const page = await open({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, colorScheme });
  await field(page).fill("And the earth was ");
  const writtenByTap = async (button) =>
    whole(page, await tapped(() => button.tap(), (options) => asked(page, options)));
  await writtenByTap(page.getByRole("button", { name: "Continue" }));
  await check(page, `phone-${colorScheme}`);
  await page.locator('[data-token="4"]').scrollIntoViewIfNeeded();
  const card = page.getByRole("dialog");
  const opened = () =>
    tapped(
      async () => page.touchscreen.tap(...(await placeOf(page, 4))),
      (options) => card.waitFor(options),
    );
  await opened();
  await check(page, `phone-alternatives-${colorScheme}`);
  await tapped(
    () => page.getByRole("heading", { name: "mock" }).tap(),
    (options) => card.waitFor({ state: "detached", ...options }),
  );
  await opened();
  const other = card.getByRole("button").nth(1);
  const chosen = (await other.locator("code").textContent()).replace("␣", " ").replace("↵", "\n");
  await writtenByTap(other);
  assert.equal((await field(page).inputValue()).slice(21, 21 + chosen.length), chosen);
  const model = page.getByText("Model", { exact: true });
  await tapped(
    () => page.getByText("Settings").tap(),
    (options) => model.waitFor(options),
  );
  await model.tap();
  await check(page, `phone-open-${colorScheme}`);
  await page.context().close();
}

async function isDark() {
  const page = await open({ colorScheme: "dark" });
  await field(page).fill("And the earth was ");
  await written(page, () => page.getByRole("button", { name: "Continue" }).click());
  await page.mouse.move(...(await placeOf(page, 9)));
  await page.getByRole("dialog").waitFor();
  await check(page, "dark");
  await page.context().close();
}

/** Errors are said: of the server's, of a server that is gone, of a key. */
async function saysErrors() {
  const page = await open();
  await field(page).fill("日本");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("alert").getByText("U+65E5").waitFor();
  await check(page, "error");
  await page.getByRole("button", { name: "Dismiss" }).click();
  assert.equal(await page.getByRole("alert").count(), 0);
  server.kill();
  await field(page).fill("God");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("alert").getByText("does not answer").waitFor();
  await page.context().close();

  server = await serve(program, run, "--api-key", "secret");
  const context = await browser.newContext();
  const locked = await context.newPage();
  await locked.goto(server.url);
  const key = locked.getByLabel("The server asks for a key");
  await key.waitFor();
  await check(locked, "locked");
  await key.fill("guess");
  await key.press("Enter");
  await locked.waitForTimeout(200);
  await key.fill("secret");
  await key.press("Enter");
  await locked.getByRole("heading", { name: "mock" }).waitFor();
  await context.close();
}

for (const test of [writes, writesByKeyboard, stopsAndCompares, shadesThePrompt, talks, isDark, saysErrors]) {
  console.log(test.name);
  if (test === saysErrors) {
    await fitsAPhone("light");
    await fitsAPhone("dark");
  }
  await test();
}
await browser.close();
assert.equal(await server.end(), 0);
