#include "page.h"

// What the build made: the page, gzipped, or nothing.
asm(".section .rodata.sinter_playground, \"a\"\n"
    ".globl sinter_playground, sinter_playground_bytes\n"
    ".balign 8\n"
    "sinter_playground_bytes: .quad sinter_playground_end - sinter_playground\n"
    "sinter_playground: .incbin \"" SINTER_PLAYGROUND "\"\n"
    "sinter_playground_end: .byte 0\n"
    ".text\n");
extern "C" const char sinter_playground[];
extern "C" const uint64_t sinter_playground_bytes;

namespace sinter::serve {

bool hasPlayground() { return sinter_playground_bytes > 0; }

Response playgroundPage() {
  if (!hasPlayground())
    return {200, "text/plain; charset=utf-8",
            "This program was built without the playground page, since npm was not there.\n"
            "The API is at /v1/completions.\n"};
  // Everything is in the one file, and it speaks with nobody but this server.
  return {200,
          "text/html; charset=utf-8",
          {sinter_playground, sinter_playground_bytes},
          {{"Content-Encoding", "gzip"},
           {"Cache-Control", "no-cache"},
           {"Referrer-Policy", "no-referrer"},
           {"Content-Security-Policy", "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
                                       "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                                       "frame-ancestors 'none'"}}};
}

} // namespace sinter::serve
