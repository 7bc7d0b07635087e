// Einstein's sums, as matrix products where operands share a sum.
#include "sinter/ops.h"
#include "sinter/program.h"

#include <algorithm>
#include <map>

namespace sinter {
namespace {

/// A tensor with a letter for each dimension.
struct Labelled {
  Tensor tensor;
  std::string letters;
};

bool has(const std::string &letters, char letter) { return letters.find(letter) != std::string::npos; }

/// Those of `letters` that `choose` takes.
template <typename Choose> std::string select(const std::string &letters, Choose choose) {
  std::string result;
  std::copy_if(letters.begin(), letters.end(), std::back_inserter(result), choose);
  return result;
}

/// Sums over what `keep` does not name.
Labelled sumOthers(const Labelled &x, const std::string &keep) {
  std::vector<int64_t> gone;
  for (size_t d = 0; d < x.letters.size(); ++d)
    if (!has(keep, x.letters[d]))
      gone.push_back(static_cast<int64_t>(d));
  if (gone.empty())
    return x;
  Axes axes;
  axes.all = false;
  axes.axes = gone;
  return {sum(x.tensor, axes), select(x.letters, [&](char c) { return has(keep, c); })};
}

/// With its dimensions in the order of `letters`, which are its own.
Tensor inOrder(const Labelled &x, const std::string &letters) {
  if (x.letters == letters)
    return x.tensor;
  Shape permutation;
  for (char letter : letters)
    permutation.push_back(static_cast<int64_t>(x.letters.find(letter)));
  return transpose(x.tensor, permutation);
}

class Einsum {
public:
  Tensor run(const std::string &subscripts, const std::vector<Tensor> &tensors);

private:
  void parse(const std::string &subscripts, const std::vector<Tensor> &tensors);
  Labelled join(Labelled a, Labelled b, const std::string &needed);
  int64_t count(const std::string &letters) const {
    int64_t result = 1;
    for (char letter : letters)
      result *= sizes.at(letter);
    return result;
  }
  Shape shape(const std::string &letters) const {
    Shape result;
    for (char letter : letters)
      result.push_back(sizes.at(letter));
    return result;
  }
  /// Of [batch, rows, columns], as a product takes it: a swap of the last two is free.
  Tensor matrix(const Labelled &x, const std::string &batch, const std::string &rows, const std::string &columns) {
    Shape shape{count(batch), count(rows), count(columns)};
    if (!columns.empty() && has(columns, x.letters.back()))
      return reshape(inOrder(x, batch + rows + columns), shape);
    std::swap(shape[1], shape[2]);
    return transpose(reshape(inOrder(x, batch + columns + rows), shape));
  }

  std::vector<Labelled> operands;
  std::string result;
  std::map<char, int64_t> sizes;
};

void Einsum::parse(const std::string &subscripts, const std::vector<Tensor> &tensors) {
  const std::string what = "einsum: \"" + subscripts + "\" ";
  std::string text = select(subscripts, [](char c) { return c != ' '; });
  const size_t arrow = text.find("->");
  std::string left = text.substr(0, arrow);
  std::vector<std::string> parts(1);
  for (char c : left)
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  check(parts.size() == tensors.size(),
        what + "has " + std::to_string(parts.size()) + " operands, but there are " + std::to_string(tensors.size()));
  std::map<char, int> times;
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string &letters = parts[i];
    const Shape shape = tensors[i].shape();
    check(letters.size() == shape.size(), what + "names " + std::to_string(letters.size()) + " dimensions of operand " +
                                              std::to_string(i + 1) + ", which has " + std::to_string(shape.size()));
    for (size_t d = 0; d < letters.size(); ++d) {
      const char c = letters[d];
      check((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'),
            what + "has '" + std::string(1, c) + "', which is no letter");
      check(letters.find(c) == d,
            what + "has '" + std::string(1, c) + "' twice in one operand: take its diagonal first");
      auto [known, isNew] = sizes.emplace(c, shape[d]);
      check(known->second == shape[d], what + "has '" + std::string(1, c) + "' for sizes " +
                                           std::to_string(known->second) + " and " + std::to_string(shape[d]));
      ++times[c];
    }
    operands.push_back({tensors[i], letters});
  }
  if (arrow == std::string::npos) {
    for (auto [letter, count] : times)
      if (count == 1)
        result += letter;
    return;
  }
  result = text.substr(arrow + 2);
  for (size_t d = 0; d < result.size(); ++d)
    check(sizes.count(result[d]) != 0 && result.find(result[d]) == d,
          what + "has '" + std::string(1, result[d]) + "' in the result, but " +
              (sizes.count(result[d]) ? "twice" : "in no operand"));
}

Labelled Einsum::join(Labelled a, Labelled b, const std::string &needed) {
  a = sumOthers(a, needed + b.letters);
  b = sumOthers(b, needed + a.letters);
  const std::string shared = select(a.letters, [&](char c) { return has(b.letters, c); });
  const std::string batch = select(shared, [&](char c) { return has(needed, c); });
  const std::string summed = select(shared, [&](char c) { return !has(needed, c); });
  const std::string ofA = select(a.letters, [&](char c) { return !has(shared, c); });
  const std::string ofB = select(b.letters, [&](char c) { return !has(shared, c); });
  const std::string letters = batch + ofA + ofB;
  if (summed.empty()) {
    Shape left = shape(batch + ofA), right = shape(batch);
    left.insert(left.end(), ofB.size(), 1);
    right.insert(right.end(), ofA.size(), 1);
    for (int64_t size : shape(ofB))
      right.push_back(size);
    return {reshape(inOrder(a, batch + ofA), left) * reshape(inOrder(b, batch + ofB), right), letters};
  }
  return {reshape(matmul(matrix(a, batch, ofA, summed), matrix(b, batch, summed, ofB)), shape(letters)), letters};
}

Tensor Einsum::run(const std::string &subscripts, const std::vector<Tensor> &tensors) {
  parse(subscripts, tensors);
  Labelled all = operands[0];
  for (size_t i = 1; i < operands.size(); ++i) {
    std::string needed = result;
    for (size_t later = i + 1; later < operands.size(); ++later)
      needed += operands[later].letters;
    all = join(all, operands[i], needed);
  }
  all = sumOthers(all, result);
  return reshape(inOrder(all, result), shape(result));
}

} // namespace

Tensor einsum(const std::string &subscripts, const std::vector<Tensor> &operands, Location loc) {
  CallSite here(loc);
  return Einsum().run(subscripts, operands);
}

} // namespace sinter
