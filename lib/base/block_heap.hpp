// The heap that the blocks of tasks come from: free lists for each thread. Blocks that other
// threads free come back in batches.
//
// A thread allocates and frees its own blocks without atomic operations. It gathers the blocks of
// others that it frees, and gives back a chain with one compare-and-swap.
//
// Knows sizes up to 512 bytes; larger blocks come from the allocator. Chunks come from
// chunk_store.hpp. README.md, "The heap of blocks", says which thread may touch what, and when a
// chunk is freed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/atomic.hpp"
#include "base/chunk_store.hpp"

namespace weft::core {

class block_heap {
public:
  static constexpr std::size_t largest = 512; // of a block; the allocator has larger ones
  static constexpr std::size_t alignment = 16;

  // The heap of the calling thread, made or inherited if it has none. Null: no memory, or the
  // thread is past its end.
  static block_heap *mine() noexcept { return of_this_thread != nullptr ? of_this_thread : enter(); }

  // size: up to `largest`. Owner only. Null: no memory.
  void *allocate(std::size_t size) noexcept;
  // Any block of any heap, on any thread.
  static void free(void *block) noexcept;

  // Give back what this thread has gathered for others, which may be short of it, and give the
  // system what was kept long enough. Before the thread sleeps.
  static void flush_mine() noexcept;
  static void release_old(std::int64_t now) noexcept;

  // While the process is forked. Between the two no heap changes hands.
  static void prepare() noexcept { all(); }
  static void lock_all() noexcept;
  static void unlock_all() noexcept;

  // For the end of the library's use (runtime/cleanup.cpp): does another thread have a heap? If
  // none has, release_all() gives back all that is empty. False: some blocks are in use.
  static bool others_have_heaps() noexcept;
  static bool release_all() noexcept;

private:
  static constexpr std::size_t classes = largest / alignment;
  static constexpr std::uint32_t batch = 64;     // of blocks, before they are given back
  static constexpr std::uint32_t most_empty = 8; // empty chunks are kept, of all classes

  struct block {
    block *next;
  };
  struct store;

  struct chunk {
    // --- of all threads ---
    block_heap *home;          // const
    std::size_t which;         // const: its class
    chunk_store::region *from; // const: its region
    // Written by the thread that pushes it, read by the owner after taking it.
    chunk *next_ready;
    // How many blocks have been returned (high half), and where in the chunk the first of them lies
    // (low half). 0: none. One word, so the owner learns the count without walking the chain. The
    // release in give_back() pairs with the acquire in collect().
    atomic<std::uint64_t> returned;

    // --- of the owner, on a cache line of its own ---
    alignas(64) block *free;
    unsigned char *fresh, *end; // not handed out so far
    std::uint32_t used;         // handed out, and not known to be returned
    bool listed;                // in available_, or current
    chunk *next, *prev;         // in available_

    std::size_t block_size() const noexcept { return (which + 1) * alignment; }
  };

  // Found without a call: the library is linked so that these few bytes lie in the static block of
  // each thread.
  [[gnu::tls_model("initial-exec")]] static constinit thread_local block_heap *of_this_thread;

  static store &all() noexcept;
  static block_heap *enter() noexcept;
  static void at_thread_end(void *heap) noexcept;
  static chunk *chunk_of(void *inside) noexcept {
    return reinterpret_cast<chunk *>(reinterpret_cast<std::uintptr_t>(inside) & ~(chunk_store::chunk_size - 1));
  }

  void *refill(std::size_t which) noexcept;
  chunk *make_chunk(std::size_t which) noexcept;
  void collect() noexcept;
  void settle(chunk &home, std::uint32_t count) noexcept;
  void free_here(chunk &home, block &freed) noexcept;
  static void free_elsewhere(chunk &home, block &freed) noexcept;
  void gather(chunk &home, block &freed) noexcept;
  void give_back() noexcept;
  bool give_up_empty() noexcept;
  void list(chunk &which) noexcept;
  void unlist(chunk &which) noexcept;

  chunk *current_[classes] = {};   // the owner allocates from these
  chunk *available_[classes] = {}; // other chunks with free blocks
  std::uint32_t empty_ = 0;        // how many of those have only free blocks
  std::uint32_t chunks_ = 0;       // of this heap; full ones are in no list

  // Blocks that were gathered for one chunk of another heap.
  chunk *bound_for_ = nullptr;
  block *first_ = nullptr, *last_ = nullptr;
  std::uint32_t gathered_ = 0;

  block_heap *next_ = nullptr; // in the list of heaps without a thread, under the store's lock

  // Chunks with returned blocks. The release of a push pairs with the acquire in collect().
  alignas(64) atomic<chunk *> ready_{nullptr};
};

inline void *block_heap::allocate(std::size_t size) noexcept {
  const std::size_t which = size == 0 ? 0 : (size - 1) / alignment;
  chunk *const from = current_[which];
  if (from == nullptr || from->free == nullptr) return refill(which);
  block *const taken = from->free;
  from->free = taken->next;
  __builtin_prefetch(from->free, 1); // it may lie in the cache of the core that freed it
  ++from->used;
  return taken;
}

inline void block_heap::free(void *freed) noexcept {
  auto *const given = static_cast<block *>(freed);
  chunk &home = *chunk_of(freed);
  block_heap *const self = of_this_thread;
  if (home.home == self) return self->free_here(home, *given);
  free_elsewhere(home, *given);
}

inline void block_heap::free_here(chunk &home, block &freed) noexcept {
  freed.next = home.free;
  home.free = &freed;
  if (home.used > 1 && home.listed)
    --home.used;
  else
    settle(home, 1);
}

} // namespace weft::core
