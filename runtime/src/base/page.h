// Pages that programs have inside: one HTML file of runtime/web, gzipped, with a place for data.
#pragma once

#include <cstdint>
#include <string>

/// Puts the file PATH into the program, as NAME and NAME_bytes (0 if it was built without the page).
#define SINTER_PAGE(NAME, PATH)                                                                                        \
  asm(".section .rodata." #NAME ", \"a\"\n"                                                                            \
      ".globl " #NAME ", " #NAME "_bytes\n"                                                                            \
      ".balign 8\n" #NAME "_bytes: .quad " #NAME "_end - " #NAME "\n" #NAME ": .incbin \"" PATH "\"\n" #NAME           \
      "_end: .byte 0\n"                                                                                                \
      ".text\n");                                                                                                      \
  extern "C" const unsigned char NAME[];                                                                               \
  extern "C" const uint64_t NAME##_bytes;

namespace sinter {

/// The page with `json` where its script reads its data. Fails if there is no memory for it.
std::string fillPage(const unsigned char *gzipped, uint64_t bytes, const std::string &json);

} // namespace sinter
