// A closure inside a task's own allocation: the way from a C++ callable to weft_task_t and back.
//
// Owns the layout of the room, and the life of a task until an executor has accepted it. Knows
// nothing of the rules of executors.
#ifndef WEFT_CPP_TASK_HPP
#define WEFT_CPP_TASK_HPP

#include <weft/cpp/crossing.hpp>
#include <weft/cpp/outcome.hpp>
#include <weft/cpp/visibility.hpp>
#include <weft/task.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace weft::detail {

// The places of closure and result. The result is always first, because a future looks for it
// there. A result that moves without throwing takes the place of the closure, which is destroyed
// before. Any other result is built beside the closure, because it can only be built while the
// closure still lives.
template <class Closure, class R> struct room_layout {
  using result = stored_t<R>;
  WEFT_IN_EACH_MODULE static constexpr bool replaces = std::is_nothrow_move_constructible_v<result>;
  WEFT_IN_EACH_MODULE static constexpr std::size_t align = std::max(alignof(Closure), alignof(result));
  WEFT_IN_EACH_MODULE static constexpr std::size_t closure_offset =
      replaces ? 0 : (sizeof(result) + alignof(Closure) - 1) / alignof(Closure) * alignof(Closure);
  WEFT_IN_EACH_MODULE static constexpr std::size_t size =
      replaces ? std::max(sizeof(Closure), sizeof(result)) : closure_offset + sizeof(Closure);

  static_assert(align <= 4096, "a closure or result cannot be aligned to more than 4096 bytes");
  static_assert(size <= (std::size_t{1} << 30), "a closure or result cannot be larger than 1 GiB");
};

/// posted: without a future, so the result is not kept. continuation: for weft_future_then_task.
enum class kind_of_task { with_future, posted, continuation };

constexpr std::uint32_t flags_of(kind_of_task kind) noexcept {
  if (kind == kind_of_task::posted) return WEFT_TASK_POSTED;
  return kind == kind_of_task::continuation ? WEFT_TASK_CONTINUATION : 0u;
}

// How to run and drop tasks of this closure.
template <class Closure, class R, kind_of_task Kind> class task_type {
  using layout = room_layout<Closure, R>;

  static Closure &closure_in(void *room) noexcept {
    return *std::launder(reinterpret_cast<Closure *>(static_cast<std::byte *>(room) + layout::closure_offset));
  }

  // Destroys the closure on every way out: return, exception and forced unwind.
  struct closure_end {
    Closure *closure;
    ~closure_end() {
      if (closure) std::destroy_at(closure);
    }
  };

  static weft_status run(void *room, weft_error_t **error) {
    closure_end end{std::addressof(closure_in(room))};
    if constexpr (Kind == kind_of_task::posted) {
      return guard_unread(error, [&] { (*end.closure)(); });
    } else {
      return guard(error, [&] {
        if constexpr (!layout::replaces) {
          build_result<R>(room, [&]() -> decltype(auto) { return (*end.closure)(); });
        } else if constexpr (std::is_void_v<R>) {
          (*end.closure)();
        } else {
          R result = (*end.closure)();
          std::destroy_at(std::exchange(end.closure, nullptr));
          build_result<R>(room, [&]() -> R { return static_cast<R &&>(result); });
        }
      });
    }
  }

  static void drop(void *room) { std::destroy_at(std::addressof(closure_in(room))); }

public:
  // A closure that may be moved by copying its bytes goes in by one call.
  WEFT_IN_EACH_MODULE static constexpr bool is_plain_value =
      std::is_trivially_copyable_v<Closure> && layout::closure_offset == 0;
  WEFT_IN_EACH_MODULE static constexpr std::size_t plain_size = std::is_empty_v<Closure> ? 0 : sizeof(Closure);

  WEFT_IN_EACH_MODULE static constexpr weft_task_type_t value = {
      sizeof(weft_task_type_t),
      flags_of(Kind),
      layout::size,
      layout::align,
      &run,
      std::is_trivially_destructible_v<Closure> ? nullptr : &drop,
      Kind == kind_of_task::posted ? nullptr : result_drop<R>(),
  };

  static void *closure_place(void *room) noexcept { return static_cast<std::byte *>(room) + layout::closure_offset; }
};

/// A task that no executor has accepted yet, with its closure. Movable. One thread at a time may
/// use it.
template <class Closure, class R, kind_of_task Kind> class prepared_task {
  using type = task_type<Closure, R, Kind>;

public:
  /// Build the closure from these values, in the task's own allocation, which is the only one.
  ///
  /// Throws: out_of_memory, and what building the closure throws.
  template <class... Values> explicit prepared_task(std::in_place_t, Values &&...values) {
    check(weft_task_create(&type::value, &task_));
    build(std::forward<Values>(values)...);
  }
  /// Build the closure of a task with options.
  template <class... Values> prepared_task(const weft_task_options_t &options, std::in_place_t, Values &&...values) {
    check(weft_task_create_with(&type::value, &options, &task_));
    build(std::forward<Values>(values)...);
  }

private:
  template <class... Values> void build(Values &&...values) {
    try {
      closure_ = ::new (type::closure_place(weft_task_room(task_))) Closure(std::forward<Values>(values)...);
    } catch (...) {
      weft_task_destroy(&task_);
      throw;
    }
  }

public:
  prepared_task(prepared_task &&other) noexcept
      : task_(std::exchange(other.task_, nullptr)), closure_(other.closure_) {}
  prepared_task &operator=(prepared_task &&) = delete;

  ~prepared_task() {
    if (!task_) return;
    std::destroy_at(closure_);
    weft_task_destroy(&task_);
  }

  /// Submit the task. On success it belongs to the executor. Otherwise it stays here and may be
  /// submitted again.
  weft_status submit(weft_executor_t *executor, weft_future_t **out) {
    return give([&](weft_task_t *task) { return weft_executor_submit_task(executor, task, out); });
  }
  /// Give the task to a function of C, in which it may run at once and end this thread. It stays
  /// here if the answer is not WEFT_OK.
  template <class Take> weft_status give(Take take) {
    weft_task_t *const given = std::exchange(task_, nullptr);
    const weft_status status = take(given);
    if (status != WEFT_OK) task_ = given;
    return status;
  }

  weft_task_t *get() const noexcept { return task_; }
  /// Say that the task was accepted in another way.
  void release() noexcept { task_ = nullptr; }

private:
  weft_task_t *task_ = nullptr;
  Closure *closure_ = nullptr;
};

/// Make a task of a closure that is built from these values, and submit it. What building the
/// closure throws is thrown; a lack of memory is in the status.
template <class Closure, class R, kind_of_task Kind, class... Values>
weft_status submit_closure(weft_executor_t *executor, weft_future_t **out, Values &&...values) {
  using type = task_type<Closure, R, Kind>;
  if constexpr (type::is_plain_value) {
    const Closure closure(std::forward<Values>(values)...);
    return weft_executor_submit_value(executor, nullptr, &type::value, std::addressof(closure), type::plain_size, out);
  } else {
    return prepared_task<Closure, R, Kind>(std::in_place_t(), std::forward<Values>(values)...).submit(executor, out);
  }
}

} // namespace weft::detail

#endif
