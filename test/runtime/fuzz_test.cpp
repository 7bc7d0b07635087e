// Malformed files, structure-aware: valid ones are changed in their bytes, JSON tokens and numbers, and half of the
// time the hash is made right again so that what lies behind it is reached. Whatever comes must be taken or refused by
// a Failure; the sanitizers watch the rest. Seconds a format: SINTER_FUZZ_SECONDS (default 1).
#include "checkpoint/checkpoint.h"
#include "checkpoint/safetensors.h"
#include "commands/options.h"
#include "mutator.h"
#include "support.h"
#include "training/trainer.h"

namespace sinter::test {

namespace {

// With zeros in the place of the hash, for withHash().
void clearHash(std::string &header) {
  const size_t at = header.find("\"xxh3\":\"");
  if (at != std::string::npos && at + 24 <= header.size())
    header.replace(at + 8, 16, "0000000000000000");
}

} // namespace

TEST(Fuzz, Checkpoints) {
  Folder folder;
  const std::string path = folder / "c.safetensors";
  Program program(sinter_program_v1, 1);
  program.initialize(1);
  Checkpoint checkpoint;
  checkpoint.options = TrainingOptions().json();
  checkpoint.tokenizer = Tokenizer::charsOf("abc\u00e9\u20ac", "t");
  saveCheckpoint(path, program, checkpoint);
  const std::string good = readFile(path);
  const size_t headerSize =
      good.find("}}") == std::string::npos
          ? 0
          : size_t(static_cast<unsigned char>(good[0]) | static_cast<unsigned char>(good[1]) << 8);
  const std::string goodHeader = good.substr(8, headerSize), goodData = good.substr(8 + headerSize);
  int64_t tries = 0, headers = 0, taken = 0;
  const auto start = std::chrono::steady_clock::now();
  for (uint64_t seed = 0; !timeIsUp(start); ++seed) {
    Mutator mutator(seed);
    std::string header = goodHeader, data = goodData, bytes;
    if (mutator.below(8) == 0) {
      bytes = good.substr(0, 2000);
      mutator.bytes(bytes);
    } else {
      for (size_t n = 1 + mutator.below(3); n > 0; --n)
        mutator.below(4) ? mutator.json(header) : mutator.bytes(header);
      if (mutator.below(4) == 0)
        data.resize(mutator.below(2 * data.size()));
      const bool repaired = mutator.below(2);
      if (repaired)
        clearHash(header);
      bytes = headerLengthBytes(header) + header + data;
      if (repaired)
        bytes = withHash(bytes);
    }
    // Most of it is about the header, and memory is faster than files.
    for (int n = 0; n < 30; ++n) {
      std::string changed = goodHeader;
      for (size_t changes = 1 + mutator.below(4); changes > 0; --changes)
        mutator.below(4) ? mutator.json(changed) : mutator.bytes(changed);
      ++headers;
      attempt([&] { parseTensorHeader(std::move(changed), goodData.size(), path); });
    }
    FILE *file = std::fopen(path.c_str(), "wb");
    std::fwrite(bytes.data(), 1, bytes.size(), file);
    std::fclose(file);
    ++tries;
    taken += attempt([&] {
      const Checkpoint loaded = loadCheckpoint(path, program);
      TrainingOptions::parse(loaded.options, path);
    });
    attempt([&] {
      bool complete;
      std::vector<std::string> notes;
      loadParameters(path, program, &complete, notes);
    });
  }
  std::printf("%lld files, %lld headers, %lld taken\n", static_cast<long long>(tries), static_cast<long long>(headers),
              static_cast<long long>(taken));
  EXPECT_GT(tries, 10);
  EXPECT_LT(taken, tries / 2);
}

// Files of options; what one says, written again, is read as the same.
TEST(Fuzz, OptionsFiles) {
  Folder folder;
  const std::string path = folder / "options.toml";
  const std::string good = "threads = 2\n[train] # comment\ndata = \"a\\\\b\\u00e9\"\ninput = [\"x=1\",\n 'y=2', ]\n"
                           "lr = 3e-4\nflip = true\nkeep_best = false\nschedule = \"cosine\"\n[sample]\ntokens = 3\n";
  const auto read = [&](const std::string &text, std::string &written) {
    FILE *file = std::fopen(path.c_str(), "wb");
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
    return attempt([&] {
      Commands commands;
      CommandTable table = commandTable(sinter_program_v1, "mock", commands);
      readConfiguration(table, table.commands[0], path);
      written = configurationText(table.commands[0], "");
    });
  };
  int64_t tries = 0, taken = 0;
  const auto start = std::chrono::steady_clock::now();
  for (uint64_t seed = 0; !timeIsUp(start); ++seed) {
    Mutator mutator(seed);
    std::string text = good, written, again;
    if (seed)
      mutator.bytes(text);
    ++tries;
    if (!read(text, written))
      continue;
    ++taken;
    ASSERT_TRUE(read(written, again)) << text << written;
    ASSERT_EQ(written, again) << text;
  }
  std::printf("options: %lld files, %lld taken\n", static_cast<long long>(tries), static_cast<long long>(taken));
  EXPECT_GT(taken, 0);
  EXPECT_LT(taken, tries);
}

} // namespace sinter::test
