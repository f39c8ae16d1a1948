// weft::completion_queue: what happens in weft, as events for a loop of the program's own; over weft/queue.h.
//
// Owns a reference to a queue of the C ABI. Nothing is called from other threads: a loop polls the descriptor, pops
// events, and finds by their tags what they are about.
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

/// Events, put in by whatever is tied to the queue and taken out by a loop. Any number of threads may do either.
///
///     weft::completion_queue done;
///     weft::future<int> work = pool.submit(f);
///     done.notify(work, 1);
///     weft::event room[64];
///     while (wait_readable(done.descriptor()))
///       for (const weft::event &each : done.pop(room)) use(each.tag, each.status);
///
/// A shared handle, as future. Every call may come from any thread; one handle object is for one thread at a time. All
/// but what asks throw out_of_memory, and invalid_argument for an empty handle.
class completion_queue {
public:
  /// Makes an empty one.
  completion_queue() {
    weft_queue_t *created = nullptr;
    check(weft_queue_create(nullptr, &created));
    handle_ = shared::adopt(created);
  }

  bool valid() const noexcept { return static_cast<bool>(handle_); }

  /// For poll and its kin: readable exactly while events wait, and for ever once it is closed. It belongs to the queue:
  /// only to be polled. Throws thread_refused (WEFT_EAGAIN): the system refuses a descriptor.
  int descriptor() const {
    std::int32_t number = -1;
    check(weft_queue_fd(handle_.get(), &number));
    return number;
  }

  /// Takes out what is there, up to the size of `room` (which is not empty): the events are its first elements. Empty:
  /// nothing is there. Never blocks. Throws closed: the queue is closed and nothing is left in it.
  std::span<event> pop(std::span<event> room) const {
    std::size_t count = 0;
    check(weft_queue_pop(handle_.get(), room.data(), room.size(), &count));
    return room.first(count);
  }

  /// The same, but waits for the first one. Empty: the time is over. Blocks up to timeout. Inside a task it may run
  /// tasks that are tied to the queue, as any_future::wait does. Throws closed, interrupted.
  std::span<event> wait(std::span<event> room, duration timeout = forever) const {
    std::size_t count = 0;
    const weft_status status = weft_queue_wait(handle_.get(), room.data(), room.size(), timeout.count(), &count);
    if (status == WEFT_ETIMEDOUT) return room.first(0);
    check(status);
    return room.first(count);
  }

  /// One event when the future is done, at once if it is. The future is not kept. Throws closed.
  void notify(const any_future &which, std::uint64_t tag) const {
    check(weft_future_notify(which.native_handle(), handle_.get(), tag));
  }
  /// One event when nothing of the group is pending, at once if so now. Throws closed.
  void notify(const group &which, std::uint64_t tag) const {
    check(weft_group_notify(which.native_handle(), handle_.get(), tag));
  }

  /// Undoes one such tie; of several that are alike, one. True: no event of it has come or will. False: too late, the
  /// future is done, or nothing of the group is pending; its event was put in, or is just being. Never blocks. Throws
  /// invalid_state: there is no such tie.
  bool untie(const any_future &which, std::uint64_t tag) const {
    return was_untied(weft_future_untie(which.native_handle(), handle_.get(), tag));
  }
  bool untie(const group &which, std::uint64_t tag) const {
    return was_untied(weft_group_untie(which.native_handle(), handle_.get(), tag));
  }

  /// Makes a timer whose ticks come here, with their number as the event's value; not armed yet. The executor looks
  /// after the time, and runs nothing. Throws closed, shut_down, broken_pool.
  timer make_timer(const executor_ref &on, std::uint64_t tag) const {
    weft_timer_t *created = nullptr;
    const weft_status status = weft_timer_create_notify(on.native_handle(), handle_.get(), tag, &created);
    if (status == WEFT_EBROKEN) detail::throw_refusal(status, on.native_handle());
    check(status);
    return timer::adopt(created);
  }

  /// Puts in an event of the program's own. Throws closed.
  void post(std::uint64_t tag, std::uint64_t value = 0) const { check(weft_queue_post(handle_.get(), tag, value)); }

  /// What is in it can still be taken out; what would come later is dropped; who waits, wakes.
  void close() const { check(weft_queue_close(handle_.get())); }

  /// Takes over a reference of the caller's.
  static completion_queue adopt(weft_queue_t *native) noexcept { return completion_queue(shared::adopt(native)); }
  /// Takes a reference of its own.
  static completion_queue share(weft_queue_t *native) noexcept { return completion_queue(shared::share(native)); }
  /// Borrowed; NULL when empty.
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
