// The entry `prepare`: fills transient states from parameters (packed weights, say), for entries that read these.
#pragma once

#include "sinter/abi.h"

#include <vector>

namespace sinter {

/// Whether some launch of the entry accesses some byte of the state in this way (sinter_access).
bool accesses(const sinter_entry &entry, const sinter_tensor &state, uint32_t access);

/// Tells when it has to run: before an entry that reads what it fills, if parameters may have changed since it last
/// ran. An entry of that name is it if it has no inputs and no outputs and writes transient states alone.
class Preparation {
public:
  Preparation(const sinter_program &program, const sinter_plan &plan);

  /// What has to run before an entry of the plan; null: nothing.
  const sinter_entry *before(const sinter_entry &entry) const;
  /// An entry has run.
  void ran(const sinter_entry &entry);
  /// Somebody may write a state.
  void touched(const sinter_state &state);

private:
  bool among(const std::vector<bool> &entries, const sinter_entry &entry) const;

  const sinter_plan &plan_;
  uint32_t count_;
  const sinter_entry *prepare_ = nullptr;
  std::vector<bool> reads_, changes_; ///< of each entry: whether it reads what is filled, whether it writes parameters
  bool done_ = false;
};

} // namespace sinter
