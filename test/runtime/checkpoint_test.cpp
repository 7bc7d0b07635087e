// Checkpoints: what is saved comes back, what is damaged is refused, and no failing system call loses the file before.
#include "checkpoint/checkpoint.h"
#include "checkpoint/safetensors.h"
#include "support.h"
#include "training/trainer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace sinter::test {

namespace {

class CheckpointTest : public testing::Test {
protected:
  Folder folder;
  Program program{sinter_program_v1, 1};
  std::string path = folder / "checkpoint.safetensors";
  Checkpoint checkpoint;

  void SetUp() override {
    program.initialize(3);
    checkpoint.step = 12;
    checkpoint.seed = 0xfedcba9876543210u;
    checkpoint.nextRow = 48;
    checkpoint.options = TrainingOptions().json();
    checkpoint.tokenizer = Tokenizer::charsOf("\"\\\n\tabc\u00e9", "t");
    saveCheckpoint(path, program, checkpoint);
  }
  Failed loadFailure() {
    return failureOf([&] { loadCheckpoint(path, program); });
  }
};

// Makes call number `failAt` of the saver fail.
int failAt = -1, calls = 0, failWith = EIO;
bool shortWrite = false;
bool mustFail() { return calls++ == failAt && (errno = failWith, true); }
int failingOpen(const char *path, int flags, mode_t mode) { return mustFail() ? -1 : ::open(path, flags, mode); }
ssize_t failingWrite(int file, const void *data, size_t size) {
  if (!mustFail())
    return ::write(file, data, size);
  return shortWrite && size > 1 ? ::write(file, data, size / 2) : -1;
}
int failingSync(int file) { return mustFail() ? -1 : ::fsync(file); }
int failingClose(int file) {
  const int result = ::close(file);
  return mustFail() ? -1 : result;
}
int failingRename(const char *from, const char *to) { return mustFail() ? -1 : ::rename(from, to); }

} // namespace

TEST_F(CheckpointTest, ComesBack) {
  const std::string before = stateOf(program);
  program.initialize(4);
  ASSERT_NE(stateOf(program), before);
  const Checkpoint loaded = loadCheckpoint(path, program);
  EXPECT_EQ(stateOf(program), before);
  EXPECT_EQ(loaded.step, 12);
  EXPECT_EQ(loaded.seed, checkpoint.seed);
  EXPECT_EQ(loaded.nextRow, 48);
  EXPECT_EQ(loaded.tokenizer.vocabulary(), checkpoint.tokenizer.vocabulary());
  EXPECT_EQ(loaded.options, checkpoint.options);
  const std::string bytes = readFile(path);
  saveCheckpoint(path, program, loaded);
  EXPECT_EQ(readFile(path), bytes);
}

// The rest of one of parameters alone is what the seed makes, whatever the program had before.
TEST_F(CheckpointTest, OfParametersAlone) {
  Program other(sinter_program_v1, 1);
  other.initialize(checkpoint.seed);
  for (uint32_t s = 0; s < other.description().state_count; ++s)
    if (const sinter_state &state = other.description().states[s]; isParameter(state))
      std::memcpy(other.data(state), program.toRead(state), state.tensor.bytes);
  saveCheckpoint(path, other, checkpoint, Saved::Parameters);
  for (const TensorEntry &entry : readContents(path).file.tensors)
    EXPECT_FALSE(entry.name.starts_with("optimizer.")) << entry.name;
  Program opened(sinter_program_v1, 1);
  for (Program *into : {&opened, &program}) {
    if (into == &program)
      for (uint32_t s = 0; s < program.description().state_count; ++s)
        std::memset(program.data(program.description().states[s]), 1, program.description().states[s].tensor.bytes);
    EXPECT_EQ(loadCheckpoint(path, *into).seed, checkpoint.seed);
    EXPECT_EQ(stateOf(*into), stateOf(other));
  }
}

// What comes later is not touched, everything else is as without it.
TEST(InitialValues, ComeLater) {
  Program all(sinter_program_v1, 1), but(sinter_program_v1, 1);
  all.initialize(5);
  but.initialize(6);
  const std::string before = stateOf(but);
  but.initialize(5, [](const sinter_state &) { return true; });
  EXPECT_EQ(stateOf(but), before);
  but.initializeAllButParameters(5);
  for (uint32_t s = 0; s < all.description().state_count; ++s) {
    const sinter_state &state = all.description().states[s];
    const auto at = [&](Program &program) { return static_cast<const char *>(program.toRead(state)); };
    const bool same = std::equal(at(all), at(all) + state.tensor.bytes, at(but));
    EXPECT_EQ(same, !isParameter(state) || state.init != SINTER_NORMAL) << state.tensor.name;
  }
}

// Initial values depend on the seed and the name, so no two parameters start alike.
TEST(InitialValues, ParametersAndSeedsDiffer) {
  sinter_state twins[] = {sinter_program_v1.states[0], sinter_program_v1.states[1]};
  twins[1].init = twins[0].init;
  twins[1].scale = twins[0].scale;
  sinter_program description = sinter_program_v1;
  description.states = twins;
  Program program(description, 1);
  const auto valuesOf = [&](const sinter_state &state) {
    const auto *values = static_cast<const float *>(program.toRead(state));
    return std::vector<float>(values, values + state.tensor.bytes / sizeof(float));
  };
  const auto equalOf = [](const std::vector<float> &a, const std::vector<float> &b) {
    size_t equal = 0;
    for (size_t i = 0; i < a.size(); ++i)
      equal += a[i] == b[i];
    return equal;
  };
  program.initialize(3);
  const std::vector<float> first = valuesOf(twins[0]), second = valuesOf(twins[1]);
  ASSERT_EQ(first.size(), second.size());
  EXPECT_LE(equalOf(first, second), first.size() / 100);
  for (const uint64_t seed : {uint64_t(4), uint64_t(3) + (uint64_t(1) << 32), uint64_t(3) + (uint64_t(1) << 32) + 1}) {
    program.initialize(seed);
    EXPECT_LE(equalOf(first, valuesOf(twins[0])), first.size() / 100) << seed;
  }
  program.initialize(3);
  EXPECT_EQ(valuesOf(twins[0]), first);
}

TEST_F(CheckpointTest, EveryFlippedByteIsRefused) {
  const std::string good = readFile(path);
  const size_t header = good.find("data_offsets");
  for (size_t at = 0; at < good.size(); at += at < header + 400 ? 1 : 997) {
    std::string bad = good;
    bad[at] = char(bad[at] ^ (1 << at % 8));
    write(path, bad);
    try {
      loadCheckpoint(path, program);
      // Only the text that names the format can be changed to that of a plain file, which a checkpoint must not be.
      ADD_FAILURE() << "byte " << at << " flipped, and it was taken";
    } catch (const Failure &failure) {
      EXPECT_NE(failure.exit(), Exit::Done);
    }
  }
}

TEST_F(CheckpointTest, EveryTruncationIsRefused) {
  const std::string good = readFile(path);
  for (size_t size = 0; size < good.size(); size += size < 1200 ? 1 : 4999) {
    write(path, good.substr(0, size));
    const Failed failed = loadFailure();
    EXPECT_EQ(failed.exit, Exit::Damaged) << size << ": " << failed.message;
  }
  write(path, good + "x");
  EXPECT_EQ(loadFailure().exit, Exit::Damaged);
}

static std::string file(const std::string &header, size_t dataBytes) {
  return headerLengthBytes(header) + header + std::string(dataBytes, '\0');
}

TEST_F(CheckpointTest, RefusesBadHeaders) {
  const auto message = [&](const std::string &header, size_t bytes) {
    write(path, file(header, bytes));
    const Failed failed = loadFailure();
    EXPECT_EQ(failed.exit, Exit::Damaged) << header;
    return failed.message;
  };
  expectContains(
      message(
          R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
          8),
      "given twice");
  expectContains(
      message(
          R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
          12),
      "the one before it ends at 8");
  expectContains(
      message(
          R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}})",
          16),
      "the one before it ends at 8");
  expectContains(message(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 12),
                 "12 bytes of data, but the tensors end at 8");
  expectContains(message(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 4), "truncated");
  expectContains(message(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0),
                 "overflows");
  expectContains(message(R"({"a":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,0]}})", 0),
                 "too large");
  expectContains(message(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}})", 8), "a negative number");
  expectContains(message(R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", 8), "not whole");
  expectContains(message(R"({"__metadata__":{},"__metadata__":{}})", 0), "metadata: given twice");
  expectContains(message(R"({"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}})", 4),
                 "rank is above 8");
  expectContains(message(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8), "not inside");
  expectContains(message(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}})", 8), "more than 2");
  expectContains(message(R"({"a":{"dtype":"F32","shape":[2]}})", 0), "needs dtype, shape and two data_offsets");
  expectContains(message(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8), "which needs 12");
  expectContains(message(R"({"a":[]})", 0), "an array where");
  expectContains(message(R"([])", 0), "an array where");
  expectContains(message(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} x)", 8), "not JSON");
  expectContains(message("{\"" + std::string(600, 'n') + "\":{}}", 0), "a name of 600 bytes");
  expectContains(message("{\"__metadata__\":{\"a\":" + std::string(100000, '['), 0), "an array where");
  expectContains(message("", 0), "not JSON");
  write(path, std::string("\xff\xff\xff\xff\xff\xff\xff\x7f", 8) + "{}");
  expectContains(loadFailure().message, "a header of 9223372036854775807 bytes in a file of 10 bytes");
}

TEST_F(CheckpointTest, TooManyTensors) {
  std::string header = "{";
  for (int i = 0; i <= 100000; ++i)
    header += (i ? ",\"" : "\"") + std::to_string(i) + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  write(path, file(header + "}", 0));
  expectContains(loadFailure().message, "more than 100000 tensors");
}

// Exact type and shape against the program; parameters also from plain files.
TEST_F(CheckpointTest, ForeignFiles) {
  const std::string tensor = R"("table.weight":{"dtype":"F32","shape":[96,96],"data_offsets":[0,36864]})";
  bool isCheckpoint = true;
  std::vector<std::string> notes;
  write(path, file("{" + tensor + "}", 36864));
  Failed failed = loadFailure();
  EXPECT_EQ(failed.exit, Exit::Input);
  expectContains(failed.message, "plain safetensors, not a checkpoint; --init takes its parameters");
  loadParameters(path, program, &isCheckpoint, notes);
  EXPECT_FALSE(isCheckpoint);
  EXPECT_TRUE(notes.empty());
  write(path, file("{" + tensor + R"(,"mask":{"dtype":"BOOL","shape":[5],"data_offsets":[36864,36869]}})", 36869));
  loadParameters(path, program, &isCheckpoint, notes);
  ASSERT_EQ(notes.size(), 1u);
  expectContains(notes[0], "ignored 1 tensors that are not parameters of the program, the first is mask");
  write(path, file(R"({"transformer.table.weight":{"dtype":"F32","shape":[96,96],"data_offsets":[0,36864]}})", 36864));
  loadParameters(path, program, &isCheckpoint, notes);
  const auto parametersFailure = [&](const std::string &header, size_t bytes) {
    write(path, file(header, bytes));
    failed = failureOf([&] { loadParameters(path, program, &isCheckpoint, notes); });
    EXPECT_EQ(failed.exit, Exit::Input);
    return failed.message;
  };
  expectContains(
      parametersFailure(R"({"table.weight":{"dtype":"F32","shape":[48,192],"data_offsets":[0,36864]}})", 36864),
      "table.weight: the file has F32 [48, 192], the program needs F32 [96, 96]");
  expectContains(
      parametersFailure(R"({"table.weight":{"dtype":"I16","shape":[96,96],"data_offsets":[0,18432]}})", 18432),
      "table.weight: I16 cannot be read as F32, the type of table.weight");
  expectContains(parametersFailure("{}", 0), "has no table.weight, a parameter of the program");
}

TEST_F(CheckpointTest, OfAnotherModel) {
  const std::string good = readFile(path);
  std::string other = good;
  other.replace(other.find("\"table.weight\""), 14, "\"tabel.weight\"");
  write(path, other);
  EXPECT_EQ(loadFailure().message, path + ": has no table.weight, which the program needs: it is of another model");
}

TEST_F(CheckpointTest, OptionsAreChecked) {
  for (const char *bad : {"", "{", "[]", "{}", "{\"steps\":1.5}", "nul",
                          R"({"steps":-1,"warmup":0,"val_fraction":0,"schedule":"","order":""})",
                          R"({"steps":1,"warmup":0,"val_fraction":2,"schedule":"","order":""})"})
    EXPECT_EQ(failureOf([&] { TrainingOptions::parse(bad, "c"); }).exit, Exit::Damaged) << bad;
  // Rates that are none, or that f32 takes for others.
  for (const char *rate : {R"("beta2":0.99999999)", R"("beta1":1)", R"("eps":1e-50)", R"("eps":0)", R"("lr":-1)",
                           R"("grad_clip":1e300)"}) {
    const std::string text =
        R"({"steps":1,"warmup":0,"val_fraction":0,"schedule":"","order":"",)" + std::string(rate) + "}";
    const auto failure = failureOf([&] { TrainingOptions::parse(text, "c"); });
    EXPECT_EQ(failure.exit, Exit::Damaged) << rate;
    expectContains(failure.message, "out of range");
  }
  TrainingOptions options;
  options.lr = 0.1;
  options.schedule = Schedule::Cosine;
  options.order = Order::Sequential;
  EXPECT_EQ(TrainingOptions::parse(options.json(), "c").json(), options.json());
  // Numbers of -0, which would be written as whole ones.
  std::string text = options.json();
  const std::string fraction = "\"val_fraction\":";
  const size_t at = text.find(fraction);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, text.find(',', at) - at, fraction + "-0.0");
  const std::string once = TrainingOptions::parse(text, "c").json();
  EXPECT_EQ(TrainingOptions::parse(once, "c").json(), once);
}

TEST_F(CheckpointTest, NoFailingCallLosesTheFileBefore) {
  const std::string before = readFile(path);
  const SystemCalls real = systemCalls;
  int failures = 0;
  for (const int error : {EIO, ENOSPC, 0}) {
    shortWrite = error == 0;
    failWith = error;
    for (failAt = 0; failAt < 12; ++failAt) {
      checkpoint.step = 13;
      calls = 0;
      systemCalls = {failingOpen, failingWrite, failingSync, failingClose, failingRename};
      std::string message;
      try {
        saveCheckpoint(path, program, checkpoint);
      } catch (const Failure &failure) {
        message = failure.what();
      }
      systemCalls = real;
      const bool reached = calls > failAt;
      // Whatever happened: the file is the old one or the new one, whole, and nothing is left beside it.
      Program other(sinter_program_v1, 1);
      const int64_t step = loadCheckpoint(path, other).step;
      EXPECT_TRUE(step == 12 || step == 13);
      EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
      if (reached && !shortWrite && message.empty())
        EXPECT_EQ(step, 13) << "call " << failAt; // closing the folder: of no consequence
      else if (!message.empty()) {
        ++failures;
        expectContains(message, path);
      }
      if (!message.empty() && step == 12)
        EXPECT_EQ(readFile(path), before);
      write(path, before);
    }
  }
  EXPECT_GE(failures, 16);
}

TEST_F(CheckpointTest, ExportHasParametersOnly) {
  const std::string out = folder / "plain.safetensors";
  exportParameters(out, program);
  FileReader reader(out);
  const TensorFile plain = readTensorHeader(reader);
  ASSERT_EQ(plain.tensors.size(), 1u);
  EXPECT_EQ(plain.tensors[0].name, "table.weight");
  EXPECT_EQ((reader.size() - plain.dataBytes) % 8, 0u);
}

} // namespace sinter::test
