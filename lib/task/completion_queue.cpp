#include "task/completion_queue.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/block.hpp"
#include "base/completion.hpp"
#include "thread/blocking.hpp"
#include "thread/record.hpp"

namespace weft::core {

// --- entries ---

void entry_list::insert_before(queue_entry &at, queue_entry &entry) noexcept {
  entry.next_ = &at;
  entry.prev_ = at.prev_;
  at.prev_->next_ = &entry;
  at.prev_ = &entry;
}

void entry_list::remove(queue_entry &entry) noexcept {
  entry.prev_->next_ = entry.next_;
  entry.next_->prev_ = entry.prev_;
  entry.next_ = entry.prev_ = nullptr;
}

bool completion_queue::expect(queue_entry &entry) noexcept {
  wake_list sleepers;
  const std::scoped_lock hold(mutex_);
  if (is_closed()) return false;
  ref();
  tied_.add_last(entry);
  ++ties_made_;
  // A waiter that sleeps inside a task looks whether it can run something for this tie.
  for (waiter **at = &waiters_; *at != nullptr;) {
    if ((*at)->helps)
      tell_locked(*at, sleepers);
    else
      at = &(*at)->next;
  }
  return true;
}

void completion_queue::fulfil(queue_entry &entry, weft_status status) noexcept {
  if (!try_put(entry, status, true)) delete &entry;
  unref();
}

void completion_queue::give_up(queue_entry &entry) noexcept {
  {
    const std::scoped_lock hold(mutex_);
    entry_list::remove(entry);
  }
  delete &entry;
  unref();
}

bool completion_queue::add(queue_entry &entry, weft_status status) noexcept {
  return try_put(entry, status, false);
}

bool completion_queue::try_put(queue_entry &entry, weft_status status, bool was_expected) noexcept {
  wake_list sleepers;
  const std::scoped_lock hold(mutex_);
  if (was_expected) entry_list::remove(entry);
  if (is_closed()) return false;
  entry.event_.status = status;
  put_locked(entry, sleepers);
  return true;
}

weft_status completion_queue::post(std::uint64_t tag, std::uint64_t value) noexcept {
  auto *const made = new (std::nothrow) queue_entry(tag, WEFT_EVENT_USER);
  if (made == nullptr) return is_closed() ? WEFT_ECLOSED : WEFT_ENOMEM;
  made->event_.value = value;
  if (add(*made, WEFT_OK)) return WEFT_OK;
  delete made;
  return WEFT_ECLOSED;
}

void completion_queue::add_again(queue_entry &kept, std::uint64_t value, wake_list &sleepers) noexcept {
  const std::scoped_lock hold(mutex_);
  if (is_closed()) return;
  kept.is_kept_ = true;
  if (kept.is_queued_) {
    kept.event_.value += value;
    return;
  }
  kept.event_.value = value;
  put_locked(kept, sleepers);
}

void completion_queue::let_go(queue_entry &kept) noexcept {
  {
    const std::scoped_lock hold(mutex_);
    kept.is_kept_ = false;
    if (kept.is_queued_) return;
  }
  delete &kept;
}

// `sleepers` was made before the lock was taken, so it wakes after the lock is given back.
void completion_queue::put_locked(queue_entry &entry, wake_list &sleepers) noexcept {
  entry.is_queued_ = true;
  queued_.add_last(entry);
  const std::size_t before = size_.load(std::memory_order_relaxed);
  size_.store(before + 1, std::memory_order_release);
  if (before == 0) descriptor_.raise();
  if (waiters_ != nullptr) tell_locked(waiters_, sleepers);
}

// --- taking out ---

queue_entry *completion_queue::take_locked(weft_event_t *events, std::size_t most, std::size_t &count) noexcept {
  queue_entry *spent = nullptr; // linked through next_
  count = 0;
  while (count < most) {
    queue_entry *const entry = queued_.first();
    if (entry == nullptr) break;
    entry_list::remove(*entry);
    entry->is_queued_ = false;
    events[count++] = entry->event_;
    if (!entry->is_kept_) entry->next_ = std::exchange(spent, entry);
  }
  if (count == 0) return nullptr;
  size_.store(size_.load(std::memory_order_relaxed) - count, std::memory_order_release);
  if (queued_.empty() && !is_closed()) descriptor_.lower();
  return spent;
}

void completion_queue::free_all(queue_entry *taken) noexcept {
  while (taken != nullptr) delete std::exchange(taken, taken->next_);
}

weft_status completion_queue::pop(weft_event_t *events, std::size_t most, std::size_t &count) noexcept {
  count = 0;
  if (!may_take()) return WEFT_OK;
  queue_entry *spent;
  bool closed;
  {
    const std::scoped_lock hold(mutex_);
    spent = take_locked(events, most, count);
    closed = is_closed();
  }
  free_all(spent);
  return count == 0 && closed ? WEFT_ECLOSED : WEFT_OK;
}

weft_status completion_queue::wait(weft_event_t *events, std::size_t most, deadline until, std::size_t &count) {
  if (const weft_status status = pop(events, most, count); status != WEFT_OK || count != 0) return status;
  if (until.is_poll()) return WEFT_ETIMEDOUT;
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  struct waiting {
    completion_queue &queue;
    record &self;
    weft_event_t *const events;
    const std::size_t most;
    std::size_t &count;
    weft_status popped = WEFT_OK;
    std::uint64_t ties_seen = 0;

    // A notified waiter must look: no other waiter was notified for that event.
    bool over() noexcept {
      popped = queue.pop(events, most, count);
      return popped != WEFT_OK || count != 0;
    }
    lent lend(const helper &mine) { return queue.lend_one(mine, ties_seen); }
    // To know it, each tie would have to be asked.
    bool awaits_executor() const noexcept { return true; }
    weft_status sleep(deadline limit, helpful_sleep &sleeping) noexcept {
      if (spin_until([this]() noexcept { return queue.may_take(); })) return WEFT_OK;
      const weft_status status = queue.sleep(self, limit, ties_seen, sleeping);
      // An event that came just as the time was over, or a stop was requested, is returned all the
      // same.
      return queue.may_take() ? WEFT_OK : status;
    }
  } what{*this, *self, events, most, count};
  const weft_status status = wait_and_help(*self, until, true, what);
  return status == WEFT_OK ? what.popped : status;
}

// WEFT_OK: look again.
weft_status completion_queue::sleep(record &self, deadline until, std::uint64_t ties_seen,
                                    helpful_sleep &sleeping) noexcept {
  const bool helps = sleeping.hand != nullptr;
  waiter me{&self.sleeper, helps};
  {
    const std::scoped_lock hold(mutex_);
    if (may_take() || (helps && ties_made_ != ties_seen)) return WEFT_OK;
    *last_waiter_ = &me;
    last_waiter_ = &me.next;
  }
  // No dependency: any thread might post an event, so the wait graph has nothing to judge.
  const weft_status status = sleep_until(
      self, nullptr, 0, wait_for::all, until, [&me]() noexcept { return me.told.load(std::memory_order_acquire); },
      &sleeping);
  const std::scoped_lock hold(mutex_);
  if (me.told.load(std::memory_order_relaxed)) return status;
  waiter **at = &waiters_;
  while (*at != &me) at = &(*at)->next;
  *at = me.next;
  if (me.next == nullptr) last_waiter_ = at;
  return status;
}

// `place` is the pointer of the list that leads to the waiter, which leaves the list.
void completion_queue::tell_locked(waiter *&place, wake_list &sleepers) noexcept {
  waiter &who = *place;
  sleepers.add(*who.who);
  place = who.next;
  if (place == nullptr) last_waiter_ = &place;
  who.told.store(true, std::memory_order_release);
}

namespace {

// Marks how far a walk has come while other threads change the list.
class list_cursor : public queue_entry {
public:
  list_cursor() noexcept : queue_entry(0, 0) {}
};

} // namespace

// Whether an entry can be helped with is asked under the lock; the help is given without it.
// Entries come and go meanwhile, so the walk keeps its place by an entry of its own.
lent completion_queue::lend_one(const helper &by, std::uint64_t &ties_seen) {
  struct walk {
    completion_queue &of;
    list_cursor here;
    explicit walk(completion_queue &queue, std::uint64_t &seen) noexcept : of(queue) {
      const std::scoped_lock hold(of.mutex_);
      seen = of.ties_made_;
      of.tied_.add_first(here);
    }
    ~walk() { // also when the thread is ended inside what it runs
      const std::scoped_lock hold(of.mutex_);
      entry_list::remove(here);
    }
    helping_hand next() noexcept {
      const std::scoped_lock hold(of.mutex_);
      for (queue_entry *at = of.tied_.after(here); at != nullptr; at = of.tied_.after(*at)) {
        const helping_hand found = at->help();
        if (!found) continue;
        entry_list::remove(here);
        entry_list::insert_after(*at, here);
        return found;
      }
      return {};
    }
  } ties{*this, ties_seen};
  lent answer = lent::no;
  while (const helping_hand hand = ties.next()) {
    answer = std::max(answer, hand.lend(hand.what, by));
    if (answer == lent::yes) break;
  }
  return answer;
}

// --- the descriptor, and the end ---

weft_status completion_queue::descriptor(int &number) noexcept {
  const std::scoped_lock hold(mutex_);
  if (!descriptor_.is_open() && !descriptor_.open(may_take())) return WEFT_EAGAIN;
  number = descriptor_.number();
  return WEFT_OK;
}

void completion_queue::close_locked(wake_list &sleepers) noexcept {
  if (is_closed()) return;
  if (!may_take()) descriptor_.raise();
  closed_.store(true, std::memory_order_release);
  while (waiters_ != nullptr) tell_locked(waiters_, sleepers);
}

void completion_queue::close() noexcept {
  wake_list sleepers;
  const std::scoped_lock hold(mutex_);
  close_locked(sleepers);
}

void completion_queue::unref_handle() noexcept {
  if (handles_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  queue_entry *lost = nullptr;
  std::size_t untied = 0;
  {
    wake_list sleepers;
    const std::scoped_lock hold(mutex_);
    close_locked(sleepers);
    descriptor_.close();
    for (queue_entry *entry = tied_.first(), *next = nullptr; entry != nullptr; entry = next) {
      next = tied_.after(*entry);
      // False: the end of its source has taken the tie, and waits for the lock.
      if (!entry->leave_source()) continue;
      entry_list::remove(*entry);
      entry->next_ = std::exchange(lost, entry);
      ++untied;
    }
    while (queue_entry *const entry = queued_.first()) {
      entry_list::remove(*entry);
      entry->is_queued_ = false;
      if (!entry->is_kept_) entry->next_ = std::exchange(lost, entry);
    }
    size_.store(0, std::memory_order_release);
  }
  free_all(lost);
  for (; untied != 0; --untied) unref(); // those of the ties; none is the last
  unref();
}

} // namespace weft::core
