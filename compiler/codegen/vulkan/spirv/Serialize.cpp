#include "compiler/codegen/vulkan/spirv/Serialize.h"
#include "dialects/plan/Plan.h"
#include "runtime/include/sinter/abi.h"

#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/IR/Threading.h"
#include "mlir/Target/SPIRV/Serialization.h"

#include <map>
#include <spirv-tools/libspirv.hpp>

using namespace mlir;

namespace sinter::vulkan {
namespace {

/// What a device must have for the module, beyond what Vulkan 1.2 always has.
uint32_t featuresOf(spirv::ModuleOp module) {
  uint32_t features = 0;
  for (spirv::Capability capability : module.getVceTriple()->getCapabilities())
    switch (capability) {
    case spirv::Capability::Int8:
    case spirv::Capability::StorageBuffer8BitAccess:
      features |= SINTER_VK_INT8;
      break;
    case spirv::Capability::Int16:
    case spirv::Capability::StorageBuffer16BitAccess:
      features |= SINTER_VK_INT16;
      break;
    case spirv::Capability::Int64:
      features |= SINTER_VK_INT64;
      break;
    case spirv::Capability::GroupNonUniformArithmetic:
      features |= SINTER_VK_SUBGROUP_ARITHMETIC;
      break;
    case spirv::Capability::GroupNonUniformShuffle:
      features |= SINTER_VK_SUBGROUP_SHUFFLE;
      break;
    default:
      break;
    }
  return features;
}

LogicalResult checkWords(spirv::ModuleOp module, ArrayRef<uint32_t> words) {
  spvtools::SpirvTools tools(SPV_ENV_VULKAN_1_2);
  std::string message;
  tools.SetMessageConsumer([&](spv_message_level_t, const char *, const spv_position_t &, const char *text) {
    message += message.empty() ? "" : "; ";
    message += StringRef(text).rtrim().str();
  });
  if (!tools.IsValid() || tools.Validate(words.data(), words.size()))
    return success();
  return emitError(module.getLoc(), "vulkan: shader @") << *module.getSymName() << " is not valid: " << message;
}

LogicalResult serialize(spirv::ModuleOp module, bool validate, SerializedShader &shader) {
  shader.name = module.getSymName()->str();
  SmallVector<uint32_t> words;
  spirv::SerializationOptions options;
  options.emitSymbolName = false;
  if (!module.getVceTriple() || failed(spirv::serialize(module, words, options)))
    return emitError(module.getLoc(), "vulkan: shader @") << shader.name << " cannot be serialised";
  if (validate && failed(checkWords(module, words)))
    return failure();
  shader.words.assign(words.begin(), words.end());
  shader.features = featuresOf(module);
  for (auto function : module.getOps<spirv::FuncOp>())
    if (auto entry = function->getAttrOfType<spirv::EntryPointABIAttr>(spirv::getEntryPointABIAttrName()))
      shader.subgroupSize = entry.getSubgroupSize().value_or(0);
  for (auto variable : module.getOps<spirv::GlobalVariableOp>()) {
    auto type = cast<spirv::PointerType>(variable.getType());
    if (std::optional<uint32_t> binding = variable.getBinding()) {
      if (*binding >= plan::kMaxBindings)
        return emitError(module.getLoc(), "vulkan: shader @")
               << shader.name << " has binding " << *binding << ": at most " << plan::kMaxBindings << " are possible";
      shader.bindings = std::max(shader.bindings, *binding + 1);
      if (isa<spirv::ImageType>(type.getPointeeType()))
        shader.texels |= 1u << *binding;
    } else if (type.getStorageClass() == spirv::StorageClass::PushConstant)
      shader.constants = plan::kMaxPushConstants;
  }
  return success();
}

} // namespace

FailureOr<std::vector<SerializedShader>> serializeShaders(ModuleOp module, bool validate,
                                                          DenseMap<StringAttr, uint32_t> &indices) {
  SmallVector<spirv::ModuleOp> modules(module.getOps<spirv::ModuleOp>());
  std::vector<SerializedShader> all(modules.size());
  if (failed(failableParallelForEachN(module.getContext(), 0, modules.size(),
                                      [&](size_t i) { return serialize(modules[i], validate, all[i]); })))
    return failure();
  std::vector<SerializedShader> distinct;
  std::map<std::pair<std::vector<uint32_t>, uint32_t>, uint32_t> known;
  for (auto [op, shader] : llvm::zip_equal(modules, all)) {
    auto [entry, isNew] = known.try_emplace({shader.words, shader.subgroupSize}, distinct.size());
    indices[op.getSymNameAttr()] = entry->second;
    if (isNew)
      distinct.push_back(std::move(shader));
  }
  return distinct;
}

} // namespace sinter::vulkan
