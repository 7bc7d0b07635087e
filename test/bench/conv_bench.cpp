// Convolutions of convolutions.def: ours against oneDNN, alternately in one process. `conv_bench --help` tells more.
//
// oneDNN chooses the layout of all its tensors, which are brought into it before the clock starts; ours are
// [images, height, width, channels]. Figures are medians over the rounds (contest.h). Ratios above 1 mean that ours is
// faster.
#include "contest.h"
#include "program/program.h"

#include <CLI/CLI.hpp>
#include <dnnl.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

extern "C" const sinter_program convolutions_program; // of convolutions.cpp

// Of libgomp; its header is the compiler's, not the library's.
extern "C" void omp_set_num_threads(int);

namespace {

using dnnl::memory;

struct Convolution {
  std::string name, net;
  int64_t images, size, in, out, taps, stride, groups;

  int64_t padding() const { return (taps - 1) / 2; }
  int64_t windows() const { return (size + 2 * padding() - taps) / stride + 1; }
  double flops() const {
    return 2.0 * double(images * windows() * windows() * out) * double(taps * taps * in / groups);
  }
};

const Convolution convolutions[] = {
#define CONVOLUTION(NET, N, SIZE, IN, OUT, TAPS, STRIDE, GROUPS)                                                       \
  {#NET "_" #N "x" #SIZE "_" #IN "_" #OUT "_" #TAPS "s" #STRIDE "g" #GROUPS,                                           \
   #NET,                                                                                                               \
   N,                                                                                                                  \
   SIZE,                                                                                                               \
   IN,                                                                                                                 \
   OUT,                                                                                                                \
   TAPS,                                                                                                               \
   STRIDE,                                                                                                             \
   GROUPS},
#include "convolutions.def"
#undef CONVOLUTION
};

/// oneDNN's primitive for one of the three tensors, on memory in its own layouts.
class Peer {
public:
  Peer(const Convolution &c, const std::string &part) : engine(dnnl::engine::kind::cpu, 0), stream(engine) {
    const auto any = memory::format_tag::any;
    const auto f32 = memory::data_type::f32;
    memory::dims x{c.images, c.in, c.size, c.size}, y{c.images, c.out, c.windows(), c.windows()},
        w{c.out, c.in, c.taps, c.taps}, strides{c.stride, c.stride}, low{c.padding(), c.padding()}, high;
    if (c.groups > 1)
      w = {c.groups, c.out / c.groups, c.in / c.groups, c.taps, c.taps};
    const int64_t behind = (c.windows() - 1) * c.stride + c.taps - c.size - c.padding();
    high = {behind, behind};
    memory::desc xs(x, f32, any), ws(w, f32, any), ys(y, f32, any);
    const auto direct = dnnl::algorithm::convolution_direct;
    const dnnl::convolution_forward::primitive_desc forward(
        {dnnl::prop_kind::forward_training, direct, xs, ws, ys, strides, low, high}, engine);
    if (part == "output") {
      primitive = dnnl::convolution_forward(forward);
      place(forward.src_desc(), forward.weights_desc(), forward.dst_desc(), DNNL_ARG_SRC, DNNL_ARG_WEIGHTS,
            DNNL_ARG_DST);
    } else if (part == "input") {
      const dnnl::convolution_backward_data::primitive_desc back({direct, xs, ws, ys, strides, low, high}, engine,
                                                                 forward);
      primitive = dnnl::convolution_backward_data(back);
      place(back.diff_dst_desc(), back.weights_desc(), back.diff_src_desc(), DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS,
            DNNL_ARG_DIFF_SRC);
    } else {
      const dnnl::convolution_backward_weights::primitive_desc back({direct, xs, ws, ys, strides, low, high}, engine,
                                                                    forward);
      primitive = dnnl::convolution_backward_weights(back);
      place(back.src_desc(), back.diff_dst_desc(), back.diff_weights_desc(), DNNL_ARG_SRC, DNNL_ARG_DIFF_DST,
            DNNL_ARG_DIFF_WEIGHTS);
    }
    plain[0] = part == "input" ? channelsLast(y) : channelsLast(x);
    plain[1] = part == "kernel" ? channelsLast(y) : kernel(w);
    plain[2] = part == "output" ? channelsLast(y) : part == "input" ? channelsLast(x) : kernel(w);
  }

  void set(int operand, std::vector<float> &values) {
    memory ours(plain[operand], engine, values.data());
    dnnl::reorder(ours, own[operand]).execute(stream, ours, own[operand]);
    stream.wait();
  }
  std::vector<float> result() {
    std::vector<float> values(plain[2].get_size() / sizeof(float));
    memory ours(plain[2], engine, values.data());
    dnnl::reorder(own[2], ours).execute(stream, own[2], ours);
    stream.wait();
    return values;
  }
  void run() {
    primitive.execute(stream, arguments);
    stream.wait();
  }

private:
  void place(const memory::desc &a, const memory::desc &b, const memory::desc &c, int argumentA, int argumentB,
             int argumentC) {
    own = {memory(a, engine), memory(b, engine), memory(c, engine)};
    arguments = {{argumentA, own[0]}, {argumentB, own[1]}, {argumentC, own[2]}};
  }
  static memory::desc channelsLast(const memory::dims &dims) {
    return {dims, memory::data_type::f32, memory::format_tag::nhwc};
  }
  /// [taps, taps, in, out], where out are all groups'.
  static memory::desc kernel(const memory::dims &dims) {
    if (dims.size() == 4)
      return {dims, memory::data_type::f32, memory::format_tag::hwio};
    const int64_t all = dims[0] * dims[1];
    return {dims, memory::data_type::f32, memory::dims{dims[1], 1, all, dims[4] * dims[2] * all, dims[2] * all}};
  }

  dnnl::engine engine;
  dnnl::stream stream;
  dnnl::primitive primitive;
  std::vector<memory> own;
  std::unordered_map<int, memory> arguments;
  memory::desc plain[3];
};

} // namespace

int main(int argc, char **argv) {
  CLI::App app("Times convolutions of convolutions.def and their gradients: ours and oneDNN.");
  int threads = int(std::thread::hardware_concurrency()), rounds = 5;
  double budget = 0.05, tolerance = 2e-5;
  std::string filter, json;
  app.add_option("--threads", threads, "of each library")->capture_default_str();
  app.add_option("--rounds", rounds, "turns of each library")->capture_default_str();
  app.add_option("--seconds", budget, "length of a turn")->capture_default_str();
  app.add_option("--tolerance", tolerance, "largest difference allowed, relative to the largest element");
  app.add_option("--json", json, "file for the figures");
  app.add_option("--only", filter, "part of a name, such as resnet or _input");
  app.add_flag("--work", timesWork, "time the process's work, not the clock: with --threads 1, on a machine in use");
  CLI11_PARSE(app, argc, argv);

  omp_set_num_threads(threads);
  sinter::Program program(convolutions_program, threads);
  program.initialize(0);

  nlohmann::json report = nlohmann::json::array();
  std::map<std::string, std::pair<double, int>> logs; // of a network, and of all
  double worst = INFINITY;
  std::printf("%-36s %9s | %8s %8s GFLOP/s | %s\n", "convolution", "ms", "ours", "oneDNN",
              "ratio (of medians; of fastest calls)");
  for (const Convolution &c : convolutions)
    for (const std::string part : {"output", "input", "kernel"}) {
      const std::string name = c.name + "_" + part;
      if (name.find(filter) == std::string::npos)
        continue;
      const sinter_entry &entry = *program.findEntry(name);
      Peer peer(c, part);
      for (int operand : {0, 1}) {
        const sinter_input &input = *sinter::Program::findInput(entry, operand == 0 ? "a" : "b");
        const int64_t x = c.images * c.size * c.size * c.in, y = c.images * c.windows() * c.windows() * c.out,
                      w = c.taps * c.taps * c.in / c.groups * c.out;
        const int64_t count = operand == 0 ? (part == "input" ? y : x) : (part == "kernel" ? y : w);
        std::vector<float> values = randomMatrix(count, uint64_t(operand) + 1);
        std::copy(values.begin(), values.end(), static_cast<float *>(program.data(input)));
        peer.set(operand, values);
      }
      Contestant all[] = {{"sinter", [&] { program.run(entry); }, {}}, {"oneDNN", [&] { peer.run(); }, {}}};
      all[0].call();
      all[1].call();
      const auto *ours = static_cast<const float *>(program.data(*sinter::Program::findOutput(entry, "c")));
      const std::vector<float> theirs = peer.result();
      if (double error = difference(ours, theirs.data(), int64_t(theirs.size())); error > tolerance) {
        std::fprintf(stderr, "error: %s differs from oneDNN by %g of the largest element\n", name.c_str(), error);
        return 1;
      }
      rest();
      for (int round = 0; round < rounds; ++round)
        for (Contestant &contestant : all)
          contestant.turn(budget);
      double mid[2], best[2];
      nlohmann::json line = {{"convolution", name}, {"threads", threads}};
      for (int i = 0; i < 2; ++i) {
        mid[i] = median(all[i].seconds);
        best[i] = *std::min_element(all[i].seconds.begin(), all[i].seconds.end());
        line[all[i].name] = {
            {"ms", 1e3 * mid[i]}, {"ms_min", 1e3 * best[i]}, {"gflops_per_s", c.flops() / mid[i] / 1e9}};
      }
      std::printf("%-36s %9.3f | %8.1f %8.1f         | %5.2f %5.2f\n", name.c_str(), 1e3 * mid[0],
                  c.flops() / mid[0] / 1e9, c.flops() / mid[1] / 1e9, mid[1] / mid[0], best[1] / best[0]);
      std::fflush(stdout);
      for (const std::string &group : {c.net, std::string("all")}) {
        logs[group].first += std::log(mid[1] / mid[0]);
        ++logs[group].second;
      }
      worst = std::min(worst, mid[1] / mid[0]);
      report.push_back(line);
    }
  if (logs.empty()) {
    std::fprintf(stderr, "error: no convolution's name contains '%s'\n", filter.c_str());
    return 1;
  }
  for (const auto &[group, sum] : logs)
    std::printf("geometric mean of %s (%d), %d threads: %.3f x oneDNN\n", group.c_str(), sum.second, threads,
                std::exp(sum.first / sum.second));
  std::printf("least ratio %.2f\n", worst);
  if (!json.empty()) {
    std::FILE *file = std::fopen(json.c_str(), "w");
    if (!file || std::fputs(report.dump(1).c_str(), file) < 0 || std::fclose(file) != 0) {
      std::fprintf(stderr, "error: cannot write %s\n", json.c_str());
      return 1;
    }
  }
  return 0;
}
