#include "program/block.h"
#include "program/device.h"
#include "program/program.h"

namespace sinter {

namespace {

class NullDevice final : public Device {
public:
  explicit NullDevice(const sinter_program &program)
      : plan_(anyPlan(program)), state_("parameters and optimizer memory", program.state_bytes),
        arena_("arena", plan_.arena_bytes) {}
  std::string_view name() const override { return "null"; }
  const sinter_plan &plan() const override { return plan_; }
  int threads() const override { return 1; }
  std::byte *state() override { return state_.data(); }
  bool stateBeginsAsZeros() const override { return true; }
  std::byte *arena() override { return arena_.data(); }
  void run(const sinter_entry &, double *) override {}

private:
  const sinter_plan &plan_;
  Block state_, arena_;
};

} // namespace

std::unique_ptr<Device> makeNullDevice(const sinter_program &program) { return std::make_unique<NullDevice>(program); }

} // namespace sinter
