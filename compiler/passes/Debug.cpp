#include "compiler/passes/Debug.h"

#include "dialects/sinter/Places.h"

#include "mlir/IR/Remarks.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace sinter {

static llvm::StringSet<> &debugged() {
  static llvm::StringSet<> types;
  return types;
}

void setDebugTypes(StringRef commaSeparated) {
  for (StringRef type : llvm::split(commaSeparated, ','))
    debugged().insert(type);
}

bool isDebugged(const char *type) { return !debugged().empty() && debugged().contains(type); }

DebugLine::DebugLine(const char *type, Operation *op) : os(text) {
  os << "[" << type << "] ";
  if (std::string line = modelPlace(op->getLoc()); !line.empty())
    os << line << ": ";
}

DebugLine::~DebugLine() {
  os << "\n";
  llvm::errs() << text;
}

void counted(Operation *op, StringRef pass, StringRef what, int64_t number) {
  remark::analysis(op->getLoc(), remark::RemarkOpts::name(pass).category(kCountCategory))
      << remark::detail::Remark::Arg(what, number);
}

} // namespace sinter
