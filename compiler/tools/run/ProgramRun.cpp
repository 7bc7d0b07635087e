#include "ProgramRun.h"

#include "arrays/npy.h"
#include "base/error.h"
#include "checkpoint/safetensors.h"
#include "files/files.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

#include <array>

using namespace mlir;

namespace sinter::run {
namespace {

/// The elements as a file has them, in the type that the program has.
std::string bytesOf(const Tensor &tensor, Type element) {
  std::string bytes;
  auto add = [&](auto number) { bytes.append(reinterpret_cast<const char *>(&number), sizeof number); };
  for (double value : tensor.data) {
    if (element.isF64())
      add(value);
    else if (isa<FloatType>(element)) // what f32 has of 16-bit floats, which files may hold as such
      add(static_cast<float>(value));
    else if (element.isInteger(64))
      add(static_cast<int64_t>(value));
    else if (element.isInteger(32))
      add(static_cast<int32_t>(value));
    else
      add(static_cast<int8_t>(value));
  }
  return bytes;
}

void writeNpy(const std::string &path, const Tensor &tensor, Type element) {
  const char *type = element.isF64()           ? "<f8"
                     : isa<FloatType>(element) ? "<f4"
                     : element.isInteger(64)   ? "<i8"
                     : element.isInteger(32)   ? "<i4"
                                               : "|b1";
  writeFileAtomically(path, npyHeader(type, tensor.shape) + bytesOf(tensor, element));
}

Tensor readNpyFile(const std::string &path) {
  FileReader file(path);
  Array array = readNpy(path, file.size(), [&](void *data, size_t size) { return file.read(data, size); });
  Tensor tensor(array.shape);
  for (int64_t i = 0; i < tensor.size(); ++i)
    tensor[i] = array.number(i / array.rowSize(), i % array.rowSize());
  return tensor;
}

class ProgramRun {
public:
  ProgramRun(StringRef program, StringRef device, const Case &test, std::string folder)
      : program(program), device(device), test(test), folder(std::move(folder)) {}

  llvm::Expected<Outcome> run() {
    SmallVector<std::string> words{"run",          test.name,
                                   "--device",     device.str(),
                                   "--out",        folder + "/out",
                                   "--checkpoint", folder + "/before.safetensors",
                                   "--save",       folder + "/after.safetensors"};
    llvm::Expected<llvm::StringSet<>> inputs = inputsOfEntry();
    if (!inputs)
      return inputs.takeError();
    for (auto [i, name] : llvm::enumerate(test.argumentNames)) {
      if (!inputs->contains(name)) // one that nothing reads
        continue;
      std::string path = folder + "/" + std::to_string(i) + ".npy";
      writeNpy(path, test.arguments[i], getElementTypeOrSelf(test.type.getInput(i)));
      words.append({"--input", name + "=" + path});
    }
    writeParameters();
    llvm::Expected<std::string> said = execute(words);
    if (!said)
      return said.takeError();
    Outcome outcome;
    for (const std::string &name : test.resultNames)
      outcome.results.push_back(readNpyFile(folder + "/out/" + name + ".npy"));
    outcome.states = test.states;
    readStates(outcome.states);
    return outcome;
  }

private:
  /// What it prints, or why it fails.
  llvm::Expected<std::string> execute(ArrayRef<std::string> arguments) {
    SmallVector<StringRef> words{program};
    words.append(arguments.begin(), arguments.end());
    std::string out = folder + "/stdout", err = folder + "/stderr", problem;
    int code = llvm::sys::ExecuteAndWait(program, words, std::nullopt, {std::nullopt, StringRef(out), StringRef(err)},
                                         /*SecondsToWait=*/600, 0, &problem);
    if (code != 0)
      return llvm::createStringError("%s", (problem + contentOf(err)).c_str());
    return contentOf(out);
  }

  static std::string contentOf(const std::string &path) {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    return buffer ? (*buffer)->getBuffer().trim().str() : "";
  }

  llvm::Expected<llvm::StringSet<>> inputsOfEntry() {
    llvm::Expected<std::string> text = execute({"info", "--json"});
    if (!text)
      return text.takeError();
    llvm::Expected<llvm::json::Value> info = llvm::json::parse(*text);
    if (!info)
      return info.takeError();
    llvm::StringSet<> names;
    for (const llvm::json::Value &entry : *info->getAsObject()->getArray("entries"))
      if (entry.getAsObject()->getString("name") == StringRef(test.name))
        for (const llvm::json::Value &input : *entry.getAsObject()->getArray("inputs"))
          names.insert(*input.getAsObject()->getString("name"));
    return names;
  }

  void writeParameters() {
    std::vector<TensorEntry> entries;
    std::string bytes;
    for (const auto &[name, value] : test.states) {
      entries.push_back({name, "F32", value.shape});
      bytes += bytesOf(value, Float32Type::get(test.type.getContext()));
    }
    std::string header = makeTensorHeader(entries, {});
    writeFileAtomically(folder + "/before.safetensors", headerLengthBytes(header) + header + bytes);
  }

  /// Those that the program has, and that outlive a step.
  void readStates(States &states) {
    FileReader file(folder + "/after.safetensors");
    TensorFile contents = readTensorHeader(file);
    const uint64_t start = 8 + contents.header.size();
    for (auto &[name, value] : states) {
      const TensorEntry *entry = contents.find(name);
      if (!entry)
        entry = contents.find("optimizer." + name);
      if (!entry)
        continue;
      for (int64_t i = 0; i < value.size(); ++i) {
        std::array<char, 4> word;
        file.readAt(start + entry->begin + static_cast<uint64_t>(4 * i), word.data(), word.size());
        value[i] = entry->dtype == "I32" ? static_cast<double>(llvm::bit_cast<int32_t>(word))
                                         : static_cast<double>(llvm::bit_cast<float>(word));
      }
    }
  }

  StringRef program, device;
  const Case &test;
  std::string folder;
};

} // namespace

llvm::Expected<Outcome> runProgram(StringRef program, StringRef device, const Case &test) try {
  SmallString<128> folder;
  if (std::error_code error = llvm::sys::fs::createUniqueDirectory("sinter-run", folder))
    return llvm::createStringError(error, "cannot create a temporary folder");
  auto remove = llvm::scope_exit([&] { llvm::sys::fs::remove_directories(folder); });
  return ProgramRun(program, device, test, folder.str().str()).run();
} catch (const Failure &failed) {
  return llvm::createStringError("%s", failed.what());
}

} // namespace sinter::run
