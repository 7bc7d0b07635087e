#include "commands/report/event_file.h"

#include <array>
#include <cstring>

namespace sinter {

static constexpr std::array<uint32_t, 256> crcTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit)
      value = value >> 1 ^ (value & 1 ? 0x82f63b78 : 0);
    table[i] = value;
  }
  return table;
}();

uint32_t crc32c(std::string_view data) {
  uint32_t crc = ~uint32_t(0);
  for (const char byte : data)
    crc = crc >> 8 ^ crcTable[(crc ^ static_cast<unsigned char>(byte)) & 0xff];
  return ~crc;
}

namespace {

// Little-endian, as the machines are that programs are compiled for.
template <typename T> void appendNumber(std::string &to, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  to.append(bytes, sizeof value);
}

/// A message of protocol buffers, field by field.
class Message {
public:
  Message &varint(uint32_t field, uint64_t value) {
    number(field << 3);
    number(value);
    return *this;
  }
  Message &fixed64(uint32_t field, double value) {
    number(field << 3 | 1);
    appendNumber(bytes_, value);
    return *this;
  }
  Message &fixed32(uint32_t field, float value) {
    number(field << 3 | 5);
    appendNumber(bytes_, value);
    return *this;
  }
  Message &text(uint32_t field, std::string_view value) {
    number(field << 3 | 2);
    number(value.size());
    bytes_ += value;
    return *this;
  }
  Message &message(uint32_t field, const Message &value) { return text(field, value.bytes_); }
  const std::string &bytes() const { return bytes_; }

private:
  void number(uint64_t value) {
    for (; value >= 0x80; value >>= 7)
      bytes_ += char(value | 0x80);
    bytes_ += char(value);
  }
  std::string bytes_;
};

Message eventAt(double time, int64_t step) { return Message().fixed64(1, time).varint(2, uint64_t(step)); }

} // namespace

// Their CRCs are masked: rotated right by 15, and a constant is added.
static uint32_t masked(std::string_view data) {
  const uint32_t crc = crc32c(data);
  return (crc >> 15 | crc << 17) + 0xa282ead8;
}

void EventFile::record(std::string_view event) {
  std::string length;
  appendNumber(length, uint64_t(event.size()));
  bytes_ += length;
  appendNumber(bytes_, masked(length));
  bytes_ += event;
  appendNumber(bytes_, masked(event));
}

EventFile::EventFile(double time) { record(Message().fixed64(1, time).text(3, "brain.Event:2").bytes()); }

void EventFile::scalar(double time, int64_t step, std::string_view tag, float value) {
  const Message one = Message().text(1, tag).fixed32(2, value);
  record(eventAt(time, step).message(5, Message().message(1, one)).bytes());
}

// A tensor of one string, which the plugin `text` shows.
void EventFile::text(double time, int64_t step, std::string_view tag, std::string_view text) {
  constexpr uint64_t dtString = 7;
  const Message shape = Message().message(2, Message().varint(1, 1));
  const Message tensor = Message().varint(1, dtString).message(2, shape).text(8, text);
  const Message plugin = Message().message(1, Message().text(1, "text"));
  const Message one = Message().text(1, tag).message(8, tensor).message(9, plugin);
  record(eventAt(time, step).message(5, Message().message(1, one)).bytes());
}

} // namespace sinter
