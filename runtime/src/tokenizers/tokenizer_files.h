// Tokenizers in files: Hugging Face's tokenizer.json, GPT-2's two files, tiktoken's ranks, SentencePiece's models.
#pragma once

#include "tokenizers/text_tokenizer.h"

namespace sinter {

/// Ids that a file may have at most: what is kept of each of them is about what a file of such ids may cost.
inline constexpr int32_t mostTokens = 1 << 20;

/// The tokenizer of a file or of a folder with one: by its content, whatever it is called. tiktoken's files do not say
/// their pattern: `pattern` is its name (gpt2, cl100k, o200k, llama3, qwen2), or empty: by the file's name. Failure
/// (input, usage or damaged) that names the file.
std::shared_ptr<const TextTokenizer> readTokenizer(const std::string &path, const std::string &pattern = "");

/// The same of a text. Parts of a tokenizer.json that are not supported are named.
std::shared_ptr<const TextTokenizer> readTokenizerJson(const std::string &text, const std::string &what);
std::shared_ptr<const TextTokenizer> readGpt2Files(const std::string &vocabulary, const std::string &merges,
                                                   const std::string &what);
std::shared_ptr<const TextTokenizer> readTiktoken(std::string_view text, const std::string &pattern,
                                                  const std::string &what);
std::shared_ptr<const TextTokenizer> readSentencePiece(std::string_view bytes, const std::string &what);

/// As a tokenizer.json, from which the same comes back.
std::string tokenizerJson(const TextTokenizer &tokenizer);

/// Bytes as GPT-2's files write them: each a printable character; and back, nothing if it is no such text.
std::string printedBytes(std::string_view bytes);
std::optional<std::string> bytesOfPrinted(std::string_view text);

} // namespace sinter
