#include "compiler/codegen/vulkan/Shader.h"

#include "dialects/sinter/ExactText.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVAttributes.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"

using namespace mlir;

namespace sinter::vulkan {

Value inQuads(OpBuilder &builder, Location loc, const LinearIndex &offset) {
  LinearIndex scaled{offset.constant / kQuad, {}};
  LinearIndex rest;
  for (auto [value, factor] : offset.terms)
    (factor % kQuad == 0 ? scaled : rest).add(value, factor % kQuad == 0 ? factor / kQuad : factor);
  if (!rest.terms.empty())
    scaled.add(arith::ShRUIOp::create(builder, loc, rest.materialize(builder, loc), indexConstant(builder, loc, 2)), 1);
  return scaled.materialize(builder, loc);
}

//===--- shaders -------------------------------------------------------------------------------------===//

StringAttr ShaderTable::add(gpu::GPUModuleOp shader) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  for (Operation &op : *shader.getBody())
    op.print(stream, exactText());
  auto [entry, isNew] = known.try_emplace(text, shader.getNameAttr());
  if (isNew)
    module.push_back(shader);
  else
    shader.erase();
  return entry->second;
}

//===--- kernels -------------------------------------------------------------------------------------===//

KernelBuilder::KernelBuilder(func::FuncOp kernel, ShaderTable &shaders, const Profile &profile)
    : profile(profile), kernel(kernel), shaders(shaders), name(kernel.getName().str()) {
  OpBuilder builder(kernel);
  kernel.setName((kernel.getName() + ".tensors").str());
  result = plan::KernelOp::create(builder, kernel.getLoc(), name, /*scratch_bytes=*/0, /*general=*/false);
  for (NamedAttribute attribute : kernel->getDiscardableAttrs())
    result->setDiscardableAttr(attribute.getName(), attribute.getValue());
  result.getBody().emplaceBlock();
}

Place KernelBuilder::operand(unsigned number) {
  unsigned arguments = kernel.getNumArguments();
  Type type = number < arguments ? kernel.getArgumentTypes()[number] : kernel.getResultTypes()[number - arguments];
  return {number, 0, plan::sizeInBytes(cast<ShapedType>(type))};
}

Place KernelBuilder::addScratch(int64_t bytes) {
  Place place{plan::Binding::kScratch, scratchBytes, bytes};
  scratchBytes += plan::alignUp(bytes);
  return place;
}

void KernelBuilder::finish(int64_t flops, bool general) {
  int64_t bytes = 0;
  for (TypeRange types : {TypeRange(kernel.getArgumentTypes()), TypeRange(kernel.getResultTypes())})
    for (Type type : types)
      bytes += plan::sizeInBytes(cast<ShapedType>(type));
  Builder builder(kernel.getContext());
  result.setScratchBytes(scratchBytes);
  result.setGeneral(general);
  result->setAttr(plan::kFlopsAttr, builder.getF64FloatAttr(static_cast<double>(flops)));
  result->setAttr(plan::kBytesAttr, builder.getF64FloatAttr(static_cast<double>(bytes)));
  kernel.erase();
}

//===--- one shader ----------------------------------------------------------------------------------===//

ShaderBuilder::ShaderBuilder(KernelBuilder &kernel, Location loc, ArrayRef<int32_t> workgroup,
                             std::optional<int> subgroup)
    : builder(loc.getContext()), loc(loc), kernel(kernel), workgroup(workgroup) {
  MLIRContext *context = loc.getContext();
  std::string name = kernel.name + ".s" + std::to_string(kernel.dispatches++);
  module = gpu::GPUModuleOp::create(builder, loc, name);
  builder.setInsertionPointToStart(module.getBody());
  function = gpu::GPUFuncOp::create(builder, loc, "main", builder.getFunctionType({}, {}));
  function->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), builder.getUnitAttr());
  function->setAttr(spirv::getEntryPointABIAttrName(),
                    spirv::EntryPointABIAttr::get(context, DenseI32ArrayAttr::get(context, workgroup), subgroup, {}));
  builder.setInsertionPointToStart(&function.getBody().front());
  gpu::ReturnOp::create(builder, loc);
  builder.setInsertionPointToStart(&function.getBody().front());
}

ShaderBuilder::~ShaderBuilder() {
  if (module) // an emitter gave up
    module.erase();
}

/// Bytes of an element of a buffer.
static int64_t bytesOf(Type element) {
  int64_t count = 1;
  if (auto vector = dyn_cast<VectorType>(element))
    count = vector.getNumElements();
  return count * llvm::divideCeil(getElementTypeOrSelf(element).getIntOrFloatBitWidth(), 8);
}

Buffer ShaderBuilder::bind(const Place &place, plan::Binding::Access access, Type element) {
  for (Bound &known : bound)
    if (known.place == place && known.element == element) {
      for (size_t part = 0; part < known.buffer.parts.size(); ++part)
        bindings[known.first + part].access |= access;
      return known.buffer;
    }
  auto storage = spirv::StorageClassAttr::get(builder.getContext(), spirv::StorageClass::StorageBuffer);
  auto type = MemRefType::get({ShapedType::kDynamic}, element, MemRefLayoutAttrInterface{}, storage);
  Bound added{place, element, {}, bindings.size()};
  added.buffer.perPart = plan::kMaxBindingBytes / bytesOf(element);
  for (int64_t begin = 0; begin < place.bytes; begin += plan::kMaxBindingBytes) {
    added.buffer.parts.push_back(function.getBody().front().addArgument(type, loc));
    bindings.push_back(
        {place.operand, access, place.offset + begin, std::min(place.bytes - begin, plan::kMaxBindingBytes)});
  }
  bound.push_back(added);
  return added.buffer;
}

/// Runs `access(part, index in it)` in the part that holds the index.
static Value chooseParts(OpBuilder &builder, Location loc, const Buffer &buffer, Value index, TypeRange results,
                         llvm::function_ref<Value(Value, Value)> access, size_t first = 0) {
  if (first + 1 == buffer.parts.size())
    return access(buffer.parts[first],
                  first == 0 ? index
                             : LinearIndex{-buffer.perPart * int64_t(first), {{index, 1}}}.materialize(builder, loc));
  Value limit = indexConstant(builder, loc, buffer.perPart * (first + 1));
  Value inside = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, index, limit);
  auto choice = scf::IfOp::create(builder, loc, results, inside, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  auto fill = [&](Block *block, llvm::function_ref<Value()> make) {
    if (results.empty()) // has a terminator already
      builder.setInsertionPointToStart(block);
    else
      builder.setInsertionPointToEnd(block);
    Value value = make();
    if (!results.empty())
      scf::YieldOp::create(builder, loc, value);
  };
  fill(choice.thenBlock(), [&] {
    Value local =
        first == 0 ? index : LinearIndex{-buffer.perPart * int64_t(first), {{index, 1}}}.materialize(builder, loc);
    return access(buffer.parts[first], local);
  });
  fill(choice.elseBlock(), [&] { return chooseParts(builder, loc, buffer, index, results, access, first + 1); });
  return results.empty() ? Value() : choice.getResult(0);
}

Value ShaderBuilder::load(const Buffer &buffer, Value index) {
  Type element = cast<MemRefType>(buffer.parts.front().getType()).getElementType();
  return chooseParts(builder, loc, buffer, index, element, [&](Value part, Value local) -> Value {
    return memref::LoadOp::create(builder, loc, part, local);
  });
}

Value ShaderBuilder::fetchTexels(const Place &place, Value index) {
  plan::Binding binding{place.operand, plan::Binding::Texels, place.offset, place.bytes};
  auto *known = llvm::find(texelBindings, binding);
  int64_t number = known - texelBindings.begin();
  if (known == texelBindings.end())
    texelBindings.push_back(binding);
  auto type = VectorType::get({4}, builder.getF32Type());
  return plan::FetchTexelsOp::create(builder, loc, type, number, index);
}

void ShaderBuilder::store(const Buffer &buffer, Value index, Value value) {
  chooseParts(builder, loc, buffer, index, {}, [&](Value part, Value local) -> Value {
    memref::StoreOp::create(builder, loc, value, part, local);
    return {};
  });
}

Value ShaderBuilder::workgroupId(gpu::Dimension dimension) { return gpu::BlockIdOp::create(builder, loc, dimension); }

Value ShaderBuilder::localId(gpu::Dimension dimension) { return gpu::ThreadIdOp::create(builder, loc, dimension); }

Value ShaderBuilder::pushConstant(int64_t number) {
  Value word = plan::PushConstantOp::create(builder, loc, builder.getI32Type(), number);
  return arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(), word);
}

Value ShaderBuilder::sharedMemory(int64_t elements, Type type) {
  auto space = spirv::StorageClassAttr::get(builder.getContext(), spirv::StorageClass::Workgroup);
  return memref::AllocOp::create(builder, loc, MemRefType::get({elements}, type, MemRefLayoutAttrInterface{}, space));
}

ShaderBuilder::Points ShaderBuilder::forEachPoint(int64_t count) {
  Points points;
  int64_t groups = llvm::divideCeil(count, workgroup[0]);
  int64_t rows = llvm::divideCeil(groups, plan::kMaxGroups), width = llvm::divideCeil(groups, rows);
  points.groups = {width, rows, 1};
  Value group = workgroupId(gpu::Dimension::x);
  if (rows > 1)
    group = LinearIndex().add(group, 1).add(workgroupId(gpu::Dimension::y), width).materialize(builder, loc);
  points.index = LinearIndex().add(group, workgroup[0]).add(localId(gpu::Dimension::x), 1).materialize(builder, loc);
  if (count % workgroup[0] == 0 && width * rows == groups)
    return points;
  points.constants = {count};
  Value inside = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, points.index, pushConstant(0));
  auto branch = scf::IfOp::create(builder, loc, inside, /*withElseRegion=*/false);
  builder.setInsertionPointToStart(branch.thenBlock());
  return points;
}

int32_t ShaderBuilder::workgroupFor(const Profile &profile, int64_t count) {
  int32_t workgroup = profile.workgroup;
  constexpr int32_t kLeast = 8, kGroups = 4, kStep = 4; // of sizes: few, so that kernels share shaders
  while (!profile.sharedMemory && workgroup > kLeast && count < int64_t(kGroups) * workgroup)
    workgroup /= kStep;
  return workgroup;
}

void ShaderBuilder::dispatch(ArrayRef<int64_t> groups, ArrayRef<int64_t> constants) {
  function.setFunctionType(builder.getFunctionType(function.getBody().front().getArgumentTypes(), {}));
  function.walk([&](plan::FetchTexelsOp fetch) { fetch.setBinding(fetch.getBinding() + bindings.size()); });
  bindings.append(texelBindings);
  StringAttr shader = kernel.shaders.add(module);
  module = {};
  SmallVector<int64_t> flat;
  for (const plan::Binding &binding : bindings)
    flat.append({binding.operand, binding.access, binding.offset, binding.bytes});
  OpBuilder end = OpBuilder::atBlockEnd(&kernel.result.getBody().front());
  plan::DispatchOp::create(end, loc, FlatSymbolRefAttr::get(shader), builder.getDenseI64ArrayAttr(groups),
                           builder.getDenseI64ArrayAttr(constants), builder.getDenseI64ArrayAttr(flat));
}

} // namespace sinter::vulkan
