// The subcommand bench: times calls of one entry on random input.
#include "commands/bench/bench.h"
#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/output.h"
#include "commands/bench/machine_peak.h"
#include "program/device.h"
#include "program/processor.h"
#include "program/program.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <sys/resource.h>
#include <tuple>

namespace sinter {

static constexpr int warmUps = 3;

namespace {

struct Times {
  std::vector<double> milliseconds; // sorted
  double median() const { return milliseconds[milliseconds.size() / 2]; }
};

} // namespace

int64_t peakMemory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t(usage.ru_maxrss) * 1024;
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

uint64_t parameterBytes(const sinter_program &description) {
  uint64_t bytes = 0;
  for (uint32_t s = 0; s < description.state_count; ++s)
    if (isParameter(description.states[s]))
      bytes += description.states[s].tensor.bytes;
  return bytes;
}

// Random token ids, pixels and so on; scalars keep their defaults.
static void fillInputs(Program &program, const sinter_entry &entry, uint64_t seed) {
  const auto limit = uint64_t(std::max<int64_t>(2, vocabularySize(program)));
  program.setDefaults(entry);
  program.setScalar(entry, "step", 1);
  for (uint32_t i = 0; i < entry.input_count; ++i) {
    const sinter_input &input = entry.inputs[i];
    if (input.tensor.rank == 0)
      continue;
    const Random random(seed, streamOf(input.tensor.name));
    const auto count = uint64_t(elementCount(input.tensor));
    withDtype(input.tensor.dtype, [&]<typename T>(T) {
      T *elements = static_cast<T *>(program.data(input));
      for (uint64_t n = 0; n < count; ++n)
        elements[n] = rounded<T>(isFloatType<T> ? random.uniform(n)
                                                : double(random.below(n, input.tensor.dtype == SINTER_I8 ? 2 : limit)));
    });
  }
}

static Times timeCalls(int64_t calls, const std::function<void(int64_t)> &prepare, const std::function<void()> &call) {
  Times times;
  for (int64_t i = -warmUps; i < calls; ++i) {
    prepare(i);
    const double start = now();
    call();
    if (i >= 0)
      times.milliseconds.push_back(1e3 * (now() - start));
  }
  std::sort(times.milliseconds.begin(), times.milliseconds.end());
  return times;
}

namespace {

// Launches of one kernel from one line of the model, in scopes that differ in numbers only.
struct ProfileLine {
  uint32_t kernel;
  std::string_view location, scope, pattern; // scope: the pattern, unless all launches have one scope
  int64_t launches = 0;
  double seconds = 0;

  // gpt.cpp:32:10 in h.*.attn.c_attn
  std::string place() const {
    return std::string(location) + (scope.empty() ? "" : location.empty() ? "in " : " in ") + std::string(scope);
  }
};

} // namespace

// How often a launch runs in one call.
static int64_t runsOf(const sinter_entry &entry, uint32_t launch) {
  int64_t runs = 1;
  for (uint32_t l = 0; l < entry.loop_count; ++l)
    if (launch - entry.loops[l].first < entry.loops[l].count)
      runs *= int64_t(entry.loops[l].steps);
  return runs;
}

// The slowest first.
static std::vector<ProfileLine> profileLines(const sinter_entry &entry, const std::vector<double> &seconds) {
  const auto view = [](const char *text) { return std::string_view(text ? text : ""); };
  std::map<std::tuple<uint32_t, std::string_view, std::string_view>, ProfileLine> lines;
  for (uint32_t l = 0; l < entry.launch_count; ++l) {
    const sinter_launch &launch = entry.launches[l];
    const std::string_view location = view(launch.location), pattern = view(launch.scope_pattern);
    ProfileLine &line = lines[{launch.kernel, location, pattern}];
    if (!line.launches)
      line = {launch.kernel, location, view(launch.scope), pattern};
    else if (line.scope != view(launch.scope))
      line.scope = pattern;
    line.launches += runsOf(entry, l);
    line.seconds += seconds[l];
  }
  std::vector<ProfileLine> sorted;
  for (const auto &[key, line] : lines)
    sorted.push_back(line);
  std::sort(sorted.begin(), sorted.end(), [](const ProfileLine &a, const ProfileLine &b) {
    return std::tie(b.seconds, a.kernel, a.location, a.pattern) < std::tie(a.seconds, b.kernel, b.location, b.pattern);
  });
  return sorted;
}

// Where the time went, and what is outside of all launches: all of `stepSeconds`.
static std::string profileText(Program &program, const sinter_entry &entry, const std::vector<double> &seconds,
                               double calls, double stepSeconds, bool json) {
  // What other devices can do at most is not known.
  const bool hasPeak = program.device().onProcessor();
  const uint64_t features = program.version() ? program.version()->features & processorFeatures() : processorFeatures();
  const MachinePeak peak = hasPeak ? measureMachinePeak(program.threads(), featureNames(features)) : MachinePeak{};
  const auto percent = [&](double value, double most) {
    return hasPeak ? formatted("{:5.1f} %", 100 * value / most) : "    - %";
  };
  const auto percentJson = [&](double value, double most) {
    return hasPeak ? formatted("{:.6g}", JsonNumber{100 * value / most}) : "null";
  };
  double outside = stepSeconds;
  std::string text;
  for (const ProfileLine &line : profileLines(entry, seconds)) {
    const double lineSeconds = line.seconds / calls;
    outside -= lineSeconds;
    const KernelInfo kernel = kernelInfo(program.description(), program.plan(), line.kernel);
    const bool general = program.device().general(line.kernel);
    const double time = std::max(lineSeconds, 1e-12); // on a device that runs nothing
    const double flops = kernel.flops * double(line.launches) / time,
                 bytes = kernel.bytes * double(line.launches) / time;
    const double share = 100 * lineSeconds / stepSeconds;
    if (json)
      text += formatted("{{\"kernel\":{},\"location\":{},\"scope\":{},\"launches\":{},\"ms\":{:.6g},\"share\":{:.4g},"
                        "\"gflops_per_s\":{:.6g},"
                        "\"of_peak\":{},\"gb_per_s\":{:.4g},\"of_bandwidth\":{}{}}},",
                        jsonQuoted(kernel.name), jsonQuoted(line.location), jsonQuoted(line.scope), line.launches,
                        1e3 * lineSeconds, JsonNumber{share}, JsonNumber{flops / 1e9}, percentJson(flops, peak.flops),
                        JsonNumber{bytes / 1e9}, percentJson(bytes, peak.bytes), general ? ",\"general\":true" : "");
    else
      text +=
          formatted("{:6.2f} % {:9.3f} ms {:4} x {:8.2f} GFLOP/s {} {:7.2f} GB/s {}  {} ({}){}\n", share,
                    1e3 * lineSeconds, line.launches, flops / 1e9, percent(flops, peak.flops), bytes / 1e9,
                    percent(bytes, peak.bytes), kernel.name, line.place(), general ? ", by the general lowering" : "");
  }
  const double share = 100 * outside / stepSeconds;
  if (json)
    return formatted(
        ",\"machine\":{},\"profile_ms\":{:.6g},\"profile\":[{}"
        "{{\"kernel\":null,\"location\":\"outside kernels\",\"launches\":0,\"ms\":{:.6g},\"share\":{:.4g}}}]",
        hasPeak ? formatted("{{\"gflops_per_s\":{:.6g},\"gb_per_s\":{:.6g}}}", peak.flops / 1e9, peak.bytes / 1e9)
                : "null",
        1e3 * stepSeconds, text, 1e3 * outside, JsonNumber{share});
  const std::string scale =
      hasPeak ? formatted("measured on this machine: {:.1f} GFLOP/s of multiply-adds, {:.1f} GB/s read from "
                          "memory; % are of these, and more than 100 % comes from caches\n",
                          peak.flops / 1e9, peak.bytes / 1e9)
              : "";
  return formatted("{}{}{:6.2f} % {:9.3f} ms  outside kernels: {}\n100.00 % {:9.3f} ms  mean of {} steps\n", scale,
                   text, share, 1e3 * outside,
                   program.version() ? "waking threads, waiting" : "copies, submission, waiting", 1e3 * stepSeconds,
                   calls);
}

/// What one call works through, for speeds.
struct Work {
  double count = 0; // 0: nothing that could be counted
  const char *unit = "tokens";
  double flops = 0;
};

static void print(const BenchCommand &command, Program &program, const Times &times, const Work &work,
                  int64_t peakBytes, const std::string &profile) {
  const double seconds = times.median() / 1e3;
  const std::string perSecond = formatted("{:.6g}", JsonNumber{work.count / seconds});
  if (command.json) {
    sinter::print("{{\"entry\":{},\"steps\":{},\"ms_per_step\":{{\"median\":{:.6g},\"min\":{:.6g},\"max\":{:.6g}}},"
                  "{}\"gflops_per_s\":{:.6g},\"arena_bytes\":{},\"parameter_bytes\":{},\"peak_rss_bytes\":{},"
                  "\"threads\":{},\"device\":{}{}}}\n",
                  jsonQuoted(command.entry), command.steps, times.median(), times.milliseconds.front(),
                  times.milliseconds.back(), work.count > 0 ? formatted("\"{}_per_s\":{},", work.unit, perSecond) : "",
                  JsonNumber{work.flops / seconds / 1e9}, program.plan().arena_bytes,
                  parameterBytes(program.description()), peakBytes, program.threads(),
                  jsonQuoted(std::string(program.device().name())), profile);
    return;
  }
  sinter::print("{}: {:.3f} ms (median of {}; {:.3f} to {:.3f}), {}{:.2f} GFLOP/s, {} threads, arena {} bytes, peak {} "
                "bytes\n{}",
                command.entry, times.median(), command.steps, times.milliseconds.front(), times.milliseconds.back(),
                work.count > 0 ? formatted("{} {}/s, ", perSecond, work.unit) : "", work.flops / seconds / 1e9,
                program.threads(), program.plan().arena_bytes, peakBytes, profile);
}

// The first size of the inputs that are arrays, if they have one in common; else 0.
static double exampleCount(const sinter_entry &entry) {
  int64_t count = 0;
  for (uint32_t i = 0; i < entry.input_count; ++i) {
    const sinter_tensor &tensor = entry.inputs[i].tensor;
    if (tensor.rank > 0 && count && tensor.shape[0] != count)
      return 0;
    count = tensor.rank > 0 ? tensor.shape[0] : count;
  }
  return double(count);
}

static Exit benchEntry(const BenchCommand &command, Program &program) {
  const sinter_entry &entry = requireEntry(program, command.entry, {"sample"});
  const sinter_input *tokens = Program::findInput(entry, "tokens"), *images = Program::findInput(entry, "images");
  if (const sinter_input *position = Program::findInput(entry, "position"); position && tokens)
    program.setScalar(entry, "position", double(elementCount(tokens->tensor) - 1));
  const double examples = exampleCount(entry);
  const Work work = tokens     ? Work{double(elementCount(tokens->tensor)), "tokens", entry.flops}
                    : images   ? Work{double(images->tensor.rank ? images->tensor.shape[0] : 1), "images", entry.flops}
                    : examples ? Work{examples, "examples", entry.flops}
                               : Work{0, "", entry.flops};
  std::vector<double> seconds(entry.launch_count);
  const Times times = timeCalls(
      command.steps,
      [&](int64_t i) {
        if (i == 0)
          std::fill(seconds.begin(), seconds.end(), 0);
        fillInputs(program, entry, uint64_t(i + warmUps));
        if (tokens)
          program.setScalar(entry, "position", double(elementCount(tokens->tensor) - 1));
      },
      [&] { program.run(entry, command.profile ? seconds.data() : nullptr); });
  double mean = 0;
  for (double milliseconds : times.milliseconds)
    mean += milliseconds / 1e3 / double(command.steps);
  const int64_t peakBytes = peakMemory(); // before the profile measures the machine
  const std::string profile =
      command.profile ? profileText(program, entry, seconds, double(command.steps), mean, command.json) : "";
  print(command, program, times, work, peakBytes, profile);
  return Exit::Done;
}

Exit bench(const sinter_program &description, const CommonOptions &common, const BenchCommand &command) {
  const auto program = openProgram(description, common);
  program->initialize(0);
  return command.entry == "sample" ? benchSample(command, *program) : benchEntry(command, *program);
}

} // namespace sinter
