// A FIFO of ready tasks under a short lock: the injector of a scheduler, the own queue of each
// worker, a strand's queue.
//
// It consists of blocks of pointers, not of a list through the tasks. So a worker that takes a
// batch reads 8 tasks per cache line, and can fetch the tasks themselves side by side. A list would
// make it wait for each link, and hold the lock meanwhile.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/adaptive_mutex.hpp"
#include "base/atomic.hpp"

namespace weft::core {

class task;

// Bucket 0 counts waits under a microsecond, bucket i those under 4^i microseconds, the last one
// all longer ones.
inline constexpr std::size_t wait_buckets = 12;

// For a queue whose user has a lock of its own.
struct no_mutex {
  void lock() noexcept {}
  void unlock() noexcept {}
  void unlock_with_fence() noexcept {}
};

template <class Mutex> class basic_task_queue {
public:
  basic_task_queue() = default;
  ~basic_task_queue();
  basic_task_queue(const basic_task_queue &) = delete;
  basic_task_queue &operator=(const basic_task_queue &) = delete;

  enum class answer { pushed, closed, no_memory };
  // Push all of them, in order, or none.
  answer push(task *const *tasks, std::size_t count) noexcept;
  // As push(), but never refused for being closed: for work that belongs to what was accepted
  // before.
  answer push_on(task *const *tasks, std::size_t count) noexcept;

  // Take up to `most` of the oldest tasks. Looks at the size first, so that an empty queue costs no
  // lock.
  std::size_t pop(task **out, std::size_t most) noexcept;

  // From now on push() returns `closed`. When this call returns, each push that returned `pushed`
  // is in the queue.
  void close() noexcept;

  // Statistics: how many tasks were ever pushed, and how long a sample of them waited, by bucket.
  std::uint64_t pushed() const noexcept { return pushed_.load(std::memory_order_relaxed); }
  void add_waits(std::uint64_t (&buckets)[wait_buckets]) const noexcept;

  // Sequentially consistent against the census, as a push has a fence after it: README.md, "Lost
  // wake-up".
  std::size_t size() const noexcept { return size_.load(std::memory_order_seq_cst); }
  bool empty() const noexcept { return size() == 0; }

private:
  static constexpr std::size_t block_tasks = 62; // with the two fields before them, 512 bytes
  struct block {
    block *next;
    std::uint32_t begin, end;
    std::array<task *, block_tasks> tasks;
  };

  void note_push_locked(std::size_t count) noexcept;
  void note_pop_locked(std::size_t count) noexcept;
  answer push_checked(task *const *tasks, std::size_t count, bool heed_closed) noexcept;
  answer push_locked(task *const *tasks, std::size_t count, bool heed_closed) noexcept;
  bool append_locked(task *const *tasks, std::size_t count) noexcept;
  bool reserve_locked(std::size_t count) noexcept;
  block *take_spare_locked() noexcept;
  void recycle_locked(block *drained) noexcept;

  Mutex mutex_;
  block *first_ = nullptr,
        *last_ = nullptr;  // under mutex_; last_ has room or is full; both null: no block
  block *spare_ = nullptr; // under mutex_
  std::size_t spares_ = 0; // under mutex_
  bool closed_ = false;    // under mutex_

  // One task in 128 or more is watched from its push to its pop, one at a time. So the clock is
  // read seldom.
  atomic<std::uint64_t> pushed_{0}; // written under mutex_
  std::uint64_t popped_ = 0;        // under mutex_
  // Under mutex_: the position that is watched, and the next one.
  std::uint64_t watched_ = UINT64_MAX, next_watch_ = 0;
  std::int64_t watched_since_ = 0;                          // under mutex_
  std::array<atomic<std::uint64_t>, wait_buckets> waits_{}; // written under mutex_
  // Written under mutex_, read by every thread that looks for work. Its partner is the census: see
  // size().
  alignas(64) atomic<std::size_t> size_{0};
};

using task_queue = basic_task_queue<adaptive_mutex>;
using unlocked_task_queue = basic_task_queue<no_mutex>;

} // namespace weft::core
