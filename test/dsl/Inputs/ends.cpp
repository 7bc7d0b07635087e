// A model that ends its process in the middle, in the way that `how` says.
#include <sinter/sinter.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <unistd.h>

using namespace sinter;

namespace {

int deep(int n) {
  volatile char big[1000] = {};
  return n < 0 ? 0 : deep(n + 1) + big[0];
}

struct Late {
  ~Late() { std::abort(); }
};

void endProcess(const std::string &how) {
  if (how == "exit")
    std::exit(0);
  if (how == "_exit")
    _exit(0);
  if (how == "abort")
    std::abort();
  if (how == "kill")
    raise(SIGKILL);
  if (how == "term")
    raise(SIGTERM);
  if (how == "fault")
    *reinterpret_cast<volatile int *>(8) = 1;
  if (how == "recursion")
    deep(1);
  if (how == "exception")
    throw std::runtime_error("no");
  if (how == "number")
    throw 3;
  static Late late; // whatever happens when the process ends by itself
}

} // namespace

SINTER_MODEL(ends) {
  std::string how = config("how", "late");
  if (config("first", false))
    endProcess(how);
  entry("e", [&] {
    Tensor x = input("x", {2});
    output("y", x + 1);
    endProcess(how);
  });
}
