// The typed header of a model's entries (`--emit=header`), for programs that link its object: over sinter/host.h, for C
// the program and how many elements things have, for C++ a function for each entry.
#include "compiler/codegen/Codegen.h"
#include "dialects/plan/Plan.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace sinter {
namespace {

/// Names that C++ has taken, and what a model's class inherits.
bool isReserved(StringRef name) {
  static const llvm::StringSet<> reserved{
      "alignas",  "alignof",   "and",       "asm",      "auto",     "bool",       "break",     "case",      "catch",
      "char",     "class",     "compl",     "concept",  "const",    "consteval",  "constexpr", "constinit", "continue",
      "decltype", "default",   "delete",    "do",       "double",   "else",       "enum",      "explicit",  "export",
      "extern",   "false",     "float",     "for",      "friend",   "goto",       "if",        "inline",    "int",
      "long",     "mutable",   "namespace", "new",      "noexcept", "not",        "nullptr",   "operator",  "or",
      "private",  "protected", "public",    "register", "requires", "return",     "short",     "signed",    "sizeof",
      "static",   "struct",    "switch",    "template", "this",     "throw",      "true",      "try",       "typedef",
      "typeid",   "typename",  "union",     "unsigned", "using",    "virtual",    "void",      "volatile",  "while",
      "xor",      "std",       "sinter",    "main",     "Model",    "initialize", "set",       "unset",     "call",
      "output",   "number",    "getState",  "setState", "steps",    "save",       "load",      "raw"};
  return reserved.contains(name);
}

/// A name of a model's as one of C's: `h.0.attn` as h_0_attn.
std::string identifier(StringRef name) {
  std::string text;
  for (char c : name)
    text += llvm::isAlnum(c) ? c : '_';
  if (text.empty() || llvm::isDigit(text.front()) || text.front() == '_')
    text = "x" + text;
  return isReserved(text) ? text + "_" : text;
}

/// TrainGradients of train_gradients.
std::string typeName(StringRef name) {
  std::string text;
  SmallVector<StringRef> words;
  name.split(words, '_', -1, /*KeepEmpty=*/false);
  for (StringRef word : words)
    text += llvm::toUpper(word.front()) + word.drop_front().str();
  return text;
}

/// Gives each name of one scope an identifier of its own.
class Scope {
public:
  std::string name(StringRef wanted) {
    std::string base = identifier(wanted), result = base;
    for (unsigned i = 2; !taken.insert(result).second; ++i)
      result = base + "_" + std::to_string(i);
    return result;
  }

private:
  llvm::StringSet<> taken;
};

StringRef cppType(Type element) {
  return element.isF32()         ? "float"
         : element.isF64()       ? "double"
         : element.isInteger(32) ? "int32_t"
         : element.isInteger(64) ? "int64_t"
         : element.isInteger(8)  ? "bool"
         : element.isF16()       ? "uint16_t /* f16 */"
         : element.isBF16()      ? "uint16_t /* bf16 */"
                                 : "uint16_t";
}

std::string numberText(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.9g", value);
  return text;
}

/// `f32 [12, 64]`, or `f32` of a number.
std::string shapeText(ShapedType type) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << (type.getElementType().isInteger(8) ? "bool" : "");
  if (!type.getElementType().isInteger(8))
    os << type.getElementType();
  if (type.getRank() == 0)
    return text;
  os << " [";
  llvm::interleaveComma(type.getShape(), os);
  os << "]";
  return text;
}

/// One input or output.
struct Named {
  std::string name;   ///< in C++
  StringRef original; ///< in the model
  ShapedType type;
  std::optional<double> fallback;
  bool automatic = false; ///< counted and seeded where nobody sets it

  bool isNumber() const { return type.getRank() == 0; }
};

class HeaderWriter {
public:
  HeaderWriter(ModuleOp module, StringRef prefix) : module(module), prefix(prefix), os(text) {}

  std::string run() {
    std::string guard = "SINTER_MODEL_" + prefix.upper() + "_H";
    os << llvm::formatv(
        "/* The entries of the model {0}, for programs that link its object. Written by sinterc from {1}.\n"
        " * Names are the model's, with _ for what C does not take. What host.h says holds here as well. */\n"
        "#ifndef {2}\n#define {2}\n\n#include <sinter/host.h>\n\n"
        "#ifdef __cplusplus\nextern \"C\" const sinter_program {3}_program;\n#else\n"
        "extern const sinter_program {3}_program;\n#endif\n\n",
        textOf("sinter.program"), textOf("sinter.source"), guard, prefix);
    SmallVector<std::pair<plan::EntryOp, std::string>> entries;
    for (auto entry : module.getOps<plan::EntryOp>())
      entries.push_back({entry, functions.name(entry.getSymName())});
    for (auto &[entry, name] : entries)
      writeCounts(entry, name);
    writeStates();
    os << llvm::formatv("\n#ifdef __cplusplus\nnamespace {0} {{\n", prefix);
    std::string members;
    for (auto &[entry, name] : entries)
      members += writeEntry(entry, name);
    os << llvm::formatv("\n/// The model with a function for each of its entries.\n"
                        "class Model : public sinter::host::Model {{\npublic:\n"
                        "  explicit Model(const sinter::host::Options &options = {{})\n"
                        "      : sinter::host::Model({0}_program, options) {{}\n{1}};\n\n"
                        "} // namespace {0}\n#endif /* __cplusplus */\n#endif /* {2} */\n",
                        prefix, members, guard);
    return text;
  }

private:
  StringRef textOf(StringRef attribute) {
    auto value = module->getAttrOfType<StringAttr>(attribute);
    return value ? value.getValue() : StringRef();
  }

  static SmallVector<Named> inputsOf(plan::EntryOp entry) {
    Scope scope;
    SmallVector<Named> inputs;
    llvm::StringSet<> names;
    for (auto input : entry.getBody().getOps<plan::InputOp>())
      names.insert(input.getName());
    for (auto input : entry.getBody().getOps<plan::InputOp>()) {
      StringRef name = input.getName(), bare = name;
      // Where the model has an input of this name itself, it is not the program's.
      if (!bare.consume_front("sinter.") && names.contains(("sinter." + name).str()))
        bare = "";
      std::optional<APFloat> fallback = input.getDefaultValue();
      inputs.push_back({scope.name(name), name, cast<ShapedType>(input.getBuffer().getType()),
                        fallback ? std::optional(fallback->convertToDouble()) : std::nullopt,
                        bare == "step" || bare == "seed" || bare == "seed_high"});
    }
    return inputs;
  }

  static SmallVector<Named> outputsOf(plan::EntryOp entry) {
    Scope scope;
    SmallVector<Named> outputs;
    for (auto output : entry.getBody().getOps<plan::OutputOp>())
      outputs.push_back(
          {scope.name(output.getName()), output.getName(), cast<ShapedType>(output.getBuffer().getType()), {}});
    return outputs;
  }

  /// For C: how many elements arrays have.
  void writeCounts(plan::EntryOp entry, StringRef own) {
    SmallVector<Named> values = inputsOf(entry);
    llvm::append_range(values, outputsOf(entry));
    llvm::StringSet<> taken; // an input may be called as an output is
    for (const Named &value : values)
      if (!value.isNumber() && taken.insert(value.name).second)
        os << llvm::formatv("enum {{ {0}_{1}_{2}_count = {3} }; /* {4} */\n", prefix, own, value.name,
                            value.type.getNumElements(), shapeText(value.type));
  }

  /// What getState and setState know.
  void writeStates() {
    auto states = module.getOps<StateOp>();
    if (states.empty())
      return;
    os << "\n/* States:\n";
    for (StateOp state : states)
      os << llvm::formatv(" *   {0}  {1}{2}\n", state.getSymName(), shapeText(cast<ShapedType>(state.getType())),
                          state.getTrainable() ? ", a parameter" : "");
    os << " */\n";
  }

  /// Writes the types of an entry, and returns its function.
  std::string writeEntry(plan::EntryOp entry, StringRef name) {
    StringRef original = entry.getSymName();
    std::string type = types.name(typeName(name));
    SmallVector<Named> inputs = inputsOf(entry), outputs = outputsOf(entry);
    os << llvm::formatv("\n/// What entry `{0}` takes.\nstruct {1}Inputs {{\n", original, type);
    for (const Named &input : inputs)
      writeInput(input);
    os << llvm::formatv("};\n/// What it gives; arrays are valid until the model's next call.\nstruct {0}Outputs {{\n",
                        type);
    for (const Named &output : outputs)
      os << llvm::formatv(output.isNumber() ? "  {0} {1}; ///< {2}\n" : "  std::span<const {0}> {1}; ///< {2}\n",
                          cppType(output.type.getElementType()), output.name, shapeText(output.type));
    os << "};\n";
    return functionOf(original, name, type, inputs, outputs);
  }

  void writeInput(const Named &input) {
    StringRef element = cppType(input.type.getElementType());
    std::string shape = shapeText(input.type);
    if (!input.isNumber())
      os << llvm::formatv("  sinter::host::Array<{0}, {1}> {2}; ///< {3}\n", element, input.type.getNumElements(),
                          input.name, shape);
    else if (input.automatic)
      os << llvm::formatv("  std::optional<{0}> {1} = {{}; ///< {2}; the program's own if it is not given\n", element,
                          input.name, shape);
    else if (input.fallback)
      os << llvm::formatv("  std::optional<{0}> {1} = {{}; ///< {2}; {3} if it is not given\n", element, input.name,
                          shape, numberText(*input.fallback));
    else
      os << llvm::formatv("  sinter::host::Number<{0}> {1}; ///< {2}\n", element, input.name, shape);
  }

  static std::string functionOf(StringRef original, StringRef name, StringRef type, ArrayRef<Named> inputs,
                                ArrayRef<Named> outputs) {
    bool optional = llvm::all_of(inputs, [](const Named &v) { return v.fallback || v.automatic; });
    std::string text = llvm::formatv("\n  {0}Outputs {1}(const {0}Inputs &{2}{3}) {{\n", type, name,
                                     inputs.empty() ? "" : "inputs", optional ? " = {}" : "");
    for (const Named &input : inputs)
      text +=
          input.fallback || input.automatic
              ? llvm::formatv("    inputs.{1} ? set(\"{0}\", \"{2}\", *inputs.{1}) : unset(\"{0}\", \"{2}\");\n",
                              original, input.name, input.original)
                    .str()
              : llvm::formatv("    set(\"{0}\", \"{2}\", inputs.{1});\n", original, input.name, input.original).str();
    text += llvm::formatv("    call(\"{0}\");\n    return {{", original);
    for (auto [i, output] : llvm::enumerate(outputs))
      text += llvm::formatv(
          output.isNumber() ? "{0}static_cast<{1}>(number(\"{2}\", \"{3}\"))" : "{0}output<{1}>(\"{2}\", \"{3}\")",
          i ? ",\n            " : "", cppType(output.type.getElementType()), original, output.original);
    return text + "};\n  }\n";
  }

  ModuleOp module;
  StringRef prefix;
  std::string text;
  llvm::raw_string_ostream os;
  Scope functions, types;
};

} // namespace

std::string symbolPrefix(ModuleOp module) {
  auto name = module->getAttrOfType<StringAttr>("sinter.program");
  return identifier(name && !name.empty() ? name.getValue() : "model");
}

std::string emitHeader(ModuleOp module, StringRef prefix) { return HeaderWriter(module, prefix).run(); }

} // namespace sinter
