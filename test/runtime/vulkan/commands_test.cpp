// The command line of a program with kernels for Vulkan, from outside: what is missing on a machine is said in one line
// with exit code 4; devices are chosen as asked. MOCK is the executable that program.cpp makes, MOCK_VULKAN_ONLY_PATH
// the one without kernels for the CPU.
#include "../../vulkan/radeon.h"
#include "../support.h"
#include "vulkan/vulkan_device.h"

#include <algorithm>
#include <fcntl.h>
#include <map>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

namespace sinter::test {

using Json = nlohmann::json;

namespace {

struct Result {
  int exit = -1; ///< -signal if one ended it
  std::string out, err;
};

class VulkanCommandsTest : public testing::Test {
protected:
  Folder folder;
  std::string executable = MOCK;
  std::vector<std::pair<std::string, std::string>> environment;

  Result run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), executable);
    std::vector<char *> raw;
    for (std::string &argument : arguments)
      raw.push_back(argument.data());
    raw.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
      for (const auto &[name, value] : environment)
        setenv(name.c_str(), value.c_str(), 1);
      const auto redirect = [&](const char *name, int to) {
        dup2(::open((folder / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666), to);
      };
      redirect("stdout", 1);
      redirect("stderr", 2);
      execv(raw[0], raw.data());
      _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), readFile(folder / "stdout"),
            readFile(folder / "stderr")};
  }

  /// One line with the message, and the exit code.
  void expectError(std::vector<std::string> arguments, int exit, const std::string &part) {
    const Result result = run(std::move(arguments));
    EXPECT_EQ(result.exit, exit) << result.err;
    EXPECT_TRUE(result.err.starts_with("mock_vulkan")) << result.err;
    expectContains(result.err, ": error: ");
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    expectContains(result.err, part);
  }
  std::vector<std::string> bench(const std::string &device) {
    return {"bench", "train", "--steps", "2", "--device", device};
  }

  /// The software device, as --device takes it.
  static std::string software() {
    for (const VulkanDeviceInfo &device : listVulkanDevices(sinter_program_v1))
      if (device.type == "software on the processor")
        return "vulkan:" + std::to_string(device.index);
    ADD_FAILURE() << "this machine has no software Vulkan device: install mesa-vulkan-drivers";
    return "vulkan";
  }
  static bool hasGpu() {
    const auto devices = listVulkanDevices(sinter_program_v1);
    return std::any_of(devices.begin(), devices.end(),
                       [](const VulkanDeviceInfo &d) { return d.type != "software on the processor"; });
  }

  /// Images and labels as the model takes them.
  std::string images() {
    const auto idx = [](std::initializer_list<int> sizes, const std::string &bytes) {
      std::string file = {0, 0, 8, char(sizes.size())};
      for (int size : sizes)
        file += {0, 0, char(size >> 8), char(size)};
      return file + bytes;
    };
    std::string pixels, labels;
    for (int i = 0; i < 200 * 40; ++i)
      pixels += char((i * 37 + i / 40 * 11) % 251);
    for (int i = 0; i < 200; ++i)
      labels += char(i * 5 % 56);
    write(folder / "train-images-idx3-ubyte", idx({200, 5, 8}, pixels));
    write(folder / "train-labels-idx1-ubyte", idx({200}, labels));
    return folder / "train-images-idx3-ubyte";
  }
  std::vector<std::string> training(const std::string &out, int steps, std::vector<std::string> more) {
    std::vector<std::string> arguments = {
        "train", "--data", images(), "--out", folder / out, "--eval-every", "0", "--steps", std::to_string(steps)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
};

} // namespace

TEST_F(VulkanCommandsTest, NoLoader) {
  // What the system finds first under the loader's names is no library.
  write(folder / "libvulkan.so.1", "not a library");
  write(folder / "libvulkan.so", "not a library");
  environment = {{"LD_LIBRARY_PATH", folder.path()}};
  expectError(bench("vulkan"), 4, "device vulkan: this machine has no Vulkan loader (libvulkan.so.1)");
  EXPECT_EQ(run(bench("cpu")).exit, 0);
}

TEST_F(VulkanCommandsTest, NoDriver) {
  environment = {{"VK_DRIVER_FILES", "/nonexistent"}, {"VK_ICD_FILENAMES", "/nonexistent"}};
  for (const char *device : {"vulkan", "vulkan:0"})
    expectError(bench(device), 4, "device vulkan: this machine has no Vulkan driver");
  EXPECT_EQ(run(bench("cpu")).exit, 0);
  const Result info = run({"info"});
  EXPECT_EQ(info.exit, 0);
  expectContains(info.out, "device       device vulkan: this machine has no Vulkan driver");
  EXPECT_EQ(Json::parse(run({"info", "--json"}).out)["vulkan"]["devices"].size(), 0u);
}

TEST_F(VulkanCommandsTest, NoDevice) {
  const std::string driver = radeonDriver();
  if (!std::filesystem::exists(driver) || hasGpu())
    GTEST_SKIP() << "takes a driver for hardware that is not there";
  environment = {{"VK_DRIVER_FILES", driver}, {"VK_ICD_FILENAMES", driver}};
  expectError(bench("vulkan"), 4, "device vulkan: the Vulkan drivers of this machine find no device; use --device cpu");
}

TEST_F(VulkanCommandsTest, NoLayer) {
  environment = {{"VK_LAYER_PATH", "/nonexistent"}};
  expectError(bench(software()), 4,
              "SINTER_VULKAN_VALIDATE needs the layer VK_LAYER_KHRONOS_validation, which is not installed");
}

TEST_F(VulkanCommandsTest, SoftwareOnlyWhenAskedFor) {
  if (hasGpu())
    GTEST_SKIP() << "this machine has a GPU";
  const Result result = run(bench("vulkan"));
  EXPECT_EQ(result.exit, 4);
  expectContains(result.err, "error: device vulkan: this machine has no GPU, only 0: llvmpipe");
  expectContains(result.err, "--device vulkan:0 takes that, --device cpu is faster");
}

TEST_F(VulkanCommandsTest, UnknownDevices) {
  expectError(bench("vulkan:77"), 4, "device vulkan:77: there is no such device; there are 0: ");
  expectError(bench("vulkan:x"), 2, "device 'vulkan:x': not one of cpu, vulkan, vulkan:INDEX");
  expectError(bench("gpu"), 2, "device 'gpu': not one of cpu, vulkan, vulkan:INDEX");
  std::vector<std::string> arguments = bench(software());
  arguments.insert(arguments.end(), {"--vulkan-profile", "wide"});
  expectError(arguments, 2, "--vulkan-profile wide: the program has no such version; it has registers, shared");
}

// Without --device such a program takes Vulkan, and says what it finds there.
TEST_F(VulkanCommandsTest, ForVulkanAlone) {
  executable = MOCK_VULKAN_ONLY_PATH;
  expectError(bench("cpu"), 4, "device cpu: not compiled into this program, which is for vulkan; use --device vulkan");
  if (!hasGpu())
    expectError({"bench"}, 4, "device vulkan: this machine has no GPU, only 0: llvmpipe");
  const Result result = run(bench(software()));
  EXPECT_EQ(result.exit, 0) << result.err;
  EXPECT_EQ(run({"info"}).exit, 0);
  EXPECT_EQ(run(bench("null")).exit, 0);
  // What only moves parameters between files needs no device.
  ASSERT_EQ(run(training("run", 2, {"--device", software()})).exit, 0);
  environment = {{"VK_DRIVER_FILES", "/nonexistent"}, {"VK_ICD_FILENAMES", "/nonexistent"}};
  EXPECT_EQ(run({"export", "--checkpoint", folder / "run", "--out", folder / "weights"}).exit, 0);
  EXPECT_EQ(run({"import", "--from", folder / "weights", "--out", folder / "again"}).exit, 0);
}

TEST_F(VulkanCommandsTest, Bench) {
  for (const char *profile : {"registers", "shared"}) {
    std::vector<std::string> arguments = bench(software());
    arguments.insert(arguments.end(), {"--json", "--profile", "--threads", "2", "--vulkan-profile", profile});
    const Result result = run(arguments);
    ASSERT_EQ(result.exit, 0) << result.err;
    const Json json = Json::parse(result.out);
    EXPECT_TRUE(std::string(json["device"]).starts_with(software() + " llvmpipe")) << json["device"];
    EXPECT_EQ(json["threads"], 2);
    ASSERT_EQ(json["profile"].size(), 9u); // eight kernels and the rest
    double share = 0;
    for (const Json &line : json["profile"])
      share += double(line["share"]);
    for (const Json &line : json["profile"])
      EXPECT_EQ(line.contains("general"), line["kernel"] == "cross_entropy") << line;
    EXPECT_NEAR(share, 100, 0.1);
    EXPECT_GT(json["machine"]["gflops_per_s"], 0); // it computes on the processor
  }
  std::vector<std::string> arguments = bench(software());
  arguments.push_back("--profile");
  const std::string text = run(arguments).out;
  expectContains(text, "product (mock.cpp:11:3)\n");
  expectContains(text, "cross_entropy (mock.cpp:14:3), by the general lowering\n");
}

TEST_F(VulkanCommandsTest, Info) {
  const Result text = run({"info"});
  EXPECT_EQ(text.exit, 0) << text.err;
  expectContains(text.out, "vulkan       registers: 9 shaders, scratch 1536 bytes\nvulkan       shared: 9 shaders");
  expectContains(text.out, "device       " + software() + ": llvmpipe");
  expectContains(text.out, ": runs registers; f32 keeps NaN, infinities and signs of zeros");
  const Json json = Json::parse(run({"info", "--json"}).out)["vulkan"];
  EXPECT_EQ(json["versions"][1]["name"], "shared");
  EXPECT_EQ(json["devices"].back()["unusable"], "");
}

// A training begins on one device and goes on on the other; what comes out is what one device alone would have made,
// but for rounding.
TEST_F(VulkanCommandsTest, TrainingMovesBetweenDevices) {
  const auto lossOf = [](const Result &result) { return double(Json::parse(result.out)["loss"]); };
  const auto evaluate = [&](const std::string &out, const std::string &device) {
    const Result result = run({"eval", "--data", folder / "train-images-idx3-ubyte", "--checkpoint", folder / out,
                               "--json", "--device", device});
    EXPECT_EQ(result.exit, 0) << result.err;
    return lossOf(result);
  };
  ASSERT_EQ(run(training("cpu", 20, {"--device", "cpu"})).exit, 0);
  ASSERT_EQ(run(training("vulkan", 20, {"--device", software()})).exit, 0);
  ASSERT_EQ(run(training("a", 10, {"--device", "cpu", "--checkpoint-every", "10"})).exit, 0);
  ASSERT_EQ(run(training("a", 20, {"--device", software(), "--resume"})).exit, 0);
  ASSERT_EQ(run(training("b", 10, {"--device", software()})).exit, 0);
  ASSERT_EQ(run(training("b", 20, {"--device", "cpu", "--resume"})).exit, 0);
  const double expected = evaluate("cpu", "cpu");
  for (const char *out : {"cpu", "vulkan", "a", "b"})
    for (const std::string &device : {std::string("cpu"), software()})
      EXPECT_NEAR(evaluate(out, device), expected, 1e-5 * expected) << out << " on " << device;
  ASSERT_EQ(run(training("again", 20, {"--device", software()})).exit, 0);
  EXPECT_EQ(readFile(folder / "again/checkpoint.safetensors"), readFile(folder / "vulkan/checkpoint.safetensors"));
}

// What was saved before the device was lost is there to go on from.
// Each launch of each call, one after the other on the queue's lane, within the span of its entry.
TEST_F(VulkanCommandsTest, TraceOfLaunches) {
  for (const char *memory : {"", "staging"}) {
    environment = {{"SINTER_VULKAN_TEST", memory}};
    const std::string trace = folder / "trace.json";
    const Result result = run(training(std::string("run") + memory, 3, {"--device", software(), "--trace", trace}));
    ASSERT_EQ(result.exit, 0) << result.err;
    std::vector<std::pair<double, double>> calls, launches;
    std::map<std::string, int> kernels;
    int lanes = 0;
    const Json file = Json::parse(readFile(trace));
    for (const Json &event : file["traceEvents"]) {
      if (event["ph"] == "M" && event["tid"] == 2000)
        lanes += std::string(event["args"]["name"]).starts_with("queue of device vulkan:");
      if (event["ph"] != "X")
        continue;
      const double begin = event["ts"], end = begin + double(event["dur"]);
      if (event["tid"] == 2000) {
        EXPECT_EQ(event["cat"], "launch");
        ++kernels[event["name"]];
        expectContains(event["args"]["line"], ":");
        launches.emplace_back(begin, end);
      } else if (event["cat"] == "entry")
        calls.emplace_back(begin, end);
    }
    EXPECT_EQ(lanes, 1);
    EXPECT_EQ(calls.size(), 3u);
    EXPECT_EQ(launches.size(), 3u * sinter_program_v1.vulkan_plan->entries[0].launch_count);
    for (const auto &[kernel, times] : kernels)
      EXPECT_EQ(times % 3, 0) << kernel;
    constexpr double rounding = 0.01; // microseconds
    for (size_t l = 0; l < launches.size(); ++l) {
      const auto &[begin, end] = launches[l];
      EXPECT_LE(begin, end + rounding);
      if (l > 0)
        EXPECT_LE(launches[l - 1].second, begin + rounding);
      EXPECT_TRUE(std::any_of(calls.begin(), calls.end(), [&, from = begin, to = end](const auto &call) {
        return call.first <= from + rounding && to <= call.second + rounding;
      })) << begin;
    }
  }
}

TEST_F(VulkanCommandsTest, LostDevice) {
  environment = {{"SINTER_VULKAN_TEST", "lost=9"}};
  const Result lost = run(training("out", 20, {"--device", software(), "--checkpoint-every", "5"}));
  EXPECT_EQ(lost.exit, 4) << lost.err;
  expectContains(lost.err, "the device was lost in train");
  environment.clear();
  const Result resumed = run(training("out", 20, {"--device", software(), "--checkpoint-every", "5", "--resume"}));
  EXPECT_EQ(resumed.exit, 0) << resumed.err;
  expectContains(resumed.out, "\"step\":6");
  ASSERT_EQ(run(training("whole", 20, {"--device", software(), "--checkpoint-every", "5"})).exit, 0);
  EXPECT_EQ(readFile(folder / "out/checkpoint.safetensors"), readFile(folder / "whole/checkpoint.safetensors"));
}

} // namespace sinter::test
