#include "Supervisor.h"

#include "CommandLine.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"

#include <csignal>
#include <cstdio>
#include <fstream>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace sinter {
namespace {

/// Below the stack's end, how far a function may reach with its first access.
constexpr uintptr_t kBelowStack = 1 << 20;

std::atomic<bool> *stackOverflow;
uintptr_t stackEnd;

/// Notes whether a fault lies where the stack ends; the fault then happens again, and ends the process.
void noteFault(int, siginfo_t *info, void *) {
  auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  *stackOverflow = address + kBelowStack > stackEnd && address < stackEnd + kBelowStack;
}

void watchStack(std::atomic<bool> &overflow) {
  pthread_attr_t attributes;
  void *end = nullptr;
  size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attributes))
    return;
  pthread_attr_getstack(&attributes, &end, &size);
  pthread_attr_destroy(&attributes);
  stackOverflow = &overflow;
  stackEnd = reinterpret_cast<uintptr_t>(end);
  static char handlerStack[1 << 16];
  stack_t alternative{handlerStack, 0, sizeof handlerStack};
  sigaltstack(&alternative, nullptr);
  struct sigaction action{};
  action.sa_sigaction = noteFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | static_cast<int>(SA_RESETHAND);
  sigaction(SIGSEGV, &action, nullptr);
}

} // namespace

class Supervisor {
public:
  int run(llvm::function_ref<int(Progress &)> work) {
    if (std::error_code error = llvm::sys::fs::createUniqueDirectory("sinterc", folder))
      return complain("cannot create a temporary folder: " + error.message(), kWrongInput);
    void *shared = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
      return complain("out of memory", kWrongInput);
    progress = new (shared) Progress;
    // What the compiling process started becomes ours when it ends, so that nothing goes on behind our back.
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    std::signal(SIGCHLD, SIG_DFL); // who started us may have it ignored, and children then end without a status
    sigset_t before;
    sigemptyset(&awaited);
    for (int signal : {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT})
      if (struct sigaction action; !sigaction(signal, nullptr, &action) && action.sa_handler != SIG_IGN)
        sigaddset(&awaited, signal);
    sigprocmask(SIG_BLOCK, &awaited, &before);
    worker = fork();
    if (worker < 0)
      return cleanUp(), complain("cannot start a process", kWrongInput);
    if (worker == 0) {
      sigprocmask(SIG_SETMASK, &before, nullptr);
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      setenv("TMPDIR", folder.c_str(), 1);
      watchStack(progress->stackOverflow);
      int code = work(*progress);
      std::fflush(nullptr);
      progress->enter(Progress::Finished);
      std::_Exit(code); // a model's static objects do not get to spoil it
    }
    int status = wait();
    cleanUp();
    return conclude(status);
  }

private:
  /// The status that the compiling process ended with; does not return if this process is asked to end.
  int wait() {
    for (int status = 0;;) {
      siginfo_t info;
      int signal = sigwaitinfo(&awaited, &info);
      if (signal == SIGCHLD) {
        for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) > 0;)
          if (ended == worker)
            return status;
      } else if (signal > 0) {
        cleanUp();
        endBy(signal);
      }
    }
  }

  /// Ends everything that runs below this process, and removes what is not finished.
  void cleanUp() {
    for (std::vector<pid_t> children; !(children = listChildren()).empty();)
      for (pid_t child : children) {
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
      }
    llvm::sys::fs::remove_directories(folder);
    if (progress->phase != Progress::Finished && *progress->partial)
      unlink(progress->partial);
  }

  static std::vector<pid_t> listChildren() {
    std::ifstream file("/proc/self/task/" + std::to_string(getpid()) + "/children");
    std::vector<pid_t> children;
    for (pid_t child; file >> child;)
      children.push_back(child);
    return children;
  }

  [[noreturn]] void endBy(int signal) {
    std::signal(signal, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &awaited, nullptr);
    raise(signal);
    std::_Exit(128 + signal);
  }

  int conclude(int status) {
    int phase = progress->phase;
    if (WIFEXITED(status) && phase == Progress::Finished)
      return WEXITSTATUS(status);
    int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (signal == SIGPIPE) // whoever read our output has seen enough
      endBy(signal);
    std::string how = signal ? std::string("by signal ") + std::to_string(signal) + " (" + strsignal(signal) + ")"
                             : "by exit(" + std::to_string(WEXITSTATUS(status)) + ")";
    if (progress->stackOverflow)
      how += ": the stack overflowed, as it does by a recursion without end";
    std::string place = *progress->call ? std::string(progress->call) + ": " : "sinterc: ";
    switch (phase) {
    case Progress::Model:
      llvm::errs() << place << "the model ended its process "
                   << (*progress->call ? "after this call, " : "before its first call, ") << how << "\n";
      return kWrongInput;
    case Progress::Parsing:
      return complain("the module cannot be read: LLVM's parser ended " + how, kWrongInput);
    default:
      return complain("compilation ended " + how + ": this is a mistake in sinterc", kWrongInput);
    }
  }

  llvm::SmallString<128> folder;
  Progress *progress = nullptr;
  sigset_t awaited;
  pid_t worker = -1;
};

int supervise(llvm::function_ref<int(Progress &progress)> work) { return Supervisor().run(work); }

} // namespace sinter
