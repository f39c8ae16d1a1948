// Cancel tokens under load: submitters, cancellers and workers on one tree of tokens. Each context is dropped exactly
// once; a refused submit leaves it to the caller. All tasks of a cancelled token end.
#include <doctest/doctest.h>

#include <vector>

#include "stress.hpp"

using namespace stress;

namespace {

using token = std::unique_ptr<weft_cancel_token_t, unref_by<&weft_cancel_token_unref>>;
using group = std::unique_ptr<weft_group_t, unref_by<&weft_group_unref>>;

token make_token(weft_cancel_token_t *parent, std::int64_t timeout = WEFT_FOREVER) {
  weft_cancel_token_t *made = nullptr;
  VERIFY_OK(weft_cancel_token_create(parent, timeout, &made));
  return token(made);
}

struct tally {
  std::atomic<std::uint64_t> accepted{0}, ran{0}, dropped{0}, called{0};
};

struct ticket {
  tally &in;
  std::uint32_t sleeps;
};

weft_status run_ticket(void *ctx, void ** /*result*/, weft_error_t ** /*error*/) {
  const auto &mine = *static_cast<ticket *>(ctx);
  mine.in.ran.fetch_add(1, std::memory_order_relaxed);
  if (mine.sleeps == 0) return WEFT_OK;
  return weft_sleep(WEFT_FOREVER) == WEFT_EINTERRUPTED ? WEFT_OK : 1; // only a cancellation ends it
}
weft_status then_ticket(void *ctx, weft_future_t * /*source*/, void **result, weft_error_t **error) {
  return run_ticket(ctx, result, error);
}
void drop_ticket(void *ctx) {
  const auto *mine = static_cast<ticket *>(ctx);
  mine->in.dropped.fetch_add(1, std::memory_order_relaxed);
  delete mine;
}
void hear(void *ctx) {
  static_cast<ticket *>(ctx)->in.called.fetch_add(1, std::memory_order_relaxed);
}

// Attaches a task to a token in one of the possible ways. Nothing keeps a handle of the future.
void give(weft_executor_t *pool, weft_executor_t *strand, weft_cancel_token_t *to, dice &random, tally &in) {
  weft_task_options_t options;
  weft_task_options_init(&options);
  options.token = to;
  auto mine = std::make_unique<ticket>(ticket{in, random.percent(5) ? 1u : 0u});
  weft_future_t *future = nullptr;
  weft_status status = WEFT_OK;
  switch (random.below(5)) {
  case 0:
    status = weft_executor_submit(pool, &options, run_ticket, mine.get(), drop_ticket, &future);
    break;
  case 1:
    status = weft_executor_submit(strand, &options, run_ticket, mine.get(), drop_ticket, &future);
    break;
  case 2:
    status = weft_executor_submit_after(pool, random.below(2000) * WEFT_MICROSECOND, &options, run_ticket, mine.get(),
                                        drop_ticket, &future);
    break;
  case 3: {
    weft_call_t calls[3] = {{run_ticket, mine.get(), drop_ticket},
                            {run_ticket, new ticket{in, 0}, drop_ticket},
                            {run_ticket, new ticket{in, 0}, drop_ticket}};
    status = weft_executor_submit_batch(pool, &options, calls, 3, nullptr);
    if (status == WEFT_OK)
      in.accepted.fetch_add(2, std::memory_order_relaxed);
    else
      for (int i = 1; i < 3; ++i) delete static_cast<ticket *>(calls[i].ctx);
    break;
  }
  default: {
    weft_future_t *source = nullptr;
    VERIFY_OK(weft_future_create(nullptr, &source));
    status = weft_future_then(source, pool, WEFT_THEN_ALWAYS, &options, then_ticket, mine.get(), drop_ticket, &future);
    if (random.percent(50)) VERIFY_OK(weft_future_set_result(source, nullptr));
    weft_future_unref(source); // if it has no result, this cancels it and the continuation
    break;
  }
  }
  VERIFY_OF(status, status == WEFT_OK || status == WEFT_ECANCELED);
  if (status != WEFT_OK) return;
  (void)mine.release();
  in.accepted.fetch_add(1, std::memory_order_relaxed);
  weft_future_unref(future);
}

void watch(weft_cancel_token_t *which, dice &random, tally &in, std::atomic<std::uint64_t> &registered) {
  auto mine = std::make_unique<ticket>(ticket{in, 0});
  weft_cancel_registration_t *registration = nullptr;
  VERIFY_OK(
      weft_cancel_token_on_cancel(which, hear, mine.get(), drop_ticket, random.percent(50) ? &registration : nullptr));
  (void)mine.release();
  registered.fetch_add(1, std::memory_order_relaxed);
  spin(random.below(500));
  const weft_status status = weft_cancel_registration_remove(&registration);
  VERIFY_OF(status, status == WEFT_OK || status == WEFT_EDONE || status == WEFT_ERUNNING);
}

} // namespace

TEST_CASE("whatever hangs on tokens ends exactly once") {
  watchdog dog("cancel tokens");
  dice random(seed());
  for (std::size_t round = turns(150, 20000); round > 0; --round) {
    executor pool = make_pool(random.between(1, 3));
    executor strand = make_strand(pool.get());
    tally in;
    std::atomic<std::uint64_t> registered{0};
    token top = make_token(nullptr);
    std::vector<token> all;
    for (int i = 0; i < 6; ++i)
      all.push_back(make_token(i == 0 || random.percent(40) ? top.get() : all[random.below(i)].get(),
                               random.percent(15) ? random.below(1000) * WEFT_MICROSECOND : WEFT_FOREVER));
    starting_line line(3);
    std::vector<thread> threads;
    for (int t = 0; t < 2; ++t)
      threads.push_back(start_thread([&, from = random.roll()] {
        dice mine(from);
        line.cross();
        for (int i = 0; i < 60; ++i) {
          weft_cancel_token_t *const to = all[mine.below(static_cast<std::uint32_t>(all.size()))].get();
          if (mine.percent(85))
            give(pool.get(), strand.get(), to, mine, in);
          else
            watch(to, mine, in, registered);
        }
      }));
    threads.push_back(start_thread([&, from = random.roll()] {
      dice mine(from);
      line.cross();
      for (int i = 0; i < 4; ++i) {
        spin(mine.below(20000));
        const weft_status status =
            weft_cancel_token_cancel(all[mine.below(static_cast<std::uint32_t>(all.size()))].get());
        VERIFY_OF(status, status == WEFT_OK || status == WEFT_EDONE);
      }
    }));
    for (thread &each : threads) VERIFY_OK(weft_thread_join(each.get(), WEFT_FOREVER));
    VERIFY_OK(weft_cancel_token_cancel(top.get()));
    for (const token &each : all) VERIFY(weft_cancel_token_is_cancelled(each.get()) == 1);
    end(strand);
    end(pool);
    all.clear();
    top.reset();
    // The thread that served a deadline may still be in the last callbacks of what it cancelled.
    while (in.dropped.load(std::memory_order_acquire) < in.accepted.load() + registered.load())
      std::this_thread::yield();
    VERIFY(in.dropped.load() == in.accepted.load() + registered.load());
    VERIFY(in.ran.load() <= in.accepted.load());
    VERIFY(in.called.load() <= registered.load());
  }
}

TEST_CASE("a group ends while its token is cancelled") {
  watchdog dog("groups and tokens");
  dice random(seed());
  executor pool = make_pool(2);
  for (std::size_t round = turns(3000, 300000); round > 0; --round) {
    token mine = make_token(nullptr);
    weft_group_options_t options;
    weft_group_options_init(&options);
    options.token = mine.get();
    weft_group_t *made = nullptr;
    VERIFY_OK(weft_group_create(pool.get(), &options, &made));
    starting_line line(2);
    const std::uint32_t pause = random.below(3000);
    thread canceller = start_thread([&] {
      line.cross();
      spin(pause);
      VERIFY_OK(weft_cancel_token_cancel(mine.get()));
    });
    line.cross();
    {
      const group held(made);
      std::atomic<int> ran{0};
      const auto count = [](void *ctx, void **, weft_error_t **) -> weft_status {
        static_cast<std::atomic<int> *>(ctx)->fetch_add(1);
        return WEFT_OK;
      };
      for (int i = 0; i < 3; ++i) VERIFY_OK(weft_group_spawn(made, nullptr, count, &ran, nullptr));
      const weft_status status = weft_group_wait(made, WEFT_FOREVER);
      VERIFY_OF(status, status == WEFT_OK || status == WEFT_ECANCELED);
      VERIFY(status == WEFT_ECANCELED || ran.load() == 3);
    }
    VERIFY_OK(weft_thread_join(canceller.get(), WEFT_FOREVER));
  }
  end(pool);
}
