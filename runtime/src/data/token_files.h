// Which files a text or a sequence of tokens is in, and how files of tokens begin.
#pragma once

#include "data/dataset.h"
#include "data/token_store.h"

#include <string>
#include <vector>

namespace sinter {

/// The files that a path stands for: itself, those that match it as a pattern or, of a folder, its files of tokens
/// (.bin) or else its texts (.txt, .md, .text) or else all, those in its folders too, in the order of their names;
/// without hidden ones. The path itself if there are none.
std::vector<std::string> textFiles(const std::string &path);

/// Whether it is called as files of tokens are: .bin.
bool isTokenFile(const std::string &path);

/// Calls `document` for each part of a text between separators; of no separator for all of it. Not for empty parts.
template <typename Function>
void forEachDocument(std::string_view text, std::string_view separator, Function document) {
  while (!text.empty()) {
    const size_t end = separator.empty() ? text.npos : text.find(separator);
    if (end != 0)
      document(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + separator.size());
  }
}

/// Where the tokens of a file are. Files of llm.c say how many there are and of how many bytes, as those of `prepare`
/// do; others are uint16, or uint32 if `width` or the name (".u32.bin", "uint32") says so. Failure (input or damaged)
/// names the file.
TokenFile openTokenFile(const std::string &path, TokenWidth width);

/// What llm.c's files begin with: 256 numbers of 32 bits, of which those that it does not use hold the hash of the
/// tokens.
std::string tokenFileHeader(int64_t count, int width, uint64_t hash);

/// The tokenizer that belongs to files of tokens: a tokenizer.json beside the first; else empty.
std::string tokenizerBeside(const std::vector<std::string> &files);

} // namespace sinter
