// The command line on arrays: trainings whose data are named input by input, and `run` of any entry.
#include "array_files.h"
#include "commands.h"
#include "training/trainer.h"

#include <csignal>

namespace sinter::test {

namespace {

class ArraysCommandsTest : public CommandsTest {
protected:
  static constexpr int examples = 60;
  std::string tokens, targets; // [60, 8] of the mock's 96 tokens

  void SetUp() override {
    std::vector<int32_t> first;
    std::vector<uint8_t> second;
    for (int i = 0; i < examples * 8; ++i) {
      first.push_back(i * 7 % 90);
      second.push_back(uint8_t((i * 7 + 3) % 90));
    }
    tokens = write(folder / "tokens.npy", npyFile("<i4", "60, 8, ", bytesOf(first)));
    targets = write(folder / "rest.npz", zipFile({{"targets.npy", npyFile("|u1", "60, 8, ", bytesOf(second)), true}}));
  }
  std::vector<std::string> arrayTraining(const std::string &out, int steps, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {
        "train",      "--input", "tokens=" + tokens,   "--input", "targets=" + targets, "--out",
        folder / out, "--steps", std::to_string(steps)};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
};

} // namespace

TEST_F(ArraysCommandsTest, ResumeRemembersTheInputs) {
  const Result whole = run(arrayTraining("whole", 20, {"--seed", "3"}));
  ASSERT_EQ(whole.exit, 0) << whole.err;
  ASSERT_EQ(run(arrayTraining("parts", 7, {"--seed", "3"})).exit, 0);
  ASSERT_EQ(run({"train", "--resume", "--out", folder / "parts", "--steps", "13"}).exit, 0);
  ASSERT_EQ(run({"train", "--resume", "--out", "parts", "--steps", "20"}).exit, 0); // by another way
  EXPECT_EQ(checkpointOf("parts"), checkpointOf("whole"));
  EXPECT_LT(lines(whole.out).back()["val_loss"], lines(whole.out).front()["val_loss"].get<double>() - 0.3);
  // The folder and its data move together.
  std::filesystem::create_directory(folder / "moved");
  for (const char *name : {"tokens.npy", "rest.npz", "parts"})
    std::filesystem::rename(folder / name, folder / ("moved/" + std::string(name)));
  const Result moved = run({"train", "--resume", "--out", folder / "moved/parts", "--steps", "25"});
  EXPECT_EQ(moved.exit, 0) << moved.err;
  EXPECT_EQ(moved.err.find("warning"), std::string::npos) << moved.err;
  std::filesystem::remove(folder / "moved/rest.npz");
  expectError({"train", "--resume", "--out", folder / "moved/parts", "--steps", "30"}, 1,
              "rest.npz: cannot open: No such file or directory; the training to resume had its data there: --input "
              "names another place");
}

// Killed at any moment and resumed, again and again: the bits of a training that never stopped.
TEST_F(ArraysCommandsTest, KillsLoseNothing) {
  const std::vector<std::string> more = {"--checkpoint-every", "5", "--threads", "1", "--val-fraction", "0.5"};
  ASSERT_EQ(run(arrayTraining("whole", 2000, more)).exit, 0);
  uint32_t random = 5;
  int killed = 0;
  for (int kill = 0; kill < 60; ++kill) {
    std::vector<std::string> words = arrayTraining("killed", 2000, more);
    words.push_back("--resume=auto");
    const pid_t child = start(words);
    random = random * 1664525u + 1013904223u;
    usleep(1000 + (random >> 16) % 15000);
    ::kill(child, SIGKILL);
    const int exit = finish(child).exit;
    ASSERT_TRUE(exit == 0 || exit == -SIGKILL) << exit;
    killed += exit != 0;
  }
  EXPECT_GT(killed, 5);
  std::vector<std::string> last = arrayTraining("killed", 2000, more);
  last.push_back("--resume=auto");
  ASSERT_EQ(run(last).exit, 0);
  EXPECT_EQ(checkpointOf("killed"), checkpointOf("whole"));
}

TEST_F(ArraysCommandsTest, OptionsOfDataAreKept) {
  ASSERT_EQ(run(arrayTraining("o", 3)).exit, 0);
  const std::string shuffled = checkpointOf("o");
  expectContains(shuffled, R"(\"order\":\"shuffled\")");
  ASSERT_EQ(run(arrayTraining("o", 3, {"--order", "sequential"})).exit, 0);
  EXPECT_NE(checkpointOf("o").substr(4000), shuffled.substr(4000));
  // A text in the place of the arrays: another training's data, told.
  const Result other = run({"train", "--resume", "--out", folder / "o", "--data", text, "--steps", "4"});
  EXPECT_EQ(other.exit, 0) << other.err;
  expectContains(other.err, "warning: ");
  EXPECT_EQ(checkpointOf("o").find("tokens.npy"), std::string::npos);
}

TEST_F(ArraysCommandsTest, HeldOutByChance) {
  const std::vector<std::string> random = {"--val-split=random", "--val-fraction", "0.2", "--eval-batches", "0"};
  const Result whole = run(arrayTraining("whole", 20, random));
  ASSERT_EQ(whole.exit, 0) << whole.err;
  ASSERT_EQ(run(arrayTraining("parts", 9, random)).exit, 0);
  EXPECT_EQ(run({"train", "--resume", "--out", folder / "parts", "--steps", "20"}).err, "");
  EXPECT_EQ(checkpointOf("parts"), checkpointOf("whole"));
  // eval looks at the same ones.
  const auto loss = [&](const std::string &out) {
    const Result result = run(
        {"eval", "--checkpoint", out, "--input", "tokens=tokens.npy", "--input", "targets=rest.npz", "--split=val"});
    EXPECT_EQ(result.exit, 0) << result.err;
    return Json::parse(result.out)["loss"].get<double>();
  };
  EXPECT_NEAR(loss("whole"), lines(whole.out).back()["val_loss"].get<double>(), 1e-6);
  ASSERT_EQ(run(arrayTraining("end", 20, {"--val-fraction", "0.2"})).exit, 0);
  EXPECT_NE(loss("end"), loss("whole"));
  const Result other = run({"train", "--resume", "--out", folder / "parts", "--steps", "22", "--val-split", "end"});
  expectContains(other.err, "warning: " + tokens + ": another part of it is held out than before");
  expectError({"train", "--data", text, "--val-split", "random"}, 2, "--val-split=random: rows of a text overlap");
}

TEST_F(ArraysCommandsTest, WhatIsWrongWithInputs) {
  expectError(arrayTraining("o", 3, {"--data", text}), 2, "--data and --input both say what to train on");
  expectError({"train", "--input", "tokens=" + tokens}, 2,
              "the input targets [4, 8] has no data: --input targets=FILE");
  expectError({"train", "--input", "token=" + tokens}, 2,
              "has no input token; it has tokens, targets, lr, beta1, step; "
              "did you mean tokens?");
  expectError({"train", "--data", text, "--val-input", "tokens=" + tokens}, 2, "--val-input goes with --input");
  expectError(arrayTraining("o", 3, {"--val-data", text}), 2, "--val-data goes with --data");
  expectError(arrayTraining("o", 3, {"--val-input", "tokens=" + tokens}), 2,
              "the input targets [4, 8] has no data: --val-input targets=FILE");
  expectError(arrayTraining("o", 3, {"--flip"}), 2, "--flip and --crop have no effect");
  expectError({"train", "--data", text, "--crop", "1"}, 2, "--flip and --crop have no effect: tokens are no images");
  expectError(arrayTraining("o", 3, {"--log", tokens}), 2, "is the file of --input as well");
  expectError({"train", "--input", "tokens=" + tokens, "--input", "targets=" + (folder / "none.csv")}, 1,
              "none.csv: cannot open");
  const std::string large = write(folder / "large.csv", "1,2,3,4,5,6,7,8\n1,2,3,4,5,6,7,96\n");
  expectError({"train", "--input", "tokens=" + large, "--input", "targets=" + large}, 1,
              "number 7 of example 1 is 96, which is not in [0, 95]");
}

TEST_F(ArraysCommandsTest, EvalOfArrays) {
  ASSERT_EQ(run(arrayTraining("o", 30)).exit, 0);
  const Result result =
      run({"eval", "--checkpoint", "o", "--input", "tokens=tokens.npy", "--input", "targets=rest.npz"});
  ASSERT_EQ(result.exit, 0) << result.err;
  EXPECT_EQ(lines(result.out)[0]["tokens"], examples * 8);
  expectError({"eval", "--checkpoint", "o"}, 2, "--data is required");
  expectError({"eval", "--checkpoint", "o", "--data", text, "--input", "tokens=tokens.npy"}, 2, "give one of them");
}

// Against what other subcommands compute of the same numbers.
TEST_F(ArraysCommandsTest, RunsAnyEntry) {
  ASSERT_EQ(run(arrayTraining("o", 30)).exit, 0);
  const std::string four =
      write(folder / "four.csv", "1,2,3,4,5,6,7,8\n2,3,4,5,6,7,8,9\n3,4,5,6,7,8,9,10\n4,5,6,7,8,9,10,11\n");
  const Result eval = run(
      {"eval", "--checkpoint", "o", "--input", "tokens=four.csv", "--input", "targets=four.csv", "--logits", "l.npy"});
  ASSERT_EQ(eval.exit, 0) << eval.err;
  const Result called = run({"run", "eval", "--checkpoint", "o", "--input", "four.csv", "--output", "logits=mine.npy"});
  ASSERT_EQ(called.exit, 0) << called.err;
  ASSERT_EQ(lines(called.out).size(), 1u);
  EXPECT_EQ(lines(called.out)[0]["call"], 1);
  EXPECT_FLOAT_EQ(lines(called.out)[0]["loss"], lines(eval.out)[0]["loss"]);
  EXPECT_FALSE(lines(called.out)[0].contains("logits"));
  EXPECT_EQ(readFile(folder / "mine.npy"), readFile(folder / "l.npy"));

  // Several calls: rows one after the other, one number for each, and all of their outputs in one file.
  write(folder / "positions.npy", npyFile("<i8", "4,", bytesOf<int64_t>({0, 1, 2, 7})));
  const Result several = run({"run", "logits", "--checkpoint", "o", "--input", "tokens=four.csv", "--input",
                              "position=positions.npy", "--json"});
  ASSERT_EQ(several.exit, 0) << several.err;
  ASSERT_EQ(lines(several.out).size(), 4u);
  ASSERT_EQ(run({"run", "logits", "--checkpoint", "o", "--input", "tokens=four.csv", "--input",
                 "position=positions.npy", "--out", "outputs"})
                .exit,
            0);
  const std::string file = readFile(folder / "outputs/logits.npy");
  expectContains(file, "'shape': (384,)");
  for (int call = 0; call < 4; ++call)
    for (int i = 0; i < 96; ++i) {
      float value;
      std::memcpy(&value, file.data() + file.size() - 4 * 384 + size_t(call * 96 + i) * 4, 4);
      EXPECT_EQ(float(lines(several.out)[size_t(call)]["logits"][size_t(i)]), value);
    }
  // Rows for one call serve all; so does a number.
  const Result repeated =
      run({"run", "logits", "--checkpoint", "o", "--input", "tokens=four.csv", "--input", "position=2", "-n", "3"});
  ASSERT_EQ(repeated.exit, 0) << repeated.err;
  EXPECT_EQ(lines(repeated.out).size(), 3u);
  EXPECT_EQ(lines(repeated.out)[2]["logits"], lines(several.out)[2]["logits"]);
}

// A training by hand: the same parameters as `train` makes of these batches.
TEST_F(ArraysCommandsTest, RunChangesState) {
  ASSERT_EQ(run(arrayTraining("o", 15, {"--order", "sequential", "--val-fraction", "0", "--seed", "2"})).exit, 0);
  const std::vector<std::string> words = {"run",     "train",           "--input", "tokens=tokens.npy",
                                          "--input", "targets=rest.npz"};
  auto whole = words, first = words, second = words;
  whole.insert(whole.end(), {"--seed", "2", "--save", "all"});
  ASSERT_EQ(run(whole).exit, 0);
  ASSERT_EQ(run({"export", "--checkpoint", "all", "--out", "a"}).exit, 0);
  ASSERT_EQ(run({"export", "--checkpoint", "o", "--out", "b"}).exit, 0);
  EXPECT_EQ(readFile(folder / "a"), readFile(folder / "b"));
  expectContains(readFile(folder / "all"), R"("step":"15")");
  // From a checkpoint on.
  first.insert(first.end(), {"--seed", "2", "--save", "some", "-n", "4"});
  second.insert(second.end(), {"--checkpoint", "some", "--save", "more", "-n", "1"});
  ASSERT_EQ(run(first).exit, 0);
  ASSERT_EQ(run(second).exit, 0);
  expectContains(readFile(folder / "more"), R"("step":"5")");
}

TEST_F(ArraysCommandsTest, WhatIsWrongWithRuns) {
  const std::string four = write(folder / "four.csv", "1,2,3,4,5,6,7,8\n");
  expectError({"run"}, 2, "entry is required");
  expectError({"run", "evil"}, 2,
              "evil: the program has no such entry; it has train, eval, logits; did you mean eval?");
  expectError({"run", "logits"}, 2,
              "entry logits: no numbers for tokens i32 [1, 8], position i32 []: --input NAME=FILE");
  expectError({"run", "logits", "--input", "tokens=four.csv", "--input", "position=1.5"}, 2, "not a number of i32");
  expectError({"run", "logits", "--input", "tokens=four.csv", "--input", "position=1e99"}, 2, "not a number of i32");
  expectError({"run", "logits", "--input", "tokens=four.csv", "--input", "position=1", "--input", "position=2"}, 2,
              "position is given twice");
  expectError({"run", "eval", "--input", "four.csv"}, 1,
              "1 rows are no whole number of calls: the input tokens [4, 8] takes 4 each");
  const std::vector<std::string> good = {"run", "logits", "--input", "tokens=four.csv", "--input", "position=1"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), good.begin(), good.end());
    return more;
  };
  expectError(with({"--output", "logit=a"}), 2,
              "the entry logits has no output logit; it has logits; did you mean logits?");
  expectError(with({"--output", "logits"}), 2, "an output and its file are wanted: NAME=FILE");
  expectError(with({"--output", "logits=a", "--output", "logits=b"}), 2, "logits is given twice");
  expectError(with({"--output", "logits=four.csv"}), 2, "is the file of --input as well");
  expectError(with({"--save", "a", "--output", "logits=a"}), 2, "is the file of --save as well");
  write(folder / "ten.npy", npyFile("<i4", "2,", bytesOf<int32_t>({1, 2})));
  expectError({"run", "logits", "--input", "tokens=four.csv", "--input", "position=ten.npy", "-n", "3"}, 1,
              "ten.npy: has rows for 2 calls, not 3");
  ASSERT_EQ(run(training("o", 3)).exit, 0);
  expectError(with({"--save", "o/checkpoint.safetensors"}), 1, "is the checkpoint of a training of 3 steps");
}

} // namespace sinter::test
