// Constants of the program descriptor (abi.h) in an LLVM module.
#pragma once

#include "compiler/codegen/Codegen.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"

namespace sinter {

class DescriptorBuilder {
public:
  explicit DescriptorBuilder(llvm::Module &module)
      : module(module), context(module.getContext()), i32(llvm::Type::getInt32Ty(context)),
        i64(llvm::Type::getInt64Ty(context)), f64(llvm::Type::getDoubleTy(context)),
        ptr(llvm::PointerType::get(context, 0)) {}

  llvm::Constant *u32(uint64_t value) { return llvm::ConstantInt::get(i32, value); }
  llvm::Constant *u64(uint64_t value) { return llvm::ConstantInt::get(i64, value); }
  llvm::Constant *real(double value) { return llvm::ConstantFP::get(f64, value); }

  llvm::Constant *record(llvm::ArrayRef<llvm::Constant *> fields) {
    return llvm::ConstantStruct::getAnon(context, fields, /*Packed=*/false);
  }

  llvm::Constant *global(llvm::Constant *value, int64_t alignment) {
    auto *variable = new llvm::GlobalVariable(module, value->getType(), /*isConstant=*/true,
                                              llvm::GlobalValue::PrivateLinkage, value, "sinter.data");
    variable->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
    variable->setAlignment(llvm::Align(alignment));
    return variable;
  }

  /// Zeros that a program may write: they take no room in its file.
  llvm::GlobalVariable *zeros(llvm::Type *type, int64_t alignment) {
    auto *variable = new llvm::GlobalVariable(module, type, /*isConstant=*/false, llvm::GlobalValue::PrivateLinkage,
                                              llvm::Constant::getNullValue(type), "sinter.zeros");
    variable->setAlignment(llvm::Align(alignment));
    return variable;
  }

  /// The address of the elements, null if there are none.
  llvm::Constant *array(llvm::ArrayRef<llvm::Constant *> elements) {
    if (elements.empty())
      return llvm::ConstantPointerNull::get(ptr);
    auto *type = llvm::ArrayType::get(elements.front()->getType(), elements.size());
    return global(llvm::ConstantArray::get(type, elements), 8);
  }

  llvm::Constant *string(llvm::StringRef text) {
    llvm::Constant *&known = strings[text];
    if (!known)
      known = global(llvm::ConstantDataArray::getString(context, text), 1);
    return known;
  }

  llvm::Module &module;
  llvm::LLVMContext &context;
  llvm::Type *i32, *i64, *f64;
  llvm::PointerType *ptr;

private:
  llvm::StringMap<llvm::Constant *> strings;
};

/// plan::kFlopsAttr or plan::kBytesAttr of a kernel; 0 if it is missing.
double workOf(mlir::Operation *kernel, llvm::StringRef name);

/// A sinter_vulkan_version with a record for each of `kernels`; null, after an error, if a shader cannot be had.
llvm::Constant *describeVulkanVersion(DescriptorBuilder &builder, const Version &version,
                                      llvm::ArrayRef<mlir::StringAttr> kernels);

} // namespace sinter
