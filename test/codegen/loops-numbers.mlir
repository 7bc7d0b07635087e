// Loops over awkward shapes against the interpreter, on one thread and on several (the same bits).
// RUN: sinter-run %s

func.func @reductions(%x: tensor<37x5x19xf32>) -> (tensor<37x19xf32>, tensor<37x5xf32>, tensor<5xf32>, tensor<f32>, tensor<19xf32>, tensor<f32>) attributes {sinter.entry} {
  %a = sinter.reduce sum %x axes [1] : tensor<37x5x19xf32> -> tensor<37x19xf32>
  %b = sinter.reduce max %x axes [2] : tensor<37x5x19xf32> -> tensor<37x5xf32>
  %c = sinter.reduce sum %x axes [0, 2] : tensor<37x5x19xf32> -> tensor<5xf32>
  %d = sinter.reduce sum %x axes [0, 1, 2] : tensor<37x5x19xf32> -> tensor<f32>
  %e = sinter.reduce min %x axes [0, 1] : tensor<37x5x19xf32> -> tensor<19xf32>
  %n = sinter.reduce max %x axes [0, 1, 2] : tensor<37x5x19xf32> -> tensor<f32>
  return %a, %b, %c, %d, %e, %n : tensor<37x19xf32>, tensor<37x5xf32>, tensor<5xf32>, tensor<f32>, tensor<19xf32>, tensor<f32>
}

func.func @transposes(%x: tensor<33x50xf32>, %y: tensor<3x4x5x6xf32>) -> (tensor<50x33xf32>, tensor<6x4x5x3xf32>, tensor<5x3x6x4xf32>, tensor<33xf32>, tensor<50x33xf32>) attributes {sinter.entry} {
  %a = sinter.transpose %x [1, 0] : tensor<33x50xf32> -> tensor<50x33xf32>
  %b = sinter.transpose %y [3, 1, 2, 0] : tensor<3x4x5x6xf32> -> tensor<6x4x5x3xf32>
  %c = sinter.transpose %y [2, 0, 3, 1] : tensor<3x4x5x6xf32> -> tensor<5x3x6x4xf32>
  %d = sinter.reduce sum %a axes [0] : tensor<50x33xf32> -> tensor<33xf32>
  %s = sinter.softmax %a : tensor<50x33xf32>
  return %a, %b, %c, %d, %s : tensor<50x33xf32>, tensor<6x4x5x3xf32>, tensor<5x3x6x4xf32>, tensor<33xf32>, tensor<50x33xf32>
}

func.func @shapes(%x: tensor<7x12xf32>, %y: tensor<7x12xf32>) -> (tensor<14x12xf32>, tensor<7x24xf32>, tensor<3x4xf32>, tensor<10x31xf32>, tensor<3x7x4xf32>, tensor<21x4xf32>, tensor<28x3xf32>) attributes {sinter.entry} {
  %a = sinter.concat %x, %y axis 0 : (tensor<7x12xf32>, tensor<7x12xf32>) -> tensor<14x12xf32>
  %b = sinter.concat %x, %y axis 1 : (tensor<7x12xf32>, tensor<7x12xf32>) -> tensor<7x24xf32>
  %c = sinter.slice %x [1, 2] to [7, 12] by [2, 3] : tensor<7x12xf32> -> tensor<3x4xf32>
  %d = sinter.pad %x low [1, 3] high [2, 5] interior [0, 1] : tensor<7x12xf32> -> tensor<10x31xf32>
  %xx = arith.mulf %x, %y : tensor<7x12xf32>
  %r = sinter.reshape %xx : tensor<7x12xf32> -> tensor<7x3x4xf32>
  %e = sinter.transpose %r [1, 0, 2] : tensor<7x3x4xf32> -> tensor<3x7x4xf32>
  %f = sinter.reshape %e : tensor<3x7x4xf32> -> tensor<21x4xf32>
  %g0 = sinter.reshape %xx : tensor<7x12xf32> -> tensor<28x3xf32>
  %g = sinter.softmax %g0 : tensor<28x3xf32>
  return %a, %b, %c, %d, %e, %f, %g : tensor<14x12xf32>, tensor<7x24xf32>, tensor<3x4xf32>, tensor<10x31xf32>, tensor<3x7x4xf32>, tensor<21x4xf32>, tensor<28x3xf32>
}

func.func @norms(%x: tensor<9x130xf32>, %g: tensor<130xf32>, %t: tensor<9xi32> {sinter.limit = 130}) -> (tensor<9x130xf32>, tensor<9xf32>, tensor<9x130xf32>, tensor<9xf32>, tensor<f32>, tensor<9xi1>) attributes {sinter.entry} {
  %y, %r = sinter.normalize %x {epsilon = 1.0e-5, center} : tensor<9x130xf32> -> tensor<9x130xf32>, tensor<9xf32>
  %gb = sinter.broadcast %g dims [1] : tensor<130xf32> -> tensor<9x130xf32>
  %z = arith.mulf %y, %gb : tensor<9x130xf32>
  %l = sinter.log_softmax %z : tensor<9x130xf32>
  %losses, %lse = sinter.cross_entropy %z, %t : (tensor<9x130xf32>, tensor<9xi32>) -> (tensor<9xf32>, tensor<9xf32>)
  %m = sinter.reduce sum %losses axes [0] : tensor<9xf32> -> tensor<f32>
  %c = arith.cmpf ogt, %losses, %lse : tensor<9xf32>
  return %z, %r, %l, %losses, %m, %c : tensor<9x130xf32>, tensor<9xf32>, tensor<9x130xf32>, tensor<9xf32>, tensor<f32>, tensor<9xi1>
}

func.func @dropout(%x: tensor<6x5x40xf32>, %k: tensor<i32>) -> (tensor<6x5x40xf32>, tensor<6x5x40xi32>) attributes {sinter.entry} {
  %i = sinter.iota axis 2 : tensor<6x5x40xi32>
  %j = sinter.iota axis 1 : tensor<6x5x40xi32>
  %h = sinter.iota axis 0 : tensor<6x5x40xi32>
  %kk = sinter.broadcast %k dims [] : tensor<i32> -> tensor<6x5x40xi32>
  %c200 = arith.constant dense<200> : tensor<6x5x40xi32>
  %c40 = arith.constant dense<40> : tensor<6x5x40xi32>
  %a = arith.muli %h, %c200 : tensor<6x5x40xi32>
  %b = arith.muli %j, %c40 : tensor<6x5x40xi32>
  %ab = arith.addi %a, %b : tensor<6x5x40xi32>
  %ctr = arith.addi %ab, %i : tensor<6x5x40xi32>
  %bits = sinter.threefry %kk, %c40, %ctr, %j : tensor<6x5x40xi32>
  %one = arith.constant dense<1> : tensor<6x5x40xi32>
  %u = arith.shrui %bits, %one : tensor<6x5x40xi32>
  %lim = arith.constant dense<1000000000> : tensor<6x5x40xi32>
  %keep = arith.cmpi slt, %u, %lim : tensor<6x5x40xi32>
  %z = arith.constant dense<0.0> : tensor<6x5x40xf32>
  %y = arith.select %keep, %x, %z : tensor<6x5x40xi1>, tensor<6x5x40xf32>
  return %y, %bits : tensor<6x5x40xf32>, tensor<6x5x40xi32>
}

func.func @columns(%x: tensor<50x70xf32>, %y: tensor<50x70xf32>) -> (tensor<70xf32>, tensor<50x70xf32>) attributes {sinter.entry} {
  %p = arith.mulf %x, %y : tensor<50x70xf32>
  %s = sinter.reduce sum %p axes [0] : tensor<50x70xf32> -> tensor<70xf32>
  %b = sinter.broadcast %s dims [1] : tensor<70xf32> -> tensor<50x70xf32>
  %d = arith.subf %x, %b : tensor<50x70xf32>
  return %s, %d : tensor<70xf32>, tensor<50x70xf32>
}

func.func @embed(%w: tensor<65x33xf32>, %t: tensor<4x6xi32> {sinter.limit = 65}, %g: tensor<4x6x33xf32>) -> (tensor<4x6x33xf32>, tensor<65x33xf32>) attributes {sinter.entry} {
  %a = sinter.gather %w, %t : (tensor<65x33xf32>, tensor<4x6xi32>) -> tensor<4x6x33xf32>
  %b = arith.addf %a, %g : tensor<4x6x33xf32>
  %s = sinter.scatter_add %t, %b : (tensor<4x6xi32>, tensor<4x6x33xf32>) -> tensor<65x33xf32>
  return %b, %s : tensor<4x6x33xf32>, tensor<65x33xf32>
}

// Long columns go block by block: lengths that leave rows over, columns that leave lanes over, a prologue and a vector
// that the prologue reads, sums that share their rows.
func.func @long_columns(%x: tensor<203x330xf32>, %y: tensor<203x330xf32>, %w: tensor<330xf32>, %z: tensor<64x5xf32>) -> (tensor<330xf32>, tensor<330xf32>, tensor<330xf32>, tensor<5xf32>) attributes {sinter.entry} {
  %wide = sinter.broadcast %w dims [1] : tensor<330xf32> -> tensor<203x330xf32>
  %p = arith.mulf %x, %y : tensor<203x330xf32>
  %q = arith.addf %p, %wide : tensor<203x330xf32>
  %a = sinter.reduce sum %q axes [0] : tensor<203x330xf32> -> tensor<330xf32>
  %b = sinter.reduce sum %x axes [0] : tensor<203x330xf32> -> tensor<330xf32>
  %c = sinter.reduce max %y axes [0] : tensor<203x330xf32> -> tensor<330xf32>
  %d = sinter.reduce sum %z axes [0] : tensor<64x5xf32> -> tensor<5xf32>
  return %a, %b, %c, %d : tensor<330xf32>, tensor<330xf32>, tensor<330xf32>, tensor<5xf32>
}
