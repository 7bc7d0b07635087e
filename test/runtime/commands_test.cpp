// The command line of a compiled program, from outside: exit codes, messages, kills, signals, full disks.
#include "commands.h"

#include <algorithm>
#include <csignal>
#include <thread>

namespace sinter::test {

TEST_F(CommandsTest, TrainTellsEveryStep) {
  const Result result =
      run(training("o", 30, {"--eval-every", "10", "--sample-every", "30", "--log", folder / "log.jsonl"}));
  EXPECT_EQ(result.exit, 0) << result.err;
  EXPECT_EQ(readFile(folder / "log.jsonl"), result.out);
  int steps = 0, evaluations = 0, samples = 0;
  double first = 0, last = 0;
  for (const Json &line : lines(result.out)) {
    evaluations += line.contains("val_loss");
    samples += line.contains("sample");
    if (!line.contains("loss"))
      continue;
    EXPECT_EQ(line["step"], ++steps);
    EXPECT_TRUE(line.contains("grad_norm") && line.contains("lr") && line.contains("tokens_per_s"));
    (steps == 1 ? first : last) = line["loss"];
  }
  EXPECT_EQ(steps, 30);
  EXPECT_EQ(evaluations, 4); // before the first step, too
  EXPECT_EQ(samples, 2);
  EXPECT_LT(last, first);
}

TEST_F(CommandsTest, SameBytesForAnyNumberOfThreads) {
  run(training("one", 50, {"--threads", "1"}));
  run(training("two", 50, {"--threads", "2"}));
  run(training("eight", 50, {"--threads", "8"}));
  EXPECT_EQ(checkpointOf("one"), checkpointOf("two"));
  EXPECT_EQ(checkpointOf("one"), checkpointOf("eight"));
}

TEST_F(CommandsTest, ResumeGivesTheSameBytes) {
  run(training("whole", 60, {"--schedule", "cosine", "--warmup", "5", "--lr", "3"}));
  run(training("parts", 17, {"--schedule", "cosine", "--warmup", "5", "--lr", "3"}));
  // The cosine's length is part of the training: the first 17 steps of 60 are not a training of 17.
  run(training("stopped", 60, {"--schedule", "cosine", "--warmup", "5", "--lr", "3", "--checkpoint-every", "7"}));
  EXPECT_NE(checkpointOf("parts"), checkpointOf("whole"));
  EXPECT_EQ(checkpointOf("stopped"), checkpointOf("whole"));
  run(training("constant", 17));
  run(training("constant", 40, {"--resume"}));
  run(training("constant40", 40));
  EXPECT_EQ(checkpointOf("constant"), checkpointOf("constant40"));
  const Result done = run(training("constant", 40, {"--resume"}));
  EXPECT_EQ(done.exit, 0);
  expectContains(done.err, "nothing to do");
  expectError(training("constant", 50, {"--resume", "--seed", "9"}), 2, "the training to resume has seed 0");
  expectError(training("nowhere", 50, {"--resume"}), 1, "nowhere/checkpoint.safetensors: no checkpoint to go on from");
  expectError({"train", "--data", text, "--resume"}, 1,
              "error: run/checkpoint.safetensors: no checkpoint to go on from; --out names its folder");
}

// Killed again and again at random instants, most of them while it saves; at the end the bytes of an undisturbed run.
TEST_F(CommandsTest, FiftyKillsLoseNothing) {
  const std::vector<std::string> often = {"--checkpoint-every", "2", "--log", folder / "killed.jsonl"};
  run(training("undisturbed", 4000));
  uint32_t random = 12345;
  int kills = 0;
  bool begun = false;
  while (kills < 50) {
    auto arguments = training("killed", 4000, often);
    if (begun)
      arguments.push_back("--resume");
    const pid_t child = start(arguments);
    random = random * 1664525u + 1013904223u;
    std::this_thread::sleep_for(std::chrono::microseconds(4000 + (random >> 8) % 30000));
    kill(child, SIGKILL);
    const Result result = finish(child);
    if (result.exit == 0)
      break;
    ASSERT_EQ(result.exit, -SIGKILL) << result.err;
    ++kills;
    begun = std::filesystem::exists(folder / "killed/checkpoint.safetensors");
  }
  auto arguments = training("killed", 4000, often);
  if (begun)
    arguments.push_back("--resume");
  const Result last = run(arguments);
  EXPECT_EQ(last.exit, 0) << last.err;
  EXPECT_GE(kills, 20);
  EXPECT_EQ(checkpointOf("killed"), checkpointOf("undisturbed"));
  int64_t step = 0;
  for (const Json &line : lines(readFile(folder / "killed.jsonl")))
    if (line.contains("loss"))
      ASSERT_EQ(line["step"], ++step); // every step once
  EXPECT_EQ(step, 4000);
}

TEST_F(CommandsTest, InterruptSavesAndExits5) {
  run(training("undisturbed", 3000));
  for (const int signal : {SIGINT, SIGTERM}) {
    const std::string name = "interrupted" + std::to_string(signal);
    const pid_t child = start(training(name, 1000000));
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    kill(child, signal);
    const Result result = finish(child);
    EXPECT_EQ(result.exit, 5) << result.err;
    expectContains(result.err, "saved; --resume goes on from there");
    const Result resumed = run(training(name, 3000, {"--resume"}));
    EXPECT_EQ(resumed.exit, 0) << resumed.err;
    if (resumed.err.find("nothing to do") == std::string::npos)
      EXPECT_EQ(checkpointOf(name), checkpointOf("undisturbed"));
  }
}

TEST_F(CommandsTest, AFullDiskKeepsThePreviousCheckpoint) {
  run(training("o", 10));
  const std::string before = checkpointOf("o");
  fileSizeLimit = 20000; // the checkpoint has about 75,000 bytes
  const Result result = run(training("o", 20, {"--resume", "--eval-every", "0"}));
  EXPECT_EQ(result.exit, 1);
  expectContains(result.err,
                 "o/checkpoint.safetensors: cannot save: write: File too large; what was saved before is unchanged");
  EXPECT_EQ(lines(result.out).size(), 10u); // it was trained nevertheless
  EXPECT_EQ(checkpointOf("o"), before);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder / "o"), {}), 3); // with log.jsonl and options.toml
  const Result fresh = run(training("fresh", 20));
  EXPECT_EQ(fresh.exit, 1);
  EXPECT_EQ(fresh.out, ""); // found before the first step
}

// It is done and saved, but what was asked for was not all written.
TEST_F(CommandsTest, AFullLogDoesNotEndTheTraining) {
  const Result result = run(training("o", 10, {"--log", "/dev/full", "--eval-every", "0"}));
  EXPECT_EQ(result.exit, 1);
  expectContains(result.err,
                 "error: /dev/full: cannot write: No space left on device; the training goes on without it");
  EXPECT_EQ(lines(result.out).size(), 10u);
  run(training("whole", 10));
  EXPECT_EQ(checkpointOf("o"), checkpointOf("whole"));
}

TEST_F(CommandsTest, LostOutputIsAnError) {
  run(training("o", 5));
  const auto printedTo = [&](const std::string &target) {
    return std::system((std::string(MOCK) + " info > " + target + " 2> /dev/null").c_str());
  };
  EXPECT_EQ(WEXITSTATUS(printedTo("/dev/full")), 1);
  EXPECT_EQ(WEXITSTATUS(printedTo("/dev/null")), 0);
}

TEST_F(CommandsTest, AnotherTrainingIsPutAside) {
  run(training("o", 10));
  const std::string before = checkpointOf("o");
  const Result result = run(training("o", 5));
  EXPECT_EQ(result.exit, 0);
  expectContains(result.err, "note: ");
  EXPECT_EQ(readFile(folder / "o/checkpoint.previous.safetensors"), before);
}

TEST_F(CommandsTest, NotFiniteLossStopsAndKeepsTheCheckpoint) {
  const std::string header = R"({"table.weight":{"dtype":"F32","shape":[96,96],"data_offsets":[0,36864]}})";
  const std::string length = {char(header.size()), 0, 0, 0, 0, 0, 0, 0};
  std::vector<float> values(96 * 96); // of so different sizes that the loss overflows
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = i % 2 ? 3e38f : -3e38f;
  std::string bytes(36864, '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  write(folder / "huge.safetensors", length + header + bytes);
  const Result result = run(training("o", 100, {"--init", folder / "huge.safetensors", "--checkpoint-every", "1"}));
  EXPECT_EQ(result.exit, 1);
  expectContains(result.err, "mock train: error: step 1: loss inf with gradient norm");
  expectContains(result.err, "o/checkpoint.safetensors holds step 0; try a lower --lr");
  expectContains(result.out, "{\"step\":1,\"loss\":null");
  EXPECT_EQ(run({"export", "--checkpoint", folder / "o", "--out", folder / "kept"}).exit, 0);
  // What is not finite is never saved.
  write(folder / "nan.safetensors", length + header + std::string(36864, '\xff'));
  const Result nan = run(training("n", 100, {"--init", folder / "nan.safetensors"}));
  EXPECT_EQ(nan.exit, 1);
  expectContains(nan.err, "not saved: element 0 of table.weight is ");
}

TEST_F(CommandsTest, Usage) {
  expectError({}, 2, "subcommand");
  expectError({"fly"}, 2, "");
  expectError({"train"}, 2, "--data is required");
  expectError({"train", "--data", text, "--steps", "-1"}, 2, "--steps");
  expectError({"train", "--data", text, "--steps", "ten"}, 2, "--steps");
  expectError({"train", "--data", text, "--steps", "99999999999999999999999"}, 2, "--steps");
  expectError({"train", "--data", text, "--lr", "nan"}, 2, "--lr");
  expectError({"train", "--data", text, "--lr", "-1"}, 2, "--lr");
  expectError({"train", "--data", text, "--seed", "-1"}, 2, "--seed");
  expectError({"train", "--data", text, "--schedule", "quadratic"}, 2, "constant");
  expectError({"train", "--data", text, "--threads", "0"}, 2, "--threads");
  expectError({"train", "--data", text, "--val-fraction", "1"}, 2, "--val-fraction");
  expectError({"train", "--data", text, "--grad-clip", "1", "--steps", "1"}, 2, "error: --grad-clip has no effect");
  expectError({"train", "--data", text, "--device", "vulkan"}, 4, "device vulkan: not compiled into this program");
  expectError({"train", "--data", text, "--device", "abacus"}, 2, "device 'abacus': not one of cpu, vulkan");
  expectError({"bench", "fly"}, 2, "fly: the program has no such entry; it has train, eval, logits");
  EXPECT_EQ(run({"--help"}).exit, 0);
  EXPECT_EQ(run({"sample", "--help"}).exit, 0);
  expectContains(run({"--version"}).out, "mock (sinterc 0.1.0, cpu:mock)");
}

TEST_F(CommandsTest, DataErrors) {
  expectError({"train", "--data", folder / "none"}, 1, "none: cannot open: No such file or directory");
  expectError({"train", "--data", write(folder / "empty", "")}, 1, "empty: is empty");
  expectError({"train", "--data", write(folder / "short", "abc")}, 1,
              "too short: 3 tokens, but a context of 8 needs at least 9");
  expectError({"train", "--data", write(folder / "bad", "hello \xff world, hello")}, 1, "byte 0xff at offset 6");
  std::string many;
  for (int i = 0; i < 97; ++i)
    many += std::string({char(0xc4 + i / 64), char(0x80 + i % 64)});
  expectError({"train", "--data", write(folder / "many", many)}, 1,
              "97 distinct characters, but the model's vocabulary holds 96");
}

TEST_F(CommandsTest, Checkpoints) {
  run(training("o", 10));
  const std::string path = folder / "o/checkpoint.safetensors", good = readFile(path);
  write(path, good.substr(0, good.size() / 2));
  expectError(training("o", 20, {"--resume"}), 3, "truncated");
  expectError({"sample", "--checkpoint", path}, 3, "truncated");
  std::string flipped = good;
  flipped[good.size() - 100] = char(flipped[good.size() - 100] ^ 1);
  write(path, flipped);
  expectError({"eval", "--data", text, "--checkpoint", path}, 3, "damaged: its content has hash");
  write(path, "this is no checkpoint, but a text");
  expectError({"eval", "--data", text, "--checkpoint", path}, 3, "not safetensors");
  std::string other = good;
  other.replace(other.find("\"table.weight\""), 14, "\"tabel.weight\"");
  write(path, other);
  expectError({"eval", "--data", text, "--checkpoint", path}, 1, "it is of another model");
}

// Parameters of several files, and those that begin anew whatever the files have.
TEST_F(CommandsTest, InitOfParts) {
  run(training("o", 20));
  const std::string plain = folder / "plain.safetensors", other = folder / "other.safetensors";
  EXPECT_EQ(run({"export", "--checkpoint", folder / "o", "--out", plain}).exit, 0);
  std::string renamed = readFile(plain);
  renamed.replace(renamed.find("\"table.weight\""), 14, "\"tabel.weight\"");
  write(other, renamed);
  run(training("whole", 5, {"--init", folder / "o"}));
  run(training("parts", 5, {"--init", other, "--init", folder / "o"}));
  run(training("plain", 5, {"--init", plain, "--init", other}));
  EXPECT_EQ(checkpointOf("whole"), checkpointOf("parts"));
  EXPECT_EQ(checkpointOf("whole"), checkpointOf("plain"));
  run(training("begun", 5));
  for (const std::string &file : {other, plain, folder / "o"}) {
    run(training("anew", 5, {"--init", file, "--new", "ta*.weight"}));
    EXPECT_EQ(checkpointOf("anew"), checkpointOf("begun"));
    std::filesystem::remove_all(folder / "anew");
  }
  expectError(training("x", 5, {"--init", other}), 1, "has no table.weight, a parameter of the program");
  expectError(
      training("x", 5, {"--init", other, "--init", other}), 1,
      "none of the 2 files has table.weight, a parameter of the program; --new table.weight lets it begin anew");
  expectError(training("x", 5, {"--new", "table.*"}), 2, "--new says which parameters --init need not have");
  expectError(training("x", 5, {"--init", plain, "--new", "head.*"}), 2,
              "--new head.*: the program has no parameter of that name; it has table.weight");
}

TEST_F(CommandsTest, ExportInitImport) {
  run(training("o", 20));
  EXPECT_EQ(run({"export", "--checkpoint", folder / "o", "--out", folder / "plain.safetensors"}).exit, 0);
  expectError(training("x", 20, {"--init", folder / "none"}), 1, "cannot open");
  // Parameters of a plain file and of a checkpoint are the same start.
  run(training("a", 5, {"--init", folder / "plain.safetensors"}));
  run(training("b", 5, {"--init", folder / "o"}));
  EXPECT_EQ(checkpointOf("a"), checkpointOf("b"));
  run(training("c", 5));
  EXPECT_NE(checkpointOf("a"), checkpointOf("c"));
  EXPECT_EQ(run({"import", "--from", folder / "plain.safetensors", "--out", folder / "imported", "--tokenizer", "chars",
                 "--vocabulary-from", text})
                .exit,
            0);
  const auto sampled = [&](const std::string &checkpoint) {
    return run({"sample", "--checkpoint", checkpoint, "--prompt", "the", "-n", "50"}).out;
  };
  EXPECT_EQ(sampled(folder / "imported"), sampled(folder / "o"));
  expectError({"sample", "--checkpoint", folder / "plain.safetensors", "--prompt", "a"}, 1,
              "has no tokenizer for text");
}

TEST_F(CommandsTest, Sampling) {
  run(training("o", 50));
  const auto sampled = [&](std::vector<std::string> more, const std::string &input = "") {
    std::vector<std::string> arguments = {"sample", "--checkpoint", folder / "o"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments, input);
  };
  const std::string greedy = sampled({"--prompt", "the", "--temperature", "0", "-n", "40"}).out;
  EXPECT_EQ(greedy.substr(0, 3), "the");
  EXPECT_EQ(greedy.size(), 44u);
  EXPECT_EQ(sampled({"--prompt-file", "-", "--temperature", "0", "-n", "40"}, "the").out, greedy);
  EXPECT_EQ(sampled({"--prompt", "the", "--top-k", "1", "-n", "40"}).out, greedy);
  EXPECT_EQ(sampled({"--seed", "5"}).out, sampled({"--seed", "5", "--threads", "1"}).out);
  EXPECT_NE(sampled({"--seed", "5"}).out, sampled({"--seed", "6"}).out);
  const Json json = Json::parse(sampled({"--json", "-n", "3", "--logprobs", "2", "--prompt", "t"}).out);
  EXPECT_EQ(json["tokens"].size(), 3u);
  EXPECT_EQ(json["logprobs"][2]["top"].size(), 2u);
  EXPECT_EQ(json["finish"], "length");
  EXPECT_EQ(sampled({"-n", "0", "--prompt", "the"}).out, "the\n");
  EXPECT_EQ(sampled({"--prompt", "\u20ac"}).exit, 1);
  EXPECT_EQ(sampled({"--prompt-file", folder / "none"}).exit, 1);
  EXPECT_EQ(sampled({"--prompt-file", "-"}, std::string("a\xff\0b", 4)).exit, 1);
  EXPECT_EQ(sampled({"--prompt", std::string(5000, 'a'), "-n", "2"}).exit, 0); // longer than the context
  for (const std::vector<std::string> &bad : {std::vector<std::string>{"--temperature", "-1"},
                                              {"--top-p", "1.5"},
                                              {"--top-k", "-1"},
                                              {"--min-p", "nan"},
                                              {"--repeat-penalty", "0"},
                                              {"--stop", ""},
                                              {"-n", "-1"}})
    EXPECT_EQ(sampled(bad).exit, 2) << bad[0];
}

TEST_F(CommandsTest, EvalBenchInfo) {
  run(training("o", 50));
  const Json eval =
      Json::parse(run({"eval", "--data", text, "--checkpoint", folder / "o", "--logits", folder / "l.npy"}).out);
  EXPECT_GT(eval["tokens"], 5000);
  EXPECT_NEAR(eval["perplexity"], std::exp(double(eval["loss"])), 1e-5);
  EXPECT_TRUE(std::filesystem::exists(folder / "l.npy"));
  const Json held = Json::parse(run({"eval", "--data", text, "--checkpoint", folder / "o", "--split", "val"}).out);
  EXPECT_LT(held["tokens"], 700);
  for (const char *entry : {"train", "eval", "logits", "sample"}) {
    const Json bench = Json::parse(run({"bench", entry, "--steps", "3", "--json", "--profile", "--threads", "2"}).out);
    EXPECT_GT(bench["ms_per_step"]["median"], 0) << entry;
    EXPECT_LE(bench["ms_per_step"]["min"], bench["ms_per_step"]["max"]);
    EXPECT_EQ(bench["threads"], 2);
    EXPECT_EQ(bench["parameter_bytes"], 36864);
    if (std::string(entry) == "sample")
      continue; // many calls of an entry
    // The profile accounts for all of the time, and for every launch.
    double milliseconds = 0, share = 0;
    int64_t launches = 0;
    for (const Json &line : bench["profile"]) {
      milliseconds += double(line["ms"]);
      share += double(line["share"]);
      launches += int64_t(line["launches"]);
      if (!line["kernel"].is_null())
        EXPECT_EQ(line["scope"], line["location"] == "mock.cpp:15:3" ? "h.0.w" : "") << line;
      if (line["kernel"].is_null())
        EXPECT_EQ(line["location"], "outside kernels");
      else
        EXPECT_NEAR(line["of_peak"], 100 * double(line["gflops_per_s"]) / double(bench["machine"]["gflops_per_s"]),
                    0.05);
    }
    EXPECT_NEAR(milliseconds, bench["profile_ms"], 1e-4 * double(bench["profile_ms"])) << entry;
    EXPECT_NEAR(share, 100, 0.1) << entry;
    EXPECT_TRUE(bench["profile"].back()["kernel"].is_null());
    EXPECT_GE(bench["profile"].back()["ms"], 0);
    EXPECT_EQ(launches, std::string(entry) == "train" ? 6 : std::string(entry) == "eval" ? 3 : 2);
    EXPECT_GT(bench["machine"]["gb_per_s"], 0);
  }
  const std::string table = run({"bench", "train", "--steps", "2", "--profile"}).out;
  expectContains(table, "outside kernels");
  expectContains(table, "(mock.cpp:15:3 in h.0.w)\n");
  expectContains(table, "100.00 %");
  const Json info = Json::parse(run({"info", "--json"}).out);
  EXPECT_EQ(info["entries"].size(), 3u);
  EXPECT_EQ(info["parameters"], 96 * 96);
  expectContains(run({"info"}).out, "entry train: 6 launches");
}

// From the start of the process to the end of the first step.
TEST_F(CommandsTest, StartsWithin100Milliseconds) {
  double best = 1;
  for (int i = 0; i < 5; ++i) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(run({"train", "--data", text, "--steps", "1"}).exit, 0);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  EXPECT_LT(best, 0.1);
}

} // namespace sinter::test
