// y = x + bias by rows, on vectors of four.
#version 450
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) readonly buffer X { vec4 x[]; };
layout(set = 0, binding = 1) readonly buffer Bias { vec4 bias[]; };
layout(set = 0, binding = 2) writeonly buffer Y { vec4 y[]; };
layout(push_constant) uniform Sizes { uint count, columns; };
void main() {
  uint i = gl_GlobalInvocationID.x;
  if (i < count)
    y[i] = x[i] + bias[i % columns];
}
