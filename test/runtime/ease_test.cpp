// What a user of the command line is told, and need not say: suggestions, defaults, data and options on resume, other
// configurations, held-out losses.
#include "base/suggest.h"
#include "checkpoint/checkpoint.h"
#include "commands.h"
#include "data/data.h"
#include "training/trainer.h"

#include <algorithm>
#include <pty.h>

namespace sinter::test {

namespace {

class EaseTest : public CommandsTest {
protected:
  /// Writes the checkpoint of a program that differs from the mock in its configuration alone.
  std::string checkpointWith(const std::string &config, const std::string &out) {
    sinter_program other = sinter_program_v1;
    other.config = config.c_str();
    Program program(other, 1);
    program.initialize(1);
    Checkpoint checkpoint;
    checkpoint.tokenizer = Tokenizer::charsOf(someText(2000), "text");
    checkpoint.options = TrainingOptions().json();
    makeFolder(folder / out);
    saveCheckpoint(checkpointPath(folder / out), program, checkpoint);
    return folder / out;
  }

  /// What a terminal of so many columns gets from the program.
  std::string onTerminal(std::vector<std::string> arguments, unsigned short columns, const char *kind) {
    arguments.insert(arguments.begin(), MOCK);
    std::vector<char *> raw;
    for (std::string &argument : arguments)
      raw.push_back(argument.data());
    raw.push_back(nullptr);
    winsize size{24, columns, 0, 0};
    int terminal = -1;
    const pid_t child = forkpty(&terminal, nullptr, nullptr, &size);
    if (child == 0) {
      setenv("TERM", kind, 1);
      execv(MOCK, raw.data());
      _exit(127);
    }
    std::string shown;
    char buffer[4096];
    for (ssize_t size; (size = read(terminal, buffer, sizeof buffer)) > 0;)
      shown.append(buffer, size_t(size));
    close(terminal);
    waitpid(child, nullptr, 0);
    return shown;
  }
};

} // namespace

TEST(Suggest, NearestName) {
  EXPECT_EQ(editDistance("", "abc"), 3u);
  EXPECT_EQ(editDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(editDistance("train", "trian"), 1u); // neighbours exchanged
  EXPECT_EQ(editDistance("same", "same"), 0u);
  const std::vector<std::string> names = {"train", "eval", "sample", "bench", "info", "export", "import"};
  EXPECT_EQ(nearestName("trian", names), "train");
  EXPECT_EQ(nearestName("evaluate", names), ""); // half of it is another word
  EXPECT_EQ(nearestName("samp", names), "sample");
  EXPECT_EQ(nearestName("exprot", names), "export");
  EXPECT_EQ(nearestName("fly", names), "");
  EXPECT_EQ(nearestName("", names), "");
  EXPECT_EQ(nearestName(std::string(100000, 'x'), names), "");
  EXPECT_EQ(nearestName("x", {"a", "b"}), "");
  EXPECT_EQ(nearestName("vall", {"all", "train", "val"}), "val"); // as near as "all", but with the first letter right
}

TEST_F(EaseTest, DidYouMean) {
  expectError({}, 2,
              "mock: error: a subcommand is required: train, eval, sample, bench, run, report, info, export, import");
  expectError(
      {"trian"}, 2,
      "'trian' is not a subcommand: train, eval, sample, bench, run, report, info, export, import, average, tokenizer, "
      "prepare; did you mean train?");
  expectError({"--threads", "2", "train"}, 2, "options come after the subcommand");
  expectError({"train", "--dat", text}, 2,
              "mock train: error: there is no option --dat; did you mean --data?; 'mock train --help'");
  expectError({"train", "--weight_decay", "1"}, 2, "did you mean --weight-decay?");
  expectError({"train", "-steps", "3"}, 2, "there is no option -steps; did you mean --steps?");
  expectError({"train", "--context", "16"}, 2, "context is compiled into the program (8): sinterc --set context=...");
  expectError({"sample", "--data", text}, 2, "there is no option --data; it is an option of train, eval");
  expectError({"train", "--data", text, "--schedule", "cosin"}, 2,
              "--schedule: cosin is not constant, cosine, linear, inverse-sqrt or one-cycle; did you mean cosine?");
  expectError({"import", "--from", "x", "--out", "y", "--tokenizer", "char"}, 2,
              "char is not bytes, chars or a file that is there; did you mean chars?");
  expectError({"bench", "trian"}, 2,
              "trian: the program has no such entry; it has train, eval, logits; did you mean train?");
  expectError({"bench", "sampel"}, 2, "did you mean sample?");
  expectError({"train", "info"}, 2, "unexpected argument 'info'");
}

TEST_F(EaseTest, ValuesOfOptions) {
  expectError({"train", "--steps"}, 2, "--steps needs a value: STEPS");
  expectError({"train", "--data", "--steps", "3"}, 2,
              "--data needs a value (FILE), but the option --steps follows; --data=--steps if that is meant");
  expectError({"train", "--data="}, 2, "--data: is empty");
  expectError({"train", "--data", text, "--seed", "1", "--seed=2"}, 2, "--seed is given twice: '1' and '2'");
  expectError({"eval", "--json=false", "--data", text}, 2, "--json takes no value, but has 'false'");
  for (const char *steps : {"ten", "-1", "1.5", "0x10", "1e3", "", " 1", "99999999999999999999999", "9007199254740993"})
    expectError({"train", "--data", text, "--steps", steps}, 2, "is not a whole number from 0");
  // Octal for some readers, decimal for people.
  EXPECT_EQ(run(training("octal", 1, {"--checkpoint-every=010", "--eval-every=0"})).exit, 0);
  // A value may look like an option if it is glued to its own.
  run(training("o", 1));
  EXPECT_EQ(run({"sample", "--checkpoint", folder / "o", "--prompt=", "-n", "3"}).exit, 0);
  expectError({"sample", "--checkpoint", folder / "o", "--prompt=--seed", "-n", "3"}, 1, "'-' (U+002D)");
}

// Each option says what it is for and, unless it is a flag, required or has nothing to fall back to, what holds without
// it.
TEST_F(EaseTest, HelpTellsDefaults) {
  const std::vector<std::string> nothing = {"--resume", "--init",   "--val-data",        "--log",  "--prompt-file",
                                            "--stop",   "--logits", "--vocabulary-from", "--data", "--input"};
  for (const char *subcommand : {"train", "eval", "sample", "bench", "run", "info", "export", "import"}) {
    std::string help = run({subcommand, "--help"}).out;
    expectContains(help, std::string("Usage: mock ") + subcommand);
    for (size_t at; (at = help.find("\n      ")) != std::string::npos;) // lines that go on
      help.replace(at, 1, " ");
    std::istringstream stream(help);
    for (std::string line; std::getline(stream, line);) {
      if (!line.starts_with("  -"))
        continue;
      std::istringstream words(line);
      std::string name, value;
      words >> name >> value;
      const bool flag = value.empty() || !std::isupper(static_cast<unsigned char>(value[0])) || name == "-h,--help";
      EXPECT_GT(line.size(), 30u) << subcommand << line;
      if (!flag && line.find("(required)") == std::string::npos &&
          line.find("this model has none") == std::string::npos &&
          std::find(nothing.begin(), nothing.end(), name) == nothing.end() && name != "--tokenizer")
        EXPECT_NE(line.find("default: "), std::string::npos) << subcommand << line;
    }
  }
  const std::string help = run({"train", "--help"}).out;
  expectContains(help, "learning rate (from 0; default: 2)"); // the model's own
  expectContains(help, "train up to this step (from 0; default: 1000)");
}

TEST_F(EaseTest, HeldOutLossByDefault) {
  const auto evaluations = [&](std::vector<std::string> more, int steps) {
    std::vector<int64_t> at;
    for (const Json &line : lines(run(training("o", steps, more)).out))
      if (line.contains("val_loss"))
        at.push_back(line["step"]);
    return at;
  };
  EXPECT_EQ(evaluations({}, 30), (std::vector<int64_t>{0, 10, 20, 30}));
  EXPECT_EQ(evaluations({}, 7), (std::vector<int64_t>{0, 7}));
  EXPECT_EQ(evaluations({}, 250), (std::vector<int64_t>{0, 25, 50, 75, 100, 125, 150, 175, 200, 225, 250}));
  EXPECT_EQ(evaluations({"--eval-every", "20"}, 30), (std::vector<int64_t>{0, 20, 30}));
  EXPECT_EQ(evaluations({"--eval-every", "0"}, 30), std::vector<int64_t>{});
  // Too little text to hold some out is no reason not to train; a word is said where held-out losses were asked for.
  const std::string little = write(folder / "little.txt", someText(30));
  const Result quiet = run({"train", "--data", little, "--steps", "2", "--out", folder / "p"});
  EXPECT_EQ(quiet.exit, 0) << quiet.err;
  EXPECT_EQ(quiet.err, "");
  EXPECT_EQ(quiet.out.find("val_loss"), std::string::npos);
  expectContains(run({"train", "--data", little, "--steps", "2", "--out", folder / "q", "--eval-every", "1"}).err,
                 "warning: " + little + ": the held-out part is too short for one row: no held-out losses");
}

TEST_F(EaseTest, WithoutOutTheFolderIsRun) {
  const Result result = run({"train", "--data", "text.txt", "--steps", "3"});
  EXPECT_EQ(result.exit, 0);
  expectContains(result.err, "mock train: note: no --out: the checkpoint is kept in run/checkpoint.safetensors");
  EXPECT_EQ(run({"train", "--resume", "--steps", "5"}).exit, 0);
  expectContains(run({"info", "run"}).out, "step           5 of 5");
}

TEST_F(EaseTest, ResumeNeedsNoData) {
  run(training("whole", 40));
  makeFolder(folder / "deep/er");
  EXPECT_EQ(shell("cd deep && $MOCK train --data ../text.txt --steps 20 --out ../a > /dev/null"), 0);
  EXPECT_EQ(shell("cd deep/er && $MOCK train --resume --steps 40 --out ../../a > /dev/null"), 0);
  EXPECT_EQ(checkpointOf("a"), checkpointOf("whole")); // by whatever names the same files are called
  // Both move together.
  run(training("b", 20));
  EXPECT_EQ(shell("mkdir moved && mv b text.txt moved && $MOCK train --resume --steps 40 --out moved/b > /dev/null"),
            0);
  EXPECT_EQ(readFile(folder / "moved/b/checkpoint.safetensors"), checkpointOf("whole"));
  expectError({"train", "--resume", "--steps", "50", "--out", "whole"}, 1,
              "text.txt: cannot open: No such file or directory; the training to resume had "
              "its data there: --data names another place");
  EXPECT_EQ(run({"train", "--resume", "--steps", "50", "--out", "whole", "--data", "moved/text.txt"}).err, "");
}

TEST_F(EaseTest, PathsOfDataInCheckpoints) {
  EXPECT_EQ(dataPathToSave("/a/text", "/a/run"), "../text");
  EXPECT_EQ(dataPathToSave("/a/text", "/a/run/"), "../text");
  EXPECT_EQ(dataPathToSave("/a/b/../text", "/a/./run"), "../text");
  EXPECT_EQ(dataPathToSave("/usr/text", "/home/run"), "/usr/text");
  EXPECT_EQ(dataPathToSave("-", "/home/run"), "-");
  EXPECT_EQ(savedDataPath("../text", "/b/run"), "/b/text");
  EXPECT_EQ(savedDataPath("/usr/text", "/b/run"), "/usr/text");
  EXPECT_EQ(savedDataPath("-", "/b/run"), "-");
  EXPECT_EQ(savedDataPath("", "/b/run"), "");
}

TEST_F(EaseTest, ResumeAuto) {
  const std::vector<std::string> command = {"train", "--resume=auto", "--data", text, "--out", folder / "o", "--steps"};
  const auto until = [&](const char *steps) {
    std::vector<std::string> words = command;
    words.push_back(steps);
    return run(words);
  };
  EXPECT_EQ(until("10").exit, 0);
  const Result second = until("20");
  EXPECT_EQ(second.exit, 0);
  EXPECT_EQ(second.err, "");
  expectContains(second.out, "{\"step\":11,");
  EXPECT_FALSE(std::filesystem::exists(folder / "o/checkpoint.previous.safetensors"));
  run(training("whole", 20));
  EXPECT_EQ(checkpointOf("o"), checkpointOf("whole"));
  // What is there but damaged is not started over.
  write(folder / "o/checkpoint.safetensors", "this is none");
  EXPECT_EQ(until("30").exit, 3);
  expectError({"train", "--resume", "--init", folder / "whole", "--out", folder / "whole"}, 2, "give one of them");
  expectError({"train", "--resume="}, 2, "--resume= is followed by nothing");
  expectError({"train", "--resume=aut"}, 2, "--resume: aut is not always or auto; did you mean auto?");
}

TEST_F(EaseTest, ResumeTellsWhatChanged) {
  const std::vector<std::string> cosine = {"--schedule", "cosine", "--lr", "2"};
  run(training("o", 20, cosine));
  const Result longer = run({"train", "--resume", "--out", "o", "--steps", "40"});
  EXPECT_EQ(longer.exit, 0);
  expectContains(longer.err,
                 "warning: --steps 40: the checkpoint's schedule was to end at step 20; it is stretched: the "
                 "learning rate of step 21 is ");
  run(training("constant", 20));
  EXPECT_EQ(run({"train", "--resume", "--out", "constant", "--steps", "40"}).err, "");
  const std::string grown = someText(7000);
  write(folder / "text.txt", grown);
  expectContains(run({"train", "--resume", "--out", "constant", "--steps", "50"}).err,
                 "text.txt: not the data that the checkpoint was trained on: " +
                     std::to_string(grown.size() - grown.size() / 10) + " tokens with hash ");
  expectContains(run({"train", "--resume", "--out", "constant", "--steps", "60", "--val-fraction", "0.2"}).err,
                 "another part of it is held out than before");
}

TEST_F(EaseTest, OtherConfigurations) {
  const std::string context = checkpointWith("{\"batch\":4,\"context\":16}", "context");
  const std::string said = "context/checkpoint.safetensors: trained with context=16 (here 8): the program computes "
                           "something else; compile with "
                           "--set context=16, or use --ignore-configuration";
  for (std::vector<std::string> command : {std::vector<std::string>{"eval", "--data", text, "--checkpoint", context},
                                           {"sample", "--checkpoint", context},
                                           {"train", "--data", text, "--init", context, "--out", "i"},
                                           {"import", "--from", context, "--out", "j"}}) {
    expectError(command, 1, said);
    command.insert(command.end(), {"--ignore-configuration"});
    const Result ignored = run(command);
    EXPECT_EQ(ignored.exit, 0) << ignored.err;
    expectContains(ignored.err, "warning: ");
    expectContains(ignored.err, "trained with context=16 (here 8), which is ignored");
  }
  expectError({"train", "--data", text, "--resume", "--out", context, "--steps", "1"}, 1,
              "trained with context=16 (here 8): this would be another training");
  EXPECT_EQ(run({"export", "--checkpoint", context, "--out", "k"}).err, ""); // the numbers are the same in any program
  // The batch says how a training goes, not what parameters compute.
  const std::string batch = checkpointWith("{\"batch\":7,\"context\":8}", "batch");
  const Result evaluated = run({"eval", "--data", text, "--checkpoint", batch});
  EXPECT_EQ(evaluated.exit, 0);
  expectContains(evaluated.err, "note: " + batch +
                                    "/checkpoint.safetensors: trained with batch=7 (here 4), which does not "
                                    "change what parameters compute");
  expectError({"train", "--data", text, "--resume", "--out", batch, "--steps", "1"}, 1,
              "trained with batch=7 (here 4): this would be another training; compile with --set batch=7");
  EXPECT_EQ(run({"train", "--data", text, "--resume", "--out", batch, "--steps", "1", "--ignore-configuration"}).exit,
            0);
  // Values that only one of the two models has are no contradiction.
  const Result added = run(
      {"eval", "--data", text, "--checkpoint", checkpointWith("{\"batch\":4,\"context\":8,\"deep\":true}", "added")});
  EXPECT_EQ(added.exit, 0);
  expectContains(added.err, "trained with deep=true (here there is none)");
  // Hostile text, nested deeply, is neither printed nor followed.
  for (const size_t depth : {1, 1000, 100000}) {
    const std::string nested = std::string(depth, '[') + std::string(depth, ']');
    const Result hostile =
        run({"eval", "--data", text, "--checkpoint", checkpointWith("{\"context\":" + nested + "}", "hostile")});
    EXPECT_EQ(hostile.exit, 3) << hostile.err;
    EXPECT_LT(hostile.err.size(), 1000u);
  }
}

TEST_F(EaseTest, InfoOfACheckpoint) {
  run(training("o", 12, {"--seed", "3"}));
  const std::string shown = run({"info", "o"}).out;
  for (const char *line : {"program        mock", "configuration  {\"batch\":4,\"context\":8}",
                           "step           12 of 12", "seed           3", "tokenizer      chars, ",
                           "parameters     9216 numbers in 1 tensors, 36864 bytes", "this program   fits"})
    expectContains(shown, line);
  const Json json = Json::parse(run({"info", folder / "o/checkpoint.safetensors", "--json"}).out);
  EXPECT_EQ(json["step"], 12);
  EXPECT_EQ(json["options"]["data"], "../text.txt");
  EXPECT_EQ(json["config"]["context"], 8);
  EXPECT_TRUE(json["fits"]);
  run({"export", "--checkpoint", "o", "--out", "plain"});
  const Json plain = Json::parse(run({"info", "plain", "--json"}).out);
  EXPECT_FALSE(plain["checkpoint"]);
  EXPECT_TRUE(plain["fits"]);
  expectContains(run({"info", checkpointWith("{\"batch\":4,\"context\":16}", "c")}).out,
                 "this program   differs: context=16 (here 8)");
  std::string damaged = checkpointOf("o");
  damaged[damaged.size() - 9] = char(damaged[damaged.size() - 9] ^ 1);
  write(folder / "d", damaged);
  expectError({"info", "d"}, 3, "damaged: its content has hash");
  expectError({"info", "text.txt"}, 3, "not safetensors");
}

// No line is as wide as the terminal, or it would wrap and pile up; the step is always there.
TEST_F(EaseTest, ProgressFitsTheTerminal) {
  for (const unsigned short columns : {10, 20, 40, 80, 200}) {
    std::string shown =
        onTerminal(training("o" + std::to_string(columns), 300, {"--eval-every", "0"}), columns, "xterm");
    std::istringstream stream(shown);
    std::string last;
    for (std::string line; std::getline(stream, line, '\r');) {
      const size_t end = line.find("\033[K");
      if (end == std::string::npos)
        continue;
      EXPECT_LT(end, columns) << line;
      last = line.substr(0, end);
    }
    expectContains(last, "300");
    if (columns >= 40)
      expectContains(last, "300/300  loss ");
    if (columns >= 80)
      for (const char *part : {"[=====", "tok/s", "  in 0:0", "  ETA 0:00"})
        expectContains(last, part);
    expectContains(shown, "step 300: saved in ");
  }
  const std::string dumb = onTerminal(training("dumb", 300, {"--eval-every", "0"}), 80, "dumb");
  EXPECT_EQ(dumb.find('\033'), std::string::npos);
  expectContains(dumb, "300/300  loss ");
}

// The last held-out loss stands in the line, and --plot draws all of them, in Braille where the terminal has it.
TEST_F(EaseTest, LossesAreDrawnOnATerminal) {
  const auto drawn = [&](const char *out, unsigned short columns, const std::vector<std::string> &more) {
    std::vector<std::string> words = {"--eval-every", "100"};
    words.insert(words.end(), more.begin(), more.end());
    return onTerminal(training(out, 300, words), columns, "xterm");
  };
  const std::string without = drawn("a", 80, {});
  expectContains(without, "  held out ");
  EXPECT_EQ(without.find("step 300\r\n"), std::string::npos);
  const Setting utf8("LC_ALL", "C.UTF-8");
  const std::string braille = drawn("b", 80, {"--plot"});
  expectContains(braille, "step 300\r\n");
  expectContains(braille, "\u2880"); // a dot somewhere
  const Setting ascii("LC_ALL", "C");
  for (const unsigned short columns : {10, 30, 80, 300}) {
    std::istringstream stream(drawn(("c" + std::to_string(columns)).c_str(), columns, {"--plot"}));
    for (std::string line; std::getline(stream, line);)
      if (line.find("held") == std::string::npos && line.find("saved") == std::string::npos &&
          line.find('\033') == std::string::npos)
        EXPECT_LE(line.size(), size_t(columns)) << line; // with its \r
  }
}

} // namespace sinter::test
