// The entry `prepare` runs before what reads what it fills: once, and again when parameters have changed.
#include "support.h"

namespace sinter::test {
namespace {

int prepared = 0; // how often

// weight -> packed, with a mess in the arena
void pack(void *const *operands, int64_t, int64_t, void *) {
  ++prepared;
  *static_cast<float *>(operands[1]) = 2 * *static_cast<const float *>(operands[0]);
  *static_cast<float *>(operands[2]) = -1;
}
// packed, x -> y
void use(void *const *operands, int64_t, int64_t, void *) {
  *static_cast<float *>(operands[2]) =
      *static_cast<const float *>(operands[0]) + *static_cast<const float *>(operands[1]);
}
// weight += 1
void step(void *const *operands, int64_t, int64_t, void *) { *static_cast<float *>(operands[0]) += 1; }

constexpr sinter_kernel kernels[] = {{"pack", "p.cpp:1:1", pack, 1, 0, 1, 1},
                                     {"use", "p.cpp:2:1", use, 1, 0, 1, 1},
                                     {"step", "p.cpp:3:1", step, 1, 0, 1, 1}};
constexpr sinter_operand operand(uint32_t space, uint32_t access, uint64_t at) {
  return {space, access, at, 4, SINTER_SHARED};
}
constexpr uint32_t both = SINTER_READ | SINTER_WRITE;
constexpr sinter_operand packOperands[] = {operand(SINTER_STATE, SINTER_READ, 0),
                                           operand(SINTER_STATE, SINTER_WRITE, 256),
                                           operand(SINTER_ARENA, SINTER_WRITE, 0)},
                         useOperands[] = {operand(SINTER_STATE, SINTER_READ, 256),
                                          operand(SINTER_ARENA, SINTER_READ, 0),
                                          operand(SINTER_ARENA, SINTER_WRITE, 256)},
                         stepOperands[] = {operand(SINTER_STATE, both, 0)};
constexpr sinter_launch launches[] = {{0, 3, packOperands, "", 0, 0, "", ""},
                                      {1, 3, useOperands, "", 0, 0, "", ""},
                                      {2, 1, stepOperands, "", 0, 0, "", ""}};
constexpr sinter_input x[] = {{{"x", SINTER_F32, 0, nullptr, 0, 4}, 0, 0, 0}};
constexpr sinter_tensor y{"y", SINTER_F32, 0, nullptr, 256, 4};
constexpr sinter_entry entries[] = {{"prepare", 0, 0, 1, 0, nullptr, nullptr, &launches[0], 512, 0, nullptr},
                                    {"use", 1, 1, 1, 0, x, &y, &launches[1], 512, 0, nullptr},
                                    {"step", 0, 0, 1, 0, nullptr, nullptr, &launches[2], 512, 0, nullptr}};
constexpr sinter_plan plan{3, 0, entries, 512};
constexpr sinter_version versions[] = {{"any", 0, 0, kernels}};

constexpr sinter_state state(const char *name, uint64_t at, uint32_t init, uint32_t role) {
  return {{name, SINTER_F32, 0, nullptr, at, 4}, init, role, 0};
}

sinter_program programOf(const sinter_state *states, const sinter_plan *of) {
  return {SINTER_ABI_VERSION, 2,       3,  1,       0,       0, "p", "p.cpp", "sinterc", "cpu", "{}", states,
          versions,           nullptr, of, nullptr, nullptr, 0, 512, 0};
}

constexpr sinter_state states[] = {state("weight", 0, SINTER_ONES, SINTER_PARAMETER),
                                   state("packed", 256, SINTER_ZEROS, SINTER_TRANSIENT)};

} // namespace

TEST(Preparation, RunsWhenParametersHaveChanged) {
  const sinter_program description = programOf(states, &plan);
  Program program(description, 1);
  program.initialize(0);
  const auto used = [&](float with) {
    program.setScalar(entries[1], "x", with); // before what is prepared uses its memory
    program.run(entries[1]);
    return program.scalar(entries[1], "y");
  };
  prepared = 0;
  EXPECT_EQ(used(5), 2 * 1 + 5);
  EXPECT_EQ(used(7), 2 * 1 + 7);
  EXPECT_EQ(prepared, 1);
  program.run(entries[2]);
  program.run(entries[2]);
  EXPECT_EQ(prepared, 1); // nobody has read it since
  EXPECT_EQ(used(0.5), 2 * 3 + 0.5);
  EXPECT_EQ(prepared, 2);
  *static_cast<float *>(program.data(description.states[0])) = 10; // a checkpoint, say
  EXPECT_EQ(used(1), 2 * 10 + 1);
  program.initialize(0);
  EXPECT_EQ(used(1), 2 * 1 + 1);
  EXPECT_EQ(prepared, 4);
  program.toRead(description.states[0]);
  program.data(description.states[1]); // a cache that is put away
  EXPECT_EQ(used(2), 2 * 1 + 2);
  EXPECT_EQ(prepared, 4);
  program.run(entries[0]); // as `run prepare` may
  EXPECT_EQ(used(3), 2 * 1 + 3);
  EXPECT_EQ(prepared, 5);
}

TEST(Preparation, LeavesEntriesOfOthersAlone) {
  const sinter_state saved[] = {states[0], state("packed", 256, SINTER_ZEROS, SINTER_MEMORY)};
  const sinter_program description = programOf(saved, &plan);
  Program program(description, 1);
  program.initialize(0);
  prepared = 0;
  program.setScalar(entries[1], "x", 5);
  program.run(entries[1]);
  EXPECT_EQ(program.scalar(entries[1], "y"), 5);
  EXPECT_EQ(prepared, 0);
}

} // namespace sinter::test
