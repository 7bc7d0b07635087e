// sinter-opt: runs any pass alone, for lit tests and for the curious.
#include "compiler/codegen/Codegen.h"
#include "compiler/passes/Passes.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::registerAllPasses();
  sinter::registerSinterPasses();
  sinter::registerCodegenPasses();
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  sinter::registerDialects(registry);
  registry.insert<sinter::plan::PlanDialect>();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "sinter's passes\n", registry));
}
