// What the runtime's tests share.
#pragma once

#include "base/error.h"
#include "files/files.h"
#include "program/program.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <optional>
#include <string>

namespace sinter::test {

/// A folder that goes away with the test.
class Folder {
public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "sinter_test_XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  Folder(const Folder &) = delete;
  Folder &operator=(const Folder &) = delete;
  std::string operator/(const std::string &name) const { return path_ + "/" + name; }
  const std::string &path() const { return path_; }

private:
  std::string path_;
};

/// Sets an environment variable for as long as it lives.
class Setting {
public:
  Setting(const char *name, const std::string &value) : name_(name) {
    if (const char *old = std::getenv(name))
      old_ = old;
    setenv(name, value.c_str(), 1);
  }
  Setting(const Setting &) = delete;
  Setting &operator=(const Setting &) = delete;
  ~Setting() { old_ ? setenv(name_, old_->c_str(), 1) : unsetenv(name_); }

private:
  const char *name_;
  std::optional<std::string> old_;
};

inline std::string write(const std::string &path, const std::string &content) {
  writeFileAtomically(path, content);
  return path;
}

/// English-like text of about `size` bytes, the same every time.
inline std::string someText(size_t size) {
  static const char *words[] = {"and", "the", "light", "was", "upon", "waters", "He", "said,", "let", "there", "be"};
  std::string text;
  for (uint32_t state = 1; text.size() < size;) {
    state = state * 1664525u + 1013904223u;
    text += words[(state >> 16) % 11];
    text += (state >> 24) % 9 ? " " : ".\n";
  }
  return text;
}

/// A checkpoint's bytes with the right hash in the place of the zeros that it has.
std::string withHash(std::string bytes);

/// What `body` fails with; the test fails if it does not.
struct Failed {
  Exit exit = Exit::Done;
  std::string message;
};
inline Failed failureOf(const std::function<void()> &body) {
  try {
    body();
  } catch (const Failure &failure) {
    return {failure.exit(), failure.what()};
  }
  ADD_FAILURE() << "did not fail";
  return {};
}

inline void expectContains(const std::string &text, const std::string &part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in: " << text;
}

/// The bytes of all states.
inline std::string stateOf(Program &program) {
  const sinter_program &description = program.description();
  std::string bytes;
  for (uint32_t s = 0; s < description.state_count; ++s)
    bytes.append(static_cast<const char *>(program.data(description.states[s])), description.states[s].tensor.bytes);
  return bytes;
}

} // namespace sinter::test
