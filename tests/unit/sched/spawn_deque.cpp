// sched/spawn_deque.hpp with four places: which end gives what, groups, the full deque, and thieves against the owner
// for the last task. Each runs with light barriers, where the system has them, and with ordinary ones.
#include <doctest/doctest.h>

#include <cstdint>
#include <memory>

#include "sched/spawn_deque.hpp"
#include "support.hpp"

using namespace weft::test;

namespace {

using small_deque = basic_spawn_deque<4>;

// The deque only carries pointers, so numbers can stand for tasks and groups.
task *numbered(std::uintptr_t n) {
  return reinterpret_cast<task *>(n); // NOLINT: never dereferenced
}
std::uintptr_t number_of(const task *t) {
  return reinterpret_cast<std::uintptr_t>(t);
}
const awaited *group_of(std::uintptr_t n) {
  return reinterpret_cast<const awaited *>(n); // NOLINT: never dereferenced
}

bool push(small_deque &deque, std::uintptr_t n, std::uintptr_t group = 1) {
  return deque.push({numbered(n), group_of(group)});
}

// Barriers of one kind for the scope.
class barriers {
public:
  explicit barriers(bool light) {
    prepare_light_barriers();
    before_ = barriers_are_light.load();
    if (!light) barriers_are_light.store(false);
  }
  barriers(const barriers &) = delete;
  barriers &operator=(const barriers &) = delete;
  ~barriers() { barriers_are_light.store(before_); }

private:
  bool before_ = false;
};

// How often each number was taken.
class tally {
public:
  explicit tally(std::uintptr_t most) : most_(most), taken_(new std::atomic<std::uint8_t>[most + 1]()) {}
  void note(const task *t) {
    const std::uintptr_t n = number_of(t);
    if (n == 0 || n > most_)
      foreign_.fetch_add(1);
    else
      taken_[n].fetch_add(1, std::memory_order_relaxed);
  }
  std::uintptr_t wrong() const {
    std::uintptr_t count = foreign_;
    for (std::uintptr_t n = 1; n <= most_; ++n)
      if (taken_[n] != 1) ++count;
    return count;
  }

private:
  const std::uintptr_t most_;
  std::unique_ptr<std::atomic<std::uint8_t>[]> taken_;
  std::atomic<std::uintptr_t> foreign_{0};
};

} // namespace

TEST_CASE("spawn deque: empty at first") {
  small_deque deque;
  CHECK(deque.empty());
  CHECK(deque.size() == 0);
  CHECK(deque.pop() == nullptr);
  CHECK(deque.steal() == nullptr);
  CHECK_FALSE(deque.oldest_is_of(nullptr));
}

TEST_CASE("spawn deque: the owner takes the newest, a thief the oldest") {
  small_deque deque;
  for (std::uintptr_t n = 1; n <= 4; ++n) CHECK(push(deque, n));
  CHECK(number_of(deque.pop()) == 4);
  CHECK(number_of(deque.steal()) == 1);
  CHECK(number_of(deque.steal()) == 2);
  CHECK(deque.size() == 1);
  CHECK(number_of(deque.pop()) == 3);
  CHECK(deque.pop() == nullptr);
  CHECK(deque.steal() == nullptr);
  CHECK(deque.empty());
}

TEST_CASE("spawn deque: full, it refuses, until either end has given one") {
  small_deque deque;
  for (std::uintptr_t n = 1; n <= small_deque::capacity; ++n) CHECK(push(deque, n));
  CHECK_FALSE(push(deque, 5));
  CHECK(deque.size() == 4);
  CHECK(number_of(deque.steal()) == 1);
  CHECK(push(deque, 5));
  CHECK_FALSE(push(deque, 6));
  CHECK(number_of(deque.pop()) == 5);
  CHECK(push(deque, 6));
  CHECK_FALSE(push(deque, 7));
  for (const std::uintptr_t expected : {6u, 4u, 3u, 2u}) CHECK(number_of(deque.pop()) == expected);
  CHECK(deque.empty());
}

TEST_CASE("spawn deque: around its border many times, from both ends") {
  small_deque deque;
  std::uintptr_t next = 1, oldest = 1;
  for (int round = 0; round < 100; ++round) {
    while (push(deque, next)) ++next;
    REQUIRE(deque.size() == 4);
    // The newest is popped and pushed again, then some of the oldest are stolen.
    REQUIRE(number_of(deque.pop()) == next - 1);
    --next;
    for (int i = 0; i < round % 4; ++i) REQUIRE(number_of(deque.steal()) == oldest++);
  }
  while (oldest != next) REQUIRE(number_of(deque.steal()) == oldest++);
  CHECK(deque.empty());
}

TEST_CASE("spawn deque: who asks for a group's task gets no other") {
  small_deque deque;
  CHECK(push(deque, 1, 10));
  CHECK(push(deque, 2, 20));
  CHECK(deque.oldest_is_of(group_of(10)));
  CHECK_FALSE(deque.oldest_is_of(group_of(20)));
  CHECK(deque.pop(group_of(10)) == nullptr);   // the newest is of 20
  CHECK(deque.steal(group_of(20)) == nullptr); // the oldest is of 10
  CHECK(deque.size() == 2);
  CHECK(number_of(deque.pop(group_of(20))) == 2);
  CHECK(number_of(deque.steal(group_of(10))) == 1);
  CHECK(deque.empty());
}

TEST_CASE("spawn deque: its owner takes back what it names, while that is the newest") {
  small_deque deque;
  CHECK_FALSE(deque.take(*numbered(1)));
  CHECK(push(deque, 1));
  CHECK(push(deque, 2));
  CHECK_FALSE(deque.take(*numbered(1)));
  CHECK(deque.take(*numbered(2)));
  CHECK_FALSE(deque.take(*numbered(2)));
  CHECK(number_of(deque.steal()) == 1);
  CHECK_FALSE(deque.take(*numbered(1)));
  CHECK(deque.empty());
}

TEST_CASE("spawn deque: the last task goes to the owner or to a thief, never to both") {
  for (const bool light : {true, false}) {
    const barriers kind(light);
    constexpr std::uintptr_t many = 20'000;
    small_deque deque;
    tally taken(many);
    std::atomic<bool> over{false};
    std::atomic<std::uintptr_t> stolen{0};
    crew thief;
    thief.add([&] {
      while (!over)
        if (task *const got = deque.steal(); got != nullptr) {
          taken.note(got);
          stolen.fetch_add(1, std::memory_order_relaxed);
        } else {
          std::this_thread::yield();
        }
    });
    std::uintptr_t popped = 0;
    for (std::uintptr_t n = 1; n <= many; ++n) {
      REQUIRE(push(deque, n));
      if (n % 4 == 0) std::this_thread::yield(); // else there would be no theft on a machine with one core
      if (task *const got = deque.pop(); got != nullptr) {
        taken.note(got);
        ++popped;
      }
    }
    over = true;
    thief.join();
    while (task *const left = deque.steal()) {
      taken.note(left);
      ++popped;
    }
    CHECK(taken.wrong() == 0);
    CHECK(popped + stolen == many);
  }
}

// The owner pushes and pops in bursts of changing length. One thief takes any task, another one those of a group.
TEST_CASE("spawn deque: each task is taken exactly once, by the owner or one of two thieves") {
  for (const bool light : {true, false}) {
    const barriers kind(light);
    constexpr std::uintptr_t many = 20'000;
    small_deque deque;
    tally taken(many);
    std::atomic<bool> over{false};
    std::atomic<std::uintptr_t> misled{0};
    crew thieves;
    thieves.add([&] {
      while (!over)
        if (task *const got = deque.steal(); got != nullptr)
          taken.note(got);
        else
          std::this_thread::yield();
    });
    thieves.add([&] {
      while (!over)
        if (task *const got = deque.steal(group_of(2)); got != nullptr) {
          taken.note(got);
          if (number_of(got) % 2 != 0) misled.fetch_add(1);
        } else {
          std::this_thread::yield();
        }
    });
    std::uintptr_t next = 1;
    for (std::uint32_t round = 1; next <= many; ++round) {
      for (std::uint32_t i = round % 5; i != 0 && next <= many && push(deque, next, 1 + (next % 2 == 0)); --i) ++next;
      if (round % 8 == 0) std::this_thread::yield();
      for (std::uint32_t i = round % 3; i != 0; --i)
        if (task *const got = deque.pop(); got != nullptr) taken.note(got);
    }
    while (task *const got = deque.pop()) taken.note(got);
    over = true;
    thieves.join();
    CHECK(deque.empty());
    CHECK(taken.wrong() == 0);
    CHECK(misled == 0); // even numbers are of group 2
  }
}
