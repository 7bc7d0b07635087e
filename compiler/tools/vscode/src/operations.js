// What the ops of sinter's dialects mean, as their TableGen entries say it. Knows nothing of the editor.
"use strict";

const NAME = /[a-z_][\w$]*(?:\.[\w$]+)+/g;

/** The op's name that stands at a column of a line, or undefined: {name, begin, end}. */
function nameAt(line, column) {
  for (const match of line.matchAll(NAME)) {
    const begin = match.index, end = begin + match[0].length;
    if (column >= begin && column <= end && !"%@#!^".includes(line[begin - 1] ?? " "))
      return { name: match[0], begin, end };
  }
  return undefined;
}

/** The indentation that all lines have, taken off. */
function dedent(text) {
  const lines = text.split("\n");
  const margins = lines.filter((line) => line.trim()).map((line) => line.length - line.trimStart().length);
  const margin = margins.length ? Math.min(...margins) : 0;
  return lines.map((line) => line.slice(margin)).join("\n").trim();
}

/** The ops among the records that `llvm-tblgen --dump-json` prints: {"sinter.softmax": {summary, description}}. */
function operationsOf(records) {
  const operations = {};
  for (const name of records["!instanceof"]?.Op ?? []) {
    const op = records[name], dialect = records[op.opDialect.def].name;
    operations[`${dialect}.${op.opName}`] = { summary: op.summary.trim(), description: dedent(op.description) };
  }
  return operations;
}

/** An op's hover as Markdown, or undefined for one of another dialect. */
function hoverText(operations, name) {
  const op = operations[name];
  return op && `**\`${name}\`**: ${op.summary}\n\n${op.description}`.trim();
}

module.exports = { nameAt, operationsOf, hoverText };
