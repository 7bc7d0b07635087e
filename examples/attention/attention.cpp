// Attention alone, to look at and to time: forwards, with its gradient, and a Hessian-vector product.
//
//   sinterc attention.cpp -o attention --set context=1024 --set variant=alibi
//   ./attention bench forward_backward
//
// `variant`: plain (causal), alibi, softcap, bias (learned, relative), cross (keys of another length, no mask), gqa
// (four heads read the same keys and values), document (ids of documents, which do not look at each other). `window`:
// how many keys a query sees at most, 0 for all.
#include <sinter/sinter.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

using namespace sinter;

namespace {

struct Sizes {
  int64_t heads, width, rows, columns, groups;
};

/// What becomes of scores [heads, rows, columns] before softmax. Press, Smith, Lewis 2021 (arXiv:2108.12409) for ALiBi;
/// Gemma 2 (arXiv:2408.00118), section 2, for the soft cap.
/// `table` (of the learned bias): a row for each distance of row and column, with a number for each head.
Tensor change(Tensor scores, Tensor table, const std::string &variant, const Sizes &s, int64_t window) {
  Tensor row = iota({s.rows, s.columns}, 0), column = iota({s.rows, s.columns}, 1);
  if (variant == "softcap")
    scores = tanh(scores * (1 / 50.0)) * 50.0;
  if (variant == "alibi") {
    Tensor head = cast(iota({s.heads, 1, 1}, 0) + 1, f32);
    scores = scores + exp(head * (-8.0 * std::log(2.0) / static_cast<double>(s.heads))) * cast(column - row, f32);
  }
  if (variant == "bias")
    scores = scores + transpose(gather(table, row - column + s.columns), {2, 0, 1});
  if (variant == "document") {
    Tensor ids = input("ids", {s.rows}, i32);
    scores = where(reshape(ids, {s.rows, 1}) == reshape(ids, {1, s.columns}), scores, -INFINITY);
  }
  if (variant == "cross")
    return scores;
  Tensor seen = row >= column;
  if (window > 0)
    seen = seen && row - column < window;
  return where(seen, scores, -INFINITY);
}

} // namespace

SINTER_MODEL(attention) {
  std::string variant = config("variant", "plain");
  int64_t heads = config("heads", 12), width = config("head_dim", 64), context = config("context", 1024),
          window = config("window", 0);
  Sizes s{heads, width, context, variant == "cross" ? context / 2 : context, variant == "gqa" ? 4 : 1};
  auto query = [&](const char *name) { return input(name, {s.heads, s.rows, s.width}); };
  auto key = [&](const char *name) { return input(name, {s.heads / s.groups, s.columns, s.width}); };
  auto repeated = [&](Tensor x) { // each key is read by `groups` heads
    return s.groups == 1 ? x
                         : reshape(broadcast(reshape(x, {s.heads / s.groups, 1, s.columns, s.width}),
                                             {s.heads / s.groups, s.groups, s.columns, s.width}),
                                   {s.heads, s.columns, s.width});
  };
  auto bias = [&] { return variant == "bias" ? input("table", {2 * s.columns, s.heads}) : full({}, 0); };
  auto with = [&](std::vector<Tensor> tensors, Tensor table) { // what gradients are asked for
    if (variant == "bias")
      tensors.push_back(table);
    return tensors;
  };
  auto attend = [&](Tensor q, Tensor k, Tensor v, Tensor table) {
    Tensor scores = matmul(q, transpose(repeated(k))) * (1 / std::sqrt(static_cast<double>(s.width)));
    return matmul(softmax(change(scores, table, variant, s, window)), repeated(v));
  };
  entry("forward", [&] { output("o", attend(query("q"), key("k"), key("v"), bias())); });
  entry("forward_backward", [&] {
    Tensor q = query("q"), k = key("k"), v = key("v"), w = query("w"), table = bias();
    Tensor o = attend(q, k, v, table);
    auto g = grad(sum(o * w), with({q, k, v}, table));
    output("o", o), output("dq", g[0]), output("dk", g[1]), output("dv", g[2]);
    if (variant == "bias")
      output("dtable", g[3]);
  });
  // How the gradient changes along (x, y, z).
  entry("hvp", [&] {
    Tensor q = query("q"), k = key("k"), v = key("v"), w = query("w"), table = bias();
    auto g = grad(sum(attend(q, k, v, table) * w), {q, k, v});
    Tensor along = sum(g[0] * query("x")) + sum(g[1] * key("y")) + sum(g[2] * key("z"));
    auto h = grad(along, with({q, k, v}, table));
    output("hq", h[0]), output("hk", h[1]), output("hv", h[2]);
    if (variant == "bias")
      output("htable", h[3]);
  });
}
