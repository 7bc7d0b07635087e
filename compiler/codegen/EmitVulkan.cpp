// Kernels for Vulkan devices in the program descriptor: shaders as SPIR-V words, kernels as lists of dispatches.
#include "compiler/codegen/Descriptor.h"
#include "compiler/codegen/vulkan/Profile.h"
#include "compiler/codegen/vulkan/spirv/Serialize.h"
#include "dialects/plan/Plan.h"
#include "runtime/include/sinter/abi.h"

#include "llvm/Support/Compression.h"

using namespace mlir;

namespace sinter {

static_assert(plan::kMaxBindingBytes == SINTER_VULKAN_BINDING_BYTES);
static_assert(int{plan::Binding::Read} == SINTER_READ && int{plan::Binding::Write} == SINTER_WRITE);

double workOf(Operation *kernel, StringRef name) {
  auto value = kernel->getAttrOfType<FloatAttr>(name);
  return value ? value.getValueAsDouble() : 0;
}

namespace {

/// The words of all shaders, packed, and where they will be: the program unpacks them (runtime/src/vulkan/shaders.h).
struct Code {
  llvm::Constant *packed, *words;
  uint64_t packedBytes, wordCount;
};

Code pack(DescriptorBuilder &b, ArrayRef<vulkan::SerializedShader> shaders) {
  std::vector<uint32_t> words;
  for (const vulkan::SerializedShader &shader : shaders)
    words.insert(words.end(), shader.words.begin(), shader.words.end());
  llvm::Constant *none = llvm::ConstantPointerNull::get(b.ptr);
  if (words.empty() || !llvm::compression::zlib::isAvailable())
    return {none, words.empty() ? none : b.global(llvm::ConstantDataArray::get(b.context, ArrayRef(words)), 8), 0,
            words.size()};
  SmallVector<uint8_t> packed;
  llvm::compression::zlib::compress({reinterpret_cast<const uint8_t *>(words.data()), 4 * words.size()}, packed,
                                    llvm::compression::zlib::DefaultCompression);
  return {b.global(llvm::ConstantDataArray::get(b.context, ArrayRef<uint8_t>(packed)), 8),
          b.zeros(llvm::ArrayType::get(b.i32, words.size()), 8), packed.size(), words.size()};
}

llvm::Constant *describe(DescriptorBuilder &b, const vulkan::SerializedShader &shader, llvm::Constant *words) {
  return b.record({/*name=*/b.string(shader.name), /*words=*/words, /*word_count=*/b.u64(shader.words.size()),
                   /*binding_count=*/b.u32(shader.bindings), /*constant_count=*/b.u32(shader.constants),
                   /*subgroup_size=*/b.u32(shader.subgroupSize), /*features=*/b.u32(shader.features),
                   /*texels=*/b.u32(shader.texels), /*reserved=*/b.u32(0)});
}

llvm::Constant *describe(DescriptorBuilder &b, plan::DispatchOp dispatch, uint32_t shader, uint32_t declared) {
  SmallVector<llvm::Constant *> bindings;
  SmallVector<plan::Binding> bound = dispatch.getBindingList();
  for (const plan::Binding &binding : ArrayRef(bound).take_front(declared))
    bindings.push_back(
        b.record({/*operand=*/b.u32(static_cast<uint32_t>(binding.operand)),
                  /*access=*/b.u32(binding.access == plan::Binding::Texels ? SINTER_READ : binding.access),
                  /*offset=*/b.u64(binding.offset),
                  /*bytes=*/b.u64(binding.bytes)}));
  auto words = [&](ArrayRef<int64_t> values, size_t count) {
    SmallVector<uint32_t> padded(values.begin(), values.end());
    padded.resize(count);
    return llvm::ConstantDataArray::get(b.context, padded);
  };
  return b.record({/*shader=*/b.u32(shader), /*binding_count=*/b.u32(bindings.size()),
                   /*bindings=*/b.array(bindings), /*groups=*/words(dispatch.getGroups(), 3),
                   /*constants=*/words(dispatch.getConstants(), 4), /*reserved=*/b.u32(0)});
}

} // namespace

llvm::Constant *describeVulkanVersion(DescriptorBuilder &b, const Version &version, ArrayRef<StringAttr> kernels) {
  DenseMap<StringAttr, uint32_t> indices;
  auto shaders = vulkan::serializeShaders(version.module, version.options.validateSpirv, indices);
  if (failed(shaders))
    return nullptr;
  SmallVector<llvm::Constant *> shaderRecords, kernelRecords;
  Code code = pack(b, *shaders);
  uint64_t first = 0;
  for (const vulkan::SerializedShader &shader : *shaders) {
    shaderRecords.push_back(
        describe(b, shader, llvm::ConstantExpr::getInBoundsGetElementPtr(b.i32, code.words, b.u64(first))));
    first += shader.words.size();
  }
  uint64_t scratch = 0;
  SymbolTable symbols(version.module);
  for (StringAttr name : kernels) {
    auto kernel = cast<plan::KernelOp>(symbols.lookup(name));
    SmallVector<llvm::Constant *> dispatches;
    for (auto dispatch : kernel.getBody().getOps<plan::DispatchOp>()) {
      uint32_t shader = indices.lookup(dispatch.getShaderAttr().getAttr());
      dispatches.push_back(describe(b, dispatch, shader, (*shaders)[shader].bindings));
    }
    kernelRecords.push_back(b.record({
        /*name=*/b.string(name),
        /*location=*/b.string(modelLine(kernel.getLoc())),
        /*flops=*/b.real(workOf(kernel, plan::kFlopsAttr)),
        /*bytes=*/b.real(workOf(kernel, plan::kBytesAttr)),
        /*dispatches=*/b.array(dispatches),
        /*dispatch_count=*/b.u32(dispatches.size()),
        /*fallback=*/b.u32(kernel.getGeneral()),
        /*scratch_bytes=*/b.u64(kernel.getScratchBytes()),
    }));
    scratch = std::max<uint64_t>(scratch, kernel.getScratchBytes());
  }
  const vulkan::Profile *profile = vulkan::findProfile(version.options.profile);
  return b.record({
      /*name=*/b.string(version.options.profile),
      /*device_types=*/b.u32(profile->deviceTypes),
      /*shader_count=*/b.u32(shaderRecords.size()),
      /*shaders=*/b.array(shaderRecords),
      /*kernels=*/b.array(kernelRecords),
      /*scratch_bytes=*/b.u64(scratch),
      /*packed=*/code.packed,
      /*packed_bytes=*/b.u64(code.packedBytes),
      /*words=*/code.words,
      /*word_count=*/b.u64(code.wordCount),
  });
}

} // namespace sinter
