// Products of shapes.def: ours against OpenBLAS and oneDNN, alternately in one process. `matmul_bench --help` tells
// more.
//
// Figures are medians over the rounds (contest.h). Ratios above 1 mean that ours is faster.
#include "contest.h"
#include "program/program.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cblas-openblas.h>
#include <dnnl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

extern "C" const sinter_program products_program; // of products.cpp

// Of libgomp, which oneDNN and OpenBLAS share; its header is the compiler's, not the library's.
extern "C" void omp_set_num_threads(int);

namespace {

struct Product {
  std::string name, form;
  int64_t m, n, k;
};

const Product products[] = {
#define PRODUCT(FORM, M, N, K) {#FORM "_" #M "x" #N "x" #K, #FORM, M, N, K},
#include "shapes.def"
#undef PRODUCT
};

/// OpenBLAS chooses its kernels by the processor's model, and takes those without AVX for a model that is newer than it
/// is: it is then told which ones to take, as its users would do. It asks while it is loaded, so the program starts
/// once more.
void chooseKernelsOfOpenblas(char **argv) {
  constexpr const char *variable = "OPENBLAS_CORETYPE";
  if (std::getenv(variable) || std::string(openblas_get_corename()) != "Prescott")
    return;
  const char *core = __builtin_cpu_supports("avx512f") ? "SkylakeX"
                     : __builtin_cpu_supports("avx2")  ? "Haswell"
                                                       : nullptr;
  if (!core || setenv(variable, core, 1) != 0)
    return;
  execv("/proc/self/exe", argv);
}

} // namespace

int main(int argc, char **argv) {
  chooseKernelsOfOpenblas(argv);
  CLI::App app("Times matrix products of shapes.def: ours, OpenBLAS and oneDNN.");
  int threads = products_program.entry_count ? int(std::thread::hardware_concurrency()) : 1, rounds = 5;
  double budget = 0.05, tolerance = 2e-5;
  std::string filter, json;
  app.add_option("--threads", threads, "of each library")->capture_default_str();
  app.add_option("--rounds", rounds, "turns of each library")->capture_default_str();
  app.add_option("--seconds", budget, "length of a turn")->capture_default_str();
  app.add_option("--tolerance", tolerance, "largest difference allowed, relative to the largest element (bf16: 1e-2)");
  app.add_option("--json", json, "file for the figures");
  app.add_option("--only", filter, "part of a product's name, such as nt_256");
  app.add_flag("--work", timesWork, "time the process's work, not the clock: with --threads 1, on a machine in use");
  CLI11_PARSE(app, argc, argv);

  openblas_set_num_threads(threads);
  omp_set_num_threads(threads);
  sinter::Program program(products_program, threads);
  program.initialize(0);

  std::printf("OpenBLAS for %s\n", openblas_get_corename());
  nlohmann::json report = nlohmann::json::array();
  double logOpenblas = 0, logDnnl = 0, worst = INFINITY;
  int counted = 0;
  std::printf("%-22s %9s | %8s %8s %8s GFLOP/s | %8s %8s  (ratios of medians; of fastest calls)\n", "product", "ms",
              "ours", "OpenBLAS", "oneDNN", "OpenBLAS", "oneDNN");
  for (const Product &p : products) {
    if (p.name.find(filter) == std::string::npos)
      continue;
    const sinter_entry &entry = *program.findEntry(p.name);
    auto a = randomMatrix(p.m * p.k, 1), b = randomMatrix(p.k * p.n, 2);
    std::vector<float> c(size_t(p.m * p.n));
    std::copy(a.begin(), a.end(), static_cast<float *>(program.data(*sinter::Program::findInput(entry, "a"))));
    std::copy(b.begin(), b.end(), static_cast<float *>(program.data(*sinter::Program::findInput(entry, "b"))));
    const bool ta = p.form == "tn", tb = p.form == "nt";
    const int64_t lda = ta ? p.m : p.k, ldb = tb ? p.k : p.n;
    Contestant all[] = {
        {"sinter", [&] { program.run(entry); }, {}},
        {"OpenBLAS",
         [&] {
           cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, int(p.m),
                       int(p.n), int(p.k), 1, a.data(), int(lda), b.data(), int(ldb), 0, c.data(), int(p.n));
         },
         {}},
        {"oneDNN",
         [&] {
           dnnl_sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', p.m, p.n, p.k, 1, a.data(), lda, b.data(), ldb, 0, c.data(), p.n);
         },
         {}}};
    all[0].call();
    const auto *ours = static_cast<const float *>(program.data(*sinter::Program::findOutput(entry, "c")));
    for (int peer : {1, 2}) {
      all[peer].call();
      if (double error = difference(ours, c.data(), p.m * p.n); error > tolerance) {
        std::fprintf(stderr, "error: %s differs from %s by %g of the largest element\n", p.name.c_str(),
                     all[peer].name.c_str(), error);
        return 1;
      }
    }
    rest();
    for (int round = 0; round < rounds; ++round)
      for (Contestant &contestant : all)
        contestant.turn(budget);
    const double flops = 2.0 * double(p.m) * double(p.n) * double(p.k);
    double mid[3], best[3];
    nlohmann::json line = {{"product", p.name}, {"threads", threads}};
    for (int i = 0; i < 3; ++i) {
      mid[i] = median(all[i].seconds);
      best[i] = *std::min_element(all[i].seconds.begin(), all[i].seconds.end());
      line[all[i].name] = {{"ms", 1e3 * mid[i]}, {"ms_min", 1e3 * best[i]}, {"gflops_per_s", flops / mid[i] / 1e9}};
    }
    std::printf("%-22s %9.3f | %8.1f %8.1f %8.1f         | %5.2f %5.2f   %5.2f %5.2f", p.name.c_str(), 1e3 * mid[0],
                flops / mid[0] / 1e9, flops / mid[1] / 1e9, flops / mid[2] / 1e9, mid[1] / mid[0], best[1] / best[0],
                mid[2] / mid[0], best[2] / best[0]);
    if (p.m == 1) // bound by reading the matrix
      std::printf("   %.1f GB/s", 4.0 * double(p.n) * double(p.k) / mid[0] / 1e9);
    std::printf("\n");
    std::fflush(stdout);
    logOpenblas += std::log(mid[1] / mid[0]);
    logDnnl += std::log(mid[2] / mid[0]);
    worst = std::min(worst, std::min(mid[1], mid[2]) / mid[0]);
    ++counted;
    report.push_back(line);
  }
  if (!counted) {
    std::fprintf(stderr, "error: no product's name contains '%s'\n", filter.c_str());
    return 1;
  }
  std::printf("geometric means over %d products, %d threads: %.3f x OpenBLAS, %.3f x oneDNN; least ratio to the better "
              "one %.2f\n",
              counted, threads, std::exp(logOpenblas / counted), std::exp(logDnnl / counted), worst);
  if (!json.empty()) {
    std::FILE *file = std::fopen(json.c_str(), "w");
    if (!file || std::fputs(report.dump(1).c_str(), file) < 0 || std::fclose(file) != 0) {
      std::fprintf(stderr, "error: cannot write %s\n", json.c_str());
      return 1;
    }
  }
  return 0;
}
