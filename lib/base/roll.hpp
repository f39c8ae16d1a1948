// A roll: what has to be withdrawn when something is called off: the tasks under a cancel token, what belongs to a
// domain.
//
// Owns the list and the mark that says "called off". What an entry is, and how it is withdrawn, each entry knows. The
// protocol, in four rules:
//  1. add() and call_off() take the lock: an entry is either refused, or found by the withdrawal. Whoever comes later
//     finds the mark.
//  2. An entry on the roll is alive, for whoever ends it takes it off before. The withdrawal takes it off under the
//     lock, after hold() has made sure of its life until finish_withdraw().
//  3. Withdrawing has two steps, none under the lock: begin_withdraw() for all, then finish_withdraw() for those that
//     said so. User code runs in the second only: whatever it asks about, of what is withdrawn with it, is decided.
//  4. Rolls may be nested (the tokens below a token); they are worked off as a list, so no depth needs a stack.
#pragma once

#include <mutex>

#include "base/adaptive_mutex.hpp"
#include "base/atomic.hpp"
#include "base/fork.hpp"

namespace weft::core {

class roll;

class roll_entry {
public:
  roll_entry() noexcept = default;
  roll_entry(const roll_entry &) = delete;
  roll_entry &operator=(const roll_entry &) = delete;

protected:
  ~roll_entry() = default;

private:
  friend class roll;
  // Under the roll's lock: stay alive until the withdrawal is over. False: nothing more is to be done about it. Takes
  // no lock but that of the wait graph and those below it.
  virtual bool hold() noexcept = 0;
  // True: finish_withdraw() is to follow.
  virtual bool begin_withdraw() noexcept = 0;
  // *this may be gone after it.
  virtual void finish_withdraw() = 0;
  // A roll that is called off with this one; between the two steps.
  virtual roll *nested() noexcept { return nullptr; }

  roll_entry *next_ = nullptr, *prev_ = nullptr; // under the roll's lock; in a withdrawal, its own
  bool listed_ = false;                          // under the roll's lock
};

class roll {
public:
  roll() noexcept = default;
  roll(const roll &) = delete;
  roll &operator=(const roll &) = delete;

  // False: it has been called off.
  bool add(roll_entry &entry) noexcept;
  // True: it was on the roll, and nobody withdraws it any more.
  bool remove(roll_entry &entry) noexcept;

  bool called_off() const noexcept { return called_off_.load(std::memory_order_acquire); }
  // False: it was before.
  bool call_off() noexcept;
  // Withdraw all that is there, and on the rolls below it, which are called off as well.
  void withdraw_all() {
    roll_entry *left = begin_withdraw_all();
    finish_withdraw_all(left);
  }
  // The same in its two steps. The first runs no code of the user's. The second may run on any thread, and takes each
  // entry off the list before it finishes it: so it can go on after a callback that has ended its thread.
  [[nodiscard]] roll_entry *begin_withdraw_all() noexcept;
  static void finish_withdraw_all(roll_entry *&left);

  // From before a fork: of no use in this process.
  bool inherited() const noexcept { return native_.is_another(); }

protected:
  ~roll() = default;
  void add_locked(roll_entry &entry) noexcept;
  bool remove_locked(roll_entry &entry) noexcept;
  // Without withdrawing: the first entry that lives, held; null: there is none left.
  roll_entry *take_first() noexcept;

  mutable adaptive_mutex mutex_;
  // Written under mutex_; its release pairs with the acquire of called_off(), by those who only want to know early.
  atomic<bool> called_off_{false};

private:
  const native_process native_;
  roll_entry *first_ = nullptr, *last_ = nullptr; // under mutex_
};

} // namespace weft::core
