// exec/bound.hpp: places are given in order, and every waiter is told.
#include <doctest/doctest.h>

#include <vector>

#include "exec/bound.hpp"
#include "support.hpp"

using namespace weft::test;

namespace {

dependency possible() {
  return {nullptr, [](const void *, const wait_graph &) { return true; }};
}
dependency impossible() {
  return {nullptr, [](const void *, const wait_graph &) { return false; }};
}

} // namespace

TEST_CASE("bound: room up to its size, and again when it was given back") {
  bound queue({3, WEFT_FULL_FAIL, 0});
  CHECK(queue.exists());
  CHECK(queue.acquire(2, possible()) == WEFT_OK);
  CHECK(queue.acquire(2, possible()) == WEFT_EFULL);
  CHECK(queue.acquire(1, possible()) == WEFT_OK);
  CHECK(queue.acquire(1, possible()) == WEFT_EFULL);
  queue.release(1);
  CHECK(queue.acquire(1, possible()) == WEFT_OK);
  queue.release(3);
  CHECK(queue.acquire(3, possible()) == WEFT_OK);
  CHECK_FALSE(bound({}).exists());
}

TEST_CASE("bound: what can never fit is refused under each policy") {
  for (const std::uint32_t policy : {WEFT_FULL_FAIL, WEFT_FULL_WAIT, WEFT_FULL_CALLER}) {
    bound queue({3, policy, WEFT_FOREVER});
    CHECK(queue.acquire(4, possible()) == WEFT_EFULL);
    CHECK(queue.acquire(UINT64_MAX, possible()) == WEFT_EFULL);
    CHECK(queue.lets_caller_run() == (policy == WEFT_FULL_CALLER));
  }
}

TEST_CASE("bound: closed, it gives no room") {
  bound queue({3, WEFT_FULL_WAIT, WEFT_FOREVER});
  queue.close();
  CHECK(queue.acquire(1, possible()) == WEFT_ESHUTDOWN);
}

TEST_CASE("bound: a wait for room ends by time, by a stop request, or because it never could") {
  bound queue({1, WEFT_FULL_WAIT, WEFT_MILLISECOND});
  REQUIRE(queue.acquire(1, possible()) == WEFT_OK);
  CHECK(queue.acquire(1, possible()) == WEFT_ETIMEDOUT);
  CHECK(queue.acquire(1, impossible()) == WEFT_ETIMEDOUT);
  bound patient({1, WEFT_FULL_WAIT, WEFT_FOREVER});
  REQUIRE(patient.acquire(1, possible()) == WEFT_OK);
  CHECK(patient.acquire(1, impossible()) == WEFT_EDEADLK);
  std::atomic<std::uint32_t> word{stop_bit};
  {
    const frame_scope inside(*current_record(), nullptr, nullptr, &word);
    CHECK(patient.acquire(1, possible()) == WEFT_EINTERRUPTED);
  }
  // A waiter that gave up holds no place.
  patient.release(1);
  CHECK(patient.acquire(1, possible()) == WEFT_OK);
  queue.release(1);
  CHECK(queue.acquire(1, possible()) == WEFT_OK);
}

TEST_CASE("bound: waiters get room, or the news that it was closed") {
  for (const bool closes : {false, true}) {
    bound queue({2, WEFT_FULL_WAIT, 60 * WEFT_SECOND});
    REQUIRE(queue.acquire(2, possible()) == WEFT_OK);
    std::atomic<int> got{0}, refused{0}, other{0};
    crew threads;
    for (int i = 0; i < 4; ++i)
      threads.add([&] {
        const weft_status status = queue.acquire(1, possible());
        (status == WEFT_OK ? got : status == WEFT_ESHUTDOWN ? refused : other).fetch_add(1);
        if (status == WEFT_OK) queue.release(1);
      });
    std::this_thread::yield();
    if (closes)
      queue.close();
    else
      queue.release(2);
    threads.join();
    CHECK(other == 0);
    CHECK(got == (closes ? 0 : 4));
    CHECK(refused == (closes ? 4 : 0));
  }
}

TEST_CASE("bound: never more inside than allowed, whatever sizes come, and nobody is forgotten") {
  bound queue({5, WEFT_FULL_WAIT, 60 * WEFT_SECOND});
  std::atomic<std::uint64_t> inside{0};
  std::atomic<int> too_many{0}, failed{0};
  crew threads;
  for (std::uint64_t t = 0; t < 3; ++t)
    threads.add([&, t] {
      for (std::uint64_t i = 0; i < 3'000; ++i) {
        const std::uint64_t count = (i * 7 + t) % 5 + 1;
        if (queue.acquire(count, possible()) != WEFT_OK) {
          failed.fetch_add(1);
          return;
        }
        if (inside.fetch_add(count) + count > 5) too_many.fetch_add(1);
        inside.fetch_sub(count);
        queue.release(count);
      }
    });
  threads.join();
  CHECK(failed == 0);
  CHECK(too_many == 0);
}

TEST_CASE("bound: a small request behind a large one that gave up is served") {
  for (int round = 0; round < 20; ++round) {
    bound queue({4, WEFT_FULL_WAIT, 5 * WEFT_MILLISECOND});
    REQUIRE(queue.acquire(3, possible()) == WEFT_OK);
    std::vector<weft_status> answers(2, WEFT_EINVAL);
    crew threads;
    for (std::size_t i = 0; i < 2; ++i) threads.add([&, i] { answers[i] = queue.acquire(i == 0 ? 4 : 1, possible()); });
    threads.join();
    REQUIRE(answers[0] == WEFT_ETIMEDOUT);                            // never enough places for it
    REQUIRE((answers[1] == WEFT_OK || answers[1] == WEFT_ETIMEDOUT)); // it may have stood behind the large request
    if (answers[1] != WEFT_OK) REQUIRE(queue.acquire(1, possible()) == WEFT_OK);
    REQUIRE(queue.acquire(1, possible()) == WEFT_ETIMEDOUT); // exactly full: nothing was lost or counted twice
  }
}
