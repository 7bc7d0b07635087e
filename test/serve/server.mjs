// What the tests in JavaScript share: a trained program and a server of it.
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";

const TEXT =
  "In the beginning God created the heaven and the earth.\nAnd the earth was without form, and void.\n" +
  "User: void\nAssistant: more\n";

/** A package of the folder that npm has filled. */
export const packageOf = (modules, name) => createRequire(path.resolve(modules, "any.js"))(name);

/** A folder with a checkpoint and its log, which goes when the process does. */
export function train(program, steps = 200, ...options) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "sinter-serve-"));
  process.on("exit", () => fs.rmSync(folder, { recursive: true, force: true }));
  fs.writeFileSync(path.join(folder, "text.txt"), TEXT.repeat(60));
  const log = path.join(folder, "log.jsonl");
  execFileSync(
    program,
    [
      "train",
      "--data",
      path.join(folder, "text.txt"),
      "--steps",
      String(steps),
      "--out",
      path.join(folder, "run"),
      "--log",
      log,
      ...options,
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  return { run: path.join(folder, "run"), log, folder };
}

/** A server: its address, and how to end it, which gives its exit code. */
export async function serve(program, run, ...options) {
  const child = spawn(program, ["serve", "--checkpoint", run, "--port", "0", ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.on("exit", () => child.kill("SIGKILL"));
  const line = await new Promise((resolve, reject) => {
    child.stdout.once("data", (data) => resolve(String(data)));
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  return {
    url: /http:\/\/\S+/.exec(line)[0],
    kill: () => child.kill("SIGKILL"),
    end: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
}
