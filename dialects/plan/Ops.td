//===- Ops.td - the plan dialect -----------------------------------------------------------------===//
//
// Where every tensor of an entry lives and in which order the kernels run. Made by `sinter-plan-memory`, turned into
// the constant program descriptor (runtime/include/sinter/abi.h) by code generation, read by no kernel.
//
//===----------------------------------------------------------------------------------------------===//
#ifndef SINTER_PLAN_OPS
#define SINTER_PLAN_OPS

include "mlir/IR/OpBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def PlanDialect : Dialect {
  let name = "plan";
  let cppNamespace = "::sinter::plan";
  let summary = "buffers, offsets and launches of a program";
  let description = [{
    A `plan.entry` lists buffers and launches. A buffer is an SSA value of a static memref type: a place in the arena,
    a state, or a constant. A place in the arena is written exactly once (as an input, or by one launch); what takes
    its memory afterwards is another buffer at the same offset. The entry's verifier proves that the memory of a
    buffer is its own from the moment it is written to its last read.
  }];
  let dependentDialects = ["mlir::memref::MemRefDialect"];
}

class PlanOp<string mnemonic, list<Trait> traits = []> : Op<PlanDialect, mnemonic, traits>;

defvar Buffer = AnyStaticShapeMemRef;

def EntryOp : PlanOp<"entry", [Symbol, IsolatedFromAbove, SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "what one call of the program does: buffers and launches in order";
  let description = [{
    `arena` is the size in bytes of the block that all `plan.arena` buffers lie in; `live` is the largest sum of bytes
    that are live at one launch, below which no placement can go. `curve` has three numbers for each of some other ways
    to run the entry: bytes of arena, floating point operations that are done again, estimated seconds.

    Launches are numbered in order. A buffer of the arena lives from the launch that writes it (from before the first,
    if it is an input) to the last launch that reads it (past the last, if it is an output).
    (C1) offsets are multiples of 64; (C2) every buffer lies inside the arena;
    (C3) a buffer of the arena is written exactly once; (C4) it is not read before that;
    (C5) two buffers that live at the same launch have no byte in common, unless that launch declares that the one it
    writes takes the place of the one it reads;
    (C6) such a reuse takes exactly the memory of an input of the launch, whose last reader the launch is, through an
    operand that the kernel may overwrite while reading it;
    (C7) a state is written by at most one launch, and its old value is not read after that launch (nor by it, unless in
    place); (C8) constants are not written; (C9) outputs lie in the arena; (C10) names of inputs and outputs are unique.
    In a loop, launches are numbered once. (C11) What a loop reads, but does not write, lives until its end. What a
    launch in a loop writes a part of in each step lives from the loop's begin on. Other buffers that a loop writes are
    read inside of it only. (C12) A loop's next carries have the places of its carries, are written once in a step, and
    no step reads the old ones behind that (nor does the launch, unless in place); both live through all of the loop,
    and nobody reads the old ones behind it.
    ```mlir
    plan.entry @double arena 64 live 64 {
      %x = plan.arena 0 : memref<16xf32>
      plan.input "x" %x : memref<16xf32>
      %y = plan.arena 0 : memref<16xf32>
      plan.launch @twice(%x) -> (%y) in_place [0] : (memref<16xf32>) -> memref<16xf32>
      plan.output "y" %y : memref<16xf32>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$arena_bytes, I64Attr:$live_bytes,
                       OptionalAttr<DenseF64ArrayAttr>:$curve);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `arena` $arena_bytes `live` $live_bytes (`curve` $curve^)? attr-dict-with-keyword $body
  }];
  let hasRegionVerifier = 1;
}

def ArenaOp : PlanOp<"arena", [HasParent<"EntryOp">]> {
  let summary = "a buffer at an offset (in bytes) of the arena";
  let arguments = (ins I64Attr:$offset);
  let results = (outs Buffer:$buffer);
  let assemblyFormat = "$offset attr-dict `:` type($buffer)";
}

def StateOp : PlanOp<"state", [HasParent<"EntryOp">, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the memory of a state";
  let description = [{
    A buffer that no launch writes stands for the value the state had when the entry started; one that a launch writes
    stands for its new value. The type is that of the `sinter.state`.
  }];
  let arguments = (ins FlatSymbolRefAttr:$state);
  let results = (outs Buffer:$buffer);
  let assemblyFormat = "$state attr-dict `:` type($buffer)";
}

def ConstantOp : PlanOp<"constant", [HasParent<"EntryOp">]> {
  let summary = "read-only data inside the program";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Buffer:$buffer);
  let assemblyFormat = "$value attr-dict `:` type($buffer)";
  let hasVerifier = 1;
}

def ViewOp : PlanOp<"view", [ParentOneOf<["EntryOp", "LoopOp"]>]> {
  let summary = "the same memory under another shape of as many elements";
  let arguments = (ins Buffer:$source);
  let results = (outs Buffer:$buffer);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($buffer)";
  let hasVerifier = 1;
}

def InputOp : PlanOp<"input", [HasParent<"EntryOp">]> {
  let summary = "names a buffer of the arena that the caller fills before the first launch";
  let description = "`default` is what a scalar holds when the caller gives nothing.";
  let arguments = (ins StrAttr:$name, Buffer:$buffer, OptionalAttr<F64Attr>:$default_value);
  let assemblyFormat = "$name $buffer (`default` $default_value^)? attr-dict `:` type($buffer)";
  let hasVerifier = 1;
}

def OutputOp : PlanOp<"output", [HasParent<"EntryOp">]> {
  let summary = "names a buffer of the arena that the caller reads after the last launch";
  let arguments = (ins StrAttr:$name, Buffer:$buffer);
  let assemblyFormat = "$name $buffer attr-dict `:` type($buffer)";
}

def LaunchOp : PlanOp<"launch", [ParentOneOf<["EntryOp", "LoopOp"]>, AttrSizedOperandSegments,
                                 DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a kernel over buffers";
  let description = [{
    `in_place` has one number per output: the input whose memory it takes, or -1.
    `pieces` says that this launch and the next may run piece by piece: the first of so many equal ranges of the one's
    tiles, of the other's, then the second of each, and so on, or several at once. `own` has one number per operand
    (inputs, then outputs): an offset in a block that belongs to the thread that runs a piece, where that piece's part
    of the operand may live instead, since no other launch touches it; or -1. Both are written by code generation.
    (C1) the kernel exists, and while it still is a function of tensors the types agree; (C2) `in_place` has one number
    per output, each -1 or the number of an input; (C3) what a kernel of dispatches binds lies inside the buffers; (C4)
    there are two `pieces` at least, and `own` has one number per operand.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<Buffer>:$inputs, Variadic<Buffer>:$outputs,
                       OptionalAttr<DenseI64ArrayAttr>:$in_place, OptionalAttr<I64Attr>:$pieces,
                       OptionalAttr<DenseI64ArrayAttr>:$own);
  let assemblyFormat = [{
    $kernel `(` $inputs `)` `->` `(` $outputs `)` (`in_place` $in_place^)? (`pieces` $pieces^)? (`own` $own^)? attr-dict
    `:` functional-type($inputs, $outputs)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The input whose memory output `output` takes, or -1.
    int64_t getReusedInput(unsigned output) { return getInPlace() ? (*getInPlace())[output] : -1; }

    /// (C3) what the kernel's dispatches bind lies inside the launch's buffers.
    ::llvm::LogicalResult verifyBindings(KernelOp kernel);
  }];
}

//===--- loops -----------------------------------------------------------------------------------===//

def LoopOp : PlanOp<"loop", [ParentOneOf<["EntryOp", "LoopOp"]>, AttrSizedOperandSegments, SingleBlock, NoTerminator,
                             NoRegionArguments]> {
  let summary = "runs launches so many times";
  let description = [{
    `carry` pairs buffers of one place: in the first, a step finds what the step before has written to the second (the
    first step: what was written before the loop). Whatever else a step writes, it writes anew: buffers of the arena
    that it also reads, and parts of larger ones, a part a step (`plan.step`).
    (C1) there is at least one step; (C2) there are as many carries as new ones, in pairs of one type. What buffers may
    share with which ones, in which order they are written and read: `plan.entry`.
    ```mlir
    plan.loop 3 carry(%h) to(%new) {
      %x = plan.step %all from 0 by 256 : memref<3x64xf32> -> memref<64xf32>
      plan.launch @step(%h, %x) -> (%new) in_place [0] : (memref<64xf32>, memref<64xf32>) -> memref<64xf32>
    } : (memref<64xf32>) -> memref<64xf32>
    ```
  }];
  let arguments = (ins I64Attr:$steps, Variadic<Buffer>:$carries, Variadic<Buffer>:$next);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $steps `carry` `(` $carries `)` `to` `(` $next `)` $body attr-dict `:` functional-type($carries, $next)
  }];
  let hasVerifier = 1;
}

def StepOp : PlanOp<"step", [HasParent<"LoopOp">]> {
  let summary = "the part of a buffer that belongs to a step of the loop around it";
  let description = [{
    In step t it begins `from` + t * `by` bytes behind the source's begin. (C1) the parts of all steps lie inside the
    source, and are of its element type; (C2) parts of different steps have no byte in common.
  }];
  let arguments = (ins Buffer:$source, I64Attr:$from, I64Attr:$by);
  let results = (outs Buffer:$buffer);
  let assemblyFormat = "$source `from` $from `by` $by attr-dict `:` type($source) `->` type($buffer)";
  let hasVerifier = 1;
}

//===--- kernels as dispatches -------------------------------------------------------------------===//

def KernelOp : PlanOp<"kernel", [Symbol, IsolatedFromAbove, SingleBlock, NoTerminator, NoRegionArguments,
                                 HasParent<"::mlir::ModuleOp">]> {
  let summary = "a kernel as dispatches of shaders, in order";
  let description = [{
    What code generation for Vulkan makes of a kernel. Each dispatch sees what the earlier ones wrote. `scratch` is how
    many bytes of temporary memory they share; `general` says that the general lowering was used: right, but slow.
    (C1) the body holds dispatches only; (C2) what they bind of the scratch lies inside it.
    ```mlir
    plan.kernel @softmax_768x64 scratch 3072 general {
      plan.dispatch @rows groups [12, 1, 1] push [] bind (read 0 at 0 bytes 196608, write scratch at 0 bytes 3072)
      plan.dispatch @divide groups [768, 1, 1] push [64]
        bind (read 0 at 0 bytes 196608, read scratch at 0 bytes 3072, write 1 at 0 bytes 196608)
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$scratch_bytes, UnitAttr:$general);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `scratch` $scratch_bytes (`general` $general^)? attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def DispatchOp : PlanOp<"dispatch", [HasParent<"KernelOp">, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a shader on a grid of workgroups";
  let description = [{
    Storage buffer i of the shader is binding i: `read`, `write` or `update` (both) of some bytes of an operand of the
    launch (inputs first, then outputs) or of the kernel's scratch. `texels` reads, too, but as a uniform texel buffer
    of four f32 each. `push` are its push constants; those that it does not give are 0.
    (C1) there are three numbers of workgroups, each in 1 ... 65535; (C2) at most 4 push constants, of 32 bits;
    (C3) there are at most 32 bindings; their offsets are multiples of 256; they hold at least 1 byte and at most 128
    MiB, texels a multiple of 16 bytes; (C4) the shader exists.
  }];
  let arguments = (ins FlatSymbolRefAttr:$shader, DenseI64ArrayAttr:$groups, DenseI64ArrayAttr:$constants,
                       DenseI64ArrayAttr:$bindings);
  let assemblyFormat = [{
    $shader `groups` $groups custom<PushConstants>($constants) `bind` custom<Bindings>($bindings) attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    llvm::SmallVector<::sinter::plan::Binding> getBindingList();
  }];
}

def FetchTexelsOp : PlanOp<"fetch_texels", [Pure]> {
  let summary = "four neighbours from a binding that the dispatch reads as texels";
  let description = [{
    `binding` counts the texel bindings until the shader is complete, then all of its bindings. An index outside of the
    binding is undefined.
  }];
  let arguments = (ins I64Attr:$binding, Index:$index);
  let results = (outs VectorOfLengthAndType<[4], [F32]>:$value);
  let assemblyFormat = "$binding `[` $index `]` attr-dict `:` type($value)";
}

def PushConstantOp : PlanOp<"push_constant", [Pure]> {
  let summary = "push constant `number` of the dispatch that runs this shader";
  let description = "(C1) the number is in 0 ... 3.";
  let arguments = (ins I64Attr:$number);
  let results = (outs I32:$value);
  let assemblyFormat = "$number attr-dict";
  let hasVerifier = 1;
}

#endif // SINTER_PLAN_OPS
