// Two calls that exclude each other, made at the same moment: cancel against run, submit against shutdown, and all
// other pairs of which exactly one may win.
#include <doctest/doctest.h>

#include "stress.hpp"

#include <algorithm>
#include <vector>

using namespace stress;

namespace {

// What happened to one task, noted by its own functions; plain where weft gives the order.
struct fate {
  std::atomic<int> runs{0}, drops{0};
  int trace = 0; // plain: written by the task, read after a wait

  static weft_status run(void *ctx, void ** /*result*/, weft_error_t ** /*error*/) {
    auto *self = static_cast<fate *>(ctx);
    VERIFY(self->runs.fetch_add(1, std::memory_order_relaxed) == 0);
    VERIFY(self->drops.load(std::memory_order_relaxed) == 0);
    self->trace = 7;
    return WEFT_OK;
  }
  static void drop(void *ctx) { VERIFY(static_cast<fate *>(ctx)->drops.fetch_add(1, std::memory_order_relaxed) == 0); }
};

// A thread that submits until it is refused, and what became of each of its tasks.
struct submitter {
  static constexpr std::size_t most = 20'000;
  std::vector<fate> fates = std::vector<fate>(most);
  std::vector<future> futures = std::vector<future>(most);
  // What was still pending when a shutdown with cancel had returned: as the closing thread and as the submitter saw it.
  std::vector<char> pending_after = std::vector<char>(most), late_pending = std::vector<char>(most);
  std::atomic<std::size_t> accepted{0}; // its release publishes the futures before it
  std::size_t offered = 0;

  void submit_until_refused(weft_executor_t *to, const std::atomic<bool> &cancelled_and_returned) {
    for (; offered < most; ++offered) {
      weft_future_t *made = nullptr;
      const weft_status status = weft_executor_submit(to, nullptr, fate::run, &fates[offered], fate::drop, &made);
      if (status == WEFT_EFULL) {
        VERIFY(fates[offered].drops.load() == 0 && made == nullptr);
        std::this_thread::yield();
        --offered;
        continue;
      }
      if (status != WEFT_OK) {
        VERIFY_STATUS(status, WEFT_ESHUTDOWN);
        VERIFY(made == nullptr);
        return;
      }
      const bool late = cancelled_and_returned.load(std::memory_order_acquire);
      futures[offered].reset(made);
      accepted.store(offered + 1, std::memory_order_release);
      if (late && weft_future_state(made) == WEFT_FUTURE_PENDING) late_pending[offered] = 1;
    }
  }
};

enum class kind { pool, bounded_waiting, bounded_failing, caller_runs_when_full, strand, caller_run };

void submit_against_shutdown(kind which, std::uint32_t flags, dice &random) {
  const std::uint32_t workers = random.between(1, 3), count = random.between(1, 3);
  executor pool, to;
  switch (which) {
  case kind::pool:
    to = make_pool(workers);
    break;
  case kind::bounded_waiting:
    to = make_pool(workers, random.between(1, 8), WEFT_FULL_WAIT);
    break;
  case kind::bounded_failing:
    to = make_pool(workers, random.between(1, 8), WEFT_FULL_FAIL);
    break;
  case kind::caller_runs_when_full:
    to = make_pool(workers, random.between(1, 8), WEFT_FULL_CALLER);
    break;
  case kind::strand:
    pool = make_pool(workers);
    to = make_strand(pool.get());
    break;
  case kind::caller_run:
    to = make_caller_run();
  }
  std::vector<submitter> submitters(count);
  std::atomic<bool> cancelled_and_returned{false};
  starting_line line(count + 1);
  std::vector<std::thread> threads;
  for (submitter &s : submitters)
    threads.emplace_back([&] {
      line.cross();
      s.submit_until_refused(to.get(), cancelled_and_returned);
    });
  line.cross();
  spin(random.below(200'000));
  VERIFY_OK(weft_executor_shutdown(to.get(), flags & ~WEFT_SHUTDOWN_WAIT, 0));
  if ((flags & WEFT_SHUTDOWN_CANCEL_PENDING) != 0) {
    // What is pending now has not started, so it must not start any more. (If a worker has just taken a task, that
    // worker may cancel it, a moment after the return.)
    cancelled_and_returned.store(true, std::memory_order_release);
    for (submitter &s : submitters)
      for (std::size_t i = s.accepted.load(std::memory_order_acquire); i > 0; --i)
        if (weft_future_state(s.futures[i - 1].get()) == WEFT_FUTURE_PENDING) s.pending_after[i - 1] = 1;
  }
  if ((flags & WEFT_SHUTDOWN_WAIT) != 0) VERIFY_OK(weft_executor_shutdown(to.get(), WEFT_SHUTDOWN_WAIT, WEFT_FOREVER));
  for (std::thread &t : threads) t.join();
  if (which == kind::caller_run) { // it has no workers: this call runs what is left
    if ((flags & WEFT_SHUTDOWN_WAIT) == 0)
      VERIFY_OK(weft_executor_shutdown(to.get(), WEFT_SHUTDOWN_WAIT, WEFT_FOREVER));
  }
  for (const submitter &s : submitters)
    for (std::size_t i = 0; i < s.accepted.load(std::memory_order_relaxed); ++i) {
      wait(s.futures[i]);
      const bool ran = weft_future_state(s.futures[i].get()) == WEFT_FUTURE_RESULT;
      if (!ran) VERIFY(weft_future_cancelled(s.futures[i].get()) == 1 && (flags & WEFT_SHUTDOWN_CANCEL_PENDING) != 0);
      VERIFY(s.fates[i].trace == (ran ? 7 : 0));
      VERIFY(!ran || (s.pending_after[i] == 0 && s.late_pending[i] == 0));
    }
  // A task that a worker cancels is dropped a moment after its future is done, and before the end of the executor.
  VERIFY_OK(weft_executor_shutdown(to.get(), WEFT_SHUTDOWN_WAIT, WEFT_FOREVER));
  to.reset();
  if (pool) end(pool);
  for (const submitter &s : submitters)
    for (std::size_t i = 0; i < submitter::most; ++i) {
      const bool was_accepted = i < s.accepted.load(std::memory_order_relaxed);
      VERIFY(s.fates[i].drops.load() == (was_accepted ? 1 : 0));
      VERIFY(was_accepted || s.fates[i].runs.load() == 0);
    }
}

} // namespace

TEST_CASE("cancel against run: one of them wins") {
  const watchdog patience("cancel against run");
  dice random(seed());
  executor pool = make_pool(2);
  executor strand = make_strand(pool.get());
  for (std::size_t turn = turns(3'000, 300'000); turn > 0; --turn) {
    weft_executor_t *const to = random.percent(70) ? pool.get() : strand.get();
    std::vector<fate> fates(random.between(1, 32));
    std::vector<future> futures(fates.size());
    std::vector<weft_status> answers(fates.size());
    starting_line line(2);
    const std::uint64_t canceller_random = random.roll();
    std::atomic<std::size_t> submitted{0};
    future canceller = submit(pool.get(), [&] { // either thread may cancel, inside a task or outside
      dice mine(canceller_random);
      line.cross();
      for (std::size_t i = 0; i < fates.size(); ++i) {
        while (submitted.load(std::memory_order_acquire) <= i) std::this_thread::yield();
        spin(mine.below(300));
        answers[i] = weft_future_cancel(futures[i].get());
      }
    });
    line.cross();
    for (std::size_t i = 0; i < fates.size(); ++i) {
      weft_future_t *made = nullptr;
      VERIFY_OK(weft_executor_submit(to, nullptr, fate::run, &fates[i], fate::drop, &made));
      futures[i].reset(made);
      submitted.store(i + 1, std::memory_order_release);
    }
    wait(canceller);
    for (std::size_t i = 0; i < fates.size(); ++i) {
      wait(futures[i]);
      const bool cancelled = weft_future_cancelled(futures[i].get()) == 1;
      VERIFY(cancelled == (answers[i] == WEFT_OK));
      VERIFY(cancelled || answers[i] == WEFT_ERUNNING || answers[i] == WEFT_EDONE);
      VERIFY(fates[i].trace == (cancelled ? 0 : 7));
      VERIFY(fates[i].runs.load() == (cancelled ? 0 : 1));
      VERIFY(fates[i].drops.load() == 1); // this thread has seen the canceller's end
    }
  }
  end(strand);
  end(pool);
}

TEST_CASE("submit against shutdown: refused, or brought to an end") {
  dice random(seed() + 1);
  for (const kind which : {kind::pool, kind::bounded_waiting, kind::bounded_failing, kind::caller_runs_when_full,
                           kind::strand, kind::caller_run}) {
    const watchdog patience("submit against shutdown");
    for (std::size_t turn = turns(60, 5'000); turn > 0; --turn) {
      say_on_failure("submit against shutdown, kind", static_cast<std::uint64_t>(which));
      for (const std::uint32_t flags :
           {0u, WEFT_SHUTDOWN_WAIT, WEFT_SHUTDOWN_CANCEL_PENDING, WEFT_SHUTDOWN_WAIT | WEFT_SHUTDOWN_CANCEL_PENDING})
        submit_against_shutdown(which, flags, random);
    }
  }
}

TEST_CASE("several set one promise: one of them wins, and its value stays") {
  const watchdog patience("several set one promise");
  dice random(seed() + 2);
  executor pool = make_pool(3);
  for (std::size_t turn = turns(5'000, 500'000); turn > 0; --turn) {
    const future promise = make_promise();
    std::atomic<int> winners{0}, called{0};
    int values[3] = {}; // plain: the winner has written its own before
    when_done(promise.get(), [&](weft_future_t *done) {
      VERIFY(weft_future_done(done) == 1);
      called.fetch_add(1, std::memory_order_relaxed);
    });
    const bool with_cancel = random.percent(50);
    starting_line line(3);
    std::vector<future> setters;
    for (int s = 0; s < 3; ++s)
      setters.push_back(submit(pool.get(), [&, s] {
        line.cross();
        values[s] = s + 1;
        const weft_status status = s == 0 && with_cancel ? weft_future_cancel(promise.get())
                                                         : weft_future_set_result(promise.get(), &values[s]);
        if (status == WEFT_OK) winners.fetch_add(1, std::memory_order_relaxed);
        VERIFY(status == WEFT_OK || status == WEFT_EINVALIDSTATE || status == WEFT_ECANCELED ||
               status == WEFT_ERUNNING || status == WEFT_EDONE);
      }));
    wait(promise);
    void *value = nullptr;
    const weft_status status = weft_future_result(promise.get(), 0, &value);
    if (status == WEFT_OK)
      VERIFY(*static_cast<int *>(value) == 1 + (static_cast<int *>(value) - values));
    else
      VERIFY(status == WEFT_ECANCELED && with_cancel);
    for (const future &s : setters) wait(s);
    VERIFY(winners.load() == 1 && called.load() == 1);
  }
  end(pool);
}
