// base/atomic.hpp and base/system.hpp in a model build: each operation is a step of the engine.
//
// The value is where it always is, so layouts do not change. The engine knows what other threads may read: it keeps the
// history of each atomic by its address.
#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>

#include "engine/engine.hpp"

namespace weft::model {

template <class T> class atomic {
  static_assert(sizeof(T) <= sizeof(std::uint64_t) && std::is_trivially_copyable_v<T>);

public:
  using value_type = T;
  static constexpr bool is_always_lock_free = true;

  constexpr atomic() noexcept : atomic(T{}) {}
  constexpr atomic(T value, place from = here()) noexcept : value_(value) {
    if (!std::is_constant_evaluated()) begin_atomic(&value_, sizeof(T), from);
  }
  atomic(const atomic &) = delete;
  atomic &operator=(const atomic &) = delete;

  T load(std::memory_order order = std::memory_order_seq_cst, place from = here()) const noexcept {
    return back(load_atomic(&value_, sizeof(T), order, from));
  }
  void store(T value, std::memory_order order = std::memory_order_seq_cst, place from = here()) noexcept {
    store_atomic(&value_, sizeof(T), bits(value), order, from);
  }
  T exchange(T value, std::memory_order order = std::memory_order_seq_cst, place from = here()) noexcept {
    return change_by(change::exchange, bits(value), order, from);
  }
  template <class Step>
  T fetch_add(Step step, std::memory_order order = std::memory_order_seq_cst, place from = here()) noexcept {
    return change_by(change::add, scaled(step), order, from);
  }
  template <class Step>
  T fetch_sub(Step step, std::memory_order order = std::memory_order_seq_cst, place from = here()) noexcept {
    return change_by(change::subtract, scaled(step), order, from);
  }
  T fetch_or(T value, std::memory_order order = std::memory_order_seq_cst, place from = here()) noexcept {
    return change_by(change::set_bits, bits(value), order, from);
  }
  T fetch_and(T value, std::memory_order order = std::memory_order_seq_cst, place from = here()) noexcept {
    return change_by(change::keep_bits, bits(value), order, from);
  }
  T fetch_xor(T value, std::memory_order order = std::memory_order_seq_cst, place from = here()) noexcept {
    return change_by(change::flip_bits, bits(value), order, from);
  }

  bool compare_exchange_strong(T &expected, T desired, std::memory_order success, std::memory_order failure,
                               place from = here()) noexcept {
    return compare(expected, desired, false, success, failure, from);
  }
  bool compare_exchange_strong(T &expected, T desired, std::memory_order order = std::memory_order_seq_cst,
                               place from = here()) noexcept {
    return compare(expected, desired, false, order, of_failure(order), from);
  }
  bool compare_exchange_weak(T &expected, T desired, std::memory_order success, std::memory_order failure,
                             place from = here()) noexcept {
    return compare(expected, desired, true, success, failure, from);
  }
  bool compare_exchange_weak(T &expected, T desired, std::memory_order order = std::memory_order_seq_cst,
                             place from = here()) noexcept {
    return compare(expected, desired, true, order, of_failure(order), from);
  }

  void wait(T old, std::memory_order order = std::memory_order_seq_cst, place from = here()) const noexcept {
    while (load(order, from) == old) wait_on_atomic(&value_, sizeof(T), bits(old), from);
  }
  void notify_one(place from = here()) noexcept { wake_on_atomic(&value_, 1, from); }
  void notify_all(place from = here()) noexcept { wake_on_atomic(&value_, ~0u, from); }

  operator T() const noexcept { return load(); }
  T operator=(T value) noexcept {
    store(value);
    return value;
  }

private:
  static constexpr std::memory_order of_failure(std::memory_order order) noexcept {
    return order == std::memory_order_acq_rel   ? std::memory_order_acquire
           : order == std::memory_order_release ? std::memory_order_relaxed
                                                : order;
  }
  static word bits(T value) noexcept {
    word as = 0;
    __builtin_memcpy(&as, &value, sizeof(T));
    return as;
  }
  static T back(word as) noexcept {
    T value;
    __builtin_memcpy(&value, &as, sizeof(T));
    return value;
  }
  template <class Step> static word scaled(Step step) noexcept {
    if constexpr (std::is_pointer_v<T>)
      return static_cast<word>(step) * sizeof(std::remove_pointer_t<T>);
    else
      return static_cast<word>(static_cast<T>(step));
  }
  T change_by(change how, word operand, std::memory_order order, place from) noexcept {
    return back(change_atomic(&value_, sizeof(T), how, operand, order, from));
  }
  bool compare(T &expected, T desired, bool weak, std::memory_order success, std::memory_order failure,
               place from) noexcept {
    word seen = bits(expected);
    if (compare_atomic(&value_, sizeof(T), seen, bits(desired), weak, success, failure, from)) return true;
    expected = back(seen);
    return false;
  }

  T value_;
};

class mutex {
public:
  constexpr mutex() noexcept = default;
  mutex(const mutex &) = delete;
  mutex &operator=(const mutex &) = delete;
  void lock() noexcept { lock_mutex(this); }
  bool try_lock() noexcept { return try_lock_mutex(this); }
  void unlock() noexcept { unlock_mutex(this); }
  void unlock_with_fence() noexcept {
    unlock_mutex(this);
    fence(std::memory_order_seq_cst);
  }

private:
  std::uint32_t word_ = 0; // the engine has its state
};

} // namespace weft::model
