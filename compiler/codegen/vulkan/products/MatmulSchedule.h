// How a product's shaders are cut up: what `sinter.schedule` of its kernel says, and the emitters obey.
#pragma once

#include "compiler/codegen/products/MatmulShape.h"
#include "compiler/codegen/vulkan/Shader.h"

#include <random>

namespace sinter::vulkan {

/// `{form = "registers", rows = 16, step = 8}`, `{form = "shared"}` or `{form = "few", rows = 4}`.
struct MatmulSchedule {
  enum Form {
    Registers, ///< tiles in the registers of a subgroup (MatmulRegisters)
    Shared,    ///< tiles of 64 x 64 from shared memory (MatmulShared)
    Few        ///< parts of a long k, an invocation for each block of one (MatmulFew)
  } form;
  int64_t rows = 0; ///< of a tile; of four columns that an invocation of Few takes
  int64_t step = 0; ///< of Registers: along k
};

/// The fastest one, by what was measured. No choice changes a bit of the result.
MatmulSchedule chooseSchedule(const MatmulKernel &kernel, const Profile &profile);

/// Any that the emitters can do.
MatmulSchedule randomSchedule(const MatmulKernel &kernel, const Profile &profile, std::mt19937_64 &random);

mlir::DictionaryAttr scheduleOf(const MatmulSchedule &schedule, mlir::MLIRContext *context);

/// What the function's `sinter.schedule` says; an error if there is none, or none that the emitters can do.
llvm::FailureOr<MatmulSchedule> readSchedule(mlir::func::FuncOp function, const MatmulKernel &kernel,
                                             const Profile &profile);

} // namespace sinter::vulkan
