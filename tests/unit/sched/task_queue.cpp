// sched/task_queue.hpp: first in, first out, across the ends of its blocks (62 tasks), in batches, under contention.
#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "sched/task_queue.hpp"
#include "support.hpp"

using namespace weft::test;
using answer = task_queue::answer;

namespace {

task *numbered(std::uintptr_t n) {
  return reinterpret_cast<task *>(n); // NOLINT: never dereferenced
}
std::uintptr_t number_of(const task *t) {
  return reinterpret_cast<std::uintptr_t>(t);
}

// Pushes `count` further numbers.
answer push(task_queue &queue, std::uintptr_t &next, std::size_t count) {
  std::vector<task *> batch;
  for (std::size_t i = 0; i < count; ++i) batch.push_back(numbered(next++));
  return queue.push(batch.data(), batch.size());
}

// Pops at most `most` and expects them to go on from `expected`.
std::size_t pop(task_queue &queue, std::uintptr_t &expected, std::size_t most) {
  std::vector<task *> out(most + 1);
  const std::size_t got = queue.pop(out.data(), most);
  REQUIRE(got <= most);
  for (std::size_t i = 0; i < got; ++i) REQUIRE(number_of(out[i]) == expected++);
  return got;
}

} // namespace

TEST_CASE("task_queue: empty at first, and again after its last task") {
  task_queue queue;
  std::uintptr_t next = 1, expected = 1;
  CHECK(queue.empty());
  CHECK(pop(queue, expected, 10) == 0);
  REQUIRE(push(queue, next, 1) == answer::pushed);
  CHECK(queue.size() == 1);
  CHECK(pop(queue, expected, 10) == 1);
  CHECK(queue.empty());
}

TEST_CASE("task_queue: batches of every size around the border of a block keep the order") {
  for (const std::size_t batch : {1u, 2u, 31u, 61u, 62u, 63u, 123u, 124u, 125u, 500u})
    for (const std::size_t most : {1u, 7u, 61u, 62u, 63u, 64u, 1000u}) {
      CAPTURE(batch);
      CAPTURE(most);
      task_queue queue;
      std::uintptr_t next = 1, expected = 1;
      for (int i = 0; i < 3; ++i) REQUIRE(push(queue, next, batch) == answer::pushed);
      REQUIRE(queue.size() == 3 * batch);
      for (std::size_t left = queue.size(); left != 0; left = queue.size())
        REQUIRE(pop(queue, expected, most) == std::min(most, left));
      REQUIRE(expected == next);
    }
}

TEST_CASE("task_queue: a full last block is used again, from every position") {
  for (std::size_t offset = 0; offset <= 62; ++offset) {
    task_queue queue;
    std::uintptr_t next = 1, expected = 1;
    if (offset != 0) {
      REQUIRE(push(queue, next, offset) == answer::pushed);
      REQUIRE(pop(queue, expected, offset) == offset);
    }
    REQUIRE(push(queue, next, 62) == answer::pushed);
    REQUIRE(push(queue, next, 1) == answer::pushed);
    REQUIRE(pop(queue, expected, 62) == 62);
    REQUIRE(push(queue, next, 62) == answer::pushed);
    REQUIRE(pop(queue, expected, 100) == 63);
    REQUIRE(queue.empty());
  }
}

TEST_CASE("task_queue: pushes and pops by turns, with a rest that stays") {
  task_queue queue;
  std::uintptr_t next = 1, expected = 1;
  REQUIRE(push(queue, next, 40) == answer::pushed);
  for (int i = 0; i < 1'000; ++i) {
    const std::size_t step = static_cast<std::size_t>(i) % 97 + 1;
    REQUIRE(push(queue, next, step) == answer::pushed);
    REQUIRE(pop(queue, expected, step) == step);
    REQUIRE(queue.size() == 40);
  }
}

TEST_CASE("task_queue: closed, it refuses push, takes push_on, and gives what it has") {
  task_queue queue;
  std::uintptr_t next = 1, expected = 1;
  REQUIRE(push(queue, next, 5) == answer::pushed);
  queue.close();
  task *const refused = numbered(1000);
  CHECK(queue.push(&refused, 1) == answer::closed);
  CHECK(queue.size() == 5);
  task *const accepted = numbered(next++);
  CHECK(queue.push_on(&accepted, 1) == answer::pushed);
  queue.close(); // a second close is a no-op
  CHECK(pop(queue, expected, 100) == 6);
  CHECK(queue.empty());
}

TEST_CASE("task_queue: with tasks left inside it can go") {
  task_queue queue;
  std::uintptr_t next = 1;
  CHECK(push(queue, next, 300) == answer::pushed);
}

// Each consumer gets the tasks of a producer in the producer's order. Each task comes out exactly once.
TEST_CASE("task_queue: order and number hold under contention") {
  constexpr std::uintptr_t producers = 2, each = 40'000;
  task_queue queue;
  std::atomic<std::uintptr_t> left{producers};
  const auto taken = std::make_unique<std::atomic<std::uint8_t>[]>(producers * each);
  std::atomic<int> disorder{0};
  crew threads;
  for (std::uintptr_t p = 0; p < producers; ++p)
    threads.add([&, p] {
      for (std::uintptr_t i = 0; i < each;) {
        task *batch[70];
        const std::size_t count = std::min<std::size_t>(i % 70 + 1, each - i);
        for (std::size_t k = 0; k < count; ++k) batch[k] = numbered(p * each + i + k + 1);
        queue.push(batch, count);
        i += count;
        if (queue.size() > 1'000) std::this_thread::yield();
      }
      left.fetch_sub(1);
    });
  for (int c = 0; c < 2; ++c)
    threads.add([&] {
      std::uintptr_t last[producers] = {};
      for (;;) {
        const bool complete = left == 0;
        task *out[64];
        const std::size_t got = queue.pop(out, 64);
        for (std::size_t i = 0; i < got; ++i) {
          const std::uintptr_t n = number_of(out[i]) - 1, from = n / each, position = n % each + 1;
          taken[n].fetch_add(1, std::memory_order_relaxed);
          if (position <= last[from]) disorder.fetch_add(1);
          last[from] = position;
        }
        if (got == 0 && complete) return;
        if (got == 0) std::this_thread::yield();
      }
    });
  threads.join();
  CHECK(disorder == 0);
  std::uintptr_t wrong = 0;
  for (std::uintptr_t n = 0; n < producers * each; ++n)
    if (taken[n] != 1) ++wrong;
  CHECK(wrong == 0);
  CHECK(queue.empty());
}

TEST_CASE("task_queue: after close, nothing comes that was not there") {
  for (int round = 0; round < 500; ++round) {
    task_queue queue;
    std::atomic<std::size_t> accepted{0};
    std::thread other([&] {
      task *const one = numbered(1);
      while (queue.push(&one, 1) == answer::pushed) accepted.fetch_add(1);
    });
    if (round % 2 == 0) std::this_thread::yield();
    queue.close();
    const std::size_t size = queue.size();
    other.join();
    REQUIRE(queue.size() == size);
    REQUIRE(accepted == size);
  }
}
