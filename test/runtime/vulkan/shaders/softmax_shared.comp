// Softmax of rows, one workgroup a row: a tree in shared memory.
#version 450
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Sizes { uint rows, columns; };
shared float partial[32];
void main() {
  uint r = gl_WorkGroupID.x, lane = gl_LocalInvocationID.x;
  float highest = -1.0 / 0.0, sum = 0.0;
  for (uint c = lane; c < columns; c += 32)
    highest = max(highest, x[r * columns + c]);
  partial[lane] = highest;
  for (uint width = 16; width > 0; width /= 2) {
    barrier();
    if (lane < width)
      partial[lane] = max(partial[lane], partial[lane + width]);
  }
  barrier();
  highest = partial[0];
  barrier();
  for (uint c = lane; c < columns; c += 32)
    sum += exp(x[r * columns + c] - highest);
  partial[lane] = sum;
  for (uint width = 16; width > 0; width /= 2) {
    barrier();
    if (lane < width)
      partial[lane] += partial[lane + width];
  }
  barrier();
  for (uint c = lane; c < columns; c += 32)
    y[r * columns + c] = exp(x[r * columns + c] - highest) / partial[0];
}
