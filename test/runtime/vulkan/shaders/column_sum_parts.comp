// First pass of column sums: each invocation adds up eight rows of one column, in order.
#version 450
layout(local_size_x = 8) in;
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) writeonly buffer Parts { float parts[]; };
layout(push_constant) uniform Sizes { uint rows, columns; };
void main() {
  uint c = gl_GlobalInvocationID.x, part = gl_WorkGroupID.y;
  if (c >= columns)
    return;
  float sum = 0.0;
  for (uint r = part * 8; r < min(rows, part * 8 + 8); ++r)
    sum += x[r * columns + c];
  parts[part * columns + c] = sum;
}
