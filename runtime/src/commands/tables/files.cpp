// What works on runs, checkpoints, texts and other files.
#include "commands/tables/tables.h"

#include "base/format.h"

namespace sinter::tables {

void addRun(Options &options, RunCommand &c) {
  addRequired(options, "entry", &c.entry, notEmpty, {"ENTRY", "an entry of the program; info lists them"});
  addInputs(options, "--input", c.inputs,
            {"NAME=FILE", "an input's numbers, as for train: rows for one call, which all calls take, or for several; "
                          "NAME=NUMBER for inputs that are one"});
  add(options, "-n,--calls", &c.calls, notNegative, {"CALLS", "how often", "as often as the inputs have rows for"});
  add(options, "--checkpoint", &c.checkpoint, notEmpty,
      {"FILE", "what state begins as: checkpoint, safetensors file, or folder of a training", "initial values"});
  add(options, "--save", &c.save, notEmpty, {"FILE", "checkpoint to write in the end", "none"});
  addInputs(options, "--output", c.outputs,
            {"NAME=FILE", "write an output as NumPy's .npy, of all calls; may be repeated", "none"});
  add(options, "--out", &c.out, notEmpty, {"FOLDER", "write all outputs, as NAME.npy", "none"});
  add(options, "--seed", &c.seed, anySeed, {"N", "of initial values and dropout", "the checkpoint's, or 0"});
  addFlag(options, "--json", c.json, "one JSON object a call (always, unless the output is a terminal)");
  addIgnore(options, c.ignoreConfiguration);
}

void addReport(Options &options, ReportCommand &c) {
  addInputs(options, "run", c.runs, {"RUN", "folder of a training, or its log; several are compared"});
  options.back().required = true;
  add(options, "-o,--out", &c.out, notEmpty,
      {"FILE", "the page, one HTML file", "report.html, or none with --csv or --tensorboard"});
  add(options, "--compiler", &c.compiler, notEmpty,
      {"FILE", "what sinterc --report=json printed of this model: the page tells what was not fused, and why", "none"});
  add(options, "--csv", &c.csv, notEmpty, {"FILE", "all numbers as a table, a row a step", "none"});
  add(options, "--tensorboard", &c.tensorboard, notEmpty, {"FOLDER", "event files for TensorBoard", "none"});
}

void addInfo(Options &options, InfoCommand &c) {
  add(options, "checkpoint", &c.checkpoint, notEmpty,
      {"CHECKPOINT", "checkpoint or safetensors file, or folder of a training", "this program"});
  addFlag(options, "--json", c.json, "one JSON object");
}

void addExport(Options &options, ExportCommand &c) {
  addRequired(options, "--checkpoint", &c.checkpoint, notEmpty, {"FILE", "checkpoint, or folder of a training"});
  addRequired(options, "--out", &c.out, notEmpty, {"FILE", "file to write"});
  add(options, "--format", &c.format, oneOf("safetensors,gguf"),
      {"NAME", "gguf: for llama.cpp, of models that are GPT-2's or Llama's", c.format});
  add(options, "--type", &c.type, oneOf("f32,f16,bf16,f64,q8_0,q4_0"),
      {"NAME", "of the numbers; in a GGUF of matrices", c.type});
  add(options, "--prefix", &c.prefix, notEmpty,
      {"TEXT", "before each name in safetensors, such as transformer.", "none"});
}

void addImport(Options &options, ImportCommand &c) {
  addRequired(options, "--from", &c.from, notEmpty,
              {"FILE", "safetensors, their index, GGUF, or a checkpoint, or a folder with one"});
  addRequired(options, "--out", &c.out, notEmpty, {"FILE", "checkpoint to write"});
  addInputs(options, "--map", c.rules,
            {"FROM=TO",
             "what tensors of other names are; each * stands for anything, and :transpose at the end turns "
             "matrices; may be repeated",
             "names as they are, also behind transformer."});
  add(options, "--tokenizer", &c.tokenizer, tokenizers,
      {"NAME", "bytes, chars, which needs --vocabulary-from, or a file as for train", "the file's, or none"})
      .suggestions = "bytes,chars";
  add(options, "--vocabulary-from", &c.vocabularyFrom, notEmpty, {"FILE", "text that has the characters"});
  addChatTemplate(options, c.chatTemplate, "the checkpoint's, or none");
  add(options, "--seed", &c.seed, anySeed, {"N", "of what the file does not hold", fmt::to_string(c.seed)});
  addIgnore(options, c.ignoreConfiguration);
}

void addAverage(Options &options, AverageCommand &c) {
  addInputs(
      options, "checkpoint", c.checkpoints,
      {"CHECKPOINT", "checkpoints of one model, or the folder of a training, for the last ones that --keep kept"});
  options.back().required = true;
  add(options, "--last", &c.last, moderate,
      {"N", "of a folder's, as far as there are so many", fmt::to_string(c.last)});
  addRequired(options, "-o,--out", &c.out, notEmpty,
              {"FILE", "checkpoint to write: the mean of parameters, all else as in the last one"});
  addIgnore(options, c.ignoreConfiguration);
}

void addScore(Options &options, ScoreCommand &c) {
  addRequired(options, "translations", &c.translations, notEmpty, {"TRANSLATIONS", "a text, a sentence a line"});
  addInputs(options, "--reference", c.references,
            {"FILE", "how people say it, line by line; may be repeated, for further ways to say it"});
  options.back().required = true;
  addFlag(options, "--json", c.json, "one JSON object (always, unless the output is a terminal)");
}

void addTokenizer(Options &options, TokenizerCommand &c) {
  addRequired(options, "action", &c.action, oneOf("train,encode,decode,info,convert"),
              {"ACTION",
               "train: learn a byte-level BPE; encode, decode: between text and tokens; info: what a tokenizer "
               "is; convert: write it as a tokenizer.json"});
  addInputs(options, "--data", c.data,
            {"FILE", "texts, or tokens to decode: a file, a folder or a pattern; may be repeated", "standard input"});
  add(options, "--text", &c.text, anyText, {"TEXT", "in place of --data"}).excludes = "--data";
  add(options, "--tokenizer", &c.tokenizer, bytesOrFile, {"FILE", "as for train, or a folder with one"});
  add(options, "--checkpoint", &c.checkpoint, notEmpty, {"FILE", "the tokenizer of a checkpoint"});
  add(options, "--vocab", &c.vocabulary, whole(258, 1 << 20, "from 258 to 1048576"),
      {"N", "tokens to learn", fmt::to_string(c.vocabulary)});
  addInputs(options, "--first-token", c.firstTokens,
            {"TEXT",
             "a special token in front of the bytes, in place of <|endoftext|> behind all; for pairs of sentences "
             "three: <pad>, <s>, </s>; may be repeated",
             "none"});
  add(options, "--pattern", &c.pattern, patterns,
      {"NAME", "how text is split: to learn, and of tiktoken's files, which do not say it",
       "gpt2, or by the file's name"});
  add(options, "--separator", &c.separator, notEmpty,
      {"TEXT", "between documents of the texts to learn from, or to encode, each on a line of its own", "none"});
  addFlag(options, "--special", c.special, "texts of special tokens, such as <|endoftext|>, are these tokens");
  add(options, "-o,--out", &c.out, notEmpty,
      {"FILE", "file to write; tokens as numbers or, to a .bin, as llm.c has them", "standard output"});
  addFlag(options, "--json", c.json, "JSON");
}

void addPrepare(Options &options, PrepareCommand &c) {
  addInputs(options, "--data", c.data, {"FILE", "texts: a file, a folder or a pattern; may be repeated"});
  options.back().required = true;
  addRequired(options, "--tokenizer", &c.tokenizer, bytesOrFile, {"NAME", "bytes, or a file as for train"});
  add(options, "--pattern", &c.pattern, patterns,
      {"NAME", "how text is split, of tiktoken's files, which do not say it", "by the file's name"});
  add(options, "--separator", &c.separator, notEmpty,
      {"TEXT", "what stands between documents of a text; the end-of-text token takes its place",
       "a file is a document"});
  add(options, "--chat-template", &c.chatTemplate, chatTemplates,
      {"NAME",
       "files are chats: lines of {\"messages\":[{\"role\":...,\"content\":...}]}, which this template makes texts of; "
       "as for train, which takes it from the folder",
       "files are texts"})
      .suggestions = chatTemplates.must;
  addRequired(options, "-o,--out", &c.out, notEmpty, {"FOLDER", "for files of tokens, which train --data takes"});
}

} // namespace sinter::tables
