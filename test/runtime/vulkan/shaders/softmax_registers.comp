// Softmax of rows, one invocation a row.
#version 450
layout(local_size_x = 8) in;
layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Sizes { uint rows, columns; };
void main() {
  uint r = gl_GlobalInvocationID.x;
  if (r >= rows)
    return;
  float highest = x[r * columns], sum = 0.0;
  for (uint c = 1; c < columns; ++c)
    highest = max(highest, x[r * columns + c]);
  for (uint c = 0; c < columns; ++c)
    sum += exp(x[r * columns + c] - highest);
  for (uint c = 0; c < columns; ++c)
    y[r * columns + c] = exp(x[r * columns + c] - highest) / sum;
}
