// sinter-opt: runs any pass alone, for lit tests and for the curious.
#include "compiler/Pipeline.h"
#include "compiler/passes/Debug.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

/// Debian's LLVM has no option of this name, since it was built without LLVM_DEBUG.
static llvm::cl::opt<std::string>
    debugOnly("debug-only", llvm::cl::desc("passes that say each of their steps"),
              llvm::cl::callback([](const std::string &types) { sinter::setDebugTypes(types); }));

int main(int argc, char **argv) {
  mlir::registerAllPasses();
  sinter::registerPasses();
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  sinter::registerAllStageDialects(registry);
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "sinter's passes\n", registry));
}
