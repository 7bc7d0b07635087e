#include "commands/tables/tables.h"

#include "pairs/part.h"

namespace sinter::tables {

Option &add(Options &options, const char *names, OptionTarget target, const Check &check, const Help &help) {
  options.push_back({names, help.value, target, check, help.text, help.otherwise, false, nullptr, "", {}, {}});
  return options.back();
}

void addRequired(Options &options, const char *names, OptionTarget target, const Check &check, const Help &help) {
  add(options, names, target, check, help).required = true;
}

void addFlag(Options &options, const char *names, bool &target, const char *text) {
  add(options, names, &target, anyText, {"", text});
}

void addInputs(Options &options, const char *name, std::vector<std::string> &target, const Help &help) {
  add(options, name, &target, notEmpty, help);
}

void addIgnore(Options &options, bool &ignore) {
  addFlag(options, "--ignore-configuration", ignore, "take a checkpoint of a program with other configuration values");
}

void addChatTemplate(Options &options, std::string &target, const char *otherwise) {
  add(options, "--chat-template", &target, chatTemplates,
      {"NAME",
       "what stands around the messages of a chat, for serve: chatml, llama3, gemma, plain, or a file: a JSON object "
       "of texts: begin, system, user, assistant, in which {content} is the message",
       otherwise})
      .suggestions = chatTemplates.must;
}

void addTexts(Options &options, std::string &separator, std::string &tokenType) {
  add(options, "--separator", &separator, notEmpty,
      {"TEXT", "what stands between documents of a text; the end-of-text token takes its place",
       "each of several files is a document"});
  add(options, "--token-type", &tokenType, oneOf("uint16,uint32"),
      {"NAME", "of .bin files that do not say it", "uint32 if the file's name has u32 or uint32, else uint16"});
}

void addPairs(Options &options, std::string &source, std::string &target) {
  if (!pairsPart())
    return;
  add(options, "--source", &source, notEmpty,
      {"FILE", "in place of --data: a text, a sentence a line; --input source=FILE:lines says the same", "none"});
  add(options, "--target", &target, notEmpty, {"FILE", "of each line of --source its translation", "none"});
}

} // namespace sinter::tables
