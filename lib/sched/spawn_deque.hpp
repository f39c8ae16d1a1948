// A worker's fork-join tasks. The owner puts and takes at the new end, thieves take at the old end.
//
// Newest first keeps a recursion's memory flat. Thieves get the oldest, which is the largest piece.
// The algorithm is that of Chase and Lev, over a ring of fixed size: what does not fit goes to the
// group's own queue. The owner's pop would need a full fence between its store to tail_ and its
// load of head_. Instead the thief makes every thread pass one (system.hpp, "light and heavy
// barriers"), because thefts are rare and pops are not. README.md, "Taking and stealing spawned
// tasks", has the argument.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/atomic.hpp"
#include "base/system.hpp"
#include "sched/awaited.hpp"

namespace weft::core {

class task;

struct spawned {
  task *which = nullptr;
  // Its group, or null for the branch of a join; and what else the task is a part of, or null.
  // Threads that wait for one of the two may run it. Both stand here so that a waiter need not
  // touch a task that may be gone.
  const awaited *of = nullptr, *also_of = nullptr;
};

template <std::size_t Capacity> class basic_spawn_deque {
  static_assert((Capacity & (Capacity - 1)) == 0, "positions are masked");

public:
  static constexpr std::size_t capacity = Capacity;

  bool empty() const noexcept { return size() == 0; }
  // Sequentially consistent: the look W2 of README.md, "Lost wake-up", after a mere change of the
  // census.
  std::size_t size() const noexcept {
    const std::int64_t count = tail_.load(std::memory_order_seq_cst) - head_.load(std::memory_order_seq_cst);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }

  // Any thread. The entry may be taken at this moment.
  bool oldest_is_of(const awaited *of) const noexcept {
    const std::int64_t head = head_.load(std::memory_order_acquire);
    return head < tail_.load(std::memory_order_acquire) &&
           entries_[static_cast<std::size_t>(head) & (Capacity - 1)].serves(of);
  }

  // Owner only. False: full.
  [[gnu::always_inline]] bool push(spawned entry) noexcept {
    const std::int64_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) >= static_cast<std::int64_t>(Capacity)) return false;
    place(tail).which.store(entry.which, std::memory_order_relaxed);
    place(tail).of.store(entry.of, std::memory_order_relaxed);
    place(tail).also_of.store(entry.also_of, std::memory_order_relaxed);
    tail_.store(tail + 1, std::memory_order_release); // the entry is complete: pairs with steal()
    return true;
  }

  // Owner only. The newest entry, if there is one and, unless `of` is null, it belongs to that
  // group.
  [[gnu::always_inline]] task *pop(const awaited *of = nullptr) noexcept {
    const std::int64_t last = tail_.load(std::memory_order_relaxed) - 1;
    if (last < head_.load(std::memory_order_relaxed)) return nullptr;
    if (of != nullptr && place(last).of.load(std::memory_order_relaxed) != of) return nullptr;
    return pop_at(last);
  }

  // Owner only. Take this task, if it is the newest. False: it is not there, or not the newest, or
  // a thief was faster.
  [[gnu::always_inline]] bool take(const task &which) noexcept {
    const std::int64_t last = tail_.load(std::memory_order_relaxed) - 1;
    return last >= head_.load(std::memory_order_relaxed) &&
           place(last).which.load(std::memory_order_relaxed) == &which && pop_at(last) != nullptr;
  }

  // Owner only. The newest entry as it was pushed. Without a meaning if there is none.
  spawned newest() noexcept {
    const entry &at = place(tail_.load(std::memory_order_relaxed) - 1);
    return {at.which.load(std::memory_order_relaxed), at.of.load(std::memory_order_relaxed),
            at.also_of.load(std::memory_order_relaxed)};
  }

  // Where the oldest entry is, or would be. It changes with each entry that is taken there.
  std::int64_t oldest_position() const noexcept { return head_.load(std::memory_order_relaxed); }

  // Owner only. Take the oldest entry. Null: there is none, or a thief was faster. The owner alone
  // moves tail_, so it needs no barrier: the compare-and-swap decides between it and thieves.
  task *pop_oldest() noexcept {
    std::int64_t head = head_.load(std::memory_order_acquire);
    if (head >= tail_.load(std::memory_order_relaxed)) return nullptr;
    task *const taken = place(head).which.load(std::memory_order_relaxed);
    return head_.compare_exchange_strong(head, head + 1, std::memory_order_seq_cst) ? taken : nullptr;
  }

  // Any thread. Take the oldest entry, if there is one and, unless `of` is null, it is also for
  // that group. Null also when another thief or the owner was faster.
  task *steal(const awaited *of = nullptr) noexcept {
    std::int64_t head = head_.load(std::memory_order_acquire);
    if (head >= tail_.load(std::memory_order_acquire)) return nullptr; // not worth a barrier
    if (of != nullptr && !place(head).serves(of)) return nullptr;
    heavy_barrier();
    if (head >= tail_.load(std::memory_order_acquire)) return nullptr;
    task *const taken = place(head).which.load(std::memory_order_relaxed);
    const bool fits = of == nullptr || place(head).serves(of);
    return fits && head_.compare_exchange_strong(head, head + 1, std::memory_order_seq_cst) ? taken : nullptr;
  }

private:
  struct entry {
    atomic<task *> which{nullptr};
    atomic<const awaited *> of{nullptr}, also_of{nullptr};
    bool serves(const awaited *group) const noexcept {
      return of.load(std::memory_order_relaxed) == group || also_of.load(std::memory_order_relaxed) == group;
    }
  };
  // Take the newest entry, which lies at `last`.
  [[gnu::always_inline]] task *pop_at(std::int64_t last) noexcept {
    // A release, as each store to tail_. A thief that reads it must see the entries below, which
    // were pushed before.
    tail_.store(last, std::memory_order_release);
    light_barrier();
    std::int64_t head = head_.load(std::memory_order_acquire);
    task *taken = nullptr;
    if (head <= last) {
      taken = place(last).which.load(std::memory_order_relaxed);
      if (head < last) return taken;
      // The last entry: a thief may be after it too.
      if (!head_.compare_exchange_strong(head, head + 1, std::memory_order_seq_cst)) taken = nullptr;
    }
    tail_.store(last + 1, std::memory_order_release);
    return taken;
  }
  entry &place(std::int64_t position) noexcept { return entries_[static_cast<std::size_t>(position) & (Capacity - 1)]; }

  std::array<entry, Capacity> entries_;
  // Written by the owner. Each release pairs with the acquire of a thief.
  alignas(64) atomic<std::int64_t> tail_{0};
  // Only grows; moved by each taker of the oldest entry. Partner of tail_: the owner lowers tail_,
  // then reads head_; a thief reads head_, then tail_, with the light and the heavy barrier in
  // between.
  alignas(64) atomic<std::int64_t> head_{0};
};

using spawn_deque = basic_spawn_deque<256>;

} // namespace weft::core
