// Where block heaps have their chunks from, and to which empty ones go back: chunks are cut from regions of the
// system's memory, for each alone would leave a hole before the next aligned address.
//
// The first regions are small. Each further one is a huge page of the system, if that has one to give: a million tasks
// that wait are 16,000 ordinary pages, and to have the system find, clear and take back each of them costs more than
// all that weft does for the tasks.
//
// Load comes in waves, and the next wave needs what the last one has left. So a huge region that has become empty is
// kept for a second, up to a bound; who gives or takes a chunk after that, or goes to sleep, gives it back to the
// system. A process in which nobody does anything any more keeps what it has: there is no timer for it, for an idle
// process is not to be woken. One region is kept in any case.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>

#include "base/atomic.hpp"

namespace weft::core {

class chunk_store {
public:
  static constexpr std::size_t chunk_size = 32'768; // and their alignment
  static constexpr std::int64_t kept_for = 1'000'000'000;
  static constexpr std::uint32_t most_kept = 64; // regions: 128 MiB

  struct region;

  // Null: no memory. from: to be named when it is given back.
  void *take(region *&from) noexcept;
  void give(void *chunk, region &to) noexcept;
  // What was kept long enough at this time goes back to the system. Cheap when there is nothing.
  void release_old(std::int64_t now) noexcept;
  bool has_some_to_release() const noexcept { return kept_.load(std::memory_order_relaxed) > 1; }
  // All that is empty.
  void release_all() noexcept;

  // Around a fork.
  void lock() noexcept { mutex_.lock(); }
  void unlock() noexcept { mutex_.unlock(); }

private:
  struct list {
    region *first = nullptr, *last = nullptr;
    void add(region &which) noexcept; // in front
    void take_out(region &which) noexcept;
  };

  region *make_region() noexcept;
  void take_old_locked(std::int64_t now, region *&old) noexcept;
  void drop_locked(region &which, region *&dropped) noexcept;
  static void destroy_all(region *first) noexcept;

  native_mutex mutex_;
  // Under mutex_: those with free chunks and others, and the empty ones, the newest first. No other lists.
  list partial_, empty_;
  std::size_t count_ = 0;         // under mutex_: of all regions
  atomic<std::uint32_t> kept_{0}; // written under mutex_: how many in empty_; a hint for others
};

} // namespace weft::core
