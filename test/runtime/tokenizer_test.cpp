// Tokenizers of files: right ids by hand, what is equal to what, and files that are refused.
// test/runtime/tokenizers.mjs holds them against other people's programs.
#include "data/token_files.h"
#include "mutator.h"
#include "support.h"
#include "tokenizers/tokenizer_files.h"
#include "tokenizers/train.h"

#include <algorithm>

namespace sinter::test {

namespace {

using Ids = std::vector<int32_t>;

// Bytes, and what merges make of them: "he" 256, "ll" 257, "hell" 258, " w" 259, "hello" 260.
std::shared_ptr<const TextTokenizer> hello(bool wholePieces = false) {
  TokenizerParts parts;
  for (int32_t byte = 0; byte < 256; ++byte) {
    const char c = char(byte);
    parts.texts.add(byte, {&c, 1});
  }
  for (const char *text : {"he", "ll", "hell", " w", "hello", "oh"})
    parts.texts.add(parts.texts.size(), text);
  parts.merges = {{'h', 'e', 256}, {'l', 'l', 257}, {256, 257, 258}, {' ', 'w', 259}, {258, 'o', 260}};
  parts.wholePieces = wholePieces; // of "oh" there is no merge
  parts.added.push_back({262, "<|endoftext|>", true});
  parts.added.push_back({263, "<tool>", false});
  parts.splittings.push_back({Splitting::Kind::ByteLevel});
  return std::make_shared<const TextTokenizer>(std::move(parts), "t");
}

Ids encode(const TextTokenizer &tokenizer, std::string_view text) {
  Ids ids;
  for (size_t position = 0; position < text.size();)
    tokenizer.encodeSome(text, position, 1 << 20, ids, "t");
  return ids;
}

std::string randomBytes(Mutator &mutator, size_t most) {
  static const char *parts[] = {"\u00e9", "e\u0301", "\u4e2d", "\U0001f600", "'s", "'LL",    "  ",
                                "\r\n",   " a",      "B",      "12",         "_",  "\u2028", "\u01c5"};
  std::string text;
  for (size_t n = mutator.below(most); n > 0; --n)
    text +=
        mutator.below(3) ? std::string(parts[mutator.below(std::size(parts))]) : std::string(1, char(mutator.next()));
  return text;
}

std::vector<std::string> pieces(const Splitter &splitter, std::string_view text) {
  std::vector<std::string> all;
  splitter.split(text, false, [&](std::string_view piece) { all.emplace_back(piece); });
  return all;
}

} // namespace

TEST(TextTokenizer, JoinsByRank) {
  EXPECT_EQ(encode(*hello(), "hello world"), (Ids{260, 259, 'o', 'r', 'l', 'd'}));
  EXPECT_EQ(encode(*hello(), "hehe shell"), (Ids{256, 256, ' ', 's', 258}));
  EXPECT_EQ(encode(*hello(), "oh"), (Ids{'o', 'h'}));
  EXPECT_EQ(encode(*hello(true), "oh"), (Ids{261}));
  EXPECT_EQ(hello()->decodeAll(Ids{260, 259, 'o'}), "hello wo");
  EXPECT_EQ(hello()->size(), 264);
}

TEST(TextTokenizer, SpecialTokensAreNotInTexts) {
  const auto tokenizer = hello();
  const Ids ids = encode(*tokenizer, "a<|endoftext|>b");
  EXPECT_EQ(std::count(ids.begin(), ids.end(), 262), 0);
  EXPECT_EQ(tokenizer->decodeAll(ids), "a<|endoftext|>b");
  EXPECT_EQ(tokenizer->encodeWithSpecial("a<|endoftext|>b", "t"), (Ids{'a', 262, 'b'}));
  EXPECT_EQ(encode(*tokenizer, "a<tool>b"), (Ids{'a', 263, 'b'})); // not special
  EXPECT_EQ(tokenizer->endOfText(), 262);
}

TEST(TextTokenizer, BytesComeBack) {
  const auto tokenizer = hello();
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    Mutator mutator(seed);
    const std::string text = randomBytes(mutator, 40);
    EXPECT_EQ(tokenizer->decodeAll(encode(*tokenizer, text)), text) << seed;
  }
}

// Long pieces are joined by a queue, short ones by looking at all pairs.
TEST(TextTokenizer, LongPiecesAreJoinedAlike) {
  TokenizerTrainer trainer(Splitter::Known::Gpt2);
  trainer.add(someText(20000));
  const auto tokenizer = trainer.train(400);
  Mutator mutator(1);
  for (int n = 0; n < 50; ++n) {
    Ids ids, one;
    for (size_t i = 0; i < 90 + mutator.below(400); ++i)
      ids.push_back("andthelightwasu"[mutator.below(15)]);
    one = ids; // by definition: the pair of the least rank, of equal ones the first
    const std::vector<Merge> &merges = tokenizer->mergeTable().merges();
    while (true) {
      size_t best = merges.size(), at = 0;
      for (size_t i = 0; i + 1 < one.size(); ++i)
        for (size_t rank = 0; rank < best; ++rank)
          if (merges[rank].left == one[i] && merges[rank].right == one[i + 1]) {
            best = rank;
            at = i;
          }
      if (best == merges.size())
        break;
      one[at] = merges[best].whole;
      one.erase(one.begin() + int64_t(at) + 1);
    }
    tokenizer->mergeTable().apply(ids);
    EXPECT_EQ(ids, one);
  }
  // No square of the length: a megabyte of one letter.
  const std::string letters(1 << 20, 't');
  EXPECT_EQ(tokenizer->decodeAll(encode(*tokenizer, letters)), letters);
}

// Parts that are cut where the tokenizer says so have the tokens of the whole.
TEST(TextTokenizer, PartsAreAsTheWhole) {
  TokenizerTrainer trainer(Splitter::Known::Cl100k);
  const std::string text = someText(50000);
  trainer.add(text);
  const auto tokenizer = trainer.train(500);
  Ids parts;
  for (size_t position = 0; position < text.size();)
    tokenizer->encodeSome(text, position, 100, parts, "t");
  EXPECT_EQ(parts, encode(*tokenizer, text));
}

TEST(Splitter, ByHandIsByPattern) {
  for (const Splitter::Known known :
       {Splitter::Known::Gpt2, Splitter::Known::Cl100k, Splitter::Known::Qwen2, Splitter::Known::O200k}) {
    const Splitter quick(known), slow(Splitter::patternOf(known), "t", false);
    ASSERT_EQ(slow.known(), Splitter::Known::None);
    for (uint64_t seed = 0; seed < 5000; ++seed) {
      Mutator mutator(seed);
      const std::string text = randomBytes(mutator, 30);
      ASSERT_EQ(pieces(quick, text), pieces(slow, text)) << int(known) << " " << seed;
    }
  }
}

TEST(Splitter, Patterns) {
  const auto split = [](const char *pattern, const char *text) { return pieces(Splitter(pattern, "t"), text); };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(split("[a-c]+|\\d{2}", "abc12345"), (Texts{"abc", "12", "34", "5"}));
  EXPECT_EQ(split("a+?", "aaa"), (Texts{"a", "a", "a"}));
  EXPECT_EQ(split("a+?b", "aaab"), (Texts{"aaab"}));
  EXPECT_EQ(split("a{1,2}?c|a", "aaac"), (Texts{"a", "aac"}));
  EXPECT_EQ(split("a++ab|.", "aaab"), (Texts{"a", "a", "a", "b"})); // possessive: nothing is given back
  EXPECT_EQ(split("(?>a+)ab|.", "aab"), (Texts{"a", "a", "b"}));
  EXPECT_EQ(split("a+ab", "aaab"), (Texts{"aaab"}));
  EXPECT_EQ(split("(?i:ab)+", "aBAb"), (Texts{"aBAb"}));
  EXPECT_EQ(split("(ab|a)(c|bcd)", "abcd"), (Texts{"abc", "d"}));
  EXPECT_EQ(split("a(?=b)|a(?!c)|c", "abacaa"), (Texts{"a", "ba", "c", "a", "a"}));
  EXPECT_EQ(split("[^\\S\\n]+", "a \t\nb"), (Texts{"a", " \t", "\nb"}));
  EXPECT_EQ(split("\\p{Lu}\\p{Ll}*|\\x{4e2d}|\\u00e9", "AbC\u4e2d\u00e9"), (Texts{"Ab", "C", "\u4e2d", "\u00e9"}));
  EXPECT_EQ(split("(?:ab){2,3}|a", "abababab"), (Texts{"ababab", "a", "b"}));
  EXPECT_EQ(split("[]a-]+", "]-a"), (Texts{"]-a"}));
  for (const char *bad : {"a**", "(a", "a)", "[a", "\\", "\\b", "^a", "a$", "(?<=a)b", "(a?)*", "\\p{Greek}",
                          "[[:alpha:]]", "[b-a]", "a{3,2}", "(?=a)*", "x{"})
    expectContains(failureOf([&] { Pattern(bad, "t.json"); }).message, "t.json: split pattern: ");
}

// What would take for ever is ended, and soon.
TEST(Splitter, PatternsHaveALimit) {
  const Splitter bad("(?:a|a)+(?:a|a)+(?:a|a)+b", "t.json");
  expectContains(failureOf([&] { pieces(bad, std::string(5000, 'a')); }).message, "takes too many steps");
  const Splitter square("a+b", "t.json");
  expectContains(failureOf([&] { pieces(square, std::string(1 << 20, 'a')); }).message, "takes too many steps");
}

// From the examples of UAX 15, and what is excluded from composition.
TEST(Unicode, Composition) {
  EXPECT_EQ(composed("e\u0301"), "\u00e9");
  EXPECT_EQ(composed("\u1e0a\u0323"), "\u1e0c\u0307");
  EXPECT_EQ(composed("q\u0307\u0323"), "q\u0323\u0307");
  EXPECT_EQ(composed("\u212b"), "\u00c5");
  EXPECT_EQ(composed("\u1112\u1161\u11ab\u1100\u1173\u11af"), "\ud55c\uae00");
  EXPECT_EQ(composed("\ufb2c"), "\u05e9\u05bc\u05c1");
  EXPECT_EQ(composed("\u0344"), "\u0308\u0301");
  EXPECT_EQ(composed("\u09c7\u09be"), "\u09cb");
  EXPECT_EQ(composed("a\xff\u0301"), "a\xff\u0301");
  EXPECT_EQ(composed("\u0301a"), "\u0301a");
}

TEST(TokenizerFiles, WrittenAndReadAgain) {
  const auto tokenizer = hello(true);
  const auto again = readTokenizerJson(tokenizer->saved(), "t");
  EXPECT_EQ(again->saved(), tokenizer->saved());
  for (const char *text : {"hello world", "oh hell", "a<tool>b", "\xff\xfe\u00e9"})
    EXPECT_EQ(encode(*again, text), encode(*tokenizer, text));
  EXPECT_EQ(Tokenizer::restore("model", tokenizer->saved(), "c").endOfText(), 262);
  EXPECT_EQ(failureOf([] { Tokenizer::restore("model", "{}", "c"); }).exit, Exit::Damaged);
}

// Places in a Unigram vocabulary are ids, also behind one that is empty.
TEST(TokenizerFiles, EmptyPlacesStay) {
  const auto tokenizer = readTokenizerJson(
      R"({"model":{"type":"Unigram","unk_id":0,"vocab":[["?",-0e1],["",0],["a",-1],["",-3],["b",-2]]}})", "t");
  EXPECT_EQ(encode(*tokenizer, "ab"), (Ids{2, 4}));
  const auto again = readTokenizerJson(tokenizer->saved(), "t");
  EXPECT_EQ(encode(*again, "ab"), (Ids{2, 4}));
  EXPECT_EQ(again->saved(), tokenizer->saved());
}

// Of a pair that is given twice the first counts, and nothing else is kept.
TEST(TokenizerFiles, MergesGivenTwice) {
  const auto tokenizer = readTokenizerJson(
      R"({"decoder":{"type":"ByteLevel"},"model":{"vocab":{"a":0,"b":1,"ab":2,"aba":3},"merges":["a b","ab a","a b"]}})",
      "t");
  EXPECT_EQ(tokenizer->mergeTable().merges().size(), 2u);
  EXPECT_EQ(encode(*tokenizer, "abaab"), (Ids{3, 2}));
}

TEST(TokenizerFiles, Gpt2) {
  Folder folder;
  std::string vocabulary = "{";
  for (int32_t byte = 0; byte < 256; ++byte) {
    const char c = char(byte);
    std::string text = printedBytes({&c, 1});
    vocabulary +=
        "\"" + std::string(text == "\"" || text == "\\" ? "\\" : "") + text + "\":" + std::to_string(byte) + ",";
  }
  vocabulary += "\"\u0120a\":256,\"\u0120ab\":257,\"<|endoftext|>\":258}";
  write(folder / "vocab.json", vocabulary);
  expectContains(failureOf([&] { readTokenizer(folder / "vocab.json"); }).message,
                 "merges.txt or vocab.bpe is not beside");
  write(folder / "merges.txt", "#version: 0.2\n\u0120 a\n\u0120a b\n");
  const auto tokenizer = readTokenizer(folder.path());
  EXPECT_EQ(encode(*tokenizer, " ab a"), (Ids{257, 256}));
  EXPECT_EQ(tokenizer->endOfText(), 258);
  write(folder / "merges.txt", "#version: 0.2\n\u0120 c\n");
  expectContains(failureOf([&] { readTokenizer(folder.path()); }).message, "line 2 of the merges");
}

TEST(TokenizerFiles, Tiktoken) {
  // a, b, c, bc, abc: "abc" is a + bc, and found as a whole as well; "abcb" is abc + b.
  const std::string ranks = "YQ== 0\nYg== 1\nYw== 2\nYmM= 3\nYWJj 4\n";
  const auto tokenizer = readTiktoken(ranks, "gpt2", "t.tiktoken");
  EXPECT_EQ(encode(*tokenizer, "abcb"), (Ids{4, 1}));
  EXPECT_EQ(encode(*tokenizer, "cbcabc"), (Ids{2, 3, 4}));
  ASSERT_EQ(tokenizer->mergeTable().merges().size(), 2u);
  EXPECT_EQ(tokenizer->mergeTable().merges()[1].left, 0);
  EXPECT_EQ(failureOf([&] { readTiktoken(ranks, "", "t.tiktoken"); }).exit, Exit::Usage);
  EXPECT_EQ(failureOf([&] { readTiktoken(ranks + "YQ== 5\n", "gpt2", "t"); }).exit, Exit::Damaged);
  expectContains(failureOf([&] { encode(*tokenizer, "abd"); }).message, "no token for byte 0x64");
  // c, 121 bytes that are no tokens, b: no merge makes it, short or long.
  std::string longRanks = ranks + "Y2Ri 5\nY2Rk";
  for (int i = 0; i < 39; ++i)
    longRanks += "ZGRk";
  const auto longer = readTiktoken(longRanks + "ZGRi 6\n", "gpt2", "t.tiktoken");
  EXPECT_EQ(longer->mergeTable().merges().size(), 2u);
  const std::string whole = "c" + std::string(121, 'd') + "b";
  EXPECT_EQ(encode(*longer, whole), (Ids{6}));
}

TEST(TokenizerFiles, SentencePiece) {
  const auto field = [](int number, std::string_view bytes) {
    return std::string{char(number << 3 | 2), char(bytes.size())} + std::string(bytes);
  };
  const auto piece = [&](std::string_view text, float score, int type) {
    std::string bytes = field(1, text) + char(2 << 3 | 5);
    bytes.append(reinterpret_cast<const char *>(&score), 4);
    return field(1, bytes + char(3 << 3) + char(type));
  };
  std::string pieces = piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3) + piece("<0x0A>", 0, 6);
  pieces += piece("\u2581a", -1, 1) + piece("bc", -2, 1) + piece("\u2581abc", -3, 1);
  for (const char *text : {"\u2581", "a", "b", "c"})
    pieces += piece(text, -9, 1);
  const std::string normalizer = field(3, std::string{char(3 << 3), 1, char(4 << 3), 0, char(5 << 3), 1});
  const std::string fallback{char(0x98), 2, 1}; // field 35
  const auto trainer = [&](char model) { return field(2, std::string{char(3 << 3), model} + fallback); };
  const auto bpe = readSentencePiece(pieces + trainer(2) + normalizer, "t.model");
  EXPECT_EQ(encode(*bpe, "abc bca\n"), (Ids{6, 7, 5, 8, 3}));
  EXPECT_EQ(encode(*bpe, "az"), (Ids{4, 0}));
  EXPECT_EQ(bpe->decodeAll(Ids{6, 7, 5, 8, 3}), "abc bca\n");
  EXPECT_EQ(readTokenizerJson(bpe->saved(), "t")->saved(), bpe->saved());
  // What is unknown may be the token of a byte: it is written by its name.
  const auto odd = readSentencePiece(
      piece("<s>", 0, 3) + piece("<0x0A>", 0, 2) + piece("a", -9, 1) + trainer(2) + normalizer, "t.model");
  EXPECT_EQ(readTokenizerJson(odd->saved(), "t")->saved(), odd->saved());
  const auto unigram = readSentencePiece(pieces + trainer(1) + normalizer, "t.model");
  EXPECT_EQ(encode(*unigram, "abc bca"), (Ids{6, 7, 5, 8}));
  expectContains(failureOf([&] { readSentencePiece(pieces + trainer(4) + normalizer, "t.model"); }).message,
                 "a model of words or characters is not supported");
  expectContains(failureOf([&] {
                   readSentencePiece(pieces + piece("x\x9b", -9, 1) + trainer(2) + normalizer, "t.model");
                 }).message,
                 "token 11, 'x\\x9b', is not UTF-8");
  expectContains(failureOf([&] { readSentencePiece(pieces + trainer(2), "t.model"); }).message,
                 "remove_extra_whitespaces is not supported");
}

TEST(TokenizerFiles, UnsupportedPartsAreNamed) {
  const auto message = [](const std::string &parts) {
    return failureOf([&] {
             readTokenizerJson(
                 "{" + parts + R"(,"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}})", "t");
           })
        .message;
  };
  expectContains(message(R"("normalizer":{"type":"Precompiled"})"),
                 "a normalizer of type Precompiled is not supported");
  expectContains(message(R"("pre_tokenizer":{"type":"BertPreTokenizer"})"), "a pre_tokenizer of type BertPreTokenizer");
  expectContains(message(R"("decoder":{"type":"WordPiece"})"), "a decoder of type WordPiece");
  expectContains(message(R"("post_processor":{"type":"BertProcessing"})"), "a post_processor of type BertProcessing");
  expectContains(message(R"("model":{"type":"WordPiece"})"), "a model of type WordPiece is not supported");
}

TEST(TokenizerFiles, WrongFilesAreNamed) {
  Folder folder;
  const auto message = [&](const std::string &content) {
    write(folder / "f", content);
    return failureOf([&] { readTokenizer(folder / "f"); }).message;
  };
  expectContains(message(std::string("PK\3\4xxxx")), "not a tokenizer but a zip archive");
  expectContains(message("<!doctype html><html>"), "an HTML page");
  expectContains(message("version https://git-lfs.github.com/spec/v1\noid"), "a pointer of Git LFS");
  expectContains(message("hello"), "is no tokenizer.json");
  expectContains(message(""), "is no tokenizer.json");
  expectContains(message(R"({"model":{"vocab":{"a":0},"merges":["a b"]}})"), "merge of 'a' and 'b'");
  expectContains(message(R"({"model":{"vocab":{"a":0,"b":0},"merges":[]}})"), "given twice");
  expectContains(message(R"({"model":{"vocab":{"a":4294967296},"merges":[]}})"), "its id is not below");
  expectContains(message(R"({"model":{"vocab":{"a":0},"merges":[)"), "not JSON at byte");
}

TEST(TokenizerTrainer, LearnsTheMostFrequent) {
  TokenizerTrainer trainer(Splitter::Known::Gpt2);
  trainer.add("ab ab ab cd cd ab");
  // " a" 3 times, "ab" 4 times, " c" and "cd" twice: ab, " ab", then " c" (the less ids), " cd".
  const auto tokenizer = trainer.train(260);
  EXPECT_EQ(tokenizer->decode(256), "ab");
  EXPECT_EQ(tokenizer->decode(257), " ab");
  EXPECT_EQ(tokenizer->decode(258), " c");
  EXPECT_EQ(tokenizer->decode(259), "<|endoftext|>");
  EXPECT_EQ(trainer.train(1000)->size(), 261); // no pair more is there twice
  TokenizerTrainer other(Splitter::Known::Gpt2);
  other.add("ab ab ab");
  other.add(" cd cd ab");
  EXPECT_EQ(other.train(260)->saved(), tokenizer->saved());
}

} // namespace sinter::test
