// The mean of few numbers, by one invocation.
#version 450
layout(local_size_x = 1) in;
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) writeonly buffer Y { float y; };
layout(push_constant) uniform Sizes { uint count; };
void main() {
  float sum = 0.0;
  for (uint i = 0; i < count; ++i)
    sum += x[i];
  y = sum / float(count);
}
