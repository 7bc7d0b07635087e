// Joins, then merges; see LoopDims.h.
#include "compiler/codegen/loops/LoopDims.h"

#include <set>

using namespace mlir;

namespace sinter::codegen {
namespace {

class Unifier {
public:
  explicit Unifier(LoopGraph &graph) : graph(graph) {}

  SmallVector<int64_t> run() {
    unify();
    while (mergeOnce())
      ;
    normalizeShapes();
    return std::move(extents);
  }

private:
  LoopGraph &graph;
  SmallVector<int64_t> extents; ///< of the kernel-wide dimensions

  void unify() {
    // One class per loop; classes merge unless that gave one unit two loops of one class.
    SmallVector<unsigned> parent;
    SmallVector<int64_t> sizes;
    SmallVector<SmallVector<Unit *>> members;
    for (Unit &unit : graph.units)
      for (auto [extent, reduced] : llvm::zip(unit.extents, unit.reduced)) {
        if (extent == 1 && !reduced) {
          unit.dims.push_back(kNoDim);
          continue;
        }
        unit.dims.push_back(parent.size());
        parent.push_back(parent.size());
        sizes.push_back(extent);
        members.push_back({&unit});
      }
    auto find = [&](unsigned c) {
      while (parent[c] != c)
        c = parent[c];
      return c;
    };
    auto join = [&](unsigned a, unsigned b) {
      a = find(a), b = find(b);
      if (a == b || sizes[a] != sizes[b] ||
          llvm::any_of(members[a], [&](Unit *unit) { return llvm::is_contained(members[b], unit); }))
        return;
      parent[b] = a;
      members[a].append(members[b]);
    };
    // Values that units pass on come first: shared arguments only decide what is still open.
    for (bool arguments : {false, true})
      for (Storage &storage : graph.storages) {
        if ((storage.kind == Storage::Argument) != arguments)
          continue;
        for (unsigned p = 0; p < storage.shape.size(); ++p) {
          std::optional<unsigned> first;
          graph.forEachAccess([&](Unit &unit, Access &access, bool) {
            if (access.storage != &storage)
              return;
            for (auto [local, c] : llvm::enumerate(unit.dims))
              if (c != kNoDim && unit.extents[local] == storage.shape[p] &&
                  access.plainPosition(local) == static_cast<int64_t>(p)) {
                if (first)
                  join(*first, c);
                else
                  first = c;
              }
          });
        }
      }
    // Compact numbers; accesses in terms of them.
    llvm::DenseMap<unsigned, unsigned> number;
    for (unsigned c = 0; c < parent.size(); ++c)
      if (find(c) == c) {
        number[c] = extents.size();
        extents.push_back(sizes[c]);
      }
    for (Unit &unit : graph.units)
      for (unsigned &c : unit.dims)
        if (c != kNoDim)
          c = number[find(c)];
    graph.forEachAccess([&](Unit &unit, Access &access, bool) {
      SmallVector<Affine> replacements;
      for (unsigned c : unit.dims)
        replacements.push_back(c == kNoDim ? Affine{} : Affine::dim(c));
      access = substitute(access, replacements);
    });
  }

  /// Merges dimension `outer` into `inner` in the access, if memory allows.
  bool mergeAccess(Access &access, unsigned outer, unsigned inner) {
    int64_t innerExtent = extents[inner];
    auto partOf = [&](unsigned d) {
      return llvm::find_if(access.parts, [&](AccessPart &part) { return part.index.coefficient(d) != 0; });
    };
    auto a = partOf(outer), b = partOf(inner);
    if (a == access.parts.end() && b == access.parts.end())
      return true;
    if (a == access.parts.end() || b == access.parts.end())
      return false;
    if (a == b) {
      if (a->index.coefficient(outer) != innerExtent * a->index.coefficient(inner))
        return false;
      llvm::erase_if(a->index.terms, [&](auto &term) { return term.first == outer; });
      return true;
    }
    if (b < a || a->index.plainDim() != outer || b->index.plainDim() != inner || access.partSize(*b) != innerExtent)
      return false;
    for (auto it = a + 1; it < b; ++it)
      if (access.partSize(*it) != 1)
        return false;
    a->last = b->last;
    a->index = Affine::dim(inner);
    access.parts.erase(a + 1, b + 1);
    return true;
  }

  bool usesIndex(Unit &unit, unsigned dim) {
    if (!unit.body)
      return false;
    for (auto index : unit.body->getOps<linalg::IndexOp>())
      if (unit.dims[index.getDim()] == dim)
        return true;
    return false;
  }

  bool canMerge(unsigned outer, unsigned inner) {
    bool used = false;
    for (Unit &unit : graph.units) {
      if (unit.has(outer) != unit.has(inner))
        return false;
      if (!unit.has(outer))
        continue;
      used = true;
      if (unit.reduces(outer) || unit.reduces(inner) || usesIndex(unit, outer) || usesIndex(unit, inner))
        return false;
    }
    if (!used)
      return false;
    bool fits = true;
    graph.forEachAccess([&](Unit &, Access &access, bool) {
      Access copy = access;
      fits = fits && mergeAccess(copy, outer, inner);
    });
    return fits;
  }

  bool mergeOnce() {
    std::set<std::pair<unsigned, unsigned>> together; // of one unit: a kernel of many members has many dimensions
    for (Unit &unit : graph.units)
      for (unsigned outer : unit.dims)
        for (unsigned inner : unit.dims)
          if (outer != inner && outer != kNoDim && inner != kNoDim)
            together.insert({outer, inner});
    for (auto [outer, inner] : together) {
      if (!canMerge(outer, inner))
        continue;
      merge(outer, inner);
      return true;
    }
    return false;
  }

  void merge(unsigned outer, unsigned inner) {
    graph.forEachAccess([&](Unit &, Access &access, bool) { mergeAccess(access, outer, inner); });
    extents[inner] *= extents[outer];
    for (Unit &unit : graph.units)
      for (unsigned &d : unit.dims)
        if (d == outer)
          d = kNoDim;
  }

  /// Storages whose dimensions are merged in the same way by all accesses get that shape.
  void normalizeShapes() {
    for (Storage &storage : graph.storages) {
      if (storage.kind == Storage::Argument)
        continue; // also read by tensor.extract, in the dimensions of its type
      SmallVector<Access *> accesses;
      graph.forEachAccess([&](Unit &, Access &access, bool) {
        if (access.storage == &storage)
          accesses.push_back(&access);
      });
      if (accesses.empty())
        continue;
      auto sameParts = [&](Access *access) {
        return llvm::equal(access->parts, accesses[0]->parts, [](const AccessPart &a, const AccessPart &b) {
          return a.first == b.first && a.last == b.last;
        });
      };
      if (!llvm::all_of(accesses, sameParts))
        continue;
      SmallVector<int64_t> shape;
      for (const AccessPart &part : accesses[0]->parts)
        shape.push_back(accesses[0]->partSize(part));
      for (Access *access : accesses)
        for (auto [p, part] : llvm::enumerate(access->parts))
          part.first = part.last = p;
      storage.shape = shape;
    }
  }
};

} // namespace

SmallVector<int64_t> unifyDimensions(LoopGraph &graph) { return Unifier(graph).run(); }

} // namespace sinter::codegen
