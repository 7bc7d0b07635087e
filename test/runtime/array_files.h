// Files of arrays, made for tests byte by byte.
#pragma once

#include "support.h"

#include <cstring>
#include <string>
#include <vector>
#include <zlib.h>

namespace sinter::test {

template <typename T> std::string bytesOf(const std::vector<T> &values) {
  return {reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T)};
}

inline std::string littleEndian(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i)
    text += char(i < 8 ? value >> (8 * i) : 0);
  return text;
}

/// As numpy.save writes it: `shape` like "3, 4, ".
inline std::string npyFile(const std::string &type, const std::string &shape, const std::string &content,
                           const std::string &fortran = "False", int version = 1) {
  std::string header = "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': (" + shape + "), }";
  header.resize((header.size() / 64 + 1) * 64 + (version == 1 ? 53 : 51), ' ');
  header += '\n';
  return "\x93NUMPY" + std::string{char(version), 0} + littleEndian(header.size(), version == 1 ? 2 : 4) + header +
         content;
}

/// A member of an archive; `packed` by deflate or as it is.
struct Member {
  std::string name, content;
  bool packed = false, large = false; ///< large: its sizes stand in the extra field, as those of 4 GB must
};

/// As zipfile writes it; `large`: with the directory's place where files of 4 GB have it.
inline std::string zipFile(const std::vector<Member> &members, bool large = false) {
  std::string file, directory;
  for (const Member &member : members) {
    std::string content = member.content;
    if (member.packed) {
      z_stream stream = {};
      deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
      content.resize(deflateBound(&stream, member.content.size()));
      stream.next_in = reinterpret_cast<unsigned char *>(const_cast<char *>(member.content.data()));
      stream.avail_in = unsigned(member.content.size());
      stream.next_out = reinterpret_cast<unsigned char *>(content.data());
      stream.avail_out = unsigned(content.size());
      deflate(&stream, Z_FINISH);
      content.resize(stream.total_out);
      deflateEnd(&stream);
    }
    const uint32_t crc = uint32_t(
        crc32(0, reinterpret_cast<const unsigned char *>(member.content.data()), unsigned(member.content.size())));
    const std::string sizes = member.large ? std::string(8, '\xff')
                                           : littleEndian(content.size(), 4) + littleEndian(member.content.size(), 4);
    const std::string extra = member.large
                                  ? littleEndian(1, 2) + littleEndian(16, 2) + littleEndian(member.content.size(), 8) +
                                        littleEndian(content.size(), 8)
                                  : "";
    const std::string common = littleEndian(0, 2) + littleEndian(member.packed ? 8 : 0, 2) + littleEndian(0, 4) +
                               littleEndian(crc, 4) + sizes + littleEndian(member.name.size(), 2) +
                               littleEndian(extra.size(), 2);
    directory += "PK\1\2" + littleEndian(20, 2) + littleEndian(20, 2) + common + littleEndian(0, 10) +
                 littleEndian(file.size(), 4) + member.name + extra;
    file += "PK\3\4" + littleEndian(20, 2) + common + member.name + extra + content;
  }
  const uint64_t at = file.size(), count = members.size();
  file += directory;
  if (large) {
    const uint64_t end = file.size();
    file += "PK\6\6" + littleEndian(44, 8) + littleEndian(45, 2) + littleEndian(45, 2) + littleEndian(0, 8) +
            littleEndian(count, 8) + littleEndian(count, 8) + littleEndian(directory.size(), 8) + littleEndian(at, 8);
    file += "PK\6\7" + littleEndian(0, 4) + littleEndian(end, 8) + littleEndian(1, 4);
  }
  return file + "PK\5\6" + littleEndian(0, 4) + littleEndian(count, 2) + littleEndian(count, 2) +
         littleEndian(directory.size(), 4) + (large ? std::string(4, '\xff') : littleEndian(at, 4)) +
         littleEndian(0, 2);
}

/// A tensor of a safetensors file that has it alone.
inline std::string tensorFile(const std::string &name, const std::string &type, const std::string &shape,
                              const std::string &content) {
  const std::string header = "{\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":[" + shape +
                             "],\"data_offsets\":[0," + std::to_string(content.size()) + "]}}";
  return littleEndian(header.size(), 8) + header + content;
}

} // namespace sinter::test
