// A step allocates nothing: operator new is counted here, so this file is for builds without sanitizers, which have
// their own.
#include "../support.h"
#include "program/device.h"
#include "vulkan/vulkan_device.h"

#include <atomic>
#include <new>

static std::atomic<int64_t> allocations{0};

void *operator new(size_t size) {
  ++allocations;
  if (void *memory = std::malloc(size ? size : 1))
    return memory;
  throw std::bad_alloc();
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, size_t) noexcept { std::free(memory); }

namespace sinter::test {

// From the second call on: the first one records the entry, and the first timed one its timestamps. Without the
// validation layer, which allocates as it likes.
TEST(VulkanSteps, AllocateNothing) {
  const Setting validation("SINTER_VULKAN_VALIDATE", "0");
  for (const char *switches : {"", "staging"}) {
    SCOPED_TRACE(switches);
    const Setting test("SINTER_VULKAN_TEST", switches);
    VulkanOptions options;
    for (const VulkanDeviceInfo &device : listVulkanDevices(sinter_program_v1))
      if (device.type == "software on the processor")
        options.index = device.index;
    Program program(sinter_program_v1, makeVulkanDevice(sinter_program_v1, options));
    program.initialize(1);
    const sinter_entry &entry = *program.findEntry("train");
    std::vector<double> seconds(entry.launch_count);
    for (int call = 0; call < 2; ++call) {
      program.setDefaults(entry);
      program.run(entry);
      program.run(entry, seconds.data());
    }
    const int64_t before = allocations;
    EXPECT_GT(before, 0); // it does count
    for (int call = 0; call < 5; ++call) {
      program.setDefaults(entry);
      program.run(entry);
      program.run(entry, seconds.data());
    }
    EXPECT_EQ(allocations, before);
  }
}

} // namespace sinter::test
