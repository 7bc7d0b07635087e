// The subcommand prepare: texts become files of tokens, once. Large texts are cut into parts that threads encode; a
// part that is there already is not encoded again.
#include "base/error.h"
#include "base/format.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/report.h"
#include "base/threads.h"
#include "commands/commands.h"
#include "data/chats.h"
#include "data/token_files.h"
#include "files/folder_lock.h"
#include "tokenizers/tokenizer_files.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <filesystem>
#include <mutex>

namespace sinter {

namespace {

/// A part of a text, with the byte before it where it is not the first.
struct Part {
  int64_t number;
  std::string text, what;
  bool first, ends; // of its file
};

class TokenWriter {
public:
  /// With `chats`, files are chats, one a line.
  TokenWriter(const PrepareCommand &command, Tokenizer tokenizer, std::optional<ChatTemplate> chats, int threads)
      : command_(command), tokenizer_(std::move(tokenizer)), chats_(std::move(chats)),
        separator_(chats_ ? "\n" : command.separator), threads_(threads), width_(tokenizer_.size() > 0x10000 ? 4 : 2) {}

  void run(const std::vector<std::string> &files) {
    {
      std::vector<std::jthread> workers;
      try {
        for (int t = 0; t < threads_; ++t)
          startThread(workers, threads_, [this] { work(); });
        for (const std::string &file : files)
          readParts(file);
      } catch (...) {
        keepFailure();
      }
      const std::lock_guard lock(mutex_);
      done_ = true;
      changed_.notify_all();
    }
    if (failure_)
      std::rethrow_exception(failure_);
  }
  int64_t tokens() const { return tokens_; }
  int64_t parts() const { return parts_; }
  int64_t kept() const { return kept_; }
  uint64_t bytes() const { return bytes_; }

private:
  static constexpr size_t partBytes = size_t(16) << 20;

  // Texts are read in order; where they are cut does not depend on the threads.
  void readParts(const std::string &path) {
    FileReader reader(path);
    std::string text;
    bool first = true, more = true;
    while (more && !failed_) {
      const size_t before = text.size();
      text.resize(before + partBytes);
      const size_t count = reader.read(text.data() + before, partBytes);
      text.resize(before + count);
      more = count == partBytes;
      if (interrupt_.requested())
        fail(Exit::Interrupted, "interrupted; the same command goes on from here");
      while (text.size() > partBytes + 1 || (!more && !text.empty())) {
        const size_t cut = text.size() > partBytes + 1 ? cutOf(text, first, more) : text.size();
        if (cut == 0)
          break; // there is none yet
        const bool ends = !more && cut == text.size();
        hand({parts_++, text.substr(0, cut), path, first, ends});
        // The byte before the next part stays, to say that it is not the first.
        text.erase(0, ends ? cut : cut - 1);
        first = false;
        if (ends)
          break;
      }
    }
  }

  // Where a text may be cut behind partBytes; 0: more has to be read.
  size_t cutOf(const std::string &text, bool first, bool more) const {
    size_t cut;
    if (!separator_.empty()) {
      cut = text.find(separator_, partBytes);
      cut = cut == text.npos ? text.size() : cut + separator_.size();
    } else
      cut = tokenizer_.cutBehind(text, partBytes + (first ? 0 : 1));
    return cut == text.size() && more ? 0 : cut;
  }

  void hand(Part part) {
    std::unique_lock lock(mutex_);
    bytes_ += part.text.size() - (part.first ? 0 : 1);
    changed_.wait(lock, [this] { return waiting_.size() < size_t(threads_) || failed_; });
    waiting_.push_back(std::move(part));
    changed_.notify_all();
  }

  void work() {
    while (true) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return !waiting_.empty() || done_ || failed_; });
      if (failed_ || waiting_.empty())
        return;
      const Part part = std::move(waiting_.front());
      waiting_.pop_front();
      changed_.notify_all();
      lock.unlock();
      try {
        encode(part);
      } catch (...) {
        keepFailure();
      }
    }
  }

  void keepFailure() {
    const std::lock_guard lock(mutex_);
    if (!failed_)
      failure_ = std::current_exception();
    failed_ = true;
    changed_.notify_all();
  }

  void encode(const Part &part) {
    const std::string path = formatted("{}/{:06}.bin", command_.out, part.number);
    if (std::error_code error; std::filesystem::exists(path, error)) {
      tokens_ += openTokenFile(path, TokenWidth::Unknown).count;
      ++kept_;
      return;
    }
    std::vector<int32_t> ids;
    const std::string_view text(part.text);
    bool start = part.first;
    const auto document = [&](std::string_view of, bool ends) {
      for (size_t position = start ? 0 : 1; position < of.size();)
        tokenizer_.encodeSome(of, position, size_t(1) << 20, ids, part.what);
      start = true;
      if (ends && tokenizer_.endOfText() >= 0)
        ids.push_back(tokenizer_.endOfText());
    };
    const auto chat = [&](std::string_view line) {
      if (line.find_first_not_of(" \t\r") == line.npos)
        return;
      const std::vector<int32_t> tokens =
          chats_->tokens(tokenizer_, readChat(line, *chats_, part.what), false, part.what);
      ids.insert(ids.end(), tokens.begin(), tokens.end());
      if (tokenizer_.endOfText() >= 0)
        ids.push_back(tokenizer_.endOfText());
    };
    if (chats_)
      forEachDocument(text.substr(part.first ? 0 : 1), separator_, chat);
    else if (separator_.empty())
      document(text, part.ends);
    else
      forEachDocument(text.substr(part.first ? 0 : 1), separator_, [&](std::string_view of) {
        start = true;
        document(of, true);
      });
    std::string bytes(ids.size() * size_t(width_), '\0');
    for (size_t i = 0; i < ids.size(); ++i)
      std::memcpy(bytes.data() + i * size_t(width_), &ids[i], size_t(width_));
    const std::string header = tokenFileHeader(int64_t(ids.size()), width_, hashOf(bytes.data(), bytes.size()) | 1);
    AtomicFile file(path);
    file.write(header.data(), header.size());
    file.write(bytes.data(), bytes.size());
    file.commit();
    tokens_ += int64_t(ids.size());
  }

  const PrepareCommand &command_;
  const Tokenizer tokenizer_;
  const std::optional<ChatTemplate> chats_;
  const std::string separator_; ///< between documents
  const int threads_, width_;
  InterruptWatch interrupt_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Part> waiting_;
  std::atomic<bool> failed_ = false;
  bool done_ = false;
  std::exception_ptr failure_;
  int64_t parts_ = 0;
  std::atomic<int64_t> tokens_ = 0, kept_ = 0;
  uint64_t bytes_ = 0;
};

} // namespace

// What the files of tokens were made of: what is there is gone on with only if it is the same.
static std::string contentsOf(const PrepareCommand &command, const std::vector<std::string> &files,
                              const std::string &tokenizer, const std::string &chats) {
  std::string text = formatted("{{\"tokenizer\":\"{:016x}\",\"separator\":{},{}\n\"files\":[",
                               hashOf(tokenizer.data(), tokenizer.size()), jsonQuoted(command.separator),
                               chats.empty() ? "" : "\"chat_template\":" + chats + ",");
  for (const std::string &file : files) {
    std::error_code error;
    const auto time = std::filesystem::last_write_time(file, error).time_since_epoch().count();
    text += formatted("{}\n{{\"name\":{},\"bytes\":{},\"time\":{}}}", &file == &files[0] ? "" : ",", jsonQuoted(file),
                      FileReader(file).size(), int64_t(time));
  }
  return text + "\n]}\n";
}

Exit prepare(const CommonOptions &common, const PrepareCommand &command) {
  std::vector<std::string> files;
  for (const std::string &path : command.data)
    for (const std::string &file : textFiles(path)) {
      if (isTokenFile(file))
        fail(Exit::Input, formatted("{}: has tokens already", file));
      files.push_back(file);
    }
  const Tokenizer tokenizer = command.tokenizer == "bytes"
                                  ? Tokenizer::bytes()
                                  : Tokenizer::of(readTokenizer(command.tokenizer, command.pattern));
  std::optional<ChatTemplate> chats;
  if (!command.chatTemplate.empty()) {
    if (!command.separator.empty())
      fail(Exit::Usage, "--separator: of chats, each line is a document");
    chats = ChatTemplate::named(command.chatTemplate);
  }
  const std::string saved = chats ? chats->saved() : "";
  makeFolder(command.out);
  const FolderLock lock(command.out);
  const std::string path = command.out + "/prepared.json";
  const std::string contents = contentsOf(command, files, tokenizer.vocabulary(), saved);
  if (std::error_code error; std::filesystem::exists(path, error)) {
    if (readFile(path) != contents)
      fail(Exit::Input, formatted("{}: holds tokens of other texts, or by another tokenizer; name another folder, or "
                                  "remove it first",
                                  command.out));
  } else if (!textFiles(command.out).empty() && isTokenFile(textFiles(command.out)[0]))
    fail(Exit::Input, formatted("{}: holds files of tokens that are not of 'prepare'", command.out));
  writeFileAtomically(path, contents);
  if (tokenizer.text())
    writeFileAtomically(command.out + "/tokenizer.json", tokenizer.vocabulary());
  if (chats)
    writeFileAtomically(command.out + "/chat_template.json", saved);
  TokenWriter writer(command, tokenizer, std::move(chats), common.threads);
  writer.run(files);
  reportNote(formatted("{} tokens of {} bytes in {} files{}: train --data {}", writer.tokens(), writer.bytes(),
                       writer.parts(), writer.kept() ? formatted(", {} of them from before", writer.kept()) : "",
                       command.out));
  return Exit::Done;
}

} // namespace sinter
