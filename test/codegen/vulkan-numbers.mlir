// What Vulkan code computes, with the kernels of both profiles on the same device, against the reference interpreter: the
// functions that the CPU leaves to libm, rows and columns of lengths that are no multiple of anything.
// RUN: sinter-run --device=vulkan %s

func.func @powers(%x: tensor<512xf32> {sinter.range = [0.01, 20.0]}, %y: tensor<512xf32> {sinter.range = [-8.0, 8.0]}) -> tensor<512xf32>
    attributes {sinter.entry} {
  %r = math.powf %x, %y : tensor<512xf32>
  return %r : tensor<512xf32>
}

func.func @powers_of_two(%x: tensor<512xf32> {sinter.range = [-120.0, 120.0]}) -> tensor<512xf32> attributes {sinter.entry} {
  %r = math.exp2 %x : tensor<512xf32>
  return %r : tensor<512xf32>
}

func.func @circle(%x: tensor<512xf32> {sinter.range = [-90000.0, 90000.0]}) -> (tensor<512xf32>, tensor<512xf32>)
    attributes {sinter.entry} {
  %s = math.sin %x : tensor<512xf32>
  %c = math.cos %x : tensor<512xf32>
  return %s, %c : tensor<512xf32>, tensor<512xf32>
}

// One row of a prime length, and many; sums of both.
func.func @rows(%x: tensor<1x1021xf32>, %y: tensor<130x67xf32>, %z: tensor<3x5x4xf32>)
    -> (tensor<1x1021xf32>, tensor<130x67xf32>, tensor<3x5x4xf32>, tensor<1xf32>, tensor<130xf32>)
    attributes {sinter.entry} {
  %a = sinter.softmax %x : tensor<1x1021xf32>
  %b = sinter.softmax %y : tensor<130x67xf32>
  %c = sinter.softmax %z : tensor<3x5x4xf32>
  %d = sinter.reduce sum %x axes [1] : tensor<1x1021xf32> -> tensor<1xf32>
  %e = sinter.reduce max %y axes [1] : tensor<130x67xf32> -> tensor<130xf32>
  return %a, %b, %c, %d, %e : tensor<1x1021xf32>, tensor<130x67xf32>, tensor<3x5x4xf32>, tensor<1xf32>, tensor<130xf32>
}

// Rows that a subgroup shares: in registers, of one chunk and several, and in loops with and without a rest; with columns of
// another number beside them.
func.func @shared_rows(%x: tensor<3x32xf32>, %y: tensor<70x224xf32>, %z: tensor<9x416xf32>, %w: tensor<1x2048xf32>)
    -> (tensor<3x32xf32>, tensor<70x224xf32>, tensor<9x416xf32>, tensor<1x2048xf32>, tensor<9xf32>, tensor<9x12xf32>)
    attributes {sinter.entry} {
  %a = sinter.softmax %x : tensor<3x32xf32>
  %b = sinter.softmax %y : tensor<70x224xf32>
  %c = sinter.softmax %z : tensor<9x416xf32>
  %d = sinter.softmax %w : tensor<1x2048xf32>
  %e = sinter.reduce max %z axes [1] : tensor<9x416xf32> -> tensor<9xf32>
  %f = sinter.broadcast %e dims [0] : tensor<9xf32> -> tensor<9x12xf32>
  return %a, %b, %c, %d, %e, %f : tensor<3x32xf32>, tensor<70x224xf32>, tensor<9x416xf32>, tensor<1x2048xf32>, tensor<9xf32>, tensor<9x12xf32>
}

// Columns, short and long, of a width that is a multiple of four and of one that is not.
func.func @columns(%x: tensor<1000x8xf32>, %y: tensor<1000x7xf32>) -> (tensor<8xf32>, tensor<7xf32>)
    attributes {sinter.entry} {
  %a = sinter.reduce sum %x axes [0] : tensor<1000x8xf32> -> tensor<8xf32>
  %b = sinter.reduce sum %y axes [0] : tensor<1000x7xf32> -> tensor<7xf32>
  return %a, %b : tensor<8xf32>, tensor<7xf32>
}

// More rounds of a loop than lavapipe makes.
func.func @long(%x: tensor<1x300001xf32>, %y: tensor<70000x3xf32>) -> (tensor<1xf32>, tensor<3xf32>)
    attributes {sinter.entry} {
  %a = sinter.reduce sum %x axes [1] : tensor<1x300001xf32> -> tensor<1xf32>
  %b = sinter.reduce sum %y axes [0] : tensor<70000x3xf32> -> tensor<3xf32>
  return %a, %b : tensor<1xf32>, tensor<3xf32>
}
