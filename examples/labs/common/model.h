// model.h - what a compiled model says of itself, by its descriptor (sinter/abi.h).
#pragma once

#include <sinter/host.h>

#include <string>
#include <vector>

namespace lab {

/// An entry's plan for the CPU: `arena_bytes`, `flops` of a call.
inline const sinter_entry &plan_of(const sinter::host::Model &model, const std::string &entry) {
  const sinter_program *program = sinter_program_of(model.raw());
  for (uint32_t i = 0; i < program->entry_count; ++i)
    if (entry == program->cpu_plan->entries[i].name)
      return program->cpu_plan->entries[i];
  throw std::runtime_error("there is no entry " + entry);
}

/// The elements of a parameter or state of f32.
inline std::vector<float> state_of(sinter::host::Model &model, const std::string &name) {
  const sinter_program *program = sinter_program_of(model.raw());
  for (uint32_t i = 0; i < program->state_count; ++i)
    if (name == program->states[i].tensor.name) {
      std::vector<float> values(program->states[i].tensor.bytes / sizeof(float));
      model.getState(name.c_str(), values);
      return values;
    }
  throw std::runtime_error("there is no state " + name);
}

} // namespace lab
