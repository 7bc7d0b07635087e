// A program as the compiler would emit it for the CPU and Vulkan, written by hand: softmax(images w + bias) trained by
// gradient descent. Its shaders are GLSL (shaders/), its CPU kernels plain loops that add in double: each is a check on
// the other. With MOCK_VULKAN_ONLY it has no kernels for the CPU.
#include "sinter/abi.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "shaders.h"

namespace {

constexpr uint32_t rows = 48, depth = 40, columns = 56, rowsOfPart = 8, parts = rows / rowsOfPart;
constexpr uint64_t aligned(uint64_t bytes) {
  return (bytes + SINTER_ALIGNMENT - 1) / SINTER_ALIGNMENT * SINTER_ALIGNMENT;
}
constexpr uint64_t imagesBytes = 4 * rows * depth, rowBytes = 4 * rows, logitsBytes = 4 * rows * columns,
                   columnBytes = 4 * columns, weightBytes = 4 * depth * columns, partBytes = 4 * parts * columns;

// The arena, by hand.
constexpr uint64_t imagesAt = 0, labelsAt = aligned(imagesBytes), lrAt = labelsAt + aligned(rowBytes),
                   logitsAt = lrAt + aligned(4), probabilitiesAt = logitsAt + aligned(logitsBytes),
                   lossesAt = probabilitiesAt + aligned(logitsBytes), gradientAt = lossesAt + aligned(rowBytes),
                   lossAt = gradientAt + aligned(logitsBytes), sumsAt = lossAt + aligned(4),
                   weightGradientAt = sumsAt + aligned(columnBytes),
                   arenaBytes = weightGradientAt + aligned(weightBytes);

//===--- kernels for the CPU: one tile each ---===//

const float *in(void *const *operands, int i) { return static_cast<const float *>(operands[i]); }
float *out(void *const *operands, int i) { return static_cast<float *>(operands[i]); }

void product(void *const *o, int64_t, int64_t, void *) {
  for (uint32_t r = 0; r < rows; ++r)
    for (uint32_t c = 0; c < columns; ++c) {
      double sum = 0;
      for (uint32_t k = 0; k < depth; ++k)
        sum += double(in(o, 0)[r * depth + k]) * in(o, 1)[k * columns + c];
      out(o, 2)[r * columns + c] = float(sum);
    }
}

void addBias(void *const *o, int64_t, int64_t, void *) {
  for (uint32_t i = 0; i < rows * columns; ++i)
    out(o, 2)[i] = in(o, 0)[i] + in(o, 1)[i % columns];
}

void softmax(void *const *o, int64_t, int64_t, void *) {
  for (uint32_t r = 0; r < rows; ++r) {
    const float *x = in(o, 0) + r * columns;
    const double highest = *std::max_element(x, x + columns);
    double sum = 0;
    for (uint32_t c = 0; c < columns; ++c)
      sum += std::exp(x[c] - highest);
    for (uint32_t c = 0; c < columns; ++c)
      out(o, 1)[r * columns + c] = float(std::exp(x[c] - highest) / sum);
  }
}

void crossEntropy(void *const *o, int64_t, int64_t, void *) {
  const auto *labels = static_cast<const int32_t *>(o[1]);
  for (uint32_t r = 0; r < rows; ++r) {
    out(o, 2)[r] = float(-std::log(double(in(o, 0)[r * columns + uint32_t(labels[r])])));
    for (uint32_t c = 0; c < columns; ++c)
      out(o, 3)[r * columns + c] = float((in(o, 0)[r * columns + c] - double(c == uint32_t(labels[r]))) / rows);
  }
}

void mean(void *const *o, int64_t, int64_t, void *) {
  double sum = 0;
  for (uint32_t r = 0; r < rows; ++r)
    sum += in(o, 0)[r];
  *out(o, 1) = float(sum / rows);
}

void columnSum(void *const *o, int64_t, int64_t, void *) {
  for (uint32_t c = 0; c < columns; ++c) {
    double sum = 0;
    for (uint32_t r = 0; r < rows; ++r)
      sum += in(o, 0)[r * columns + c];
    out(o, 1)[c] = float(sum);
  }
}

void productTransposed(void *const *o, int64_t, int64_t, void *) {
  for (uint32_t k = 0; k < depth; ++k)
    for (uint32_t c = 0; c < columns; ++c) {
      double sum = 0;
      for (uint32_t r = 0; r < rows; ++r)
        sum += double(in(o, 0)[r * depth + k]) * in(o, 1)[r * columns + c];
      out(o, 2)[k * columns + c] = float(sum);
    }
}

void sgd(void *const *o, int64_t, int64_t, void *) {
  for (uint32_t i = 0; i < depth * columns; ++i)
    out(o, 3)[i] = float(in(o, 2)[i] - double(*in(o, 1)) * in(o, 0)[i]);
}

constexpr double productFlops = 2.0 * rows * columns * depth;
const sinter_kernel cpuKernels[] = {
    {"product", "mock.cpp:1:1", product, 1, 0, productFlops, 3e4},
    {"add_bias", "mock.cpp:2:1", addBias, 1, 0, rows * columns, 2e4},
    {"softmax", "mock.cpp:3:1", softmax, 1, 0, 5 * rows * columns, 2e4},
    {"cross_entropy", "mock.cpp:4:1", crossEntropy, 1, 0, 2 * rows * columns, 2e4},
    {"mean", "mock.cpp:5:1", mean, 1, 0, rows, 196},
    {"column_sum", "mock.cpp:6:1", columnSum, 1, 0, rows * columns, 1e4},
    {"product_transposed", "mock.cpp:7:1", productTransposed, 1, 0, productFlops, 3e4},
    {"sgd", "mock.cpp:8:1", sgd, 1, 0, 2 * depth * columns, 3e4},
};
constexpr uint32_t kernelCount = std::size(cpuKernels);
const sinter_version cpuVersions[] = {{"mock", 0, 0, cpuKernels}};

//===--- kernels for Vulkan ---===//

template <size_t N>
constexpr sinter_shader shader(const char *name, const uint32_t (&words)[N], uint32_t bindings, uint32_t constants,
                               uint32_t subgroup = 0) {
  return {name, words, N, bindings, constants, subgroup, 0};
}
enum { ProductTiled, AddBias, Softmax, CrossEntropy, Mean, ColumnSumParts, ColumnSum, ProductNaive, Sgd };
const sinter_shader registerShaders[] = {
    shader("product_tiled", product_tiled_spv, 3, 3),
    shader("add_bias", add_bias_spv, 3, 2),
    shader("softmax", softmax_registers_spv, 2, 2),
    shader("cross_entropy", cross_entropy_spv, 4, 2),
    shader("mean", mean_spv, 2, 1),
    shader("column_sum.parts", column_sum_parts_spv, 2, 2),
    shader("column_sum", column_sum_spv, 2, 2),
    shader("product_naive", product_naive_spv, 3, 3),
    shader("sgd", sgd_spv, 3, 1),
};
const sinter_shader sharedShaders[] = {
    registerShaders[ProductTiled], registerShaders[AddBias],      shader("softmax.shared", softmax_shared_spv, 2, 2),
    registerShaders[CrossEntropy], registerShaders[Mean],         registerShaders[ColumnSumParts],
    registerShaders[ColumnSum],    registerShaders[ProductNaive], registerShaders[Sgd],
};

constexpr sinter_binding reads(uint32_t operand, uint64_t bytes) { return {operand, SINTER_READ, 0, bytes}; }
constexpr sinter_binding writes(uint32_t operand, uint64_t bytes) { return {operand, SINTER_WRITE, 0, bytes}; }

const sinter_binding productBindings[] = {reads(0, imagesBytes), reads(1, weightBytes), writes(2, logitsBytes)};
const sinter_binding biasBindings[] = {reads(0, logitsBytes), reads(1, columnBytes), writes(2, logitsBytes)};
const sinter_binding softmaxBindings[] = {reads(0, logitsBytes), writes(1, logitsBytes)};
const sinter_binding entropyBindings[] = {reads(0, logitsBytes), reads(1, rowBytes), writes(2, rowBytes),
                                          writes(3, logitsBytes)};
const sinter_binding meanBindings[] = {reads(0, rowBytes), writes(1, 4)};
const sinter_binding partBindings[] = {reads(0, logitsBytes), writes(SINTER_SCRATCH_OPERAND, partBytes)};
const sinter_binding sumBindings[] = {reads(SINTER_SCRATCH_OPERAND, partBytes), writes(1, columnBytes)};
const sinter_binding transposedBindings[] = {reads(0, imagesBytes), reads(1, logitsBytes), writes(2, weightBytes)};
const sinter_binding sgdBindings[] = {
    reads(0, weightBytes), reads(1, 4), {3, SINTER_READ | SINTER_WRITE, 0, weightBytes}};

constexpr uint32_t groups(uint32_t count, uint32_t size) { return (count + size - 1) / size; }
const sinter_dispatch productDispatch[] = {
    {ProductTiled, 3, productBindings, {groups(columns, 64), rows / 8, 1}, {rows, columns, depth}, 0}};
const sinter_dispatch biasDispatch[] = {
    {AddBias, 3, biasBindings, {groups(rows * columns / 4, 64), 1, 1}, {rows * columns / 4, columns / 4}, 0}};
const sinter_dispatch softmaxRegisters[] = {{Softmax, 2, softmaxBindings, {groups(rows, 8), 1, 1}, {rows, columns}, 0}};
const sinter_dispatch softmaxShared[] = {{Softmax, 2, softmaxBindings, {rows, 1, 1}, {rows, columns}, 0}};
const sinter_dispatch entropyDispatch[] = {
    {CrossEntropy, 4, entropyBindings, {groups(rows, 8), 1, 1}, {rows, columns}, 0}};
const sinter_dispatch meanDispatch[] = {{Mean, 2, meanBindings, {1, 1, 1}, {rows}, 0}};
const sinter_dispatch sumDispatches[] = {
    {ColumnSumParts, 2, partBindings, {groups(columns, 8), parts, 1}, {rows, columns}, 0},
    {ColumnSum, 2, sumBindings, {groups(columns, 8), 1, 1}, {parts, columns}, 0}};
const sinter_dispatch transposedDispatch[] = {
    {ProductNaive, 3, transposedBindings, {groups(columns, 8), groups(depth, 8), 1}, {depth, columns, rows}, 0}};
const sinter_dispatch sgdDispatch[] = {
    {Sgd, 3, sgdBindings, {groups(depth * columns / 4, 64), 1, 1}, {depth * columns / 4}, 0}};

template <size_t N>
constexpr sinter_vulkan_kernel vulkanKernel(uint32_t k, const sinter_dispatch (&dispatches)[N], uint64_t scratch = 0,
                                            uint32_t fallback = 0) {
  return {cpuKernels[k].name,
          cpuKernels[k].location,
          cpuKernels[k].flops,
          cpuKernels[k].bytes,
          dispatches,
          N,
          fallback,
          scratch};
}
const sinter_vulkan_kernel registerKernels[kernelCount] = {
    vulkanKernel(0, productDispatch),    vulkanKernel(1, biasDispatch),
    vulkanKernel(2, softmaxRegisters),   vulkanKernel(3, entropyDispatch, 0, /*fallback=*/1),
    vulkanKernel(4, meanDispatch),       vulkanKernel(5, sumDispatches, aligned(partBytes)),
    vulkanKernel(6, transposedDispatch), vulkanKernel(7, sgdDispatch),
};
const sinter_vulkan_kernel sharedKernels[kernelCount] = {
    registerKernels[0], registerKernels[1], vulkanKernel(2, softmaxShared),
    registerKernels[3], registerKernels[4], registerKernels[5],
    registerKernels[6], registerKernels[7],
};
const sinter_vulkan_version vulkanVersions[] = {
    {"registers", SINTER_VK_CPU, std::size(registerShaders), registerShaders, registerKernels, aligned(partBytes)},
    {"shared", SINTER_VK_GPU, std::size(sharedShaders), sharedShaders, sharedKernels, aligned(partBytes)},
};

//===--- launches, entries ---===//

constexpr sinter_operand reading(uint64_t offset, uint64_t bytes, uint32_t space = SINTER_ARENA) {
  return {space, SINTER_READ, offset, bytes};
}
constexpr sinter_operand writing(uint64_t offset, uint64_t bytes, uint32_t space = SINTER_ARENA) {
  return {space, SINTER_WRITE, offset, bytes};
}

alignas(SINTER_ALIGNMENT) constexpr float bias[64] = {0.5f, -0.25f, 0,
                                                      1}; // 56 numbers, and up to a multiple of the alignment

constexpr sinter_operand images = reading(imagesAt, imagesBytes), weights = reading(0, weightBytes, SINTER_STATE);
const sinter_operand productOperands[] = {images, weights, writing(logitsAt, logitsBytes)};
const sinter_operand biasOperands[] = {reading(logitsAt, logitsBytes), reading(0, columnBytes, SINTER_CONSTANTS),
                                       writing(logitsAt, logitsBytes)};
const sinter_operand softmaxOperands[] = {reading(logitsAt, logitsBytes), writing(probabilitiesAt, logitsBytes)};
const sinter_operand entropyOperands[] = {reading(probabilitiesAt, logitsBytes), reading(labelsAt, rowBytes),
                                          writing(lossesAt, rowBytes), writing(gradientAt, logitsBytes)};
const sinter_operand meanOperands[] = {reading(lossesAt, rowBytes), writing(lossAt, 4)};
const sinter_operand sumOperands[] = {reading(gradientAt, logitsBytes), writing(sumsAt, columnBytes)};
const sinter_operand transposedOperands[] = {images, reading(gradientAt, logitsBytes),
                                             writing(weightGradientAt, weightBytes)};
const sinter_operand sgdOperands[] = {reading(weightGradientAt, weightBytes), reading(lrAt, 4), weights,
                                      writing(0, weightBytes, SINTER_STATE)};

const sinter_launch launches[] = {
    {0, 3, productOperands, "mock.cpp:11:3"},    {1, 3, biasOperands, "mock.cpp:12:3"},
    {2, 2, softmaxOperands, "mock.cpp:13:3"},    {3, 4, entropyOperands, "mock.cpp:14:3"},
    {4, 2, meanOperands, "mock.cpp:15:3"},       {5, 2, sumOperands, "mock.cpp:16:3"},
    {6, 3, transposedOperands, "mock.cpp:17:3"}, {7, 4, sgdOperands, "mock.cpp:18:3"},
};

const int64_t imagesShape[] = {rows, depth}, rowShape[] = {rows}, logitsShape[] = {rows, columns},
              columnShape[] = {columns}, weightShape[] = {depth, columns};
const sinter_input inputs[] = {{{"images", SINTER_F32, 2, imagesShape, imagesAt, imagesBytes}, 0, 0, 0},
                               {{"labels", SINTER_I32, 1, rowShape, labelsAt, rowBytes}, 0, 0, 0},
                               {{"lr", SINTER_F32, 0, nullptr, lrAt, 4}, 1, 0, 0.5}};
const sinter_tensor outputs[] = {{"loss", SINTER_F32, 0, nullptr, lossAt, 4},
                                 {"logits", SINTER_F32, 2, logitsShape, logitsAt, logitsBytes},
                                 {"probabilities", SINTER_F32, 2, logitsShape, probabilitiesAt, logitsBytes},
                                 {"column_sums", SINTER_F32, 1, columnShape, sumsAt, columnBytes},
                                 {"gradient", SINTER_F32, 2, weightShape, weightGradientAt, weightBytes}};
const sinter_entry entries[] = {{"train", 3, 5, 8, 0, inputs, outputs, launches, arenaBytes, 2 * productFlops},
                                {"eval", 2, 2, 5, 0, inputs, outputs, launches, arenaBytes, productFlops}};
const sinter_plan vulkanPlan = {kernelCount, 0, entries, arenaBytes};
#ifndef MOCK_VULKAN_ONLY
// The same launches, but a plan of its own: whoever mixes the two up finds no entry.
const sinter_entry cpuEntries[] = {entries[0], entries[1]};
const sinter_plan cpuPlan = {kernelCount, 0, cpuEntries, arenaBytes};
#endif
const sinter_state states[] = {{{"weight", SINTER_F32, 2, weightShape, 0, weightBytes}, SINTER_NORMAL, 1, 0.1}};

} // namespace

extern "C" const sinter_program sinter_program_v1 = {SINTER_ABI_VERSION,
                                                     1,
                                                     2,
#ifdef MOCK_VULKAN_ONLY
                                                     0,
                                                     2,
                                                     0,
                                                     "mock",
                                                     "mock.cpp",
                                                     "sinterc 0.1.0",
                                                     "vulkan",
                                                     "{}",
                                                     states,
                                                     nullptr,
#else
                                                     1,
                                                     2,
                                                     0,
                                                     "mock",
                                                     "mock.cpp",
                                                     "sinterc 0.1.0",
                                                     "cpu:mock,vulkan",
                                                     "{}",
                                                     states,
                                                     cpuVersions,
#endif
                                                     vulkanVersions,
#ifdef MOCK_VULKAN_ONLY
                                                     nullptr,
#else
                                                     &cpuPlan,
#endif
                                                     &vulkanPlan,
                                                     bias,
                                                     sizeof bias,
                                                     aligned(weightBytes)};
