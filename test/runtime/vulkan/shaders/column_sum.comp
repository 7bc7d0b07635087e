// Second pass: each invocation adds up the parts of one column, in order.
#version 450
layout(local_size_x = 8) in;
layout(set = 0, binding = 0) readonly buffer Parts { float parts[]; };
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Sizes { uint count, columns; };
void main() {
  uint c = gl_GlobalInvocationID.x;
  if (c >= columns)
    return;
  float sum = 0.0;
  for (uint part = 0; part < count; ++part)
    sum += parts[part * columns + c];
  y[c] = sum;
}
