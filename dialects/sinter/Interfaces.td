//===- Interfaces.td - what a pass may ask of an op ----------------------------------------------===//
//
// Passes never list ops: they ask these interfaces. Ops of `sinter` implement them in `ops/NAME.cpp`;
// `arith` and `math` get theirs attached as external models in `ops/Elementwise.cpp`.
//
//===----------------------------------------------------------------------------------------------===//
#ifndef SINTER_INTERFACES
#define SINTER_INTERFACES

include "mlir/IR/OpBase.td"

def DifferentiableOp : OpInterface<"DifferentiableOp"> {
  let cppNamespace = "::sinter";
  let description = [{
    An op with a vector-Jacobian product. The rule builds ordinary ops (so that gradients nest), works on
    tensors and, for elementwise ops, equally on the scalars inside a `sinter.map`.
  }];
  let methods = [InterfaceMethod<
    /*desc=*/[{
      Builds the cotangents of the operands from those of the results.
      `cotangents`: one value per result, of the result's type; null stands for zero (at least one is set).
      `needed`: one flag per operand; where it is false the rule may leave the answer null.
      `operandCotangents`: sized by the caller to one null value per operand; a value left null means that no
      gradient flows to that operand (an integer, a comparison, an index).
      New ops take the location of this op: the builder's location is set by the caller through getLoc().
      Failure means that this op, as used here, has no gradient; the rule has then emitted the reason.
    }],
    /*retTy=*/"::llvm::LogicalResult", /*methodName=*/"vjp",
    /*args=*/(ins "::mlir::OpBuilder &":$builder, "::llvm::ArrayRef<::mlir::Value>":$cotangents,
                  "::llvm::ArrayRef<bool>":$needed,
                  "::llvm::MutableArrayRef<::mlir::Value>":$operandCotangents)>];
}

def LowerableOp : OpInterface<"LowerableOp"> {
  let cppNamespace = "::sinter";
  let description = "An op that says which linalg-on-tensors ops it equals; `lower-to-linalg` asks nothing else.";
  let methods = [InterfaceMethod<
    "Builds the equal linalg, tensor, arith and math ops before this op; gives one value per result, of the same type.",
    "::llvm::FailureOr<::llvm::SmallVector<::mlir::Value>>", "lowerToLinalg", (ins "::mlir::OpBuilder &":$builder)>];
}

def ExpandableOp : OpInterface<"ExpandableOp"> {
  let cppNamespace = "::sinter";
  let description = [{
    An op that one kernel would compute badly, and which says what it is made of: several kernels then share the work.
    `expand` asks nothing else, once gradients are known.
  }];
  let methods = [InterfaceMethod<
    [{Builds ops of entries that are equal to this op, before it; gives one value per result, of the same type, or none
      if it is best left as it is.}],
    "::llvm::SmallVector<::mlir::Value>", "expand", (ins "::mlir::OpBuilder &":$builder)>];
}

def ReferenceOp : OpInterface<"ReferenceOp"> {
  let cppNamespace = "::sinter";
  let description = [{
    The plain meaning of an op in double precision, for the interpreter: naive loops, shapes in comments, no code
    shared with the lowering. Integers and booleans are held as doubles (exact up to 2^53).
  }];
  let methods = [InterfaceMethod<
    [{`inputs`: one tensor per operand; `outputs`: one per result, already shaped and zeroed. Elementwise ops also
      serve the scalars inside a `sinter.map`, where the tensors have rank 0.}],
    "::llvm::LogicalResult", "evaluate",
    (ins "::llvm::ArrayRef<const ::sinter::reference::Tensor *>":$inputs,
         "::llvm::MutableArrayRef<::sinter::reference::Tensor>":$outputs)>];
}

def TriangularOp : OpInterface<"TriangularOp"> {
  let cppNamespace = "::sinter";
  let description = [{
    An op that knows what becomes of the triangles of its operands' last two dimensions, or makes use of them; see
    Triangles.h. `find-triangles` asks nothing else.
  }];
  let methods = [
    InterfaceMethod<
      [{What is known of the results; the caller has set every one to nothing.}],
      "void", "inferTriangles", (ins "int64_t":$reach, "::llvm::ArrayRef<::sinter::Known>":$operands,
                                     "::llvm::MutableArrayRef<::sinter::Known>":$results),
      /*methodBody=*/"", /*defaultImplementation=*/"return;">,
    InterfaceMethod<
      [{What is asked of the operands, given what is asked of the results; the caller has set every one to all.}],
      "void", "demandTriangles", (ins "int64_t":$reach, "::llvm::ArrayRef<::sinter::Known>":$known,
                                      "::llvm::ArrayRef<::sinter::Demanded>":$results,
                                      "::llvm::MutableArrayRef<::sinter::Demanded>":$operands),
      /*methodBody=*/"", /*defaultImplementation=*/"return;">,
    InterfaceMethod<
      [{Records in attributes what spares this op work.}],
      "void", "recordTriangles", (ins "int64_t":$reach, "::llvm::ArrayRef<::sinter::Known>":$operands,
                                      "::llvm::ArrayRef<::sinter::Demanded>":$results),
      /*methodBody=*/"", /*defaultImplementation=*/"return;">];
}

def ProductLike : OpInterface<"ProductLike"> {
  let cppNamespace = "::sinter";
  let description = [{
    A product of matrices: the last two dimensions of both operands and of the one result are rows and columns, those
    before them batches. Its kernel holds tiles of the result in registers, where maps that read them go on, and brings
    its operands there through the strides of views.
  }];
  let methods = [
    InterfaceMethod<"The left operand.", "::mlir::Value", "getLhs">,
    InterfaceMethod<"The right operand.", "::mlir::Value", "getRhs">,
    InterfaceMethod<"Whether rows of `lhs` are what the sum is over.", "bool", "getTransposeLhs">,
    InterfaceMethod<"Whether columns of `rhs` are what the sum is over.", "bool", "getTransposeRhs">,
    InterfaceMethod<"Whether operands are rounded to bf16.", "bool", "getBf16">,
    InterfaceMethod<"Rounds operands to bf16, or no longer.", "void", "setBf16", (ins "bool":$rounds)>,
    InterfaceMethod<"Whether no triangle of an operand or of the result is left out.", "bool", "isWhole">,
    InterfaceMethod<"Whether what is far below the diagonal is left out.", "bool", "hasWindow">,
    InterfaceMethod<"Multiply-adds of the whole product.", "int64_t", "getMultiplications">];
}

def ReductionLike : OpInterface<"ReductionLike"> {
  let cppNamespace = "::sinter";
  let description = [{
    Makes one number of all that differ in the indices of some dimensions, which disappear. One over several dimensions
    equals those over each of them, the last first. Its kernel computes maps in front of it.
  }];
  let methods = [
    InterfaceMethod<"What is reduced.", "::mlir::Value", "getInput">,
    InterfaceMethod<"The dimensions that disappear, in ascending order.", "::llvm::ArrayRef<int64_t>", "getAxes">,
    InterfaceMethod<"Whether the numbers are added up.", "bool", "isSum">,
    InterfaceMethod<"Builds the same reduction of `input` over `axes`.", "::mlir::Operation *", "reduceInstead",
                    (ins "::mlir::OpBuilder &":$builder, "::mlir::Value":$input, "::llvm::ArrayRef<int64_t>":$axes)>];
}

def ViewLike : OpInterface<"ViewLike"> {
  let cppNamespace = "::sinter";
  let description = [{
    Computes nothing: each element of the result is one of the operand's, found by strides. Kernels that read it may
    take elements from where they are.
  }];
  let methods = [
    InterfaceMethod<"What it is a view of.", "::mlir::Value", "getInput">,
    InterfaceMethod<"Whether the result lies in memory as the operand does: an entry has it for nothing.",
                    "bool", "isFree", (ins), /*methodBody=*/"", /*defaultImplementation=*/"return false;">,
    InterfaceMethod<"Whether the result may lack some of the operand's elements.",
                    "bool", "isPart", (ins), /*methodBody=*/"", /*defaultImplementation=*/"return false;">,
    InterfaceMethod<[{Where dimensions only change places: the operand's dimension for each of the result's. Else
      empty.}],
                    "::llvm::ArrayRef<int64_t>", "getPermutation", (ins),
                    /*methodBody=*/"", /*defaultImplementation=*/"return {};">];
}

def TimeAxisOp : OpInterface<"TimeAxisOp"> {
  let cppNamespace = "::sinter";
  let description = [{
    An op that knows how it lives along time: along which dimension of its results positions lie, and what must be known
    of its operands to compute some of them; see Time.h. `derive-decode` asks nothing else.
  }];
  let methods = [InterfaceMethod<
    [{Answers, or refuses with a reason. At least one operand is timed; the caller has set every reading to the whole
      operand, and every result to timeless.}],
    "void", "relateTime", (ins "::sinter::TimeRule &":$rule)>];
}

def LiftableOp : OpInterface<"LiftableOp"> {
  let cppNamespace = "::sinter";
  let description = [{
    An op that can be computed for several copies at once, along one more dimension in front; see Lift.h.
  }];
  let methods = [InterfaceMethod<
    [{Clones the op on what `mapping` has for its operands, at least one of which is lifted, and maps its results;
      `units` is that of Lift::clone. Fails, with nothing made, if it cannot.}],
    "::llvm::LogicalResult", "lift",
    (ins "::sinter::Lift &":$lift, "::mlir::IRMapping &":$mapping, "::llvm::ArrayRef<int64_t>":$units),
    /*methodBody=*/"", /*defaultImplementation=*/"return ::sinter::liftAll($_op, lift, mapping, units);">];
}

#endif // SINTER_INTERFACES
