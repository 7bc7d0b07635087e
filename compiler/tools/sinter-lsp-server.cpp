// sinter-lsp-server: lets an editor understand .mlir files that hold sinter's dialects.
#include "compiler/Pipeline.h"

#include "mlir/InitAllDialects.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  sinter::registerAllStageDialects(registry);
  return mlir::failed(mlir::MlirLspServerMain(argc, argv, registry));
}
