// TensorBoard's event files: records of TensorFlow's (a length and the data, each with a CRC-32C) that hold Event
// messages of protocol buffers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sinter {

/// CRC-32C (Castagnoli; RFC 3720, appendix B.4).
uint32_t crc32c(std::string_view data);

/// The records of one file, in memory.
class EventFile {
public:
  /// Begins with the version, "brain.Event:2", as of `time` (seconds since 1970).
  explicit EventFile(double time);
  void scalar(double time, int64_t step, std::string_view tag, float value);
  void text(double time, int64_t step, std::string_view tag, std::string_view text);
  const std::string &bytes() const { return bytes_; }

private:
  void record(std::string_view event);
  std::string bytes_;
};

} // namespace sinter
