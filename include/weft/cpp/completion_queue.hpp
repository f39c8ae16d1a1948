// weft::completion_queue: what happens in weft, as events for a loop of the program's own; over
// weft/queue.h.
//
// Owns a reference to a queue of the C ABI. weft calls no code of the program from other threads: a
// loop polls the descriptor, pops events, and finds by their tags what they are about.
#ifndef WEFT_CPP_COMPLETION_QUEUE_HPP
#define WEFT_CPP_COMPLETION_QUEUE_HPP

#include <weft/cpp/duration.hpp>
#include <weft/cpp/error.hpp>
#include <weft/cpp/executor_ref.hpp>
#include <weft/cpp/future.hpp>
#include <weft/cpp/group.hpp>
#include <weft/cpp/handle.hpp>
#include <weft/cpp/timer.hpp>
#include <weft/queue.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace weft {

/// An event: tag, kind (WEFT_EVENT_...), status, value; see weft/queue.h.
using event = weft_event_t;

/// A queue of events. Futures, groups and timers that are tied to it put events in, and a loop
/// takes them out. Any number of threads may do either.
///
///     weft::completion_queue done;
///     weft::future<int> work = pool.submit(f);
///     done.notify(work, 1);
///     weft::event room[64];
///     while (wait_readable(done.descriptor()))
///       for (const weft::event &each : done.pop(room)) use(each.tag, each.status);
///
/// A shared handle, as future. Any call may throw out_of_memory, and invalid_argument for an empty
/// handle; valid() and native_handle() throw nothing.
class completion_queue {
public:
  /// Make an empty queue.
  completion_queue() {
    weft_queue_t *created = nullptr;
    check(weft_queue_create(nullptr, &created));
    handle_ = shared::adopt(created);
  }

  bool valid() const noexcept { return static_cast<bool>(handle_); }

  /// Get a descriptor for poll and its kin. It is readable exactly while events wait, and for ever
  /// once the queue is closed. It belongs to the queue: only poll it.
  ///
  /// Throws:
  /// - thread_refused: the system refuses a descriptor (WEFT_EAGAIN)
  int descriptor() const {
    std::int32_t number = -1;
    check(weft_queue_fd(handle_.get(), &number));
    return number;
  }

  /// Take out the events that are there, at most as many as `room` holds. `room` must not be empty.
  ///
  /// Returns: the events, which are the first elements of `room`; empty when there are none.
  /// Throws:
  /// - closed: the queue is closed and empty
  std::span<event> pop(std::span<event> room) const {
    std::size_t count = 0;
    check(weft_queue_pop(handle_.get(), room.data(), room.size(), &count));
    return room.first(count);
  }

  /// Take out events as pop does, and wait for one if there is none. Inside a task the wait may run
  /// tasks that are tied to the queue, as any_future::wait does.
  ///
  /// Returns: the events; empty when the time is over.
  /// Blocks: up to `timeout`.
  /// Throws:
  /// - closed: the queue is closed and empty
  /// - interrupted: the caller was asked to stop
  std::span<event> wait(std::span<event> room, duration timeout = forever) const {
    std::size_t count = 0;
    const weft_status status = weft_queue_wait(handle_.get(), room.data(), room.size(), timeout.count(), &count);
    if (status == WEFT_ETIMEDOUT) return room.first(0);
    check(status);
    return room.first(count);
  }

  /// Tie a future to the queue: one event when it is done, at once if it is. The queue does not
  /// keep the future.
  ///
  /// Throws:
  /// - closed: the queue is closed
  void notify(const any_future &which, std::uint64_t tag) const {
    check(weft_future_notify(which.native_handle(), handle_.get(), tag));
  }
  /// Tie a group to the queue: one event when nothing of the group is pending, at once if so now.
  ///
  /// Throws:
  /// - closed: the queue is closed
  void notify(const group &which, std::uint64_t tag) const {
    check(weft_group_notify(which.native_handle(), handle_.get(), tag));
  }

  /// Undo one tie with this tag. If several ties are alike, one of them is undone.
  ///
  /// Returns: true when no event of the tie has come or will come; false when it is too late: the
  /// future is done, or nothing of the group is pending, and the event was put in or is just being
  /// put in.
  /// Throws:
  /// - invalid_state: there is no such tie
  bool untie(const any_future &which, std::uint64_t tag) const {
    return was_untied(weft_future_untie(which.native_handle(), handle_.get(), tag));
  }
  bool untie(const group &which, std::uint64_t tag) const {
    return was_untied(weft_group_untie(which.native_handle(), handle_.get(), tag));
  }

  /// Make a timer whose ticks are events of this queue, with the number of ticks as value. It is
  /// not armed yet. The executor looks after the time, and runs nothing.
  ///
  /// Throws:
  /// - closed: the queue is closed, or the caller is inside a domain that is closed
  /// - shut_down: the executor was shut down
  /// - broken_pool
  timer make_timer(const executor_ref &on, std::uint64_t tag) const {
    weft_timer_t *created = nullptr;
    const weft_status status = weft_timer_create_notify(on.native_handle(), handle_.get(), tag, &created);
    if (status == WEFT_EBROKEN) detail::throw_refusal(status, on.native_handle());
    check(status);
    return timer::adopt(created);
  }

  /// Put in an event of the program's own.
  ///
  /// Throws:
  /// - closed: the queue is closed
  void post(std::uint64_t tag, std::uint64_t value = 0) const { check(weft_queue_post(handle_.get(), tag, value)); }

  /// Close the queue. The events in it can still be taken out. Later events are dropped. Waiting
  /// threads wake.
  void close() const { check(weft_queue_close(handle_.get())); }

  /// Take over a reference of the caller's.
  static completion_queue adopt(weft_queue_t *native) noexcept { return completion_queue(shared::adopt(native)); }
  /// Take a reference of its own.
  static completion_queue share(weft_queue_t *native) noexcept { return completion_queue(shared::share(native)); }
  /// Get the C handle, borrowed; NULL when empty.
  weft_queue_t *native_handle() const noexcept { return handle_.get(); }

private:
  using shared = detail::handle<weft_queue_t, weft_queue_ref, weft_queue_unref>;
  explicit completion_queue(shared object) noexcept : handle_(std::move(object)) {}

  static bool was_untied(weft_status status) {
    if (status == WEFT_EDONE) return false;
    check(status);
    return true;
  }

  shared handle_;
};

} // namespace weft

#endif
