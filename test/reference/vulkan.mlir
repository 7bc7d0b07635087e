// Vulkan takes part in what sinter-run compares: without a device it says so if asked for one, and a run that the check of hazards
// refuses is a failure.
// RUN: sinter-run %s | FileCheck %s --check-prefix=ALL
// RUN: bash -c 'VK_DRIVER_FILES=/nonexistent.json VK_ICD_FILENAMES=/nonexistent.json sinter-run %s' | FileCheck %s --check-prefix=WITHOUT
// RUN: bash -c '! VK_DRIVER_FILES=/nonexistent.json VK_ICD_FILENAMES=/nonexistent.json sinter-run %s --device=vulkan' | FileCheck %s --check-prefix=DRIVER
// RUN: bash -c '! SINTER_VULKAN_TEST=unordered sinter-run %s' | FileCheck %s --check-prefix=HAZARDS
// ALL: twice: reference ok, cpu ok {{.*}}, vulkan ok
// WITHOUT: twice: reference ok, cpu ok
// WITHOUT-NOT: vulkan
// DRIVER: twice: reference ok, vulkan FAILED: device vulkan: this machine has no Vulkan driver
// HAZARDS: twice: reference ok, cpu ok {{.*}}, vulkan FAILED: {{.*}} hazards, the first: {{.*}} {{reads what is being written|writes what is being read}}
func.func @twice(%x: tensor<16x24xf32>, %y: tensor<24x16xf32>) -> tensor<16x16xf32> {
  %0 = sinter.matmul %x, %y : (tensor<16x24xf32>, tensor<24x16xf32>) -> tensor<16x16xf32>
  %1 = sinter.softmax %0 : tensor<16x16xf32>
  %2 = sinter.matmul %1, %0 : (tensor<16x16xf32>, tensor<16x16xf32>) -> tensor<16x16xf32>
  return %2 : tensor<16x16xf32>
}
