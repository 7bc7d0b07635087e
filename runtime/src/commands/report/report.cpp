// The subcommand report: trainings as one page, as a table, or for TensorBoard.
#include "base/report.h"
#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/output.h"
#include "checkpoint/checkpoint.h"
#include "commands/commands.h"
#include "commands/report/arena_use.h"
#include "commands/report/event_file.h"
#include "commands/report/report_page.h"
#include "files/files.h"
#include "files/same_file.h"
#include "program/device.h"
#include "program/pool.h"
#include "program/program.h"
#include "training/run_log.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace sinter {

namespace {

constexpr size_t mostPoints = 4000, mostSamples = 200;

struct Run {
  std::string path, name, logPath;
  RunLog log;
  double changed = 0; ///< when the log was, in seconds since 1970
};

std::string readIfThere(const std::string &path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) ? readFile(path) : "";
}

Run runAt(const std::string &path) {
  Run run{path, path, findLog(path), {}, 0};
  std::error_code error;
  if (std::filesystem::is_directory(path, error) && !std::filesystem::exists(run.logPath, error))
    fail(Exit::Input,
         formatted("{}: there is no log of this training; if it went elsewhere by --log, name that file", run.logPath));
  run.log = readRunLog(run.logPath);
  while (run.name.size() > 1 && run.name.ends_with('/'))
    run.name.pop_back();
  struct stat status{};
  if (::stat(run.logPath.c_str(), &status) == 0)
    run.changed = double(status.st_mtime);
  return run;
}

std::string seriesJson(const RunLog &log) {
  std::string json;
  for (const Series &series : log.series) {
    std::string steps, values;
    for (const auto &[step, value] : thinned(series.points, mostPoints)) {
      steps += formatted("{}{}", steps.empty() ? "" : ",", step);
      values += formatted("{}{:.9g}", values.empty() ? "" : ",", JsonNumber{value});
    }
    json += formatted("{}{{\"name\":{},\"count\":{},\"steps\":[{}],\"values\":[{}]}}", json.empty() ? "" : ",",
                      jsonQuoted(series.name), series.points.size(), steps, values);
  }
  return "[" + json + "]";
}

std::string samplesJson(const RunLog &log) {
  std::string json;
  const size_t first = log.samples.size() - std::min(log.samples.size(), mostSamples);
  for (size_t i = first; i < log.samples.size(); ++i)
    json += formatted("{}{{\"step\":{},\"text\":{}}}", json.empty() ? "" : ",", log.samples[i].first,
                      jsonQuoted(log.samples[i].second));
  return "[" + json + "]";
}

// What the folder holds beside the log: the checkpoint's words, the options.
std::string folderJson(const Run &run) {
  const std::string folder = folderOf(run.logPath), file = checkpointPath(folder);
  const std::string options = readIfThere(folder + "/options.toml");
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error))
    return formatted("\"options\":{},\"checkpoint\":null", jsonQuoted(options));
  const Contents contents = readContents(file);
  const Checkpoint &checkpoint = contents.checkpoint;
  return formatted(
      "\"options\":{},\"checkpoint\":{{\"program\":{},\"config\":{},\"step\":{},\"seed\":\"{}\",\"options\":{},"
      "\"data\":{},\"tokenizer\":\"{}\",\"vocabulary\":{},\"bytes\":{}}}",
      jsonQuoted(options), jsonQuoted(checkpoint.program), jsonOrNull(checkpoint.config), checkpoint.step,
      checkpoint.seed, jsonOrNull(checkpoint.options), jsonQuoted(checkpoint.dataSize), checkpoint.tokenizer.name(),
      checkpoint.tokenizer.size(), std::filesystem::file_size(file, error));
}

std::string runJson(const Run &run) {
  return formatted("{{\"name\":{},\"series\":{},\"samples\":{},{}}}", jsonQuoted(run.name), seriesJson(run.log),
                   samplesJson(run.log), folderJson(run));
}

// The processor by its own name.
std::string processorName() {
  const std::string text = readIfThere("/proc/cpuinfo");
  const size_t at = text.find("model name"), colon = text.find(": ", at);
  return at == std::string::npos || colon == std::string::npos
             ? "unknown"
             : text.substr(colon + 2, text.find('\n', colon) - colon - 2);
}

std::string machineJson() {
  utsname system{};
  ::uname(&system);
  const double memory = double(::sysconf(_SC_PHYS_PAGES)) * double(::sysconf(_SC_PAGE_SIZE));
  return formatted("{{\"processor\":{},\"threads\":{},\"memory_bytes\":{},\"system\":{}}}", jsonQuoted(processorName()),
                   ThreadPool::hardwareThreads(), uint64_t(memory),
                   jsonQuoted(formatted("{} {}", system.sysname, system.release)));
}

// Bytes of the arena at each launch, and what most of them are at the peak.
std::string arenaJson(const sinter_program &program, const sinter_plan &plan, const sinter_entry &entry) {
  constexpr size_t mostParts = 12;
  const ArenaUse use = arenaUse(entry);
  std::string parts;
  for (size_t i = 0; i < std::min(use.atPeak.size(), mostParts); ++i) {
    const auto [writer, bytes] = use.atPeak[i];
    const sinter_launch *launch = writer < 0 ? nullptr : &entry.launches[writer];
    parts +=
        formatted("{}{{\"bytes\":{},\"launch\":{},\"kernel\":{},\"line\":{},\"scope\":{}}}", i ? "," : "", bytes,
                  writer, jsonQuoted(launch ? kernelInfo(program, plan, launch->kernel).name : "an input"),
                  jsonQuoted(launch ? launch->location : ""), jsonQuoted(launch && launch->scope ? launch->scope : ""));
  }
  return formatted("{{\"live\":[{}],\"peak\":{},\"parts\":{},\"at_peak\":[{}]}}", fmt::join(use.live, ","), use.peak(),
                   use.atPeak.size(), parts);
}

// What `sinterc --report=json` printed of this program; null without it.
std::string compilerJson(const std::string &path) {
  if (path.empty())
    return "null";
  const std::string text = readFile(path), json = jsonOrNull(text);
  if (json == "null" || json.find("\"not_fused\"") == std::string::npos)
    fail(Exit::Input, formatted("{}: is not what sinterc --report=json prints", path));
  return json;
}

// What the compiler made, as far as the program knows it.
std::string programJson(const sinter_program &program) {
  const sinter_plan &plan = anyPlan(program);
  std::string entries;
  for (uint32_t e = 0; e < program.entry_count; ++e) {
    const sinter_entry &entry = plan.entries[e];
    // By kernel: launches, operations and bytes.
    std::map<uint32_t, uint32_t> launches;
    for (uint32_t l = 0; l < entry.launch_count; ++l)
      ++launches[entry.launches[l].kernel];
    std::string kernels, order;
    for (uint32_t l = 0; l < entry.launch_count; ++l)
      order +=
          formatted("{}{}", l ? "," : "", std::distance(launches.begin(), launches.find(entry.launches[l].kernel)));
    for (const auto &[kernel, count] : launches) {
      const KernelInfo info = kernelInfo(program, plan, kernel);
      kernels += formatted("{}{{\"name\":{},\"line\":{},\"launches\":{},\"flops\":{},\"bytes\":{}}}",
                           kernels.empty() ? "" : ",", jsonQuoted(info.name), jsonQuoted(info.location), count,
                           info.flops, info.bytes);
    }
    entries += formatted("{}{{\"name\":{},\"launches\":{},\"arena_bytes\":{},\"flops\":{},\"kernels\":[{}],\"order\":"
                         "[{}],\"arena\":{}}}",
                         e ? "," : "", jsonQuoted(entry.name), entry.launch_count, entry.arena_bytes, entry.flops,
                         kernels, order, arenaJson(program, plan, entry));
  }
  int64_t parameters = 0;
  for (uint32_t s = 0; s < program.state_count; ++s)
    parameters += isParameter(program.states[s]) ? elementCount(program.states[s].tensor) : 0;
  return formatted("{{\"name\":{},\"source\":{},\"compiler\":{},\"target\":{},\"config\":{},\"parameters\":{},"
                   "\"state_bytes\":{},\"arena_bytes\":{},\"constant_bytes\":{},\"entries\":[{}]}}",
                   jsonQuoted(program.name), jsonQuoted(program.source), jsonQuoted(program.compiler),
                   jsonQuoted(program.target), jsonOrNull(program.config), parameters, program.state_bytes,
                   plan.arena_bytes, program.constant_bytes, entries);
}

// A field of CSV (RFC 4180).
std::string csvField(const std::string &text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos)
    return text;
  std::string quoted = "\"";
  for (const char c : text)
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

/// A row a step of each run, all numbers as they are in the logs.
std::string csvOf(const std::vector<Run> &runs) {
  std::vector<std::string> names;
  for (const Run &run : runs)
    for (const Series &series : run.log.series)
      if (std::find(names.begin(), names.end(), series.name) == names.end())
        names.push_back(series.name);
  std::string text = "run,step";
  for (const std::string &name : names)
    text += "," + csvField(name);
  text += "\n";
  for (const Run &run : runs) {
    std::map<int64_t, std::map<std::string, double>> rows;
    for (const Series &series : run.log.series)
      for (const auto &[step, value] : series.points)
        rows[step][series.name] = value;
    for (const auto &[step, row] : rows) {
      text += formatted("{},{}", csvField(run.name), step);
      for (const std::string &name : names)
        text += row.count(name) ? formatted(",{}", row.at(name)) : ",";
      text += "\n";
    }
  }
  return text;
}

// TensorBoard's own grouping: what stands before the slash.
std::string tagOf(const std::string &name) {
  return name.starts_with("val_")                                     ? "val/" + name.substr(4)
         : name == "loss" || name.starts_with("grad") || name == "lr" ? "train/" + name
                                                                      : "speed/" + name;
}

std::string eventsOf(const Run &run) {
  const Series *times = run.log.find("time");
  std::map<int64_t, double> timeOf;
  if (times)
    timeOf.insert(times->points.begin(), times->points.end());
  // Of a step without a time of its own: that of the step before.
  const auto when = [&](int64_t step) {
    auto after = timeOf.upper_bound(step);
    return timeOf.empty() ? run.changed : after == timeOf.begin() ? after->second : std::prev(after)->second;
  };
  EventFile file(when(0));
  for (const Series &series : run.log.series)
    for (const auto &[step, value] : series.points)
      if (series.name != "time")
        file.scalar(when(step), step, tagOf(series.name), float(value));
  for (const auto &[step, text] : run.log.samples)
    file.text(when(step), step, "sample", text);
  return file.bytes();
}

// A folder a run, which TensorBoard calls by its name; it takes files whose names have "tfevents" in them.
void writeEvents(const std::vector<Run> &runs, const std::string &folder) {
  for (const Run &run : runs) {
    std::string name = std::filesystem::path(run.name).filename().string();
    if (runs.size() > 1) // such as a/run and b/run
      name = run.name;
    std::replace(name.begin(), name.end(), '/', '_');
    const std::string own = folder + "/" + (name.empty() || name.starts_with('.') ? "run" + name : name);
    makeFolder(own);
    writeFileAtomically(own + "/events.out.tfevents.sinter", eventsOf(run));
  }
}

} // namespace

Exit reportRuns(const sinter_program &description, const ReportCommand &command) {
  std::vector<Run> runs;
  std::vector<NamedFile> inputs;
  for (const std::string &path : command.runs) {
    runs.push_back(runAt(path));
    inputs.push_back({"RUN", runs.back().logPath});
  }
  const bool others = !command.csv.empty() || !command.tensorboard.empty();
  const std::string out = !command.out.empty() ? command.out : others ? "" : "report.html";
  if (!command.compiler.empty())
    inputs.push_back({"--compiler", command.compiler});
  keepApart({"--out", out}, inputs);
  keepApart({"--csv", command.csv}, inputs);
  if (!command.csv.empty())
    writeFileAtomically(command.csv, csvOf(runs));
  if (!command.tensorboard.empty())
    writeEvents(runs, command.tensorboard);
  if (out.empty())
    return Exit::Done;
  const std::string compiled = compilerJson(command.compiler);
  std::string json;
  for (const Run &run : runs)
    json += (json.empty() ? "" : ",") + runJson(run);
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
  writeFileAtomically(
      out, reportPage(formatted("{{\"made\":{},\"runs\":[{}],\"machine\":{},\"program\":{},\"compiled\":{}}}",
                                now.count(), json, machineJson(), programJson(description), compiled)));
  if (command.out.empty())
    reportNote(formatted("written to {}", out));
  return Exit::Done;
}

} // namespace sinter
