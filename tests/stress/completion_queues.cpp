// Completion queues under load: futures that end in every way, groups, timers and posts. Many threads tie them, and
// many take events out: polling or waiting, inside tasks and outside, while queues are closed and released. Each tie
// gives exactly one event, and never before its time.
#include <doctest/doctest.h>

#include "stress.hpp"

#include <poll.h>

#include <vector>

using namespace stress;

namespace {

using queue = std::unique_ptr<weft_queue_t, unref_by<&weft_queue_unref>>;
using group = std::unique_ptr<weft_group_t, unref_by<&weft_group_unref>>;
using timer = std::unique_ptr<weft_timer_t, unref_by<&weft_timer_unref>>;

queue make_queue() {
  weft_queue_t *made = nullptr;
  VERIFY_OK(weft_queue_create(nullptr, &made));
  return queue(made);
}

// A future that was tied; the tag is its index. The plain fields need the order that weft gives.
struct tied {
  std::atomic<int> events{0};
  bool is_over = false; // plain: written before the end, read after the event
  future of;
};

void note(std::vector<tied> &all, const weft_event_t &event) {
  VERIFY(event.tag < all.size());
  tied &one = all[event.tag];
  VERIFY(one.events.fetch_add(1, std::memory_order_relaxed) == 0);
  VERIFY(event.kind == WEFT_EVENT_FUTURE && event.value == 0 && event.reserved == 0);
  const std::int32_t state = weft_future_state(one.of.get());
  switch (event.status) {
  case WEFT_OK:
    VERIFY(state == WEFT_FUTURE_RESULT && one.is_over);
    break;
  case WEFT_EFAILED:
    VERIFY(state == WEFT_FUTURE_ERROR && one.is_over);
    break;
  default:
    VERIFY(event.status == WEFT_ECANCELED && state == WEFT_FUTURE_CANCELLED);
  }
}

// Takes events out until all have come: by poll and pop, or by waiting.
void take_all(weft_queue_t *from, std::vector<tied> &all, std::atomic<std::size_t> &left, dice random, bool polls) {
  weft_event_t events[8];
  std::int32_t descriptor = -1;
  if (polls) VERIFY_OK(weft_queue_fd(from, &descriptor));
  for (;;) {
    std::size_t count = 0;
    weft_status status;
    if (polls) {
      pollfd entry{descriptor, POLLIN, 0};
      VERIFY(poll(&entry, 1, -1) == 1); // the watchdog bounds it
      status = weft_queue_pop(from, events, random.between(1, 8), &count);
    } else {
      status = weft_queue_wait(from, events, random.between(1, 8), random.percent(30) ? 1000 : WEFT_FOREVER, &count);
      if (status == WEFT_ETIMEDOUT) continue;
    }
    if (status == WEFT_ECLOSED) return;
    VERIFY_OK(status);
    for (std::size_t i = 0; i < count; ++i) note(all, events[i]);
    if (count != 0 && left.fetch_sub(count, std::memory_order_acq_rel) == count) VERIFY_OK(weft_queue_close(from));
  }
}

} // namespace

TEST_CASE("each tie of a future gives one event, whoever takes it") {
  const watchdog patience("ties of futures");
  dice random(seed());
  for (std::size_t turn = turns(60, 6000); turn > 0; --turn) {
    executor pool = make_pool(random.between(1, 3)), strand = make_strand(pool.get());
    const queue events = make_queue();
    std::vector<tied> all(random.between(1, 400));
    std::atomic<std::size_t> left{all.size()};
    std::vector<std::thread> takers;
    for (std::uint32_t i = random.between(1, 3); i > 0; --i)
      takers.emplace_back(take_all, events.get(), std::ref(all), std::ref(left), dice(random.roll()),
                          random.percent(50));
    const std::uint32_t tyers = random.between(1, 2);
    std::vector<std::thread> threads;
    for (std::uint32_t t = 0; t < tyers; ++t)
      threads.emplace_back([&, t, mine = dice(random.roll())]() mutable {
        for (std::size_t i = t; i < all.size(); i += tyers) {
          tied &one = all[i];
          const std::uint32_t kind = mine.below(10);
          if (kind < 8) {
            weft_future_t *made = nullptr;
            VERIFY_OK(weft_executor_submit(
                mine.percent(70) ? pool.get() : strand.get(), nullptr,
                [](void *ctx, void **, weft_error_t **) -> weft_status {
                  static_cast<tied *>(ctx)->is_over = true;
                  return reinterpret_cast<std::uintptr_t>(ctx) % 128 == 0 ? 42 : WEFT_OK;
                },
                &one, nullptr, &made));
            one.of.reset(made);
            if (mine.percent(20)) weft_future_cancel(made);
          } else {
            one.of = make_promise();
          }
          VERIFY_OK(weft_future_notify(one.of.get(), events.get(), i));
          if (mine.percent(20)) weft_future_cancel(one.of.get());
          if (kind >= 8) {
            one.is_over = true;
            (void)weft_future_set_result(one.of.get(), nullptr); // succeeds if it was not cancelled
          }
        }
      });
    for (std::thread &t : threads) t.join();
    for (std::thread &t : takers) t.join();
    VERIFY(left.load() == 0);
    for (const tied &one : all) VERIFY(one.events.load() == 1);
    end(strand);
    end(pool);
  }
}

TEST_CASE("tasks that wait on queues for tasks of their own pool always go on") {
  const watchdog patience("queues inside tasks");
  dice random(seed());
  for (std::size_t turn = turns(200, 20'000); turn > 0; --turn) {
    executor pool = make_pool(random.between(1, 3));
    std::vector<future> waiters;
    for (std::uint32_t i = random.between(1, 4); i > 0; --i)
      waiters.push_back(submit(pool.get(), [&pool, mine = dice(random.roll())]() mutable {
        const queue events = make_queue();
        const std::size_t count = mine.between(1, 20);
        std::vector<future> all;
        std::atomic<std::size_t> spawned{0};
        weft_group_t *made = nullptr;
        VERIFY_OK(weft_group_create(pool.get(), nullptr, &made));
        const group together(made);
        for (std::size_t i = 0; i < count; ++i) {
          all.push_back(submit(pool.get(), [] { spin(50); }));
          VERIFY_OK(weft_future_notify(all.back().get(), events.get(), i));
          VERIFY_OK(weft_group_spawn(
              together.get(), nullptr,
              [](void *ctx, void **, weft_error_t **) -> weft_status {
                static_cast<std::atomic<std::size_t> *>(ctx)->fetch_add(1, std::memory_order_relaxed);
                return WEFT_OK;
              },
              &spawned, nullptr));
        }
        VERIFY_OK(weft_group_notify(together.get(), events.get(), count));
        for (std::size_t left = count + 1; left > 0;) {
          weft_event_t event;
          std::size_t got = 0;
          const weft_status status =
              weft_queue_wait(events.get(), &event, 1, mine.percent(20) ? 50'000 : WEFT_FOREVER, &got);
          if (status == WEFT_ETIMEDOUT) continue;
          VERIFY_OK(status);
          if (event.kind == WEFT_EVENT_GROUP) VERIFY(spawned.load(std::memory_order_relaxed) == count);
          --left;
        }
      }));
    for (const future &each : waiters) wait(each);
    end(pool);
  }
}

TEST_CASE("queues are closed and given up while futures end, groups run out and timers tick") {
  const watchdog patience("queues that go");
  dice random(seed());
  executor pool = make_pool(2);
  for (std::size_t turn = turns(1500, 150'000); turn > 0; --turn) {
    queue events = make_queue();
    std::vector<future> all;
    weft_group_t *made = nullptr;
    VERIFY_OK(weft_group_create(pool.get(), nullptr, &made));
    group together(made);
    weft_timer_t *ticking = nullptr;
    VERIFY_OK(weft_timer_create_notify(pool.get(), events.get(), 0, &ticking));
    timer clock(ticking);
    VERIFY_OK(weft_timer_arm_every(clock.get(), 0, random.between(1, 20'000), random.below(3)));
    for (std::uint32_t i = random.between(1, 10); i > 0; --i) {
      all.push_back(submit(pool.get(), [steps = random.below(500)] { spin(steps); }));
      VERIFY_OK(weft_future_notify(all.back().get(), events.get(), i));
      VERIFY_OK(weft_group_spawn(
          together.get(), nullptr, [](void *, void **, weft_error_t **) -> weft_status { return WEFT_OK; }, nullptr,
          nullptr));
      if (random.percent(30)) VERIFY_OK(weft_group_notify(together.get(), events.get(), i));
    }
    if (random.percent(50)) together.reset();
    weft_event_t taken[4];
    std::size_t count = 0;
    if (random.percent(50)) VERIFY_OK(weft_queue_wait(events.get(), taken, 4, WEFT_FOREVER, &count));
    spin(random.below(2000));
    if (random.percent(30)) VERIFY_OK(weft_queue_close(events.get()));
    if (random.percent(50)) clock.reset();
    events.reset();
    if (random.percent(30)) wait(all.back());
  }
  end(pool);
}
