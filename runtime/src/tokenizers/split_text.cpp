// What happens to a text before its pieces become tokens: it is normalized, and split.
#include "base/utf8.h"
#include "tokenizers/encode_run.h"

#include <algorithm>

namespace sinter {

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  for (size_t at = 0; at <= text.size();) {
    const size_t found = from.empty() ? text.npos : text.find(from, at);
    result += text.substr(at, found - at);
    if (found == text.npos)
      break;
    result += to;
    at = found + from.size();
  }
  return result;
}

void TextTokenizer::encodeSection(Run &run, std::string_view text) const {
  if (text.empty())
    return;
  std::string changed;
  for (const Normalization &step : parts_.normalizations) {
    if (step.kind == Normalization::Kind::Prepend && !run.opens)
      continue;
    changed = step.kind == Normalization::Kind::Nfc       ? composed(text)
              : step.kind == Normalization::Kind::Prepend ? step.to + std::string(text)
                                                          : replaced(text, step.from, step.to);
    text = changed;
  }
  split(run, 0, text);
  run.first = run.opens = false;
}

void TextTokenizer::split(Run &run, size_t step, std::string_view text) const {
  if (step == parts_.splittings.size())
    return encodePiece(run, text);
  switch (parts_.splittings[step].kind) {
  case Splitting::Kind::Pattern:
    return splitAtMatches(run, step, text);
  case Splitting::Kind::Text:
    return splitAtText(run, step, text);
  case Splitting::Kind::Digits:
    return splitDigits(run, step, text);
  case Splitting::Kind::ByteLevel:
    return splitBytes(run, step, text);
  case Splitting::Kind::Metaspace:
    return splitMetaspace(run, step, text);
  }
}

// Between matches lies text; both are pieces, unless matches are removed or belong to what is before or behind them.
void TextTokenizer::splitAtMatches(Run &run, size_t step, std::string_view text) const {
  const Splitting &splitting = parts_.splittings[step];
  const auto next = [&](std::string_view piece) { split(run, step + 1, piece); };
  if (splitting.behaviour == Splitting::Behaviour::Isolated)
    return splitting.splitter->split(text, false, next);
  size_t begin = 0;
  const auto upTo = [&](size_t end) {
    if (end > begin)
      next(text.substr(begin, end - begin));
    begin = end;
  };
  splitting.splitter->split(text, true, [&](std::string_view match) {
    const size_t from = size_t(match.data() - text.data()), to = from + match.size();
    upTo(splitting.behaviour == Splitting::Behaviour::MergedWithPrevious ? to : from);
    if (splitting.behaviour == Splitting::Behaviour::Removed)
      begin = to;
  });
  upTo(text.size());
}

void TextTokenizer::splitAtText(Run &run, size_t step, std::string_view text) const {
  const Splitting &splitting = parts_.splittings[step];
  size_t begin = 0;
  const auto upTo = [&](size_t end) {
    if (end > begin)
      split(run, step + 1, text.substr(begin, end - begin));
    begin = end;
  };
  for (size_t at = text.find(splitting.text); at != text.npos; at = text.find(splitting.text, at)) {
    const size_t end = at + splitting.text.size();
    if (splitting.behaviour != Splitting::Behaviour::MergedWithPrevious)
      upTo(at);
    if (splitting.behaviour == Splitting::Behaviour::Removed)
      begin = end;
    else if (splitting.behaviour != Splitting::Behaviour::MergedWithNext)
      upTo(end);
    at = end;
  }
  upTo(text.size());
}

void TextTokenizer::splitDigits(Run &run, size_t step, std::string_view text) const {
  const bool each = parts_.splittings[step].splits;
  size_t begin = 0;
  bool digits = false;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = decodeUtf8(text, at);
    const bool digit = point.length && CategoryTable::get().of(point.value) & numbers;
    if (at > begin && (digit != digits || (digit && each))) {
      split(run, step + 1, text.substr(begin, at - begin));
      begin = at;
    }
    digits = digit;
    at += std::max(1u, point.length);
  }
  if (text.size() > begin)
    split(run, step + 1, text.substr(begin));
}

void TextTokenizer::splitBytes(Run &run, size_t step, std::string_view text) const {
  const Splitting &splitting = parts_.splittings[step];
  std::string spaced;
  if (splitting.prefix != Splitting::Prefix::Never && text[0] != ' ') {
    spaced = " " + std::string(text);
    text = spaced;
  }
  if (!splitting.splits)
    return split(run, step + 1, text);
  gpt2_.split(text, false, [&](std::string_view piece) { split(run, step + 1, piece); });
}

void TextTokenizer::splitMetaspace(Run &run, size_t step, std::string_view text) const {
  const Splitting &splitting = parts_.splittings[step];
  std::string spaced = replaced(text, " ", metaspace);
  const bool prefix =
      splitting.prefix == Splitting::Prefix::Always || (splitting.prefix == Splitting::Prefix::First && run.first);
  if (prefix && !spaced.starts_with(metaspace))
    spaced.insert(0, metaspace);
  text = spaced;
  size_t begin = 0;
  while (splitting.splits) {
    const size_t end = text.find(metaspace, begin + 1);
    if (end == text.npos)
      break;
    split(run, step + 1, text.substr(begin, end - begin));
    begin = end;
  }
  split(run, step + 1, text.substr(begin));
}

} // namespace sinter
