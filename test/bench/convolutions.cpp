// Three entries for each convolution of convolutions.def, one for each of its tensors: what conv_bench.cpp calls.
#include <sinter/sinter.h>

using namespace sinter;

static void convolution(const std::string &name, int64_t images, int64_t size, int64_t in, int64_t out, int64_t taps,
                        int64_t stride, int64_t groups) {
  int64_t padding = (taps - 1) / 2, windows = (size + 2 * padding - taps) / stride + 1;
  Shape x{images, size, size, in}, w{taps, taps, in / groups, out}, y{images, windows, windows, out};
  Conv options{.stride = stride, .padding = padding, .groups = groups};
  entry(name + "_output", [&] { output("c", conv(input("a", x), input("b", w), options)); });
  // Gradients read nothing of what they are gradients with respect to.
  entry(name + "_input", [&] {
    ConvTranspose back{.stride = stride, .padding = padding, .groups = groups};
    back.output_padding = size - ((windows - 1) * stride - 2 * padding + taps);
    output("c", conv_transpose(input("a", y), input("b", w), back));
  });
  entry(name + "_kernel", [&] {
    Tensor kernel = full(w, 0), images = input("a", x);
    output("c", grad(sum(conv(images, kernel, options) * input("b", y)), kernel));
  });
}

SINTER_MODEL(convolutions) {
#define CONVOLUTION(NET, N, SIZE, IN, OUT, TAPS, STRIDE, GROUPS)                                                       \
  convolution(#NET "_" #N "x" #SIZE "_" #IN "_" #OUT "_" #TAPS "s" #STRIDE "g" #GROUPS, N, SIZE, IN, OUT, TAPS,        \
              STRIDE, GROUPS);
#include "convolutions.def"
#undef CONVOLUTION
}
