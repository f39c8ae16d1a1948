#include "base/chunk_store.hpp"

#include <bit>
#include <new>
#include <utility>

#include <sys/mman.h>

#include "base/clock.hpp"
#include "base/errno_kept.hpp"
#include "base/memory.hpp"

namespace weft::core {

struct chunk_store::region {
  static constexpr std::uint32_t small = 16, huge = 64; // chunks
  static constexpr std::size_t small_ones = 4;          // how many small ones come first

  // Null: no memory.
  static region *make(std::uint32_t chunks) noexcept;
  static void destroy(region *which) noexcept;

  std::size_t size() const noexcept { return chunks * chunk_size; }
  std::size_t alignment() const noexcept { return chunks == huge ? size() : chunk_size; }
  std::uint64_t all_free() const noexcept { return ~std::uint64_t{0} >> (64 - chunks); }

  std::uint32_t chunks;
  unsigned char *memory = nullptr;
  std::uint64_t free = all_free(); // a bit for each chunk
  std::int64_t empty_since = 0;
  region *next = nullptr, *prev = nullptr; // in partial_ or empty_; a full region is in no list
};

chunk_store::region *chunk_store::region::make(std::uint32_t chunks) noexcept {
  auto *const made = new (std::nothrow) region{chunks};
  if (made == nullptr) return nullptr;
  made->memory = static_cast<unsigned char *>(allocate_memory(made->size(), made->alignment()));
  if (made->memory == nullptr) {
    delete made;
    return nullptr;
  }
  if (chunks == huge) {
    const errno_kept kept;
    madvise(made->memory, made->size(), MADV_HUGEPAGE); // if refused, it has ordinary pages
  }
  return made;
}

void chunk_store::region::destroy(region *which) noexcept {
  free_memory(which->memory, which->size(), which->alignment());
  delete which;
}

void chunk_store::list::add(region &which) noexcept {
  which.prev = nullptr;
  which.next = first;
  (first != nullptr ? first->prev : last) = &which;
  first = &which;
}

void chunk_store::list::take_out(region &which) noexcept {
  (which.prev != nullptr ? which.prev->next : first) = which.next;
  (which.next != nullptr ? which.next->prev : last) = which.prev;
}

void *chunk_store::take(region *&from) noexcept {
  const std::scoped_lock hold(mutex_);
  if (partial_.first == nullptr) {
    region *next = empty_.first; // the newest: some of it may still be in a cache
    if (next != nullptr) {
      empty_.take_out(*next);
      kept_.store(kept_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    } else if ((next = make_region()) == nullptr) {
      return nullptr;
    }
    partial_.add(*next);
  }
  from = partial_.first;
  const auto index = static_cast<std::size_t>(std::countr_zero(from->free));
  from->free &= from->free - 1;
  if (from->free == 0) partial_.take_out(*from);
  return from->memory + index * chunk_size;
}

// Under mutex_.
chunk_store::region *chunk_store::make_region() noexcept {
  region *made = count_ >= region::small_ones && !memory_is_hosts() ? region::make(region::huge) : nullptr;
  if (made == nullptr) made = region::make(region::small);
  if (made != nullptr) ++count_;
  return made;
}

void chunk_store::give(void *chunk, region &to) noexcept {
  region *gone = nullptr;
  {
    const std::scoped_lock hold(mutex_);
    if (to.free == 0) partial_.add(to);
    to.free |=
        std::uint64_t{1} << (static_cast<std::size_t>(static_cast<unsigned char *>(chunk) - to.memory) / chunk_size);
    if (to.free != to.all_free()) return;
    partial_.take_out(to);
    to.empty_since = now_ns();
    empty_.add(to);
    const std::uint32_t kept = kept_.load(std::memory_order_relaxed) + 1;
    kept_.store(kept, std::memory_order_relaxed);
    if (kept > most_kept)
      drop_locked(*empty_.last, gone);
    else if (to.chunks != region::huge && (kept > 1 || partial_.first != nullptr))
      drop_locked(to, gone);
    take_old_locked(to.empty_since, gone);
  }
  destroy_all(gone);
}

void chunk_store::drop_locked(region &which, region *&dropped) noexcept {
  empty_.take_out(which);
  kept_.store(kept_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  --count_;
  which.next = dropped;
  dropped = &which;
}

void chunk_store::take_old_locked(std::int64_t now, region *&old) noexcept {
  while (has_some_to_release() && now - empty_.last->empty_since >= kept_for) drop_locked(*empty_.last, old);
}

void chunk_store::release_old(std::int64_t now) noexcept {
  region *old = nullptr;
  {
    const std::scoped_lock hold(mutex_);
    take_old_locked(now, old);
  }
  destroy_all(old);
}

void chunk_store::release_all() noexcept {
  region *all = nullptr;
  {
    const std::scoped_lock hold(mutex_);
    while (empty_.first != nullptr) drop_locked(*empty_.first, all);
  }
  destroy_all(all);
}

void chunk_store::destroy_all(region *first) noexcept {
  while (first != nullptr) region::destroy(std::exchange(first, first->next));
}

} // namespace weft::core
