// weft::semaphore: a counting semaphore whose waits are weft's; over weft/semaphore.h.
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

/// Permits: release adds some, acquire takes one and waits while there is none. Whoever has slept longest gets the
/// next.
///
///     const weft::semaphore connections(4);          // at most four at a time
///     pool.map([connections](const url &each) {
///       connections.acquire();
///       ...
///       connections.release();
///     }, urls);
///
/// Beside std::counting_semaphore: a shared handle, as future, so that tasks may outlive who has made it; and acquire
/// is woken when its thread or task is asked to stop. It never runs tasks meanwhile, and keeps its worker: see
/// weft/semaphore.h, and weft::blocking_region. Every call may come from any thread; one handle object is for one
/// thread at a time. An empty handle: invalid_argument.
class semaphore {
public:
  /// Makes one with so many permits. Throws invalid_argument: it is negative; out_of_memory.
  explicit semaphore(std::int64_t initial) {
    weft_semaphore_t *created = nullptr;
    check(weft_semaphore_create(initial, &created));
    handle_ = shared::adopt(created);
  }

  /// The most that one can hold.
  static constexpr std::int64_t max() noexcept { return WEFT_SEMAPHORE_MAX; }

  bool valid() const noexcept { return static_cast<bool>(handle_); }

  /// Adds permits and wakes as many of those who sleep. Never blocks. Throws queue_full: they would be more than max().
  void release(std::int64_t count = 1) const { check(weft_semaphore_signal(handle_.get(), count)); }

  /// Takes one, and waits for it. Blocks. Throws interrupted: the thread or task was asked to stop; out_of_memory.
  void acquire() const { check(weft_semaphore_wait(handle_.get(), WEFT_FOREVER)); }
  /// The same, up to timeout. False: the time is over, and none was taken.
  bool try_acquire_for(duration timeout) const {
    return detail::is_in_time(weft_semaphore_wait(handle_.get(), timeout.count()));
  }
  /// Takes one if it is there. Never blocks.
  bool try_acquire() const { return detail::is_in_time(weft_semaphore_try_wait(handle_.get())); }

  /// How many there are at this moment: for figures and tests.
  std::int64_t value() const {
    const std::int64_t seen = weft_semaphore_value(handle_.get());
    if (seen < 0) check(static_cast<weft_status>(seen));
    return seen;
  }

  /// Takes over a reference of the caller's.
  static semaphore adopt(weft_semaphore_t *native) noexcept { return semaphore(shared::adopt(native)); }
  /// Takes a reference of its own.
  static semaphore share(weft_semaphore_t *native) noexcept { return semaphore(shared::share(native)); }
  /// Borrowed; NULL when empty.
  weft_semaphore_t *native_handle() const noexcept { return handle_.get(); }

private:
  using shared = detail::handle<weft_semaphore_t, weft_semaphore_ref, weft_semaphore_unref>;
  explicit semaphore(shared object) noexcept : handle_(std::move(object)) {}

  shared handle_;
};

} // namespace weft

#endif
