#include "vulkan/pipelines.h"

#include "base/error.h"
#include "base/format.h"
#include "base/threads.h"
#include "vulkan/float_modes.h"
#include "vulkan/pipeline_cache.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

namespace sinter::vulkan {

Pipelines::Pipelines(LogicalDevice &device, const sinter_vulkan_version &version, int threads)
    : device_(device), version_(version), threads_(threads),
      cachePath_(pipelineCachePath(device.physical().properties)), pipelines_(version.shader_count) {
  const std::vector<std::byte> kept = readPipelineCache(cachePath_, device.physical().properties);
  VkPipelineCacheCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO;
  info.initialDataSize = kept.size();
  info.pInitialData = kept.data();
  cachedBytes_ = kept.size();
  device_.check(vkCreatePipelineCache(device_.handle(), &info, nullptr, &cache_), "vkCreatePipelineCache");
}

Pipelines::~Pipelines() {
  for (VkPipeline pipeline : pipelines_)
    vkDestroyPipeline(device_.handle(), pipeline, nullptr);
  for (const auto &[key, layout] : layouts_)
    vkDestroyPipelineLayout(device_.handle(), layout, nullptr);
  for (const auto &[bindings, layout] : setLayouts_)
    vkDestroyDescriptorSetLayout(device_.handle(), layout, nullptr);
  vkDestroyPipelineCache(device_.handle(), cache_, nullptr);
}

VkDescriptorSetLayout Pipelines::setLayout(uint32_t index) {
  const sinter_shader &shader = version_.shaders[index];
  const uint32_t bindings = shader.binding_count;
  VkDescriptorSetLayout &layout = setLayouts_[{bindings, shader.texels}];
  if (layout)
    return layout;
  std::vector<VkDescriptorSetLayoutBinding> buffers(bindings);
  for (uint32_t b = 0; b < bindings; ++b)
    buffers[b] = {b,
                  shader.texels >> b & 1 ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                  1, VK_SHADER_STAGE_COMPUTE_BIT, nullptr};
  VkDescriptorSetLayoutCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO;
  info.bindingCount = bindings;
  info.pBindings = buffers.data();
  device_.check(vkCreateDescriptorSetLayout(device_.handle(), &info, nullptr, &layout), "vkCreateDescriptorSetLayout");
  return layout;
}

VkPipelineLayout Pipelines::layout(uint32_t index) {
  const sinter_shader &shader = version_.shaders[index];
  VkPipelineLayout &layout = layouts_[{shader.binding_count, shader.texels, shader.constant_count}];
  if (layout)
    return layout;
  const VkDescriptorSetLayout set = setLayout(index);
  const VkPushConstantRange constants = {VK_SHADER_STAGE_COMPUTE_BIT, 0,
                                         shader.constant_count * uint32_t(sizeof(uint32_t))};
  VkPipelineLayoutCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
  info.setLayoutCount = 1;
  info.pSetLayouts = &set;
  info.pushConstantRangeCount = shader.constant_count ? 1 : 0;
  info.pPushConstantRanges = &constants;
  device_.check(vkCreatePipelineLayout(device_.handle(), &info, nullptr, &layout), "vkCreatePipelineLayout");
  return layout;
}

// Runs on several threads: the layouts are there already, and each shader is one thread's.
void Pipelines::make(uint32_t index) {
  const sinter_shader &shader = version_.shaders[index];
  const std::vector<uint32_t> words = withKnownModes(shader, device_.abilities().properties12);
  VkShaderModuleCreateInfo code{};
  code.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
  code.codeSize = words.size() * sizeof(uint32_t);
  code.pCode = words.data();
  VkShaderModule module;
  device_.check(vkCreateShaderModule(device_.handle(), &code, nullptr, &module), "vkCreateShaderModule");
  VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroup{};
  subgroup.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO;
  subgroup.requiredSubgroupSize = shader.subgroup_size;
  VkComputePipelineCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO;
  info.layout = layouts_.at({shader.binding_count, shader.texels, shader.constant_count});
  info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.module = module;
  info.stage.pName = "main";
  if (shader.subgroup_size && device_.abilities().hasSubgroupControl)
    info.stage.pNext = &subgroup;
  const VkResult result = vkCreateComputePipelines(device_.handle(), cache_, 1, &info, nullptr, &pipelines_[index]);
  vkDestroyShaderModule(device_.handle(), module, nullptr);
  if (result < 0)
    fail(Exit::Device,
         formatted("{}: the driver cannot compile shader {}: {}", device_.label(), shader.name, resultName(result)));
}

void Pipelines::prepare(const std::vector<uint32_t> &shaders) {
  std::vector<uint32_t> missing;
  for (uint32_t shader : shaders)
    if (!pipelines_[shader] && std::find(missing.begin(), missing.end(), shader) == missing.end()) {
      missing.push_back(shader);
      layout(shader);
    }
  if (missing.empty())
    return;
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      for (size_t i; (i = next++) < missing.size();)
        make(missing[i]);
    } catch (...) {
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> helpers;
    for (size_t t = 1; t < std::min<size_t>(size_t(threads_), missing.size()); ++t)
      startThread(helpers, threads_, work);
    work();
  }
  if (failure)
    std::rethrow_exception(failure);
  save();
}

void Pipelines::save() {
  size_t size = 0;
  if (cachePath_.empty() || vkGetPipelineCacheData(device_.handle(), cache_, &size, nullptr) != VK_SUCCESS ||
      size == cachedBytes_)
    return;
  std::vector<std::byte> data(size);
  if (vkGetPipelineCacheData(device_.handle(), cache_, &size, data.data()) != VK_SUCCESS)
    return; // it grew meanwhile: the next time is early enough
  data.resize(size);
  writePipelineCache(cachePath_, device_.physical().properties, data);
  cachedBytes_ = size;
}

} // namespace sinter::vulkan
