// The store of chunks for the heaps of blocks. It cuts chunks from memory regions, and keeps
// regions that became empty for a while.
//
// Owns the regions. Knows chunks only as memory of one size. README.md, "Memory regions", says
// how large regions are, which are kept, and for how long.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>

#include "base/atomic.hpp"

namespace weft::core {

class chunk_store {
public:
  static constexpr std::size_t chunk_size = 32'768; // also their alignment
  static constexpr std::int64_t kept_for = 1'000'000'000;
  static constexpr std::uint32_t most_kept = 64; // regions: 128 MiB

  struct region;

  // Null: no memory. `from` is the region, which give() wants back.
  void *take(region *&from) noexcept;
  void give(void *chunk, region &to) noexcept;
  // Give the system what at the time `now` has been kept long enough. Cheap when there is nothing.
  void release_old(std::int64_t now) noexcept;
  bool has_some_to_release() const noexcept { return kept_.load(std::memory_order_relaxed) > 1; }
  // Give back all that is empty.
  void release_all() noexcept;

  // Around a fork.
  void lock() noexcept { mutex_.lock(); }
  void unlock() noexcept { mutex_.unlock(); }

private:
  struct list {
    region *first = nullptr, *last = nullptr;
    void add(region &which) noexcept; // at the front
    void take_out(region &which) noexcept;
  };

  region *make_region() noexcept;
  void take_old_locked(std::int64_t now, region *&old) noexcept;
  void drop_locked(region &which, region *&dropped) noexcept;
  static void destroy_all(region *first) noexcept;

  native_mutex mutex_;
  // Under mutex_. partial_: regions with free chunks and used ones. empty_: regions without used
  // chunks, the newest first. Full regions are in no list.
  list partial_, empty_;
  std::size_t count_ = 0;         // under mutex_: of all regions
  atomic<std::uint32_t> kept_{0}; // written under mutex_: how many are in empty_; elsewhere a hint
};

} // namespace weft::core
