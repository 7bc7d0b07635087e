#include "pairs/score.h"

#include "base/error.h"
#include "base/format.h"
#include "base/output.h"
#include "base/utf8.h"
#include "files/files.h"
#include "pairs/metrics.h"
#include "pairs/pairs.h"

#include <unistd.h>

namespace sinter {

static std::string readLines(const std::string &path) {
  std::string text = readFile(path);
  if (const size_t at = findInvalidUtf8(text); at != text.npos)
    fail(Exit::Input, formatted("{}: not UTF-8 text: byte 0x{:02x} at offset {}", path, uint8_t(text[at]), at));
  return text;
}

Exit score(const ScoreCommand &command) {
  const std::string text = readLines(command.translations);
  const Lines lines = linesOf(text);
  if (lines.empty())
    fail(Exit::Input, formatted("{}: is empty: nothing to score", command.translations));
  std::vector<std::string> texts;
  for (const std::string &path : command.references)
    texts.push_back(readLines(path));
  std::vector<Lines> references;
  for (size_t r = 0; r < texts.size(); ++r) {
    references.push_back(linesOf(texts[r]));
    if (references[r].size() != lines.size())
      fail(Exit::Input, formatted("{} has {} lines, but {} has {}: each is the translation of one sentence",
                                  command.translations, lines.size(), command.references[r], references[r].size()));
  }
  const Bleu bleu = bleuOf(lines, references);
  const double chrf = chrfOf(lines, references);
  const auto &p = bleu.precisions;
  if (command.json || !isatty(STDOUT_FILENO))
    print("{{\"bleu\":{:.9g},\"chrf\":{:.9g},\"precisions\":[{:.9g},{:.9g},{:.9g},{:.9g}],\"brevity_penalty\":{:.9g},"
          "\"words\":{},\"reference_words\":{},\"sentences\":{}}}\n",
          bleu.score, chrf, p[0], p[1], p[2], p[3], bleu.brevity, bleu.words, bleu.referenceWords, lines.size());
  else
    print("BLEU   {:.2f}  ({:.1f}, {:.1f}, {:.1f}, {:.1f} % of 1 to 4 words, brevity penalty {:.3f}: {} words for {})\n"
          "chrF2  {:.2f}\n{} sentences\n",
          bleu.score, p[0], p[1], p[2], p[3], bleu.brevity, bleu.words, bleu.referenceWords, chrf, lines.size());
  return Exit::Done;
}

} // namespace sinter
