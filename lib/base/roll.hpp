// A roll: the list of what must be withdrawn when something is called off, such as the tasks under
// a cancel token, or what belongs to a domain.
//
// Owns the list and the mark "called off". Does not know what an entry is, or how it is withdrawn:
// each entry knows that. README.md, "Rolls", has the rules of adding, removing and withdrawing.
#pragma once

#include <mutex>

#include "base/adaptive_mutex.hpp"
#include "base/atomic.hpp"
#include "base/fork.hpp"
#include "base/memory.hpp"

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
  // Under the lock of the roll. True: *this stays alive until finish_withdraw(). False: the
  // withdrawal has nothing more to do with it. Takes no lock but that of the wait graph and those
  // below it.
  virtual bool hold() noexcept = 0;
  // True: finish_withdraw() must follow.
  virtual bool begin_withdraw() noexcept = 0;
  // *this may be gone afterwards.
  virtual void finish_withdraw() = 0;
  // The roll that is called off with this entry, between the two steps. Null: none.
  virtual roll *nested() noexcept { return nullptr; }

  // Under the lock of the roll. In a withdrawal the withdrawal's own.
  roll_entry *next_ = nullptr, *prev_ = nullptr;
  bool listed_ = false; // under the lock of the roll
};

class roll {
public:
  roll() noexcept { decide_memory(); }
  roll(const roll &) = delete;
  roll &operator=(const roll &) = delete;

  // False: the roll was called off.
  bool add(roll_entry &entry) noexcept;
  // True: the entry was on the roll, and no thread withdraws it.
  bool remove(roll_entry &entry) noexcept;

  bool called_off() const noexcept { return called_off_.load(std::memory_order_acquire); }
  // False: it was called off before.
  bool call_off() noexcept;
  // Withdraw all that is on this roll and on the rolls below it, which are called off too.
  void withdraw_all() {
    struct rest { // what a callback leaves that ends its thread
      roll_entry *left;
      ~rest() noexcept(false) { finish_withdraw_all(left); }
    } all{begin_withdraw_all()};
    finish_withdraw_all(all.left);
  }
  // The two steps of withdraw_all(). The first runs no user code. The second may run on any thread.
  // It takes each entry off the list before it finishes it, so it can go on after a callback that
  // has ended its thread.
  [[nodiscard]] roll_entry *begin_withdraw_all() noexcept;
  static void finish_withdraw_all(roll_entry *&left);

  // Made before a fork: useless in this process.
  bool inherited() const noexcept { return native_.is_another(); }

protected:
  ~roll() = default;
  void add_locked(roll_entry &entry) noexcept;
  bool remove_locked(roll_entry &entry) noexcept;
  // Takes the first living entry off the roll and holds it. Withdraws nothing. Null: there is none
  // left.
  roll_entry *take_first() noexcept;

  mutable adaptive_mutex mutex_;
  // Written under mutex_. The release pairs with the acquire in called_off(), which takes
  // no lock.
  atomic<bool> called_off_{false};

private:
  const native_process native_;
  roll_entry *first_ = nullptr, *last_ = nullptr; // under mutex_
};

} // namespace weft::core
