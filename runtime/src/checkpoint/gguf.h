// GGUF, the files of llama.cpp: version 3. Reads their headers, and writes a program's parameters as the architectures
// `gpt2` and `llama`.
#pragma once

#include "checkpoint/import.h"
#include "checkpoint/tensor_source.h"
#include "tokenizers/tokenizer.h"

namespace sinter {

struct GgufFile {
  std::vector<SourceTensor> tensors;
  std::string tokenizer;           ///< as a tokenizer.json; empty if it has none that is read here
  int64_t heads = 0, keyHeads = 0; ///< of attention
};

/// Failure (damaged) that names the file and what is wrong.
GgufFile readGgufHeader(FileReader &reader);

/// What llama.cpp calls GPT-2's parameters, and those of examples/zoo/llama.cpp. Its matrices are ours transposed.
const std::vector<NameRule> &ggufNames();

/// A row of queries or keys [heads, 2, size / 2] as llama.cpp turns positions in, [heads, size / 2, 2], and back.
void pairHeads(float *rows, int64_t count, int64_t width, int64_t heads, bool back);

struct GgufOptions {
  std::string type = "f32"; ///< of matrices: f32, f16, bf16, q8_0, q4_0
  int64_t heads = 0, keyHeads = 0, context = 0;
};

/// Failure (input) if the parameters are of neither architecture, or sizes do not fit the type.
void exportGguf(const std::string &path, Program &program, const Tokenizer &tokenizer, const GgufOptions &options);

} // namespace sinter
