// weft::group: fork-join for C++, over weft/group.h; and what a task says to its own worker.
#ifndef WEFT_CPP_GROUP_HPP
#define WEFT_CPP_GROUP_HPP

#include <weft/cpp/context.hpp>
#include <weft/cpp/executor_ref.hpp>
#include <weft/cpp/task.hpp>
#include <weft/group.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <utility>

namespace weft {

/// What the first error of a group does to the rest.
enum class on_error : std::uint32_t { go_on = 0, cancel = WEFT_GROUP_CANCEL_ON_ERROR };

/// Tasks that are spawned and waited for together, on a pool. A closure lies in its task's own allocation, which is
/// recycled. Neither copied nor moved: it belongs into the scope that waits. One that is made inside a task must end
/// before the task does (WEFT_GROUP_SCOPED).
///
///     int fib(const weft::executor_ref &pool, int n) {
///       if (n < 2) return n;
///       int a = 0;
///       weft::group both(pool);
///       both.run([&] { a = fib(pool, n - 1); });
///       const int b = fib(pool, n - 2);
///       both.wait();
///       return a + b;
///     }
class group {
public:
  /// Throws not_supported: it is no pool.
  explicit group(const executor_ref &pool, on_error what = on_error::go_on) {
    weft_group_options_t options;
    weft_group_options_init(&options);
    options.flags = static_cast<std::uint32_t>(what) | WEFT_GROUP_SCOPED;
    check(weft_group_create(pool.native_handle(), &options, &native_));
  }
  group(const group &) = delete;
  group &operator=(const group &) = delete;
  /// Cancels what has not started and waits for what runs, and for what is entered: closures may refer to what is
  /// around the group.
  ~group() { weft_group_end(native_); }

  /// Spawns a callable. From any thread, from its own tasks too. Throws shut_down, broken_pool, thread_refused,
  /// out_of_memory, or what copying the callable throws; nothing was spawned then.
  template <class F>
  requires std::invocable<std::decay_t<F>>
  void run(F &&f) { spawn(nullptr, std::forward<F>(f)); }
  /// The same with options. Throws not_supported besides: they have a priority; cancelled, closed.
  template <class F>
  requires std::invocable<std::decay_t<F>>
  void run(const task_options &options, F &&f) {
    const weft_task_options_t native = detail::native_options(options);
    spawn(&native, std::forward<F>(f));
  }

  /// Counts something as pending that is no task: a request that another library answers, a thread. wait() and the
  /// destructor wait until it is left, whatever is cancelled. Before whatever leaves can begin. Never blocks. Throws
  /// queue_full: WEFT_GROUP_ENTERED_MAX are entered.
  void enter() { check(weft_group_enter(native_)); }
  /// One of them is over. From any thread; the group may be on its way out by then, if that waits for this. Never
  /// blocks. Throws invalid_state: nothing is entered.
  void leave() { check(weft_group_leave(native_)); }

  /// Posts a callable to an executor, of any kind, once nothing of the group is pending, at once if so now; whatever
  /// became of the tasks, and though the group be gone by then. It is no task of the group's. If the executor is shut
  /// down before, the callable is destroyed; see weft_group_then. Never blocks. Throws closed, out_of_memory, or what
  /// copying the callable throws.
  template <class F>
  requires std::invocable<std::decay_t<F>>
  void then(const executor_ref &executor, F &&f) {
    detail::prepared_task<std::decay_t<F>, void, detail::kind_of_task::posted> task(std::in_place_t(),
                                                                                    std::forward<F>(f));
    check(weft_group_then_task(native_, executor.native_handle(), task.get()));
    task.release();
  }
  /// The same with options, or with a cancel token alone. Throws cancelled besides: the token is cancelled already;
  /// not_supported: there is a priority, and the executor is no pool.
  template <class F>
  requires std::invocable<std::decay_t<F>>
  void then(const task_options &options, const executor_ref &executor, F &&f) {
    detail::prepared_task<std::decay_t<F>, void, detail::kind_of_task::posted> task(
        detail::native_options(options), std::in_place_t(), std::forward<F>(f));
    check(weft_group_then_task(native_, executor.native_handle(), task.get()));
    task.release();
  }
  template <class F>
  requires std::invocable<std::decay_t<F>>
  void then(const cancel_token &token, const executor_ref &executor, F &&f) {
    then(task_options{.token = token}, executor, std::forward<F>(f));
  }

  /// Waits for all; on a worker of the pool it runs tasks of the group meanwhile. Rethrows the first error, which the
  /// group then forgets. Throws cancelled: none has failed, and some never ran; interrupted, deadlock.
  void wait() { wait_for(forever); }
  /// False: the time is over.
  bool wait_for(duration timeout) {
    const weft_status status = weft_group_wait(native_, timeout.count());
    if (status == WEFT_OK) [[likely]]
      return true;
    if (status == WEFT_EFAILED || status == WEFT_ECANCELED) finish(status);
    if (status == WEFT_ETIMEDOUT) return false;
    throw_status(status);
  }

  /// Cancels what has not started, asks what runs to stop, and drops what is spawned later, until the next wait.
  void cancel() noexcept { weft_group_cancel(native_); }

  /// Hangs an object on it, as executor_ref::set_context. It is destroyed when another takes its place, or after the
  /// last task when the group ends. Throws closed, out_of_memory.
  template <detail::can_hang T> void set_context(std::unique_ptr<T> object) {
    detail::hang(std::move(object),
                 [this](void *ctx, weft_drop_fn drop) { return weft_group_set_context(native_, ctx, drop); });
  }
  /// The same with an object that stays the caller's.
  template <detail::can_hang T> void set_context(T *object) { check(weft_group_set_context(native_, object, nullptr)); }
  /// None from now on; the one before is destroyed here.
  void reset_context() { check(weft_group_set_context(native_, nullptr, nullptr)); }
  /// Takes the object away, and gives it to the caller, as executor_ref::take_context.
  template <detail::can_hang T> std::unique_ptr<T> take_context() {
    return detail::take_down<T>([this](void **ctx, weft_drop_fn *drop) {
      return weft_group_swap_context(native_, nullptr, nullptr, ctx, drop);
    });
  }
  /// What hangs on it, which must be a T; nullptr: nothing. Never blocks.
  template <detail::can_hang T> T *context() const noexcept { return static_cast<T *>(weft_group_context(native_)); }

  /// Borrowed.
  weft_group_t *native_handle() const noexcept { return native_; }

private:
  template <class F> void spawn(const weft_task_options_t *options, F &&f) {
    using closure = std::decay_t<F>;
    using type = detail::task_type<closure, void, detail::kind_of_task::posted>;
    if constexpr (type::is_plain_value) {
      const closure bytes(std::forward<F>(f));
      const weft_status status =
          weft_group_spawn_value(native_, options, &type::value, std::addressof(bytes), type::plain_size);
      if (status != WEFT_OK) [[unlikely]]
        throw_status(status);
    } else {
      using prepared = detail::prepared_task<closure, void, detail::kind_of_task::posted>;
      prepared task = options != nullptr ? prepared(*options, std::in_place_t(), std::forward<F>(f))
                                         : prepared(std::in_place_t(), std::forward<F>(f));
      const weft_status status = weft_group_spawn_task(native_, task.get());
      if (status != WEFT_OK) [[unlikely]]
        throw_status(status);
      task.release();
    }
  }

  [[noreturn]] void finish(weft_status status) {
    weft_error_t *failure = nullptr;
    if (status == WEFT_EFAILED) weft_group_error(native_, &failure);
    weft_group_reset(native_);
    if (failure) error::adopt(failure).rethrow();
    throw_status(status);
  }

  weft_group_t *native_ = nullptr;
};

/// For as long as it lives, the calling task blocks elsewhere, and the pool may run one more worker in its place.
/// Nothing happens on a thread that is no worker.
class blocking_region {
public:
  blocking_region() noexcept : begun_(weft_blocking_begin() == WEFT_OK) {}
  ~blocking_region() {
    if (begun_) weft_blocking_end();
  }
  blocking_region(const blocking_region &) = delete;
  blocking_region &operator=(const blocking_region &) = delete;

private:
  const bool begun_;
};

} // namespace weft

#endif
