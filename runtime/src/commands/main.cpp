// In the library for executables alone: the linker takes it only where no other main is.
#include "commands/cli.h"
#include "sinter/abi.h"

#include <cstdlib>
#include <exception>

// What ends a program that nothing caught an exception of. The C++ library's own would print its type, for which it has
// 50 KB of code; everything that is thrown is caught and printed by runCommandLine.
namespace __cxxabiv1 {
extern std::terminate_handler __terminate_handler;
std::terminate_handler __terminate_handler = std::abort;
} // namespace __cxxabiv1

int main(int argc, char **argv) { return sinter::runCommandLine(sinter_program_v1, argc, argv); }
