// A model is any C++, which may end its process. So sinterc compiles in a process of its own and watches it: whatever
// happens there, the user gets one line and an exit code, and no file is left that was not finished.
#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

#include <atomic>
#include <string>

namespace sinter {

/// What the compiling process tells the one that watches it, in memory that both see.
class Progress {
public:
  enum Phase : int { Starting, Parsing, Model, Stages, Finished };

  void enter(Phase next) { phase = next; }
  /// The model's last call: `gpt.cpp:41:18`.
  void setCall(llvm::StringRef place) { set(call, place); }
  /// A file that is nothing unless it is finished; empty when it is.
  void setPartial(llvm::StringRef path) { set(partial, path); }

private:
  friend class Supervisor;
  template <size_t size> static void set(char (&text)[size], llvm::StringRef value) {
    value = value.take_front(size - 1);
    *std::copy(value.begin(), value.end(), text) = '\0';
  }

  std::atomic<int> phase = Starting;
  std::atomic<bool> stackOverflow = false;
  char call[1024] = {}, partial[4096] = {};
};

/// Runs `work` in a process of its own, with a folder for temporary files that disappears, and returns its exit code.
/// Signals that ask this process to end reach everything that it started; then this process ends by them, too.
int supervise(llvm::function_ref<int(Progress &progress)> work);

} // namespace sinter
