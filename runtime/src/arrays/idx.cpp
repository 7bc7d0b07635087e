// The files are untrusted.
#include "arrays/idx.h"

#include "arrays/npy.h"
#include "base/error.h"
#include "base/format.h"
#include "checkpoint/safetensors.h"
#include "files/file_kind.h"
#include "files/files.h"

#include <algorithm>
#include <optional>
#include <zlib.h>

namespace sinter {

namespace {

class Gunzip {
public:
  explicit Gunzip(const std::string &path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
    if (!file_)
      fail(Exit::Input, formatted("{}: cannot open", path));
  }
  ~Gunzip() { gzclose_r(file_); } // gzclose() would bring all that packs
  Gunzip(const Gunzip &) = delete;
  Gunzip &operator=(const Gunzip &) = delete;
  void read(void *data, size_t size) {
    size_t done = 0;
    while (done < size) {
      const int got = gzread(file_, static_cast<char *>(data) + done, unsigned(std::min<size_t>(size - done, 1 << 20)));
      if (got <= 0)
        fail(Exit::Damaged, formatted("{}: damaged: {}", path_, got < 0 ? "not readable as gzip" : "truncated"));
      done += size_t(got);
    }
  }
  bool atEnd() {
    char next;
    const int got = gzread(file_, &next, 1);
    int error = Z_OK; // a stream cut after its last data byte is told here only
    gzerror(file_, &error);
    if (got < 0 || error != Z_OK)
      fail(Exit::Damaged, formatted("{}: damaged: truncated, or not readable as gzip", path_));
    return got == 0;
  }

private:
  std::string path_;
  gzFile file_;
};

std::optional<Element> elementOf(unsigned char type) {
  switch (type) {
  case 0x08:
    return Element::Pixel;
  case 0x09:
    return Element::I8;
  case 0x0b:
    return Element::I16;
  case 0x0c:
    return Element::I32;
  case 0x0d:
    return Element::F32;
  case 0x0e:
    return Element::F64;
  }
  return std::nullopt;
}

// The first four bytes: the type of the elements, checked together with the number of axes.
Element readHead(const std::string &path, const unsigned char *head, size_t rank) {
  const std::optional<Element> element = elementOf(head[2]);
  const bool plausible = head[0] == 0 && head[1] == 0 && (rank ? head[3] == rank : head[3] >= 1);
  if (plausible && head[2] != 0 && (!element || (rank && element != Element::Pixel)))
    fail(Exit::Input, formatted("{}: an IDX file of type 0x{:02x}, but only {} are read", path, head[2],
                                rank ? "bytes (0x08)" : "0x08, 0x09 and 0x0b to 0x0e"));
  if (!plausible || !element || head[3] > TensorLimits::rank)
    fail(Exit::Damaged, rank ? formatted("{}: not an IDX file of bytes with {} axes", path, rank)
                             : formatted("{}: damaged, or not an IDX file", path));
  return *element;
}

} // namespace

Array readIdx(const std::string &path, size_t rank) {
  const FileReader opened(path); // also for the messages if it cannot be
  const uint64_t fileBytes = opened.size();
  const std::string beginning = opened.beginning(kindBytes);
  const std::string kind = beginning.starts_with("\x1f\x8b") ? "" : knownKind(beginning);
  if (!kind.empty())
    fail(Exit::Input, formatted("{}: not an IDX file but {}", path, kind));
  Gunzip file(path); // reads plain files as they are
  unsigned char head[4];
  file.read(head, sizeof head);
  Array array;
  array.origin = path;
  array.element = readHead(path, head, rank);
  uint64_t bytes = elementBytes(array.element);
  for (size_t d = 0; d < head[3]; ++d) {
    unsigned char size[4];
    file.read(size, sizeof size);
    array.shape.push_back(int64_t(uint64_t(size[0]) << 24 | size[1] << 16 | size[2] << 8 | size[3]));
    if (__builtin_mul_overflow(bytes, uint64_t(array.shape.back()), &bytes))
      bytes = UINT64_MAX;
  }
  const std::string sizes = shapeText(array.shape);
  if (bytes == 0)
    fail(Exit::Input, formatted("{}: is empty: sizes {}", path, sizes));
  if (bytes > fileBytes + spareBytes)
    fail(Exit::Damaged,
         formatted("{}: damaged or truncated: sizes {} need {} bytes, the file has {}", path, sizes, bytes, fileBytes));
  std::string content(bytes, '\0');
  file.read(content.data(), content.size());
  if (!file.atEnd())
    fail(Exit::Damaged, formatted("{}: damaged: more bytes than its sizes {} say", path, sizes));
  swapBytes(content, elementBytes(array.element));
  array.rowBytes = size_t(array.rowSize()) * elementBytes(array.element);
  array.bytes = std::make_shared<const std::string>(std::move(content));
  return array;
}

} // namespace sinter
