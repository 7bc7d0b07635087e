// The engine over a decoder of four texts at a time: what a text becomes does not depend on the others, whenever they
// join and leave.
#include "engine.h"

#include "program/program.h"
#include "runtime/mock_decoder.h"

#include <algorithm>
#include <condition_variable>
#include <future>
#include <gtest/gtest.h>
#include <random>

namespace sinter::serve {
namespace {

/// What became of one text.
struct Made {
  std::vector<int32_t> tokens;
  std::string text;
  std::vector<GeneratedToken> prompt;
  Ending ending = Ending::None;
};

/// Where a job's progress goes.
class Listener {
public:
  std::function<void(Progress)> tell() {
    return [this](Progress progress) {
      const std::lock_guard lock(mutex_);
      EXPECT_EQ(made_.ending, Ending::None) << "told of after its end";
      made_.prompt.insert(made_.prompt.end(), progress.prompt.begin(), progress.prompt.end());
      for (const GeneratedToken &token : progress.tokens)
        made_.tokens.push_back(token.id);
      made_.text += progress.text;
      made_.ending = progress.ending;
      changed_.notify_all();
    };
  }
  Made wait() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(60), [&] { return made_.ending != Ending::None; }));
    return made_;
  }
  void waitForTokens(size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(60), [&] { return made_.tokens.size() >= count; }));
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Made made_;
};

class Engines : public testing::TestWithParam<int64_t> {
protected:
  Engines() : program_(test::mockDecoder(GetParam()), 2), generator_(program_, tokenizer_) { program_.initialize(3); }

  static Job job(std::vector<int32_t> prompt, int64_t count, uint64_t seed, Listener &listener) {
    Job job{
        std::move(prompt), {}, false, false, false, std::chrono::steady_clock::now() + std::chrono::seconds(60), {}};
    job.options.count = count;
    job.options.sampler.seed = seed;
    job.tell = listener.tell();
    return job;
  }
  Made alone(Engine &engine, std::vector<int32_t> prompt, int64_t count, uint64_t seed) {
    Listener listener;
    std::vector<Job> jobs;
    jobs.push_back(job(std::move(prompt), count, seed, listener));
    EXPECT_TRUE(engine.submit(std::move(jobs)));
    return listener.wait();
  }

  Tokenizer tokenizer_;
  Program program_;
  Generator generator_;
};

// A text that nobody sees before its end is told of once; by another thread, if there is one to tell.
TEST_P(Engines, ToldOfOnce) {
  std::vector<std::function<void()>> posted;
  std::mutex mutex;
  Engine engine(generator_, {.slots = 0, .queue = 64, .full = {}, .post = [&](std::function<void()> work) {
                               const std::lock_guard lock(mutex);
                               posted.push_back(std::move(work));
                             }});
  Listener streamed, whole;
  int calls = 0;
  std::vector<Job> jobs;
  jobs.push_back(job({1, 2, 3}, 20, 5, streamed));
  jobs.push_back(job({1, 2, 3}, 20, 5, whole));
  jobs.back().whole = true;
  jobs.back().tell = [&, tell = whole.tell()](Progress progress) {
    ++calls;
    EXPECT_TRUE(progress.first);
    tell(std::move(progress));
  };
  ASSERT_TRUE(engine.submit(std::move(jobs)));
  for (int i = 0; i < 6000 && engine.counts().finished < 2; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(calls, 0);
  for (int i = 0; i < 100; ++i) { // the last news may still be on their way
    std::vector<std::function<void()>> now;
    {
      const std::lock_guard lock(mutex);
      now = std::exchange(posted, {});
    }
    for (const auto &work : now)
      work();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const Made one = streamed.wait(), other = whole.wait();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(one.tokens.size(), 20u);
  EXPECT_EQ(one.tokens, other.tokens);
  EXPECT_EQ(one.text, other.text);
}

// The token that ends a text is no part of it.
TEST_P(Engines, EndsByToken) {
  Engine engine(generator_, {});
  const Made longer = alone(engine, {1, 2, 3}, 20, 5);
  ASSERT_EQ(longer.tokens.size(), 20u);
  Listener listener;
  std::vector<Job> jobs;
  jobs.push_back(job({1, 2, 3}, 20, 5, listener));
  jobs.back().options.end = longer.tokens[7];
  ASSERT_TRUE(engine.submit(std::move(jobs)));
  const Made made = listener.wait();
  const auto first = std::find(longer.tokens.begin(), longer.tokens.end(), longer.tokens[7]);
  EXPECT_EQ(made.tokens, std::vector<int32_t>(longer.tokens.begin(), first));
  EXPECT_EQ(made.ending, Ending::Stop);
}

TEST_P(Engines, MakeWhatOneTextAloneBecomes) {
  GenerateOptions options;
  options.count = 9;
  options.sampler.seed = 5;
  const Generated expected = generator_.run({1, 2, 3}, options, [](const std::string &) { return true; });
  Engine engine(generator_, {});
  const Made made = alone(engine, {1, 2, 3}, 9, 5);
  EXPECT_EQ(made.text, expected.text);
  EXPECT_EQ(made.ending, Ending::Length);
  ASSERT_EQ(made.tokens.size(), expected.tokens.size());
  for (size_t i = 0; i < made.tokens.size(); ++i)
    EXPECT_EQ(made.tokens[i], expected.tokens[i].id);
}

TEST_P(Engines, GiveTheSameBitsAmongOthers) {
  Engine engine(generator_, {.slots = 6, .queue = 1000, .full = {}});
  std::mt19937 random(1);
  const auto anyPrompt = [&] {
    std::vector<int32_t> prompt(1 + random() % 12);
    for (int32_t &token : prompt)
      token = int32_t(random() % test::decoderVocabulary);
    return prompt;
  };
  struct Case {
    std::vector<int32_t> prompt;
    int64_t count;
    uint64_t seed;
    Made made;
  };
  std::vector<Case> cases;
  for (int i = 0; i < 40; ++i) {
    cases.push_back({anyPrompt(), int64_t(random() % 20), random(), {}});
    Case &added = cases.back();
    added.made = alone(engine, added.prompt, added.count, added.seed);
  }
  std::vector<std::unique_ptr<Listener>> listeners;
  std::vector<size_t> which;
  for (int i = 0; i < 400; ++i) {
    which.push_back(random() % cases.size());
    const Case &chosen = cases[which.back()];
    listeners.push_back(std::make_unique<Listener>());
    std::vector<Job> jobs;
    jobs.push_back(job(chosen.prompt, chosen.count, chosen.seed, *listeners.back()));
    const auto id = engine.submit(std::move(jobs));
    ASSERT_TRUE(id);
    if (random() % 8 == 0) { // some leave early
      engine.cancel(*id, 1);
      listeners.back()->wait();
      listeners.pop_back();
      which.pop_back();
    }
  }
  for (size_t i = 0; i < listeners.size(); ++i) {
    const Made made = listeners[i]->wait();
    EXPECT_EQ(made.tokens, cases[which[i]].made.tokens);
    EXPECT_EQ(made.text, cases[which[i]].made.text);
  }
}

TEST_P(Engines, TellOfThePrompt) {
  GenerateOptions options;
  options.logProbabilities = 2;
  const std::vector<int32_t> prompt = {4, 1, 7, 7, 2, 9, 0};
  const auto expected = generator_.promptProbabilities(prompt, options);
  Engine engine(generator_, {});
  Listener listener;
  std::vector<Job> jobs;
  jobs.push_back(job(prompt, 2, 0, listener));
  jobs.back().options.logProbabilities = 2;
  jobs.back().tellPrompt = true;
  ASSERT_TRUE(engine.submit(std::move(jobs)));
  const Made made = listener.wait();
  ASSERT_EQ(made.prompt.size(), prompt.size());
  EXPECT_TRUE(std::isnan(made.prompt[0].logProbability));
  for (size_t i = 1; i < prompt.size(); ++i) {
    EXPECT_EQ(made.prompt[i].id, prompt[i]);
    EXPECT_EQ(made.prompt[i].logProbability, expected[i].logProbability);
    EXPECT_EQ(made.prompt[i].top, expected[i].top);
  }
  EXPECT_EQ(made.tokens.size(), 2u);
}

TEST_P(Engines, RefuseWhatTheQueueHasNoRoomFor) {
  Engine engine(generator_, {.slots = 1, .queue = 2, .full = {}});
  Listener first, others[3];
  std::vector<Job> jobs;
  jobs.push_back(job({1}, 1 << 30, 0, first));
  const auto long_ = engine.submit(std::move(jobs));
  ASSERT_TRUE(long_);
  first.waitForTokens(1);
  jobs.clear();
  for (Listener &listener : others)
    jobs.push_back(job({1}, 1, 0, listener));
  EXPECT_FALSE(engine.submit(std::move(jobs))) << "all or none";
  EXPECT_EQ(engine.counts().waiting, 0u);
  jobs.clear();
  jobs.push_back(job({1}, 1, 0, others[0]));
  jobs.push_back(job({1}, 1, 0, others[1]));
  jobs.back().deadline = std::chrono::steady_clock::now();
  ASSERT_TRUE(engine.submit(std::move(jobs)));
  EXPECT_EQ(others[1].wait().ending, Ending::Overdue);
  engine.cancel(*long_, 1);
  EXPECT_EQ(first.wait().ending, Ending::Cancelled);
  EXPECT_EQ(others[0].wait().ending, Ending::Length);
}

TEST_P(Engines, EndWithWhatIsLeft) {
  Listener listener;
  {
    Engine engine(generator_, {});
    std::vector<Job> jobs;
    jobs.push_back(job({1}, 1 << 30, 0, listener));
    ASSERT_TRUE(engine.submit(std::move(jobs)));
    listener.waitForTokens(1);
  }
  EXPECT_EQ(listener.wait().ending, Ending::Cancelled);
}

TEST_P(Engines, EndWhereTheContextDoes) {
  Engine engine(generator_, {.slots = 2, .queue = 8, .full = FullContext::Stop});
  const Made made = alone(engine, {1, 2}, 1000, 0);
  EXPECT_EQ(made.ending, Ending::Full);
  EXPECT_EQ(made.tokens.size(), size_t(test::decoderContext) - 1); // the last of them has no place of its own
}

TEST_P(Engines, FailOnlyTheTextWhoseTokensAreAllForbidden) {
  Engine engine(generator_, {});
  Listener bad, good;
  std::vector<Job> jobs;
  jobs.push_back(job({1}, 5, 0, bad));
  for (int32_t id = 0; id < test::decoderVocabulary; ++id)
    jobs.back().options.sampler.logitBias.emplace_back(id, -INFINITY);
  jobs.push_back(job({1}, 5, 0, good));
  ASSERT_TRUE(engine.submit(std::move(jobs)));
  EXPECT_EQ(good.wait().tokens.size(), 5u);
  EXPECT_NE(bad.wait().ending, Ending::None);
}

INSTANTIATE_TEST_SUITE_P(Batches, Engines, testing::Values(1, 4, 3));

} // namespace
} // namespace sinter::serve
