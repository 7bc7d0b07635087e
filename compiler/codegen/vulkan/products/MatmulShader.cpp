#include "compiler/codegen/vulkan/products/MatmulShader.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace sinter::vulkan {

MatmulShader::MatmulShader(KernelBuilder &target, const MatmulKernel &kernel, const MatmulDispatch &dispatch,
                           const MatmulTiling &tiling, std::optional<int> subgroup)
    : kernel(kernel), tiling(tiling), shader(target, linalg::GenericOp(kernel.contraction).getLoc(),
                                             {static_cast<int32_t>(tiling.invocations), 1, 1}, subgroup),
      target(target), dispatch(dispatch) {
  OpBuilder &b = shader.builder;
  bool several = dispatch.kind == MatmulDispatch::Parts && dispatch.parts > 1;
  Value rest = kernel.batchSize() == 1 && !several ? constant(0) : shader.workgroupId(gpu::Dimension::z);
  if (several) {
    Value size = constant(kernel.batchSize());
    part = LinearIndex{dispatch.firstPart, {}}
               .add(arith::DivUIOp::create(b, shader.loc, rest, size), 1)
               .materialize(b, shader.loc);
    rest = arith::RemUIOp::create(b, shader.loc, rest, size);
  } else if (dispatch.kind == MatmulDispatch::Parts) {
    part = constant(dispatch.firstPart);
  }
  batch.resize(kernel.batch.size());
  for (int i = static_cast<int>(kernel.batch.size()) - 1; i >= 0; --i) {
    Value size = constant(kernel.batch[i].size);
    batch[i] = i == 0 ? rest : arith::RemUIOp::create(b, shader.loc, rest, size).getResult();
    if (i != 0)
      rest = arith::DivUIOp::create(b, shader.loc, rest, size);
  }
}

//===--- arithmetic ----------------------------------------------------------------------------------===//

Value MatmulShader::add(Value value, int64_t constant) {
  return LinearIndex{constant, {}}.add(value, 1).materialize(shader.builder, shader.loc);
}

Value MatmulShader::add(Value value, Value other, int64_t factor) {
  return LinearIndex().add(value, 1).add(other, factor).materialize(shader.builder, shader.loc);
}

Value MatmulShader::clamp(Value value, int64_t limit) {
  return arith::MinUIOp::create(shader.builder, shader.loc, value, constant(limit));
}

Value MatmulShader::extract(Value vector, int64_t lane) {
  return vector::ExtractOp::create(shader.builder, shader.loc, vector, lane);
}

Value MatmulShader::quad(ArrayRef<Value> scalars) {
  auto type = VectorType::get({kQuad}, scalars.front().getType());
  return vector::FromElementsOp::create(shader.builder, shader.loc, type, scalars);
}

Value MatmulShader::less(Value value, int64_t limit) {
  return arith::CmpIOp::create(shader.builder, shader.loc, arith::CmpIPredicate::ult, value, constant(limit));
}

Value MatmulShader::multiplyAdd(Value left, Value right, Value sum) {
  left = toLanes(shader.builder, shader.loc, left, kQuad);
  return math::FmaOp::create(shader.builder, shader.loc, left, right, sum);
}

Value MatmulShader::rounded(Value value) {
  if (!kernel.bf16)
    return value;
  Type narrow = shader.builder.getBF16Type();
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    narrow = vector.clone(narrow);
  Value half = arith::TruncFOp::create(shader.builder, shader.loc, narrow, value);
  return arith::ExtFOp::create(shader.builder, shader.loc, value.getType(), half);
}

//===--- memory --------------------------------------------------------------------------------------===//

Value &MatmulShader::coordinate(Position &position, const MatmulLoop &loop) {
  return loop.dim == kernel.m.dim ? position.row : loop.dim == kernel.n.dim ? position.column : position.depth;
}

LinearIndex MatmulShader::offsetOf(const MatmulAccess &access, const Position &at) {
  LinearIndex index{access.offset, {}};
  for (auto [loop, value] : llvm::zip_equal(kernel.batch, batch))
    index.add(value, loop.stride(access));
  if (int64_t stride = kernel.m.stride(access))
    index.add(at.row, stride);
  if (int64_t stride = kernel.n.stride(access))
    index.add(at.column, stride);
  if (int64_t stride = kernel.k.stride(access))
    index.add(at.depth, stride);
  return index;
}

bool MatmulShader::isQuad(const MatmulAccess &access, const MatmulLoop &along) const {
  if (along.stride(access) != 1 || along.size % kQuad != 0 || access.offset % kQuad != 0)
    return false;
  auto aligned = [&](const MatmulLoop &loop) {
    return loop.dim == along.dim || loop.size == 1 || loop.stride(access) % kQuad == 0;
  };
  return aligned(kernel.m) && aligned(kernel.n) && aligned(kernel.k) && llvm::all_of(kernel.batch, aligned);
}

Value MatmulShader::loadElement(const MatmulAccess &access, const Position &at) {
  Buffer buffer = shader.bind(target.operand(access.operand), plan::Binding::Read, memoryType(access.elementType));
  Value value = shader.load(buffer, offsetOf(access, at).materialize(shader.builder, shader.loc));
  return fromMemory(shader.builder, shader.loc, value, access.elementType);
}

Value MatmulShader::loadQuad(const MatmulAccess &access, const MatmulLoop &along, Position at) {
  OpBuilder &b = shader.builder;
  if (isQuad(access, along)) {
    auto type = VectorType::get({kQuad}, memoryType(access.elementType));
    Buffer buffer = shader.bind(target.operand(access.operand), plan::Binding::Read, type);
    Value value = shader.load(buffer, inQuads(b, shader.loc, offsetOf(access, at)));
    return fromMemory(b, shader.loc, value, access.elementType);
  }
  if (along.stride(access) == 0)
    return toLanes(b, shader.loc, loadElement(access, at), kQuad);
  SmallVector<Value> values;
  Value first = coordinate(at, along);
  for (int64_t i = 0; i < kQuad; ++i) {
    Value index = add(first, i);
    coordinate(at, along) = along.size % kQuad == 0 ? index : clamp(index, along.size - 1);
    values.push_back(loadElement(access, at));
  }
  return quad(values);
}

Value MatmulShader::loadOperand(const MatmulAccess &access, const MatmulLoop &along, const Position &at) {
  Place place = target.operand(access.operand);
  if (!target.profile.texels || !isQuad(access, along) || !ShaderBuilder::bindsTexels(place))
    return rounded(loadQuad(access, along, at));
  return rounded(shader.fetchTexels(place, inQuads(shader.builder, shader.loc, offsetOf(access, at))));
}

void MatmulShader::storeQuad(const MatmulAccess &access, Value value, const Position &at) {
  OpBuilder &b = shader.builder;
  Type type = memoryType(access.elementType);
  value = toMemory(b, shader.loc, toLanes(b, shader.loc, value, kQuad));
  if (isQuad(access, kernel.n)) {
    Buffer buffer = shader.bind(target.operand(access.operand), plan::Binding::Write, VectorType::get({kQuad}, type));
    shader.store(buffer, inQuads(b, shader.loc, offsetOf(access, at)), value);
    return;
  }
  Buffer buffer = shader.bind(target.operand(access.operand), plan::Binding::Write, type);
  for (int64_t i = 0; i < kQuad; ++i) {
    Position one{at.row, add(at.column, i), at.depth};
    auto store = [&] { shader.store(buffer, offsetOf(access, one).materialize(b, shader.loc), extract(value, i)); };
    if (i == 0 || kernel.n.size % kQuad == 0)
      store();
    else
      guarded(less(one.column, kernel.n.size), store);
  }
}

template <typename Function> void MatmulShader::guarded(Value condition, Function body) {
  auto branch = scf::IfOp::create(shader.builder, shader.loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(shader.builder);
  shader.builder.setInsertionPointToStart(branch.thenBlock());
  body();
}

//===--- triangles -----------------------------------------------------------------------------------===//

/// What is left out would add exact zeros, so that sums have the bits of those over all of k if everything is finite.
std::pair<Value, Value> MatmulShader::depthsOf(Span rows, Span columns, int64_t step, int64_t end) {
  OpBuilder &b = shader.builder;
  Location loc = shader.loc;
  Value from = constant(0), to = constant(end), stepValue = constant(step);
  auto spanOf = [&](int dim) { return dim == kernel.m.dim ? rows : dim == kernel.n.dim ? columns : Span{}; };
  for (auto [less, more, distance] : kernel.ordered) {
    Span low = spanOf(less), high = spanOf(more);
    if (less == kernel.k.dim && high.first) {
      Value steps = arith::DivUIOp::create(b, loc, add(high.first, high.count + distance + step - 1), stepValue);
      to = arith::MinUIOp::create(b, loc, to, arith::MulIOp::create(b, loc, steps, stepValue));
    } else if (more == kernel.k.dim && low.first) {
      Value first = low.first;
      if (distance > 0)
        first = arith::SubIOp::create(b, loc, arith::MaxUIOp::create(b, loc, first, constant(distance)),
                                      constant(distance));
      Value steps = arith::DivUIOp::create(b, loc, first, stepValue);
      from = arith::MaxUIOp::create(b, loc, from, arith::MulIOp::create(b, loc, steps, stepValue));
    } else if (low.first && high.first) {
      Value none = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ugt, low.first,
                                         add(high.first, high.count + distance - 1));
      to = arith::SelectOp::create(b, loc, none, constant(0), to);
    }
  }
  return {from, to};
}

//===--- epilogue ------------------------------------------------------------------------------------===//

LogicalResult MatmulShader::finish(ValueRange sums, Value row, Value column) {
  LogicalResult result = success();
  auto rows = [&] {
    for (const MatmulStep &step : kernel.epilogue)
      for (auto [i, input] : llvm::enumerate(step.inputs))
        if (input.access && kernel.m.stride(*input.access) == 0)
          shared[&input] =
              epilogueInput(input, linalg::GenericOp(step.op).getBody()->getArgument(i).getType(), row, column);
    for (auto [i, sum] : llvm::enumerate(sums)) {
      Value at = add(row, i);
      auto one = [&, value = Value(sum)] {
        if (failed(finishRow(value, at, column)))
          result = failure();
      };
      if (kernel.m.size % tiling.rows == 0)
        one();
      else
        guarded(less(at, kernel.m.size), one);
    }
  };
  if (kernel.n.size % tiling.columns == 0)
    rows();
  else
    guarded(less(column, kernel.n.size), rows);
  return result;
}

Value MatmulShader::epilogueInput(const MatmulInput &input, Type element, Value row, Value column) {
  Position at{row, column, {}};
  if (kernel.n.stride(*input.access) == 0)
    return loadElement(*input.access, at);
  return loadQuad(*input.access, kernel.n, at);
}

LogicalResult MatmulShader::finishRow(Value sum, Value row, Value column) {
  OpBuilder &b = shader.builder;
  Location outer = shader.loc;
  linalg::GenericOp contraction = kernel.contraction;
  DenseMap<Value, Value> values{{contraction.getResult(0), sum}};
  for (const MatmulStep &step : kernel.epilogue) {
    linalg::GenericOp op = step.op;
    shader.loc = op.getLoc();
    SmallVector<Value> arguments;
    for (auto [i, input] : llvm::enumerate(step.inputs)) {
      Type element = op.getBody()->getArgument(i).getType();
      if (input.internal)
        arguments.push_back(values.lookup(input.internal));
      else if (input.constant)
        arguments.push_back(arith::ConstantOp::create(b, shader.loc, cast<TypedAttr>(input.constant)));
      else if (Value known = shared.lookup(&input))
        arguments.push_back(known);
      else
        arguments.push_back(epilogueInput(input, element, row, column));
    }
    // Initial values are never read, but the block has arguments for them.
    for (BlockArgument unused : op.getBody()->getArguments().drop_front(step.inputs.size()))
      arguments.push_back(arith::ConstantOp::create(b, shader.loc, b.getZeroAttr(unused.getType())));
    auto index = [&, &step = step](linalg::IndexOp index) -> Value {
      int dim = step.dims[index.getDim()];
      Value value = indexOf(dim, row, column);
      if (dim < 0 || dim != kernel.n.dim)
        return value;
      auto type = VectorType::get({kQuad}, b.getIndexType());
      Value steps = arith::ConstantOp::create(
          b, shader.loc, DenseElementsAttr::get(type, ArrayRef<APInt>{{64, 0}, {64, 1}, {64, 2}, {64, 3}}));
      return arith::AddIOp::create(b, shader.loc, toLanes(b, shader.loc, value, kQuad), steps);
    };
    auto table = [&](tensor::ExtractOp extract, ValueRange indices) { return lookUp(extract, indices); };
    FailureOr<SmallVector<Value>> results = cloneBody(b, *op.getBody(), arguments, {kQuad, index, table});
    if (failed(results))
      return failure();
    for (auto [result, value] : llvm::zip_equal(op.getResults(), *results))
      values[result] = value;
  }
  shader.loc = outer;
  for (const MatmulResult &result : kernel.results)
    storeQuad(result.access, values.lookup(result.value), {row, column, {}});
  return success();
}

/// The index of a dimension of the contraction; those of size one have no loop.
Value MatmulShader::indexOf(int dim, Value row, Value column) {
  if (dim == kernel.n.dim)
    return column;
  if (dim == kernel.m.dim)
    return row;
  for (auto [loop, at] : llvm::zip_equal(kernel.batch, batch))
    if (loop.dim == dim)
      return at;
  return constant(0);
}

/// Reads an argument at indices that may differ from lane to lane.
FailureOr<Value> MatmulShader::lookUp(tensor::ExtractOp op, ValueRange indices) {
  auto argument = dyn_cast<BlockArgument>(op.getTensor());
  if (!argument)
    return op.emitError("vulkan: tensor.extract reads a tensor that is not an argument of the kernel"), failure();
  OpBuilder &b = shader.builder;
  auto type = cast<RankedTensorType>(op.getTensor().getType());
  Buffer buffer =
      shader.bind(target.operand(argument.getArgNumber()), plan::Binding::Read, memoryType(type.getElementType()));
  auto read = [&](int64_t lane) {
    LinearIndex offset;
    int64_t stride = 1;
    for (int64_t d = type.getRank() - 1; d >= 0; stride *= type.getDimSize(d--))
      offset.add(isLanes(indices[d]) ? extract(indices[d], lane) : indices[d], stride);
    return shader.load(buffer, offset.materialize(b, shader.loc));
  };
  if (llvm::none_of(indices, isLanes))
    return fromMemory(b, shader.loc, read(0), type.getElementType());
  SmallVector<Value> values;
  for (int64_t lane = 0; lane < kQuad; ++lane)
    values.push_back(read(lane));
  return fromMemory(b, shader.loc, quad(values), type.getElementType());
}

} // namespace sinter::vulkan
