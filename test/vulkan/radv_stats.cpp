// radv-stats: what an AMD GPU's compiler makes of shaders, on a machine without such a GPU.
//
//   radv-stats [--family NAME] [--subgroup N] [--max-vgprs N] [--max-spills N] FILE.spv...
//
// Mesa's driver compiles for hardware that is not there if RADV_FORCE_FAMILY says which; it can run nothing then.
// Prints the registers, spills and waves; exit code 1 if a bound is exceeded, 2 if something is wrong.
#define VK_NO_PROTOTYPES
#define VOLK_IMPLEMENTATION
#include "radeon.h"

#include <volk.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace {

[[noreturn]] void die(const std::string &message) {
  std::fprintf(stderr, "radv-stats: %s\n", message.c_str());
  std::fflush(stderr);
  std::_Exit(2); // nothing of a device without hardware can be closed in order
}

void check(VkResult result, const char *call) {
  if (result < 0)
    die(std::string(call) + " failed with VkResult " + std::to_string(int(result)));
}

std::vector<uint32_t> readWords(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  constexpr uint32_t magic = 0x07230203;
  std::vector<uint32_t> words(bytes.size() / sizeof(uint32_t));
  std::memcpy(words.data(), bytes.data(), words.size() * sizeof(uint32_t));
  if (!file || bytes.size() % sizeof(uint32_t) || words.size() < 5 || words[0] != magic)
    die(path + ": cannot be read, or is no SPIR-V");
  return words;
}

// What a shader's interface is: read from its own code.
struct Interface {
  uint32_t bindings = 0;
  bool constants = false;
  std::string entry;
};
Interface interfaceOf(const std::vector<uint32_t> &words) {
  constexpr uint32_t opEntryPoint = 15, opVariable = 59, opDecorate = 71, binding = 33, pushConstant = 9;
  Interface interface;
  for (size_t at = 5; at < words.size();) {
    const uint32_t opcode = words[at] & 0xffff, count = words[at] >> 16;
    if (count == 0 || at + count > words.size())
      die("the SPIR-V is damaged");
    if (opcode == opEntryPoint && count > 3 && interface.entry.empty())
      interface.entry = reinterpret_cast<const char *>(&words[at + 3]);
    if (opcode == opDecorate && count == 4 && words[at + 2] == binding)
      interface.bindings = std::max(interface.bindings, words[at + 3] + 1);
    if (opcode == opVariable && count >= 4 && words[at + 3] == pushConstant)
      interface.constants = true;
    at += count;
  }
  return interface;
}

VkPhysicalDevice openDriver(VkInstance &instance) {
  if (volkInitialize() != VK_SUCCESS)
    die("no Vulkan loader");
  VkApplicationInfo application{};
  application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
  application.apiVersion = VK_API_VERSION_1_3;
  VkInstanceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
  info.pApplicationInfo = &application;
  check(vkCreateInstance(&info, nullptr, &instance), "vkCreateInstance");
  volkLoadInstance(instance);
  uint32_t count = 1;
  VkPhysicalDevice device = VK_NULL_HANDLE;
  vkEnumeratePhysicalDevices(instance, &count, &device);
  if (!count || !device)
    die("the driver has no such device");
  return device;
}

VkDevice openDevice(VkPhysicalDevice physical) {
  VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR statistics{};
  statistics.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR;
  VkPhysicalDeviceVulkan13Features features13{};
  features13.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES;
  features13.pNext = &statistics;
  VkPhysicalDeviceVulkan12Features features12{};
  features12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
  features12.pNext = &features13;
  VkPhysicalDeviceVulkan11Features features11{};
  features11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES;
  features11.pNext = &features12;
  VkPhysicalDeviceFeatures2 features{};
  features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  features.pNext = &features11;
  vkGetPhysicalDeviceFeatures2(physical, &features);
  features.features.robustBufferAccess = VK_FALSE; // the runtime does not ask for it, and it costs registers
  const float priority = 1;
  VkDeviceQueueCreateInfo queue{};
  queue.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
  queue.queueCount = 1;
  queue.pQueuePriorities = &priority;
  const char *extension = VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME;
  VkDeviceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
  info.pNext = &features;
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queue;
  info.enabledExtensionCount = 1;
  info.ppEnabledExtensionNames = &extension;
  VkDevice device;
  check(vkCreateDevice(physical, &info, nullptr, &device), "vkCreateDevice");
  return device;
}

VkPipeline compile(VkDevice device, const std::vector<uint32_t> &words, uint32_t subgroupSize) {
  const Interface interface = interfaceOf(words);
  VkShaderModuleCreateInfo code{};
  code.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
  code.codeSize = words.size() * sizeof(uint32_t);
  code.pCode = words.data();
  VkShaderModule module;
  check(vkCreateShaderModule(device, &code, nullptr, &module), "vkCreateShaderModule");
  std::vector<VkDescriptorSetLayoutBinding> buffers(interface.bindings);
  for (uint32_t b = 0; b < interface.bindings; ++b)
    buffers[b] = {b, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, nullptr};
  VkDescriptorSetLayoutCreateInfo setInfo{};
  setInfo.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO;
  setInfo.bindingCount = interface.bindings;
  setInfo.pBindings = buffers.data();
  VkDescriptorSetLayout set;
  check(vkCreateDescriptorSetLayout(device, &setInfo, nullptr, &set), "vkCreateDescriptorSetLayout");
  const VkPushConstantRange constants = {VK_SHADER_STAGE_COMPUTE_BIT, 0, 128};
  VkPipelineLayoutCreateInfo layoutInfo{};
  layoutInfo.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
  layoutInfo.setLayoutCount = 1;
  layoutInfo.pSetLayouts = &set;
  layoutInfo.pushConstantRangeCount = interface.constants;
  layoutInfo.pPushConstantRanges = &constants;
  VkPipelineLayout layout;
  check(vkCreatePipelineLayout(device, &layoutInfo, nullptr, &layout), "vkCreatePipelineLayout");
  VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroup{};
  subgroup.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO;
  subgroup.requiredSubgroupSize = subgroupSize;
  VkComputePipelineCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO;
  info.flags = VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR;
  info.layout = layout;
  info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  info.stage.pNext = subgroupSize ? &subgroup : nullptr;
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.module = module;
  info.stage.pName = interface.entry.c_str();
  VkPipeline pipeline;
  check(vkCreateComputePipelines(device, VK_NULL_HANDLE, 1, &info, nullptr, &pipeline), "vkCreateComputePipelines");
  return pipeline;
}

std::map<std::string, uint64_t> statisticsOf(VkDevice device, VkPipeline pipeline) {
  VkPipelineExecutableInfoKHR info{};
  info.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR;
  info.pipeline = pipeline;
  uint32_t count = 0;
  check(vkGetPipelineExecutableStatisticsKHR(device, &info, &count, nullptr), "vkGetPipelineExecutableStatisticsKHR");
  VkPipelineExecutableStatisticKHR empty{};
  empty.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR;
  std::vector<VkPipelineExecutableStatisticKHR> list(count, empty);
  check(vkGetPipelineExecutableStatisticsKHR(device, &info, &count, list.data()),
        "vkGetPipelineExecutableStatisticsKHR");
  std::map<std::string, uint64_t> statistics;
  for (const VkPipelineExecutableStatisticKHR &statistic : list)
    statistics[statistic.name] = statistic.value.u64;
  return statistics;
}

} // namespace

int main(int argc, char **argv) {
  std::vector<std::string> paths;
  std::string family = "navi21", driver = radeonDriver();
  uint32_t subgroup = 0;
  uint64_t mostRegisters = ~uint64_t(0), mostSpills = ~uint64_t(0);
  CLI::App app{"what an AMD GPU's compiler makes of shaders"};
  app.add_option("files", paths, "SPIR-V")->required();
  // The driver aborts on a name that it does not know.
  app.add_option("--family", family, "of GPUs, as Mesa calls it")
      ->capture_default_str()
      ->check(CLI::IsMember({"polaris10", "vega10", "navi10", "navi21", "gfx1100"}));
  app.add_option("--subgroup", subgroup, "size that the shaders must run with");
  app.add_option("--max-vgprs", mostRegisters, "vector registers that are allowed");
  app.add_option("--max-spills", mostSpills, "spilled vector registers that are allowed");
  app.add_option("--driver", driver, "Mesa's description of the driver")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (!std::ifstream(driver))
    die(driver + ": no such driver; install mesa-vulkan-drivers");
  setenv("RADV_FORCE_FAMILY", radeonFamily(family).c_str(), 1);
  setenv("VK_ICD_FILENAMES", driver.c_str(), 1);
  setenv("VK_DRIVER_FILES", driver.c_str(), 1);
  VkInstance instance;
  const VkDevice device = openDevice(openDriver(instance));
  bool tooMany = false;
  for (const std::string &path : paths) {
    std::map<std::string, uint64_t> statistics = statisticsOf(device, compile(device, readWords(path), subgroup));
    for (const char *name : {"VGPRs", "Spilled VGPRs"})
      if (!statistics.count(name))
        die(std::string("the driver does not tell the number of ") + name);
    std::printf("%s on %s:", path.substr(path.rfind('/') + 1).c_str(), family.c_str());
    for (const char *name : {"VGPRs", "Spilled VGPRs", "SGPRs", "Spilled SGPRs", "LDS size", "Scratch size",
                             "Subgroups per SIMD", "Instructions"})
      if (statistics.count(name))
        std::printf("%s %s %llu", name == std::string("VGPRs") ? "" : ",", name,
                    static_cast<unsigned long long>(statistics[name]));
    std::printf("\n");
    if (statistics["VGPRs"] <= mostRegisters && statistics["Spilled VGPRs"] <= mostSpills)
      continue;
    std::fprintf(stderr, "radv-stats: %s: more than is allowed\n", path.c_str());
    tooMany = true;
  }
  std::fflush(nullptr);
  std::_Exit(tooMany);
}
