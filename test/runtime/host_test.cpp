// sinter/host.h: what a program of one's own does with a model, against what the runtime does itself.
#include "sinter/host.h"

#include "checkpoint/checkpoint.h"
#include "support.h"
#include "training/trainer.h"

#include <numeric>
#include <thread>

extern "C" int train_in_c(int steps, const char *save, double *out_loss);

namespace sinter::test {

namespace {

constexpr int64_t rows = 32, vocabulary = 96;

std::vector<int32_t> tokens(int shift) {
  std::vector<int32_t> result(rows);
  for (int64_t i = 0; i < rows; ++i)
    result[size_t(i)] = int32_t((i + shift) % 5);
  return result;
}

std::string messageOf(const std::function<void()> &body, int status) {
  try {
    body();
  } catch (const host::Error &error) {
    EXPECT_EQ(error.status(), status) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "did not fail";
  return "";
}

class HostTest : public testing::Test {
protected:
  Folder folder;
  host::Model model{sinter_program_v1, {.threads = 2, .seed = 1}};

  /// So many steps on one batch; returns the last loss.
  static double train(host::Model &model, int steps) {
    model.set("train", "tokens", tokens(0));
    model.set("train", "targets", tokens(1));
    for (int i = 0; i < steps; ++i)
      model.call("train");
    return model.number("train", "loss");
  }
  static std::vector<float> table(host::Model &model) {
    std::vector<float> values(vocabulary * vocabulary);
    model.getState("table.weight", values);
    return values;
  }
};

} // namespace

// The same steps by hand, on the program as commands have it.
TEST_F(HostTest, TrainsAsTheRuntimeDoes) {
  const double loss = train(model, 20);
  Program program(sinter_program_v1, 1);
  program.initialize(1);
  const sinter_entry &entry = *program.findEntry("train");
  double expected = 0;
  for (int step = 1; step <= 20; ++step) {
    program.setDefaults(entry);
    program.setScalar(entry, "step", step);
    std::memcpy(program.data(*Program::findInput(entry, "tokens")), tokens(0).data(), 4 * rows);
    std::memcpy(program.data(*Program::findInput(entry, "targets")), tokens(1).data(), 4 * rows);
    program.run(entry);
    expected = program.scalar(entry, "loss");
  }
  EXPECT_EQ(loss, expected);
  EXPECT_LT(loss, 0.7);
  EXPECT_EQ(model.steps(), 20);
  const auto *weights = static_cast<const float *>(program.data(*program.findState("table.weight")));
  EXPECT_EQ(table(model), std::vector<float>(weights, weights + vocabulary * vocabulary));
}

TEST_F(HostTest, TheCPart) {
  double loss = 0;
  EXPECT_EQ(train_in_c(20, (folder / "c").c_str(), &loss), 0) << sinter_last_error();
  EXPECT_EQ(loss, train(model, 20));
  model.save(folder / "cpp");
  EXPECT_EQ(readFile(folder / "c"), readFile(folder / "cpp"));
}

// A call of another entry, and the run itself, write over the memory that inputs lie in; what was set stays.
TEST_F(HostTest, InputsStayAsTheyWereSet) {
  host::Model other(sinter_program_v1, {.threads = 1, .seed = 1});
  train(model, 1);
  train(other, 1);
  const std::vector<int32_t> row(8, 3);
  other.set("logits", "tokens", row);
  other.set("logits", "position", 2);
  other.call("logits");
  model.call("train");
  other.call("train");
  EXPECT_EQ(model.number("train", "loss"), other.number("train", "loss"));
  EXPECT_EQ(other.steps(), 2); // logits writes no state: it is no step
  EXPECT_EQ(table(model), table(other));
  // What is taken back is the default again.
  other.set("train", "lr", 0);
  other.call("train");
  EXPECT_EQ(table(model), table(other));
  other.unset("train", "lr");
  other.set("train", "step", 3);
  other.call("train");
  EXPECT_NE(table(model), table(other));
}

TEST_F(HostTest, SavesAndLoads) {
  train(model, 5);
  model.save(folder / "five");
  host::Model other(sinter_program_v1, {.threads = 1, .seed = 7});
  other.load(folder / "five");
  EXPECT_EQ(other.steps(), 5);
  EXPECT_EQ(table(model), table(other));
  EXPECT_EQ(train(model, 3), train(other, 3)); // the optimizer's memory came with it
  other.save(folder / "other");
  model.save(folder / "model");
  EXPECT_EQ(readFile(folder / "other"), readFile(folder / "model"));
  // A program takes it as one of its own.
  Program program(sinter_program_v1, 1);
  EXPECT_EQ(loadCheckpoint(folder / "model", program).step, 8);
  // A folder of a training, and parameters alone.
  makeFolder(folder / "run");
  model.save(folder / "run/checkpoint.safetensors");
  other.initialize(3);
  EXPECT_EQ(other.steps(), 0);
  other.load(folder / "run");
  EXPECT_EQ(table(model), table(other));
  exportParameters(folder / "parameters", program);
  other.initialize(3);
  other.load(folder / "parameters");
  EXPECT_EQ(table(model), table(other));
  EXPECT_EQ(other.steps(), 0);
}

// States are drawn when they are asked for, unless a file gives them first: nobody sees when.
TEST_F(HostTest, InitialValuesWaitForAFile) {
  host::Model drawn(sinter_program_v1, {.threads = 1, .seed = 7}), late(sinter_program_v1, {.threads = 1, .seed = 7});
  drawn.initialize(7);
  write(folder / "junk", "junk");
  EXPECT_NE(messageOf([&] { late.load(folder / "junk"); }, SINTER_DAMAGED), "");
  late.save(folder / "late");
  drawn.save(folder / "drawn");
  EXPECT_EQ(readFile(folder / "late"), readFile(folder / "drawn"));

  Program program(sinter_program_v1, 1);
  program.initialize(9);
  exportParameters(folder / "parameters", program);
  host::Model first(sinter_program_v1, {.threads = 1, .seed = 7});
  for (host::Model *each : {&first, &drawn}) {
    each->load(folder / "parameters");
    train(*each, 3);
  }
  EXPECT_EQ(table(first), table(drawn));
}

TEST_F(HostTest, StatesGoOutAndIn) {
  std::vector<float> values(vocabulary * vocabulary);
  std::iota(values.begin(), values.end(), 0.0f);
  model.setState("table.weight", values);
  EXPECT_EQ(table(model), values);
  const std::vector<int32_t> row = {7, 0, 0, 0, 0, 0, 0, 0};
  model.set("logits", "tokens", row);
  model.set("logits", "position", 0);
  model.call("logits");
  const std::span<const float> logits = model.output<float>("logits", "logits");
  ASSERT_EQ(logits.size(), size_t(vocabulary));
  for (int64_t v = 0; v < vocabulary; ++v)
    EXPECT_EQ(logits[size_t(v)], float(7 * vocabulary + v));
}

TEST_F(HostTest, WhatIsWrongIsSaid) {
  EXPECT_EQ(messageOf([&] { model.call("trian"); }, SINTER_WRONG_USE),
            "entry trian: there is none; known are train, eval, logits; did you mean train?");
  EXPECT_EQ(messageOf([&] { model.call("train"); }, SINTER_WRONG_USE),
            "entry train: the input tokens, i32 [4, 8], was never set");
  EXPECT_EQ(messageOf([&] { model.set("train", "tokens", std::vector<int32_t>(31)); }, SINTER_WRONG_USE),
            "entry train: input tokens has 32 elements, [4, 8], not 31");
  EXPECT_EQ(messageOf([&] { model.set("train", "tokens", std::vector<float>(32)); }, SINTER_WRONG_USE),
            "entry train: input tokens is of i32, not f32");
  EXPECT_EQ(messageOf([&] { model.set("train", "tokens", 3); }, SINTER_WRONG_USE),
            "entry train: input tokens has 32 elements, [4, 8], not one number");
  expectContains(messageOf([&] { model.set("train", "token", 3); }, SINTER_WRONG_USE),
                 "entry train: input token: there is none; known are tokens, targets, lr, beta1, step; did you mean");
  EXPECT_EQ(messageOf([&] { model.number("train", "loss"); }, SINTER_WRONG_USE),
            "entry train: output loss: the entry was not called yet");
  train(model, 1);
  EXPECT_EQ(messageOf([&] { model.number("eval", "loss"); }, SINTER_WRONG_USE),
            "entry eval: output loss: the last call was of train");
  expectContains(messageOf([&] { model.setState("table", std::vector<float>(1)); }, SINTER_WRONG_USE),
                 "state table: there is none; known are table.weight");
  expectContains(messageOf([&] { model.load(folder / "nothing"); }, SINTER_WRONG_INPUT), "nothing: cannot open");
  write(folder / "junk", "junk");
  EXPECT_NE(messageOf([&] { model.load(folder / "junk"); }, SINTER_DAMAGED), "");
  expectContains(messageOf([&] { model.save(folder / "no/where"); }, SINTER_WRONG_INPUT), "no/where");
  expectContains(messageOf([] { host::Model(sinter_program_v1, {.device = "abacus"}); }, SINTER_WRONG_USE), "abacus");
  sinter_program old = sinter_program_v1;
  old.abi_version = 1;
  expectContains(messageOf([&] { host::Model{old}; }, SINTER_DEVICE), "interface version 1");
}

// Each thread has a model of its own.
TEST_F(HostTest, SeveralModelsAtOnce) {
  const double expected = train(model, 30);
  std::vector<double> losses(4);
  std::vector<std::jthread> threads;
  for (double &loss : losses)
    threads.emplace_back([&loss] {
      host::Model own(sinter_program_v1, {.threads = 1, .seed = 1});
      loss = train(own, 30);
    });
  threads.clear();
  EXPECT_EQ(losses, std::vector<double>(4, expected));
}

} // namespace sinter::test
