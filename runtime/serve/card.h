// What the playground tells of a model.
#pragma once

#include "checkpoint/checkpoint.h"
#include "sampling/generate.h"
#include "tokenizers/chat_template.h"

#include <string>

namespace sinter::serve {

struct CardOptions {
  std::string name, checkpoint; ///< what the model is called, and the path that was given
  std::string log;              ///< of the training; empty: where its options say, if it is still there
  size_t slots = 0;
  const ChatTemplate *chats = nullptr; ///< null: there are none
};

/// JSON: name, parameters, context, vocabulary, tokenizer, configuration, step, bytes, the sampler's defaults, the
/// template of chats, and the losses of the training's log: at most 500 of them. `*created`: when the checkpoint was
/// written.
std::string cardOf(Program &program, const Checkpoint &checkpoint, const Generator &generator,
                   const CardOptions &options, int64_t *created);

} // namespace sinter::serve
