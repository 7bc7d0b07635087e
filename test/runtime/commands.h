// What tests of the command line share: MOCK, the executable that mock_program.cpp makes, is run and looked at from
// outside.
#pragma once

#include "support.h"

#include <algorithm>
#include <fcntl.h>
#include <malloc.h>
#include <nlohmann/json.hpp>
#include <sstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sinter::test {

using Json = nlohmann::json;

struct Result {
  int exit = -1; ///< -signal if one ended it
  std::string out, err;
};

/// What a hostile file may cost beside its size.
inline constexpr int64_t spare = int64_t(64) << 20;

/// What a call took.
struct Cost {
  int exit = -1; ///< -signal if one ended it
  int64_t bytes = 0;
  double seconds = 0;
  std::string out, err;
};

inline std::string repeated(const std::string &text, size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (size_t i = 0; i < times; ++i)
    all += text;
  return all;
}

class CommandsTest : public testing::Test {
protected:
  Folder folder;
  std::string text = write(folder / "text.txt", someText(6000));
  uint64_t fileSizeLimit = RLIM_INFINITY;

  /// Runs the program with its output in files; `prepare` is called in the child before.
  pid_t start(
      std::vector<std::string> arguments, const std::string &input = "", const std::function<void()> &prepare = [] {}) {
    arguments.insert(arguments.begin(), MOCK);
    std::vector<char *> raw;
    for (std::string &argument : arguments)
      raw.push_back(argument.data());
    raw.push_back(nullptr);
    write(folder / "in", input);
    const pid_t child = fork();
    if (child == 0) {
      const auto redirect = [&](const char *name, int flags, int to) {
        dup2(open((folder / name).c_str(), flags, 0666), to);
      };
      redirect("in", O_RDONLY, 0);
      redirect("out", O_WRONLY | O_CREAT | O_TRUNC, 1);
      redirect("err", O_WRONLY | O_CREAT | O_TRUNC, 2);
      const rlimit limit{fileSizeLimit, fileSizeLimit};
      setrlimit(RLIMIT_FSIZE, &limit);
      if (chdir(folder.path().c_str()) != 0)
        _exit(126);
      prepare();
      execv(MOCK, raw.data());
      _exit(127);
    }
    return child;
  }
  Result finish(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), readFile(folder / "out"),
            readFile(folder / "err")};
  }
  Result run(std::vector<std::string> arguments, const std::string &input = "") {
    return finish(start(std::move(arguments), input));
  }

  Cost costOf(const std::vector<std::string> &arguments) {
    malloc_trim(0); // a child's peak counts from what it is a copy of
    const pid_t child = start(arguments);
    int status = 0;
    rusage usage{};
    wait4(child, &status, 0, &usage);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), int64_t(usage.ru_maxrss) * 1024,
            double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                1e-6 * double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec),
            readFile(folder / "out"), readFile(folder / "err")};
  }

  /// What bash makes of the command, in the folder, with the program as $MOCK: its exit code, 128 and more if a signal
  /// ended it. A command that hangs is ended after some seconds, with 137.
  int shell(const std::string &command) {
    const std::string script = "cd '" + folder.path() + "'; MOCK='timeout -s KILL 20 " MOCK "'; " + command;
    const pid_t child = fork();
    if (child == 0) {
      execl("/bin/bash", "bash", "-c", script.c_str(), nullptr);
      _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  /// Exit code and a part of the message; nothing else may be printed as an error.
  void expectError(std::vector<std::string> arguments, int exit, const std::string &part) {
    const Result result = run(std::move(arguments));
    EXPECT_EQ(result.exit, exit) << result.err;
    expectContains(result.err, "error: ");
    expectContains(result.err, part);
  }
  std::vector<std::string> training(const std::string &out, int steps, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {
        "train", "--data", text, "--out", folder / out, "--steps", std::to_string(steps)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  std::string checkpointOf(const std::string &out) { return readFile(folder / out + "/checkpoint.safetensors"); }
  /// The steps that a log tells of.
  int64_t lossesOf(const std::string &log) {
    const std::vector<Json> all = lines(readFile(folder / log));
    return std::count_if(all.begin(), all.end(), [](const Json &line) { return line.contains("loss"); });
  }
  static std::vector<Json> lines(const std::string &text) {
    std::vector<Json> result;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
      result.push_back(Json::parse(line));
    return result;
  }
};

} // namespace sinter::test
