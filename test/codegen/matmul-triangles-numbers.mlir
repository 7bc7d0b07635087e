// Causal attention and its gradient, whose products skip what the mask throws away, against the interpreter, which does
// not; sizes are no multiple of a block. On one thread and on several.
// RUN: sinter-run %s
// RUN: sinter-run %s --unfused

func.func @small(%q: tensor<3x37x5xf32>, %k: tensor<3x37x5xf32>, %v: tensor<3x37x5xf32>) -> (tensor<3x37x5xf32>, tensor<3x37x5xf32>, tensor<3x37x5xf32>, tensor<3x37x5xf32>) attributes {sinter.entry} {
  %never = arith.constant dense<0xFF800000> : tensor<3x37x37xf32>
  %scale = arith.constant dense<0.25> : tensor<3x37x37xf32>
  %i = sinter.iota axis 1 : tensor<3x37x37xi32>
  %j = sinter.iota axis 2 : tensor<3x37x37xi32>
  %mask = arith.cmpi sge, %i, %j : tensor<3x37x37xi32>
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<3x37x5xf32>, tensor<3x37x5xf32>) -> tensor<3x37x37xf32>
  %x = arith.mulf %s, %scale : tensor<3x37x37xf32>
  %m = arith.select %mask, %x, %never : tensor<3x37x37xi1>, tensor<3x37x37xf32>
  %p = sinter.softmax %m : tensor<3x37x37xf32>
  %o = sinter.matmul %p, %v : (tensor<3x37x37xf32>, tensor<3x37x5xf32>) -> tensor<3x37x5xf32>
  %o2 = arith.mulf %o, %o : tensor<3x37x5xf32>
  %loss = sinter.reduce sum %o2 axes [0, 1, 2] : tensor<3x37x5xf32> -> tensor<f32>
  %g:3 = sinter.grad %loss wrt %q, %k, %v : (tensor<f32>, tensor<3x37x5xf32>, tensor<3x37x5xf32>, tensor<3x37x5xf32>) -> (tensor<3x37x5xf32>, tensor<3x37x5xf32>, tensor<3x37x5xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<3x37x5xf32>, tensor<3x37x5xf32>, tensor<3x37x5xf32>, tensor<3x37x5xf32>
}
func.func @middle(%q: tensor<2x130x16xf32>, %k: tensor<2x130x16xf32>, %v: tensor<2x130x16xf32>) -> (tensor<2x130x16xf32>, tensor<2x130x16xf32>, tensor<2x130x16xf32>, tensor<2x130x16xf32>) attributes {sinter.entry} {
  %never = arith.constant dense<0xFF800000> : tensor<2x130x130xf32>
  %scale = arith.constant dense<0.25> : tensor<2x130x130xf32>
  %i = sinter.iota axis 1 : tensor<2x130x130xi32>
  %j = sinter.iota axis 2 : tensor<2x130x130xi32>
  %mask = arith.cmpi sge, %i, %j : tensor<2x130x130xi32>
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<2x130x16xf32>, tensor<2x130x16xf32>) -> tensor<2x130x130xf32>
  %x = arith.mulf %s, %scale : tensor<2x130x130xf32>
  %m = arith.select %mask, %x, %never : tensor<2x130x130xi1>, tensor<2x130x130xf32>
  %p = sinter.softmax %m : tensor<2x130x130xf32>
  %o = sinter.matmul %p, %v : (tensor<2x130x130xf32>, tensor<2x130x16xf32>) -> tensor<2x130x16xf32>
  %o2 = arith.mulf %o, %o : tensor<2x130x16xf32>
  %loss = sinter.reduce sum %o2 axes [0, 1, 2] : tensor<2x130x16xf32> -> tensor<f32>
  %g:3 = sinter.grad %loss wrt %q, %k, %v : (tensor<f32>, tensor<2x130x16xf32>, tensor<2x130x16xf32>, tensor<2x130x16xf32>) -> (tensor<2x130x16xf32>, tensor<2x130x16xf32>, tensor<2x130x16xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<2x130x16xf32>, tensor<2x130x16xf32>, tensor<2x130x16xf32>, tensor<2x130x16xf32>
}
func.func @large(%q: tensor<1x270x24xf32>, %k: tensor<1x270x24xf32>, %v: tensor<1x270x24xf32>) -> (tensor<1x270x24xf32>, tensor<1x270x24xf32>, tensor<1x270x24xf32>, tensor<1x270x24xf32>) attributes {sinter.entry} {
  %never = arith.constant dense<0xFF800000> : tensor<1x270x270xf32>
  %scale = arith.constant dense<0.25> : tensor<1x270x270xf32>
  %i = sinter.iota axis 1 : tensor<1x270x270xi32>
  %j = sinter.iota axis 2 : tensor<1x270x270xi32>
  %mask = arith.cmpi sge, %i, %j : tensor<1x270x270xi32>
  %s = sinter.matmul %q, %k {transpose_rhs} : (tensor<1x270x24xf32>, tensor<1x270x24xf32>) -> tensor<1x270x270xf32>
  %x = arith.mulf %s, %scale : tensor<1x270x270xf32>
  %m = arith.select %mask, %x, %never : tensor<1x270x270xi1>, tensor<1x270x270xf32>
  %p = sinter.softmax %m : tensor<1x270x270xf32>
  %o = sinter.matmul %p, %v : (tensor<1x270x270xf32>, tensor<1x270x24xf32>) -> tensor<1x270x24xf32>
  %o2 = arith.mulf %o, %o : tensor<1x270x24xf32>
  %loss = sinter.reduce sum %o2 axes [0, 1, 2] : tensor<1x270x24xf32> -> tensor<f32>
  %g:3 = sinter.grad %loss wrt %q, %k, %v : (tensor<f32>, tensor<1x270x24xf32>, tensor<1x270x24xf32>, tensor<1x270x24xf32>) -> (tensor<1x270x24xf32>, tensor<1x270x24xf32>, tensor<1x270x24xf32>)
  return %o, %g#0, %g#1, %g#2 : tensor<1x270x24xf32>, tensor<1x270x24xf32>, tensor<1x270x24xf32>, tensor<1x270x24xf32>
}

// A product has the same bits with and without its mark. The mask compares floats, which no pass follows, so that only the
// mark that stands here counts; of a result of which only a part counts, only that part is compared.
func.func @lhs_lower_37(%a: tensor<2x37x37xf32>, %b: tensor<2x37x21xf32>) -> (tensor<2x37x21xf32>, tensor<2x37x21xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<2x37x37xf32>
  %i = sinter.iota axis 1 : tensor<2x37x37xi32>
  %j = sinter.iota axis 2 : tensor<2x37x37xi32>
  %y = arith.sitofp %i : tensor<2x37x37xi32> to tensor<2x37x37xf32>
  %z = arith.sitofp %j : tensor<2x37x37xi32> to tensor<2x37x37xf32>
  %mask = arith.cmpf oge, %y, %z : tensor<2x37x37xf32>
  %x = arith.select %mask, %a, %zero : tensor<2x37x37xi1>, tensor<2x37x37xf32>
  %c = sinter.matmul %x, %b lhs(lower) : (tensor<2x37x37xf32>, tensor<2x37x21xf32>) -> tensor<2x37x21xf32>
  %d = sinter.matmul %x, %b : (tensor<2x37x37xf32>, tensor<2x37x21xf32>) -> tensor<2x37x21xf32>
  %same = arith.cmpf oeq, %c, %d : tensor<2x37x21xf32>
  %yes = arith.constant dense<1.0> : tensor<2x37x21xf32>
  %no = arith.constant dense<0.0> : tensor<2x37x21xf32>
  %e = arith.select %same, %yes, %no : tensor<2x37x21xi1>, tensor<2x37x21xf32>
  return %e, %yes : tensor<2x37x21xf32>, tensor<2x37x21xf32>
}
func.func @lhs_upper_37(%a: tensor<2x37x37xf32>, %b: tensor<2x37x21xf32>) -> (tensor<2x37x21xf32>, tensor<2x37x21xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<2x37x37xf32>
  %i = sinter.iota axis 1 : tensor<2x37x37xi32>
  %j = sinter.iota axis 2 : tensor<2x37x37xi32>
  %y = arith.sitofp %i : tensor<2x37x37xi32> to tensor<2x37x37xf32>
  %z = arith.sitofp %j : tensor<2x37x37xi32> to tensor<2x37x37xf32>
  %mask = arith.cmpf oge, %z, %y : tensor<2x37x37xf32>
  %x = arith.select %mask, %a, %zero : tensor<2x37x37xi1>, tensor<2x37x37xf32>
  %c = sinter.matmul %x, %b lhs(upper) : (tensor<2x37x37xf32>, tensor<2x37x21xf32>) -> tensor<2x37x21xf32>
  %d = sinter.matmul %x, %b : (tensor<2x37x37xf32>, tensor<2x37x21xf32>) -> tensor<2x37x21xf32>
  %same = arith.cmpf oeq, %c, %d : tensor<2x37x21xf32>
  %yes = arith.constant dense<1.0> : tensor<2x37x21xf32>
  %no = arith.constant dense<0.0> : tensor<2x37x21xf32>
  %e = arith.select %same, %yes, %no : tensor<2x37x21xi1>, tensor<2x37x21xf32>
  return %e, %yes : tensor<2x37x21xf32>, tensor<2x37x21xf32>
}
func.func @lhs_lower_transpose_lhs_37(%a: tensor<2x37x37xf32>, %b: tensor<2x37x21xf32>) -> (tensor<2x37x21xf32>, tensor<2x37x21xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<2x37x37xf32>
  %i = sinter.iota axis 1 : tensor<2x37x37xi32>
  %j = sinter.iota axis 2 : tensor<2x37x37xi32>
  %y = arith.sitofp %i : tensor<2x37x37xi32> to tensor<2x37x37xf32>
  %z = arith.sitofp %j : tensor<2x37x37xi32> to tensor<2x37x37xf32>
  %mask = arith.cmpf oge, %y, %z : tensor<2x37x37xf32>
  %x = arith.select %mask, %a, %zero : tensor<2x37x37xi1>, tensor<2x37x37xf32>
  %c = sinter.matmul %x, %b lhs(lower) {transpose_lhs} : (tensor<2x37x37xf32>, tensor<2x37x21xf32>) -> tensor<2x37x21xf32>
  %d = sinter.matmul %x, %b {transpose_lhs} : (tensor<2x37x37xf32>, tensor<2x37x21xf32>) -> tensor<2x37x21xf32>
  %same = arith.cmpf oeq, %c, %d : tensor<2x37x21xf32>
  %yes = arith.constant dense<1.0> : tensor<2x37x21xf32>
  %no = arith.constant dense<0.0> : tensor<2x37x21xf32>
  %e = arith.select %same, %yes, %no : tensor<2x37x21xi1>, tensor<2x37x21xf32>
  return %e, %yes : tensor<2x37x21xf32>, tensor<2x37x21xf32>
}
func.func @lhs_upper_transpose_lhs_37(%a: tensor<2x37x37xf32>, %b: tensor<2x37x21xf32>) -> (tensor<2x37x21xf32>, tensor<2x37x21xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<2x37x37xf32>
  %i = sinter.iota axis 1 : tensor<2x37x37xi32>
  %j = sinter.iota axis 2 : tensor<2x37x37xi32>
  %y = arith.sitofp %i : tensor<2x37x37xi32> to tensor<2x37x37xf32>
  %z = arith.sitofp %j : tensor<2x37x37xi32> to tensor<2x37x37xf32>
  %mask = arith.cmpf oge, %z, %y : tensor<2x37x37xf32>
  %x = arith.select %mask, %a, %zero : tensor<2x37x37xi1>, tensor<2x37x37xf32>
  %c = sinter.matmul %x, %b lhs(upper) {transpose_lhs} : (tensor<2x37x37xf32>, tensor<2x37x21xf32>) -> tensor<2x37x21xf32>
  %d = sinter.matmul %x, %b {transpose_lhs} : (tensor<2x37x37xf32>, tensor<2x37x21xf32>) -> tensor<2x37x21xf32>
  %same = arith.cmpf oeq, %c, %d : tensor<2x37x21xf32>
  %yes = arith.constant dense<1.0> : tensor<2x37x21xf32>
  %no = arith.constant dense<0.0> : tensor<2x37x21xf32>
  %e = arith.select %same, %yes, %no : tensor<2x37x21xi1>, tensor<2x37x21xf32>
  return %e, %yes : tensor<2x37x21xf32>, tensor<2x37x21xf32>
}
func.func @rhs_lower_37(%a: tensor<2x21x37xf32>, %b: tensor<2x37x37xf32>) -> (tensor<2x21x37xf32>, tensor<2x21x37xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<2x37x37xf32>
  %i = sinter.iota axis 1 : tensor<2x37x37xi32>
  %j = sinter.iota axis 2 : tensor<2x37x37xi32>
  %y = arith.sitofp %i : tensor<2x37x37xi32> to tensor<2x37x37xf32>
  %z = arith.sitofp %j : tensor<2x37x37xi32> to tensor<2x37x37xf32>
  %mask = arith.cmpf oge, %y, %z : tensor<2x37x37xf32>
  %x = arith.select %mask, %b, %zero : tensor<2x37x37xi1>, tensor<2x37x37xf32>
  %c = sinter.matmul %a, %x rhs(lower) : (tensor<2x21x37xf32>, tensor<2x37x37xf32>) -> tensor<2x21x37xf32>
  %d = sinter.matmul %a, %x : (tensor<2x21x37xf32>, tensor<2x37x37xf32>) -> tensor<2x21x37xf32>
  %same = arith.cmpf oeq, %c, %d : tensor<2x21x37xf32>
  %yes = arith.constant dense<1.0> : tensor<2x21x37xf32>
  %no = arith.constant dense<0.0> : tensor<2x21x37xf32>
  %e = arith.select %same, %yes, %no : tensor<2x21x37xi1>, tensor<2x21x37xf32>
  return %e, %yes : tensor<2x21x37xf32>, tensor<2x21x37xf32>
}
func.func @rhs_upper_transpose_rhs_37(%a: tensor<2x21x37xf32>, %b: tensor<2x37x37xf32>) -> (tensor<2x21x37xf32>, tensor<2x21x37xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<2x37x37xf32>
  %i = sinter.iota axis 1 : tensor<2x37x37xi32>
  %j = sinter.iota axis 2 : tensor<2x37x37xi32>
  %y = arith.sitofp %i : tensor<2x37x37xi32> to tensor<2x37x37xf32>
  %z = arith.sitofp %j : tensor<2x37x37xi32> to tensor<2x37x37xf32>
  %mask = arith.cmpf oge, %z, %y : tensor<2x37x37xf32>
  %x = arith.select %mask, %b, %zero : tensor<2x37x37xi1>, tensor<2x37x37xf32>
  %c = sinter.matmul %a, %x rhs(upper) {transpose_rhs} : (tensor<2x21x37xf32>, tensor<2x37x37xf32>) -> tensor<2x21x37xf32>
  %d = sinter.matmul %a, %x {transpose_rhs} : (tensor<2x21x37xf32>, tensor<2x37x37xf32>) -> tensor<2x21x37xf32>
  %same = arith.cmpf oeq, %c, %d : tensor<2x21x37xf32>
  %yes = arith.constant dense<1.0> : tensor<2x21x37xf32>
  %no = arith.constant dense<0.0> : tensor<2x21x37xf32>
  %e = arith.select %same, %yes, %no : tensor<2x21x37xi1>, tensor<2x21x37xf32>
  return %e, %yes : tensor<2x21x37xf32>, tensor<2x21x37xf32>
}
func.func @result_lower_transpose_rhs_37(%a: tensor<2x37x21xf32>, %b: tensor<2x37x21xf32>) -> (tensor<2x37x37xf32>, tensor<2x37x37xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<2x37x37xf32>
  %i = sinter.iota axis 1 : tensor<2x37x37xi32>
  %j = sinter.iota axis 2 : tensor<2x37x37xi32>
  %y = arith.sitofp %i : tensor<2x37x37xi32> to tensor<2x37x37xf32>
  %z = arith.sitofp %j : tensor<2x37x37xi32> to tensor<2x37x37xf32>
  %mask = arith.cmpf oge, %y, %z : tensor<2x37x37xf32>
  %c = sinter.matmul %a, %b result(lower) {transpose_rhs} : (tensor<2x37x21xf32>, tensor<2x37x21xf32>) -> tensor<2x37x37xf32>
  %d = sinter.matmul %a, %b {transpose_rhs} : (tensor<2x37x21xf32>, tensor<2x37x21xf32>) -> tensor<2x37x37xf32>
  %c2 = arith.select %mask, %c, %zero : tensor<2x37x37xi1>, tensor<2x37x37xf32>
  %d2 = arith.select %mask, %d, %zero : tensor<2x37x37xi1>, tensor<2x37x37xf32>
  %same = arith.cmpf oeq, %c2, %d2 : tensor<2x37x37xf32>
  %yes = arith.constant dense<1.0> : tensor<2x37x37xf32>
  %no = arith.constant dense<0.0> : tensor<2x37x37xf32>
  %e = arith.select %same, %yes, %no : tensor<2x37x37xi1>, tensor<2x37x37xf32>
  return %e, %yes : tensor<2x37x37xf32>, tensor<2x37x37xf32>
}
func.func @result_upper_transpose_lhs_37(%a: tensor<2x21x37xf32>, %b: tensor<2x21x37xf32>) -> (tensor<2x37x37xf32>, tensor<2x37x37xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<2x37x37xf32>
  %i = sinter.iota axis 1 : tensor<2x37x37xi32>
  %j = sinter.iota axis 2 : tensor<2x37x37xi32>
  %y = arith.sitofp %i : tensor<2x37x37xi32> to tensor<2x37x37xf32>
  %z = arith.sitofp %j : tensor<2x37x37xi32> to tensor<2x37x37xf32>
  %mask = arith.cmpf oge, %z, %y : tensor<2x37x37xf32>
  %c = sinter.matmul %a, %b result(upper) {transpose_lhs} : (tensor<2x21x37xf32>, tensor<2x21x37xf32>) -> tensor<2x37x37xf32>
  %d = sinter.matmul %a, %b {transpose_lhs} : (tensor<2x21x37xf32>, tensor<2x21x37xf32>) -> tensor<2x37x37xf32>
  %c2 = arith.select %mask, %c, %zero : tensor<2x37x37xi1>, tensor<2x37x37xf32>
  %d2 = arith.select %mask, %d, %zero : tensor<2x37x37xi1>, tensor<2x37x37xf32>
  %same = arith.cmpf oeq, %c2, %d2 : tensor<2x37x37xf32>
  %yes = arith.constant dense<1.0> : tensor<2x37x37xf32>
  %no = arith.constant dense<0.0> : tensor<2x37x37xf32>
  %e = arith.select %same, %yes, %no : tensor<2x37x37xi1>, tensor<2x37x37xf32>
  return %e, %yes : tensor<2x37x37xf32>, tensor<2x37x37xf32>
}
func.func @lhs_lower_130(%a: tensor<2x130x130xf32>, %b: tensor<2x130x70xf32>) -> (tensor<2x130x70xf32>, tensor<2x130x70xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<2x130x130xf32>
  %i = sinter.iota axis 1 : tensor<2x130x130xi32>
  %j = sinter.iota axis 2 : tensor<2x130x130xi32>
  %y = arith.sitofp %i : tensor<2x130x130xi32> to tensor<2x130x130xf32>
  %z = arith.sitofp %j : tensor<2x130x130xi32> to tensor<2x130x130xf32>
  %mask = arith.cmpf oge, %y, %z : tensor<2x130x130xf32>
  %x = arith.select %mask, %a, %zero : tensor<2x130x130xi1>, tensor<2x130x130xf32>
  %c = sinter.matmul %x, %b lhs(lower) : (tensor<2x130x130xf32>, tensor<2x130x70xf32>) -> tensor<2x130x70xf32>
  %d = sinter.matmul %x, %b : (tensor<2x130x130xf32>, tensor<2x130x70xf32>) -> tensor<2x130x70xf32>
  %same = arith.cmpf oeq, %c, %d : tensor<2x130x70xf32>
  %yes = arith.constant dense<1.0> : tensor<2x130x70xf32>
  %no = arith.constant dense<0.0> : tensor<2x130x70xf32>
  %e = arith.select %same, %yes, %no : tensor<2x130x70xi1>, tensor<2x130x70xf32>
  return %e, %yes : tensor<2x130x70xf32>, tensor<2x130x70xf32>
}
func.func @lhs_upper_130(%a: tensor<2x130x130xf32>, %b: tensor<2x130x70xf32>) -> (tensor<2x130x70xf32>, tensor<2x130x70xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<2x130x130xf32>
  %i = sinter.iota axis 1 : tensor<2x130x130xi32>
  %j = sinter.iota axis 2 : tensor<2x130x130xi32>
  %y = arith.sitofp %i : tensor<2x130x130xi32> to tensor<2x130x130xf32>
  %z = arith.sitofp %j : tensor<2x130x130xi32> to tensor<2x130x130xf32>
  %mask = arith.cmpf oge, %z, %y : tensor<2x130x130xf32>
  %x = arith.select %mask, %a, %zero : tensor<2x130x130xi1>, tensor<2x130x130xf32>
  %c = sinter.matmul %x, %b lhs(upper) : (tensor<2x130x130xf32>, tensor<2x130x70xf32>) -> tensor<2x130x70xf32>
  %d = sinter.matmul %x, %b : (tensor<2x130x130xf32>, tensor<2x130x70xf32>) -> tensor<2x130x70xf32>
  %same = arith.cmpf oeq, %c, %d : tensor<2x130x70xf32>
  %yes = arith.constant dense<1.0> : tensor<2x130x70xf32>
  %no = arith.constant dense<0.0> : tensor<2x130x70xf32>
  %e = arith.select %same, %yes, %no : tensor<2x130x70xi1>, tensor<2x130x70xf32>
  return %e, %yes : tensor<2x130x70xf32>, tensor<2x130x70xf32>
}
func.func @lhs_lower_transpose_lhs_130(%a: tensor<2x130x130xf32>, %b: tensor<2x130x70xf32>) -> (tensor<2x130x70xf32>, tensor<2x130x70xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<2x130x130xf32>
  %i = sinter.iota axis 1 : tensor<2x130x130xi32>
  %j = sinter.iota axis 2 : tensor<2x130x130xi32>
  %y = arith.sitofp %i : tensor<2x130x130xi32> to tensor<2x130x130xf32>
  %z = arith.sitofp %j : tensor<2x130x130xi32> to tensor<2x130x130xf32>
  %mask = arith.cmpf oge, %y, %z : tensor<2x130x130xf32>
  %x = arith.select %mask, %a, %zero : tensor<2x130x130xi1>, tensor<2x130x130xf32>
  %c = sinter.matmul %x, %b lhs(lower) {transpose_lhs} : (tensor<2x130x130xf32>, tensor<2x130x70xf32>) -> tensor<2x130x70xf32>
  %d = sinter.matmul %x, %b {transpose_lhs} : (tensor<2x130x130xf32>, tensor<2x130x70xf32>) -> tensor<2x130x70xf32>
  %same = arith.cmpf oeq, %c, %d : tensor<2x130x70xf32>
  %yes = arith.constant dense<1.0> : tensor<2x130x70xf32>
  %no = arith.constant dense<0.0> : tensor<2x130x70xf32>
  %e = arith.select %same, %yes, %no : tensor<2x130x70xi1>, tensor<2x130x70xf32>
  return %e, %yes : tensor<2x130x70xf32>, tensor<2x130x70xf32>
}
func.func @lhs_upper_transpose_lhs_130(%a: tensor<2x130x130xf32>, %b: tensor<2x130x70xf32>) -> (tensor<2x130x70xf32>, tensor<2x130x70xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<2x130x130xf32>
  %i = sinter.iota axis 1 : tensor<2x130x130xi32>
  %j = sinter.iota axis 2 : tensor<2x130x130xi32>
  %y = arith.sitofp %i : tensor<2x130x130xi32> to tensor<2x130x130xf32>
  %z = arith.sitofp %j : tensor<2x130x130xi32> to tensor<2x130x130xf32>
  %mask = arith.cmpf oge, %z, %y : tensor<2x130x130xf32>
  %x = arith.select %mask, %a, %zero : tensor<2x130x130xi1>, tensor<2x130x130xf32>
  %c = sinter.matmul %x, %b lhs(upper) {transpose_lhs} : (tensor<2x130x130xf32>, tensor<2x130x70xf32>) -> tensor<2x130x70xf32>
  %d = sinter.matmul %x, %b {transpose_lhs} : (tensor<2x130x130xf32>, tensor<2x130x70xf32>) -> tensor<2x130x70xf32>
  %same = arith.cmpf oeq, %c, %d : tensor<2x130x70xf32>
  %yes = arith.constant dense<1.0> : tensor<2x130x70xf32>
  %no = arith.constant dense<0.0> : tensor<2x130x70xf32>
  %e = arith.select %same, %yes, %no : tensor<2x130x70xi1>, tensor<2x130x70xf32>
  return %e, %yes : tensor<2x130x70xf32>, tensor<2x130x70xf32>
}
func.func @rhs_lower_130(%a: tensor<2x70x130xf32>, %b: tensor<2x130x130xf32>) -> (tensor<2x70x130xf32>, tensor<2x70x130xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<2x130x130xf32>
  %i = sinter.iota axis 1 : tensor<2x130x130xi32>
  %j = sinter.iota axis 2 : tensor<2x130x130xi32>
  %y = arith.sitofp %i : tensor<2x130x130xi32> to tensor<2x130x130xf32>
  %z = arith.sitofp %j : tensor<2x130x130xi32> to tensor<2x130x130xf32>
  %mask = arith.cmpf oge, %y, %z : tensor<2x130x130xf32>
  %x = arith.select %mask, %b, %zero : tensor<2x130x130xi1>, tensor<2x130x130xf32>
  %c = sinter.matmul %a, %x rhs(lower) : (tensor<2x70x130xf32>, tensor<2x130x130xf32>) -> tensor<2x70x130xf32>
  %d = sinter.matmul %a, %x : (tensor<2x70x130xf32>, tensor<2x130x130xf32>) -> tensor<2x70x130xf32>
  %same = arith.cmpf oeq, %c, %d : tensor<2x70x130xf32>
  %yes = arith.constant dense<1.0> : tensor<2x70x130xf32>
  %no = arith.constant dense<0.0> : tensor<2x70x130xf32>
  %e = arith.select %same, %yes, %no : tensor<2x70x130xi1>, tensor<2x70x130xf32>
  return %e, %yes : tensor<2x70x130xf32>, tensor<2x70x130xf32>
}
func.func @rhs_upper_transpose_rhs_130(%a: tensor<2x70x130xf32>, %b: tensor<2x130x130xf32>) -> (tensor<2x70x130xf32>, tensor<2x70x130xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<2x130x130xf32>
  %i = sinter.iota axis 1 : tensor<2x130x130xi32>
  %j = sinter.iota axis 2 : tensor<2x130x130xi32>
  %y = arith.sitofp %i : tensor<2x130x130xi32> to tensor<2x130x130xf32>
  %z = arith.sitofp %j : tensor<2x130x130xi32> to tensor<2x130x130xf32>
  %mask = arith.cmpf oge, %z, %y : tensor<2x130x130xf32>
  %x = arith.select %mask, %b, %zero : tensor<2x130x130xi1>, tensor<2x130x130xf32>
  %c = sinter.matmul %a, %x rhs(upper) {transpose_rhs} : (tensor<2x70x130xf32>, tensor<2x130x130xf32>) -> tensor<2x70x130xf32>
  %d = sinter.matmul %a, %x {transpose_rhs} : (tensor<2x70x130xf32>, tensor<2x130x130xf32>) -> tensor<2x70x130xf32>
  %same = arith.cmpf oeq, %c, %d : tensor<2x70x130xf32>
  %yes = arith.constant dense<1.0> : tensor<2x70x130xf32>
  %no = arith.constant dense<0.0> : tensor<2x70x130xf32>
  %e = arith.select %same, %yes, %no : tensor<2x70x130xi1>, tensor<2x70x130xf32>
  return %e, %yes : tensor<2x70x130xf32>, tensor<2x70x130xf32>
}
func.func @result_lower_transpose_rhs_130(%a: tensor<2x130x70xf32>, %b: tensor<2x130x70xf32>) -> (tensor<2x130x130xf32>, tensor<2x130x130xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<2x130x130xf32>
  %i = sinter.iota axis 1 : tensor<2x130x130xi32>
  %j = sinter.iota axis 2 : tensor<2x130x130xi32>
  %y = arith.sitofp %i : tensor<2x130x130xi32> to tensor<2x130x130xf32>
  %z = arith.sitofp %j : tensor<2x130x130xi32> to tensor<2x130x130xf32>
  %mask = arith.cmpf oge, %y, %z : tensor<2x130x130xf32>
  %c = sinter.matmul %a, %b result(lower) {transpose_rhs} : (tensor<2x130x70xf32>, tensor<2x130x70xf32>) -> tensor<2x130x130xf32>
  %d = sinter.matmul %a, %b {transpose_rhs} : (tensor<2x130x70xf32>, tensor<2x130x70xf32>) -> tensor<2x130x130xf32>
  %c2 = arith.select %mask, %c, %zero : tensor<2x130x130xi1>, tensor<2x130x130xf32>
  %d2 = arith.select %mask, %d, %zero : tensor<2x130x130xi1>, tensor<2x130x130xf32>
  %same = arith.cmpf oeq, %c2, %d2 : tensor<2x130x130xf32>
  %yes = arith.constant dense<1.0> : tensor<2x130x130xf32>
  %no = arith.constant dense<0.0> : tensor<2x130x130xf32>
  %e = arith.select %same, %yes, %no : tensor<2x130x130xi1>, tensor<2x130x130xf32>
  return %e, %yes : tensor<2x130x130xf32>, tensor<2x130x130xf32>
}
func.func @result_upper_transpose_lhs_130(%a: tensor<2x70x130xf32>, %b: tensor<2x70x130xf32>) -> (tensor<2x130x130xf32>, tensor<2x130x130xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<2x130x130xf32>
  %i = sinter.iota axis 1 : tensor<2x130x130xi32>
  %j = sinter.iota axis 2 : tensor<2x130x130xi32>
  %y = arith.sitofp %i : tensor<2x130x130xi32> to tensor<2x130x130xf32>
  %z = arith.sitofp %j : tensor<2x130x130xi32> to tensor<2x130x130xf32>
  %mask = arith.cmpf oge, %z, %y : tensor<2x130x130xf32>
  %c = sinter.matmul %a, %b result(upper) {transpose_lhs} : (tensor<2x70x130xf32>, tensor<2x70x130xf32>) -> tensor<2x130x130xf32>
  %d = sinter.matmul %a, %b {transpose_lhs} : (tensor<2x70x130xf32>, tensor<2x70x130xf32>) -> tensor<2x130x130xf32>
  %c2 = arith.select %mask, %c, %zero : tensor<2x130x130xi1>, tensor<2x130x130xf32>
  %d2 = arith.select %mask, %d, %zero : tensor<2x130x130xi1>, tensor<2x130x130xf32>
  %same = arith.cmpf oeq, %c2, %d2 : tensor<2x130x130xf32>
  %yes = arith.constant dense<1.0> : tensor<2x130x130xf32>
  %no = arith.constant dense<0.0> : tensor<2x130x130xf32>
  %e = arith.select %same, %yes, %no : tensor<2x130x130xi1>, tensor<2x130x130xf32>
  return %e, %yes : tensor<2x130x130xf32>, tensor<2x130x130xf32>
}
func.func @lhs_lower_1100(%a: tensor<1x1100x1100xf32>, %b: tensor<1x1100x20xf32>) -> (tensor<1x1100x20xf32>, tensor<1x1100x20xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<1x1100x1100xf32>
  %i = sinter.iota axis 1 : tensor<1x1100x1100xi32>
  %j = sinter.iota axis 2 : tensor<1x1100x1100xi32>
  %y = arith.sitofp %i : tensor<1x1100x1100xi32> to tensor<1x1100x1100xf32>
  %z = arith.sitofp %j : tensor<1x1100x1100xi32> to tensor<1x1100x1100xf32>
  %mask = arith.cmpf oge, %y, %z : tensor<1x1100x1100xf32>
  %x = arith.select %mask, %a, %zero : tensor<1x1100x1100xi1>, tensor<1x1100x1100xf32>
  %c = sinter.matmul %x, %b lhs(lower) : (tensor<1x1100x1100xf32>, tensor<1x1100x20xf32>) -> tensor<1x1100x20xf32>
  %d = sinter.matmul %x, %b : (tensor<1x1100x1100xf32>, tensor<1x1100x20xf32>) -> tensor<1x1100x20xf32>
  %same = arith.cmpf oeq, %c, %d : tensor<1x1100x20xf32>
  %yes = arith.constant dense<1.0> : tensor<1x1100x20xf32>
  %no = arith.constant dense<0.0> : tensor<1x1100x20xf32>
  %e = arith.select %same, %yes, %no : tensor<1x1100x20xi1>, tensor<1x1100x20xf32>
  return %e, %yes : tensor<1x1100x20xf32>, tensor<1x1100x20xf32>
}
func.func @lhs_lower_transpose_lhs_1100(%a: tensor<1x1100x1100xf32>, %b: tensor<1x1100x20xf32>) -> (tensor<1x1100x20xf32>, tensor<1x1100x20xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<1x1100x1100xf32>
  %i = sinter.iota axis 1 : tensor<1x1100x1100xi32>
  %j = sinter.iota axis 2 : tensor<1x1100x1100xi32>
  %y = arith.sitofp %i : tensor<1x1100x1100xi32> to tensor<1x1100x1100xf32>
  %z = arith.sitofp %j : tensor<1x1100x1100xi32> to tensor<1x1100x1100xf32>
  %mask = arith.cmpf oge, %y, %z : tensor<1x1100x1100xf32>
  %x = arith.select %mask, %a, %zero : tensor<1x1100x1100xi1>, tensor<1x1100x1100xf32>
  %c = sinter.matmul %x, %b lhs(lower) {transpose_lhs} : (tensor<1x1100x1100xf32>, tensor<1x1100x20xf32>) -> tensor<1x1100x20xf32>
  %d = sinter.matmul %x, %b {transpose_lhs} : (tensor<1x1100x1100xf32>, tensor<1x1100x20xf32>) -> tensor<1x1100x20xf32>
  %same = arith.cmpf oeq, %c, %d : tensor<1x1100x20xf32>
  %yes = arith.constant dense<1.0> : tensor<1x1100x20xf32>
  %no = arith.constant dense<0.0> : tensor<1x1100x20xf32>
  %e = arith.select %same, %yes, %no : tensor<1x1100x20xi1>, tensor<1x1100x20xf32>
  return %e, %yes : tensor<1x1100x20xf32>, tensor<1x1100x20xf32>
}
func.func @rhs_upper_transpose_rhs_1100(%a: tensor<1x20x1100xf32>, %b: tensor<1x1100x1100xf32>) -> (tensor<1x20x1100xf32>, tensor<1x20x1100xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<1x1100x1100xf32>
  %i = sinter.iota axis 1 : tensor<1x1100x1100xi32>
  %j = sinter.iota axis 2 : tensor<1x1100x1100xi32>
  %y = arith.sitofp %i : tensor<1x1100x1100xi32> to tensor<1x1100x1100xf32>
  %z = arith.sitofp %j : tensor<1x1100x1100xi32> to tensor<1x1100x1100xf32>
  %mask = arith.cmpf oge, %z, %y : tensor<1x1100x1100xf32>
  %x = arith.select %mask, %b, %zero : tensor<1x1100x1100xi1>, tensor<1x1100x1100xf32>
  %c = sinter.matmul %a, %x rhs(upper) {transpose_rhs} : (tensor<1x20x1100xf32>, tensor<1x1100x1100xf32>) -> tensor<1x20x1100xf32>
  %d = sinter.matmul %a, %x {transpose_rhs} : (tensor<1x20x1100xf32>, tensor<1x1100x1100xf32>) -> tensor<1x20x1100xf32>
  %same = arith.cmpf oeq, %c, %d : tensor<1x20x1100xf32>
  %yes = arith.constant dense<1.0> : tensor<1x20x1100xf32>
  %no = arith.constant dense<0.0> : tensor<1x20x1100xf32>
  %e = arith.select %same, %yes, %no : tensor<1x20x1100xi1>, tensor<1x20x1100xf32>
  return %e, %yes : tensor<1x20x1100xf32>, tensor<1x20x1100xf32>
}
func.func @result_lower_transpose_rhs_1100(%a: tensor<1x1100x20xf32>, %b: tensor<1x1100x20xf32>) -> (tensor<1x1100x1100xf32>, tensor<1x1100x1100xf32>) attributes {sinter.entry, sinter.expect} {
  %zero = arith.constant dense<0.0> : tensor<1x1100x1100xf32>
  %i = sinter.iota axis 1 : tensor<1x1100x1100xi32>
  %j = sinter.iota axis 2 : tensor<1x1100x1100xi32>
  %y = arith.sitofp %i : tensor<1x1100x1100xi32> to tensor<1x1100x1100xf32>
  %z = arith.sitofp %j : tensor<1x1100x1100xi32> to tensor<1x1100x1100xf32>
  %mask = arith.cmpf oge, %y, %z : tensor<1x1100x1100xf32>
  %c = sinter.matmul %a, %b result(lower) {transpose_rhs} : (tensor<1x1100x20xf32>, tensor<1x1100x20xf32>) -> tensor<1x1100x1100xf32>
  %d = sinter.matmul %a, %b {transpose_rhs} : (tensor<1x1100x20xf32>, tensor<1x1100x20xf32>) -> tensor<1x1100x1100xf32>
  %c2 = arith.select %mask, %c, %zero : tensor<1x1100x1100xi1>, tensor<1x1100x1100xf32>
  %d2 = arith.select %mask, %d, %zero : tensor<1x1100x1100xi1>, tensor<1x1100x1100xf32>
  %same = arith.cmpf oeq, %c2, %d2 : tensor<1x1100x1100xf32>
  %yes = arith.constant dense<1.0> : tensor<1x1100x1100xf32>
  %no = arith.constant dense<0.0> : tensor<1x1100x1100xf32>
  %e = arith.select %same, %yes, %no : tensor<1x1100x1100xi1>, tensor<1x1100x1100xf32>
  return %e, %yes : tensor<1x1100x1100xf32>, tensor<1x1100x1100xf32>
}
