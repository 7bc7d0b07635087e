#include "compiler/codegen/cpu/attention/AttentionSchedule.h"
#include "compiler/codegen/cpu/Emitter.h"

using namespace mlir;

namespace sinter::cpu {
namespace {

bool sumsOverQueries(const AttentionProduct &product) { return product.kind == AttentionProduct::OverQueries; }

/// What the kernel asks of one of its products at a time.
PartOf partOf(const AttentionKernel &kernel, const AttentionProduct &product) {
  return sumsOverQueries(product) ? PartOf{.depth = kernel.rows} : PartOf{.rows = kernel.rows};
}

/// Sums over queries have units of queries, which blocks of rows have to divide (those of several are multiples of 64).
std::string whyNotRows(const AttentionKernel &kernel, int64_t rows) {
  bool severalUnits = unitsOf(kernel.queries) > 1;
  if (rows < 1 || rows > kernel.queries || rows % kLanes != 0)
    return "takes a multiple of 16 rows together, and no more than there are";
  if (severalUnits && unitOf(kernel.queries) % rows != 0)
    return "has rows that divide a unit of the sums over them (" + std::to_string(unitOf(kernel.queries)) + ")";
  return "";
}

/// More rows share what is packed and the sums over queries: worth more than buffers that stay in a second-level cache.
int64_t chooseRows(const AttentionKernel &kernel, const MatmulTarget &target, int64_t most) {
  constexpr int64_t kBuffersInCache = 4;
  int64_t chosen = 0;
  // Blocks that divide all queries first; otherwise the last one takes in some of the one before.
  for (bool divides : {true, false})
    for (int64_t rows : {64, 48, 32, 16}) {
      bool isMore = rows > most && rows > kLanes;
      if (isMore || !whyNotRows(kernel, rows).empty() || (divides && kernel.queries % rows != 0))
        continue;
      chosen = rows;
      int64_t bytes = rows * kernel.stride() * kernel.bufferCount * static_cast<int64_t>(sizeof(float));
      if (bytes <= kBuffersInCache * target.cacheBytes)
        return chosen;
    }
  return chosen;
}

void planProducts(AttentionKernel &kernel, const MatmulTarget &target) {
  for (AttentionProduct &product : kernel.products)
    product.plan = sumsOverQueries(product) ? planDepth(product.kernel, target, kernel.rows)
                                            : planRows(product.kernel, target, kernel.rows);
}

} // namespace

void choose(AttentionKernel &kernel, const MatmulTarget &target, int64_t mostRows) {
  kernel.rows = chooseRows(kernel, target, mostRows);
  planProducts(kernel, target);
}

void chooseAtRandom(AttentionKernel &kernel, const MatmulTarget &target, std::mt19937_64 &random) {
  SmallVector<int64_t> legal;
  for (int64_t rows = kLanes; rows <= 8 * kLanes; rows += kLanes)
    if (whyNotRows(kernel, rows).empty())
      legal.push_back(rows);
  kernel.rows = legal[random() % legal.size()];
  planProducts(kernel, target);
  for (AttentionProduct &product : kernel.products)
    product.plan = randomPart(product.kernel, product.plan, target, partOf(kernel, product), random);
}

DictionaryAttr scheduleOf(const AttentionKernel &kernel, MLIRContext *context) {
  Builder b(context);
  SmallVector<Attribute> products;
  for (const AttentionProduct &product : kernel.products)
    products.push_back(scheduleOf(product.plan, context));
  return b.getDictionaryAttr(
      {b.getNamedAttr("rows", b.getI64IntegerAttr(kernel.rows)), b.getNamedAttr("products", b.getArrayAttr(products))});
}

LogicalResult readSchedule(Operation *where, Attribute schedule, AttentionKernel &kernel) {
  auto fail = [&](const Twine &why) { return where->emitError("`sinter.schedule`: ") << why; };
  auto entries = dyn_cast_if_present<DictionaryAttr>(schedule);
  auto rows = entries ? entries.getAs<IntegerAttr>("rows") : IntegerAttr();
  auto products = entries ? entries.getAs<ArrayAttr>("products") : ArrayAttr();
  if (!rows || !products || entries.size() != 2 || products.size() != kernel.products.size())
    return fail("of an attention has rows and a schedule for each of its " + Twine(kernel.products.size()) +
                " products, and nothing else");
  if (std::string why = whyNotRows(kernel, rows.getInt()); !why.empty())
    return fail(why);
  kernel.rows = rows.getInt();
  for (auto [product, attribute] : llvm::zip_equal(kernel.products, products)) {
    FailureOr<MatmulPlan> plan = readSchedule(where, attribute, product.kernel, partOf(kernel, product));
    if (failed(plan))
      return failure();
    product.plan = *plan;
  }
  return success();
}

} // namespace sinter::cpu
