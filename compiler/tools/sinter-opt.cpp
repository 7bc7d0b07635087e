// sinter-opt: runs any pass alone, for lit tests and for the curious.
#include "compiler/Pipeline.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::registerAllPasses();
  sinter::registerPasses();
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  sinter::registerAllStageDialects(registry);
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "sinter's passes\n", registry));
}
