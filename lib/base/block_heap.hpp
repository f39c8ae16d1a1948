// Where the blocks of tasks come from: per-thread free lists, to which blocks that were freed elsewhere come home in
// batches.
//
// A task is mostly made on one thread and freed on another, the pattern that general allocators are slowest at. Here a
// block lies in a chunk that belongs to the heap of the thread that made it. The owner allocates and frees without any
// atomic operation; another thread gathers what it frees, and gives a chain of it back with one compare-and-swap.
//
// Who may touch what:
//  1. A heap belongs to one thread at a time. It outlives that thread: the next thread without one inherits it.
//  2. chunk: the owner's fields are the heap's thread's alone; `returned` is everybody's.
//  3. A chunk whose `returned` goes from empty to not empty is put on its heap's `ready` list, by whoever made it so.
//     The owner takes chunks from that list, and only then empties `returned`. So a chunk is on the list at most once.
//  4. A chunk is freed when all its blocks are back. No other thread can then be inside it: whoever is still about to
//     put it on the list has made it ready, and the owner has not yet counted his blocks.
//
// What nobody takes home stays: a thread that has made a million tasks and never makes another one keeps their chunks
// until it ends.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/atomic.hpp"
#include "base/chunk_store.hpp"

namespace weft::core {

class block_heap {
public:
  static constexpr std::size_t largest = 512; // of a block; what is larger comes from the allocator
  static constexpr std::size_t alignment = 16;

  // Of the calling thread, made or inherited when it has none. Null: no memory, or the thread is at its very end.
  static block_heap *mine() noexcept { return of_this_thread != nullptr ? of_this_thread : enter(); }

  // size up to `largest`. Owner only. Null: no memory.
  void *allocate(std::size_t size) noexcept;
  // Any block that came from any heap, on any thread.
  static void free(void *block) noexcept;

  // Give back what this thread has gathered for others. Before it sleeps, for they may be short of it. And give the
  // system what was kept for it long enough.
  static void flush_mine() noexcept;
  static void release_old(std::int64_t now) noexcept;

  // While the process is forked, no heap changes hands.
  static void prepare() noexcept { all(); }
  static void lock_all() noexcept;
  static void unlock_all() noexcept;

  // For the end of the library's use (runtime/cleanup.cpp): whether another thread has a heap; and, when none has, give
  // back all that is empty. False: some blocks are in use.
  static bool others_have_heaps() noexcept;
  static bool release_all() noexcept;

private:
  static constexpr std::size_t classes = largest / alignment;
  static constexpr std::uint32_t batch = 64;     // blocks that are gathered before they are given back
  static constexpr std::uint32_t most_empty = 8; // empty chunks that are kept, for all classes together

  struct block {
    block *next;
  };
  struct store;

  struct chunk {
    // --- everybody's ---
    block_heap *home;          // const
    std::size_t which;         // const: its class
    chunk_store::region *from; // const: what it was cut from
    chunk *next_ready;         // written by whoever put it on the list, read by the owner after taking it off
    // How many blocks (high half) and where in the chunk the first of them lies (low half); 0: none. One word, so that
    // the owner learns the count without walking the chain. The release of give_back() pairs with the acquire of
    // collect().
    atomic<std::uint64_t> returned;

    // --- the owner's, on a line of its own ---
    alignas(64) block *free;
    unsigned char *fresh, *end; // never handed out so far
    std::uint32_t used;         // handed out and not known to be back
    bool listed;                // in available_, or current
    chunk *next, *prev;         // in available_

    std::size_t block_size() const noexcept { return (which + 1) * alignment; }
  };

  // Found without a call: the library is linked so that its few bytes lie in the static block of every thread.
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

  chunk *current_[classes] = {};   // allocated from
  chunk *available_[classes] = {}; // others with free blocks
  std::uint32_t empty_ = 0;        // of those, with nothing but free blocks
  std::uint32_t chunks_ = 0;       // all of its own, the full ones included, which are in no list

  // Gathered for one chunk of another heap.
  chunk *bound_for_ = nullptr;
  block *first_ = nullptr, *last_ = nullptr;
  std::uint32_t gathered_ = 0;

  block_heap *next_ = nullptr; // of the heaps without a thread, under the store's lock

  // Chunks with returned blocks. The release of a push pairs with the acquire of collect().
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
