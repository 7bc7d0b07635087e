#include "vulkan/hazards.h"

#include "base/format.h"
#include "sinter/abi.h"

#include <algorithm>

namespace sinter::vulkan {

static bool overlaps(const Access &a, const Access &b) {
  return a.buffer == b.buffer && a.begin < b.end && b.begin < a.end;
}

size_t placeBarriers(std::span<Step> steps) {
  std::vector<Access> pending; // of the steps since the last barrier
  size_t barriers = 0;
  for (Step &step : steps) {
    step.waits = std::any_of(step.accesses.begin(), step.accesses.end(), [&](const Access &access) {
      return std::any_of(pending.begin(), pending.end(), [&](const Access &earlier) {
        return ((access.access | earlier.access) & SINTER_WRITE) && overlaps(access, earlier);
      });
    });
    if (step.waits) {
      pending.clear();
      ++barriers;
    }
    pending.insert(pending.end(), step.accesses.begin(), step.accesses.end());
  }
  return barriers;
}

// How a later use of bytes meets an earlier one that it does not wait for; null if they do no harm.
static const char *hazardKind(uint32_t earlier, uint32_t later) {
  if (earlier == (SINTER_READ | SINTER_WRITE) && later == (SINTER_READ | SINTER_WRITE))
    return "updates in place what is being updated";
  if ((earlier & SINTER_WRITE) && (later & SINTER_READ))
    return "reads what is being written";
  if ((earlier & SINTER_WRITE) && (later & SINTER_WRITE))
    return "writes what is being written";
  if ((earlier & SINTER_READ) && (later & SINTER_WRITE))
    return "writes what is being read";
  return nullptr;
}

// All that a step does to bytes of a range: one operand may be bound twice, to be read and to be written.
static uint32_t usesOf(const Step &step, const Access &range) {
  uint32_t uses = 0;
  for (const Access &access : step.accesses)
    if (overlaps(access, range))
      uses |= access.access;
  return uses;
}

// The worst that two steps do to each other's bytes, as text; empty if nothing.
static std::string hazardOf(const Step &earlier, const Step &later) {
  for (const Access &before : earlier.accesses)
    for (const Access &now : later.accesses) {
      if (!overlaps(before, now))
        continue;
      const Access shared = {now.buffer, 0, std::max(before.begin, now.begin), std::min(before.end, now.end)};
      if (const char *kind = hazardKind(usesOf(earlier, shared), usesOf(later, shared)))
        return formatted("{} {}: bytes {} to {} of buffer {}, by {}", later.name, kind, shared.begin, shared.end,
                         shared.buffer, earlier.name);
    }
  return {};
}

std::vector<std::string> findHazards(std::span<const Step> steps) {
  std::vector<std::string> hazards;
  for (size_t later = 0; later < steps.size(); ++later)
    for (size_t earlier = later; earlier-- > 0 && !steps[earlier + 1].waits;)
      if (std::string hazard = hazardOf(steps[earlier], steps[later]); !hazard.empty())
        hazards.push_back(std::move(hazard));
  return hazards;
}

} // namespace sinter::vulkan
