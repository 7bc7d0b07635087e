// Element types in files and on the command line: arrays of NumPy's, a checkpoint of safetensors, JSON.
// RUN: sinterc %s -o %t && rm -rf %t.out && mkdir %t.out
// RUN: python3 %S/Inputs/type_files.py write %t.out/x.npy
// RUN: %t run step --input x=%t.out/x.npy --input shift=0.1 --save %t.out/one.safetensors --json | FileCheck %s
// RUN: %t run step --input x=%t.out/x.npy --input shift=0.1 --out %t.out
// RUN: %t run step --input x=%t.out/x.npy --checkpoint %t.out/one.safetensors --save %t.out/two.safetensors --json | FileCheck %s --check-prefix=TWO
// RUN: python3 %S/Inputs/type_files.py check %t.out
// RUN: not %t run step --input x=%t.out/large.npy 2>&1 | FileCheck %s --check-prefix=LARGE
// RUN: sinterc %s --emit=obj,header -o %t.out/types.o && FileCheck %s --check-prefix=HEADER --input-file=%t.out/types.h
// RUN: %t info --json | FileCheck %s --check-prefix=INFO
#include <sinter/sinter.h>
using namespace sinter;

SINTER_MODEL(type_files) {
  // HEADER-DAG: Array<uint16_t /* f16 */, 3> x
  // HEADER-DAG: optional<double> shift
  // INFO: "name":"x","dtype":"f16"
  // CHECK: "half":[2,-3.5,0.199951172],"brain":[1,-1.75,0.100097656],"count":4000000007,"exact":[1.10000000000000{{[0-9]*}},-1.6{{[0-9]*}},0.19997558{{[0-9]*}}]
  // TWO: "count":8000000007
  // LARGE: number 1 of example 0 is 70000, which is not finite as f16: the input x takes f16
  entry("step", [] {
    Tensor x = input("x", {1, 3}, f16), count = state("count", {}, filled(7), i64);
    Tensor seen = state("seen", {3}, zeros(), bf16), shift = scalar_input("shift", 0, f64);
    Tensor row = reshape(x, {3}), next = count + 4000000000.0;
    output("half", cast(cast(row, f32) * 2, f16));
    output("brain", cast(row, bf16));
    output("count", next);
    output("exact", cast(row, f64) + shift);
    assign(count, next);
    assign(seen, cast(cast(seen, f32) + cast(row, f32), bf16));
  });
}
