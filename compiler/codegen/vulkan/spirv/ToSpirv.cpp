// sinter-vulkan-to-spirv: shaders in gpu, memref, scf, arith, math and vector become spirv.modules, in one conversion
// each. sinter-vulkan-finish-spirv: makes of MLIR's modules what Vulkan 1.2 accepts.
#include "compiler/codegen/vulkan/Passes.h"
#include "dialects/plan/Plan.h"

#include "mlir/Conversion/ArithToSPIRV/ArithToSPIRV.h"
#include "mlir/Conversion/FuncToSPIRV/FuncToSPIRV.h"
#include "mlir/Conversion/GPUToSPIRV/GPUToSPIRV.h"
#include "mlir/Conversion/MathToSPIRV/MathToSPIRV.h"
#include "mlir/Conversion/MemRefToSPIRV/MemRefToSPIRV.h"
#include "mlir/Conversion/SCFToSPIRV/SCFToSPIRV.h"
#include "mlir/Conversion/UBToSPIRV/UBToSPIRV.h"
#include "mlir/Conversion/VectorToSPIRV/VectorToSPIRV.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/Dialect/SPIRV/Transforms/SPIRVConversion.h"
#include "mlir/IR/Threading.h"

using namespace mlir;

namespace sinter::vulkan {
#define GEN_PASS_DEF_FINISHSPIRV
#define GEN_PASS_DEF_SHADERSTOSPIRV
#include "compiler/codegen/vulkan/Passes.h.inc"

namespace {

/// What shaders may use. Those that do say so: the finished module declares what it needs only.
spirv::TargetEnvAttr targetEnvironment(MLIRContext *context) {
  using C = spirv::Capability;
  auto triple = spirv::VerCapExtAttr::get(
      spirv::Version::V_1_5,
      {C::Shader, C::Int8, C::Int16, C::Int64, C::StorageBuffer8BitAccess, C::StorageBuffer16BitAccess,
       C::GroupNonUniform, C::GroupNonUniformArithmetic, C::GroupNonUniformShuffle, C::SampledBuffer},
      {spirv::Extension::SPV_KHR_storage_buffer_storage_class, spirv::Extension::SPV_KHR_8bit_storage,
       spirv::Extension::SPV_KHR_16bit_storage},
      context);
  Builder builder(context);
  auto limits =
      spirv::ResourceLimitsAttr::get(context, /*max_compute_shared_memory_size=*/16384,
                                     /*max_compute_workgroup_invocations=*/128, builder.getI32ArrayAttr({128, 128, 64}),
                                     /*subgroup_size=*/32, std::nullopt, std::nullopt, nullptr, nullptr);
  return spirv::TargetEnvAttr::get(triple, limits, spirv::ClientAPI::Vulkan, spirv::Vendor::Unknown,
                                   spirv::DeviceType::Unknown, spirv::TargetEnvAttr::kUnknownDeviceID);
}

struct LowerPushConstant : OpConversionPattern<plan::PushConstantOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(plan::PushConstantOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Value word =
        spirv::getPushConstantValue(op, plan::kMaxPushConstants, op.getNumber(), rewriter.getI32Type(), rewriter);
    if (!word)
      return failure();
    rewriter.replaceOp(op, word);
    return success();
  }
};

struct LowerFetchTexels : OpConversionPattern<plan::FetchTexelsOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(plan::FetchTexelsOp op, OpAdaptor operands,
                                ConversionPatternRewriter &rewriter) const override {
    auto module = op->getParentOfType<spirv::ModuleOp>();
    if (!module)
      return failure();
    std::string name = "__texels_" + std::to_string(op.getBinding());
    auto image = spirv::ImageType::get(rewriter.getF32Type(), spirv::Dim::Buffer, spirv::ImageDepthInfo::NoDepth,
                                       spirv::ImageArrayedInfo::NonArrayed, spirv::ImageSamplingInfo::SingleSampled,
                                       spirv::ImageSamplerUseInfo::NeedSampler, spirv::ImageFormat::Unknown);
    auto pointer = spirv::PointerType::get(image, spirv::StorageClass::UniformConstant);
    auto variable = module.lookupSymbol<spirv::GlobalVariableOp>(name);
    if (!variable) {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(module.getBody());
      variable =
          spirv::GlobalVariableOp::create(rewriter, op.getLoc(), pointer, name, /*descriptorSet=*/0, op.getBinding());
    }
    Value address = spirv::AddressOfOp::create(rewriter, op.getLoc(), variable);
    Value texels = spirv::LoadOp::create(rewriter, op.getLoc(), address);
    rewriter.replaceOpWithNewOp<spirv::ImageFetchOp>(op, op.getType(), texels, operands.getIndex(),
                                                     spirv::ImageOperandsAttr(), ValueRange());
    return success();
  }
};

/// The type that holds 16-bit floats as their bits.
Type bitsType(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (!element.isBF16() && !element.isF16())
    return type;
  Type bits = IntegerType::get(type.getContext(), 16);
  auto vector = dyn_cast<VectorType>(type);
  return vector ? Type(VectorType::get(vector.getShape(), bits)) : bits;
}

/// What is left of 16-bit floats is moved, never computed with: their bits are, as integers.
void keepHalvesAsBits(gpu::GPUModuleOp shader) {
  shader.walk([](Operation *op) {
    if (auto constant = dyn_cast<arith::ConstantOp>(op);
        constant && bitsType(constant.getType()) != constant.getType()) {
      auto bits = IntegerType::get(op->getContext(), 16);
      if (auto scalar = dyn_cast<FloatAttr>(constant.getValue()))
        constant.setValueAttr(IntegerAttr::get(bits, scalar.getValue().bitcastToAPInt()));
      else
        constant.setValueAttr(cast<DenseFPElementsAttr>(constant.getValue()).mapValues(bits, [](const APFloat &value) {
          return value.bitcastToAPInt();
        }));
    }
    for (Value result : op->getResults())
      result.setType(bitsType(result.getType()));
    for (Region &region : op->getRegions())
      for (BlockArgument argument : region.getArguments())
        argument.setType(bitsType(argument.getType()));
  });
  shader.walk([](arith::BitcastOp op) {
    if (op.getIn().getType() != op.getType())
      return;
    op.replaceAllUsesWith(op.getIn());
    op.erase();
  });
}

/// Floats other than f32 would silently become f32: they must be gone.
LogicalResult hasKnownTypes(gpu::GPUModuleOp shader) {
  WalkResult walk = shader.walk([](Operation *op) {
    for (TypeRange types : {TypeRange(op->getOperandTypes()), TypeRange(op->getResultTypes())})
      for (Type type : types) {
        Type element = getElementTypeOrSelf(type);
        if (auto vector = dyn_cast<VectorType>(element))
          element = vector.getElementType();
        unsigned width = isa<IntegerType>(element) ? element.getIntOrFloatBitWidth() : 0;
        bool isKnown = width == 0 || width == 1 || width == 8 || width == 16 || width == 32 || width == 64;
        if (isa<FloatType>(element) ? !element.isF32() : !isKnown) {
          op->emitError() << "vulkan: a shader computes in f32 and integers of 64, 32, 16, 8 or 1 bits, not in "
                          << element;
          return WalkResult::interrupt();
        }
      }
    return WalkResult::advance();
  });
  return failure(walk.wasInterrupted());
}

/// Converts the shader, which stands alone in a module of its own.
LogicalResult convert(gpu::GPUModuleOp shader) {
  keepHalvesAsBits(shader);
  if (failed(hasKnownTypes(shader)))
    return failure();
  MLIRContext *context = shader.getContext();
  spirv::TargetEnvAttr environment = targetEnvironment(context);
  shader->setAttr(spirv::getTargetEnvAttrName(), environment);
  SPIRVConversionOptions options;
  options.emulateLT32BitScalarTypes = false;
  options.emulateUnsupportedFloatTypes = false;
  SPIRVTypeConverter types(environment, options);
  std::unique_ptr<ConversionTarget> target = SPIRVConversionTarget::get(environment);
  target->addIllegalDialect<gpu::GPUDialect, plan::PlanDialect>();
  RewritePatternSet patterns(context);
  ScfToSPIRVContext loops;
  populateGPUToSPIRVPatterns(types, patterns);
  arith::populateArithToSPIRVPatterns(types, patterns);
  populateMathToSPIRVPatterns(types, patterns);
  populateMemRefToSPIRVPatterns(types, patterns);
  populateSCFToSPIRVPatterns(types, loops, patterns);
  populateVectorToSPIRVPatterns(types, patterns);
  populateFuncToSPIRVPatterns(types, patterns);
  populateBuiltinFuncToSPIRVPatterns(types, patterns);
  ub::populateUBToSPIRVConversionPatterns(types, patterns);
  patterns.add<LowerPushConstant, LowerFetchTexels>(types, context);
  return applyFullConversion(shader, *target, std::move(patterns));
}

struct ShadersToSpirvPass : impl::ShadersToSpirvBase<ShadersToSpirvPass> {
  using ShadersToSpirvBase::ShadersToSpirvBase;

  void runOnOperation() override {
    struct Part {
      OwningOpRef<ModuleOp> module;
      StringAttr name;
    };
    std::vector<Part> parts;
    for (gpu::GPUModuleOp shader : llvm::make_early_inc_range(getOperation().getOps<gpu::GPUModuleOp>())) {
      Part &part = parts.emplace_back(Part{ModuleOp::create(shader.getLoc()), shader.getNameAttr()});
      shader->remove();
      part.module->push_back(shader);
    }
    if (failed(failableParallelForEach(&getContext(), parts, [](Part &part) {
          return convert(*part.module->getOps<gpu::GPUModuleOp>().begin());
        })))
      return signalPassFailure();
    for (Part &part : parts) {
      spirv::ModuleOp module = *part.module->getOps<spirv::ModuleOp>().begin();
      module->remove();
      module.setSymNameAttr(part.name); // MLIR puts a prefix before it
      getOperation().push_back(module);
    }
  }
};

/// What f32 arithmetic is to keep: NaN, infinities and the signs of zeros; denormals; rounding to the nearest. Each is
/// a capability and an execution mode, which the runtime takes out again for a device that does not have it.
constexpr std::pair<spirv::Capability, spirv::ExecutionMode> kFloatModes[] = {
    {spirv::Capability::SignedZeroInfNanPreserve, spirv::ExecutionMode::SignedZeroInfNanPreserve},
    {spirv::Capability::DenormPreserve, spirv::ExecutionMode::DenormPreserve},
    {spirv::Capability::RoundingModeRTE, spirv::ExecutionMode::RoundingModeRTE}};

struct FinishSpirvPass : impl::FinishSpirvBase<FinishSpirvPass> {
  using FinishSpirvBase::FinishSpirvBase;

  void runOnOperation() override {
    spirv::ModuleOp module = getOperation();
    // MLIR asks for version 1.0, in which neither the interface of the entry point nor NoSignedWrap would be legal; all
    // extensions that it knows of are core in 1.5.
    if (std::optional<spirv::VerCapExtAttr> known = module.getVceTriple()) {
      SmallVector<spirv::Capability> capabilities(known->getCapabilities());
      llvm::erase(capabilities, spirv::Capability::Matrix); // which Shader implies
      for (auto [capability, mode] : kFloatModes)
        capabilities.push_back(capability);
      module.setVceTripleAttr(spirv::VerCapExtAttr::get(spirv::Version::V_1_5, capabilities, {}, &getContext()));
    }
    module->removeAttr(spirv::getTargetEnvAttrName());
    OpBuilder builder(&getContext());
    for (auto function : llvm::to_vector(module.getOps<spirv::FuncOp>())) { // there is but the entry point
      builder.setInsertionPointToEnd(module.getBody());
      for (auto [capability, mode] : kFloatModes)
        spirv::ExecutionModeOp::create(builder, function.getLoc(), function, mode, /*params=*/{32});
    }
    module.walk([&](Operation *op) {
      // A driver that contracted, reassociated or dropped NaNs would give other results than the CPU.
      if (isa<spirv::FAddOp, spirv::FSubOp, spirv::FMulOp, spirv::FDivOp, spirv::FNegateOp, spirv::FRemOp,
              spirv::GLFmaOp>(op))
        op->setAttr("no_contraction", builder.getUnitAttr());
      // Outputs may take the memory of inputs, and one place may be bound as scalars and as vectors.
      if (auto variable = dyn_cast<spirv::GlobalVariableOp>(op);
          variable &&
          cast<spirv::PointerType>(variable.getType()).getStorageClass() == spirv::StorageClass::StorageBuffer)
        op->setAttr("aliased", builder.getUnitAttr());
    });
  }
};

} // namespace

} // namespace sinter::vulkan
