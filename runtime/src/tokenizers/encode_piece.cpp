// A piece of text as tokens: one that is known, or by merges, or as the most probable sequence.
#include "base/error.h"
#include "base/format.h"
#include "base/report.h"
#include "base/utf8.h"
#include "tokenizers/encode_run.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace sinter {

void TextTokenizer::encodePiece(Run &run, std::string_view piece) const {
  // What no token reaches across is encoded apart: the same tokens, and most of them known.
  if (wordsPart_)
    for (size_t at = piece.find(metaspace, 1); at != piece.npos; at = piece.find(metaspace, at + 1))
      if (at < metaspace.size() || piece.substr(at - metaspace.size(), metaspace.size()) != metaspace) {
        encodePiece(run, piece.substr(0, at));
        piece.remove_prefix(at);
        at = 0;
      }
  if (piece.empty())
    return;
  if (piece.size() > PieceCache::mostBytes)
    return encodeUncached(run, piece);
  PieceCache::Slot &slot = run.cache.slot(piece);
  if (slot.count && slot.bytes == piece.size() && std::memcmp(slot.text, piece.data(), piece.size()) == 0) {
    run.ids.insert(run.ids.end(), slot.ids, slot.ids + slot.count);
    return;
  }
  const size_t before = run.ids.size();
  encodeUncached(run, piece);
  const size_t count = run.ids.size() - before;
  if (count == 0 || count > PieceCache::mostIds)
    return;
  slot.bytes = uint8_t(piece.size());
  slot.count = uint8_t(count);
  std::memcpy(slot.text, piece.data(), piece.size());
  std::copy(run.ids.begin() + int64_t(before), run.ids.end(), slot.ids);
}

void TextTokenizer::encodeUncached(Run &run, std::string_view piece) const {
  if (parts_.wholePieces && piece.size() <= parts_.texts.longest())
    if (const int32_t id = parts_.texts.find(piece); id >= 0 && !isSpecial(id)) {
      run.ids.push_back(id);
      return;
    }
  std::vector<int32_t> &ids = run.scratch;
  ids.clear();
  if (parts_.algorithm == TokenizerParts::Algorithm::Unigram) {
    unigram(run, piece, ids);
  } else {
    if (parts_.byteLevel)
      for (const char c : piece)
        ids.push_back(byteTokens_[static_cast<unsigned char>(c)]);
    else
      addCharacters(run, piece, ids);
    for (size_t i = 0; i < ids.size(); ++i)
      if (ids[i] < 0) {
        if (parts_.unknown < 0)
          fail(Exit::Input, formatted("{}: the tokenizer has no token for byte 0x{:02x}, and none for what is unknown",
                                      run.what, static_cast<unsigned char>(piece[i])));
        ids[i] = parts_.unknown;
      }
    merges_.apply(ids);
  }
  run.ids.insert(run.ids.end(), ids.begin(), ids.end());
}

// Characters that are tokens; of others the bytes, or what is unknown.
void TextTokenizer::addCharacters(Run &run, std::string_view piece, std::vector<int32_t> &ids) const {
  for (size_t at = 0; at < piece.size();) {
    const size_t length = std::max(1u, decodeUtf8(piece, at).length);
    const std::string_view character = piece.substr(at, length);
    const int32_t id = parts_.texts.find(character);
    const auto hasByte = [&](char c) { return byteTokens_[static_cast<unsigned char>(c)] >= 0; };
    if (id >= 0)
      ids.push_back(id);
    else if (std::all_of(character.begin(), character.end(), hasByte))
      for (const char c : character)
        ids.push_back(byteTokens_[static_cast<unsigned char>(c)]);
    else if (parts_.unknown < 0)
      fail(Exit::Input, formatted("{}: the tokenizer has no token for '{}', and none for what is unknown", run.what,
                                  printable(character)));
    else if (!parts_.fuseUnknown || ids.empty() || ids.back() != parts_.unknown)
      ids.push_back(parts_.unknown);
    at += length;
  }
}

// The sequence of the greatest sum of scores; a character of none costs more than any.
void TextTokenizer::unigram(Run &run, std::string_view piece, std::vector<int32_t> &ids) const {
  struct Best {
    double score = -INFINITY;
    uint32_t length = 0;
    int32_t id = -1;
  };
  std::vector<Best> best(piece.size() + 1);
  best[0].score = 0;
  for (size_t at = 0; at < piece.size(); ++at) {
    if (best[at].score == -INFINITY)
      continue;
    const size_t first = std::max(1u, decodeUtf8(piece, at).length);
    const auto offer = [&](size_t length, double score, int32_t id) {
      Best &end = best[at + length];
      if (best[at].score + score > end.score)
        end = {best[at].score + score, uint32_t(length), id};
    };
    const size_t most = std::min(piece.size() - at, parts_.texts.longest());
    bool single = false;
    for (size_t length = 1; length <= most; ++length) {
      if (at + length < piece.size() && (static_cast<unsigned char>(piece[at + length]) & 0xc0) == 0x80)
        continue; // inside of a character
      const int32_t id = parts_.texts.find(piece.substr(at, length));
      if (id < 0 || isSpecial(id) || id == parts_.unknown)
        continue;
      offer(length, parts_.scores[size_t(id)], id);
      single |= length == first;
    }
    if (!single)
      offer(first, leastScore_ - 10, -1);
  }
  std::vector<Best> path;
  for (size_t at = piece.size(); at > 0; at -= best[at].length)
    path.push_back(best[at]);
  size_t at = 0;
  for (auto part = path.rbegin(); part != path.rend(); at += part->length, ++part) {
    if (part->id >= 0)
      ids.push_back(part->id);
    else
      addCharacters(run, piece.substr(at, part->length), ids);
  }
}

} // namespace sinter
