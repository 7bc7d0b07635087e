//===- Base.td - the sinter dialect, and what its ops are made of ---------------------------------===//
#ifndef SINTER_BASE
#define SINTER_BASE

include "mlir/IR/OpBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/sinter/Interfaces.td"

def SinterDialect : Dialect {
  let name = "sinter";
  let cppNamespace = "::sinter";
  let summary = "tensor-level ops of a training program";
  let description = [{
    A program is a module with `sinter.state` symbols (parameters, optimizer state) and functions marked
    `sinter.entry`. Inside an entry, `sinter.read` gives the value a state had when the entry started, and
    `sinter.write` sets the value it has when the entry ends; everything between is pure.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect"];
  let hasConstantMaterializer = 1; // folds of sinter ops may give an arith.constant
  // Attributes called sinter.NAME on ops, arguments and results of any dialect: the table of Attributes.cpp.
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
}

//===--- base classes ------------------------------------------------------------------------------===//

class SinterOp<string mnemonic, list<Trait> traits = []> : Op<SinterDialect, mnemonic, traits>;

/// A pure tensor op with all three rules.
class TensorOp<string mnemonic, list<Trait> traits = []> : SinterOp<mnemonic, traits # [
    Pure, DeclareOpInterfaceMethods<DifferentiableOp>, DeclareOpInterfaceMethods<LowerableOp>,
    DeclareOpInterfaceMethods<ReferenceOp>]>;

/// ... whose result types follow from its operands.
class InferredOp<string mnemonic, list<Trait> traits = []> : TensorOp<mnemonic, traits # [
    DeclareOpInterfaceMethods<InferTypeOpInterface>]>;

/// By what a sampler's entries are derived: how an op lives along time, and how it is computed for several texts, with
/// a rule of its own or (Plain) without.
defvar AlongTime = [DeclareOpInterfaceMethods<TimeAxisOp>, DeclareOpInterfaceMethods<LiftableOp, ["lift"]>];
defvar AlongTimePlainly = [DeclareOpInterfaceMethods<TimeAxisOp>, LiftableOp];

/// Kernels read the operands of such an op in memory, at computed places: even a splat needs memory.
def ReadsInMemory : NativeOpTrait<"ReadsInMemory"> { let cppNamespace = "::sinter"; }

#endif // SINTER_BASE
