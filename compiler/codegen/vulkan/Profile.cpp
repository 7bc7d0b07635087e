#include "compiler/codegen/vulkan/Profile.h"
#include "runtime/include/sinter/abi.h"

namespace sinter::vulkan {

// A CPU runs invocations as lanes of a vector, pays for every barrier, and loads from storage buffers lane by lane with
// checks, but whole vectors from texel buffers without branches; a GPU wants many invocations and its shared
// memory.
static constexpr Profile kProfiles[] = {
    {"registers", SINTER_VK_CPU, /*workgroup=*/128, /*texels=*/true, /*rowLanes=*/8, /*sharedMemory=*/false},
    {"shared", SINTER_VK_GPU, /*workgroup=*/64, /*texels=*/false, /*rowLanes=*/0, /*sharedMemory=*/true},
};

llvm::ArrayRef<Profile> profiles() { return kProfiles; }

const Profile *findProfile(llvm::StringRef name) {
  const auto *found = llvm::find_if(kProfiles, [&](const Profile &profile) { return profile.name == name; });
  return found == std::end(kProfiles) ? nullptr : found;
}

} // namespace sinter::vulkan
