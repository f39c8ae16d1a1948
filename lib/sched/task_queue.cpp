#include "sched/task_queue.hpp"

#include <algorithm>
#include <mutex>
#include <new>

#include "base/block.hpp"
#include "base/clock.hpp"

namespace weft::core {
namespace {

// How many drained blocks are kept for the next tasks. The rest goes back to the allocator, so that
// a burst leaves no memory behind.
constexpr std::size_t most_spares = 64;

template <class Block> void delete_chain(Block *first) noexcept {
  while (first != nullptr) {
    Block *const next = first->next;
    free_block(first, sizeof(Block), alignof(Block));
    first = next;
  }
}

} // namespace

template <class Mutex> basic_task_queue<Mutex>::~basic_task_queue() {
  delete_chain(first_);
  delete_chain(spare_);
}

template <class Mutex>
typename basic_task_queue<Mutex>::answer basic_task_queue<Mutex>::push(task *const *tasks, std::size_t count) noexcept {
  return push_checked(tasks, count, true);
}

template <class Mutex>
typename basic_task_queue<Mutex>::answer basic_task_queue<Mutex>::push_on(task *const *tasks,
                                                                          std::size_t count) noexcept {
  return push_checked(tasks, count, false);
}

template <class Mutex>
typename basic_task_queue<Mutex>::answer basic_task_queue<Mutex>::push_checked(task *const *tasks, std::size_t count,
                                                                               bool heed_closed) noexcept {
  mutex_.lock();
  const answer said = push_locked(tasks, count, heed_closed);
  mutex_.unlock_with_fence();
  return said;
}

template <class Mutex>
typename basic_task_queue<Mutex>::answer basic_task_queue<Mutex>::push_locked(task *const *tasks, std::size_t count,
                                                                              bool heed_closed) noexcept {
  if (closed_ && heed_closed) return answer::closed;
  if (count == 1 && last_ != nullptr && last_->end != block_tasks) [[likely]]
    last_->tasks[last_->end++] = *tasks;
  else if (!append_locked(tasks, count))
    return answer::no_memory;
  note_push_locked(count);
  size_.store(size_.load(std::memory_order_relaxed) + count, std::memory_order_release);
  return answer::pushed;
}

// False: no memory, and nothing was appended.
template <class Mutex> bool basic_task_queue<Mutex>::append_locked(task *const *tasks, std::size_t count) noexcept {
  if (!reserve_locked(count)) return false;
  block *into = last_;
  for (std::size_t i = 0; i < count;) {
    if (into->end == block_tasks) {
      into->next = take_spare_locked();
      into = last_ = into->next;
    }
    const std::size_t step = std::min(count - i, block_tasks - into->end);
    std::copy_n(tasks + i, step, into->tasks.begin() + into->end);
    into->end += static_cast<std::uint32_t>(step);
    i += step;
  }
  return true;
}

// See to enough spare blocks for `count` more tasks, and a last block, so that a push of several
// cannot fail half way.
template <class Mutex> bool basic_task_queue<Mutex>::reserve_locked(std::size_t count) noexcept {
  if (last_ != nullptr && block_tasks - last_->end >= count) return true;
  std::size_t wanted = last_ == nullptr ? 1 : 0;
  const std::size_t room = last_ == nullptr ? block_tasks : block_tasks - last_->end;
  if (count > room) wanted += (count - room + block_tasks - 1) / block_tasks;
  while (spares_ < wanted) {
    void *const room = allocate_block(sizeof(block), alignof(block));
    if (room == nullptr) return false;
    auto *const fresh = ::new (room) block;
    fresh->next = spare_;
    spare_ = fresh;
    ++spares_;
  }
  if (last_ == nullptr) first_ = last_ = take_spare_locked();
  return true;
}

template <class Mutex> typename basic_task_queue<Mutex>::block *basic_task_queue<Mutex>::take_spare_locked() noexcept {
  block *const taken = spare_;
  spare_ = taken->next;
  --spares_;
  taken->next = nullptr;
  taken->begin = taken->end = 0;
  return taken;
}

template <class Mutex> void basic_task_queue<Mutex>::recycle_locked(block *drained) noexcept {
  if (spares_ >= most_spares) {
    free_block(drained, sizeof(block), alignof(block));
    return;
  }
  drained->next = spare_;
  spare_ = drained;
  ++spares_;
}

template <class Mutex> std::size_t basic_task_queue<Mutex>::pop(task **out, std::size_t most) noexcept {
  if (empty()) return 0;
  const std::scoped_lock hold(mutex_);
  std::size_t count = 0;
  while (count < most && first_ != nullptr && first_->begin != first_->end) {
    const std::size_t step = std::min<std::size_t>(most - count, first_->end - first_->begin);
    std::copy_n(first_->tasks.begin() + first_->begin, step, out + count);
    first_->begin += static_cast<std::uint32_t>(step);
    count += step;
    if (first_->begin != first_->end) break;
    if (first_ == last_) {
      first_->begin = first_->end = 0; // the only block: it is used again from its start
      break;
    }
    block *const drained = first_;
    first_ = drained->next;
    recycle_locked(drained);
  }
  note_pop_locked(count);
  size_.store(size_.load(std::memory_order_relaxed) - count, std::memory_order_release);
  return count;
}

template <class Mutex> void basic_task_queue<Mutex>::note_push_locked(std::size_t count) noexcept {
  constexpr std::uint64_t every = 128;
  const std::uint64_t first = pushed_.load(std::memory_order_relaxed);
  pushed_.store(first + count, std::memory_order_relaxed);
  if (watched_ != UINT64_MAX || first < next_watch_) return;
  watched_ = first;
  next_watch_ = first + every;
  watched_since_ = now_ns();
}

template <class Mutex> void basic_task_queue<Mutex>::note_pop_locked(std::size_t count) noexcept {
  popped_ += count;
  if (popped_ <= watched_) return;
  watched_ = UINT64_MAX;
  std::size_t bucket = 0;
  for (std::int64_t limit = WEFT_MICROSECOND; bucket + 1 < wait_buckets && now_ns() - watched_since_ >= limit; ++bucket)
    limit *= 4;
  waits_[bucket].store(waits_[bucket].load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

template <class Mutex> void basic_task_queue<Mutex>::add_waits(std::uint64_t (&buckets)[wait_buckets]) const noexcept {
  for (std::size_t i = 0; i < wait_buckets; ++i) buckets[i] += waits_[i].load(std::memory_order_relaxed);
}

template <class Mutex> void basic_task_queue<Mutex>::close() noexcept {
  const std::scoped_lock hold(mutex_);
  closed_ = true;
}

template class basic_task_queue<adaptive_mutex>;
template class basic_task_queue<no_mutex>;

} // namespace weft::core
