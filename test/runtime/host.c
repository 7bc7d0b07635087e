/* The C part of sinter/host.h, compiled as C11: trains the hand-written program, for a test that knows the result. */
#include <sinter/host.h>

#include <string.h>

/* Trains `steps` steps on one batch; returns 0 and the last loss, or what failed. */
int train_in_c(int steps, const char *save, double *out_loss) {
  sinter_options options = SINTER_OPTIONS_DEFAULT;
  sinter_model *model;
  int32_t tokens[4 * 8], targets[4 * 8];
  int status, i;
  options.threads = 2;
  options.seed = 1;
  if ((status = sinter_open(&sinter_program_v1, &options, &model)))
    return status;
  for (i = 0; i < 32; ++i) {
    tokens[i] = i % 5;
    targets[i] = (i + 1) % 5;
  }
  status = sinter_set(model, "train", "tokens", SINTER_I32, tokens, 32);
  if (!status)
    status = sinter_set(model, "train", "targets", SINTER_I32, targets, 32);
  memset(tokens, 255, sizeof tokens); /* the model has its own copy */
  for (i = 0; i < steps && !status; ++i)
    status = sinter_call(model, "train");
  if (!status)
    status = sinter_output_number(model, "train", "loss", out_loss);
  if (!status)
    status = sinter_save(model, save);
  if (!status && sinter_steps(model) != steps)
    status = -1;
  sinter_close(model);
  return status;
}
