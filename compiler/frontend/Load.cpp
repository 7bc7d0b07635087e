// Compiles a model's C++ file to a shared object, loads it and runs it.
#include "compiler/HostCompiler.h"
#include "compiler/frontend/Builder.h"
#include "dialects/sinter/Places.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <dlfcn.h>

using namespace mlir;
using namespace sinter::frontend;

namespace sinter {

/// A message about no place in the model.
static LogicalResult problem(MLIRContext &context, const Twine &message) {
  return emitError(UnknownLoc::get(&context), message);
}

/// The folder of `path` as it is spelled, with a slash; nothing if it has none.
static StringRef folderOf(StringRef path) { return path.take_front(path.rfind('/') + 1); }

/// Runs the host's C++ compiler; its own messages go straight to the terminal. Places in the model are told from its
/// own folder on: the program is the same however its path is spelled.
static LogicalResult compileShared(const std::string &path, const std::string &output, MLIRContext &context,
                                   const ModelOptions &options) {
  auto compiler = HostCompiler::find();
  if (!compiler)
    return problem(context, llvm::toString(compiler.takeError()));
  std::vector<std::string> arguments{"-std=c++20", "-O0", "-Werror=unused-result", "-fPIC",
                                     "-shared",    "-I",  options.includeDirectory};
  if (StringRef folder = folderOf(path); !folder.empty())
    arguments.push_back(("-fmacro-prefix-map=" + folder + "=").str());
  arguments.insert(arguments.end(), {"-x", "c++", path, "-o", output});
  std::string error;
  if (compiler->run(arguments, /*log=*/"", options.verbose, error) == 0)
    return success();
  return problem(context, path + " does not compile" + (error.empty() ? "" : ": " + error));
}

/// " (did you mean NAME?)" with the declared name that misses `name` by about a third of its letters at most, or
/// nothing.
static std::string didYouMean(const ModelBuilder &builder, StringRef name) {
  std::string nearest;
  unsigned least = 1 + std::max<unsigned>(1, unsigned(name.size() / 3));
  for (auto &[other, declared] : builder.configs)
    if (unsigned distance = name.edit_distance(other, /*AllowReplacements=*/true, least);
        distance < least && distance < other.size()) {
      least = distance;
      nearest = other;
    }
  return nearest.empty() ? nearest : " (did you mean " + nearest + "?)";
}

/// Every `--set` must name a value that the model declared.
static LogicalResult checkSettings(ModelBuilder &builder, MLIRContext &context) {
  for (auto &[name, value] : builder.options.settings) {
    if (builder.configs.contains(name))
      continue;
    std::string known;
    for (auto &[other, declared] : builder.configs) {
      known += "\n  " + other + " = " + declared.fallback;
      if (!declared.meaning.empty())
        known += "  (" + declared.meaning + ")";
    }
    return problem(context, "--set: unknown name '" + name + "'" + didYouMean(builder, name) + "; the model declares " +
                                (known.empty() ? "no configuration values" : "these:" + known));
  }
  return success();
}

static LogicalResult runModel(ModelBuilder &builder, void (*model)(), MLIRContext &context) {
  try {
    model();
    return success();
  } catch (const ModelError &error) {
    auto diagnostic = emitError(error.location, error.message);
    for (auto &[location, note] : error.notes)
      diagnostic.attachNote(location) << note;
    return diagnostic;
  } catch (const std::exception &error) {
    return emitError(builder.lastCall) << "the model threw an exception after this call: " << error.what();
  } catch (...) {
    return emitError(builder.lastCall) << "the model threw an exception after this call";
  }
}

/// Compiles `path` and loads it. It stays loaded, without its file: a model's static objects may be in use until the
/// end.
static void *load(const std::string &path, MLIRContext &context, const ModelOptions &options) {
  SmallString<128> object;
  if (std::error_code error = llvm::sys::fs::createTemporaryFile("sinter-model", "so", object)) {
    (void)problem(context, "cannot create a temporary file: " + error.message());
    return nullptr;
  }
  auto removeObject = llvm::scope_exit([&] { llvm::sys::fs::remove(object); });
  if (failed(compileShared(path, object.str().str(), context, options)))
    return nullptr;
  void *library = dlopen(object.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    (void)problem(context, path + ": cannot be loaded: " + dlerror());
  return library;
}

/// Fills `builder.module` by running the model.
static LogicalResult build(ModelBuilder &builder, const std::string &path, MLIRContext &context) {
  if (!llvm::sys::fs::exists(path))
    return problem(context, path + ": no such file");
  void *library = load(path, context, builder.options);
  if (!library)
    return failure();
  auto model = reinterpret_cast<void (*)()>(dlsym(library, "sinter_model"));
  auto modelName = reinterpret_cast<const char *(*)()>(dlsym(library, "sinter_model_name"));
  if (!model || !modelName)
    return problem(context, path + ": has no SINTER_MODEL(name) { ... }");

  Operation *module = *builder.module;
  module->setAttr("sinter.program", StringAttr::get(&context, modelName()));
  module->setAttr("sinter.source", StringAttr::get(&context, llvm::sys::path::filename(path)));
  module->setAttr("sinter.config", DictionaryAttr::get(&context));
  if (failed(runModel(builder, model, context)) || failed(checkSettings(builder, context)))
    return failure();
  if (builder.entries.empty())
    return problem(context, path + ": the model defines no entry");
  return verify(module);
}

std::string placeUnder(StringRef model, StringRef file) {
  return (llvm::sys::path::is_absolute(file) ? StringRef() : folderOf(model)).str() + file.str();
}

OwningOpRef<ModuleOp> loadModel(const std::string &path, MLIRContext &context, const ModelOptions &options) {
  context.loadDialect<SinterDialect, arith::ArithDialect, math::MathDialect, func::FuncDialect>();
  ModelBuilder builder(context, options);
  if (failed(build(builder, path, context)))
    return nullptr;
  return std::move(builder.module);
}

void printDiagnostic(Diagnostic &diagnostic, StringRef model) {
  auto print = [&](Diagnostic &one, StringRef kind) {
    if (auto place = one.getLocation()->findInstanceOf<FileLineColLoc>())
      llvm::errs() << placeUnder(model, place.getFilename().getValue()) << ":" << place.getLine() << ":"
                   << place.getColumn() << ": ";
    else
      llvm::errs() << "sinterc: ";
    // Ops report as `'sinter.softmax' op ...`: the name alone is what the model's author knows.
    std::string message = one.str();
    StringRef rest = message;
    if (rest.consume_front("'")) {
      auto [name, after] = rest.split("' op ");
      if (!after.empty() && !name.contains(' '))
        message = (name.split('.').second + ": " + after).str();
    }
    llvm::errs() << kind << message;
    if (ModelScopes scopes(one.getLocation()); !scopes.empty())
      llvm::errs() << " [in " << scopes.text() << "]";
    llvm::errs() << "\n";
  };
  print(diagnostic, diagnostic.getSeverity() == DiagnosticSeverity::Warning  ? "warning: "
                    : diagnostic.getSeverity() == DiagnosticSeverity::Remark ? "remark: "
                                                                             : "");
  for (Diagnostic &note : diagnostic.getNotes())
    print(note, "note: ");
}

} // namespace sinter
