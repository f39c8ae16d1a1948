#include "base/roll.hpp"

namespace weft::core {

void roll::add_locked(roll_entry &entry) noexcept {
  entry.next_ = nullptr;
  entry.prev_ = last_;
  (last_ != nullptr ? last_->next_ : first_) = &entry;
  last_ = &entry;
  entry.listed_ = true;
}

bool roll::remove_locked(roll_entry &entry) noexcept {
  if (!entry.listed_) return false;
  entry.listed_ = false;
  (entry.prev_ != nullptr ? entry.prev_->next_ : first_) = entry.next_;
  (entry.next_ != nullptr ? entry.next_->prev_ : last_) = entry.prev_;
  entry.next_ = entry.prev_ = nullptr;
  return true;
}

bool roll::add(roll_entry &entry) noexcept {
  const std::scoped_lock hold(mutex_);
  if (called_off_.load(std::memory_order_relaxed)) return false;
  add_locked(entry);
  return true;
}

bool roll::remove(roll_entry &entry) noexcept {
  const std::scoped_lock hold(mutex_);
  return remove_locked(entry);
}

bool roll::call_off() noexcept {
  const std::scoped_lock hold(mutex_);
  return !called_off_.exchange(true, std::memory_order_release);
}

roll_entry *roll::take_first() noexcept {
  const std::scoped_lock hold(mutex_);
  while (roll_entry *const entry = first_) {
    remove_locked(*entry);
    if (entry->hold()) return entry;
  }
  return nullptr;
}

roll_entry *roll::begin_withdraw_all() noexcept {
  roll_entry *first = nullptr, *last = nullptr; // linked by next_, in the order found
  const auto take_all_of = [&](roll &from) noexcept {
    while (roll_entry *const entry = from.take_first()) {
      if (!entry->begin_withdraw()) continue; // the entry may be gone
      (last != nullptr ? last->next_ : first) = entry;
      last = entry;
    }
  };
  take_all_of(*this);
  for (roll_entry *entry = first; entry != nullptr; entry = entry->next_) {
    roll *const below = entry->nested();
    if (below == nullptr) continue;
    below->call_off();
    take_all_of(*below);
  }
  return first;
}

void roll::finish_withdraw_all(roll_entry *&left) {
  while (roll_entry *const entry = left) {
    left = entry->next_;
    entry->next_ = nullptr;
    entry->finish_withdraw();
  }
}

} // namespace weft::core
