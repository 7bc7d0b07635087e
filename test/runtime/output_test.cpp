// Standard output and error that cannot be written, signals while they are blocked, and threads that cannot be started:
// the exit code is the right one and nothing that was trained is lost.
#include "checkpoint/checkpoint.h"
#include "commands.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <sys/ioctl.h>
#include <thread>

namespace sinter::test {

namespace {

class OutputTest : public CommandsTest {
protected:
  int64_t savedStep(const std::string &out) {
    Program program(sinter_program_v1, 1);
    return loadCheckpoint(folder / out + "/checkpoint.safetensors", program).step;
  }
};

const char *const unwritable[] = {"2> /dev/full", "2>&-", "2> >(true)"};

} // namespace

TEST_F(OutputTest, ExitCodesSurviveAnUnwritableStandardError) {
  ASSERT_EQ(run(training("o", 5)).exit, 0);
  write(folder / "damaged", readFile(folder / "o/checkpoint.safetensors").substr(0, 9000));
  for (const char *target : unwritable) {
    const auto code = [&](const std::string &arguments) { return shell("$MOCK " + arguments + " " + target); };
    EXPECT_EQ(code("bogus"), 2) << target;
    EXPECT_EQ(code("sample --checkpoint none"), 1) << target;
    EXPECT_EQ(code("sample --checkpoint damaged"), 3) << target;
    EXPECT_EQ(code("train --data text.txt --device vulkan"), 4) << target;
    EXPECT_EQ(code("train --data text.txt --steps 5 > /dev/null"), 0) << target;         // warns of the missing --out
    EXPECT_EQ(code("train --data text.txt --out o --steps 5 > /dev/null"), 0) << target; // notes what is put aside
  }
  // The disk is full and nobody reads why: the training goes on to its end, and its exit code tells.
  for (const char *target : unwritable)
    EXPECT_EQ(
        shell(
            "ulimit -f 20; $MOCK train --data text.txt --resume --out o --steps 50 --checkpoint-every 5 > /dev/null " +
            std::string(target)),
        1)
        << target;
}

TEST_F(OutputTest, LostOutputIsAnErrorButForAClosedPipe) {
  ASSERT_EQ(run(training("o", 5)).exit, 0);
  for (const char *command : {"sample --checkpoint o -n 5", "sample --checkpoint o -n 5 --json",
                              "sample --checkpoint o -n 0 --prompt the", "eval --data text.txt --checkpoint o", "info",
                              "info --json", "bench train --steps 1", "--help", "train --help", "--version"}) {
    const std::string line = std::string("$MOCK ") + command;
    EXPECT_EQ(shell(line + " > /dev/full 2> message"), 1) << command;
    expectContains(readFile(folder / "message"), "standard output: cannot write: No space left on device");
    EXPECT_EQ(shell(line + " 2> message | true; exit ${PIPESTATUS[0]}"), 0) << command;
    EXPECT_EQ(readFile(folder / "message"), "") << command;
    EXPECT_EQ(shell(line + " >&-"), 0) << command;
  }
}

// The training goes on, and is saved, when nobody takes its lines.
TEST_F(OutputTest, TrainingsOutliveTheirReaders) {
  const std::string train = "$MOCK train --data text.txt --steps 300 --checkpoint-every 50 --eval-every 0 --out ";
  ASSERT_EQ(run(training("whole", 300)).exit, 0);
  EXPECT_EQ(shell(train + "full > /dev/full 2> message"), 1);
  expectContains(readFile(folder / "message"),
                 "standard output: cannot write: No space left on device; the training goes on");
  EXPECT_EQ(shell(train + "gone 2> message | head -n 2; exit ${PIPESTATUS[0]}"), 0);
  EXPECT_EQ(readFile(folder / "message"), "");
  // With no descriptors at all, the log must not get the number of any.
  EXPECT_EQ(shell(train + "none --log log.jsonl <&- >&- 2>&-"), 0);
  EXPECT_EQ(lines(readFile(folder / "log.jsonl")).size(), 300u);
  for (const char *name : {"full", "gone", "none"})
    EXPECT_EQ(checkpointOf(name), checkpointOf("whole")) << name;
}

// A pipe that nobody empties: the program waits in a write, and a signal must still get it to save and leave.
TEST_F(OutputTest, SignalsEndABlockedWrite) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    for (const bool errorsToo : {false, true}) {
      int pipe[2];
      ASSERT_EQ(pipe2(pipe, O_CLOEXEC), 0);
      const std::string out = "blocked" + std::to_string(signal) + (errorsToo ? "e" : "");
      const pid_t child = start(training(out, 1000000), "", [&] {
        dup2(pipe[1], 1);
        if (errorsToo)
          dup2(pipe[1], 2);
      });
      close(pipe[1]);
      int before = -1, filled = 0;
      while (filled != before || filled == 0) { // until it writes no more
        before = filled;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        ASSERT_EQ(ioctl(pipe[0], FIONREAD, &filled), 0);
      }
      const auto told = std::chrono::steady_clock::now();
      kill(child, signal);
      const Result result = finish(child);
      EXPECT_LT(std::chrono::steady_clock::now() - told, std::chrono::seconds(5)) << signal;
      close(pipe[0]);
      EXPECT_EQ(result.exit, 5) << result.err;
      EXPECT_GT(savedStep(out), 100);
    }
}

TEST_F(OutputTest, HangUpsSaveUnlessTheyAreIgnored) {
  for (const bool ignored : {false, true}) {
    const std::string out = ignored ? "nohup" : "hup";
    std::filesystem::remove(folder / "out");
    const pid_t child = start(training(out, 1000000), "", [&] { std::signal(SIGHUP, ignored ? SIG_IGN : SIG_DFL); });
    while (!std::filesystem::exists(folder / "out") || readFile(folder / "out").empty())
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    kill(child, SIGHUP);
    if (ignored) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      EXPECT_EQ(kill(child, SIGTERM), 0);
    }
    const Result result = finish(child);
    EXPECT_EQ(result.exit, 5) << result.err;
    expectContains(result.err, "saved; --resume goes on from there");
    EXPECT_GT(savedStep(out), 0);
  }
}

TEST_F(OutputTest, ThreadsThatCannotStart) {
  ASSERT_EQ(run(training("o", 5)).exit, 0);
  for (const char *command :
       {"train --data text.txt --steps 5", "sample --checkpoint o -n 5", "eval --data text.txt --checkpoint o",
        "bench train --steps 1", "export --checkpoint o --out e"}) {
    EXPECT_EQ(shell(std::string("ulimit -v 200000; $MOCK ") + command + " --threads 64 > /dev/null 2> message"), 4)
        << command;
    const std::string message = readFile(folder / "message");
    expectContains(message, "cannot start thread ");
    expectContains(message, " of 64: Resource temporarily unavailable; ask for fewer with --threads");
    EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), message.find("warning") == std::string::npos ? 1 : 2)
        << message;
  }
}

} // namespace sinter::test
