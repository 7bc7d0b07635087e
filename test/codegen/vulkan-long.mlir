// Sums at and beyond what a loop of a shader can have: lavapipe ends all loops of an invocation together after 65535 rounds,
// silently. And sums of equal terms that are no powers of two, whose errors would grow with their number: each is right to
// 1.3e-6 (n terms of 0.1, in f32 0.100000001490116, times 10000 / n), products, whose blocks are longer, to 8e-6 (times 15 / n).
// RUN: sinter-run --device=vulkan %s

sinter.state @one : tensor<f32> {init = "ones"}

// Products: a block, a part of k, and what is beyond them.
func.func @product_512() -> (tensor<2x3xf32>, tensor<2x3xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<2x512xf32>
  %xtenth = arith.constant dense<0.1> : tensor<2x512xf32>
  %x = arith.mulf %xone, %xtenth : tensor<2x512xf32>
  %y = sinter.broadcast %one dims [] : tensor<f32> -> tensor<512x3xf32>
  %p = sinter.matmul %x, %y : (tensor<2x512xf32>, tensor<512x3xf32>) -> tensor<2x3xf32>
  %n = arith.constant dense<0.029296875> : tensor<2x3xf32>
  %q = arith.mulf %p, %n : tensor<2x3xf32>
  %e0 = arith.constant dense<1.50000002235> : tensor<2x3xf32>
  return %q, %e0 : tensor<2x3xf32>, tensor<2x3xf32>
}

// Products: a block, a part of k, and what is beyond them.
func.func @product_513() -> (tensor<2x3xf32>, tensor<2x3xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<2x513xf32>
  %xtenth = arith.constant dense<0.1> : tensor<2x513xf32>
  %x = arith.mulf %xone, %xtenth : tensor<2x513xf32>
  %y = sinter.broadcast %one dims [] : tensor<f32> -> tensor<513x3xf32>
  %p = sinter.matmul %x, %y : (tensor<2x513xf32>, tensor<513x3xf32>) -> tensor<2x3xf32>
  %n = arith.constant dense<0.029239766081871343> : tensor<2x3xf32>
  %q = arith.mulf %p, %n : tensor<2x3xf32>
  %e0 = arith.constant dense<1.50000002235> : tensor<2x3xf32>
  return %q, %e0 : tensor<2x3xf32>, tensor<2x3xf32>
}

// Products: a block, a part of k, and what is beyond them.
func.func @product_32768() -> (tensor<2x3xf32>, tensor<2x3xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<2x32768xf32>
  %xtenth = arith.constant dense<0.1> : tensor<2x32768xf32>
  %x = arith.mulf %xone, %xtenth : tensor<2x32768xf32>
  %y = sinter.broadcast %one dims [] : tensor<f32> -> tensor<32768x3xf32>
  %p = sinter.matmul %x, %y : (tensor<2x32768xf32>, tensor<32768x3xf32>) -> tensor<2x3xf32>
  %n = arith.constant dense<0.000457763671875> : tensor<2x3xf32>
  %q = arith.mulf %p, %n : tensor<2x3xf32>
  %e0 = arith.constant dense<1.50000002235> : tensor<2x3xf32>
  return %q, %e0 : tensor<2x3xf32>, tensor<2x3xf32>
}

// Products: a block, a part of k, and what is beyond them.
func.func @product_32769() -> (tensor<2x3xf32>, tensor<2x3xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<2x32769xf32>
  %xtenth = arith.constant dense<0.1> : tensor<2x32769xf32>
  %x = arith.mulf %xone, %xtenth : tensor<2x32769xf32>
  %y = sinter.broadcast %one dims [] : tensor<f32> -> tensor<32769x3xf32>
  %p = sinter.matmul %x, %y : (tensor<2x32769xf32>, tensor<32769x3xf32>) -> tensor<2x3xf32>
  %n = arith.constant dense<0.00045774970246269345> : tensor<2x3xf32>
  %q = arith.mulf %p, %n : tensor<2x3xf32>
  %e0 = arith.constant dense<1.50000002235> : tensor<2x3xf32>
  return %q, %e0 : tensor<2x3xf32>, tensor<2x3xf32>
}

// Products: a block, a part of k, and what is beyond them.
func.func @product_58256() -> (tensor<2x3xf32>, tensor<2x3xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<2x58256xf32>
  %xtenth = arith.constant dense<0.1> : tensor<2x58256xf32>
  %x = arith.mulf %xone, %xtenth : tensor<2x58256xf32>
  %y = sinter.broadcast %one dims [] : tensor<f32> -> tensor<58256x3xf32>
  %p = sinter.matmul %x, %y : (tensor<2x58256xf32>, tensor<58256x3xf32>) -> tensor<2x3xf32>
  %n = arith.constant dense<0.00025748420763526504> : tensor<2x3xf32>
  %q = arith.mulf %p, %n : tensor<2x3xf32>
  %e0 = arith.constant dense<1.50000002235> : tensor<2x3xf32>
  return %q, %e0 : tensor<2x3xf32>, tensor<2x3xf32>
}

// Products: a block, a part of k, and what is beyond them.
func.func @product_65536() -> (tensor<2x3xf32>, tensor<2x3xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<2x65536xf32>
  %xtenth = arith.constant dense<0.1> : tensor<2x65536xf32>
  %x = arith.mulf %xone, %xtenth : tensor<2x65536xf32>
  %y = sinter.broadcast %one dims [] : tensor<f32> -> tensor<65536x3xf32>
  %p = sinter.matmul %x, %y : (tensor<2x65536xf32>, tensor<65536x3xf32>) -> tensor<2x3xf32>
  %n = arith.constant dense<0.0002288818359375> : tensor<2x3xf32>
  %q = arith.mulf %p, %n : tensor<2x3xf32>
  %e0 = arith.constant dense<1.50000002235> : tensor<2x3xf32>
  return %q, %e0 : tensor<2x3xf32>, tensor<2x3xf32>
}

// Products: a block, a part of k, and what is beyond them.
func.func @product_98307() -> (tensor<2x3xf32>, tensor<2x3xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<2x98307xf32>
  %xtenth = arith.constant dense<0.1> : tensor<2x98307xf32>
  %x = arith.mulf %xone, %xtenth : tensor<2x98307xf32>
  %y = sinter.broadcast %one dims [] : tensor<f32> -> tensor<98307x3xf32>
  %p = sinter.matmul %x, %y : (tensor<2x98307xf32>, tensor<98307x3xf32>) -> tensor<2x3xf32>
  %n = arith.constant dense<0.00015258323415423113> : tensor<2x3xf32>
  %q = arith.mulf %p, %n : tensor<2x3xf32>
  %e0 = arith.constant dense<1.50000002235> : tensor<2x3xf32>
  return %q, %e0 : tensor<2x3xf32>, tensor<2x3xf32>
}

// Rows.
func.func @row_131072() -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<2x131072xf32>
  %xtenth = arith.constant dense<0.1> : tensor<2x131072xf32>
  %x = arith.mulf %xone, %xtenth : tensor<2x131072xf32>
  %p = sinter.reduce sum %x axes [1] : tensor<2x131072xf32> -> tensor<2xf32>
  %m = sinter.reduce max %x axes [1] : tensor<2x131072xf32> -> tensor<2xf32>
  %n = arith.constant dense<0.0762939453125> : tensor<2xf32>
  %q = arith.mulf %p, %n : tensor<2xf32>
  %e0 = arith.constant dense<1000.0000149> : tensor<2xf32>
  %e1 = arith.constant dense<0.1> : tensor<2xf32>
  return %q, %e0, %m, %e1 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// Rows.
func.func @row_131073() -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<2x131073xf32>
  %xtenth = arith.constant dense<0.1> : tensor<2x131073xf32>
  %x = arith.mulf %xone, %xtenth : tensor<2x131073xf32>
  %p = sinter.reduce sum %x axes [1] : tensor<2x131073xf32> -> tensor<2xf32>
  %m = sinter.reduce max %x axes [1] : tensor<2x131073xf32> -> tensor<2xf32>
  %n = arith.constant dense<0.07629336324033173> : tensor<2xf32>
  %q = arith.mulf %p, %n : tensor<2xf32>
  %e0 = arith.constant dense<1000.0000149> : tensor<2xf32>
  %e1 = arith.constant dense<0.1> : tensor<2xf32>
  return %q, %e0, %m, %e1 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// Rows.
func.func @row_131075() -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<2x131075xf32>
  %xtenth = arith.constant dense<0.1> : tensor<2x131075xf32>
  %x = arith.mulf %xone, %xtenth : tensor<2x131075xf32>
  %p = sinter.reduce sum %x axes [1] : tensor<2x131075xf32> -> tensor<2xf32>
  %m = sinter.reduce max %x axes [1] : tensor<2x131075xf32> -> tensor<2xf32>
  %n = arith.constant dense<0.07629219912263971> : tensor<2xf32>
  %q = arith.mulf %p, %n : tensor<2xf32>
  %e0 = arith.constant dense<1000.0000149> : tensor<2xf32>
  %e1 = arith.constant dense<0.1> : tensor<2xf32>
  return %q, %e0, %m, %e1 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// Rows.
func.func @row_4100() -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<2x4100xf32>
  %xtenth = arith.constant dense<0.1> : tensor<2x4100xf32>
  %x = arith.mulf %xone, %xtenth : tensor<2x4100xf32>
  %p = sinter.reduce sum %x axes [1] : tensor<2x4100xf32> -> tensor<2xf32>
  %m = sinter.reduce max %x axes [1] : tensor<2x4100xf32> -> tensor<2xf32>
  %n = arith.constant dense<2.4390243902439024> : tensor<2xf32>
  %q = arith.mulf %p, %n : tensor<2xf32>
  %e0 = arith.constant dense<1000.0000149> : tensor<2xf32>
  %e1 = arith.constant dense<0.1> : tensor<2xf32>
  return %q, %e0, %m, %e1 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// Columns.
func.func @column_64() -> (tensor<3xf32>, tensor<3xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<64x3xf32>
  %xtenth = arith.constant dense<0.1> : tensor<64x3xf32>
  %x = arith.mulf %xone, %xtenth : tensor<64x3xf32>
  %p = sinter.reduce sum %x axes [0] : tensor<64x3xf32> -> tensor<3xf32>
  %n = arith.constant dense<156.25> : tensor<3xf32>
  %q = arith.mulf %p, %n : tensor<3xf32>
  %e0 = arith.constant dense<1000.0000149> : tensor<3xf32>
  return %q, %e0 : tensor<3xf32>, tensor<3xf32>
}

// Columns.
func.func @column_65() -> (tensor<3xf32>, tensor<3xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<65x3xf32>
  %xtenth = arith.constant dense<0.1> : tensor<65x3xf32>
  %x = arith.mulf %xone, %xtenth : tensor<65x3xf32>
  %p = sinter.reduce sum %x axes [0] : tensor<65x3xf32> -> tensor<3xf32>
  %n = arith.constant dense<153.84615384615387> : tensor<3xf32>
  %q = arith.mulf %p, %n : tensor<3xf32>
  %e0 = arith.constant dense<1000.0000149> : tensor<3xf32>
  return %q, %e0 : tensor<3xf32>, tensor<3xf32>
}

// Columns.
func.func @column_255() -> (tensor<3xf32>, tensor<3xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<255x3xf32>
  %xtenth = arith.constant dense<0.1> : tensor<255x3xf32>
  %x = arith.mulf %xone, %xtenth : tensor<255x3xf32>
  %p = sinter.reduce sum %x axes [0] : tensor<255x3xf32> -> tensor<3xf32>
  %n = arith.constant dense<39.21568627450981> : tensor<3xf32>
  %q = arith.mulf %p, %n : tensor<3xf32>
  %e0 = arith.constant dense<1000.0000149> : tensor<3xf32>
  return %q, %e0 : tensor<3xf32>, tensor<3xf32>
}

// Columns.
func.func @column_256() -> (tensor<3xf32>, tensor<3xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<256x3xf32>
  %xtenth = arith.constant dense<0.1> : tensor<256x3xf32>
  %x = arith.mulf %xone, %xtenth : tensor<256x3xf32>
  %p = sinter.reduce sum %x axes [0] : tensor<256x3xf32> -> tensor<3xf32>
  %n = arith.constant dense<39.0625> : tensor<3xf32>
  %q = arith.mulf %p, %n : tensor<3xf32>
  %e0 = arith.constant dense<1000.0000149> : tensor<3xf32>
  return %q, %e0 : tensor<3xf32>, tensor<3xf32>
}

// Columns.
func.func @column_16384() -> (tensor<3xf32>, tensor<3xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<16384x3xf32>
  %xtenth = arith.constant dense<0.1> : tensor<16384x3xf32>
  %x = arith.mulf %xone, %xtenth : tensor<16384x3xf32>
  %p = sinter.reduce sum %x axes [0] : tensor<16384x3xf32> -> tensor<3xf32>
  %n = arith.constant dense<0.6103515625> : tensor<3xf32>
  %q = arith.mulf %p, %n : tensor<3xf32>
  %e0 = arith.constant dense<1000.0000149> : tensor<3xf32>
  return %q, %e0 : tensor<3xf32>, tensor<3xf32>
}

// Columns.
func.func @column_16385() -> (tensor<3xf32>, tensor<3xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<16385x3xf32>
  %xtenth = arith.constant dense<0.1> : tensor<16385x3xf32>
  %x = arith.mulf %xone, %xtenth : tensor<16385x3xf32>
  %p = sinter.reduce sum %x axes [0] : tensor<16385x3xf32> -> tensor<3xf32>
  %n = arith.constant dense<0.6103143118706134> : tensor<3xf32>
  %q = arith.mulf %p, %n : tensor<3xf32>
  %e0 = arith.constant dense<1000.0000149> : tensor<3xf32>
  return %q, %e0 : tensor<3xf32>, tensor<3xf32>
}

// Columns.
func.func @column_70000() -> (tensor<3xf32>, tensor<3xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<70000x3xf32>
  %xtenth = arith.constant dense<0.1> : tensor<70000x3xf32>
  %x = arith.mulf %xone, %xtenth : tensor<70000x3xf32>
  %p = sinter.reduce sum %x axes [0] : tensor<70000x3xf32> -> tensor<3xf32>
  %n = arith.constant dense<0.14285714285714285> : tensor<3xf32>
  %q = arith.mulf %p, %n : tensor<3xf32>
  %e0 = arith.constant dense<1000.0000149> : tensor<3xf32>
  return %q, %e0 : tensor<3xf32>, tensor<3xf32>
}

// Updates of one row, in two dispatches; another row gets the last.
func.func @scatter_1() -> (tensor<2x1xf32>, tensor<2x1xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<32776x1xf32>
  %xtenth = arith.constant dense<0.1> : tensor<32776x1xf32>
  %x = arith.mulf %xone, %xtenth : tensor<32776x1xf32>
  %i = sinter.iota axis 0 : tensor<32776xi32>
  %l = arith.constant dense<32775> : tensor<32776xi32>
  %c = arith.cmpi eq, %i, %l : tensor<32776xi32>
  %r = arith.extui %c : tensor<32776xi1> to tensor<32776xi32>
  %t = sinter.scatter_add %r, %x : (tensor<32776xi32>, tensor<32776x1xf32>) -> tensor<2x1xf32>
  %e0 = arith.constant dense<[[3277.500049], [0.1]]> : tensor<2x1xf32>
  return %t, %e0 : tensor<2x1xf32>, tensor<2x1xf32>
}

// Updates of one row, in two dispatches; another row gets the last.
func.func @scatter_4() -> (tensor<2x4xf32>, tensor<2x4xf32>) attributes {sinter.entry, sinter.expect} {
  %one = sinter.read @one : tensor<f32>
  %xone = sinter.broadcast %one dims [] : tensor<f32> -> tensor<32776x4xf32>
  %xtenth = arith.constant dense<0.1> : tensor<32776x4xf32>
  %x = arith.mulf %xone, %xtenth : tensor<32776x4xf32>
  %i = sinter.iota axis 0 : tensor<32776xi32>
  %l = arith.constant dense<32775> : tensor<32776xi32>
  %c = arith.cmpi eq, %i, %l : tensor<32776xi32>
  %r = arith.extui %c : tensor<32776xi1> to tensor<32776xi32>
  %t = sinter.scatter_add %r, %x : (tensor<32776xi32>, tensor<32776x4xf32>) -> tensor<2x4xf32>
  %e0 = arith.constant dense<[[3277.500049, 3277.500049, 3277.500049, 3277.500049], [0.1, 0.1, 0.1, 0.1]]> : tensor<2x4xf32>
  return %t, %e0 : tensor<2x4xf32>, tensor<2x4xf32>
}

