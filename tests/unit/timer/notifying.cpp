// Timers whose ticks go to a completion queue, with a clock that the test sets: which ticks come, how many an event
// counts, and that no function runs.
#include <doctest/doctest.h>

#include <optional>

#include "host.hpp"
#include "task/completion_queue.hpp"

using namespace weft::test;

namespace {

struct notifying_timer {
  explicit notifying_timer(fake_host &host, completion_queue &events, std::uint64_t tag = 1) {
    made = timer::make_notifying(host.queue, host, events, tag, object);
  }
  ~notifying_timer() { release(); }
  notifying_timer(const notifying_timer &) = delete;
  notifying_timer &operator=(const notifying_timer &) = delete;
  void release() {
    if (object != nullptr) std::exchange(object, nullptr)->unref_handle();
  }
  timer *operator->() const { return object; }

  timer *object = nullptr;
  weft_status made;
};

struct test_queue {
  test_queue() : object(*completion_queue::make()) {}
  ~test_queue() { object.unref_handle(); }
  test_queue(const test_queue &) = delete;
  test_queue &operator=(const test_queue &) = delete;
  // How many ticks the event stands for; 0 if there is no event.
  std::uint64_t ticks() {
    weft_event_t events[2] = {};
    std::size_t count = 0;
    object.pop(events, 2, count);
    CHECK(count <= 1);
    return count == 0 ? 0 : events[0].value;
  }
  completion_queue &object;
};

} // namespace

TEST_CASE("notifying timer: once, at its time, without a task; cancelled it does not come") {
  fake_host host;
  test_queue events;
  notifying_timer t(host, events.object);
  REQUIRE(t.made == WEFT_OK);
  REQUIRE(t->arm({1500}) == WEFT_OK);
  host.advance_to(1499);
  CHECK(events.ticks() == 0);
  host.advance_to(1500);
  CHECK(host.ready.empty());
  CHECK(events.ticks() == 1);
  CHECK(t->cancel() == WEFT_EDONE);
  REQUIRE(t->arm({2000}) == WEFT_OK);
  CHECK(t->cancel() == WEFT_OK);
  host.advance_to(3000);
  CHECK(events.ticks() == 0);
  REQUIRE(t->arm({3500}) == WEFT_OK);
  REQUIRE(t->arm({3200}) == WEFT_OK); // armed anew, for an earlier time
  host.advance_to(10'000);
  CHECK(events.ticks() == 1);
}

TEST_CASE("notifying timer: periods without drift; what was missed is left out, counted, or does not exist") {
  struct expectation {
    std::uint32_t missed;
    std::uint64_t after_a_gap; // from 1350, when 1400 was next, to 1750
    std::int64_t next;
  };
  for (const expectation &each : {expectation{WEFT_MISSED_SKIP, 1, 1800}, expectation{WEFT_MISSED_CATCH_UP, 4, 1800},
                                  expectation{WEFT_MISSED_DELAY, 1, 1850}}) {
    fake_host host;
    test_queue events;
    notifying_timer t(host, events.object);
    REQUIRE(t->arm({1100, 100, each.missed}) == WEFT_OK);
    host.advance_to(1350);
    CHECK(events.ticks() == 3); // no event was popped in between
    host.clock = 1750;
    host.queue.serve();
    CHECK(events.ticks() == each.after_a_gap);
    CHECK(host.alarm == each.next);
    host.advance_to(each.next - 1);
    CHECK(events.ticks() == 0);
    host.advance_to(each.next);
    CHECK(events.ticks() == 1);
    CHECK(t->cancel() == WEFT_OK);
  }
}

TEST_CASE("notifying timer: a shutdown disarms it; its last handle and the queue's may go in any order") {
  test_queue events;
  {
    fake_host host;
    notifying_timer t(host, events.object);
    REQUIRE(t->arm({1500}) == WEFT_OK);
    host.queue.close(WEFT_ESHUTDOWN, nullptr);
    host.advance_to(2000);
    CHECK(events.ticks() == 0);
    CHECK(t->arm({3000}) == WEFT_ESHUTDOWN);
    notifying_timer late(host, events.object);
    CHECK(late.made == WEFT_ESHUTDOWN);
  }
  fake_host host;
  {
    notifying_timer t(host, events.object);
    REQUIRE(t->arm({1500}) == WEFT_OK);
    host.advance_to(1500);
  }
  CHECK(events.ticks() == 1); // the event outlives the timer
  completion_queue &gone = *completion_queue::make();
  notifying_timer t(host, gone);
  REQUIRE(t->arm({2000, 10, WEFT_MISSED_SKIP}) == WEFT_OK);
  host.advance_to(2000);
  gone.unref_handle();
  host.advance_to(2100);
  CHECK(t->cancel() == WEFT_OK);
  events.object.close();
  notifying_timer late(host, events.object);
  CHECK(late.made == WEFT_ECLOSED);
}

TEST_CASE("notifying timer: it is not left armed when its domain is closed in between") {
  fake_host host;
  test_queue events;
  const shared<domain> home = adopt(domain::make());
  record &self = *current_record();
  std::optional<notifying_timer> t;
  {
    const inside_scope here(&self, home.get());
    t.emplace(host, events.object);
  }
  REQUIRE(t->made == WEFT_OK);
  host.calls_off = home.get(); // like a close that looks at the timer before it is armed
  CHECK((*t)->arm({1100, 10}) == WEFT_ECLOSED);
  CHECK((*t)->cancel() == WEFT_EDONE);
  host.advance_to(1200);
  CHECK(events.ticks() == 0);
  CHECK(home->close(deadline::never()) == WEFT_OK);
}
