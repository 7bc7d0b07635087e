// Losses of rows of probabilities, and the gradient of their mean by the logits; one invocation a row.
#version 450
layout(local_size_x = 8) in;
layout(set = 0, binding = 0) readonly buffer P { float p[]; };
layout(set = 0, binding = 1) readonly buffer Labels { int labels[]; };
layout(set = 0, binding = 2) writeonly buffer Losses { float losses[]; };
layout(set = 0, binding = 3) writeonly buffer Gradient { float gradient[]; };
layout(push_constant) uniform Sizes { uint rows, columns; };
void main() {
  uint r = gl_GlobalInvocationID.x;
  if (r >= rows)
    return;
  uint label = uint(labels[r]);
  losses[r] = -log(p[r * columns + label]);
  for (uint c = 0; c < columns; ++c)
    gradient[r * columns + c] = (p[r * columns + c] - (c == label ? 1.0 : 0.0)) / float(rows);
}
