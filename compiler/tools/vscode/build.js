// npm run build: dist/operations.json from the TableGen entries of the dialects, and dist/extension.js, one file with
// all that the extension needs. `node build.js FOLDER` makes operations.json alone, in FOLDER, without npm.
"use strict";

const { execFileSync } = require("child_process");
const fs = require("fs");
const path = require("path");
const { operationsOf } = require("./src/operations");

const root = path.join(__dirname, "..", "..", "..");
const llvm = process.env.LLVM_PREFIX ?? "/usr/lib/llvm-22";

/** All files with ops below a folder: those whose own entries are none (interfaces, bases) add nothing. */
function tableGenFiles(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? tableGenFiles(file) : entry.name.endsWith(".td") ? [file] : [];
  });
}

function readOperations() {
  const operations = {};
  for (const file of tableGenFiles(path.join(root, "dialects"))) {
    const records = execFileSync(path.join(llvm, "bin", "llvm-tblgen"),
      ["--dump-json", "-I", path.join(llvm, "include"), "-I", root, file], { maxBuffer: 1 << 28, encoding: "utf8" });
    Object.assign(operations, operationsOf(JSON.parse(records)));
  }
  return operations;
}

const only = process.argv[2];
const folder = only ?? path.join(__dirname, "dist");
fs.mkdirSync(folder, { recursive: true });
fs.writeFileSync(path.join(folder, "operations.json"), JSON.stringify(readOperations(), undefined, 1) + "\n");
if (!only)
  require("esbuild").buildSync({
    entryPoints: [path.join(__dirname, "src", "extension.js")],
    bundle: true,
    platform: "node",
    external: ["vscode"],
    outfile: path.join(folder, "extension.js"),
  });
