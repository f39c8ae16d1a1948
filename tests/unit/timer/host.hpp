// An executor for the tests of timers. It keeps what becomes ready until the test runs it, and the test sets its clock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "support.hpp"
#include "timer/timer.hpp"
#include "timer/timer_queue.hpp"

namespace weft::test {

class fake_host final : public task_owner, public timer_host {
public:
  explicit fake_host(timer_queue *parent = nullptr) : queue(*this, *this), parent_(parent) {}
  ~fake_host() override {
    if (parent_ != nullptr) parent_->dismiss_child(queue);
  }

  weft_status make_ready(task *const *tasks, std::size_t count) noexcept override {
    if (const weft_status status = std::exchange(next_answer, answer); status != WEFT_OK) return status;
    for (std::size_t i = 0; i < count; ++i) tasks[i]->set_owner(this);
    ready.insert(ready.end(), tasks, tasks + count);
    return WEFT_OK;
  }
  weft_status set_alarm(std::int64_t due) noexcept override {
    ++alarms;
    if (calls_off != nullptr) calls_off->call_off();
    if (alarm_answer != WEFT_OK) return alarm_answer;
    if (parent_ != nullptr) return parent_->set_child_alarm(queue, due);
    alarm = due;
    return WEFT_OK;
  }
  void alarm_is_idle() noexcept override { alarm = timer_queue::none; }
  std::int64_t now() const noexcept override { return clock; }

  lent lend(task &, record &, haste, const helping &) override { return lent::no; }
  bool may_start(const task &, const wait_graph &) const noexcept override { return starts; }
  void left_queue() noexcept override {}
  void report(const weft_error *) override { ++reports; }

  // Advances the clock. The alarm comes if it was set for that time or earlier.
  void advance_to(std::int64_t time) {
    while (alarm <= time) {
      clock = std::max(clock, alarm);
      queue.serve();
    }
    clock = time;
  }

  // Runs everything that is ready, and returns how many ran.
  int run_all() {
    int ran = 0;
    while (!ready.empty()) {
      task *const next = ready.front();
      ready.erase(ready.begin());
      if (next->try_claim()) {
        next->run_claimed(*current_record(), this);
        ++ran;
      }
      next->unref();
    }
    return ran;
  }
  // Cancels everything that is ready, as a shutdown does.
  void discard_all() {
    withdrawn_tasks all;
    for (task *each : ready) all.add(*each);
    ready.clear();
    all.finish();
  }

  timer_queue queue;
  std::vector<task *> ready;
  std::int64_t clock = 1000, alarm = timer_queue::none;
  int alarms = 0, reports = 0;
  bool starts = true;
  domain *calls_off = nullptr; // is called off during the request for an alarm
  weft_status answer = WEFT_OK, next_answer = WEFT_OK, alarm_answer = WEFT_OK;

private:
  timer_queue *const parent_;
};

// A timer with one handle; its function is a `work`.
struct test_timer {
  test_timer(fake_host &host, work &content) {
    const call what = content.as_call();
    made = timer::make(host.queue, host, {what.fn, what.ctx, what.drop}, {{nullptr, current_domain()}}, object);
  }
  ~test_timer() { release(); }
  test_timer(const test_timer &) = delete;
  test_timer &operator=(const test_timer &) = delete;
  void release() {
    if (object != nullptr) std::exchange(object, nullptr)->unref_handle();
  }
  timer *operator->() const { return object; }

  timer *object = nullptr;
  weft_status made;
};

} // namespace weft::test
