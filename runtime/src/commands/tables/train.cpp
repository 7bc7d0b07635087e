// train, eval, bench.
#include "commands/tables/tables.h"

#include "base/format.h"
#include "pairs/part.h"
#include "program/program.h"

namespace sinter::tables {

// The help of a rate that the entry `train` takes as a scalar input, with the default that the model has for it.
static Help rateHelp(const sinter_program &program, const char *value, const char *text, const char *input) {
  for (uint32_t e = 0; e < program.entry_count; ++e)
    if (anyPlan(program).entries[e].name == std::string_view("train"))
      if (const sinter_input *found = Program::findProgramInput(anyPlan(program).entries[e], input))
        return {value, text, found->has_default ? formatted("{:g}", found->value) : ""};
  return {value, text, "none, since this model has no such input"};
}

static void addRates(Options &options, TrainCommand &c, const sinter_program &program) {
  const auto ofModel = [&](const char *name, std::optional<double> &target, const Check &check, const char *value,
                           const char *text, const char *input) {
    add(options, name, &target, check, rateHelp(program, value, text, input));
  };
  ofModel("--lr", c.lr, rate, "RATE", "learning rate", "lr");
  add(options, "--min-lr", &c.minLr, rate, {"RATE", "where the schedule ends", "a tenth of --lr"});
  add(options, "--warmup", &c.warmup, notNegative, {"STEPS", "steps in which the learning rate rises from 0", "0"});
  add(options, "--accumulate", &c.accumulate, moderate,
      {"N", "batches a step, whose gradients are averaged (a program of sinterc --accumulate)", "1"});
  add(options, "--schedule", &c.schedule, oneOf("constant,cosine,linear,inverse-sqrt,one-cycle"),
      {"NAME", "learning rate after the warm-up; one-cycle: in it, too", "constant"});
  ofModel("--beta1", c.beta1, decay, "X", "decay of the mean of gradients", "beta1");
  ofModel("--beta2", c.beta2, decay, "X", "decay of the mean of their squares", "beta2");
  ofModel("--eps", c.eps, normal, "X", "added to the root of that mean", "eps");
  ofModel("--weight-decay", c.weightDecay, rate, "X", "share of the weights taken off, times the learning rate",
          "weight_decay");
  ofModel("--grad-clip", c.gradClip, rate, "NORM", "largest global norm of the gradient; 0: no limit", "grad_clip");
}

void addTrain(Options &options, TrainCommand &c, const sinter_program &program) {
  add(options, "--data", &c.data, notEmpty,
      {"FILE", "text (UTF-8) or tokens (.bin): a file, a folder or a pattern; images, or arrays called as the inputs "
               "are; with --resume not needed"});
  addInputs(options, "--input", c.inputs,
            {"NAME=FILE", "in place of --data: an input's numbers, an example a row (.npy, .npz, .csv, .safetensors, "
                          "IDX, CIFAR's .bin); NAME=FILE:PART takes an array or columns; may be repeated, for further "
                          "inputs or more examples"});
  addPairs(options, c.source, c.target);
  add(options, "--steps", &c.steps, notNegative, {"STEPS", "train up to this step", "1000"});
  add(options, "--out", &c.out, notEmpty, {"FOLDER", "where checkpoint.safetensors is kept", "run"});
  add(options, "--resume", &c.resume, oneOf("always,auto"),
      {"[=auto]",
       "go on from the checkpoint in --out, with its data and options where none are given; auto: if there is one"})
      .alone = "always";
  add(options, "--init", &c.init, notEmpty,
      {"FILE", "take the parameters from a checkpoint or safetensors file; may be repeated, for parts of a model",
       "none"});
  add(options, "--new", &c.anew, notEmpty,
      {"NAME", "a parameter that begins anew all the same, * for anything: 'head.*'; may be repeated", "none"});
  add(options, "--seed", &c.seed, anySeed, {"N", "of initial values, batches and dropout", "0"});
  addRates(options, c, program);
  add(options, "--order", &c.order, oneOf("random,sequential,shuffled"),
      {"NAME",
       "of the data; sequential: row b of step s starts at token (s * batch + b) * context; shuffled: all rows "
       "once before any comes again",
       "random, of arrays shuffled"});
  add(options, "--val-fraction", &c.validationFraction, fraction, {"X", "share of --data that is held out", "0.1"});
  add(options, "--val-split", &c.validationSplit, oneOf("end,random"),
      {"PART", "which: the end or, of arrays and images, some by chance, the same for every seed", "end"});
  add(options, "--val-data", &c.validationData, notEmpty, {"FILE", "held-out data in a file of its own"});
  addInputs(options, "--val-input", c.validationInputs, {"NAME=FILE", "the same, as --input", "none"});
  if (pairsPart()) {
    add(options, "--val-source", &c.validationSource, notEmpty, {"FILE", "the same, as --source", "none"});
    add(options, "--val-target", &c.validationTarget, notEmpty, {"FILE", "the same, as --target", "none"});
  }
  addFlag(options, "--flip", c.flip, "mirror half of the training images");
  add(options, "--crop", &c.crop, notNegative,
      {"PIXELS", "move training images by up to so many each way; what comes from outside is 0", "0"});
  add(options, "--tokenizer", &c.tokenizer, tokenizers,
      {"NAME", tokenizerHelp, "the data's own, or bytes if the vocabulary has room, else chars"})
      .suggestions = "bytes,chars";
  addTexts(options, c.separator, c.tokenType);
  addChatTemplate(options, c.chatTemplate, "that of --init or of the files of tokens, or none");
  add(options, "--eval-every", &c.evalEvery, notNegative,
      {"STEPS", "steps between held-out losses, one more at the end; 0: none", "a tenth of --steps, 10 to 500"});
  add(options, "--eval-batches", &c.evalBatches, notNegative,
      {"BATCHES", "of each held-out loss, evenly spaced; 0: all", "so many that it takes 3 % of the time, at most 50"});
  add(options, "--sample-every", &c.sampleEvery, notNegative, {"STEPS", "steps between samples; 0: none", "0"});
  add(options, "--sample-tokens", &c.sampleTokens, notNegative, {"TOKENS", "of each sample", "200"});
  add(options, "--sample-prompt", &c.samplePrompt, anyText, {"TEXT", "what samples begin with", "nothing"});
  add(options, "--checkpoint-every", &c.checkpointEvery, notNegative,
      {"STEPS", "steps between checkpoints; 0: only at the end", "500"});
  addFlag(options, "--keep-best", c.keepBest, "keep the checkpoint of the least held-out loss, as best.safetensors");
  add(options, "--patience", &c.patience, notNegative,
      {"LOSSES", "end after so many held-out losses of which none is less than the least; 0: never", "0"});
  add(options, "--keep", &c.keep, notNegative,
      {"N", "keep the last N of --checkpoint-every as well, as checkpoint-STEP.safetensors", "0"});
  addFlag(options, "--dry-run", c.dryRun, "one step, then a summary: parameters, inputs, bytes, FLOPs; writes nothing");
  addFlag(options, "--plot", c.plot, "draw the losses on the terminal, at each held-out one");
  add(options, "--log", &c.log, notEmpty, {"FILE", "write one JSON object a line, for report", "log.jsonl in --out"});
  addIgnore(options, c.ignoreConfiguration);
}

void addEval(Options &options, EvalCommand &c) {
  add(options, "--data", &c.data, notEmpty, {"FILE", "text (UTF-8), tokens (.bin), images, or arrays"});
  addInputs(options, "--input", c.inputs,
            {"NAME=FILE", "in place of --data: numbers of an input, as for train", "none"});
  addPairs(options, c.source, c.target);
  addRequired(options, "--checkpoint", &c.checkpoint, notEmpty,
              {"FILE", "checkpoint, safetensors file, or folder of a training"});
  add(options, "--split", &c.split, oneOf("all,train,val"), {"PART", "of --data; val: what training held out", "all"});
  add(options, "--val-fraction", &c.validationFraction, fraction,
      {"X", "share that --split=val means", "as in training, else 0.1"});
  add(options, "--batches", &c.batches, notNegative, {"BATCHES", "evenly spaced; 0: all", "0"});
  add(options, "--logits", &c.logits, notEmpty, {"FILE", "NumPy file for the logits of the first batch"});
  add(options, "--tokenizer", &c.tokenizer, tokenizers, {"NAME", tokenizerHelp, "the checkpoint's"}).suggestions =
      "bytes,chars";
  addTexts(options, c.separator, c.tokenType);
  addFlag(options, "--json", c.json, "one JSON object (always, unless the output is a terminal)");
  addIgnore(options, c.ignoreConfiguration);
}

void addBench(Options &options, BenchCommand &c) {
  add(options, "entry", &c.entry, notEmpty, {"ENTRY", "train, sample, or any entry", c.entry});
  add(options, "--steps", &c.steps, moderate, {"STEPS", "calls to time", fmt::to_string(c.steps)});
  add(options, "--prompt-tokens", &c.promptTokens, moderate,
      {"TOKENS", "of the prompt, for sample", fmt::to_string(c.promptTokens)});
  add(options, "--new-tokens", &c.newTokens, moderate,
      {"TOKENS", "to make in each call, for sample", fmt::to_string(c.newTokens)});
  add(options, "--batch", &c.batch, moderate, {"TEXTS", "at once, for sample", fmt::to_string(c.batch)});
  addFlag(options, "--profile", c.profile, "time of each kernel, held against what the machine can do");
  addFlag(options, "--json", c.json, "one JSON object");
}

} // namespace sinter::tables
