#include "base/block_heap.hpp"

#include <mutex>
#include <new>
#include <utility>

#include <pthread.h>

#include "base/atomic.hpp"
#include "base/clock.hpp"

namespace weft::core {

struct block_heap::store {
  chunk_store chunks;
  native_mutex mutex;
  block_heap *without_thread = nullptr; // under mutex
  std::uint32_t with_thread = 0;        // under mutex: how many heaps have a thread
  pthread_key_t end_of_thread{};
  bool usable = pthread_key_create(&end_of_thread, [](void *heap) { at_thread_end(heap); }) == 0;
};

constinit thread_local block_heap *block_heap::of_this_thread = nullptr;

block_heap::store &block_heap::all() noexcept {
  // Never destroyed: threads outlive static destructors.
  alignas(store) static unsigned char room[sizeof(store)];
  static auto *const made = ::new (room) store;
  return *made;
}

block_heap *block_heap::enter() noexcept {
  store &s = all();
  if (!s.usable) return nullptr;
  block_heap *taken = nullptr;
  {
    const std::scoped_lock hold(s.mutex);
    taken = s.without_thread;
    if (taken != nullptr) s.without_thread = taken->next_;
    ++s.with_thread;
  }
  if (taken == nullptr) taken = new (std::nothrow) block_heap;
  if (taken == nullptr) {
    const std::scoped_lock hold(s.mutex);
    --s.with_thread;
    return nullptr;
  }
  if (pthread_setspecific(s.end_of_thread, taken) != 0) {
    at_thread_end(taken);
    return nullptr;
  }
  return of_this_thread = taken;
}

// This may run more than once for a thread: a later destructor of that thread may free another
// task.
void block_heap::at_thread_end(void *heap) noexcept {
  auto *const left = static_cast<block_heap *>(heap);
  left->give_back();
  left->collect();
  of_this_thread = nullptr;
  store &s = all();
  const std::scoped_lock hold(s.mutex);
  left->next_ = s.without_thread;
  s.without_thread = left;
  --s.with_thread;
}

// --- giving everything back ---

bool block_heap::others_have_heaps() noexcept {
  store &s = all();
  const std::scoped_lock hold(s.mutex);
  return s.with_thread > (of_this_thread != nullptr ? 1 : 0);
}

bool block_heap::release_all() noexcept {
  store &s = all();
  if (block_heap *const own = of_this_thread; own != nullptr) {
    pthread_setspecific(s.end_of_thread, nullptr);
    at_thread_end(own);
  }
  // First all returned blocks are collected, then empty chunks are freed. So no heap holds blocks
  // of another one.
  for (block_heap *h = s.without_thread; h != nullptr; h = h->next_) h->collect();
  for (block_heap **at = &s.without_thread; *at != nullptr;) {
    block_heap *const heap = *at;
    if (!heap->give_up_empty()) {
      at = &heap->next_;
      continue;
    }
    *at = heap->next_;
    delete heap;
  }
  if (s.without_thread != nullptr) return false;
  s.chunks.release_all(); // with the regions that are kept for later
  return true;
}

// False: some blocks are in use.
bool block_heap::give_up_empty() noexcept {
  for (std::size_t which = 0; which < classes; ++which) {
    if (chunk *const from = current_[which]; from != nullptr) {
      if (from->used == 0) {
        current_[which] = nullptr;
        --chunks_;
        all().chunks.give(from, *from->from);
      }
    }
    for (chunk *next = available_[which]; next != nullptr;) {
      chunk *const each = std::exchange(next, next->next);
      if (each->used != 0) continue;
      unlist(*each);
      --empty_;
      --chunks_;
      all().chunks.give(each, *each->from);
    }
  }
  return chunks_ == 0;
}

// --- allocating ---

// The current chunk has no free block. Takes, in this order: its fresh part, returned blocks,
// another chunk, a new chunk.
void *block_heap::refill(std::size_t which) noexcept {
  chunk *from = current_[which];
  if (from == nullptr || from->fresh == from->end) {
    collect();
    from = current_[which];
    if (from == nullptr || from->free == nullptr) {
      if (from != nullptr) from->listed = false; // full: it is listed again when a block comes back
      from = available_[which];
      if (from != nullptr) {
        if (from->used == 0) --empty_;
        unlist(*from);
      } else {
        from = make_chunk(which);
      }
      current_[which] = from;
      if (from == nullptr) return nullptr;
      from->listed = true;
    }
  }
  ++from->used;
  if (block *const taken = from->free; taken != nullptr) {
    from->free = taken->next;
    return taken;
  }
  void *const taken = from->fresh;
  from->fresh += from->block_size();
  return taken;
}

block_heap::chunk *block_heap::make_chunk(std::size_t which) noexcept {
  constexpr std::size_t room = chunk_store::chunk_size;
  chunk_store::region *from = nullptr;
  void *const memory = all().chunks.take(from);
  if (memory == nullptr) return nullptr;
  auto *const made = ::new (memory) chunk{};
  ++chunks_;
  made->home = this;
  made->which = which;
  made->from = from;
  made->fresh = static_cast<unsigned char *>(memory) + sizeof(chunk);
  made->end = made->fresh + (room - sizeof(chunk)) / made->block_size() * made->block_size();
  return made;
}

void block_heap::collect() noexcept {
  if (ready_.load(std::memory_order_relaxed) == nullptr) return;
  chunk *next = ready_.exchange(nullptr, std::memory_order_acquire);
  while (next != nullptr) {
    chunk &home = *next;
    // Before `returned` is emptied: after that the chunk may be on the list again.
    next = home.next_ready;
    // The release pairs with the acquire in give_back(), which writes next_ready after it has read
    // this 0.
    const std::uint64_t returned = home.returned.exchange(0, std::memory_order_acq_rel);
    auto *const first = reinterpret_cast<block *>(reinterpret_cast<unsigned char *>(&home) + (returned & 0xffffffff));
    // A chunk without free blocks takes the chain as it is: its blocks lie in the caches of other
    // cores.
    if (home.free != nullptr) {
      block *last = first;
      while (last->next != nullptr) last = last->next;
      last->next = home.free;
    }
    home.free = first;
    settle(home, static_cast<std::uint32_t>(returned >> 32));
  }
}

// `count` blocks have come back.
void block_heap::settle(chunk &home, std::uint32_t count) noexcept {
  home.used -= count;
  if (!home.listed) list(home);
  if (home.used != 0 || current_[home.which] == &home) return;
  if (empty_ < most_empty) {
    ++empty_;
    return;
  }
  unlist(home);
  --chunks_;
  all().chunks.give(&home, *home.from);
}

void block_heap::list(chunk &which) noexcept {
  chunk *&first = available_[which.which];
  which.listed = true;
  which.prev = nullptr;
  which.next = first;
  if (first != nullptr) first->prev = &which;
  first = &which;
}

void block_heap::unlist(chunk &which) noexcept {
  which.listed = false;
  (which.prev != nullptr ? which.prev->next : available_[which.which]) = which.next;
  if (which.next != nullptr) which.next->prev = which.prev;
}

// --- freeing ---

void block_heap::free_elsewhere(chunk &home, block &freed) noexcept {
  if (block_heap *const self = mine(); self != nullptr)
    return home.home == self ? self->free_here(home, freed) : self->gather(home, freed);
  block_heap alone; // no memory for a heap: the block is given back alone
  alone.gather(home, freed);
  alone.give_back();
}

void block_heap::gather(chunk &home, block &freed) noexcept {
  if (bound_for_ != &home || gathered_ == batch) {
    give_back();
    bound_for_ = &home;
    last_ = &freed;
  }
  freed.next = first_;
  first_ = &freed;
  ++gathered_;
}

void block_heap::give_back() noexcept {
  if (gathered_ == 0) return;
  chunk &home = *bound_for_;
  const auto offset =
      static_cast<std::uint64_t>(reinterpret_cast<unsigned char *>(first_) - reinterpret_cast<unsigned char *>(&home));
  std::uint64_t seen = home.returned.load(std::memory_order_relaxed);
  std::uint64_t mine;
  do {
    last_->next =
        seen == 0 ? nullptr : reinterpret_cast<block *>(reinterpret_cast<unsigned char *>(&home) + (seen & 0xffffffff));
    mine = (((seen >> 32) + gathered_) << 32) | offset;
  } while (!home.returned.compare_exchange_weak(seen, mine, std::memory_order_acq_rel, std::memory_order_relaxed));
  bound_for_ = nullptr;
  first_ = last_ = nullptr;
  gathered_ = 0;
  if (seen != 0) return; // another thread has pushed it, or is about to
  atomic<chunk *> &ready = home.home->ready_;
  chunk *first = ready.load(std::memory_order_relaxed);
  do {
    home.next_ready = first;
  } while (!ready.compare_exchange_weak(first, &home, std::memory_order_release, std::memory_order_relaxed));
}

void block_heap::lock_all() noexcept {
  all().mutex.lock();
  all().chunks.lock();
}

void block_heap::unlock_all() noexcept {
  all().chunks.unlock();
  all().mutex.unlock();
}

void block_heap::flush_mine() noexcept {
  if (of_this_thread == nullptr) return;
  of_this_thread->give_back();
  if (all().chunks.has_some_to_release()) release_old(now_ns());
}

void block_heap::release_old(std::int64_t now) noexcept {
  all().chunks.release_old(now);
}

} // namespace weft::core
