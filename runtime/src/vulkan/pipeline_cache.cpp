#include "vulkan/pipeline_cache.h"

#include "base/error.h"
#include "base/format.h"
#include "base/hash.h"
#include "files/files.h"

#include <cstdlib>
#include <cstring>

namespace sinter::vulkan {

namespace {

/// Drivers look at the blob's own header, but not all of them at the rest: a hash tells whether all of it is what was
/// saved.
struct Header {
  char magic[8];
  uint32_t vendor, device, driver, reserved;
  uint8_t uuid[VK_UUID_SIZE];
  uint64_t size, hash;
};

constexpr uint64_t largest = uint64_t(256) << 20; // bytes that are read

Header headerFor(const VkPhysicalDeviceProperties &device, const std::byte *data, size_t size) {
  Header header{{'s', 'i', 'n', 't', 'e', 'r', 'P', '1'},
                device.vendorID,
                device.deviceID,
                device.driverVersion,
                0,
                {},
                size,
                hashOf(data, size)};
  std::memcpy(header.uuid, device.pipelineCacheUUID, VK_UUID_SIZE);
  return header;
}

} // namespace

std::string pipelineCachePath(const VkPhysicalDeviceProperties &device) {
  const char *cache = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
  std::string folder;
  if (cache && cache[0] == '/') // the convention: a relative path does not count
    folder = cache;
  else if (home && home[0] == '/')
    folder = std::string(home) + "/.cache";
  else
    return {};
  std::string uuid;
  for (uint8_t byte : device.pipelineCacheUUID)
    uuid += formatted("{:02x}", byte);
  return formatted("{}/sinter/vulkan-{}-{:x}.cache", folder, uuid, device.driverVersion);
}

std::vector<std::byte> readPipelineCache(const std::string &path, const VkPhysicalDeviceProperties &device) {
  if (path.empty())
    return {};
  try {
    FileReader file(path);
    Header found;
    if (!file.regular() || file.size() < sizeof found || file.size() > largest ||
        file.read(&found, sizeof found) != sizeof found)
      return {};
    std::vector<std::byte> data(file.size() - sizeof found);
    if (file.read(data.data(), data.size()) != data.size())
      return {};
    const Header expected = headerFor(device, data.data(), data.size());
    return std::memcmp(&found, &expected, sizeof found) == 0 ? data : std::vector<std::byte>();
  } catch (const Failure &) { // most often: there is none yet
    return {};
  }
}

void writePipelineCache(const std::string &path, const VkPhysicalDeviceProperties &device,
                        const std::vector<std::byte> &data) {
  if (path.empty() || data.empty())
    return;
  const Header header = headerFor(device, data.data(), data.size());
  try {
    makeFolder(path.substr(0, path.rfind('/')));
    AtomicFile file(path);
    file.write(&header, sizeof header);
    file.write(data.data(), data.size());
    file.commit();
  } catch (const Failure &) {
  }
}

} // namespace sinter::vulkan
