// Steps: same bits for any number of threads, no heap allocation, schedules; evaluation and generation.
#include "data/data.h"
#include "program/processor.h"
#include "sampling/generate.h"
#include "support.h"
#include "training/evaluate.h"
#include "training/trainer.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <fcntl.h>
#include <unistd.h>

// Counts what the C library is asked for (the sanitizers have their own malloc).
static std::atomic<int64_t> allocations{0};
#ifndef SINTER_SANITIZED
extern "C" {
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *malloc(size_t size) { return allocations.fetch_add(1), __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return allocations.fetch_add(1), __libc_calloc(count, size); }
void *realloc(void *memory, size_t size) { return allocations.fetch_add(1), __libc_realloc(memory, size); }
}
#endif

#include "training/train_log.h"

namespace sinter::test {

namespace {

class TrainingTest : public testing::Test {
protected:
  Folder folder;
  TrainingOptions options;

  Data data(Program &program, size_t size = 4000) {
    DataOptions dataOptions;
    dataOptions.path = write(folder / "t.txt", someText(size));
    return loadData(dataOptions, Batch::of(program, *program.findEntry("train")), 96);
  }
};

} // namespace

TEST_F(TrainingTest, SameBitsForAnyNumberOfThreads) {
  std::string first;
  for (int threads : {1, 2, 4, 8}) {
    Program program(sinter_program_v1, threads);
    program.initialize(1);
    const Data text = data(program);
    Trainer trainer(program, options, 1);
    StepResult result;
    for (int64_t step = 1; step <= 100; ++step)
      result = trainer.step(*text.training, step);
    EXPECT_LT(result.loss, 3.5);
    if (first.empty())
      first = stateOf(program);
    EXPECT_EQ(stateOf(program), first) << threads;
  }
}

TEST_F(TrainingTest, AStepAllocatesNothing) {
  Program program(sinter_program_v1, 2);
  program.initialize(1);
  const Data text = data(program);
  Trainer trainer(program, options, 1);
  TrainLog log(folder / "log.jsonl", -1, 100, trainer.batch().predictions(), "tokens");
  const int output = dup(1), nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, 1);
  log.step(1, trainer.step(*text.training, 1));
  const int64_t before = allocations;
  for (int64_t step = 2; step <= 50; ++step)
    log.step(step, trainer.step(*text.training, step));
  const int64_t counted = allocations - before;
  dup2(output, 1);
  EXPECT_EQ(counted, 0);
}

TEST_F(TrainingTest, Schedules) {
  Program program(sinter_program_v1, 1);
  options.steps = 110;
  options.warmup = 10;
  options.lr = 1.0;
  EXPECT_DOUBLE_EQ(Trainer(program, options, 0).learningRate(1), 0.1);
  EXPECT_DOUBLE_EQ(Trainer(program, options, 0).learningRate(10), 1);
  EXPECT_DOUBLE_EQ(Trainer(program, options, 0).learningRate(100), 1);
  options.schedule = Schedule::Cosine;
  EXPECT_DOUBLE_EQ(Trainer(program, options, 0).learningRate(10), 1);
  EXPECT_DOUBLE_EQ(Trainer(program, options, 0).learningRate(60), 0.55);
  EXPECT_DOUBLE_EQ(Trainer(program, options, 0).learningRate(110), 0.1);
  EXPECT_DOUBLE_EQ(Trainer(program, options, 0).learningRate(1000), 0.1);
  options.minLr = 0;
  EXPECT_NEAR(Trainer(program, options, 0).learningRate(110), 0, 1e-15);

  options.schedule = Schedule::Linear;
  options.minLr = 0.2;
  EXPECT_DOUBLE_EQ(Trainer(program, options, 0).learningRate(10), 1);
  EXPECT_DOUBLE_EQ(Trainer(program, options, 0).learningRate(35), 0.8);
  EXPECT_DOUBLE_EQ(Trainer(program, options, 0).learningRate(110), 0.2);
  EXPECT_DOUBLE_EQ(Trainer(program, options, 0).learningRate(111), 0.2);

  options.schedule = Schedule::InverseSqrt;
  options.minLr.reset();
  EXPECT_DOUBLE_EQ(Trainer(program, options, 0).learningRate(5), 0.5);
  EXPECT_DOUBLE_EQ(Trainer(program, options, 0).learningRate(40), 0.5);
  EXPECT_DOUBLE_EQ(Trainer(program, options, 0).learningRate(1000), 0.1);
  options.minLr = 0.25;
  EXPECT_DOUBLE_EQ(Trainer(program, options, 0).learningRate(1000), 0.25);
}

// torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1, total_steps=100), its formulas written out: pct_start 0.3,
// div_factor 25, final_div_factor 1e4.
TEST_F(TrainingTest, OneCycle) {
  Program program(sinter_program_v1, 1);
  options.steps = 100;
  options.lr = 1.0;
  options.schedule = Schedule::OneCycle;
  EXPECT_NEAR(Trainer(program, options, 0).learningRate(1), 0.04, 1e-15);
  EXPECT_DOUBLE_EQ(Trainer(program, options, 0).learningRate(30), 1);
  EXPECT_NEAR(Trainer(program, options, 0).learningRate(15), 0.04 + 0.48 * (1 - std::cos(M_PI * 14 / 29)), 1e-12);
  EXPECT_NEAR(Trainer(program, options, 0).learningRate(65), (1 + 4e-6) / 2, 1e-12);
  EXPECT_NEAR(Trainer(program, options, 0).learningRate(100), 4e-6, 1e-15);
  EXPECT_NEAR(Trainer(program, options, 0).learningRate(200), 4e-6, 1e-15);
  options.warmup = 51;
  EXPECT_DOUBLE_EQ(Trainer(program, options, 0).learningRate(51), 1);
  EXPECT_NEAR(Trainer(program, options, 0).learningRate(26), 0.52, 1e-12);
}

TEST_F(TrainingTest, OptionsWithoutEffectAreErrors) {
  Program program(sinter_program_v1, 1);
  options.weightDecay = 0.1;
  EXPECT_EQ(failureOf([&] { Trainer(program, options, 0); }).message,
            "--weight-decay has no effect: the model's entry 'train' has no input weight_decay");
}

/// Mean loss of the mock's model on predictions [begin, end) of a text, in double precision.
static double lossOf(Program &program, const std::vector<int32_t> &ids, size_t begin, size_t end) {
  const auto *table = static_cast<const float *>(program.data(program.description().states[0]));
  double loss = 0;
  for (size_t i = begin; i < end; ++i) {
    const float *row = table + ids[i] * 96;
    double sum = 0;
    for (int v = 0; v < 96; ++v)
      sum += std::exp(double(row[v]));
    loss += std::log(sum) - row[ids[i + 1]];
  }
  return loss / double(end - begin);
}

// In sequential order step n has the n-th 32 predictions of the text, from the first on. A rate of 0 leaves the model
// alone.
TEST_F(TrainingTest, StepsTakeTheTextFromItsStart) {
  Program program(sinter_program_v1, 1);
  program.initialize(1);
  const Data text = data(program);
  const std::vector<int32_t> ids = text.tokenizer.encode(readFile(folder / "t.txt"), "t");
  options.order = Order::Sequential;
  options.lr = 0;
  Trainer trainer(program, options, 1);
  for (size_t step = 1; step <= 5; ++step)
    EXPECT_NEAR(trainer.step(*text.training, int64_t(step)).loss, lossOf(program, ids, 32 * (step - 1), 32 * step),
                1e-5)
        << step;
}

TEST_F(TrainingTest, EvaluationCountsEveryRowOnce) {
  Program program(sinter_program_v1, 1);
  program.initialize(1);
  // 9 rows of 8 tokens: two batches of 4 rows and one row that is measured from the logits.
  DataOptions dataOptions;
  dataOptions.path = write(folder / "e.txt", someText(200).substr(0, 75));
  dataOptions.validationFraction = 0;
  const Data text = loadData(dataOptions, Batch::of(program, *program.findEntry("eval")), 96);
  const Evaluation all = evaluate(program, *text.training, 0);
  EXPECT_EQ(all.predictions, 72);
  EXPECT_EQ(all.bytes, 72);
  EXPECT_NEAR(all.bitsPerByte(), all.loss / std::log(2), 1e-12);
  // The same from the table itself.
  const auto *table = static_cast<const float *>(program.data(program.description().states[0]));
  const std::vector<int32_t> ids = text.tokenizer.encode(readFile(dataOptions.path), "t");
  double correct = 0;
  for (int i = 0; i < 72; ++i) {
    const float *row = table + ids[size_t(i)] * 96;
    correct += std::max_element(row, row + 96) - row == ids[size_t(i) + 1];
  }
  EXPECT_NEAR(all.loss, lossOf(program, ids, 0, 72), 1e-5);
  EXPECT_NEAR(all.accuracy, correct / 72, 1e-9);
  EXPECT_EQ(evaluate(program, *text.training, 2).predictions, 64);
}

// Padding counts neither in the loss nor in its mean, and is no prediction.
TEST_F(TrainingTest, EvaluationLeavesPaddingOut) {
  Program program(sinter_program_v1, 1);
  program.initialize(1);
  std::string ids;
  for (int i = 0; i < 75; ++i)
    ids += i % 5 == 3 ? std::string("\xff\xff") : std::string{char(i % 90), '\0'};
  DataOptions dataOptions;
  dataOptions.path = write(folder / "e.bin", ids);
  dataOptions.validationFraction = 0;
  const Data tokens = loadData(dataOptions, Batch::of(program, *program.findEntry("eval")), 96);
  const Evaluation all = evaluate(program, *tokens.training, 0);
  const auto *table = static_cast<const float *>(program.data(program.description().states[0]));
  double loss = 0;
  int64_t counted = 0;
  for (int i = 0; i < 72; ++i) {
    if ((i + 1) % 5 == 3)
      continue;
    const float *row = table + (i % 5 == 3 ? 0 : i % 90) * 96; // padding among the inputs is token 0
    double sum = 0;
    for (int v = 0; v < 96; ++v)
      sum += std::exp(double(row[v]));
    loss += std::log(sum) - row[(i + 1) % 90];
    ++counted;
  }
  EXPECT_EQ(all.predictions, counted);
  EXPECT_NEAR(all.loss, loss / double(counted), 1e-5);
}

TEST_F(TrainingTest, LogitsAsNumpy) {
  Program program(sinter_program_v1, 1);
  program.initialize(1);
  const Data text = data(program);
  evaluate(program, *text.training, 1);
  writeLogits(folder / "l.npy", program);
  const std::string bytes = readFile(folder / "l.npy");
  EXPECT_EQ(bytes.substr(0, 6), "\x93NUMPY");
  expectContains(bytes.substr(0, 128), "'shape': (4,8,96,)");
  EXPECT_EQ((bytes.size() - 4 * 8 * 96 * 4) % 64, 0u);
}

TEST_F(TrainingTest, GenerationStopsAndStreams) {
  Program program(sinter_program_v1, 1);
  program.initialize(1);
  // Bigrams with certainty: a -> b -> c -> a.
  const Tokenizer tokenizer = Tokenizer::charsOf("abc\n", "t");
  auto *table = static_cast<float *>(program.data(program.description().states[0]));
  for (int i = 1; i <= 3; ++i)
    table[i * 96 + i % 3 + 1] = 50;
  Generator generator(program, tokenizer);
  GenerateOptions generate;
  generate.count = 20;
  generate.sampler.temperature = 0;
  const std::vector<int32_t> prompt = generator.promptTokens("a", "p");
  std::string shown;
  const auto show = [&](const std::string &text) { return shown += text, true; };
  EXPECT_EQ(generator.run(prompt, generate, show).text, "bcabcabcabcabcabcabc");
  EXPECT_EQ(shown, "bcabcabcabcabcabcabc");
  generate.stop = {"cabd", "abca", "zzz"};
  shown.clear();
  const Generated stopped = generator.run(prompt, generate, show);
  EXPECT_TRUE(stopped.stopped);
  EXPECT_EQ(stopped.text, "bc");
  EXPECT_EQ(shown, "bc");
  generate.stop.clear();
  generate.logProbabilities = 2;
  const Generated told = generator.run(prompt, generate, show);
  EXPECT_EQ(told.tokens[0].id, told.tokens[0].top[0].first);
  EXPECT_NEAR(told.tokens[0].logProbability, 0, 1e-6);
  EXPECT_EQ(generator.promptTokens("", "p"), std::vector<int32_t>{0}); // the newline
}

TEST_F(TrainingTest, InitialValuesDependOnNameAndSeedOnly) {
  Program one(sinter_program_v1, 1), eight(sinter_program_v1, 8);
  one.initialize(9);
  eight.initialize(9);
  EXPECT_EQ(stateOf(one), stateOf(eight));
  one.initialize(10);
  EXPECT_NE(stateOf(one), stateOf(eight));
}

TEST_F(TrainingTest, AnotherInterfaceVersionIsRefused) {
  sinter_program other = sinter_program_v1;
  other.abi_version = 99;
  const Failed failed = failureOf([&] { Program program(other, 1); });
  EXPECT_EQ(failed.exit, Exit::Device);
  expectContains(failed.message, "compiled for interface version 99, this runtime has version " +
                                     std::to_string(SINTER_ABI_VERSION) + ";");
}

// The last version that the processor can run is taken, or the one that was asked for; else the error says what is
// missing.
TEST(Processor, ChoosesAVersion) {
  const sinter_version versions[] = {{"old", 1, 0, nullptr}, {"wide", 3, 0, nullptr}, {"new", 7, 0, nullptr}};
  sinter_program program = sinter_program_v1;
  program.versions = versions;
  program.version_count = 3;
  EXPECT_EQ(&chooseVersion(program, "", 7), &versions[2]);
  EXPECT_EQ(&chooseVersion(program, "", 3 | 64), &versions[1]);
  EXPECT_EQ(&chooseVersion(program, "", 5), &versions[0]);
  EXPECT_EQ(&chooseVersion(program, "wide", 7), &versions[1]);
  Failed failed = failureOf([&] { chooseVersion(program, "", 6); });
  EXPECT_EQ(failed.exit, Exit::Device);
  expectContains(failed.message, "processor: old needs sse3, which this processor lacks");
  failed = failureOf([&] { chooseVersion(program, "new", 1); });
  EXPECT_EQ(failed.exit, Exit::Device);
  expectContains(failed.message, "processor: new needs ssse3 sse4.1, which this processor lacks");
  failed = failureOf([&] { chooseVersion(program, "newest", 7); });
  EXPECT_EQ(failed.exit, Exit::Usage);
  expectContains(failed.message, "--march newest: the program has no such version; it has old, wide, new");
  program.version_count = 0;
  program.target = "vulkan";
  failed = failureOf([&] { chooseVersion(program, "", 7); });
  EXPECT_EQ(failed.exit, Exit::Device);
  expectContains(failed.message,
                 "device cpu: not compiled into this program, which is for vulkan; use --device vulkan");
}

} // namespace sinter::test
