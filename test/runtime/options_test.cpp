// One table of options: what it gives is complete, and what it reads from files and variables counts as it should.
#include "base/format.h"
#include "commands.h"
#include "commands/options.h"

namespace sinter::test {

namespace {

class OptionsTest : public CommandsTest {
protected:
  Commands commands;
  CommandTable table = commandTable(sinter_program_v1, "mock", commands);

  Chosen read(const std::vector<std::string> &words) { return readOptions(table, words); }
  std::string config(const std::string &content) { return write(folder / "options.toml", content); }
  Failed failing(const std::string &content, std::vector<std::string> words = {"train"}) {
    words.insert(words.end(), {"--config", config(content)});
    Commands others;
    CommandTable fresh = commandTable(sinter_program_v1, "mock", others);
    return failureOf([&] { readOptions(fresh, words); });
  }
};

} // namespace

TEST_F(OptionsTest, EveryOptionIsInEverything) {
  const std::string manual = run({"--man"}).out, bash = run({"--completion=bash"}).out,
                    zsh = run({"--completion=zsh"}).out;
  int count = 0;
  for (const Command &command : table.commands) {
    const std::string help = run({command.name, "--help"}).out;
    for (const Option &option : command.options) {
      ++count;
      for (const std::string &name : splitNames(option.names)) {
        std::string escaped;
        for (const char c : name)
          escaped += c == '-' ? "\\-" : std::string(1, c);
        expectContains(help, option.isArgument() ? "\nArguments:\n  " + name : "  " + std::string(option.names));
        expectContains(manual, "\\fB" + escaped + "\\fR");
        if (option.isArgument())
          continue;
        expectContains(bash, name);
        expectContains(zsh, name);
        expectContains(manual, "\\fB" + variableOf(table, option) + "\\fR");
      }
    }
  }
  EXPECT_GT(count, 100);
  EXPECT_EQ(manual, manualText(table));
}

TEST_F(OptionsTest, BashCompletes) {
  const auto completed = [&](const std::string &words, int at) {
    EXPECT_EQ(shell(". <($MOCK --completion=bash); COMP_WORDS=(" + words + ") COMP_CWORD=" + std::to_string(at) +
                    "; _mock 2> /dev/null; echo \"${COMPREPLY[*]}\" > completed"),
              0);
    return readFile(folder / "completed");
  };
  EXPECT_EQ(completed("mock tr", 1), "train\n");
  EXPECT_EQ(completed("mock train --patie", 2), "--patience\n");
  EXPECT_EQ(completed("mock train --schedule co", 3), "constant cosine\n");
  EXPECT_EQ(completed("mock train --schedule = co", 4), "constant cosine\n");
  EXPECT_EQ(completed("mock train --schedule =", 3), "constant cosine linear inverse-sqrt one-cycle\n");
  EXPECT_EQ(completed("mock run lo", 2), "logits\n");
  EXPECT_EQ(completed("mock train --data te", 3), "text.txt\n");
  EXPECT_EQ(completed("mock train --steps 1", 3), "\n");
  EXPECT_EQ(completed("mock train --lr 1 --flip --keep", 5), "--keep-best --keep\n");
}

TEST_F(OptionsTest, FilesOfOptions) {
  read({"train", "--config",
        config("# all that a file may say\n"
               "threads = 3 # of every subcommand\n"
               "seed = 5\n"
               "[train]\n"
               "data = \"a \\\"b\\\"\\t\\u00e9\"\n"
               "val_data = 'c\\d'\n"
               "input = [\"x=1\", # one\n  'y=2',\n]\n"
               "lr=3e-4\n"
               "seed = 7\n"
               "  flip = true\n"
               "keep-best = false\n"
               "[ sample ]\n"
               "tokens = 3\n")});
  EXPECT_EQ(commands.common.threads, 3);
  EXPECT_EQ(commands.train.data, "a \"b\"\t\u00e9");
  EXPECT_EQ(commands.train.validationData, "c\\d");
  EXPECT_EQ(commands.train.inputs, (std::vector<std::string>{"x=1", "y=2"}));
  EXPECT_EQ(commands.train.lr, 3e-4);
  EXPECT_EQ(commands.train.seed, 7u); // its own section counts more
  EXPECT_TRUE(commands.train.flip);
  EXPECT_FALSE(commands.train.keepBest);
  EXPECT_EQ(commands.sample.generate.count, 200);
}

TEST_F(OptionsTest, TheCommandLineCountsMoreThanFilesAndFilesMoreThanVariables) {
  const Setting steps("SINTER_STEPS", "10"), warmup("SINTER_WARMUP", "20"), seed("SINTER_SEED", "30"),
      flip("SINTER_FLIP", "1"), best("SINTER_KEEP_BEST", "true"), empty("SINTER_LOG", "");
  read({"train", "--steps", "1", "--config", config("steps = 2\nwarmup = 3\nkeep-best = false")});
  EXPECT_EQ(commands.train.steps, 1);
  EXPECT_EQ(commands.train.warmup, 3);
  EXPECT_EQ(commands.train.seed, 30u);
  EXPECT_TRUE(commands.train.flip);
  EXPECT_FALSE(commands.train.keepBest);
  EXPECT_EQ(commands.train.log, "");
}

TEST_F(OptionsTest, WhatIsWrongInFilesAndVariables) {
  const std::string path = folder / "options.toml";
  const std::pair<const char *, const char *> wrong[] = {
      {"stepz = 3", ":1: there is no option stepz; did you mean steps?"},
      {"\n\nsteps = ten", ":3: steps: ten is not a whole number from 0"},
      {"steps = 1\nsteps = 2", ":2: steps is given twice"},
      {"[trian]\nsteps = 1",
       ":2: [trian] is no subcommand: train, eval, sample, bench, run, report, info, export, import, "
       "average, tokenizer, prepare; did you mean train?"},
      {"steps 3", ":1: '=' is wanted here: lines are [SUBCOMMAND] or NAME = VALUE"},
      {"steps =", ":1: a word or a value is missing"},
      {"data = te/xt", ":1: one value a line is wanted"},
      {"data = /text", ":1: texts stand in quotes: \"...\""},
      {"data = \"text", ":1: the text has no end"},
      {"data = \"\\q\"", ":1: what follows the \\ means nothing"},
      {"data = \"\\u12", ":1: four or eight hexadecimal digits are wanted behind \\u"},
      {"data = \"\\", ":1: what follows the \\ means nothing"},
      {"data = \"\\ud800\"", ":1: what follows the \\ means nothing"},
      {"steps = [1, 2]", ":1: steps: one value is wanted, not 2"},
      {"input = [\"a\"", ":1: ',' or ']' is wanted behind a value in brackets"},
      {"input = [", ":1: ']' is missing"},
      {"flip = 3", ":1: flip: 3 is not true or false"},
      {"config = \"x\"", ":1: there is no option config"},
      {"tokens = 1\n[train]\ntokens = 2", ":3: there is no option tokens"},
  };
  for (const auto &[content, message] : wrong) {
    const Failed failed = failing(content);
    EXPECT_EQ(failed.exit, Exit::Usage) << content;
    expectContains(failed.message, path + message);
  }
  expectContains(failing("\xff").message, ":1: texts stand in quotes");
  expectContains(failureOf([&] { read({"train", "--config", folder / "none"}); }).message, "none: cannot open");
  const Setting variable("SINTER_STEPS", "ten");
  expectError({"train", "--data", text}, 2, "the environment variable SINTER_STEPS: ten is not a whole number from 0");
  const Setting flag("SINTER_JSON", "maybe");
  expectError({"info"}, 2, "the environment variable SINTER_JSON: maybe is not 1, 0, true or false");
}

// What was given, written as a file, is read as the same again.
TEST_F(OptionsTest, FilesThatAreWritten) {
  const std::vector<std::string> words = {"train",   "--data", "a\"\\\n\u00e9", "--input", "x=1",
                                          "--input", "y=,2",   "--lr",          "3e-4",    "--flip",
                                          "--steps", "7",      "--out",         "o",       "--resume"};
  const Chosen chosen = read(words);
  const std::string text = configurationText(*chosen.command, "--resume,--out");
  EXPECT_EQ(text, "[train]\ndata = \"a\\\"\\\\\\u000a\u00e9\"\ninput = [\"x=1\", \"y=,2\"]\nsteps = 7\nlr = 3e-4\n"
                  "flip = true\n");
  Commands others;
  CommandTable fresh = commandTable(sinter_program_v1, "mock", others);
  const Chosen again = readOptions(fresh, {"train", "--config", config(text), "--out", "o", "--resume"});
  EXPECT_EQ(configurationText(*again.command, "--config"), configurationText(*chosen.command, ""));
}

// options.toml, beside a checkpoint, makes the same training again, from its file or as the defaults of another.
TEST_F(OptionsTest, OneRunsOptionsReproduceIt) {
  const Setting variable("SINTER_WARMUP", "3");
  ASSERT_EQ(run({"train", "--data", "text.txt", "--steps", "25", "--out", "a", "--lr", "1.5", "--order", "sequential",
                 "--seed", "9", "--keep-best", "--eval-every", "5", "--threads", "2"})
                .exit,
            0);
  unsetenv("SINTER_WARMUP");
  expectContains(readFile(folder / "a/options.toml"), "[train]\ndata = \"text.txt\"\nsteps = 25\n");
  expectContains(readFile(folder / "a/options.toml"), "warmup = 3\n");
  EXPECT_EQ(run({"train", "--config", "a/options.toml", "--out", "b"}).exit, 0);
  EXPECT_EQ(checkpointOf("b"), checkpointOf("a"));
  EXPECT_EQ(readFile(folder / "b/best.safetensors"), readFile(folder / "a/best.safetensors"));
  // In the same folder: what was there is put aside, but the file of options, which is the same.
  const std::string before = checkpointOf("a"), options = readFile(folder / "a/options.toml");
  EXPECT_EQ(run({"train", "--config", "a/options.toml"}).exit, 0);
  EXPECT_EQ(checkpointOf("a"), before);
  EXPECT_EQ(readFile(folder / "a/checkpoint.previous.safetensors"), before);
  EXPECT_EQ(readFile(folder / "a/options.toml"), options);
  EXPECT_FALSE(std::filesystem::exists(folder / "a/options.previous.toml"));
  EXPECT_EQ(run({"train", "--config", "a/options.toml", "--seed", "2"}).exit, 0);
  EXPECT_NE(checkpointOf("a"), before);
  EXPECT_EQ(readFile(folder / "a/options.previous.toml"), options);
  // What a resume is told stays with its checkpoint.
  EXPECT_EQ(run({"train", "--resume", "--steps", "30", "--out", "b"}).exit, 0);
  expectContains(readFile(folder / "b/options.toml"), "steps = 25\n");
}

TEST_F(OptionsTest, DryRun) {
  const Result result = run({"train", "--data", "text.txt", "--dry-run", "--out", "none", "--steps", "100"});
  EXPECT_EQ(result.exit, 0) << result.err;
  for (const char *line :
       {"model        mock, from mock.cpp, with {\"batch\":4,\"context\":8}\n",
        "parameters   9,216 numbers, 36,864 bytes\n  table.weight  f32 [96, 96]                  9,216\n",
        "other state  36,864 bytes", "input        tokens i32 [4, 8]\n", " tokens to train on, ", " tokens held out\n",
        "work         2.3e+05 FLOP a step, 32 tokens each\n", "step 1       loss 4.5", "100 steps would take about ",
        "nothing was written"})
    expectContains(result.out, line);
  EXPECT_FALSE(std::filesystem::exists(folder / "none"));
  // The loss is that of the first step of a training.
  ASSERT_EQ(run({"train", "--data", "text.txt", "--steps", "1", "--out", "o", "--log", "log"}).exit, 0);
  double loss = 0;
  for (const Json &line : lines(readFile(folder / "log")))
    loss = line.value("loss", loss);
  expectContains(result.out, formatted("loss {:.6g}, gradient norm", loss));
  // On a checkpoint it is the step that comes next, and the checkpoint stays.
  const std::string before = checkpointOf("o");
  expectContains(run({"train", "--resume", "--dry-run", "--out", "o", "--steps", "9"}).out, "step 2       loss");
  EXPECT_EQ(checkpointOf("o"), before);
  expectError({"train", "--dry-run", "--data", "nowhere"}, 1, "nowhere: cannot open");
}

} // namespace sinter::test
