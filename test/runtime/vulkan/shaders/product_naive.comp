// c = a^T b, one element an invocation: a is [sums, rows], b is [sums, columns].
#version 450
layout(local_size_x = 8, local_size_y = 8) in;
layout(set = 0, binding = 0) readonly buffer A { float a[]; };
layout(set = 0, binding = 1) readonly buffer B { float b[]; };
layout(set = 0, binding = 2) writeonly buffer C { float c[]; };
layout(push_constant) uniform Sizes { uint rows, columns, sums; };
void main() {
  uint column = gl_GlobalInvocationID.x, row = gl_GlobalInvocationID.y;
  if (row >= rows || column >= columns)
    return;
  float sum = 0.0;
  for (uint k = 0; k < sums; ++k)
    sum += a[k * rows + row] * b[k * columns + column];
  c[row * columns + column] = sum;
}
