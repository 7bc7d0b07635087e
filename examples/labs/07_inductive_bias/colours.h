// colours.h - colour images of 32 x 32: CIFAR-10's binary files, and the emoji of Debian's fonts-noto-color-emoji with
// the groups of its unicode-data, which are read from the font itself.
#pragma once

#include "data.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace lab {

/// A file of CIFAR-10 (binary version): for each image a byte of its class, then 1024 bytes each of red, green and
/// blue. Added to `images`. Throws where the size is not a multiple of 3073 bytes, or a class above 9.
inline void read_cifar(const std::string &path, Images &images) {
  const std::vector<unsigned char> bytes = read_file(path);
  if (bytes.empty() || bytes.size() % 3073)
    throw std::runtime_error(path + ": " + std::to_string(bytes.size()) + " bytes are no images of CIFAR-10");
  images.side = 32, images.channels = 3;
  for (size_t at = 0; at < bytes.size(); at += 3073) {
    if (bytes[at] > 9)
      throw std::runtime_error(path + ": class " + std::to_string(int(bytes[at])) + " of 10");
    images.labels.push_back(bytes[at]);
    for (size_t pixel = 0; pixel < 1024; ++pixel)
      for (size_t c = 0; c < 3; ++c)
        images.pixels.push_back(float(bytes[at + 1 + 1024 * c + pixel]) / 255);
  }
}

/// Big-endian numbers of a font or a PNG, checked against its end.
struct Bytes {
  const std::vector<unsigned char> &all;
  uint32_t number(size_t at, int count) const {
    if (at + size_t(count) > all.size())
      throw std::runtime_error("an emoji's data ends too early");
    uint32_t value = 0;
    for (int i = 0; i < count; ++i)
      value = value << 8 | all[at + size_t(i)];
    return value;
  }
};

/// A PNG of 4 or 8 bits with a palette, or of 8 bits with red, green, blue and alpha, on white: [height, width, 3].
struct Png {
  size_t width = 0, height = 0;
  std::vector<float> pixels;
};
inline Png decode_png(const std::vector<unsigned char> &file, size_t start) {
  const Bytes from{file};
  std::vector<unsigned char> packed, palette, alpha;
  size_t depth = 0, kind = 0;
  Png png;
  for (size_t at = start + 8;;) {
    const size_t length = from.number(at, 4), name = from.number(at + 4, 4), data = at + 8;
    from.number(data + length, 4); // all of it is there
    const auto begin = file.begin() + std::ptrdiff_t(data), end = begin + std::ptrdiff_t(length);
    if (name == 0x49484452) // IHDR
      png.width = from.number(data, 4), png.height = from.number(data + 4, 4), depth = file[data + 8],
      kind = file[data + 9];
    else if (name == 0x504c5445) // PLTE
      palette.assign(begin, end);
    else if (name == 0x74524e53) // tRNS
      alpha.assign(begin, end);
    else if (name == 0x49444154) // IDAT
      packed.insert(packed.end(), begin, end);
    else if (name == 0x49454e44) // IEND
      break;
    at = data + length + 4;
  }
  if (!(kind == 3 && (depth == 4 || depth == 8)) && !(kind == 6 && depth == 8))
    throw std::runtime_error("an emoji is a PNG of another kind");
  const size_t step = kind == 3 ? 1 : 4, row = kind == 3 ? (png.width * depth + 7) / 8 : png.width * 4;
  std::vector<unsigned char> raw(png.height * (row + 1));
  uLongf size = raw.size();
  if (uncompress(raw.data(), &size, packed.data(), packed.size()) != Z_OK || size != raw.size())
    throw std::runtime_error("an emoji is damaged");
  palette.resize(768, 0), alpha.resize(256, 255);
  std::vector<unsigned char> above(row, 0);
  for (size_t y = 0; y < png.height; ++y) {
    unsigned char *line = &raw[y * (row + 1)];
    const int filter = *line++;
    for (size_t i = 0; i < row; ++i) { // what each byte was predicted from: left, above, both, or the nearest of three
      const int a = i >= step ? line[i - step] : 0, b = above[i], c = i >= step ? above[i - step] : 0, p = a + b - c;
      const int da = std::abs(p - a), db = std::abs(p - b), dc = std::abs(p - c);
      const int paeth = da <= db && da <= dc ? a : db <= dc ? b : c;
      line[i] = static_cast<unsigned char>(line[i] + (filter == 1   ? a
                                                      : filter == 2 ? b
                                                      : filter == 3 ? (a + b) / 2
                                                      : filter == 4 ? paeth
                                                                    : 0));
    }
    std::copy(line, line + row, above.begin());
    for (size_t x = 0; x < png.width; ++x) {
      const size_t index = kind == 6 ? 0 : depth == 8 ? line[x] : x % 2 ? line[x / 2] & 15 : line[x / 2] >> 4;
      const unsigned char *colour = kind == 6 ? &line[4 * x] : &palette[3 * index];
      const float opaque = float(kind == 6 ? line[4 * x + 3] : alpha[index]) / 255;
      for (size_t channel = 0; channel < 3; ++channel)
        png.pixels.push_back(opaque * float(colour[channel]) / 255 + 1 - opaque);
    }
  }
  return png;
}

/// Where the PNG of each character begins in a font's CBDT table (OpenType: format 17, found by CBLC of format 1 and a
/// cmap of format 12).
inline std::map<uint32_t, size_t> emoji_places(const std::vector<unsigned char> &font) {
  const Bytes from{font};
  std::map<uint32_t, size_t> tables, glyphs, characters;
  for (size_t i = 0; i < from.number(4, 2); ++i)
    tables[from.number(12 + 16 * i, 4)] = from.number(20 + 16 * i, 4);
  const size_t cblc = tables[0x43424c43], cbdt = tables[0x43424454], cmap = tables[0x636d6170];
  if (!cblc || !cbdt || !cmap)
    throw std::runtime_error("the emoji's font has no bitmaps");
  const size_t arrays = cblc + from.number(cblc + 8, 4);
  for (size_t i = 0; i < from.number(cblc + 16, 4); ++i) {
    const uint32_t first = from.number(arrays + 8 * i, 2), last = from.number(arrays + 8 * i + 2, 2);
    const size_t table = arrays + from.number(arrays + 8 * i + 4, 4);
    if (from.number(table, 2) != 1 || from.number(table + 2, 2) != 17)
      continue;
    for (uint32_t glyph = first; glyph <= last; ++glyph) {
      const size_t offset = from.number(table + 8 + 4 * (glyph - first), 4);
      if (from.number(table + 12 + 4 * (glyph - first), 4) > offset)
        glyphs[glyph] = cbdt + from.number(table + 4, 4) + offset + 9; // behind 5 bytes of metrics and 4 of a length
    }
  }
  for (size_t i = 0; i < from.number(cmap + 2, 2); ++i) {
    const size_t table = cmap + from.number(cmap + 8 + 8 * i, 4);
    if (from.number(table, 2) != 12)
      continue;
    for (size_t group = 0; group < from.number(table + 12, 4); ++group) {
      const size_t at = table + 16 + 12 * group;
      for (uint32_t code = from.number(at, 4); code <= from.number(at + 4, 4); ++code)
        if (const auto glyph = glyphs.find(from.number(at + 8, 4) + code - from.number(at, 4)); glyph != glyphs.end())
          characters[code] = glyph->second;
    }
  }
  return characters;
}

/// All emoji that are one character, in a random order; their class is their group, but for flags and components.
inline Images read_emoji() {
  const std::string path = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf",
                    list = "/usr/share/unicode/emoji/emoji-test.txt";
  const std::vector<unsigned char> font = read_file(path);
  const std::map<uint32_t, size_t> places = emoji_places(font);
  std::ifstream lines(list);
  if (!lines)
    throw std::runtime_error(list + ": cannot be read (Debian's package unicode-data)");
  std::vector<std::pair<uint32_t, int32_t>> chosen;
  std::map<std::string, int32_t> groups;
  std::string line, group;
  while (std::getline(lines, line)) {
    if (line.starts_with("# group: "))
      group = line.substr(9);
    std::istringstream words(line.substr(0, line.find('#')));
    std::string code, next, status;
    if (line.starts_with("#") || group == "Flags" || group == "Component" || !(words >> code >> next))
      continue;
    if (next == "FE0F") // asks for the colours of what may be a letter, too
      words >> next;
    if (next == ";" && words >> status && status == "fully-qualified" &&
        places.contains(uint32_t(std::stoul(code, nullptr, 16))))
      chosen.emplace_back(std::stoul(code, nullptr, 16), groups.emplace(group, int32_t(groups.size())).first->second);
  }
  std::mt19937 bits(4);
  std::ranges::shuffle(chosen, bits);
  Images images{.side = 32, .channels = 3};
  for (const auto &[code, label] : chosen) { // 136 x 128, of which the middle 128 x 128, each 4 x 4 its mean
    const Png png = decode_png(font, places.at(code));
    if (png.width < 128 || png.height != 128)
      continue;
    for (size_t y = 0; y < 32; ++y)
      for (size_t x = 0; x < 32; ++x)
        for (size_t c = 0; c < 3; ++c) {
          float sum = 0;
          for (size_t k = 0; k < 16; ++k)
            sum += png.pixels[((4 * y + k / 4) * png.width + (png.width - 128) / 2 + 4 * x + k % 4) * 3 + c];
          images.pixels.push_back(sum / 16);
        }
    images.labels.push_back(label);
  }
  return images;
}

} // namespace lab
