// Trains letters.cpp on a sentence, saves it, loads it into another model, and has that one write the sentence.
#include "letters.h" // by sinterc: namespace letters, with a function for each entry

#include <algorithm>
#include <cstdio>
#include <exception>

int main() try {
  const std::string text = "the quick brown fox jumps over the lazy dog. ";
  const size_t context = 8;
  std::vector<int32_t> tokens, next; // from each place of the sentence on, and what comes then
  for (size_t at = 0; at < text.size(); ++at) {
    for (size_t i = 0; i < context; ++i)
      tokens.push_back(text[(at + i) % text.size()]);
    next.push_back(text[(at + context) % text.size()]);
  }

  letters::Model model({.seed = 1});
  float loss = 0;
  for (int step = 0; step < 200; ++step)
    loss = model.train({.tokens = tokens, .next = next, .lr = 1e-2f}).loss;
  model.save("letters.safetensors");
  std::printf("loss %.6f after %d steps\n", loss, int(model.steps()));

  letters::Model reader; // as another process would have it
  reader.load("letters.safetensors");
  std::string written = text.substr(0, context);
  while (written.size() < text.size()) {
    const std::vector<int32_t> last(written.end() - context, written.end());
    const std::span<const float> logits = reader.predict({.tokens = last}).logits;
    written += char(std::max_element(logits.begin(), logits.end()) - logits.begin());
  }
  std::printf("%s\n", written.c_str());
} catch (const std::exception &error) { // sinter::host::Error: a line that says what is wrong
  std::fprintf(stderr, "host: %s\n", error.what());
  return 1;
}
