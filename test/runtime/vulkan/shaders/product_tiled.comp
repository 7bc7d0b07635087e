// c = a b, a tile of 8 x 8 in registers an invocation; all sizes are multiples of eight.
#version 450
layout(local_size_x = 8) in;
layout(set = 0, binding = 0) readonly buffer A { vec4 a[]; };
layout(set = 0, binding = 1) readonly buffer B { vec4 b[]; };
layout(set = 0, binding = 2) writeonly buffer C { vec4 c[]; };
layout(push_constant) uniform Sizes { uint rows, columns, sums; };
void main() {
  uint column = gl_GlobalInvocationID.x * 2, row = gl_WorkGroupID.y * 8, width = columns / 4, depth = sums / 4;
  if (column >= width)
    return;
  vec4 tile[8][2];
  for (uint i = 0; i < 8; ++i)
    tile[i][0] = tile[i][1] = vec4(0.0);
  for (uint k = 0; k < depth; ++k) {
    vec4 left[8];
    for (uint i = 0; i < 8; ++i)
      left[i] = a[(row + i) * depth + k];
    for (uint s = 0; s < 4; ++s) {
      vec4 right0 = b[(k * 4 + s) * width + column], right1 = b[(k * 4 + s) * width + column + 1];
      for (uint i = 0; i < 8; ++i) {
        tile[i][0] += left[i][s] * right0;
        tile[i][1] += left[i][s] * right1;
      }
    }
  }
  for (uint i = 0; i < 8; ++i) {
    c[(row + i) * width + column] = tile[i][0];
    c[(row + i) * width + column + 1] = tile[i][1];
  }
}
