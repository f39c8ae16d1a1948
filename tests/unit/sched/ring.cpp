// sched/ring.hpp with four places: wrapping, the full and the empty ring, and thieves against the owner.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "sched/ring.hpp"
#include "support.hpp"

using namespace weft::test;

namespace {

using small_ring = basic_ring<4>;

// The ring only carries pointers, so numbers can stand for tasks.
task *numbered(std::uintptr_t n) {
  return reinterpret_cast<task *>(n); // NOLINT: never dereferenced
}
std::uintptr_t number_of(const task *t) {
  return reinterpret_cast<std::uintptr_t>(t);
}

} // namespace

TEST_CASE("ring: empty at first") {
  small_ring ring;
  task *out[4];
  CHECK(ring.empty());
  CHECK(ring.size() == 0);
  CHECK(ring.take(out, 4) == 0);
}

TEST_CASE("ring: filled to its last place, it gives everything in order") {
  small_ring ring;
  task *const all[] = {numbered(1), numbered(2), numbered(3), numbered(4)};
  ring.fill(all, 4);
  CHECK(ring.size() == 4);
  task *out[5];
  CHECK(ring.take(out, 5) == 4); // more than the four that fit
  for (std::uintptr_t i = 0; i < 4; ++i) CHECK(number_of(out[i]) == i + 1);
  CHECK(ring.empty());
}

TEST_CASE("ring: takes of any size, around the border many times") {
  small_ring ring;
  std::uintptr_t next = 1, expected = 1;
  for (int round = 0; round < 100; ++round) {
    const std::size_t count = static_cast<std::size_t>(round) % 4 + 1;
    task *in[4];
    for (std::size_t i = 0; i < count; ++i) in[i] = numbered(next++);
    ring.fill(in, count);
    for (std::size_t most = 1; !ring.empty(); most = most % 3 + 1) {
      task *out[3];
      const std::size_t got = ring.take(out, most);
      REQUIRE(got >= 1);
      REQUIRE(got <= most);
      for (std::size_t i = 0; i < got; ++i) REQUIRE(number_of(out[i]) == expected++);
    }
    REQUIRE(ring.size() == 0);
  }
  CHECK(expected == next);
}

TEST_CASE("ring: a take of nothing takes nothing") {
  small_ring ring;
  task *const one = numbered(1);
  ring.fill(&one, 1);
  task *out = nullptr;
  CHECK(ring.take(&out, 0) == 0);
  CHECK(ring.size() == 1);
}

// The owner fills and takes one by one; thieves take halves. Each number must come out exactly once.
TEST_CASE("ring: each task is taken exactly once, by the owner or a thief") {
  constexpr std::uintptr_t many = 200'000;
  constexpr int thieves = 2;
  small_ring ring;
  const auto taken = std::make_unique<std::atomic<std::uint8_t>[]>(many + 1);
  std::atomic<bool> over{false};
  std::atomic<int> foreign{0};
  const auto note = [&](task *const *tasks, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::uintptr_t n = number_of(tasks[i]);
      if (n == 0 || n > many)
        foreign.fetch_add(1);
      else
        taken[n].fetch_add(1, std::memory_order_relaxed);
    }
  };
  crew threads;
  for (int i = 0; i < thieves; ++i)
    threads.add([&] {
      task *out[4];
      while (!over) {
        const std::size_t got = ring.take(out, (ring.size() + 1) / 2 % 5);
        note(out, got);
        if (got == 0) std::this_thread::yield();
      }
    });
  for (std::uintptr_t next = 1; next <= many;) {
    task *in[4];
    std::size_t count = 0;
    while (count < 4 && next <= many) in[count++] = numbered(next++);
    ring.fill(in, count);
    task *out = nullptr;
    while (!ring.empty()) note(&out, ring.take(&out, 1));
  }
  over = true;
  threads.join();
  CHECK(foreign == 0);
  std::uintptr_t wrong = 0;
  for (std::uintptr_t n = 1; n <= many; ++n)
    if (taken[n] != 1) ++wrong;
  CHECK(wrong == 0);
}
