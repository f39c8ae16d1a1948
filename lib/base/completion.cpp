#include "base/completion.hpp"

#include <cstdint>
#include <mutex>

#include "base/adaptive_mutex.hpp"

namespace weft::core {
namespace {

// Completions share a few locks: a lock in each would be larger than the rest of a task. Never
// destroyed.
#if defined(__SANITIZE_THREAD__)
// A fork holds all of them, and ThreadSanitizer cannot remember 64.
constexpr std::size_t stripe_count = 16;
#else
constexpr std::size_t stripe_count = 64;
#endif
struct alignas(64) stripe {
  adaptive_mutex mutex;
};
constinit stripe stripes[stripe_count];

adaptive_mutex &lock_of(const completion *object) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(object);
  return stripes[((address >> 4) ^ (address >> 10)) % stripe_count].mutex;
}

void link_last(observer &head, observer &entry) noexcept {
  entry.next = &head;
  entry.prev = head.prev;
  head.prev->next = &entry;
  head.prev = &entry;
}

} // namespace

char completion::closed_mark;

bool completion::add(observer &entry) noexcept {
  const std::scoped_lock hold(lock_of(this));
  entry.next = entry.prev = &entry;
  observer *head = nullptr;
  if (head_.compare_exchange_strong(head, &entry, std::memory_order_acq_rel, std::memory_order_acquire)) return true;
  if (head == closed()) return false;
  link_last(*head, entry);
  return true;
}

bool completion::remove(observer &entry) noexcept {
  const std::scoped_lock hold(lock_of(this));
  if (finished() || entry.prev == nullptr) return false; // a list of entries to be called has no prev
  unlink_locked(entry);
  return true;
}

observer *completion::take_callback(wanted_fn wanted, const void *what) noexcept {
  const std::scoped_lock hold(lock_of(this));
  // Changes under the lock only, unless it is null.
  observer *const head = head_.load(std::memory_order_acquire);
  if (head == nullptr || head == closed()) return nullptr;
  observer *at = head;
  do {
    if (at->fire == nullptr && wanted(*at, what)) {
      unlink_locked(*at);
      return at;
    }
    at = at->next;
  } while (at != head);
  return nullptr;
}

void completion::unlink_locked(observer &entry) noexcept {
  if (entry.next == &entry) {
    head_.store(nullptr, std::memory_order_release);
  } else {
    entry.prev->next = entry.next;
    entry.next->prev = entry.prev;
    if (head_.load(std::memory_order_relaxed) == &entry) head_.store(entry.next, std::memory_order_release);
  }
  entry.next = entry.prev = nullptr;
}

observer *completion::finish(bool failed) noexcept {
  observer *head = nullptr;
  if (head_.compare_exchange_strong(head, closed(), std::memory_order_acq_rel)) return nullptr;

  wake_list sleepers;
  observer *first = nullptr;
  observer **last = &first;
  adaptive_mutex &lock = lock_of(this);
  {
    const std::scoped_lock hold(lock);
    head = head_.exchange(closed(), std::memory_order_acq_rel);
    if (head != nullptr) head->prev->next = nullptr; // open the ring
    while (head != nullptr) {
      observer *const entry = head;
      head = entry->next;
      entry->next = entry->prev = nullptr;
      if (entry->fire != nullptr) {
        entry->fire(*entry, failed, sleepers);
      } else {
        *last = entry;
        last = &entry->next;
      }
    }
  }
  return first;
}

void completion::lock_all() noexcept {
  for (stripe &each : stripes) each.mutex.lock();
}

void completion::unlock_all() noexcept {
  for (stripe &each : stripes) each.mutex.unlock();
}

observer *completion::abandon() noexcept {
  const std::scoped_lock hold(lock_of(this)); // against remove()
  observer *const head = head_.exchange(closed(), std::memory_order_acq_rel);
  if (head == nullptr || head == closed()) return nullptr;
  head->prev->next = nullptr;
  return head;
}

} // namespace weft::core
