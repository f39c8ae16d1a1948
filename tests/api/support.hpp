// What the tests of weft.hpp share: a gate to hold tasks at, and objects that count their own lives.
//
// doctest's checks are for the main thread. Code on other threads stores what it finds in variables, which the test
// reads after it has waited.
#ifndef WEFT_TESTS_API_SUPPORT_HPP
#define WEFT_TESTS_API_SUPPORT_HPP

#include <weft/weft.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace test {

using namespace std::chrono_literals;

/// Turns a hang into a failure. Nothing is expected to take this long.
inline constexpr auto too_long = 60s;

/// The number of links of a chain that must not need stack: more than a stack would hold. It is smaller under
/// ThreadSanitizer, which takes a hundred times as long for each link.
inline constexpr int long_chain = WEFT_TESTS_LONG_CHAIN;

/// Shut until it is opened. Deliberately not made of weft.
class gate {
public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }

  void pass() {
    std::unique_lock lock(mutex_);
    if (!opened_.wait_for(lock, too_long, [this] { return open_; })) throw std::runtime_error("the gate stayed shut");
  }

private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

/// Opens a gate at the end of a scope, so that no task still waits at it after a failed REQUIRE.
class opener {
public:
  explicit opener(gate &held) : held_(held) {}
  ~opener() { held_.open(); }

private:
  gate &held_;
};

/// Counts the lives of tracked objects.
struct census {
  std::atomic<int> alive = 0;
  std::atomic<int> born = 0;
  std::atomic<int> copied = 0;
  std::atomic<int> moved = 0;
};

/// What happens when a tracked object is copied or moved.
enum class on_copy { works, fails, is_deleted };
enum class on_move { is_noexcept, may_throw };

template <on_copy Copy = on_copy::works, on_move Move = on_move::is_noexcept> class tracked {
public:
  explicit tracked(census &counts, int number = 0) : value(number), counts_(&counts) { enter(); }
  tracked(const tracked &other) requires(Copy != on_copy::is_deleted) : value(other.value), counts_(other.counts_) {
    if constexpr (Copy == on_copy::fails) throw std::runtime_error("this cannot be copied");
    ++counts_->copied;
    enter();
  }
  tracked(tracked &&other) noexcept(Move == on_move::is_noexcept)
      : value(std::exchange(other.value, -1)), counts_(other.counts_) {
    ++counts_->moved;
    enter();
  }
  tracked &operator=(const tracked &) = delete;
  ~tracked() { --counts_->alive; }

  int value;

private:
  void enter() {
    ++counts_->alive;
    ++counts_->born;
  }

  census *counts_;
};

using move_only = tracked<on_copy::is_deleted>;
using copy_fails = tracked<on_copy::fails>;
using move_may_throw = tracked<on_copy::works, on_move::may_throw>;

} // namespace test

#endif
