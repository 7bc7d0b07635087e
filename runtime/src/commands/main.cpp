// In the library for executables alone: the linker takes it only where no other main is.
#include "commands/cli.h"
#include "sinter/abi.h"

int main(int argc, char **argv) { return sinter::runCommandLine(sinter_program_v1, argc, argv); }
