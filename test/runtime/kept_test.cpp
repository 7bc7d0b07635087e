// Checkpoints that stay: the best, and the last few; a training that ends when nothing gets better.
#include "checkpoint/checkpoint.h"
#include "commands.h"

#include <algorithm>
#include <csignal>

namespace sinter::test {

namespace {

class KeptTest : public CommandsTest {
protected:
  // A rate so high that the loss jumps: the least is in the middle.
  std::vector<std::string> jumping(const std::string &out, std::vector<std::string> more = {}, int steps = 120) {
    std::vector<std::string> words = training(
        out, steps,
        {"--lr", "60", "--eval-every", "4", "--eval-batches", "3", "--checkpoint-every", "10", "--threads", "1"});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::vector<std::string> filesIn(const std::string &out) {
    std::vector<std::string> names;
    for (const auto &entry : std::filesystem::directory_iterator(folder / out))
      if (entry.path().filename() != "options.toml") // what was asked for (options_test.cpp)
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  int64_t stepOf(const std::string &path) {
    Program program(sinter_program_v1, 1);
    return loadCheckpoint(path, program).step;
  }
};

using Names = std::vector<std::string>;

} // namespace

TEST_F(KeptTest, TheBestIsThatOfTheLeastLoss) {
  const Result result = run(jumping("o", {"--keep-best"}));
  ASSERT_EQ(result.exit, 0) << result.err;
  double least = 1e9;
  int64_t step = -1, last = -1;
  for (const Json &line : lines(result.out))
    if (line.contains("val_loss")) {
      last = line["step"];
      if (line["val_loss"] < least) {
        least = line["val_loss"];
        step = line["step"];
      }
    }
  EXPECT_NE(step, last); // else it would show nothing
  EXPECT_EQ(stepOf(folder / "o/best.safetensors"), step);
  EXPECT_EQ(run({"eval", "--checkpoint", "o/best.safetensors", "--data", text}).exit, 0);
  EXPECT_EQ(filesIn("o"), (Names{"best.safetensors", "checkpoint.safetensors", "log.jsonl"}));
}

TEST_F(KeptTest, PatienceEndsATraining) {
  const Result result = run(jumping("o", {"--patience", "3", "--keep-best"}));
  ASSERT_EQ(result.exit, 0) << result.err;
  const int64_t end = stepOf(folder / "o/checkpoint.safetensors"), best = stepOf(folder / "o/best.safetensors");
  EXPECT_LT(end, 120);
  EXPECT_EQ(end, best + 3 * 4);
  expectContains(result.err, "ended after step " + std::to_string(end) + ": none of the last 3 held-out losses");
  // There is no more to do, unless it is asked for.
  const std::string before = checkpointOf("o");
  const Result again = run({"train", "--resume", "--out", folder / "o"});
  EXPECT_EQ(again.exit, 0) << again.err;
  EXPECT_EQ(checkpointOf("o"), before);
  ASSERT_EQ(run({"train", "--resume", "--out", folder / "o", "--patience", "4"}).exit, 0);
  EXPECT_GT(stepOf(folder / "o/checkpoint.safetensors"), end);
  expectError(jumping("o", {"--patience", "3", "--val-fraction", "0"}), 1, "--keep-best and --patience go by held-out");
  expectError(training("p", 9, {"--keep-best", "--eval-every", "0"}), 2, "but --eval-every is 0");
}

TEST_F(KeptTest, TheLastOnesStay) {
  ASSERT_EQ(run(jumping("o", {"--keep", "3"})).exit, 0);
  EXPECT_EQ(filesIn("o"), (Names{"checkpoint-100.safetensors", "checkpoint-110.safetensors",
                                 "checkpoint-120.safetensors", "checkpoint.safetensors", "log.jsonl"}));
  EXPECT_EQ(stepOf(folder / "o/checkpoint-110.safetensors"), 110);
  EXPECT_EQ(readFile(folder / "o/checkpoint-120.safetensors"), checkpointOf("o"));
  // Another training in the folder removes none of them.
  const std::string kept = readFile(folder / "o/checkpoint-100.safetensors");
  ASSERT_EQ(run(jumping("o", {"--keep", "1", "--seed", "5", "--keep-best"})).exit, 0);
  EXPECT_EQ(readFile(folder / "o/checkpoint-100.previous.safetensors"), kept);
  EXPECT_EQ(std::filesystem::exists(folder / "o/checkpoint-100.safetensors"), false);
  const std::string best = readFile(folder / "o/best.safetensors");
  ASSERT_EQ(run(jumping("o", {"--seed", "6"})).exit, 0);
  EXPECT_EQ(readFile(folder / "o/best.previous.safetensors"), best);
}

// Killed at any moment, again and again: the best stays the best, and the same ones are kept.
TEST_F(KeptTest, KillsChangeNothing) {
  const std::vector<std::string> more = {"--keep-best", "--keep", "2"};
  ASSERT_EQ(run(jumping("whole", more, 2000)).exit, 0); // long enough that most are killed
  uint32_t random = 11;
  int killed = 0;
  std::vector<std::string> words = jumping("killed", more, 2000);
  words.push_back("--resume=auto");
  for (int kill = 0; kill < 60; ++kill) {
    const pid_t child = start(words);
    random = random * 1664525u + 1013904223u;
    usleep(1000 + (random >> 16) % 15000);
    ::kill(child, SIGKILL);
    const int exit = finish(child).exit;
    ASSERT_TRUE(exit == 0 || exit == -SIGKILL) << exit;
    killed += exit != 0;
    if (std::filesystem::exists(folder / "killed/best.safetensors"))
      EXPECT_GE(stepOf(folder / "killed/best.safetensors"), 0);
  }
  EXPECT_GT(killed, 5);
  ASSERT_EQ(run(words).exit, 0);
  for (const char *name :
       {"best.safetensors", "checkpoint.safetensors", "checkpoint-1990.safetensors", "checkpoint-2000.safetensors"})
    EXPECT_EQ(readFile(folder / ("killed/" + std::string(name))), readFile(folder / ("whole/" + std::string(name))))
        << name;
  for (const std::string &name : filesIn("killed"))
    EXPECT_TRUE(name.ends_with(".tmp") || std::filesystem::exists(folder / ("whole/" + name))) << name;
}

} // namespace sinter::test
