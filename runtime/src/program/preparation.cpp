#include "program/preparation.h"

#include <string_view>

namespace sinter {

bool accesses(const sinter_entry &entry, const sinter_tensor &state, uint32_t access) {
  for (uint32_t l = 0; l < entry.launch_count; ++l)
    for (uint32_t o = 0; o < entry.launches[l].operand_count; ++o)
      if (const sinter_operand &operand = entry.launches[l].operands[o];
          operand.space == SINTER_STATE && (operand.access & access) && operand.offset < state.offset + state.bytes &&
          state.offset < operand.offset + operand.bytes)
        return true;
  return false;
}

Preparation::Preparation(const sinter_program &program, const sinter_plan &plan)
    : plan_(plan), count_(program.entry_count), reads_(count_), changes_(count_) {
  const sinter_entry *found = nullptr;
  for (uint32_t e = 0; e < count_; ++e)
    if (const sinter_entry &entry = plan.entries[e];
        entry.name == std::string_view("prepare") && !entry.input_count && !entry.output_count)
      found = &entry;
  if (!found)
    return;
  bool fills = false;
  for (uint32_t s = 0; s < program.state_count; ++s) {
    const sinter_state &state = program.states[s];
    const bool filled = accesses(*found, state.tensor, SINTER_WRITE);
    if (filled && state.role != SINTER_TRANSIENT)
      return; // somebody's own
    fills |= filled;
    for (uint32_t e = 0; e < count_; ++e) {
      reads_[e] =
          reads_[e] || (filled && &plan.entries[e] != found && accesses(plan.entries[e], state.tensor, SINTER_READ));
      changes_[e] =
          changes_[e] || (state.role != SINTER_TRANSIENT && accesses(plan.entries[e], state.tensor, SINTER_WRITE));
    }
  }
  prepare_ = fills ? found : nullptr;
}

bool Preparation::among(const std::vector<bool> &entries, const sinter_entry &entry) const {
  const bool known = &entry >= plan_.entries && &entry < plan_.entries + count_;
  return known && entries[size_t(&entry - plan_.entries)];
}

const sinter_entry *Preparation::before(const sinter_entry &entry) const {
  return prepare_ && !done_ && among(reads_, entry) ? prepare_ : nullptr;
}

void Preparation::ran(const sinter_entry &entry) { done_ = &entry == prepare_ || (done_ && !among(changes_, entry)); }

void Preparation::touched(const sinter_state &state) { done_ = done_ && state.role == SINTER_TRANSIENT; }

} // namespace sinter
