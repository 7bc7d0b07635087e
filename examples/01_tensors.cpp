// Lesson 1: tensors. A model is a set of entries; inside one, functions and operators build a graph that reads like the
// mathematics. Shapes are known when the model is compiled, and numpy's broadcasting applies.
//   sinterc examples/01_tensors.cpp --emit=model -o lesson.mlir && sinter-run lesson.mlir     # checks every `expect`
#include <sinter/sinter.h>

#include <cmath>

using namespace sinter;

SINTER_MODEL(tensors) {
  entry("arithmetic", [] {
    Tensor x = constant({1, 2, 3, 4, 5, 6}, {2, 3}); // two rows, three columns
    Tensor row = constant({10, 20, 30}, {3});

    // A row is repeated for each row of the matrix; a number for each element.
    expect(x + row, constant({11, 22, 33, 14, 25, 36}, {2, 3}));
    expect(2 * x - 1, constant({1, 3, 5, 7, 9, 11}, {2, 3}));

    // A reduction removes axes: all of them, or those that it is given. Negative ones count from the end.
    expect(sum(x), full({}, 21));
    expect(mean(x, -1), constant({2, 5}, {2}));
    // `true` keeps the reduced axis with size 1, so that it broadcasts back.
    expect(x - mean(x, -1, true), constant({-1, 0, 1, -1, 0, 1}, {2, 3}));
  });

  entry("products", [] {
    Tensor x = constant({1, 2, 3, 4, 5, 6}, {2, 3});
    expect(matmul(x, transpose(x)), constant({14, 32, 32, 77}, {2, 2}));
    // Leading axes are batches; one matrix serves all of them.
    Tensor stack = reshape(concat({x, -x}, 0), {2, 2, -1}); // [2, 2, 3]
    expect(sum(matmul(stack, transpose(x)), 0), full({2, 2}, 0));
  });

  entry("masks", [] {
    // Each position may look at itself and at those before it: the mask of a language model's attention.
    Tensor mask = iota({3, 3}, 0) >= iota({3, 3}, 1);
    Tensor scores = full({3, 3}, 0.5);
    Tensor weights = softmax(where(mask, scores, -INFINITY));
    expect(weights, constant({1, 0, 0, 1 / 2., 1 / 2., 0, 1 / 3., 1 / 3., 1 / 3.}, {3, 3}));
  });

  entry("embedding", [] {
    Tensor table = constant({0, 1, 10, 11, 20, 21}, {3, 2}); // three words, two numbers each
    Tensor words = constant({2, 0, 2}, {3}, i32);
    expect(gather(table, words), constant({20, 21, 0, 1, 20, 21}, {3, 2}));
  });
}
