// npm test, or node test.js [FOLDER] where build.js FOLDER was: what hovers say, of every op of the dialects; and that
// the extension starts the server, in an editor which is none.
"use strict";

const assert = require("assert");
const fs = require("fs");
const Module = require("module");
const path = require("path");
const { nameAt, hoverText } = require("./src/operations");

const folder = path.resolve(process.argv[2] ?? path.join(__dirname, "dist"));
const operations = JSON.parse(fs.readFileSync(path.join(folder, "operations.json"), "utf8"));

const line = "  %0:2 = sinter.softmax %x.y : tensor<4x8xf32> loc(#loc.a) // sinter.none";
assert.deepStrictEqual(nameAt(line, 12), { name: "sinter.softmax", begin: 9, end: 23 });
assert.strictEqual(nameAt(line, 3), undefined);
assert.strictEqual(nameAt(line, line.indexOf("x.y")), undefined); // a value
assert.strictEqual(nameAt(line, line.indexOf("loc.a")), undefined); // an attribute
assert.match(hoverText(operations, "sinter.softmax"), /^\*\*`sinter.softmax`\*\*: \S/);
assert.match(hoverText(operations, "sinter.softmax"), /```mlir\n%y = sinter.softmax/);
assert.match(hoverText(operations, "plan.launch"), /runs a kernel over buffers/);
assert.strictEqual(hoverText(operations, "arith.addf"), undefined);
for (const [name, op] of Object.entries(operations)) assert(op.summary, name);
console.log(Object.keys(operations).length, "ops");

const grammar = JSON.parse(fs.readFileSync(path.join(__dirname, "syntaxes", "mlir.tmLanguage.json"), "utf8"));
const scopesOf = (text) => grammar.patterns.filter((p) => p.match && new RegExp(p.match).test(text)).map((p) => p.name);
assert(scopesOf("sinter.softmax").includes("keyword.other.mlir"));
assert(scopesOf("%x").includes("variable.other.mlir"));
assert(scopesOf("bf16").includes("storage.type.mlir"));
assert(scopesOf("// a").includes("comment.line.double-slash.mlir"));
console.log("grammar");

/** As much of an editor as the extension asks for. */
function editor(server) {
  const log = { errors: [] };
  const disposable = { dispose() {} };
  const vscode = {
    Range: class { constructor(...numbers) { this.numbers = numbers; } },
    Hover: class { constructor(text, range) { Object.assign(this, { text, range }); } },
    MarkdownString: class { constructor(value) { this.value = value; } },
    languages: { registerHoverProvider: (language, provider) => ((log.hovers = provider), disposable) },
    workspace: { getConfiguration: () => ({ get: () => server }), workspaceFolders: [] },
    window: { showErrorMessage: (message) => log.errors.push(message) },
  };
  return { log, vscode };
}

/** The bundle, with the editor's module, and the client of the protocol, in place of the real ones. */
async function testExtension() {
  const { log, vscode } = editor("/bin/sinter-lsp-server");
  const started = [];
  const client = { LanguageClient: class {
    constructor(...words) { started.push(words); }
    async start() {}
    async stop() { started.push("stopped"); }
  } };
  const load = Module._load;
  Module._load = (name, ...rest) =>
    name === "vscode" ? vscode : name === "vscode-languageclient/node" ? client : load(name, ...rest);
  const source = fs.readFileSync(path.join(__dirname, "src", "extension.js"), "utf8");
  const module = new Module(path.join(folder, "extension.js"));
  module.paths = [];
  module.filename = path.join(folder, "extension.js");
  module._compile(source.replace("./operations", path.join(__dirname, "src", "operations")), module.filename);
  const context = { subscriptions: [] };
  await module.exports.activate(context);
  assert.deepStrictEqual(log.errors, []);
  assert.strictEqual(started[0][2].command, "/bin/sinter-lsp-server");
  assert.deepStrictEqual(started[0][3], { documentSelector: [{ language: "mlir" }] });
  const hover = log.hovers.provideHover({ lineAt: () => ({ text: line }) }, { line: 7, character: 12 });
  assert.deepStrictEqual(hover.range.numbers, [7, 9, 7, 23]);
  assert.strictEqual(hover.text.value, hoverText(operations, "sinter.softmax"));
  await module.exports.deactivate();
  assert.strictEqual(started[1], "stopped");
  assert.strictEqual(context.subscriptions.length, 1);
  Module._load = load;
  console.log("extension");
}

testExtension();
