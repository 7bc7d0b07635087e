// f64, to check f32 with: on the CPU, to fifteen digits. Every difference is multiplied by 10^10 before it is compared.
// Expected values from PyTorch in double precision.
// RUN: sinterc %s --emit=model -o %t.mlir
// RUN: sinter-run --device cpu %t.mlir | FileCheck %s
// RUN: not sinterc %s --target=vulkan -o %t 2>&1 | FileCheck %s --check-prefix=VULKAN
#include <sinter/sinter.h>
using namespace sinter;

static Tensor f64_of(std::vector<double> values, Shape shape) { return constant(std::move(values), std::move(shape), f64); }
static Tensor seen(Tensor x) { return cast(state("zero", {}, zeros()), f64) + x; }

static void near(Tensor actual, const std::vector<double> &expected) {
  Tensor difference = actual - f64_of(expected, actual.shape());
  expect(cast(difference * 1e10, f32), full(actual.shape(), 0));
}

SINTER_MODEL(doubles) {
  // CHECK: functions: {{.*}}ok
  // VULKAN: doubles.cpp:{{.*}} vulkan: f64 is for the CPU: compile with --target=cpu, or compute in f32
  entry("functions", [] {
    Tensor d = seen(f64_of({0.01, 0.5, 1.5, 3}, {4}));
    near(exp(d), {1.010050167084168, 1.6487212707001282, 4.4816890703380645, 20.085536923187668});
    near(log(d), {-4.605170185988091, -0.6931471805599453, 0.4054651081081644, 1.0986122886681098});
    near(sqrt(d), {0.1, 0.7071067811865476, 1.224744871391589, 1.7320508075688772});
    near(rsqrt(d), {10.0, 1.414213562373095, 0.8164965809277261, 0.5773502691896258});
    near(tanh(d), {0.00999966667999946, 0.46211715726000974, 0.9051482536448664, 0.9950547536867305});
    near(erf(d), {0.011283415555849618, 0.5204998778130465, 0.9661051464753108, 0.9999779095030014});
    near(erfc(d), {0.9887165844441503, 0.4795001221869535, 0.033894853524689274, 2.209049699858544e-05});
    near(sin(d), {0.009999833334166664, 0.479425538604203, 0.9974949866040544, 0.1411200080598672});
    near(cos(d), {0.9999500004166653, 0.8775825618903728, 0.0707372016677029, -0.9899924966004454});
    near(expm1(d), {0.010050167084168058, 0.6487212707001282, 3.481689070338065, 19.085536923187668});
    near(log1p(d), {0.009950330853168083, 0.4054651081081644, 0.9162907318741551, 1.3862943611198906});
    near(sigmoid(d), {0.5024999791668749, 0.6224593312018546, 0.8175744761936437, 0.9525741268224334});
    near(pow(d, 1.7), {0.00039810717055349735, 0.3077861033362291, 1.9923018599150013, 6.473007839923779});
    near(exp(d - max(d)) / sum(exp(d - max(d))),
         {0.0370987387930407, 0.060556873071768186, 0.16461064765928832, 0.7377337404759027});
  });

  // CHECK: gradients: {{.*}}ok
  entry("gradients", [] {
    std::vector<double> a, b;
    for (int i = 0; i < 6; ++i)
      a.push_back(i / 7.0);
    for (int i = 0; i < 12; ++i)
      b.push_back(i / 11.0 - 0.3);
    Tensor left = seen(f64_of(a, {2, 3})), right = seen(f64_of(b, {3, 4}));
    Tensor loss = mean(square(tanh(matmul(left, right))));
    near(loss, {0.11219113629291184});
    near(grad(loss, left), {-0.025563500148253464, 0.039708339753183775, 0.10498017965462103, -0.04474382516771324,
                            0.07015793736604073, 0.18505969989979473});
    near(grad(loss, right), {0.021491365918999177, 0.03310645324686379, 0.0396221912154886, 0.0411999240334299,
                             0.03323384233714286, 0.04998917055760381, 0.05987752112052052, 0.06310188707048225,
                             0.04497631875528654, 0.06687188786834383, 0.08013285102555244, 0.08500385010753461});
  });

  // A hundred thousand terms, in a product of many rows, of another order than f32's.
  // CHECK: sums: {{.*}}ok
  entry("sums", [] {
    Tensor n = cast(iota({100000}, 0), f64) + 1;
    near(sum(1 / square(n)), {1.6449240668982263});
    Tensor rows = reshape(cast(iota({60000}, 0), f64), {200, 300}) / 60000;
    near(sum(matmul(rows, transpose(rows))) / 1e6, {2.9999250005555553});
  });
}
