// The Vulkan device on a software driver, with the program of program.cpp: results, memory, errors. The validation
// layer watches all of it (SINTER_VULKAN_VALIDATE, set for these tests): a message makes the run that caused it fail.
#include "../support.h"
#include "checkpoint/checkpoint.h"
#include "program/device.h"
#include "vulkan/float_modes.h"
#include "vulkan/needs.h"
#include "vulkan/pipeline_cache.h"
#include "vulkan/recording.h"
#include "vulkan/vulkan_device.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace sinter::test {

// Open to the end of the process: the loader unloads a driver when nobody uses it, and a leak in an unloaded library
// has no name that driver_leaks.txt could excuse.
const vulkan::Instance *keepsDriversLoaded;

namespace {

class Drivers : public testing::Environment {
  void SetUp() override { keepsDriversLoaded = new vulkan::Instance; }
};
[[maybe_unused]] const testing::Environment *const drivers = testing::AddGlobalTestEnvironment(new Drivers);

// The software device, wherever it is in the list.
uint32_t softwareIndex() {
  for (const VulkanDeviceInfo &device : listVulkanDevices(sinter_program_v1))
    if (device.type == "software on the processor")
      return device.index;
  ADD_FAILURE() << "this machine has no software Vulkan device: install mesa-vulkan-drivers";
  return 0;
}

std::unique_ptr<Device> open(const sinter_program &program = sinter_program_v1, const std::string &profile = "") {
  VulkanOptions options;
  options.index = softwareIndex();
  options.profile = profile;
  return makeVulkanDevice(program, options);
}

void fill(Program &program, const sinter_entry &entry, int step = 1) {
  program.setDefaults(entry);
  auto *images = static_cast<float *>(program.data(*Program::findInput(entry, "images")));
  auto *labels = static_cast<int32_t *>(program.data(*Program::findInput(entry, "labels")));
  for (int i = 0; i < 48 * 40; ++i)
    images[i] = float((i * 37 + step * 11) % 101) / 101;
  for (int r = 0; r < 48; ++r)
    labels[r] = (r * 5 + step) % 56;
}

// Whatever an entry gives, and the state after it.
struct Results {
  std::string outputs, state;
  bool operator==(const Results &) const = default;
};
Results train(Program &program, int steps) {
  const sinter_entry &entry = *program.findEntry("train");
  Results results;
  for (int step = 1; step <= steps; ++step) {
    fill(program, entry, step);
    program.run(entry);
    results.outputs.clear();
    for (uint32_t o = 0; o < entry.output_count; ++o)
      results.outputs.append(static_cast<const char *>(program.data(entry.outputs[o])), entry.outputs[o].bytes);
  }
  results.state = stateOf(program);
  return results;
}

// All of them floats: equal but for rounding.
void expectNear(const std::string &actual, const std::string &expected, double absolute, double relative) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); i += 4) {
    float a, e;
    std::memcpy(&a, actual.data() + i, 4);
    std::memcpy(&e, expected.data() + i, 4);
    ASSERT_LE(std::abs(double(a) - e), absolute + relative * std::abs(e))
        << "element " << i / 4 << ": " << a << " and " << e;
  }
}

Results onCpu(int steps) {
  Program program(sinter_program_v1, 1);
  program.initialize(7);
  return train(program, steps);
}
Results onVulkan(int steps, const std::string &profile = "") {
  Program program(sinter_program_v1, open(sinter_program_v1, profile));
  program.initialize(7);
  return train(program, steps);
}

// A copy of the program whose kernel number 0 a test may spoil.
struct Spoiled {
  sinter_program program = sinter_program_v1;
  sinter_vulkan_version version = sinter_program_v1.vulkan[0];
  std::vector<sinter_shader> shaders{version.shaders, version.shaders + version.shader_count};
  std::vector<sinter_vulkan_kernel> kernels{version.kernels, version.kernels + program.vulkan_plan->kernel_count};
  sinter_dispatch dispatch = kernels[0].dispatches[0];
  std::vector<sinter_binding> bindings{dispatch.bindings, dispatch.bindings + dispatch.binding_count};

  Spoiled() {
    program.vulkan = &version;
    program.vulkan_version_count = 1;
    version.shaders = shaders.data();
    version.kernels = kernels.data();
    kernels[0].dispatches = &dispatch;
    dispatch.bindings = bindings.data();
  }
  Spoiled(const Spoiled &) = delete;
  std::string message() {
    const Failed failed = failureOf([&] {
      Program opened(program, open(program));
      fill(opened, *opened.findEntry("train"));
      opened.run(*opened.findEntry("train"));
    });
    EXPECT_EQ(failed.exit, Exit::Device);
    return failed.message;
  }
};

} // namespace

TEST(Vulkan, FollowsTheCpu) {
  const Results cpu1 = onCpu(1), cpu10 = onCpu(10);
  for (const char *profile : {"registers", "shared"}) {
    SCOPED_TRACE(profile);
    const Results step = onVulkan(1, profile);
    expectNear(step.outputs, cpu1.outputs, 1e-6, 1e-5);
    expectNear(step.state, cpu1.state, 1e-7, 1e-6);
    const Results steps = onVulkan(10, profile);
    expectNear(steps.outputs, cpu10.outputs, 1e-5, 1e-4);
    expectNear(steps.state, cpu10.state, 1e-6, 1e-5);
  }
}

// A software device gets the schedule for processors.
TEST(Vulkan, TheDeviceChoosesTheSchedule) { EXPECT_EQ(onVulkan(3), onVulkan(3, "registers")); }

TEST(Vulkan, SameBitsForAnyThreads) {
  const Results once = onVulkan(10);
  EXPECT_EQ(once, onVulkan(10));
  for (int threads : {1, 2, 3}) {
    const Setting number("LP_NUM_THREADS", "8"); // overwritten by what the command line says
    VulkanOptions options;
    options.index = softwareIndex();
    options.threads = threads;
    options.limitDriver = true;
    Program program(sinter_program_v1, makeVulkanDevice(sinter_program_v1, options));
    EXPECT_EQ(std::getenv("LP_NUM_THREADS"), std::to_string(threads));
    program.initialize(7);
    EXPECT_EQ(train(program, 10), once);
  }
}

TEST(Vulkan, StagingGivesTheSameBits) {
  const Results direct = onVulkan(10);
  const Setting staging("SINTER_VULKAN_TEST", "staging");
  EXPECT_EQ(onVulkan(10), direct);
}

// A state that is larger than the staging buffer goes through it in pieces, both ways.
TEST(Vulkan, StagingInPieces) {
  const Setting staging("SINTER_VULKAN_TEST", "staging");
  sinter_program large = sinter_program_v1;
  const int64_t shape[] = {2500000};
  const sinter_state states[] = {sinter_program_v1.states[0],
                                 {{"rest", SINTER_F32, 1, shape, large.state_bytes, 10000000}, SINTER_NORMAL, 0, 1}};
  large.states = states;
  large.state_count = 2;
  large.state_bytes += 10000128;
  Program cpu(large, 1), vulkan(large, open(large));
  cpu.initialize(3);
  vulkan.initialize(3);
  const std::string before = stateOf(cpu).substr(states[0].tensor.bytes);
  train(vulkan, 2);
  EXPECT_EQ(stateOf(vulkan).substr(states[0].tensor.bytes), before);
}

// What was saved on one device goes on on the other; what is loaded replaces what the device had.
TEST(Vulkan, CheckpointsAreTheCpus) {
  const Folder folder;
  for (const char *test : {"", "staging"}) {
    SCOPED_TRACE(test);
    const Setting switches("SINTER_VULKAN_TEST", test);
    Program vulkan(sinter_program_v1, open()), cpu(sinter_program_v1, 1);
    cpu.initialize(7);
    vulkan.initialize(8);
    train(vulkan, 2); // leaves another state on the device
    saveCheckpoint(folder / "cpu", cpu, {});
    loadCheckpoint(folder / "cpu", vulkan);
    EXPECT_EQ(stateOf(vulkan), stateOf(cpu));
    const Results after = train(vulkan, 3);
    saveCheckpoint(folder / "vulkan", vulkan, {});
    loadCheckpoint(folder / "vulkan", cpu);
    EXPECT_EQ(stateOf(cpu), after.state);
    expectNear(after.state, onCpu(3).state, 1e-6, 1e-5);
    // Only looking at the state changes nothing, and what is on the device is not older than what is looked at.
    vulkan.toRead(sinter_program_v1.states[0]);
    train(vulkan, 1);
    EXPECT_NE(stateOf(vulkan), after.state);
  }
}

// Entries do not disturb one another, and an entry that is run again needs no more than one submission.
TEST(Vulkan, OneSubmissionACall) {
  for (const auto &[switches, before] : {std::pair("lost=", 1), std::pair("staging,lost=", 3)}) {
    SCOPED_TRACE(switches);
    // Before the first call: memory is cleared; in a device's own memory the constants and the state are copied.
    const Setting setting("SINTER_VULKAN_TEST", switches + std::to_string(before + 4));
    Program program(sinter_program_v1, open());
    program.initialize(7);
    const sinter_entry &entry = *program.findEntry("eval");
    fill(program, entry);
    for (int call = 0; call < 3; ++call)
      program.run(entry);
    const Failed failed = failureOf([&] { program.run(entry); });
    EXPECT_EQ(failed.exit, Exit::Device);
    expectContains(failed.message, "device vulkan:" + std::to_string(softwareIndex()));
    expectContains(failed.message, "the device was lost in eval");
  }
}

TEST(Vulkan, TimesLaunches) {
  Program program(sinter_program_v1, open());
  program.initialize(7);
  const sinter_entry &entry = *program.findEntry("train");
  fill(program, entry);
  program.run(entry); // compiles
  std::vector<double> seconds(entry.launch_count);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; ++i) {
    fill(program, entry);
    program.run(entry, seconds.data());
  }
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  double sum = 0;
  for (double launch : seconds) {
    EXPECT_GE(launch, 0);
    sum += launch;
  }
  EXPECT_GT(sum, 0);
  EXPECT_LT(sum, wall);
}

// Every list that is recorded is right, and has as many barriers as it takes: the gradient of the weights needs none
// after the sums beside it.
TEST(Vulkan, RecordedListsHaveNoHazards) {
  for (uint32_t v = 0; v < sinter_program_v1.vulkan_version_count; ++v) {
    std::vector<vulkan::Step> steps =
        vulkan::listSteps(sinter_program_v1.vulkan[v], sinter_program_v1.vulkan_plan->entries[0]);
    ASSERT_EQ(steps.size(), 9u);
    EXPECT_FALSE(vulkan::findHazards(steps).empty());
    EXPECT_EQ(vulkan::placeBarriers(steps), 6u);
    EXPECT_TRUE(vulkan::findHazards(steps).empty());
  }
}

//===--- errors ---===//

TEST(Vulkan, OptionsAreParsed) {
  EXPECT_FALSE(VulkanOptions::parse("vulkan").index);
  EXPECT_EQ(VulkanOptions::parse("vulkan:12").index, 12u);
  for (const char *text :
       {"vulkan:", "vulkan:x", "vulkan:-1", "vulkan:1x", "vulkan:99999999999", "vulkano", "gpu", ""}) {
    const Failed failed = failureOf([&] { VulkanOptions::parse(text); });
    EXPECT_EQ(failed.exit, Exit::Usage);
    expectContains(failed.message, std::string("device '") + text + "': not one of cpu, vulkan, vulkan:INDEX");
  }
}

TEST(Vulkan, UnknownProfile) {
  const Failed failed = failureOf([] { open(sinter_program_v1, "wide"); });
  EXPECT_EQ(failed.exit, Exit::Usage);
  expectContains(failed.message, "--vulkan-profile wide: the program has no such version; it has registers, shared");
}

// Each feature is named with the shader and the kernel that need it.
TEST(Vulkan, MissingFeatures) {
  const vulkan::Instance instance;
  const vulkan::PhysicalDevice &device = instance.devices()[softwareIndex()];
  const std::pair<uint32_t, const char *> features[] = {{SINTER_VK_INT8, "8-bit integers"},
                                                        {SINTER_VK_SUBGROUP_ARITHMETIC, "subgroup arithmetic"},
                                                        {SINTER_VK_SUBGROUP_SHUFFLE, "subgroup shuffles"},
                                                        {SINTER_VK_INT16, "16-bit integers"},
                                                        {SINTER_VK_INT64, "64-bit integers"},
                                                        {SINTER_VK_FLOAT16, "16-bit floats"}};
  vulkan::Abilities none(device);
  none.features.features = {};
  none.features11.storageBuffer16BitAccess = none.features12.shaderInt8 = VK_FALSE;
  none.properties11.subgroupSupportedOperations = 0;
  Spoiled spoiled;
  for (const auto &[bit, name] : features) {
    spoiled.shaders[0].features = bit;
    const Failed failed = failureOf([&] { vulkan::checkNeeds(spoiled.program, spoiled.version, device, none); });
    EXPECT_EQ(failed.exit, Exit::Device);
    expectContains(failed.message, device.label() + ": lacks " + name);
    expectContains(failed.message, "which shader product_tiled of kernel product (mock.cpp:1:1) needs");
  }
  spoiled.shaders[0].features = 0;
  vulkan::checkNeeds(spoiled.program, spoiled.version, device, none);
}

// Of the execution modes that a shader asks for, a device gets those that it has: all, none, or the one that it lacks
// left out.
TEST(Vulkan, FloatModes) {
  // The header, then OpCapability (Shader and the three), OpExecutionMode (LocalSize and the three of f32),
  // OpFunction...
  const std::vector<uint32_t> words = {0x07230203, 0x10500,
                                       0,          100,
                                       0,          2 << 16 | 17,
                                       1,          2 << 16 | 17,
                                       4466,       2 << 16 | 17,
                                       4464,       2 << 16 | 17,
                                       4467,       6 << 16 | 16,
                                       7,          17,
                                       1,          1,
                                       1,          4 << 16 | 16,
                                       7,          4461,
                                       32,         4 << 16 | 16,
                                       7,          4459,
                                       32,         4 << 16 | 16,
                                       7,          4462,
                                       32,         5 << 16 | 54,
                                       1,          7,
                                       0,          2};
  sinter_shader shader{};
  shader.words = words.data();
  shader.word_count = words.size();
  VkPhysicalDeviceVulkan12Properties device{};
  const std::vector<uint32_t> none = {0x07230203,   0x10500, 0, 100, 0, 2 << 16 | 17, 1, 6 << 16 | 16, 7, 17, 1, 1, 1,
                                      5 << 16 | 54, 1,       7, 0,   2};
  EXPECT_EQ(vulkan::withKnownModes(shader, device), none);
  EXPECT_EQ(vulkan::promisesOf(device), "nothing");
  device.shaderSignedZeroInfNanPreserveFloat32 = device.shaderRoundingModeRTEFloat32 = VK_TRUE;
  std::vector<uint32_t> two = words;
  two.erase(two.begin() + 23, two.begin() + 27);
  two.erase(two.begin() + 9, two.begin() + 11);
  EXPECT_EQ(vulkan::withKnownModes(shader, device), two);
  EXPECT_EQ(vulkan::promisesOf(device), "NaN, infinities and signs of zeros, rounding to nearest");
  device.shaderDenormPreserveFloat32 = VK_TRUE;
  EXPECT_EQ(vulkan::withKnownModes(shader, device), words);
  shader.word_count = 8; // ends within an instruction: nothing to be found there
  EXPECT_EQ(vulkan::withKnownModes(shader, {}), std::vector<uint32_t>(words.begin(), words.begin() + 8));
}

// What the software driver does have is switched on: the layer says nothing.
TEST(Vulkan, FeaturesThatAreThere) {
  Spoiled spoiled;
  spoiled.shaders[0].features =
      SINTER_VK_INT8 | SINTER_VK_SUBGROUP_ARITHMETIC | SINTER_VK_SUBGROUP_SHUFFLE | SINTER_VK_INT16 | SINTER_VK_INT64;
  spoiled.shaders[0].subgroup_size = 8;
  Program program(spoiled.program, open(spoiled.program));
  program.initialize(7);
  expectNear(train(program, 1).outputs, onCpu(1).outputs, 1e-6, 1e-5);
}

TEST(Vulkan, OtherLimits) {
  Spoiled spoiled;
  spoiled.shaders[0].features = 1u << 31;
  expectContains(spoiled.message(), "lacks feature 0x80000000, unknown to this runtime");
  spoiled.shaders[0].features = 0;
  spoiled.shaders[0].subgroup_size = 64;
  expectContains(spoiled.message(), "lacks subgroups of 64, which shader product_tiled");
  spoiled.shaders[0].subgroup_size = 0;
  spoiled.dispatch.groups[1] = 1u << 20;
  expectContains(spoiled.message(),
                 "kernel product (mock.cpp:1:1) takes 1048576 workgroups along axis 1, the device allows 65535");
  spoiled.dispatch.groups[1] = 6;
  std::vector<uint32_t> words(spoiled.shaders[0].words, spoiled.shaders[0].words + spoiled.shaders[0].word_count);
  for (size_t at = 5; at < words.size(); at += words[at] >> 16)
    if ((words[at] & 0xffff) == 16) // OpExecutionMode ... LocalSize x y z
      words[at + 3] = 4096;
  spoiled.shaders[0].words = words.data();
  expectContains(spoiled.message(), "lacks workgroups of 4096 x 1 x 1 (it has at most 1024 in all)");
}

TEST(Vulkan, BindingsAreChecked) {
  Spoiled spoiled;
  spoiled.bindings[0].bytes = uint64_t(200) << 20;
  expectContains(spoiled.message(),
                 "kernel product (mock.cpp:1:1) binds 209715200 bytes as one buffer, the device allows 134217728");
  spoiled.bindings[0].bytes = 7681;
  expectContains(spoiled.message(), "kernel product binds bytes 0 to 7681 of 7680 bytes");
  spoiled.bindings[0].operand = 3;
  expectContains(spoiled.message(), "kernel product binds operand 3 of 3");
}

TEST(Vulkan, MemoryTooSmall) {
  sinter_program program = sinter_program_v1;
  sinter_plan plan = *program.vulkan_plan;
  program.vulkan_plan = &plan;
  plan.arena_bytes = uint64_t(1) << 40;
  const auto message = [&] {
    const Failed failed = failureOf([&] { open(program); });
    EXPECT_EQ(failed.exit, Exit::Device);
    return failed.message;
  };
  expectContains(message(), "memory too small: the arena takes 1099511627776 bytes, the device allows ");
  // Each block has room, but not all of them together: where a device allows one of half of its memory.
  const std::string alone = message();
  const uint64_t allowed = std::stoull(alone.substr(alone.find("allows ") + 7));
  const vulkan::Instance instance;
  const uint64_t heap = instance.devices()[softwareIndex()].memory;
  // A budget that both allow: the arena is one buffer.
  expectContains(alone,
                 "or compile with --memory-budget=" +
                     std::to_string(std::min(heap, allowed + program.state_bytes + program.constant_bytes + 1536)) +
                     ", or a smaller model or batch");
  plan.arena_bytes = program.state_bytes = (heap / 2 + 4096) / 256 * 256;
  if (plan.arena_bytes > allowed)
    GTEST_SKIP() << "one buffer may take " << allowed << " bytes of " << heap;
  expectContains(message(), "memory too small: the program takes " +
                                std::to_string(2 * plan.arena_bytes + program.constant_bytes + 1536) +
                                " bytes, the device has " + std::to_string(heap) +
                                "; use --device cpu, or compile with --memory-budget=" + std::to_string(heap) + ",");
}

// The layer is there, and a message fails the run: an offset that the device does not allow.
TEST(Vulkan, ValidationFails) {
  Spoiled spoiled;
  spoiled.bindings[0].offset = 4;
  spoiled.bindings[0].bytes -= 4;
  const uint64_t before = vulkanMessages();
  expectContains(spoiled.message(), "validation of train: VUID-VkWriteDescriptorSet-descriptorType-00328");
  EXPECT_GT(vulkanMessages(), before);
}

// Runs under validation are looked through for hazards: a recording without barriers is not run.
TEST(Vulkan, HazardsFail) {
  const Setting setting("SINTER_VULKAN_TEST", "unordered");
  const Failed failed = failureOf([] { onVulkan(1); });
  EXPECT_EQ(failed.exit, Exit::Device);
  expectContains(
      failed.message,
      "entry train: 10 hazards, the first: add_bias of launch 1 (mock.cpp:12:3) reads what is being written");
}

TEST(Vulkan, UnknownTestSwitch) {
  const Setting setting("SINTER_VULKAN_TEST", "staging,fast");
  const Failed failed = failureOf([] { open(); });
  EXPECT_EQ(failed.exit, Exit::Usage);
  expectContains(failed.message, "SINTER_VULKAN_TEST: 'fast' is not one of staging, unordered, lost=N");
}

//===--- the file of pipelines ---===//

TEST(PipelineCache, HoldsWhatWasSavedForJustThisDevice) {
  const Folder folder;
  VkPhysicalDeviceProperties device{};
  device.vendorID = 1;
  device.driverVersion = 2;
  device.pipelineCacheUUID[3] = 9;
  const std::string path = folder / "a/b/cache";
  std::vector<std::byte> data(1000);
  for (size_t i = 0; i < data.size(); ++i)
    data[i] = std::byte(i);
  EXPECT_TRUE(vulkan::readPipelineCache(path, device).empty()); // none yet
  vulkan::writePipelineCache(path, device, data);
  EXPECT_EQ(vulkan::readPipelineCache(path, device), data);
  VkPhysicalDeviceProperties other = device;
  other.pipelineCacheUUID[3] = 8;
  EXPECT_TRUE(vulkan::readPipelineCache(path, other).empty());
  other = device;
  other.driverVersion = 3;
  EXPECT_TRUE(vulkan::readPipelineCache(path, other).empty());

  const std::string whole = readFile(path);
  for (size_t size : {size_t(0), size_t(10), size_t(63), whole.size() - 1}) {
    write(path, whole.substr(0, size));
    EXPECT_TRUE(vulkan::readPipelineCache(path, device).empty()) << size;
  }
  for (size_t at = 0; at < whole.size(); at += 13) {
    std::string damaged = whole;
    damaged[at] ^= 1;
    write(path, damaged);
    EXPECT_TRUE(vulkan::readPipelineCache(path, device).empty()) << at;
  }
  write(path, whole + "x");
  EXPECT_TRUE(vulkan::readPipelineCache(path, device).empty());
  vulkan::writePipelineCache("/proc/none/cache", device, data); // nowhere to write is no error
}

// A run writes the file; one that is damaged, or another device's, is put right by the next run.
TEST(PipelineCache, DamagedFilesAreReplaced) {
  const Folder folder;
  const Setting home("XDG_CACHE_HOME", folder.path());
  const Results expected = onVulkan(1);
  const vulkan::Instance instance;
  const std::string path = vulkan::pipelineCachePath(instance.devices()[softwareIndex()].properties);
  ASSERT_TRUE(path.starts_with(folder.path()));
  const std::string whole = readFile(path);
  ASSERT_GT(whole.size(), 64u);
  std::string otherDevice = whole;
  otherDevice[12] ^= 1;
  for (const std::string &content :
       {std::string("garbage"), whole.substr(0, whole.size() / 2), otherDevice, std::string()}) {
    write(path, content);
    EXPECT_EQ(onVulkan(1), expected);
    EXPECT_EQ(readFile(path), whole);
  }
}

} // namespace sinter::test
