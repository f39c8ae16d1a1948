// Continuations, when_all and when_any, while their sources end, are cancelled or abandoned, and while they are
// cancelled themselves. Each ends once and is dropped once, with an outcome that its sources allow.
#include <doctest/doctest.h>

#include "stress.hpp"

#include <vector>

using namespace stress;

namespace {

// What happened to one continuation, noted by its own functions.
struct link_fate {
  std::atomic<int> runs{0}, drops{0};
  weft_status returns = WEFT_OK;

  static weft_status run(void *ctx, weft_future_t *done, void ** /*result*/, weft_error_t ** /*error*/) {
    auto *self = static_cast<link_fate *>(ctx);
    VERIFY(self->runs.fetch_add(1, std::memory_order_relaxed) == 0);
    VERIFY(self->drops.load(std::memory_order_relaxed) == 0);
    VERIFY(weft_future_done(done) == 1 && weft_continuation_source() == done);
    return self->returns;
  }
  static void drop(void *ctx) { VERIFY(static_cast<link_fate *>(ctx)->drops.fetch_add(1) == 0); }
};

future then(weft_future_t *source, weft_executor_t *where, std::uint32_t when, link_fate &fate) {
  weft_future_t *made = nullptr;
  VERIFY_OK(weft_future_then(source, where, when, nullptr, link_fate::run, &fate, link_fate::drop, &made));
  return future(made);
}

// An executor to run on; null: inline.
weft_executor_t *choose(dice &random, const std::vector<executor> &from) {
  const std::uint32_t which = random.below(static_cast<std::uint32_t>(from.size()) + 1);
  return which == from.size() ? nullptr : from[which].get();
}

std::vector<executor> make_executors() {
  std::vector<executor> all;
  all.push_back(make_pool(2));
  all.push_back(make_pool(1, 3, WEFT_FULL_FAIL));
  all.push_back(make_pool(1, 3, WEFT_FULL_CALLER));
  all.push_back(make_strand(all[0].get()));
  return all;
}

void end_all(std::vector<executor> &all) {
  while (!all.empty()) {
    end(all.back());
    all.pop_back();
  }
}

enum class ending { result, error, cancel, give_up };

void end_promise(future &promise, ending how) {
  switch (how) {
  case ending::result:
    VERIFY_OK(weft_future_set_result(promise.get(), nullptr));
    break;
  case ending::error: {
    weft_error_t *failure = nullptr;
    VERIFY_OK(weft_error_create(1, "k", "m", &failure));
    VERIFY_OK(weft_future_set_error(promise.get(), failure));
    weft_error_unref(failure);
    break;
  }
  case ending::cancel:
    VERIFY_OK(weft_future_cancel(promise.get()));
    break;
  case ending::give_up:
    break;
  }
  promise.reset();
}

} // namespace

TEST_CASE("a tree of continuations: its source ends while it is cancelled here and there") {
  const watchdog patience("a tree of continuations");
  dice random(seed());
  std::vector<executor> executors = make_executors();
  executor helpers = make_pool(2);
  for (std::size_t turn = turns(3'000, 300'000); turn > 0; --turn) {
    say_on_failure("tree of continuations, turn", turn);
    future promise = make_promise();
    std::vector<link_fate> fates(random.between(1, 24));
    std::vector<future> links;
    for (link_fate &fate : fates) {
      if (random.percent(20)) fate.returns = 9;
      weft_future_t *const source =
          links.empty() || random.percent(20) ? promise.get() : links[random.below(links.size())].get();
      links.push_back(then(source, choose(random, executors), random.below(3), fate));
    }
    const auto how = static_cast<ending>(random.below(4));
    const std::uint64_t canceller_random = random.roll();
    starting_line line(2);
    const future canceller = submit(helpers.get(), [&] {
      dice mine(canceller_random);
      line.cross();
      for (std::uint32_t i = mine.below(6); i > 0; --i) {
        spin(mine.below(2'000));
        weft_future_t *const which = links[mine.below(links.size())].get();
        const weft_status answer = weft_future_cancel(which);
        VERIFY(answer == WEFT_OK || answer == WEFT_ERUNNING || answer == WEFT_EDONE);
        VERIFY((weft_future_cancelled(which) == 1) == (answer == WEFT_OK));
      }
    });
    line.cross();
    spin(random.below(4'000));
    end_promise(promise, how);
    wait(canceller);
    for (std::size_t i = 0; i < links.size(); ++i) {
      wait(links[i]);
      const int runs = fates[i].runs.load();
      VERIFY(runs <= 1 && (weft_future_cancelled(links[i].get()) == 0 || runs == 0));
    }
    // This thread has seen the end of each link that passed an outcome on or was refused, so its drop has happened.
    for (link_fate &fate : fates) VERIFY(fate.drops.load() == 1 || fate.runs.load() == 0);
    const bool handles_first = random.percent(50);
    if (handles_first) links.clear();
    for (link_fate &fate : fates)
      while (fate.drops.load() == 0) std::this_thread::yield();
  }
  end(helpers);
  end_all(executors);
}

TEST_CASE("when_all and when_any: their sources end on two threads while they are cancelled") {
  const watchdog patience("when_all and when_any");
  dice random(seed() + 1);
  executor pool = make_pool(3);
  for (std::size_t turn = turns(5'000, 500'000); turn > 0; --turn) {
    say_on_failure("gatherings, turn", turn);
    const std::size_t count = random.between(1, 8);
    std::vector<future> promises;
    std::vector<weft_future_t *> given;
    std::vector<ending> endings;
    bool failed = false, cancelled = false;
    for (std::size_t i = 0; i < count; ++i) {
      promises.push_back(make_promise());
      given.push_back(promises.back().get());
      const auto how = random.percent(60) ? ending::result : static_cast<ending>(random.below(4));
      endings.push_back(how);
      failed = failed || how == ending::error;
      cancelled = cancelled || how == ending::cancel || how == ending::give_up;
    }
    const bool with_cancel = random.percent(30), made_in_between = random.percent(30);
    weft_future_t *all = nullptr, *any = nullptr;
    std::atomic<bool> made{false};
    const auto make = [&] {
      VERIFY_OK(weft_when_all(given.data(), count, &all));
      VERIFY_OK(weft_when_any(given.data(), count, &any));
    };
    if (!made_in_between) make();
    // If `all` and `any` are made in between, their sources must still have handles.
    std::vector<future> kept;
    if (made_in_between)
      for (weft_future_t *p : given) kept.emplace_back(weft_future_ref(p));
    starting_line line(3);
    std::vector<future> enders;
    for (std::size_t first = 0; first < 2; ++first)
      enders.push_back(submit(pool.get(), [&, first] {
        line.cross();
        for (std::size_t i = first; i < count; i += 2) end_promise(promises[i], endings[i]);
      }));
    line.cross();
    if (made_in_between) make();
    weft_status all_answer = WEFT_EDONE, any_answer = WEFT_EDONE;
    if (with_cancel) {
      spin(random.below(500));
      all_answer = weft_future_cancel(all);
      any_answer = weft_future_cancel(any);
    }
    for (const future &e : enders) wait(e);
    kept.clear(); // now the abandoned sources end
    wait(all);
    wait(any);
    if (all_answer == WEFT_OK)
      VERIFY(weft_future_cancelled(all) == 1);
    else
      VERIFY(weft_future_state(all) == (failed      ? WEFT_FUTURE_ERROR
                                        : cancelled ? WEFT_FUTURE_CANCELLED
                                                    : WEFT_FUTURE_RESULT));
    if (weft_future_state(any) == WEFT_FUTURE_RESULT) {
      const std::size_t index = *static_cast<std::size_t *>(weft_future_room(any));
      VERIFY(index < count && endings[index] != ending::give_up);
    } else {
      for (const ending how : endings) VERIFY(any_answer == WEFT_OK || how == ending::give_up);
    }
    weft_future_unref(all);
    weft_future_unref(any);
  }
  end(pool);
}

TEST_CASE("waiting inside for what comes of others: it runs or is told, and never hangs") {
  const watchdog patience("waiting inside for what comes of others");
  dice random(seed() + 2);
  for (std::size_t turn = turns(1'000, 100'000); turn > 0; --turn) {
    say_on_failure("waiting inside, turn", turn);
    executor pool = make_pool(random.between(1, 3));
    const std::uint32_t count = random.between(1, 4);
    std::vector<future> waiters;
    for (std::uint32_t w = 0; w < count; ++w) {
      const std::uint64_t own_random = random.roll();
      waiters.push_back(submit(pool.get(), [&pool, own_random] {
        dice mine(own_random);
        std::vector<future> futures;
        const auto run = [](void *, weft_future_t *, void **, weft_error_t **) -> weft_status { return WEFT_OK; };
        for (std::uint32_t i = mine.between(1, 20); i > 0; --i) {
          weft_future_t *made = nullptr;
          if (futures.empty() || mine.percent(30)) {
            futures.push_back(submit(pool.get(), [] {}));
            continue;
          }
          weft_future_t *two[2] = {futures[mine.below(futures.size())].get(),
                                   futures[mine.below(futures.size())].get()};
          switch (mine.below(4)) {
          case 0:
            VERIFY_OK(weft_when_all(two, 2, &made));
            break;
          case 1:
            VERIFY_OK(weft_when_any(two, 2, &made));
            break;
          default:
            VERIFY_OK(weft_future_then(two[0], mine.percent(70) ? pool.get() : nullptr, mine.below(3), nullptr, run,
                                       nullptr, nullptr, &made));
          }
          futures.emplace_back(made);
        }
        VERIFY_OK(weft_future_wait(futures[mine.below(futures.size())].get(), WEFT_FOREVER));
        VERIFY_OK(weft_future_wait(futures.back().get(), WEFT_FOREVER));
      }));
    }
    for (const future &w : waiters) wait(w);
    end(pool);
  }
}
