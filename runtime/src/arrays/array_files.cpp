// The files are untrusted.
#include "arrays/array_files.h"

#include "arrays/idx.h"
#include "arrays/table.h"
#include "arrays/zip.h"
#include "base/error.h"
#include "base/format.h"
#include "base/suggest.h"
#include "checkpoint/safetensors.h"
#include "files/files.h"
#include "sinter/abi.h"

#include <algorithm>
#include <optional>

namespace sinter {

namespace {

enum class Kind { Npy, Npz, Safetensors, Cifar, Idx, Table };

bool isIdxBeginning(std::string_view beginning) {
  return beginning.size() >= 4 && beginning[0] == 0 && beginning[1] == 0 && beginning[2] >= 8 && beginning[2] <= 14;
}

constexpr std::pair<const char *, Kind> endings[] = {
    {".npy", Kind::Npy},   {".npz", Kind::Npz},   {".safetensors", Kind::Safetensors},
    {".bin", Kind::Cifar}, {".csv", Kind::Table}, {".tsv", Kind::Table},
    {".txt", Kind::Table}};

// By its name or, where that tells nothing, by how it begins.
Kind kindOf(const std::string &path, std::string_view beginning) {
  for (const auto &[ending, kind] : endings)
    if (path.ends_with(ending))
      return kind;
  return beginning.starts_with("\x93NUMPY")                                    ? Kind::Npy
         : beginning.starts_with("PK")                                         ? Kind::Npz
         : isIdxBeginning(beginning) || beginning.starts_with("\x1f\x8b")      ? Kind::Idx
         : beginning.size() > 8 && beginning[8] == '{' && beginning[7] == '\0' ? Kind::Safetensors
                                                                               : Kind::Table;
}

std::optional<Element> elementOf(std::string_view dtype) {
  constexpr std::pair<std::string_view, Element> known[] = {
      {"U8", Element::Pixel}, {"BOOL", Element::Bool}, {"I8", Element::I8},     {"U16", Element::U16},
      {"I16", Element::I16},  {"U32", Element::U32},   {"I32", Element::I32},   {"U64", Element::U64},
      {"I64", Element::I64},  {"F16", Element::F16},   {"BF16", Element::BF16}, {"F32", Element::F32},
      {"F64", Element::F64}};
  for (const auto &[name, element] : known)
    if (name == dtype)
      return element;
  return std::nullopt;
}

template <typename Items> std::vector<std::string> keysOf(const Items &items) {
  std::vector<std::string> keys;
  for (const auto &[key, value] : items)
    keys.push_back(key);
  return keys;
}

} // namespace

struct ArrayFiles::Opened {
  explicit Opened(const std::string &path) : file(path), kind(kindOf(path, file.beginning(16))) {
    if (!file.regular())
      fail(Exit::Input, formatted("{}: not a regular file", path));
    switch (kind) {
    case Kind::Npz:
      members = readZipDirectory(file);
      break;
    case Kind::Safetensors:
      for (TensorEntry &tensor : readTensorHeader(file).tensors)
        tensors.emplace(tensor.name, std::move(tensor));
      break;
    case Kind::Cifar:
      whole = readCifar();
      break;
    case Kind::Npy:
      whole = readNpy(path, file.size(), [&](void *data, size_t size) { return file.read(data, size); });
      break;
    case Kind::Idx:
      whole = readIdx(path);
      break;
    case Kind::Table:
      table = readTable(path);
    }
  }

  Array read(const std::string &part, const std::string &name, uint32_t dtype) {
    if (kind == Kind::Table)
      return columns(part, name);
    if (kind == Kind::Cifar)
      return cifarPart(part, name, dtype);
    if (kind == Kind::Npz || kind == Kind::Safetensors)
      return member(part, name);
    if (!part.empty())
      fail(Exit::Usage, formatted("{}: is one array: nothing in it is called {}", file.path(), part));
    return whole;
  }

  /// The place of the first label and how many there are, from the sizes: CIFAR-10 has one, CIFAR-100 two.
  Array readCifar() {
    constexpr uint64_t pixels = 3 * 32 * 32;
    const uint64_t size = file.size();
    labels = size % (pixels + 1) == 0 ? 1 : 2;
    if (!size || size % (pixels + labels))
      fail(Exit::Input, formatted("{}: {} bytes are no whole number of CIFAR's records of {} or {} bytes", file.path(),
                                  size, pixels + 1, pixels + 2));
    std::string bytes(size, '\0');
    if (file.read(bytes.data(), size) != size)
      fail(Exit::Damaged, formatted("{}: truncated", file.path()));
    Array array;
    array.origin = file.path();
    array.shape = {int64_t(size / (pixels + labels)), 3, 32, 32};
    array.element = Element::Pixel;
    array.begin = labels;
    array.rowBytes = pixels + labels;
    array.bytes = std::make_shared<const std::string>(std::move(bytes));
    return array;
  }

  Array cifarPart(const std::string &part, const std::string &name, uint32_t dtype) const {
    const std::string wanted = !part.empty() ? part : dtype == SINTER_I32 ? "labels" : "images";
    Array array = whole;
    array.origin += ":" + wanted;
    if (wanted == "images")
      return array;
    const bool coarse = wanted == "coarse";
    if (wanted != "labels" && !(labels == 2 && (coarse || wanted == "fine")))
      fail(Exit::Usage, formatted("{}: has no {} for the input {}: it has images, labels{}", file.path(), wanted, name,
                                  labels == 2 ? " (the fine ones), fine, coarse" : ""));
    array.element = Element::U8;
    array.shape = {array.shape[0]};
    array.begin = labels == 2 && !coarse ? 1 : 0;
    return array;
  }

  Array columns(const std::string &part, const std::string &name) const {
    if (!part.empty())
      return chooseColumns(*table, part);
    for (const std::string &column : table->names)
      if (column == name)
        return chooseColumns(*table, name);
    return table->all;
  }

  Array member(const std::string &part, const std::string &name) {
    const std::vector<std::string> names = kind == Kind::Npz ? keysOf(members) : keysOf(tensors);
    const auto has = [&](const std::string &key) { return members.contains(key) || tensors.contains(key); };
    std::string key = part.empty() ? name : part;
    if (!has(key) && has(key + ".npy"))
      key += ".npy";
    if (part.empty() && !has(key) && names.size() == 1)
      key = names[0];
    if (!has(key))
      fail(Exit::Input,
           formatted(
               "{}: has no array {}: it has {}{}{}", file.path(), key,
               names.empty()
                   ? "none"
                   : formatted("{}", fmt::join(names.begin(),
                                               names.begin() + ptrdiff_t(std::min<size_t>(names.size(), 10)), ", ")),
               names.size() > 10 ? " and more" : "",
               part.empty() ? formatted("; name one of them: --input {}={}:NAME", name, file.path())
                            : didYouMean(key, names)));
    const auto [found, isNew] = parts.try_emplace(key);
    if (isNew)
      found->second = kind == Kind::Npz ? unpacked(key) : tensor(key);
    return found->second;
  }

  Array unpacked(const std::string &key) {
    const ZipMember &packed = members.at(key);
    const std::string what = formatted("{}: {}", file.path(), key);
    if (packed.size > file.size() + spareBytes - taken || packed.size > file.size() + spareBytes)
      fail(Exit::Input, formatted("{}: {} bytes out of a file of {}: too strongly packed; save it by numpy.savez", what,
                                  packed.size, file.size()));
    taken += packed.size;
    Array array;
    readZipMember(file, what, packed, [&](const ReadBytes &read) { array = readNpy(what, packed.size, read); });
    return array;
  }

  Array tensor(const std::string &key) const {
    const TensorEntry &entry = tensors.at(key);
    const std::optional<Element> element = elementOf(entry.dtype);
    if (!element)
      fail(Exit::Input, formatted("{}: {}: numbers of type {} are not read", file.path(), key, entry.dtype));
    uint64_t dataBytes = 0; // of all tensors, which are what the file ends with
    for (const auto &[name, other] : tensors)
      dataBytes = std::max(dataBytes, other.end);
    std::string bytes(entry.end - entry.begin, '\0');
    if (file.readAt(file.size() - dataBytes + entry.begin, bytes.data(), bytes.size()) != bytes.size())
      fail(Exit::Damaged, formatted("{}: truncated in tensor {}", file.path(), key));
    Array array;
    array.origin = formatted("{}: {}", file.path(), key);
    array.shape = entry.shape;
    array.element = *element;
    array.bytes = std::make_shared<const std::string>(std::move(bytes));
    array.rowBytes = size_t(array.rowSize()) * elementBytes(*element);
    return array;
  }

  FileReader file;
  Kind kind;
  Array whole; // of files with one array; of CIFAR's the images
  size_t labels = 0;
  std::optional<Table> table;
  std::map<std::string, ZipMember> members;
  std::map<std::string, TensorEntry> tensors;
  std::map<std::string, Array> parts; // that were read
  uint64_t taken = 0;                 // by these
};

ArrayFiles::ArrayFiles() = default;
ArrayFiles::~ArrayFiles() = default;

ArrayFiles::Opened &ArrayFiles::open(const std::string &path) {
  std::unique_ptr<Opened> &opened = files_[path];
  if (!opened)
    opened = std::make_unique<Opened>(path);
  return *opened;
}

Array ArrayFiles::read(const std::string &path, const std::string &part, const std::string &name, uint32_t dtype) {
  Array array = open(path).read(part, name, dtype);
  for (const int64_t size : array.shape)
    if (size == 0)
      fail(Exit::Input, formatted("{}: is empty: shape {}", array.origin, shapeText(array.shape)));
  return array;
}

bool ArrayFiles::hasKnownEnding(const std::string &path) {
  return std::any_of(std::begin(endings), std::end(endings), [&](const auto &e) { return path.ends_with(e.first); });
}

bool ArrayFiles::holdsSeveral(const std::string &path) {
  const FileReader file(path);
  const Kind kind = kindOf(path, file.beginning(16));
  return kind != Kind::Npy && kind != Kind::Idx;
}

} // namespace sinter
