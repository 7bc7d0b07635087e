// Each system call of each command fails once, in each way it can: no signal, no hang, one message, and nothing that
// was saved is lost. FAILING_CALLS is the library of failing_calls.cpp.
#include "checkpoint/checkpoint.h"
#include "commands.h"

#include <cerrno>

namespace sinter::test {

namespace {

struct FailingCall {
  const char *name;
  std::vector<int> errors; // 0: a short read or write
};

const std::vector<FailingCall> failingCalls = {{"open", {EIO, EMFILE, EINTR}},
                                               {"read", {EIO, EINTR, 0}},
                                               {"write", {EIO, ENOSPC, EINTR, 0}},
                                               {"pread", {EIO}},
                                               {"close", {EIO}},
                                               {"fsync", {EIO, ENOSPC, EINTR}},
                                               {"fstat", {EIO}},
                                               {"stat", {EIO}},
                                               {"ftruncate", {EIO}},
                                               {"lseek", {EIO}},
                                               {"flock", {ENOLCK, EINTR}},
                                               {"fchmod", {EPERM}},
                                               {"fchown", {EPERM}},
                                               {"rename", {EIO, ENOSPC}},
                                               {"link", {EIO, EPERM, ENOSPC}},
                                               {"unlink", {EIO}},
                                               {"mkdir", {EACCES}},
                                               {"pipe2", {EMFILE}},
                                               {"poll", {ENOMEM, EINTR}},
                                               {"opendir", {EMFILE}},
                                               {"mmap", {ENOMEM}},
                                               {"pthread_create", {EAGAIN}}};

class FailuresTest : public CommandsTest {
protected:
  std::string run5, log5; // a training of five steps

  void SetUp() override {
    ASSERT_EQ(run(training("o", 5, {"--log", folder / "l"})).exit, 0);
    run5 = checkpointOf("o");
    log5 = readFile(folder / "l");
  }

  /// The folder as it was after the training of five steps, but for what has nothing to do with it.
  void restore(bool empty) {
    std::filesystem::remove_all(folder / "o");
    for (const char *name : {"l", "e", "mark", "n"})
      std::filesystem::remove_all(folder / name);
    if (empty)
      return;
    std::filesystem::create_directory(folder / "o");
    write(folder / "o/checkpoint.safetensors", run5);
    write(folder / "l", log5);
  }

  /// Runs the command with each call failing; `check` looks at what it left.
  void failEach(const std::vector<std::string> &command, bool empty,
                const std::function<void(const Result &, const std::string &)> &check) {
    int failures = 0;
    for (const FailingCall &call : failingCalls)
      for (const int error : call.errors)
        for (int at = 1; at < 500; ++at) {
          restore(empty);
          const Setting preload("LD_PRELOAD", FAILING_CALLS), name("SINTER_FAIL_CALL", call.name),
              number("SINTER_FAIL_AT", std::to_string(at)), code("SINTER_FAIL_ERROR", std::to_string(error)),
              mark("SINTER_FAIL_MARK", folder / "mark");
          const Result result = run(command);
          if (!std::filesystem::exists(folder / "mark"))
            break;
          ++failures;
          const std::string what = command[0] + ": " + call.name + " number " + std::to_string(at) + ": " +
                                   (error ? std::strerror(error) : "short");
          EXPECT_TRUE(result.exit == 0 || result.exit == 1 || result.exit == 3 || result.exit == 4)
              << what << ": " << result.exit << result.err;
          // The message itself may be what could not be written.
          if (result.exit != 0 && call.name != std::string("write"))
            EXPECT_NE(result.err.find("error: "), std::string::npos) << what << ": " << result.err;
          if (error == EINTR || (error == 0 && call.name != std::string("pthread_create")))
            EXPECT_TRUE(result.exit == 0 || call.name == std::string("open"))
                << what << ": " << result.exit << result.err;
          for (const auto &entry : std::filesystem::recursive_directory_iterator(folder.path()))
            EXPECT_TRUE(entry.path().extension() != ".tmp" || call.name == std::string("unlink"))
                << what << ": " << entry.path();
          check(result, what);
          if (HasFailure())
            return;
        }
    std::printf("%s: %d calls made to fail\n", command[0].c_str(), failures);
    EXPECT_GT(failures, 20);
  }

  int64_t stepOf(const std::string &path) {
    Program program(sinter_program_v1, 1);
    return loadCheckpoint(path, program).step;
  }
};

} // namespace

TEST_F(FailuresTest, TrainingAnew) {
  failEach(training("o", 7, {"--log", folder / "l", "--checkpoint-every", "3", "--threads", "2"}), true,
           [&](const Result &result, const std::string &what) {
             const std::string path = folder / "o/checkpoint.safetensors";
             if (std::filesystem::exists(path) || result.exit == 0)
               EXPECT_TRUE(result.exit != 0 ? stepOf(path) >= 0 : stepOf(path) == 7) << what;
           });
}

TEST_F(FailuresTest, Resuming) {
  failEach(training("o", 12, {"--resume", "--log", folder / "l", "--checkpoint-every", "3", "--threads", "2"}), false,
           [&](const Result &result, const std::string &what) {
             const int64_t step = stepOf(folder / "o/checkpoint.safetensors");
             EXPECT_TRUE(result.exit == 0 ? step == 12 : step == 5 || step == 6 || step == 9 || step == 12)
                 << what << ": " << step;
             EXPECT_TRUE(readFile(folder / "l").starts_with(log5)) << what;
           });
}

TEST_F(FailuresTest, StartingOverAnotherTraining) {
  failEach(training("o", 7, {"--log", folder / "l", "--seed", "1"}), false,
           [&](const Result &, const std::string &what) {
             int kept = 0, logs = 0;
             for (const auto &entry : std::filesystem::directory_iterator(folder / "o")) {
               if (entry.path().extension() == ".toml") // options
                 continue;
               EXPECT_GE(stepOf(entry.path().string()), 0) << what;
               kept += readFile(entry.path().string()) == run5;
             }
             for (const char *name : {"l", "l.previous"})
               logs += std::filesystem::exists(folder / name) && readFile(folder / name).starts_with(log5);
             EXPECT_GE(kept, 1) << what;
             EXPECT_GE(logs, 1) << what;
             std::filesystem::remove(folder / "l.previous");
           });
}

TEST_F(FailuresTest, OtherCommands) {
  const std::string from = folder / "o";
  ASSERT_EQ(run({"export", "--checkpoint", from, "--out", folder / "plain"}).exit, 0);
  const std::string plain = readFile(folder / "plain");
  ASSERT_EQ(run({"import", "--from", folder / "plain", "--out", folder / "e", "--tokenizer", "chars",
                 "--vocabulary-from", text})
                .exit,
            0);
  const std::string imported = readFile(folder / "e"), sampled = run({"sample", "--checkpoint", from, "-n", "3"}).out;
  const auto expectWhole = [&](const std::string &whole) {
    return [this, whole](const Result &result, const std::string &what) {
      if (std::filesystem::exists(folder / "e") || result.exit == 0)
        EXPECT_EQ(readFile(folder / "e"), whole) << what;
      EXPECT_EQ(checkpointOf("o"), run5) << what;
    };
  };
  failEach({"export", "--checkpoint", from, "--out", folder / "e"}, false, expectWhole(plain));
  failEach(
      {"import", "--from", folder / "plain", "--out", folder / "e", "--tokenizer", "chars", "--vocabulary-from", text},
      false, expectWhole(imported));
  failEach({"sample", "--checkpoint", from, "-n", "3"}, false, [&](const Result &result, const std::string &what) {
    EXPECT_TRUE(result.exit != 0 || result.out == sampled) << what;
  });
  failEach({"eval", "--data", text, "--checkpoint", from, "--batches", "1", "--logits", folder / "n"}, false,
           [&](const Result &result, const std::string &what) {
             EXPECT_TRUE(result.exit != 0 || std::filesystem::file_size(folder / "n") > 4 * 8 * 96 * 4) << what;
           });
  write(folder / "t.csv", "1,2,3,4,5,6,7,8\n");
  const std::vector<std::string> calls = {
      "run",     "logits",     "--checkpoint", from,         "--input", "tokens=" + (folder / "t.csv"),
      "--input", "position=1", "--save",       folder / "e", "--out",   folder / "n"};
  std::filesystem::remove_all(folder / "n");
  ASSERT_EQ(run(calls).exit, 0);
  const std::string saved = readFile(folder / "e"), logits = readFile(folder / "n/logits.npy");
  failEach(calls, false, [&](const Result &result, const std::string &what) {
    if (result.exit == 0) {
      EXPECT_EQ(readFile(folder / "e"), saved) << what;
      EXPECT_EQ(readFile(folder / "n/logits.npy"), logits) << what;
    }
    EXPECT_EQ(checkpointOf("o"), run5) << what;
  });
}

} // namespace sinter::test
