// How the options of each subcommand are written down, and what several of them have.
#pragma once

#include "commands/commands.h"
#include "options/option.h"
#include "training/rates.h"

namespace sinter::tables {

using Options = std::vector<Option>;

inline constexpr Check notNegative = whole(0, uint64_t(1) << 53, "from 0");
// What is kept in memory until the end of a measurement.
inline constexpr Check moderate = whole(1, 1 << 20, "from 1 to 1048576");
inline constexpr Check moderateOrNone = whole(0, 1 << 20, "from 0 to 1048576");
inline constexpr Check anySeed = whole(0, UINT64_MAX, "from 0 to 2^64 - 1");
inline constexpr Check amount = numberThat([](double v) { return v >= 0; }, "a number from 0", "from 0");
inline constexpr Check above = numberThat([](double v) { return v > 0; }, "a number above 0", "above 0");
inline constexpr Check finite = numberThat([](double) { return true; }, "a number", "a number");
inline constexpr Check rate =
    numberThat(isRate, "0 or a number from 1.4e-45, the least that f32 tells from 0", "from 0");
inline constexpr Check decay = numberThat(isDecay, "in [0, 1), also when rounded to f32", "in [0, 1)");
inline constexpr Check normal = numberThat(isNormal, "at least 1.1754944e-38, the smallest normal f32", "above 0");
inline constexpr Check fraction = numberThat([](double v) { return v >= 0 && v < 1; }, "in [0, 1)", "in [0, 1)");
inline constexpr Check probability = numberThat([](double v) { return v >= 0 && v <= 1; }, "in [0, 1]", "in [0, 1]");
// Names, or else a file's.
inline constexpr Check tokenizers{.must = "bytes,chars"}, bytesOrFile{.must = "bytes"};
inline constexpr Check patterns = oneOf("gpt2,cl100k,llama3,qwen2,o200k");
inline constexpr const char *tokenizerHelp =
    "bytes, chars, or a file: tokenizer.json, vocab.json with merges.txt, ranks "
    "of tiktoken's, or a model of SentencePiece's";
inline constexpr Check chatTemplates{.must = "chatml,llama3,gemma,plain"};

/// How an option reads in its help: what its value is, what it is for, and what holds without it ("" if there is
/// nothing to tell).
struct Help {
  const char *value;
  const char *text;
  std::string otherwise = {};
};

Option &add(Options &options, const char *names, OptionTarget target, const Check &check, const Help &help);
void addRequired(Options &options, const char *names, OptionTarget target, const Check &check, const Help &help);
void addFlag(Options &options, const char *names, bool &target, const char *text);
/// NAME=FILE, as often as it is given.
void addInputs(Options &options, const char *name, std::vector<std::string> &target, const Help &help);
void addIgnore(Options &options, bool &ignore);
void addChatTemplate(Options &options, std::string &target, const char *otherwise);
void addTexts(Options &options, std::string &separator, std::string &tokenType);
/// The texts of a program that translates.
void addPairs(Options &options, std::string &source, std::string &target);

/// Whether a model reads something before it writes.
bool readsSource(const sinter_program &program);

// The options of each subcommand.
void addTrain(Options &options, TrainCommand &c, const sinter_program &program);
void addEval(Options &options, EvalCommand &c);
void addBench(Options &options, BenchCommand &c);
void addSample(Options &options, SampleCommand &c);
void addTranslate(Options &options, TranslateCommand &c);
void addServe(Options &options, ServeCommand &c);
void addRun(Options &options, RunCommand &c);
void addReport(Options &options, ReportCommand &c);
void addInfo(Options &options, InfoCommand &c);
void addExport(Options &options, ExportCommand &c);
void addImport(Options &options, ImportCommand &c);
void addAverage(Options &options, AverageCommand &c);
void addScore(Options &options, ScoreCommand &c);
void addTokenizer(Options &options, TokenizerCommand &c);
void addPrepare(Options &options, PrepareCommand &c);

} // namespace sinter::tables
