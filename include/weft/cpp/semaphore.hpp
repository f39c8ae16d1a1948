// weft::semaphore: a counting semaphore whose waits have a timeout and end with a stop request;
// over weft/semaphore.h.
//
// Owns a reference to a semaphore of the C ABI. The names are those of std::counting_semaphore.
#ifndef WEFT_CPP_SEMAPHORE_HPP
#define WEFT_CPP_SEMAPHORE_HPP

#include <weft/cpp/duration.hpp>
#include <weft/cpp/error.hpp>
#include <weft/cpp/handle.hpp>
#include <weft/semaphore.h>

#include <cstdint>
#include <utility>

namespace weft {

/// A number of permits. release adds some; acquire takes one, and waits while there is none. The
/// thread that has slept longest gets the next permit.
///
///     const weft::semaphore connections(4);          // at most four at a time
///     pool.map([connections](const url &each) {
///       connections.acquire();
///       ...
///       connections.release();
///     }, urls);
///
/// It differs from std::counting_semaphore in two ways. It is a shared handle, as future, so that
/// tasks may outlive the code that has made it. And a stop request to the waiting thread or task
/// wakes acquire.
///
/// A wait never runs tasks meanwhile, and a task that waits keeps its worker: see weft/semaphore.h,
/// and weft::blocking_region. An empty handle throws invalid_argument.
class semaphore {
public:
  /// Make a semaphore with `initial` permits.
  ///
  /// Throws:
  /// - invalid_argument: `initial` is negative
  /// - out_of_memory
  explicit semaphore(std::int64_t initial) {
    weft_semaphore_t *created = nullptr;
    check(weft_semaphore_create(initial, &created));
    handle_ = shared::adopt(created);
  }

  /// The most permits that a semaphore can hold.
  static constexpr std::int64_t max() noexcept { return WEFT_SEMAPHORE_MAX; }

  bool valid() const noexcept { return static_cast<bool>(handle_); }

  /// Add `count` permits, and wake as many sleepers.
  ///
  /// Throws:
  /// - queue_full: there would be more than max() permits
  /// - invalid_argument: `count` is negative
  void release(std::int64_t count = 1) const { check(weft_semaphore_signal(handle_.get(), count)); }

  /// Take one permit, and wait for it if there is none.
  ///
  /// Blocks: until there is a permit.
  /// Throws:
  /// - interrupted: the waiting thread or task was asked to stop
  /// - out_of_memory
  void acquire() const { check(weft_semaphore_wait(handle_.get(), WEFT_FOREVER)); }
  /// Take one permit as acquire does, within a limit.
  ///
  /// Returns: false when the time is over; no permit was taken.
  /// Blocks: up to `timeout`.
  /// Throws: as acquire.
  bool try_acquire_for(duration timeout) const {
    return detail::is_in_time(weft_semaphore_wait(handle_.get(), timeout.count()));
  }
  /// Take one permit if there is one.
  ///
  /// Returns: false when there was none.
  bool try_acquire() const { return detail::is_in_time(weft_semaphore_try_wait(handle_.get())); }

  /// Get the number of permits at this moment, for figures and tests.
  std::int64_t value() const {
    const std::int64_t seen = weft_semaphore_value(handle_.get());
    if (seen < 0) check(static_cast<weft_status>(seen));
    return seen;
  }

  /// Take over a reference of the caller's.
  static semaphore adopt(weft_semaphore_t *native) noexcept { return semaphore(shared::adopt(native)); }
  /// Take a reference of its own.
  static semaphore share(weft_semaphore_t *native) noexcept { return semaphore(shared::share(native)); }
  /// Get the C handle, borrowed; NULL when empty.
  weft_semaphore_t *native_handle() const noexcept { return handle_.get(); }

private:
  using shared = detail::handle<weft_semaphore_t, weft_semaphore_ref, weft_semaphore_unref>;
  explicit semaphore(shared object) noexcept : handle_(std::move(object)) {}

  shared handle_;
};

} // namespace weft

#endif
