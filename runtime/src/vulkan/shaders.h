// The code of a program's shaders, which lies packed in its executable: in a fifth of the room.
#pragma once

#include "sinter/abi.h"

namespace sinter::vulkan {

/// Makes the shaders' words what they are, if nobody has done so before. Failure (device) if they are damaged.
void unpackShaders(const sinter_vulkan_version &version);

} // namespace sinter::vulkan
