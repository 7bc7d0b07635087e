// Commands that could destroy what is already there: trainings in one folder, started twice, and outputs that are
// inputs.
#include "checkpoint/checkpoint.h"
#include "commands.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <map>
#include <thread>

namespace sinter::test {

namespace {

class SavingTest : public CommandsTest {
protected:
  /// Every file below the folder with its content, but for what `run` itself writes.
  std::map<std::string, std::string> everything() {
    std::map<std::string, std::string> files;
    for (const auto &entry : std::filesystem::recursive_directory_iterator(folder.path()))
      if (const std::string name = entry.path().filename().string();
          entry.is_regular_file() && name != "out" && name != "err" && name != "in")
        files[entry.path().string()] = readFile(entry.path().string());
    return files;
  }
  int64_t savedStep(const std::string &path) {
    Program program(sinter_program_v1, 1);
    return loadCheckpoint(path, program).step;
  }
};

} // namespace

TEST_F(SavingTest, StartingAgainLosesNoTraining) {
  std::vector<std::string> before;
  for (const int steps : {30, 5, 6, 7}) {
    const Result result = run(training("o", steps));
    ASSERT_EQ(result.exit, 0) << result.err;
    before.push_back(checkpointOf("o"));
    if (before.size() > 1)
      expectContains(result.err, "the one of an earlier training is kept as ");
  }
  EXPECT_EQ(readFile(folder / "o/checkpoint.previous.safetensors"), before[0]);
  EXPECT_EQ(readFile(folder / "o/checkpoint.previous-2.safetensors"), before[1]);
  EXPECT_EQ(readFile(folder / "o/checkpoint.previous-3.safetensors"), before[2]);
  // A start that cannot save anything leaves all as it was.
  const auto files = everything();
  fileSizeLimit = 20000;
  EXPECT_EQ(run(training("o", 5)).exit, 1);
  fileSizeLimit = RLIM_INFINITY;
  EXPECT_EQ(everything(), files);
}

TEST_F(SavingTest, OneTrainingAFolder) {
  const pid_t first = start(training("o", 1000000));
  while (!std::filesystem::exists(folder / "o/checkpoint.safetensors"))
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  for (const char *how : {"", " --resume"}) {
    EXPECT_EQ(shell("$MOCK train --data text.txt --out ./o --steps 5" + std::string(how) + " > /dev/null 2> message"),
              1);
    expectContains(readFile(folder / "message"),
                   "./o: another training writes to this folder; wait until it has ended, or choose another --out");
  }
  kill(first, SIGKILL);
  EXPECT_EQ(finish(first).exit, -SIGKILL);
  EXPECT_EQ(run(training("o", 5, {"--resume"})).exit, 0);
}

// Two that are started at once, and killed at once: what the folder holds is whole every time.
TEST_F(SavingTest, KillsOfTwoTrainingsInOneFolder) {
  uint32_t random = 99;
  int rounds = 0;
  for (; rounds < 40; ++rounds) {
    if (rounds % 4 == 0)
      std::filesystem::remove_all(folder / "o");
    pid_t children[2];
    for (pid_t &child : children)
      child = start(training(
          "o", 1000000, {"--checkpoint-every", "1", "--threads", "1", "--seed", std::to_string(&child - children)}));
    random = random * 1664525u + 1013904223u;
    std::this_thread::sleep_for(std::chrono::microseconds(10000 + (random >> 8) % 30000));
    for (const pid_t child : children)
      kill(child, SIGKILL);
    int refused = 0;
    for (const pid_t child : children) {
      int status = 0;
      waitpid(child, &status, 0);
      refused += WIFEXITED(status) && WEXITSTATUS(status) == 1;
      EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 1);
    }
    EXPECT_LE(refused, 1);
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator(folder / "o", error))
      if (entry.path().extension() == ".safetensors")
        EXPECT_GE(savedStep(entry.path().string()), 0);
  }
  // What the killed ones left beside goes with the next start.
  EXPECT_EQ(run(training("o", 5)).exit, 0);
  for (const auto &entry : std::filesystem::directory_iterator(folder / "o"))
    if (entry.path().extension() != ".toml" && entry.path().extension() != ".jsonl")
      EXPECT_EQ(entry.path().extension(), ".safetensors") << entry.path();
  std::printf("%d rounds of two trainings killed\n", rounds);
}

TEST_F(SavingTest, OutputsThatAreInputs) {
  const std::string checkpoint = folder / "o/checkpoint.safetensors",
                    notes = write(folder / "notes.txt", "my notes\nline 2\n");
  ASSERT_EQ(run(training("o", 10, {"--log", folder / "log.jsonl"})).exit, 0);
  ASSERT_EQ(run({"export", "--checkpoint", folder / "o", "--out", folder / "plain"}).exit, 0);
  std::filesystem::create_symlink(checkpoint, folder / "link");
  std::filesystem::create_hard_link(text, folder / "hard");
  std::filesystem::create_symlink("p/checkpoint.safetensors", folder / "dangling");
  std::filesystem::copy(MOCK, folder / "program");
  const auto files = everything();
  const std::vector<std::vector<std::string>> commands = {
      training("o", 1000, {"--resume", "--log", checkpoint}),
      training("o", 1000, {"--resume", "--log", folder / "link"}),
      training("o", 20, {"--resume", "--log", notes}),
      training("p", 20, {"--log", notes}),
      training("p", 20, {"--log", text}),
      training("p", 20, {"--log", folder / "hard"}),
      training("p", 20, {"--log", folder / "p/checkpoint.safetensors"}),
      training("p", 20, {"--log", folder / "dangling"}),
      training("p", 20, {"--log", folder / "plain", "--init", folder / "plain"}),
      training("p", 20, {"--log", folder / "hard", "--val-data", text}),
      {"train", "--data", checkpoint, "--tokenizer", "bytes", "--out", folder / "o"},
      {"export", "--checkpoint", folder / "o", "--out", checkpoint},
      {"export", "--checkpoint", checkpoint, "--out", folder / "link"},
      {"export", "--checkpoint", folder / "plain", "--out", folder / "o/../plain"},
      {"export", "--checkpoint", folder / "plain", "--out", checkpoint}, // another's training
      {"import", "--from", folder / "plain", "--out", folder / "plain"},
      {"import", "--from", folder / "plain", "--tokenizer", "chars", "--vocabulary-from", text, "--out",
       folder / "hard"},
      {"import", "--from", folder / "plain", "--out", checkpoint},
      {"eval", "--data", text, "--checkpoint", folder / "o", "--logits", folder / "hard"},
      {"eval", "--data", text, "--checkpoint", folder / "o", "--logits", checkpoint},
  };
  for (const auto &command : commands) {
    const Result result = run(command);
    std::string line;
    for (const std::string &word : command)
      line += word + " ";
    EXPECT_TRUE(result.exit == 1 || result.exit == 2) << line << result.exit;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << line << result.err;
    std::filesystem::remove(folder / "p"); // empty, if it is there
    EXPECT_EQ(everything(), files) << line;
  }
  EXPECT_EQ(shell("./program export --checkpoint plain --out program 2> /dev/null"), 2);
  // What is its own log goes on, and starts anew beside the earlier one.
  EXPECT_EQ(run(training("o", 20, {"--resume", "--log", folder / "log.jsonl"})).exit, 0);
  EXPECT_EQ(lossesOf("log.jsonl"), 20);
  EXPECT_EQ(run(training("o", 3, {"--log", folder / "log.jsonl"})).exit, 0);
  EXPECT_EQ(lossesOf("log.jsonl"), 3);
  EXPECT_EQ(lossesOf("log.previous.jsonl"), 20);
}

TEST_F(SavingTest, PermissionsOfCheckpointsStay) {
  ASSERT_EQ(run(training("o", 5)).exit, 0);
  const std::string path = folder / "o/checkpoint.safetensors";
  std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  ASSERT_EQ(run(training("o", 10, {"--resume"})).exit, 0);
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

// Named pipes without a writer, devices, and what never ends.
TEST_F(SavingTest, NothingHangs) {
  ASSERT_EQ(run(training("o", 5)).exit, 0);
  ASSERT_EQ(
      shell("mkfifo fifo; mkdir t; mkfifo t/checkpoint.safetensors.tmp; mkdir u; mkfifo u/checkpoint.safetensors"), 0);
  for (const char *command :
       {"sample --checkpoint fifo -n 1", "train --data text.txt --init fifo --steps 1", "train --data fifo --steps 1",
        "train --data text.txt --val-data fifo --steps 1", "import --from fifo --out i",
        "import --from o/checkpoint.safetensors --out i --tokenizer chars --vocabulary-from fifo",
        "export --checkpoint fifo --out e", "eval --data fifo --checkpoint o",
        "sample --checkpoint o --prompt-file fifo -n 1", "train --data text.txt --steps 1 --log fifo",
        "train --data /dev/zero --steps 1", "sample --checkpoint /dev/zero", "export --checkpoint o --out fifo",
        "export --checkpoint o --out /dev/null", "eval --data text.txt --checkpoint o --logits fifo",
        "sample --checkpoint o --prompt-file - -n 1 < /dev/zero", "train --data text.txt --out u --resume",
        "train --data - --steps 1 < /dev/zero"}) {
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(shell("ulimit -v 2000000; $MOCK " + std::string(command) + " > /dev/null 2> message"), 1) << command;
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10)) << command;
    const std::string message = readFile(folder / "message");
    expectContains(message, "error: ");
  }
  EXPECT_EQ(shell("$MOCK train --data text.txt --out t --steps 1 > /dev/null 2>&1"), 0);
  EXPECT_EQ(shell("$MOCK sample --checkpoint o --prompt-file <(echo the) -n 1 > /dev/null"), 0);
  EXPECT_EQ(shell("test -c /dev/null"), 0);
}

} // namespace sinter::test
