#include "vulkan/needs.h"

#include "base/error.h"
#include "base/format.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

namespace sinter::vulkan {

static bool hasExtension(VkPhysicalDevice device, const char *name) {
  uint32_t count = 0;
  vkEnumerateDeviceExtensionProperties(device, nullptr, &count, nullptr);
  std::vector<VkExtensionProperties> extensions(count);
  vkEnumerateDeviceExtensionProperties(device, nullptr, &count, extensions.data());
  return std::any_of(extensions.begin(), extensions.end(),
                     [&](const VkExtensionProperties &e) { return std::strcmp(e.extensionName, name) == 0; });
}

Abilities::Abilities(const PhysicalDevice &device) {
  const bool is13 = device.properties.apiVersion >= VK_API_VERSION_1_3;
  if (!is13 && hasExtension(device.handle, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME))
    subgroupControlExtension = VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME;
  const bool knowsControl = is13 || subgroupControlExtension;

  features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  features11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES;
  features12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
  subgroupControl.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES;
  features.pNext = &features11;
  features11.pNext = &features12;
  features12.pNext = knowsControl ? &subgroupControl : nullptr;
  vkGetPhysicalDeviceFeatures2(device.handle, &features);
  hasSubgroupControl = subgroupControl.subgroupSizeControl;

  VkPhysicalDeviceMaintenance4Properties maintenance{};
  maintenance.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_PROPERTIES;
  VkPhysicalDeviceProperties2 properties{};
  properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  properties11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES;
  properties12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES;
  subgroups.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES;
  properties.pNext = &properties11;
  properties11.pNext = &properties12;
  properties12.pNext = knowsControl ? static_cast<void *>(&subgroups) : nullptr;
  subgroups.pNext = is13 ? &maintenance : nullptr;
  vkGetPhysicalDeviceProperties2(device.handle, &properties);
  limits = properties.properties.limits;
  if (is13)
    largestBuffer = maintenance.maxBufferSize;
}

namespace {

/// One bit of sinter_vulkan_feature: what it is called, whether a device has it, and how it is switched on.
struct Feature {
  uint32_t bit;
  const char *name;
  bool (*has)(const Abilities &);
  void (*enable)(Abilities &wanted); ///< null: nothing to switch
};

bool hasSubgroupOperation(const Abilities &a, VkSubgroupFeatureFlags operation) {
  return (a.properties11.subgroupSupportedStages & VK_SHADER_STAGE_COMPUTE_BIT) &&
         (a.properties11.subgroupSupportedOperations & operation) == operation;
}

const Feature knownFeatures[] = {
    {SINTER_VK_INT8, "8-bit integers in shaders and buffers (shaderInt8, storageBuffer8BitAccess)",
     [](const Abilities &a) { return a.features12.shaderInt8 && a.features12.storageBuffer8BitAccess; },
     [](Abilities &w) { w.features12.shaderInt8 = w.features12.storageBuffer8BitAccess = VK_TRUE; }},
    {SINTER_VK_SUBGROUP_ARITHMETIC, "subgroup arithmetic in compute shaders",
     [](const Abilities &a) {
       return hasSubgroupOperation(a, VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_ARITHMETIC_BIT);
     },
     nullptr},
    {SINTER_VK_SUBGROUP_SHUFFLE, "subgroup shuffles in compute shaders",
     [](const Abilities &a) {
       return hasSubgroupOperation(a, VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_SHUFFLE_BIT);
     },
     nullptr},
    {SINTER_VK_INT16, "16-bit integers in shaders and buffers (shaderInt16, storageBuffer16BitAccess)",
     [](const Abilities &a) { return a.features.features.shaderInt16 && a.features11.storageBuffer16BitAccess; },
     [](Abilities &w) { w.features.features.shaderInt16 = w.features11.storageBuffer16BitAccess = VK_TRUE; }},
    {SINTER_VK_INT64, "64-bit integers (shaderInt64)",
     [](const Abilities &a) { return bool(a.features.features.shaderInt64); },
     [](Abilities &w) { w.features.features.shaderInt64 = VK_TRUE; }},
    {SINTER_VK_FLOAT16, "16-bit floats in shaders and buffers (shaderFloat16, storageBuffer16BitAccess)",
     [](const Abilities &a) { return a.features12.shaderFloat16 && a.features11.storageBuffer16BitAccess; },
     [](Abilities &w) { w.features12.shaderFloat16 = w.features11.storageBuffer16BitAccess = VK_TRUE; }},
};

} // namespace

const sinter_vulkan_version &chooseVulkanVersion(const sinter_program &program, bool isProcessor,
                                                 std::string_view profile) {
  std::string known;
  const sinter_vulkan_version *best = nullptr;
  for (uint32_t v = 0; v < program.vulkan_version_count; ++v) {
    const sinter_vulkan_version &version = program.vulkan[v];
    if (!profile.empty() && profile == version.name)
      return version;
    known += formatted("{}{}", v ? ", " : "", version.name);
    if (!best && version.device_types & (isProcessor ? SINTER_VK_CPU : SINTER_VK_GPU))
      best = &version;
  }
  if (!profile.empty())
    fail(Exit::Usage, formatted("--vulkan-profile {}: the program has no such version; it has {}", profile, known));
  return best ? *best : program.vulkan[0]; // one that is not made for the device runs on it all the same
}

// What a shader's own code says that it takes: opcodes of SPIR-V.
static constexpr uint32_t opExecutionMode = 16, modeLocalSize = 17, headerWords = 5;

// The size of its workgroups; zeros if it does not say so as a number.
static void localSize(const sinter_shader &shader, uint32_t size[3]) {
  size[0] = size[1] = size[2] = 0;
  for (uint64_t at = headerWords; at < shader.word_count;) {
    const uint32_t opcode = shader.words[at] & 0xffff, words = shader.words[at] >> 16;
    if (words == 0 || at + words > shader.word_count)
      return;
    if (opcode == opExecutionMode && words == 6 && shader.words[at + 2] == modeLocalSize)
      std::copy_n(shader.words + at + 3, 3, size);
    at += words;
  }
}

static void checkShader(const sinter_shader &shader, const std::string &kernel, const PhysicalDevice &device,
                        const Abilities &a) {
  const auto lacks = [&](const std::string &what) {
    fail(Exit::Device,
         formatted("{}: lacks {}, which shader {} of kernel {} needs; use --device cpu, or another device",
                   device.label(), what, shader.name, kernel));
  };
  for (const Feature &feature : knownFeatures)
    if ((shader.features & feature.bit) && !feature.has(a))
      lacks(feature.name);
  uint32_t known = 0;
  for (const Feature &feature : knownFeatures)
    known |= feature.bit;
  if (shader.features & ~known)
    lacks(formatted("feature {:#x}, unknown to this runtime", shader.features & ~known));
  if (const uint32_t size = shader.subgroup_size) {
    const bool always = a.properties11.subgroupSize == size && a.subgroups.minSubgroupSize == size &&
                        a.subgroups.maxSubgroupSize == size;
    if (!always && (!a.hasSubgroupControl || size < a.subgroups.minSubgroupSize || size > a.subgroups.maxSubgroupSize ||
                    !(a.subgroups.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT)))
      lacks(formatted("subgroups of {}", size));
  }
  uint32_t size[3];
  localSize(shader, size);
  const uint64_t invocations = uint64_t(size[0]) * size[1] * size[2];
  for (int axis = 0; axis < 3; ++axis)
    if (size[axis] > a.limits.maxComputeWorkGroupSize[axis] || invocations > a.limits.maxComputeWorkGroupInvocations)
      lacks(formatted("workgroups of {} x {} x {} (it has at most {} in all)", size[0], size[1], size[2],
                      a.limits.maxComputeWorkGroupInvocations));
  const uint32_t texels = std::popcount(shader.texels);
  if (texels > std::min(a.limits.maxPerStageDescriptorSampledImages, a.limits.maxDescriptorSetSampledImages))
    lacks(formatted("{} texel buffers a shader (it has {})", texels, a.limits.maxPerStageDescriptorSampledImages));
  if (shader.binding_count > a.limits.maxPerStageResources)
    lacks(
        formatted("{} buffers of all kinds a shader (it has {})", shader.binding_count, a.limits.maxPerStageResources));
  if (shader.binding_count - texels >
      std::min(a.limits.maxPerStageDescriptorStorageBuffers, a.limits.maxDescriptorSetStorageBuffers))
    lacks(formatted("{} storage buffers a shader (it has {})", shader.binding_count - texels,
                    a.limits.maxPerStageDescriptorStorageBuffers));
}

void checkNeeds(const sinter_program &program, const sinter_vulkan_version &version, const PhysicalDevice &device,
                const Abilities &abilities) {
  for (uint32_t k = 0; k < program.vulkan_plan->kernel_count; ++k) {
    const sinter_vulkan_kernel &kernel = version.kernels[k];
    const std::string name = formatted("{} ({})", kernel.name, kernel.location);
    for (uint32_t d = 0; d < kernel.dispatch_count; ++d) {
      const sinter_dispatch &dispatch = kernel.dispatches[d];
      checkShader(version.shaders[dispatch.shader], name, device, abilities);
      const uint32_t texels = version.shaders[dispatch.shader].texels;
      for (uint32_t b = 0; b < dispatch.binding_count; ++b)
        if (texels >> b & 1 && dispatch.bindings[b].bytes / 16 > abilities.limits.maxTexelBufferElements)
          fail(Exit::Device,
               formatted("{}: kernel {} reads {} bytes as texels, the device allows {}; use --device cpu, or another "
                         "device",
                         device.label(), name, dispatch.bindings[b].bytes,
                         16 * uint64_t(abilities.limits.maxTexelBufferElements)));
      for (uint32_t b = 0; b < dispatch.binding_count; ++b)
        if (dispatch.bindings[b].bytes > abilities.limits.maxStorageBufferRange)
          fail(Exit::Device,
               formatted("{}: kernel {} binds {} bytes as one buffer, the device allows {}; use --device cpu, or "
                         "another device",
                         device.label(), name, dispatch.bindings[b].bytes, abilities.limits.maxStorageBufferRange));
      for (int axis = 0; axis < 3; ++axis)
        if (dispatch.groups[axis] > abilities.limits.maxComputeWorkGroupCount[axis])
          fail(Exit::Device,
               formatted("{}: kernel {} takes {} workgroups along axis {}, the device allows {}; use --device cpu, or "
                         "another device",
                         device.label(), name, dispatch.groups[axis], axis,
                         abilities.limits.maxComputeWorkGroupCount[axis]));
    }
  }
}

void enableNeeds(const sinter_vulkan_version &version, Abilities &enabled) {
  enabled.features.features = {};
  const auto clear = [](auto &structure) {
    const auto type = structure.sType;
    auto *next = structure.pNext;
    structure = {};
    structure.sType = type;
    structure.pNext = next;
  };
  clear(enabled.features11);
  clear(enabled.features12);
  clear(enabled.subgroupControl);
  for (uint32_t s = 0; s < version.shader_count; ++s) {
    for (const Feature &feature : knownFeatures)
      if ((version.shaders[s].features & feature.bit) && feature.enable)
        feature.enable(enabled);
    if (version.shaders[s].subgroup_size && enabled.hasSubgroupControl)
      enabled.subgroupControl.subgroupSizeControl = VK_TRUE;
  }
  if (!enabled.subgroupControl.subgroupSizeControl) // its structure is only for whoever switches on its extension
    enabled.features12.pNext = nullptr;
}

} // namespace sinter::vulkan
