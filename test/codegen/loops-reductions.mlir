// Reductions: along the last dimension in 16 lanes and a fixed tree, along others element after element; long sums in runs.
// RUN: sinter-opt %s --sinter-cpu-schedule --sinter-cpu-emit-loops --canonicalize --loop-invariant-code-motion --cse | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>

// Lane l folds elements l, l + 16, ...; lanes behind the end keep what they have; then halves join.
// CHECK-LABEL: func private @row_in_lanes_then_tree
// CHECK-SAME: sinter.tiles = 10 : i64
// CHECK: scf.for
// A maximum compares, which is one instruction, and notes NaNs, which maximumf would keep by five more.
// CHECK: %[[BOTH:.*]]:2 = scf.for {{.*}} iter_args(%[[SOFAR:.*]] = %{{.*}}, %[[NANS:.*]] = %{{.*}}) -> (vector<16xf32>, vector<16xi1>)
// CHECK: %[[X:.*]] = vector.load
// CHECK: %[[KEEPS:.*]] = arith.cmpf ogt, %[[SOFAR]], %[[X]]
// CHECK: arith.select %[[KEEPS]], %[[SOFAR]], %[[X]]
// CHECK: %[[NAN:.*]] = arith.cmpf uno, %[[X]], %[[X]]
// CHECK: arith.ori %[[NANS]], %[[NAN]]
// CHECK: %[[LANES:.*]] = arith.select %[[BOTH]]#1, %{{.*}}, %[[BOTH]]#0
// CHECK: %[[LAST:.*]] = arith.maximumf %[[LANES]], %{{.*}} : vector<16xf32>
// CHECK: %[[ALL:.*]] = arith.select %{{.*}}, %[[LAST]], %[[LANES]] : vector<16xi1>, vector<16xf32>
// CHECK: vector.extract_strided_slice %[[ALL]] {offsets = [0], sizes = [8]
// CHECK: vector.extract_strided_slice %[[ALL]] {offsets = [8], sizes = [8]
// CHECK: arith.maximumf %{{.*}} : vector<8xf32>
// CHECK: arith.maximumf %{{.*}} : vector<4xf32>
// CHECK: arith.maximumf %{{.*}} : vector<2xf32>
// CHECK: arith.maximumf %{{.*}} : f32
// CHECK: memref.store
func.func private @row_in_lanes_then_tree(%x: tensor<10x40xf32>) -> tensor<10xf32> attributes {sinter.kernel, sinter.kind = "rows"} {
  %ninf = arith.constant 0xFF800000 : f32
  %e = tensor.empty() : tensor<10xf32>
  %i = linalg.fill ins(%ninf : f32) outs(%e : tensor<10xf32>) -> tensor<10xf32>
  %m = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<10x40xf32>) outs(%i : tensor<10xf32>) {
  ^bb0(%0: f32, %o: f32):
    %1 = arith.maximumf %o, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<10xf32>
  return %m : tensor<10xf32>
}

// A column adds its elements in ascending order, sixteen columns side by side, four vectors at once.
// What only the sum reads never reaches memory.
// CHECK-LABEL: func private @column_in_order
// CHECK-SAME: sinter.scratch = 0 : i64
// CHECK-SAME: sinter.tiles = 8 : i64
// CHECK: scf.for
// CHECK: %[[SUMS:.*]]:4 = scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK: arith.mulf
// CHECK-NOT: vector.store
// CHECK: arith.addf
// CHECK: scf.yield
// CHECK: vector.store %[[SUMS]]#0
// CHECK: vector.store %[[SUMS]]#3
func.func private @column_in_order(%x: tensor<10x128xf32>, %y: tensor<10x128xf32>) -> tensor<128xf32> attributes {sinter.kernel, sinter.kind = "columns"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<128xf32>
  %f = tensor.empty() : tensor<10x128xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<128xf32>) -> tensor<128xf32>
  %p = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %y : tensor<10x128xf32>, tensor<10x128xf32>) outs(%f : tensor<10x128xf32>) {
  ^bb0(%0: f32, %1: f32, %o: f32):
    %2 = arith.mulf %0, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<10x128xf32>
  %s = linalg.generic {indexing_maps = [#id, #column], iterator_types = ["reduction", "parallel"]}
      ins(%p : tensor<10x128xf32>) outs(%i : tensor<128xf32>) {
  ^bb0(%0: f32, %o: f32):
    %2 = arith.addf %o, %0 : f32
    linalg.yield %2 : f32
  } -> tensor<128xf32>
  return %s : tensor<128xf32>
}

// Two passes over the row: the mean, then what it is subtracted from. The mean stays in a register; the difference is
// stored once, to the output, though the square sum reads it too.
// CHECK-LABEL: func private @passes_over_a_row
// CHECK-SAME: sinter.scratch = 0 : i64
// CHECK: scf.for
// CHECK: scf.for {{.*}} -> (vector<16xf32>)
// CHECK: %[[MEAN:.*]] = arith.mulf %{{.*}} : f32
// CHECK: vector.broadcast %[[MEAN]]
// CHECK: scf.for {{.*}} -> (vector<16xf32>)
// CHECK: arith.subf
// CHECK: arith.mulf
// CHECK: arith.addf
// CHECK: vector.store
func.func private @passes_over_a_row(%x: tensor<10x64xf32>) -> (tensor<10x64xf32>, tensor<10xf32>) attributes {sinter.kernel, sinter.kind = "rows"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<10xf32>
  %f = tensor.empty() : tensor<10x64xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<10xf32>) -> tensor<10xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<10x64xf32>) outs(%i : tensor<10xf32>) {
  ^bb0(%0: f32, %o: f32):
    %2 = arith.addf %o, %0 : f32
    linalg.yield %2 : f32
  } -> tensor<10xf32>
  %mean = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%sum : tensor<10xf32>) outs(%e : tensor<10xf32>) {
  ^bb0(%0: f32, %o: f32):
    %c = arith.constant 0.015625 : f32
    %2 = arith.mulf %0, %c : f32
    linalg.yield %2 : f32
  } -> tensor<10xf32>
  %d = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %mean : tensor<10x64xf32>, tensor<10xf32>) outs(%f : tensor<10x64xf32>) {
  ^bb0(%0: f32, %1: f32, %o: f32):
    %2 = arith.subf %0, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<10x64xf32>
  %v = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%d : tensor<10x64xf32>) outs(%i : tensor<10xf32>) {
  ^bb0(%0: f32, %o: f32):
    %2 = arith.mulf %0, %0 : f32
    %3 = arith.addf %o, %2 : f32
    linalg.yield %3 : f32
  } -> tensor<10xf32>
  return %d, %v : tensor<10x64xf32>, tensor<10xf32>
}

// A long column is summed in blocks of eight rows across the tile; the sums wait in the scratch, and every run of 64 rows
// starts from zero: an order of additions like that of a column summed in one go. Both sums read a row once.
// CHECK-LABEL: func private @long_column
// CHECK-SAME: sinter.scratch = 1920 : i64
// CHECK-SAME: sinter.tiles = 4 : i64
// CHECK: %[[A:.*]] = memref.view %{{.*}}[%c0][] : memref<?xi8> to memref<80xf32>
// CHECK: %[[A1:.*]] = memref.view %{{.*}} to memref<80xf32>
// CHECK: %[[A2:.*]] = memref.view %{{.*}} to memref<80xf32>
// CHECK: %[[B:.*]] = memref.view %{{.*}} to memref<80xf32>
// CHECK: %[[B1:.*]] = memref.view %{{.*}} to memref<80xf32>
// CHECK: %[[B2:.*]] = memref.view %{{.*}} to memref<80xf32>
// CHECK: scf.for
// CHECK: scf.for
// CHECK: vector.store %{{.*}}, %[[A]]
// CHECK: vector.store %{{.*}}, %[[B]]
// CHECK: scf.for %[[BLOCK:.*]] = %c0 to %c96 step %c8
// CHECK: %[[END:.*]] = arith.addi %[[BLOCK]], %c8
// CHECK: scf.for
// CHECK: vector.load %[[A2]]
// CHECK: vector.load %[[B2]]
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<16xf32>, vector<16xf32>)
// CHECK: vector.store %{{.*}}, %[[A2]]
// CHECK: vector.store %{{.*}}, %[[B2]]
// CHECK: %[[IN:.*]] = arith.remui %[[END]], %c64
// CHECK: %[[ENDS:.*]] = arith.cmpi eq, %[[IN]], %c0
// CHECK: scf.if %[[ENDS]] {
// CHECK: scf.for
// CHECK-DAG: %[[SUM:.*]] = vector.load %[[A]]
// CHECK-DAG: %[[EXCESS:.*]] = vector.load %[[A1]]
// CHECK-DAG: %[[OPEN:.*]] = vector.load %[[A2]]
// CHECK: %[[TERM:.*]] = arith.subf %[[OPEN]], %[[EXCESS]]
// CHECK: arith.addf %[[SUM]], %[[TERM]]
// CHECK: vector.store %{{.*}}, %[[A]]
// CHECK: vector.store %{{.*}}, %[[A1]]
// CHECK: vector.store %cst{{.*}}, %[[A2]]
// CHECK: scf.for
// CHECK: scf.for %{{.*}} = %c96 to %c100 step %c1 iter_args
func.func private @long_column(%x: tensor<100x320xf32>, %y: tensor<100x320xf32>) -> (tensor<320xf32>, tensor<320xf32>) attributes {sinter.kernel, sinter.kind = "columns"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<320xf32>
  %f = tensor.empty() : tensor<100x320xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<320xf32>) -> tensor<320xf32>
  %p = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %y : tensor<100x320xf32>, tensor<100x320xf32>) outs(%f : tensor<100x320xf32>) {
  ^bb0(%0: f32, %1: f32, %o: f32):
    %2 = arith.mulf %0, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<100x320xf32>
  %s = linalg.generic {indexing_maps = [#id, #column], iterator_types = ["reduction", "parallel"]}
      ins(%p : tensor<100x320xf32>) outs(%i : tensor<320xf32>) {
  ^bb0(%0: f32, %o: f32):
    %2 = arith.addf %o, %0 : f32
    linalg.yield %2 : f32
  } -> tensor<320xf32>
  %t = linalg.generic {indexing_maps = [#id, #column], iterator_types = ["reduction", "parallel"]}
      ins(%x : tensor<100x320xf32>) outs(%i : tensor<320xf32>) {
  ^bb0(%0: f32, %o: f32):
    %2 = arith.addf %o, %0 : f32
    linalg.yield %2 : f32
  } -> tensor<320xf32>
  return %s, %t : tensor<320xf32>, tensor<320xf32>
}

// A row of one run more than lanes keep in one go: the run starts from zero, and its sum joins what was before.
// CHECK-LABEL: func private @long_row
// CHECK: scf.for
// CHECK: %[[RUNS:.*]]:2 = scf.for %{{.*}} = %c0 to %c2048 step %c1024 {{.*}} -> (vector<16xf32>, vector<16xf32>)
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %cst) -> (vector<16xf32>)
// CHECK: arith.subf
// CHECK: arith.addf
// CHECK: arith.select
// CHECK: scf.yield
// CHECK: %[[LAST:.*]] = scf.for {{.*}} iter_args(%{{.*}} = %cst) -> (vector<16xf32>)
// CHECK: %[[TERM:.*]] = arith.subf %[[LAST]], %[[RUNS]]#1
// CHECK: %[[SUM:.*]] = arith.addf %[[RUNS]]#0, %[[TERM]]
// CHECK: vector.extract_strided_slice %[[SUM]]
func.func private @long_row(%x: tensor<10x2080xf32>) -> tensor<10xf32> attributes {sinter.kernel, sinter.kind = "rows"} {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<10xf32>
  %i = linalg.fill ins(%zero : f32) outs(%e : tensor<10xf32>) -> tensor<10xf32>
  %s = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<10x2080xf32>) outs(%i : tensor<10xf32>) {
  ^bb0(%0: f32, %o: f32):
    %1 = arith.addf %o, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<10xf32>
  return %s : tensor<10xf32>
}

// A start that is not the neutral element joins what the lanes have summed.
// CHECK-LABEL: func private @row_from_one
// CHECK: %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK: arith.addf %{{.*}} : vector<2xf32>
// CHECK: %[[SUM:.*]] = arith.addf %{{.*}} : f32
// CHECK: %[[ALL:.*]] = arith.addf %[[SUM]], %[[ONE]] : f32
// CHECK: memref.store %[[ALL]]
func.func private @row_from_one(%x: tensor<10x32xf32>) -> tensor<10xf32> attributes {sinter.kernel, sinter.kind = "rows"} {
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<10xf32>
  %i = linalg.fill ins(%one : f32) outs(%e : tensor<10xf32>) -> tensor<10xf32>
  %m = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<10x32xf32>) outs(%i : tensor<10xf32>) {
  ^bb0(%0: f32, %o: f32):
    %1 = arith.addf %o, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<10xf32>
  return %m : tensor<10xf32>
}
