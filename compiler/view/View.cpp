#include "compiler/view/View.h"

#include "compiler/passes/Passes.h"
#include "compiler/passes/kernels/KernelCost.h"
#include "compiler/passes/kernels/KernelGroups.h"
#include "dialects/sinter/Loops.h"
#include "dialects/sinter/Sinter.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"

#include <set>

using namespace mlir;

namespace sinter::view {

/// Tells the view of every pass; the managers inside a manager are passes, too, but have no name.
struct View::Watcher : PassInstrumentation {
  explicit Watcher(View &view) : view(view) {}

  void runBeforePass(Pass *pass, Operation *op) override {
    if (pass->getArgument().empty())
      return;
    view.ran(pass);
    if (auto module = dyn_cast<ModuleOp>(op))
      view.readGroups(module);
  }
  void runAfterPass(Pass *pass, Operation *op) override {
    if (!pass->getArgument().empty())
      view.changed(pass, op);
  }

  View &view;
};

void View::begin(StringRef stage, ModuleOp module, PassManager &manager) {
  stages().push_back({stage.str(), {}, {}});
  runs.clear();
  known.clear();
  for (Operation &op : *module.getBody())
    known[nameOf(&op)] = {OperationFingerPrint(&op), print(&op, places)};
  manager.addInstrumentation(std::make_unique<Watcher>(*this));
}

bool View::knows(StringRef stage) const {
  auto isIt = [&](const StageRecord &record) { return record.name == stage; };
  return llvm::any_of(shared, isIt) || (!targets.empty() && llvm::any_of(targets.back().stages, isIt));
}

void View::end(StringRef stage, ModuleOp module) {
  if (stages().empty() || stages().back().name != stage) {
    if (knows(stage))
      return; // where the next part of the compilation starts from
    stages().push_back({stage.str(), {}, {}});
  }
  stages().back().sections = printAll(module, places);
}

void View::ran(Pass *pass) {
  if (runs.try_emplace(pass, stages().back().passes.size()).second)
    stages().back().passes.push_back({pass->getArgument().str(), {}});
}

void View::changed(Pass *pass, Operation *op) {
  PassRun &run = stages().back().passes[runs.at(pass)];
  auto module = dyn_cast<ModuleOp>(op);
  if (!module) {
    while (op->getParentOp() && !(isa<ModuleOp>(op->getParentOp()) && !op->getParentOp()->getParentOp()))
      op = op->getParentOp();
    return compare(run, op);
  }
  std::set<std::string> present;
  for (Operation &inner : *module.getBody())
    present.insert(nameOf(&inner));
  for (auto it = known.begin(); it != known.end();) {
    if (present.count(it->first)) {
      ++it;
      continue;
    }
    Section nothing{it->first, {}, {}};
    run.changes.push_back(
        {it->first, sinter::view::compare(it->second.section, nothing), 0, it->second.section.lines.size()});
    it = known.erase(it);
  }
  for (Operation &inner : *module.getBody())
    compare(run, &inner);
  readKernels(module);
}

/// Notes what a top-level op looks like now, if it is another than before.
void View::compare(PassRun &run, Operation *op) {
  Known &last = known[nameOf(op)];
  OperationFingerPrint now(op);
  if (last.print && *last.print == now)
    return;
  Section section = print(op, places);
  Change change{section.name, sinter::view::compare(last.section, section)};
  for (const Hunk &hunk : change.hunks)
    for (const std::string &line : hunk.lines)
      change.added += line.front() == '+', change.removed += line.front() == '-';
  if (!change.hunks.empty())
    run.changes.push_back(std::move(change));
  last.print = now;
  last.section = std::move(section);
}

static std::string describe(Type type) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (auto shaped = dyn_cast<RankedTensorType>(type)) {
    os << shaped.getElementType() << " [";
    llvm::interleaveComma(shaped.getShape(), os);
    os << "]";
  } else {
    os << type;
  }
  return text;
}

static int64_t bytesOf(Type type) {
  auto shaped = dyn_cast<RankedTensorType>(type);
  if (!shaped || !shaped.hasStaticShape() || !shaped.getElementType().isIntOrFloat())
    return 0;
  return shaped.getNumElements() * ((shaped.getElementTypeBitWidth() + 7) / 8);
}

/// Counts what each op of these functions costs by itself: each is lowered in a function of its own, whose arguments
/// are its operands. Views cost nothing, and what has no lowering (states, loops) has no number.
class OpCosts {
public:
  explicit OpCosts(ModuleOp module)
      : functions(ModuleOp::create(module.getLoc())), builder(functions->getBodyRegion()) {}

  void add(Operation *op, GraphOp &node) {
    bool costs = isa<LowerableOp, AttentionOp>(op) || op->hasTrait<ReadsInMemory>();
    if (!costs || isa<ViewLike>(op))
      return;
    auto type = builder.getFunctionType(TypeRange(op->getOperandTypes()), op->getResultTypes());
    auto function = func::FuncOp::create(builder, op->getLoc(), "op" + std::to_string(nodes.size()), type);
    Block *block = function.addEntryBlock();
    IRMapping mapping;
    mapping.map(op->getOperands(), block->getArguments());
    OpBuilder body = OpBuilder::atBlockEnd(block);
    Operation *clone = body.clone(*op, mapping);
    func::ReturnOp::create(body, op->getLoc(), clone->getResults());
    nodes.push_back({function, &node});
  }

  void count() {
    PassManager manager(functions->getContext(), PassManager::getAnyOpAnchorName(), PassManager::Nesting::Implicit);
    manager.enableVerifier(false);
    manager.addNestedPass<func::FuncOp>(createLowerToLinalg());
    if (succeeded(manager.run(*functions)))
      for (auto [function, node] : nodes)
        node->flops = countFlops(function);
  }

private:
  OwningOpRef<ModuleOp> functions;
  OpBuilder builder;
  std::vector<std::pair<func::FuncOp, GraphOp *>> nodes;
};

/// The ops of each entry in their groups, once these have been formed (sinter-group-kernels).
void View::readGroups(ModuleOp module) {
  if (targets.empty() || !targets.back().graphs.empty())
    return;
  std::vector<Graph> &graphs = targets.back().graphs;
  for (auto function : module.getOps<func::FuncOp>()) {
    auto kinds = function->getAttrOfType<ArrayAttr>(kGroupsAttr);
    if (!kinds || !function->hasAttr(kEntryAttr))
      continue;
    Graph graph{function.getName().str(), {}, {}, {}};
    for (Attribute kind : kinds)
      graph.kinds.push_back(isa<StringAttr>(kind) ? cast<StringAttr>(kind).getValue().str() : "");
    graph.kernels.resize(graph.kinds.size());
    DenseMap<Operation *, size_t> numbers;
    for (Operation &op : function.getBody().front()) {
      if (op.hasTrait<OpTrait::IsTerminator>())
        continue;
      GraphOp node{op.getName().stripDialect().str(), "", places.of(op.getLoc()), -1, 0, 0, {}};
      if (auto group = op.getAttrOfType<IntegerAttr>(kGroupAttr))
        node.group = group.getInt();
      for (Type type : op.getResultTypes()) {
        node.bytes += bytesOf(type);
        node.type += (node.type.empty() ? "" : ", ") + describe(type);
      }
      for (Value operand : op.getOperands())
        if (auto found = numbers.find(operand.getDefiningOp());
            operand.getDefiningOp() && found != numbers.end() && !llvm::is_contained(node.operands, found->second))
          node.operands.push_back(found->second);
      numbers[&op] = graph.ops.size();
      graph.ops.push_back(std::move(node));
    }
    OpCosts costs(module);
    size_t number = 0;
    for (Operation &op : function.getBody().front())
      if (!op.hasTrait<OpTrait::IsTerminator>())
        costs.add(&op, graph.ops[number++]);
    costs.count();
    graphs.push_back(std::move(graph));
  }
}

/// Which kernels the groups have become: they are called in the order of the groups.
void View::readKernels(ModuleOp module) {
  if (targets.empty())
    return;
  for (Graph &graph : targets.back().graphs) {
    auto function = module.lookupSymbol<func::FuncOp>(graph.entry);
    if (!function || function->hasAttr(kGroupsAttr) || graph.kernels.empty() || !graph.kernels.front().empty())
      continue;
    std::vector<int64_t> order; // of groups
    for (const GraphOp &op : graph.ops)
      if (op.group >= 0 && !llvm::is_contained(order, op.group))
        order.push_back(op.group);
    size_t at = 0;
    for (Operation &op : function.getBody().front()) {
      if (at == order.size())
        break;
      if (auto call = dyn_cast<func::CallOp>(op))
        graph.kernels[order[at++]] = call.getCallee().str();
      else if (isa<LoopOp>(op))
        graph.kernels[order[at++]] = "a loop";
    }
  }
}

} // namespace sinter::view
