// w -= lr * gradient, in place.
#version 450
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) readonly buffer Gradient { vec4 gradient[]; };
layout(set = 0, binding = 1) readonly buffer Rate { float lr; };
layout(set = 0, binding = 2) buffer W { vec4 w[]; };
layout(push_constant) uniform Sizes { uint count; };
void main() {
  uint i = gl_GlobalInvocationID.x;
  if (i < count)
    w[i] -= lr * gradient[i];
}
