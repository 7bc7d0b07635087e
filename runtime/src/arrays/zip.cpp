// The files are untrusted. PKWARE's APPNOTE.TXT, sections 4.3 and 4.5.3.
#include "arrays/zip.h"

#include "base/error.h"
#include "base/format.h"
#include "checkpoint/safetensors.h"
#include "files/file_kind.h"
#include "files/files.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <zlib.h>

namespace sinter {

namespace {

constexpr uint64_t localBytes = 30, centralBytes = 46, endBytes = 22, end64Bytes = 56, locatorBytes = 20;
constexpr uint64_t longestComment = 65535, largestDirectory = TensorLimits::headerBytes;

template <typename T> T number(const char *at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

[[noreturn]] void damaged(const std::string &path, const char *why) {
  fail(Exit::Damaged, formatted("{}: damaged, or not a zip archive: {}", path, why));
}

std::string bytesAt(const FileReader &file, uint64_t at, uint64_t size) {
  if (at > file.size() || size > file.size() - at)
    damaged(file.path(), "truncated");
  std::string bytes(size, '\0');
  if (file.readAt(at, bytes.data(), size) != size)
    damaged(file.path(), "truncated");
  return bytes;
}

struct Directory {
  uint64_t at, size, count;
};

// Where the directory of members is: said at the end of the file, before a comment.
Directory findDirectory(const FileReader &file) {
  const uint64_t tailBytes = std::min(file.size(), endBytes + longestComment);
  const std::string tail = bytesAt(file, file.size() - tailBytes, tailBytes);
  size_t at = tail.rfind("PK\5\6");
  if (at == tail.npos || tail.size() - at < endBytes)
    damaged(file.path(), "it has no directory, which is at its end");
  const char *end = tail.data() + at;
  Directory directory = {number<uint32_t>(end + 16), number<uint32_t>(end + 12), number<uint16_t>(end + 10)};
  if (directory.at != UINT32_MAX && directory.size != UINT32_MAX && directory.count != UINT16_MAX)
    return directory;
  const uint64_t endAt = file.size() - tailBytes + at;
  if (endAt < locatorBytes)
    damaged(file.path(), "it has no directory of more than 4 GB");
  const std::string locator = bytesAt(file, endAt - locatorBytes, locatorBytes);
  if (!locator.starts_with("PK\6\7"))
    damaged(file.path(), "it has no directory of more than 4 GB");
  const std::string large = bytesAt(file, number<uint64_t>(locator.data() + 8), end64Bytes);
  if (!large.starts_with("PK\6\6"))
    damaged(file.path(), "it has no directory of more than 4 GB");
  return {number<uint64_t>(large.data() + 48), number<uint64_t>(large.data() + 40),
          number<uint64_t>(large.data() + 32)};
}

// Sizes and places of 4 GB and more stand in an extra field, those of them that do not fit elsewhere.
bool readLargeNumbers(std::string_view extra, ZipMember &member) {
  std::vector<uint64_t *> wanted;
  for (uint64_t *value : {&member.size, &member.packed, &member.header})
    if (*value == UINT32_MAX)
      wanted.push_back(value);
  if (wanted.empty())
    return true;
  while (extra.size() >= 4) {
    const size_t kind = number<uint16_t>(extra.data()), size = number<uint16_t>(extra.data() + 2);
    if (size > extra.size() - 4)
      return false;
    if (kind == 1 && size >= 8 * wanted.size()) {
      for (size_t i = 0; i < wanted.size(); ++i)
        *wanted[i] = number<uint64_t>(extra.data() + 4 + 8 * i);
      return true;
    }
    extra.remove_prefix(4 + size);
  }
  return false;
}

/// The content of a member, in order.
class Content {
public:
  Content(const FileReader &file, const std::string &what, const ZipMember &member)
      : file_(file), what_(what), member_(member), left_(member.packed) {
    const std::string local = bytesAt(file, member.header, localBytes);
    if (!local.starts_with("PK\3\4"))
      damaged(what, "a member is not where the directory says");
    at_ = member.header + localBytes + number<uint16_t>(local.data() + 26) + number<uint16_t>(local.data() + 28);
    if (at_ > file.size() || member.packed > file.size() - at_)
      damaged(what, "truncated");
    if (member.deflated && inflateInit2(&stream_, -MAX_WBITS) != Z_OK)
      throw std::bad_alloc();
  }
  ~Content() {
    if (member_.deflated)
      inflateEnd(&stream_);
  }
  Content(const Content &) = delete;
  Content &operator=(const Content &) = delete;

  size_t read(void *data, size_t size) {
    size = size_t(std::min<uint64_t>(size, member_.size - done_));
    const size_t got =
        member_.deflated ? inflated(static_cast<char *>(data), size) : next(static_cast<char *>(data), size);
    crc_ = crc32_z(crc_, static_cast<const unsigned char *>(data), got);
    done_ += got;
    return got;
  }

  void finish() {
    char more;
    if (done_ != member_.size || (member_.deflated && (inflated(&more, 1) || !ended_)))
      damaged(what_, "a member is longer or shorter than the directory says");
    if (crc_ != member_.crc)
      damaged(what_, "its content has another checksum than it was packed with");
  }

private:
  // Bytes of the file.
  size_t next(char *data, size_t size) {
    size = size_t(std::min<uint64_t>(size, left_));
    if (file_.readAt(at_, data, size) != size)
      damaged(what_, "truncated");
    at_ += size;
    left_ -= size;
    return size;
  }

  size_t inflated(char *data, size_t size) {
    size_t done = 0;
    while (done < size && !ended_) {
      if (!stream_.avail_in) {
        stream_.next_in = reinterpret_cast<unsigned char *>(packed_);
        stream_.avail_in = unsigned(next(packed_, sizeof packed_));
      }
      const size_t room = std::min<size_t>(size - done, 1 << 30);
      stream_.next_out = reinterpret_cast<unsigned char *>(data + done);
      stream_.avail_out = unsigned(room);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      done += room - stream_.avail_out;
      ended_ = result == Z_STREAM_END;
      if (!ended_ && result != Z_OK)
        damaged(what_, "a member cannot be unpacked");
    }
    return done;
  }

  const FileReader &file_;
  const std::string &what_;
  const ZipMember &member_;
  uint64_t at_ = 0, left_, done_ = 0;
  uLong crc_ = 0;
  bool ended_ = false;
  z_stream stream_ = {};
  char packed_[65536];
};

} // namespace

std::map<std::string, ZipMember> readZipDirectory(const FileReader &file) {
  const std::string beginning = file.beginning(kindBytes);
  if (const std::string kind = knownKind(beginning); !beginning.starts_with("PK") && !kind.empty())
    fail(Exit::Input, formatted("{}: not a zip archive but {}", file.path(), kind));
  const Directory directory = findDirectory(file);
  if (directory.size > largestDirectory || directory.count > TensorLimits::tensors)
    damaged(file.path(), "its directory is too large");
  const std::string text = bytesAt(file, directory.at, directory.size);
  std::map<std::string, ZipMember> members;
  size_t at = 0;
  for (uint64_t n = 0; n < directory.count; ++n) {
    if (text.size() - at < centralBytes || !std::string_view(text).substr(at).starts_with("PK\1\2"))
      damaged(file.path(), "its directory is shorter than it says");
    const char *entry = text.data() + at;
    const size_t nameBytes = number<uint16_t>(entry + 28), extraBytes = number<uint16_t>(entry + 30),
                 commentBytes = number<uint16_t>(entry + 32);
    if (text.size() - at - centralBytes < nameBytes + extraBytes + commentBytes || nameBytes > TensorLimits::nameLength)
      damaged(file.path(), "its directory is shorter than it says, or has a long name");
    const std::string name(entry + centralBytes, nameBytes);
    const int method = number<uint16_t>(entry + 10);
    if (number<uint16_t>(entry + 8) & 1)
      fail(Exit::Input, formatted("{}: {} is encrypted", file.path(), name));
    if (method != 0 && method != 8)
      fail(Exit::Input, formatted("{}: {} is packed by method {}, only 0 (stored) and 8 (deflated) are read",
                                  file.path(), name, method));
    ZipMember member = {method == 8, number<uint32_t>(entry + 16), number<uint32_t>(entry + 20),
                        number<uint32_t>(entry + 24), number<uint32_t>(entry + 42)};
    if (!readLargeNumbers({entry + centralBytes + nameBytes, extraBytes}, member) ||
        (!member.deflated && member.packed != member.size))
      damaged(file.path(), "its directory has wrong sizes");
    if (!members.emplace(name, member).second)
      damaged(file.path(), "it has two members of one name");
    at += centralBytes + nameBytes + extraBytes + commentBytes;
  }
  return members;
}

void readZipMember(const FileReader &file, const std::string &what, const ZipMember &member,
                   const std::function<void(const ReadBytes &)> &use) {
  const auto content = std::make_unique<Content>(file, what, member); // too large for the stack
  use([&](void *data, size_t size) { return content->read(data, size); });
  content->finish();
}

} // namespace sinter
