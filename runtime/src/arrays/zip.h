// Zip archives as NumPy writes them (.npz): members that are stored or deflated, of any size.
#pragma once

#include "arrays/npy.h"

#include <map>

namespace sinter {

class FileReader;

struct ZipMember {
  bool deflated = false;
  uint32_t crc = 0;
  uint64_t packed = 0, size = 0, header = 0; ///< bytes in the file, of the content, place of the local header
};

/// The members by name. Failure (damaged, or input for other formats and encryption) that names the file.
std::map<std::string, ZipMember> readZipDirectory(const FileReader &file);

/// Calls `use` with what reads the member's content, and checks afterwards that all of it was read and is as it was
/// when it was packed. `what` names it in Failures.
void readZipMember(const FileReader &file, const std::string &what, const ZipMember &member,
                   const std::function<void(const ReadBytes &)> &use);

} // namespace sinter
