/* abi.h - the one file that compiled programs and the runtime share.
 *
 * The compiler emits one constant `sinter_program` named by SINTER_PROGRAM_SYMBOL; the runtime walks it. Nothing here
 * may depend on a target, on MLIR or on the C++ library. Whoever changes this file raises SINTER_ABI_VERSION in the
 * same commit and changes both sides: compiler/codegen/EmitProgram.cpp and runtime/src/program/program.cpp.
 *
 * Memory of a program, all of it sized by the compiler:
 *   state     one block: parameters and optimizer memory, each at a fixed offset; outlives calls
 *   arena     one block for all entries of a plan (the largest needs it): inputs, outputs and temporaries of the one
 *             that runs
 *   scratch   on the CPU one block per thread, on Vulkan one for all, of the largest kernel's need in the version that
 *             runs
 *   constants read-only data inside the program
 * Offsets are multiples of SINTER_ALIGNMENT, and so are the blocks' addresses.
 */
#ifndef SINTER_ABI_H
#define SINTER_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SINTER_ABI_VERSION 11u
#define SINTER_ALIGNMENT 256u /* what Vulkan devices may ask of a binding's offset at most */
#define SINTER_PROGRAM_SYMBOL "sinter_program_v1"

/* Element types. Booleans are bytes, 0 or 1. */
enum sinter_dtype {
  SINTER_F32 = 1,
  SINTER_I32 = 2,
  SINTER_I8 = 3,
  SINTER_U16 = 4,
  SINTER_BF16 = 5,
  SINTER_F16 = 6,
  SINTER_I64 = 7,
  SINTER_F64 = 8
};

/* What `sinter_state.init` asks for; `scale` is the constant, the standard deviation or the half width. */
enum sinter_init {
  SINTER_ZEROS = 0,
  SINTER_ONES = 1,
  SINTER_CONSTANT = 2,
  SINTER_NORMAL = 3,
  SINTER_UNIFORM = 4,
  SINTER_TRUNCATED_NORMAL = 5, /* drawn again beyond two deviations */
  SINTER_ORTHOGONAL = 6        /* orthonormal rows or columns, times `scale`; the last dimension are the columns */
};

/* Where an operand lives. */
enum sinter_space { SINTER_ARENA = 0, SINTER_STATE = 1, SINTER_CONSTANTS = 2 };

/* A named dense row-major tensor at `offset` bytes of some block. */
typedef struct sinter_tensor {
  const char *name;
  uint32_t dtype; /* sinter_dtype */
  uint32_t rank;
  const int64_t *shape; /* rank sizes, all positive */
  uint64_t offset;      /* bytes */
  uint64_t bytes;
} sinter_tensor;

/* What a state is for: an optimizer's memory, a parameter, or what means nothing between two steps of a training (a
 * running sum of gradients): it starts from zeros, its first value is never read, and it is not saved. */
enum sinter_role { SINTER_MEMORY = 0, SINTER_PARAMETER = 1, SINTER_TRANSIENT = 2 };

/* A state: lives at tensor.offset of the state block. */
typedef struct sinter_state {
  sinter_tensor tensor;
  uint32_t init; /* sinter_init */
  uint32_t role; /* sinter_role */
  double scale;
} sinter_state;

/* An input of an entry: lives at tensor.offset of the arena, written by the caller before the entry runs. */
typedef struct sinter_input {
  sinter_tensor tensor;
  uint32_t has_default; /* 1: `value` is what a scalar holds when the caller gives nothing */
  uint32_t reserved;
  double value;
} sinter_input;

/* One kernel on the CPU. Tiles [begin, end) of [0, tiles) may run on any thread, in any order and any grouping: they
 * write disjoint elements, and no result depends on the grouping. `operands` points to as many addresses as the launch
 * has operands. `scratch` is this thread's own, of scratch_bytes; its first 8 bytes are zero at the first call that the
 * thread makes for a launch, and later calls for the same launch find it as the one before left it. */
typedef void (*sinter_cpu_function)(void *const *operands, int64_t begin, int64_t end, void *scratch);

typedef struct sinter_kernel {
  const char *name;
  const char *location;    /* model file:line:column of the op it was made for */
  sinter_cpu_function cpu; /* null if the program was not compiled for the CPU */
  int64_t tiles;
  uint64_t scratch_bytes;
  double flops; /* of one launch */
  double bytes; /* operands read and written by one launch */
} sinter_kernel;

/* What a processor may lack that compiled kernels use, by LLVM's names. A program's versions say which they need as a
 * mask: the first name is bit 0. */
// clang-format off
#define SINTER_X86_FEATURES(X)                                                                                         \
  X("sse3")                                                                                                            \
  X("ssse3")                                                                                                           \
  X("sse4.1") X("sse4.2") X("sse4a") X("popcnt") X("avx") X("avx2") X("fma") X("fma4") X("xop") X("f16c") X("bmi")     \
      X("bmi2") X("lzcnt") X("movbe") X("avx512f") X("avx512cd") X("avx512bw") X("avx512dq") X("avx512vl")             \
          X("avx512ifma") X("avx512vbmi") X("avx512vbmi2") X("avx512vnni") X("avx512bitalg") X("avx512vpopcntdq")      \
              X("avx512bf16") X("gfni") X("vpclmulqdq")
// clang-format on

/* All kernels of the plan for the CPU, compiled for one kind of processor. The kernels of all versions are the same but
 * for `cpu`, `tiles` and `scratch_bytes`. */
typedef struct sinter_version {
  const char *name;             /* of the processor, for example "x86-64-v3" */
  uint64_t features;            /* what it needs: bits of SINTER_X86_FEATURES */
  uint64_t scratch_bytes;       /* the largest kernel's */
  const sinter_kernel *kernels; /* sinter_plan.kernel_count */
} sinter_version;

enum sinter_access { SINTER_READ = 1, SINTER_WRITE = 2 };

/* Operands of a launch in a chain: at most so many. */
#define SINTER_CHAIN_OPERANDS 32u
#define SINTER_SHARED UINT64_MAX

typedef struct sinter_operand {
  uint32_t space;  /* sinter_space */
  uint32_t access; /* sinter_access bits */
  uint64_t offset; /* bytes into the space */
  uint64_t bytes;
  /* SINTER_SHARED, or: only the launches of one chain touch it. Who runs the chain piece by piece may keep piece p,
   * which is the p-th of `pieces` equal parts, at this offset of a block of the thread's own. */
  uint64_t own;
} sinter_operand;

typedef struct sinter_launch {
  uint32_t kernel; /* index into the kernels of whatever version runs */
  uint32_t operand_count;
  const sinter_operand *operands; /* inputs first, then outputs; an output may equal an input (in place) */
  const char *location;
  /* 0, or: on the CPU, this launch and the next may run piece by piece: piece p of `pieces` equal ranges of the next
   * one's tiles needs only piece p of this one's to be done. `pieces` divides the tiles of both, in all versions.
   * Launches that are chained so have one number of pieces. */
  uint32_t pieces;
  uint32_t reserved;
  /* The scopes that the model's names had there: "h.3.attn.c_attn"; null or empty outside of all. The same with * for
   * numbers, "h.*.attn.c_attn": what layers have in common. */
  const char *scope, *scope_pattern;
} sinter_launch;

/* What a dispatch binds as buffer number i of set 0: bytes of an operand of the launch, or of the scratch block. */
#define SINTER_SCRATCH_OPERAND 0xffffffffu
#define SINTER_VULKAN_BINDING_BYTES                                                                                    \
  134217728u /* what every device binds at least; larger operands are bound in parts */
typedef struct sinter_binding {
  uint32_t operand; /* index into sinter_launch.operands, or SINTER_SCRATCH_OPERAND */
  uint32_t access;  /* sinter_access bits of this dispatch */
  uint64_t offset;  /* bytes into the operand or the scratch block; a multiple of SINTER_ALIGNMENT */
  uint64_t bytes;   /* at most SINTER_VULKAN_BINDING_BYTES */
} sinter_binding;

/* What a shader may need of a device beyond what Vulkan 1.2 always has. */
enum sinter_vulkan_feature {
  SINTER_VK_INT8 = 1,                /* shaderInt8, storageBuffer8BitAccess */
  SINTER_VK_SUBGROUP_ARITHMETIC = 2, /* these two in compute shaders */
  SINTER_VK_SUBGROUP_SHUFFLE = 4,
  SINTER_VK_INT16 = 8,   /* shaderInt16, storageBuffer16BitAccess */
  SINTER_VK_INT64 = 16,  /* shaderInt64 */
  SINTER_VK_FLOAT16 = 32 /* shaderFloat16, storageBuffer16BitAccess */
};

typedef struct sinter_shader {
  const char *name; /* for messages and profiles */
  /* SPIR-V; its entry point is called "main". Execution modes of f32 (SignedZeroInfNanPreserve, DenormPreserve,
   * RoundingModeRTE) and their capabilities are left out for a device that does not have them. */
  const uint32_t *words;
  uint64_t word_count;
  uint32_t binding_count;  /* buffers 0 to binding_count - 1 of set 0, at most 32 */
  uint32_t constant_count; /* u32 push constants, at most 4 */
  uint32_t subgroup_size;  /* what it must run with; 0: any */
  uint32_t features;       /* sinter_vulkan_feature bits */
  uint32_t texels; /* bit i: binding i is read as a uniform texel buffer of four f32 each, not a storage buffer */
  uint32_t reserved;
} sinter_shader;

typedef struct sinter_dispatch {
  uint32_t shader;        /* index into sinter_vulkan_version.shaders */
  uint32_t binding_count; /* the shader's */
  const sinter_binding *bindings;
  uint32_t groups[3];
  uint32_t constants[4];
  uint32_t reserved;
} sinter_dispatch;

/* One kernel on Vulkan: its dispatches run in order, each sees what the earlier ones wrote. */
typedef struct sinter_vulkan_kernel {
  const char *name, *location; /* as in sinter_kernel */
  double flops, bytes;
  const sinter_dispatch *dispatches;
  uint32_t dispatch_count;
  uint32_t fallback; /* 1: lowered by the general way, for want of a better one */
  uint64_t scratch_bytes;
} sinter_vulkan_kernel;

/* The kinds of devices that a version of the Vulkan kernels is the choice for. */
enum sinter_vulkan_device_type { SINTER_VK_CPU = 1, SINTER_VK_GPU = 2 };

/* All kernels of the plan for Vulkan, for one kind of its devices. */
typedef struct sinter_vulkan_version {
  const char *name;      /* of the schedule: "registers" for CPU-like devices, "shared" for GPUs */
  uint32_t device_types; /* sinter_vulkan_device_type bits */
  uint32_t shader_count;
  const sinter_shader *shaders;
  const sinter_vulkan_kernel *kernels; /* sinter_plan.kernel_count */
  uint64_t scratch_bytes;              /* the largest kernel's */
  /* The words of all shaders, which are kept in the format of zlib (RFC 1950), and the place that shaders point into,
   * zeros until somebody unpacks them; null if shaders' words are there from the beginning. */
  const uint8_t *packed;
  uint64_t packed_bytes;
  uint32_t *words;
  uint64_t word_count;
} sinter_vulkan_version;

/* In each step of a loop, an operand lies so many bytes behind where it lay in the step before; in the first step,
 * where its record says. */
#define SINTER_ALWAYS UINT64_MAX
typedef struct sinter_move {
  uint32_t launch, operand; /* launch: index into sinter_entry.launches */
  int64_t by;
} sinter_move;

/* `count` launches from `first` on run in order, `steps` times; with a flag only until that is 0, which is asked before
 * each step (who cannot ask may go on: further steps change nothing that is read behind the loop). A loop inside of it,
 * whose launches are some of these, runs all of its steps in each. Launches of a loop are in no chain. */
typedef struct sinter_loop {
  uint32_t first, count;
  uint64_t steps;
  const sinter_move *moves;
  uint64_t move_count;
  uint64_t flag; /* SINTER_ALWAYS, or: an i32 at this offset of the arena */
} sinter_loop;

/* Runs its launches in order; each sees what the earlier ones wrote. */
typedef struct sinter_entry {
  const char *name;
  uint32_t input_count, output_count, launch_count, loop_count;
  const sinter_input *inputs;
  const sinter_tensor *outputs; /* at tensor.offset of the arena, valid until the next call */
  const sinter_launch *launches;
  uint64_t arena_bytes;
  double flops;             /* of one call */
  const sinter_loop *loops; /* loop_count, by their first launch; outer ones before inner ones */
} sinter_entry;

/* What one kind of device runs, planned for it alone. All plans of a program have the same entries in the same order
 * with the same inputs and outputs; launches, kernels and places in the arena are each plan's own. */
typedef struct sinter_plan {
  uint32_t kernel_count, reserved;
  const sinter_entry *entries; /* sinter_program.entry_count */
  uint64_t arena_bytes;        /* the largest entry's */
} sinter_plan;

typedef struct sinter_program {
  uint32_t abi_version;
  uint32_t state_count, entry_count, version_count, vulkan_version_count, reserved;
  const char *name;     /* of the model */
  const char *source;   /* file it was compiled from */
  const char *compiler; /* version of sinterc */
  const char *target;   /* for example "cpu:znver3,vulkan" */
  const char *config;   /* JSON object of the configuration values it was compiled with */
  const sinter_state *states;
  const sinter_version *versions;      /* for the CPU, worst to best; null if it was not compiled for it */
  const sinter_vulkan_version *vulkan; /* null if it was not compiled for Vulkan */
  const sinter_plan *cpu_plan;         /* what all `versions` run; null if it was not compiled for the CPU */
  const sinter_plan *vulkan_plan;      /* what all of `vulkan` run; null if it was not compiled for Vulkan */
  const void *constants;
  uint64_t constant_bytes, state_bytes;
  uint64_t memory_budget; /* what the program was told to stay within (--memory-budget): all blocks together; 0: none */
} sinter_program;

extern const sinter_program sinter_program_v1;

#ifdef __cplusplus
}
#endif
#endif /* SINTER_ABI_H */
