// Starts sinter-lsp-server for .mlir files, which tells errors, values and definitions, and adds what ops mean.
"use strict";

const fs = require("fs");
const path = require("path");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");
const { nameAt, hoverText } = require("./operations");

let client;

/** The program to start: the setting, the build folder of the open folder, or what PATH finds. */
function serverCommand() {
  const setting = vscode.workspace.getConfiguration("sinter").get("server");
  if (setting) return setting;
  const built = (vscode.workspace.workspaceFolders ?? [])
    .map((folder) => path.join(folder.uri.fsPath, "build", "bin", "sinter-lsp-server"))
    .find((file) => fs.existsSync(file));
  return built ?? "sinter-lsp-server";
}

function provideHover(operations, document, position) {
  const found = nameAt(document.lineAt(position.line).text, position.character);
  const text = found && hoverText(operations, found.name);
  if (!text) return undefined;
  const range = new vscode.Range(position.line, found.begin, position.line, found.end);
  return new vscode.Hover(new vscode.MarkdownString(text), range);
}

async function activate(context) {
  const operations = JSON.parse(fs.readFileSync(path.join(__dirname, "operations.json"), "utf8"));
  context.subscriptions.push(
    vscode.languages.registerHoverProvider("mlir", {
      provideHover: (document, position) => provideHover(operations, document, position),
    }),
  );
  const command = serverCommand();
  client = new LanguageClient("sinter", "sinter", { command }, { documentSelector: [{ language: "mlir" }] });
  try {
    await client.start();
  } catch (error) {
    vscode.window.showErrorMessage(`sinter: cannot start ${command}: ${error.message}. Set sinter.server.`);
  }
}

function deactivate() {
  return client?.stop();
}

module.exports = { activate, deactivate };
