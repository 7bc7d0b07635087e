// The program descriptor: what runtime/include/sinter/abi.h declares, as constants of an LLVM module. Reads the plan,
// the states and the kernels' attributes in every version; kernels that no launch uses are left out. Names of the
// struct's fields stand beside the values: whoever changes abi.h changes this file.
#include "compiler/codegen/Codegen.h"
#include "compiler/codegen/Descriptor.h"
#include "compiler/codegen/Target.h"
#include "dialects/plan/Plan.h"
#include "dialects/sinter/Loops.h"
#include "runtime/include/sinter/abi.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/JSON.h"

using namespace mlir;

namespace sinter {
namespace {

static_assert(SINTER_ABI_VERSION == 11, "change this file with abi.h");
static_assert(SINTER_ALIGNMENT == plan::kAlignment);

std::optional<uint32_t> dtypeOf(Type element) {
  if (element.isF32())
    return SINTER_F32;
  if (element.isInteger(32))
    return SINTER_I32;
  if (element.isInteger(8))
    return SINTER_I8;
  if (element.isInteger(16))
    return SINTER_U16;
  if (element.isBF16())
    return SINTER_BF16;
  if (element.isF16())
    return SINTER_F16;
  if (element.isInteger(64))
    return SINTER_I64;
  if (element.isF64())
    return SINTER_F64;
  return std::nullopt;
}

uint32_t initOf(StringRef name) {
  return llvm::StringSwitch<uint32_t>(name)
      .Case("ones", SINTER_ONES)
      .Case("constant", SINTER_CONSTANT)
      .Case("normal", SINTER_NORMAL)
      .Case("uniform", SINTER_UNIFORM)
      .Case("truncated_normal", SINTER_TRUNCATED_NORMAL)
      .Case("orthogonal", SINTER_ORTHOGONAL)
      .Default(SINTER_ZEROS);
}

std::string configText(ModuleOp module) {
  llvm::json::Object object;
  if (auto config = module->getAttrOfType<DictionaryAttr>("sinter.config"))
    for (NamedAttribute entry : config) {
      llvm::json::Value value = nullptr;
      if (auto boolean = dyn_cast<BoolAttr>(entry.getValue()))
        value = boolean.getValue();
      else if (auto integer = dyn_cast<IntegerAttr>(entry.getValue()))
        value = integer.getInt();
      else if (auto real = dyn_cast<FloatAttr>(entry.getValue()))
        value = real.getValueAsDouble();
      else if (auto text = dyn_cast<StringAttr>(entry.getValue()))
        value = llvm::json::fixUTF8(text.getValue());
      object[llvm::json::fixUTF8(entry.getName().getValue())] = std::move(value);
    }
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(std::move(object));
  return text;
}

class ProgramEmitter : DescriptorBuilder {
public:
  ProgramEmitter(ArrayRef<Version> versions, ArrayRef<uint64_t> features, StringRef prefix, llvm::Module &module)
      : DescriptorBuilder(module), source(versions.front().module), prefix(prefix), features(features) {
    for (const Version &version : versions)
      (version.options.target == Target::Cpu ? cpu : vulkan).versions.push_back(version);
  }

  LogicalResult run() {
    if (!layOutStates())
      return failure();
    FailureOr<llvm::Constant *> cpuPlan = describe(cpu), vulkanPlan = describe(vulkan);
    if (failed(cpuPlan) || failed(vulkanPlan))
      return failure();
    FailureOr<SmallVector<llvm::Constant *>> vulkanRecords = vulkanVersionRecords();
    if (failed(vulkanRecords))
      return failure();
    llvm::Constant *program = record({
        /*abi_version=*/u32(SINTER_ABI_VERSION),
        /*state_count=*/u32(states.size()),
        /*entry_count=*/u32(llvm::range_size(source.getOps<plan::EntryOp>())),
        /*version_count=*/u32(cpu.versions.size()),
        /*vulkan_version_count=*/u32(vulkan.versions.size()),
        /*reserved=*/u32(0),
        /*name=*/string(moduleText("sinter.program")),
        /*source=*/string(moduleText("sinter.source")),
        /*compiler=*/string("0.1.0, LLVM " LLVM_VERSION_STRING),
        /*target=*/string(targetText()),
        /*config=*/string(configText(source)),
        /*states=*/array(states),
        /*versions=*/array(versionRecords()),
        /*vulkan=*/array(*vulkanRecords),
        /*cpu_plan=*/*cpuPlan,
        /*vulkan_plan=*/*vulkanPlan,
        /*constants=*/constantBlock(),
        /*constant_bytes=*/u64(constantBytes),
        /*state_bytes=*/u64(stateBytes),
        /*memory_budget=*/u64(budgetOf(source)),
    });
    auto *global =
        new llvm::GlobalVariable(module, program->getType(), /*isConstant=*/true, llvm::GlobalValue::ExternalLinkage,
                                 program, prefix.empty() ? SINTER_PROGRAM_SYMBOL : prefix + "_program");
    global->setAlignment(llvm::Align(8));
    return success();
  }

private:
  /// What one kind of device runs: the versions for it were made from one plan.
  struct Plan {
    SmallVector<Version> versions;
    llvm::MapVector<StringAttr, uint64_t> kernels; ///< in the order of their numbers
  };

  StringRef moduleText(StringRef attribute) {
    auto text = source->getAttrOfType<StringAttr>(attribute);
    return text ? text.getValue() : StringRef();
  }

  static int64_t budgetOf(ModuleOp module) {
    auto budget = module->getAttrOfType<IntegerAttr>(kMemoryBudgetAttr);
    return budget ? budget.getInt() : 0;
  }

  /// `cpu:x86-64-v3,x86-64-v4;vulkan`.
  std::string targetText() {
    std::string text;
    if (!cpu.versions.empty())
      text = "cpu:" +
             llvm::join(llvm::map_range(cpu.versions, [](const Version &v) { return processorName(v.options); }), ",");
    if (!vulkan.versions.empty())
      text += text.empty() ? "vulkan" : ";vulkan";
    return text;
  }

  //===--- tensors, states ---===//

  llvm::Constant *tensor(Location loc, StringRef name, ShapedType type, int64_t offset) {
    std::optional<uint32_t> dtype = dtypeOf(type.getElementType());
    if (!dtype) {
      emitError(loc) << name << ": the runtime has no element type " << type.getElementType();
      return nullptr;
    }
    SmallVector<llvm::Constant *> shape;
    for (int64_t size : type.getShape())
      shape.push_back(u64(size));
    return record({/*name=*/string(name), /*dtype=*/u32(*dtype), /*rank=*/u32(type.getRank()), /*shape=*/array(shape),
                   /*offset=*/u64(offset), /*bytes=*/u64(plan::sizeInBytes(type))});
  }

  bool layOutStates() {
    for (auto [state, offset] : plan::layOutStates(source, stateBytes)) {
      llvm::Constant *place = tensor(state.getLoc(), state.getSymName(), cast<ShapedType>(state.getType()), offset);
      if (!place)
        return false;
      states.push_back(record({/*tensor=*/place, /*init=*/u32(initOf(state.getInit())),
                               /*role=*/
                               u32(state.getTrainable()   ? SINTER_PARAMETER
                                   : state.getTransient() ? SINTER_TRANSIENT
                                                          : SINTER_MEMORY),
                               /*scale=*/real(state.getScale().convertToDouble())}));
      stateOffsets[state.getSymNameAttr()] = offset;
    }
    return true;
  }

  //===--- constant data ---===//

  /// Offset of a value in the block of constants; equal values share one.
  uint64_t addConstant(ElementsAttr value) {
    auto [known, isNew] = constantOffsets.try_emplace(value, constantBytes);
    if (isNew)
      constantBytes += plan::alignUp(plan::sizeInBytes(value.getShapedType()));
    return known->second;
  }

  llvm::Constant *constantBlock() {
    if (!constantBytes)
      return llvm::ConstantPointerNull::get(ptr);
    std::string bytes(constantBytes, '\0');
    for (auto [attribute, offset] : constantOffsets) {
      auto value = cast<ElementsAttr>(attribute);
      ArrayRef<char> data;
      if (auto dense = dyn_cast<DenseElementsAttr>(value))
        data = dense.getRawData();
      else if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
        data = resource.getRawHandle().getBlob()->getData();
      int64_t size = plan::sizeInBytes(value.getShapedType());
      for (int64_t at = 0; at < size && !data.empty(); at += data.size()) // a splat holds one element
        std::copy_n(data.begin(), std::min<int64_t>(data.size(), size - at), bytes.begin() + offset + at);
    }
    return global(llvm::ConstantDataArray::getString(context, bytes, /*AddNull=*/false), SINTER_ALIGNMENT);
  }

  //===--- kernels, launches, entries ---===//

  /// A sinter_plan, null if the program is not for such devices.
  FailureOr<llvm::Constant *> describe(Plan &plan) {
    if (plan.versions.empty())
      return array({});
    SmallVector<llvm::Constant *> entries;
    uint64_t arenaBytes = 0;
    for (auto entry : ModuleOp(plan.versions.front().module).getOps<plan::EntryOp>()) {
      llvm::Constant *constant = describe(entry, plan);
      if (!constant)
        return failure();
      entries.push_back(constant);
      arenaBytes = std::max<uint64_t>(arenaBytes, entry.getArenaBytes());
    }
    return array(record({/*kernel_count=*/u32(plan.kernels.size()), /*reserved=*/u32(0), /*entries=*/array(entries),
                         /*arena_bytes=*/u64(arenaBytes)}));
  }

  llvm::Constant *describe(Operation *kernel, StringRef name, size_t version) {
    auto *type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), {ptr, i64, i64, ptr}, /*isVarArg=*/false);
    auto *function =
        cast<llvm::Function>(module.getOrInsertFunction(kernelSymbol(prefix, name, version), type).getCallee());
    function->setVisibility(llvm::GlobalValue::HiddenVisibility);
    return record({
        /*name=*/string(name),
        /*location=*/string(modelLine(kernel->getLoc())),
        /*cpu=*/function,
        /*tiles=*/u64(countOf(kernel, "sinter.tiles")),
        /*scratch_bytes=*/u64(scratchOf(kernel)),
        /*flops=*/real(workOf(kernel, plan::kFlopsAttr)),
        /*bytes=*/real(workOf(kernel, plan::kBytesAttr)),
    });
  }

  static uint64_t countOf(Operation *kernel, StringRef name) {
    auto value = kernel->getAttrOfType<IntegerAttr>(name);
    return value ? value.getInt() : 0;
  }

  static uint64_t scratchOf(Operation *kernel) { return countOf(kernel, "sinter.scratch"); }

  /// Each version's table of the kernels that launches have asked for.
  SmallVector<llvm::Constant *> versionRecords() {
    SmallVector<llvm::Constant *> records;
    for (auto [index, version] : llvm::enumerate(cpu.versions)) {
      SmallVector<llvm::Constant *> table;
      uint64_t scratch = 0;
      for (auto [name, number] : cpu.kernels) {
        Operation *kernel = symbols.lookupSymbolIn(version.module, name);
        table.push_back(describe(kernel, name.getValue(), index));
        scratch = std::max(scratch, scratchOf(kernel));
      }
      records.push_back(record({/*name=*/string(processorName(version.options)), /*features=*/u64(features[index]),
                                /*scratch_bytes=*/u64(scratch), /*kernels=*/array(table)}));
    }
    return records;
  }

  /// The same of the versions for Vulkan devices.
  FailureOr<SmallVector<llvm::Constant *>> vulkanVersionRecords() {
    SmallVector<StringAttr> names;
    for (auto [name, number] : vulkan.kernels)
      names.push_back(name);
    SmallVector<llvm::Constant *> records;
    for (const Version &version : vulkan.versions) {
      llvm::Constant *described = describeVulkanVersion(*this, version, names);
      if (!described)
        return failure();
      records.push_back(described);
    }
    return records;
  }

  llvm::Constant *operand(Value buffer, uint32_t access, uint64_t own) {
    Value root = plan::rootBuffer(buffer);
    uint32_t space = SINTER_ARENA;
    uint64_t offset = 0;
    if (auto arena = root.getDefiningOp<plan::ArenaOp>()) {
      offset = arena.getOffset();
    } else if (auto state = root.getDefiningOp<plan::StateOp>()) {
      space = SINTER_STATE;
      offset = stateOffsets.lookup(state.getStateAttr().getAttr());
    } else {
      space = SINTER_CONSTANTS;
      offset = addConstant(root.getDefiningOp<plan::ConstantOp>().getValue());
    }
    for (Value part = buffer; part != root; part = part.getDefiningOp()->getOperand(0))
      if (auto step = part.getDefiningOp<plan::StepOp>())
        offset += step.getFrom(); // of the first step
    return record({/*space=*/u32(space), /*access=*/u32(access), /*offset=*/u64(offset),
                   /*bytes=*/u64(plan::sizeInBytes(cast<ShapedType>(buffer.getType()))), /*own=*/u64(own)});
  }

  /// A loop whose launches are being described.
  struct Loop {
    plan::LoopOp op;
    uint64_t first, count = 0;
    SmallVector<llvm::Constant *> moves = {};
  };

  /// The loops of an entry, outer ones before inner ones, with the numbers of their launches.
  SmallVector<Loop> loopsOf(plan::EntryOp entry) {
    SmallVector<Loop> loops;
    uint64_t number = 0;
    entry.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (auto loop = dyn_cast<plan::LoopOp>(op))
        loops.push_back({loop, number});
      auto launch = dyn_cast<plan::LaunchOp>(op);
      if (!launch)
        return;
      for (Loop &loop : loops) {
        if (!loop.op->isProperAncestor(launch))
          continue;
        ++loop.count;
        for (auto [index, operand] : llvm::enumerate(launch->getOperands()))
          for (Value part = operand; isa_and_nonnull<plan::ViewOp, plan::StepOp>(part.getDefiningOp());
               part = part.getDefiningOp()->getOperand(0))
            if (auto step = part.getDefiningOp<plan::StepOp>(); step && step->getParentOp() == loop.op)
              loop.moves.push_back(record({/*launch=*/u32(number), /*operand=*/u32(index), /*by=*/u64(step.getBy())}));
      }
      ++number;
    });
    return loops;
  }

  SmallVector<llvm::Constant *> loopRecords(plan::EntryOp entry) {
    SmallVector<llvm::Constant *> records;
    for (Loop &loop : loopsOf(entry))
      records.push_back(record({/*first=*/u32(loop.first), /*count=*/u32(loop.count), /*steps=*/u64(loop.op.getSteps()),
                                /*moves=*/array(loop.moves), /*move_count=*/u64(loop.moves.size()),
                                /*flag=*/u64(flagOf(loop.op))}));
    return records;
  }

  /// Where a loop's flag lies in the arena.
  static uint64_t flagOf(plan::LoopOp loop) {
    std::optional<int64_t> flag = whileCarry(loop);
    if (!flag)
      return SINTER_ALWAYS;
    return cast<plan::ArenaOp>(plan::rootBuffer(loop.getCarries()[*flag]).getDefiningOp()).getOffset();
  }

  /// How often a launch runs in one call.
  static double runsOf(plan::LaunchOp launch) {
    double runs = 1;
    for (Operation *op = launch->getParentOp(); isa<plan::LoopOp>(op); op = op->getParentOp())
      runs *= static_cast<double>(countedSteps(cast<plan::LoopOp>(op)));
    return runs;
  }

  /// The launches of an entry as the versions for processors have them; none if these differ in how they are chained.
  static SmallVector<plan::LaunchOp> chainedLaunches(plan::EntryOp entry, const Plan &plan) {
    SmallVector<plan::LaunchOp> result;
    for (const Version &version : plan.versions) {
      auto same = cast<plan::EntryOp>(SymbolTable::lookupSymbolIn(version.module, entry.getSymNameAttr()));
      SmallVector<plan::LaunchOp> launches;
      same.walk<WalkOrder::PreOrder>([&](plan::LaunchOp launch) { launches.push_back(launch); });
      for (auto [known, launch] : llvm::zip(result, launches))
        if (known.getPieces() != launch.getPieces() || known.getOwn() != launch.getOwn())
          return {};
      result = launches;
    }
    return result;
  }

  llvm::Constant *describe(plan::LaunchOp launch, plan::LaunchOp chained, Plan &plan) {
    ArrayRef<int64_t> own = chained && chained.getOwn() ? *chained.getOwn() : ArrayRef<int64_t>();
    auto ownOf = [&](size_t operand) {
      return operand < own.size() && own[operand] >= 0 ? own[operand] : SINTER_SHARED;
    };
    uint64_t pieces = chained ? chained.getPieces().value_or(0) : 0;
    SmallVector<llvm::Constant *> operands;
    for (Value input : launch.getInputs())
      operands.push_back(operand(input, SINTER_READ, ownOf(operands.size())));
    for (Value output : launch.getOutputs())
      operands.push_back(operand(output, SINTER_WRITE, ownOf(operands.size())));
    auto [kernel, isNew] = plan.kernels.insert({launch.getKernelAttr().getAttr(), plan.kernels.size()});
    ModelScopes scopes(launch.getLoc());
    return record({/*kernel=*/u32(kernel->second), /*operand_count=*/u32(operands.size()),
                   /*operands=*/array(operands), /*location=*/string(modelLine(launch.getLoc())),
                   /*pieces=*/u32(pieces), /*reserved=*/u32(0), /*scope=*/string(scopes.text()),
                   /*scope_pattern=*/string(scopes.pattern())});
  }

  /// Inputs and outputs are places in the arena: the verifier of plan.entry sees to it.
  static int64_t arenaOffset(Value buffer) {
    return plan::rootBuffer(buffer).getDefiningOp<plan::ArenaOp>().getOffset();
  }

  llvm::Constant *describe(plan::EntryOp entry, Plan &plan) {
    SmallVector<llvm::Constant *> inputs, outputs, launches;
    SmallVector<plan::LaunchOp> chained = chainedLaunches(entry, plan);
    double flops = 0;
    for (Operation &op : entry.getBody().getOps()) {
      if (auto input = dyn_cast<plan::InputOp>(op)) {
        llvm::Constant *place = tensor(input.getLoc(), input.getName(), cast<ShapedType>(input.getBuffer().getType()),
                                       arenaOffset(input.getBuffer()));
        if (!place)
          return nullptr;
        std::optional<APFloat> fallback = input.getDefaultValue();
        inputs.push_back(record({/*tensor=*/place, /*has_default=*/u32(fallback.has_value()), /*reserved=*/u32(0),
                                 /*value=*/real(fallback ? fallback->convertToDouble() : 0)}));
      } else if (auto output = dyn_cast<plan::OutputOp>(op)) {
        llvm::Constant *place = tensor(output.getLoc(), output.getName(),
                                       cast<ShapedType>(output.getBuffer().getType()), arenaOffset(output.getBuffer()));
        if (!place)
          return nullptr;
        outputs.push_back(place);
      }
    }
    entry.walk<WalkOrder::PreOrder>([&](plan::LaunchOp launch) {
      Operation *kernel = symbols.lookupNearestSymbolFrom(entry, launch.getKernelAttr());
      flops += runsOf(launch) * workOf(kernel, plan::kFlopsAttr);
      launches.push_back(describe(launch, chained.empty() ? plan::LaunchOp() : chained[launches.size()], plan));
    });
    SmallVector<llvm::Constant *> loops = loopRecords(entry);
    return record({/*name=*/string(entry.getSymName()), /*input_count=*/u32(inputs.size()),
                   /*output_count=*/u32(outputs.size()), /*launch_count=*/u32(launches.size()),
                   /*loop_count=*/u32(loops.size()), /*inputs=*/array(inputs), /*outputs=*/array(outputs),
                   /*launches=*/array(launches),
                   /*arena_bytes=*/u64(entry.getArenaBytes()), /*flops=*/real(flops),
                   /*loops=*/array(loops)});
  }

  ModuleOp source;
  StringRef prefix; ///< of symbols
  Plan cpu, vulkan;
  ArrayRef<uint64_t> features; ///< of `cpu`
  SmallVector<llvm::Constant *> states;
  llvm::DenseMap<StringAttr, int64_t> stateOffsets;
  llvm::MapVector<Attribute, uint64_t> constantOffsets;
  SymbolTableCollection symbols;
  int64_t stateBytes = 0;
  uint64_t constantBytes = 0;
};

} // namespace

std::string kernelSymbol(StringRef prefix, StringRef kernel, size_t version) {
  std::string name = prefix.empty() ? kernel.str() : (prefix + "." + kernel).str();
  return version == 0 ? name : name + ".v" + std::to_string(version);
}

LogicalResult emitProgram(ArrayRef<Version> versions, ArrayRef<uint64_t> features, StringRef prefix,
                          llvm::Module &module) {
  return ProgramEmitter(versions, features, prefix, module).run();
}

} // namespace sinter
