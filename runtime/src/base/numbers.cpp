#include "base/numbers.h"

namespace sinter {

namespace {

struct Names {
  uint32_t dtype;
  const char *ours, *inSafetensors, *inNumpy;
};

constexpr Names names[] = {{SINTER_F32, "f32", "F32", "<f4"},    {SINTER_I32, "i32", "I32", "<i4"},
                           {SINTER_I8, "i8", "I8", "|b1"},       {SINTER_U16, "u16", "U16", "<u2"},
                           {SINTER_BF16, "bf16", "BF16", "<f4"}, {SINTER_F16, "f16", "F16", "<f2"},
                           {SINTER_I64, "i64", "I64", "<i8"},    {SINTER_F64, "f64", "F64", "<f8"}};

const Names &namesOf(uint32_t dtype) {
  static constexpr Names none = {0, "unknown", "unknown", "unknown"};
  for (const Names &row : names)
    if (row.dtype == dtype)
      return row;
  return none;
}

} // namespace

const char *dtypeName(uint32_t dtype) { return namesOf(dtype).ours; }
const char *dtypeInSafetensors(uint32_t dtype) { return namesOf(dtype).inSafetensors; }
const char *dtypeInNumpy(uint32_t dtype) { return namesOf(dtype).inNumpy; }

} // namespace sinter
