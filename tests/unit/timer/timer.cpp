// timer/timer.hpp, with a clock that the test sets: when a timer fires, what cancelling and arming anew do in each
// phase, and periods. Delayed tasks and the end are in timer_queue.cpp.
#include <doctest/doctest.h>

#include <random>
#include <vector>

#include "host.hpp"

using namespace weft::test;

TEST_CASE("timer: fires once, at its time and not before") {
  fake_host host;
  work content;
  {
    test_timer t(host, content);
    REQUIRE(t.made == WEFT_OK);
    CHECK(t->cancel() == WEFT_EDONE);
    REQUIRE(t->arm({1500}) == WEFT_OK);
    CHECK(host.alarm == 1500);
    host.clock = 1499;
    host.queue.serve(); // an alarm that comes early
    CHECK(host.ready.empty());
    CHECK(host.alarm == 1500);
    host.advance_to(1500);
    CHECK(host.ready.size() == 1);
    CHECK(host.run_all() == 1);
    host.advance_to(10'000);
    CHECK(host.run_all() == 0);
    CHECK(t->cancel() == WEFT_EDONE);
    CHECK(content.dropped == 0);
  }
  CHECK(content.ran == 1);
  CHECK(content.dropped == 1);
}

TEST_CASE("timer: arming and cancelling by turns asks for one alarm, and fires at the last time alone") {
  fake_host host;
  work content;
  test_timer t(host, content);
  for (int i = 0; i < 100; ++i) {
    REQUIRE(t->arm({host.clock + 500}) == WEFT_OK);
    REQUIRE(t->cancel() == WEFT_OK);
    ++host.clock;
  }
  CHECK(host.alarms == 1);
  REQUIRE(t->arm({host.clock + 500}) == WEFT_OK);
  const std::int64_t due = host.clock + 500;
  host.advance_to(due - 1);
  CHECK(host.ready.empty());
  host.advance_to(due);
  CHECK(host.run_all() == 1);
  host.advance_to(due + 5000);
  CHECK(host.run_all() == 0);
}

TEST_CASE("timer: armed anew, earlier or later, the time before does not count") {
  fake_host host;
  work content;
  test_timer t(host, content);
  REQUIRE(t->arm({2000}) == WEFT_OK);
  REQUIRE(t->arm({1200}) == WEFT_OK);
  host.advance_to(1200);
  CHECK(host.run_all() == 1);
  REQUIRE(t->arm({1300}) == WEFT_OK);
  REQUIRE(t->arm({1900}) == WEFT_OK);
  host.advance_to(1899);
  CHECK(host.run_all() == 0);
  host.advance_to(1900);
  CHECK(host.run_all() == 1);
  host.advance_to(5000);
  CHECK(host.run_all() == 0);
  CHECK(content.ran == 2);
}

TEST_CASE("timer: a tick that is due but has not run can be cancelled and replaced") {
  fake_host host;
  work content;
  test_timer t(host, content);
  REQUIRE(t->arm({1100}) == WEFT_OK);
  host.advance_to(1100);
  REQUIRE(host.ready.size() == 1);
  CHECK(t->cancel() == WEFT_OK);
  CHECK(t->cancel() == WEFT_EDONE);
  host.run_all(); // the carrier comes, and finds nothing to do
  CHECK(content.ran == 0);

  REQUIRE(t->arm({1200}) == WEFT_OK);
  host.advance_to(1200);
  REQUIRE(t->arm({1300}) == WEFT_OK);
  host.run_all();
  CHECK(content.ran == 0);
  host.advance_to(1300);
  host.run_all();
  CHECK(content.ran == 1);
}

TEST_CASE("timer: from within its own task it can be cancelled, armed anew and released") {
  fake_host host;
  timer *self = nullptr;
  std::vector<weft_status> answers;
  int turn = 0;
  work content([&](void **, weft_error **) {
    switch (turn++) {
    case 0:
      answers.push_back(self->arm({host.clock + 10}));
      break;
    case 1:
      answers.push_back(self->arm({host.clock})); // due at once, but it does not run before this run has ended
      host.queue.serve();
      answers.push_back(static_cast<weft_status>(host.ready.size()));
      break;
    case 2:
      answers.push_back(self->arm({host.clock + 5, 5}));
      answers.push_back(self->cancel());
      break;
    default:
      self->unref_handle();
      break;
    }
    return WEFT_OK;
  });
  test_timer t(host, content);
  self = t.object;
  REQUIRE(t->arm({1100}) == WEFT_OK);
  host.advance_to(1100);
  CHECK(host.run_all() == 1);
  host.advance_to(1110);
  CHECK(host.run_all() == 2); // the second run, and the third that it asked for
  CHECK(answers == std::vector<weft_status>{WEFT_OK, WEFT_OK, 0, WEFT_OK, WEFT_ERUNNING});
  host.advance_to(2000);
  CHECK(host.run_all() == 0);
  CHECK(t->cancel() == WEFT_EDONE);
  REQUIRE(t->arm({2100, 10}) == WEFT_OK);
  host.advance_to(2100);
  CHECK(host.run_all() == 1);
  t.object = nullptr; // the run released it
  CHECK(content.dropped == 1);
  host.advance_to(5000);
  CHECK(host.run_all() == 0);
}

TEST_CASE("timer: periods do not drift, however late a tick runs") {
  fake_host host;
  std::vector<std::int64_t> ran_at;
  work content([&](void **, weft_error **) {
    ran_at.push_back(host.clock);
    host.clock += 3; // the run takes time
    return WEFT_OK;
  });
  test_timer t(host, content);
  REQUIRE(t->arm({1100, 10}) == WEFT_OK);
  for (std::int64_t time = 1100; time <= 1140; time += 10) {
    host.advance_to(time);
    host.clock += 4; // a busy executor
    host.run_all();
  }
  CHECK(ran_at == std::vector<std::int64_t>{1104, 1114, 1124, 1134, 1144});
}

TEST_CASE("timer: what becomes of missed ticks") {
  fake_host host;
  int long_runs = 1;
  std::vector<std::int64_t> ran_at;
  work content([&](void **, weft_error **) {
    ran_at.push_back(host.clock);
    if (long_runs-- > 0) host.clock += 35;
    return WEFT_OK;
  });
  test_timer t(host, content);
  const auto run_until = [&](std::int64_t end) {
    for (; host.clock < end; host.advance_to(host.clock + 1)) host.run_all();
  };
  SUBCASE("skip: the series goes on where it would be") {
    REQUIRE(t->arm({1100, 10, WEFT_MISSED_SKIP}) == WEFT_OK);
    run_until(1165);
    CHECK(ran_at == std::vector<std::int64_t>{1100, 1140, 1150, 1160});
  }
  SUBCASE("catch up: none is left out") {
    REQUIRE(t->arm({1100, 10, WEFT_MISSED_CATCH_UP}) == WEFT_OK);
    run_until(1155);
    CHECK(ran_at == std::vector<std::int64_t>{1100, 1135, 1135, 1135, 1140, 1150});
  }
  SUBCASE("delay: a period after the end of the one before") {
    REQUIRE(t->arm({1100, 10, WEFT_MISSED_DELAY}) == WEFT_OK);
    run_until(1160);
    CHECK(ran_at == std::vector<std::int64_t>{1100, 1145, 1155});
  }
}

TEST_CASE("timer: a tick never overlaps the one before; a cancel while it runs ends the series") {
  fake_host host;
  timer *self = nullptr;
  int inside = 0, most = 0;
  weft_status cancelled = WEFT_OK;
  work content([&](void **, weft_error **) {
    most = std::max(most, ++inside);
    if (content.ran == 3) cancelled = self->cancel();
    host.clock += 50;
    host.queue.serve();
    host.run_all(); // would run a second tick inside this one
    --inside;
    return WEFT_OK;
  });
  test_timer t(host, content);
  self = t.object;
  REQUIRE(t->arm({1100, 10, WEFT_MISSED_CATCH_UP}) == WEFT_OK);
  host.advance_to(1100);
  host.run_all();
  CHECK(content.ran == 3);
  CHECK(most == 1);
  CHECK(cancelled == WEFT_ERUNNING);
}

TEST_CASE("timer: with the last handle it is disarmed; a tick on its way keeps the memory, and runs nothing") {
  fake_host host;
  work content;
  {
    test_timer t(host, content);
    REQUIRE(t->arm({1100}) == WEFT_OK);
  }
  CHECK(content.dropped == 1);
  work second;
  test_timer t(host, second);
  REQUIRE(t->arm({1100}) == WEFT_OK);
  host.advance_to(1100);
  REQUIRE(host.ready.size() == 1);
  t.release();
  CHECK(second.dropped == 0);
  host.run_all();
  CHECK(second.ran == 0);
  CHECK(second.dropped == 1);
  CHECK(content.ran == 0);
}

TEST_CASE("timer: when the executor has no memory, it tries again, and a period does not shift") {
  fake_host host;
  std::vector<std::int64_t> ran_at;
  work content([&](void **, weft_error **) {
    ran_at.push_back(host.clock);
    return WEFT_OK;
  });
  test_timer t(host, content);
  REQUIRE(t->arm({2000, 5 * WEFT_MILLISECOND}) == WEFT_OK);
  host.next_answer = WEFT_ENOMEM;
  host.advance_to(2000);
  CHECK(host.ready.empty());
  host.advance_to(2000 + WEFT_MILLISECOND);
  CHECK(host.run_all() == 1);
  host.advance_to(2000 + 5 * WEFT_MILLISECOND);
  CHECK(host.run_all() == 1);
  CHECK(ran_at == std::vector<std::int64_t>{2000 + WEFT_MILLISECOND, 2000 + 5 * WEFT_MILLISECOND});

  work delayed;
  task *const one = delayed.make();
  REQUIRE(host.queue.add(*one, host.clock + 1) == WEFT_OK);
  host.next_answer = WEFT_ENOMEM;
  host.advance_to(host.clock + 1);
  CHECK(delayed.ran == 0);
  host.advance_to(host.clock + 2 * WEFT_MILLISECOND);
  host.run_all();
  CHECK(delayed.ran == 1);
  one->unref();
}

TEST_CASE("timer: an alarm that cannot be had leaves everything as it was") {
  fake_host host;
  work content;
  test_timer t(host, content);
  REQUIRE(t->arm({3000}) == WEFT_OK);
  host.alarm_answer = WEFT_EAGAIN;
  CHECK(t->arm({2000}) == WEFT_EAGAIN);
  CHECK(t->arm({4000}) == WEFT_OK); // needs no alarm
  CHECK(t->arm({2000}) == WEFT_EAGAIN);
  task *const one = content.make();
  CHECK(host.queue.add(*one, 1500) == WEFT_EAGAIN);
  task::discard(one);
  CHECK(host.queue.next_due() == 3000); // the heap slot of the first arming
  host.alarm_answer = WEFT_OK;
  host.advance_to(3999);
  CHECK(host.run_all() == 0);
  host.advance_to(4000);
  CHECK(host.run_all() == 1);
  CHECK(content.dropped == 0);
}

TEST_CASE("timer: a million of them, armed, half of them cancelled, the rest fires in order") {
  constexpr std::size_t count = 1'000'000;
  fake_host host;
  std::int64_t last = 0;
  bool in_order = true;
  work content([&](void **, weft_error **) {
    in_order &= std::exchange(last, host.clock) <= host.clock;
    return WEFT_OK;
  });
  const call what{content.as_call().fn, &content, nullptr};
  std::vector<timer *> all(count);
  std::mt19937_64 random(5);
  for (timer *&each : all) {
    REQUIRE(timer::make(host.queue, host, {what.fn, what.ctx, what.drop}, {{nullptr, current_domain()}}, each) ==
            WEFT_OK);
    REQUIRE(each->arm({2000 + static_cast<std::int64_t>(random() % 100'000)}) == WEFT_OK);
  }
  for (std::size_t i = 0; i < count; i += 2) REQUIRE(all[i]->cancel() == WEFT_OK);
  while (host.alarm != timer_queue::none) {
    host.advance_to(host.alarm);
    for (task *each : host.ready) {
      each->try_claim();
      each->run_claimed(*current_record(), &host);
      each->unref();
    }
    host.ready.clear();
  }
  CHECK(content.ran == count / 2);
  CHECK(in_order);
  for (timer *each : all) each->unref_handle();
}
