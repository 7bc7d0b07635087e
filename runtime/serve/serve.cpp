// The subcommand serve. Linked only into programs that were asked for it (sinterc --with=serve): sinter_serve_command
// is how the command line finds it.
#include "base/error.h"
#include "base/format.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/output.h"
#include "base/report.h"
#include "card.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/configuration.h"
#include "commands/commands.h"
#include "page.h"
#include "program/program.h"
#include "server.h"
#include "tokenizers/chat_template.h"
#include "training/trainer.h"

#include <boost/asio/post.hpp>
#include <unistd.h>

namespace sinter {

namespace {

using namespace serve;

ServiceOptions serviceOptions(const ServeCommand &command) {
  ServiceOptions options;
  options.limits.maxTokens = command.maxTokens;
  options.limits.texts = size_t(command.queue);
  options.apiKey = command.apiKey;
  options.cors = command.cors;
  return options;
}

ServerOptions serverOptions(const ServeCommand &command) {
  ServerOptions options;
  options.host = command.host;
  options.port = uint16_t(command.port);
  options.connections = size_t(command.connections);
  options.limits.request = std::chrono::seconds(command.requestTimeout);
  options.limits.write = std::chrono::seconds(command.requestTimeout);
  options.limits.bodyBytes = uint64_t(command.maxBody);
  return options;
}

/// Until a signal asks to leave and all that was begun is done.
void runUntilTold(boost::asio::io_context &io, Server &server) {
  const InterruptWatch watch;
  boost::asio::posix::stream_descriptor told(io, ::dup(interruptDescriptor()));
  told.async_wait(boost::asio::posix::stream_descriptor::wait_read, [&](boost::beast::error_code) {
    reportNote("leaving: what was begun is finished; a second signal ends it at once");
    server.leave();
  });
  while (true) {
    try {
      io.run();
      return;
    } catch (const std::exception &error) { // of one connection, which is gone with it
      reportWarning(error.what());
    }
  }
}

/// The template of chats: the one that is asked for, or the checkpoint's.
std::optional<ChatTemplate> chatsOf(const ServeCommand &command, const Checkpoint &checkpoint,
                                    const Tokenizer &tokenizer) {
  if (command.chatTemplate.empty() && checkpoint.chatTemplate.empty())
    return std::nullopt;
  const ChatTemplate chats =
      command.chatTemplate.empty()
          ? ChatTemplate::restore(checkpoint.chatTemplate, findCheckpoint(command.checkpoint), Exit::Damaged)
          : ChatTemplate::named(command.chatTemplate);
  if (tokenizer.text() && chats.name() != "plain" && !chats.isSafe(tokenizer))
    reportWarning(formatted("chat template {}: its marks are no special tokens of the tokenizer, but text, which a "
                            "message may imitate",
                            chats.name()));
  return chats;
}

Exit serveTexts(const sinter_program &description, const CommonOptions &common, const ServeCommand &command) {
  const auto program = openProgram(description, common);
  requireEntry(*program, "logits");
  bool complete;
  const Checkpoint checkpoint =
      loadForUse(command.checkpoint, *program, Use::Parameters, command.ignoreConfiguration, &complete);
  const Tokenizer tokenizer = command.tokenizer.empty() ? checkpoint.tokenizer : makeTokenizer(command.tokenizer, "");
  Generator generator(*program, tokenizer);
  if (generator.model().sourceLength() > 0)
    fail(Exit::Usage, "the model reads a source before it writes, which no request has: see the subcommand translate");
  boost::asio::io_context io(1);
  EngineOptions engineOptions{size_t(command.slots), size_t(command.queue), std::nullopt,
                              [&io](std::function<void()> work) { boost::asio::post(io, std::move(work)); }};
  if (command.full)
    engineOptions.full = fullContextNamed(*command.full);
  Engine engine(generator, engineOptions);
  const std::string name = command.name.empty() ? description.name : command.name;
  Answering answering{engine, tokenizer, name, std::chrono::seconds(command.timeout), {}};
  ServiceOptions options = serviceOptions(command);
  options.chats = chatsOf(command, checkpoint, tokenizer);
  options.card =
      cardOf(*program, checkpoint, generator,
             {name, command.checkpoint, command.log, engine.counts().slots, options.chats ? &*options.chats : nullptr},
             &options.created);
  Service service(answering, generator, std::move(options));
  answering.firstToken = [&service](double seconds) { service.metrics().firstToken(seconds); };
  Server server(io, service, serverOptions(command));
  print("{} at {}{}\n", name, server.address(),
        hasPlayground() ? "" : " (without the page: npm was not there to build it)");
  runUntilTold(io, server);
  return Exit::Done;
}

} // namespace
} // namespace sinter

extern "C" const sinter::ServeFunction sinter_serve_command = sinter::serveTexts;
