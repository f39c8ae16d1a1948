// weft::group: fork-join, over weft/group.h. And weft::blocking_region: a task that blocks outside
// of weft.
#ifndef WEFT_CPP_GROUP_HPP
#define WEFT_CPP_GROUP_HPP

#include <weft/cpp/context.hpp>
#include <weft/cpp/executor_ref.hpp>
#include <weft/cpp/misfit.hpp>
#include <weft/cpp/task.hpp>
#include <weft/group.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <utility>

namespace weft {

/// What the first error of a group does to the rest.
enum class on_error : std::uint32_t { go_on = 0, cancel = WEFT_GROUP_CANCEL_ON_ERROR };

/// Tasks on a pool that are spawned and waited for together. A closure lies in the allocation of
/// its task, which is recycled. A group is neither copied nor moved: it belongs in the scope that
/// waits. A group that is made inside a task must end before the task does (WEFT_GROUP_SCOPED). Any
/// thread may make any call, also tasks of the group.
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
  /// Make a group on a pool.
  ///
  /// Throws:
  /// - not_supported: `pool` is not a pool
  /// - invalid_argument: `pool` is empty
  explicit group(const executor_ref &pool, on_error what = on_error::go_on) {
    if (!pool.valid()) throw invalid_argument();
    make(pool.native_handle(), what);
  }
  /// Make a group without a pool, for enter, leave, then and wait. run throws not_supported.
  group() { make(nullptr, on_error::go_on); }
  group(const group &) = delete;
  group &operator=(const group &) = delete;
  /// Cancel what has not started, and wait for what runs and for what is entered, because closures
  /// may refer to what is around the group.
  ///
  /// Blocks: until nothing is pending.
  ~group() { weft_group_end(native_); }

  /// Spawn a callable. If the call throws, nothing was spawned.
  ///
  /// Throws:
  /// - shut_down: the pool was shut down, and the caller is inside no task of it
  /// - broken_pool: the pool is broken, and the caller is inside no task of it
  /// - closed: the domain of the task is closed
  /// - thread_refused: the pool has no worker, and the system refuses a thread
  /// - not_supported: the group has no pool
  /// - out_of_memory, and what copying the callable throws
  template <class F>
  requires std::invocable<std::decay_t<F>>
  void run(F &&f) { spawn(nullptr, std::forward<F>(f)); }
  /// Spawn a callable with options. It may also throw cancelled (the token is cancelled) and
  /// not_supported (there is a priority).
  template <class F>
  requires std::invocable<std::decay_t<F>>
  void run(const task_options &options, F &&f) {
    const weft_task_options_t native = detail::native_options(options);
    spawn(&native, std::forward<F>(f));
  }

  // If f does not fit: cpp/misfit.hpp.
  template <class F>
  requires(!std::invocable<std::decay_t<F>>) void run(F &&) { detail::refuse_call<F>(); }
  template <class F>
  requires(!std::invocable<std::decay_t<F>>) void run(const task_options &, F &&) { detail::refuse_call<F>(); }

  /// Count something as pending that is no task: a request that another library answers, a thread.
  /// Waits and the destructor wait until it is left, whatever is cancelled. Make this call before
  /// the code that leaves can begin.
  ///
  /// Throws:
  /// - queue_full: WEFT_GROUP_ENTERED_MAX things are entered
  void enter() { check(weft_group_enter(native_)); }
  /// Say that one entered thing is over. If a destructor waits for it, the group may be gone when
  /// this call returns.
  ///
  /// Throws:
  /// - invalid_state: nothing is entered
  void leave() { check(weft_group_leave(native_)); }

  /// Post a callable to an executor of any kind, once nothing of the group is pending; at once if
  /// nothing is pending now. It runs also when tasks have failed or were cancelled, and even if the
  /// group is gone by then. It is no task of the group. If the executor is shut down before that,
  /// the callable is destroyed without a run; see weft_group_then.
  ///
  /// Throws:
  /// - invalid_argument: `executor` is empty
  /// - closed: the domain of the task is closed
  /// - out_of_memory, and what copying the callable throws
  template <class F>
  requires std::invocable<std::decay_t<F>>
  void then(const executor_ref &executor, F &&f) {
    detail::prepared_task<std::decay_t<F>, void, detail::kind_of_task::posted> task(std::in_place_t(),
                                                                                    std::forward<F>(f));
    check(weft_group_then_task(native_, executor.native_handle(), task.get()));
    task.release();
  }
  /// Post with options, or with a cancel token alone. It may also throw cancelled (the token is
  /// cancelled) and not_supported (there is a priority, and the executor is no pool).
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

  /// Wait until nothing of the group is pending. On a worker of the pool the wait runs tasks of the
  /// group. After an error or a cancellation the group forgets it, and can be used again.
  ///
  /// Blocks: until nothing is pending.
  /// Throws:
  /// - the first error of the tasks
  /// - broken_pool: the pool is broken
  /// - cancelled: no task has failed, but at least one never ran
  /// - interrupted: the waiting thread or task was asked to stop
  /// - deadlock: the wait could never end
  void wait() { wait_for(forever); }
  /// Wait as wait() does, within a limit.
  ///
  /// Returns: false when the time is over.
  /// Blocks: up to `timeout`, and until a task that the wait has begun has ended.
  /// Throws: as wait().
  bool wait_for(duration timeout) {
    const weft_status status = weft_group_wait(native_, timeout.count());
    if (status == WEFT_OK) [[likely]]
      return true;
    if (status == WEFT_EFAILED || status == WEFT_ECANCELED) finish(status);
    if (status == WEFT_ETIMEDOUT) return false;
    throw_status(status);
  }

  /// Cancel what has not started, ask what runs to stop, and drop what is spawned later. This state
  /// ends with the first wait that throws cancelled or an error.
  void cancel() noexcept { weft_group_cancel(native_); }

  /// Set the context: an object that the group owns from now on, as executor_ref::set_context. It
  /// is destroyed when another one is set; or when the group ends, after the last task. If the call
  /// throws, the object is destroyed here.
  ///
  /// Throws:
  /// - closed: the caller is inside a domain that is closed
  /// - out_of_memory
  template <detail::can_hang T> void set_context(std::unique_ptr<T> object) {
    detail::hang(std::move(object),
                 [this](void *ctx, weft_drop_fn drop) { return weft_group_set_context(native_, ctx, drop); });
  }
  /// Set the context to an object that stays the caller's.
  template <detail::can_hang T> void set_context(T *object) { check(weft_group_set_context(native_, object, nullptr)); }
  /// Set no context. The previous one is destroyed here.
  void reset_context() { check(weft_group_set_context(native_, nullptr, nullptr)); }
  /// Take the context away, and give it to the caller, as executor_ref::take_context.
  template <detail::can_hang T> std::unique_ptr<T> take_context() {
    return detail::take_down<T>([this](void **ctx, weft_drop_fn *drop) {
      return weft_group_swap_context(native_, nullptr, nullptr, ctx, drop);
    });
  }
  /// Get the context, which must be a T; nullptr when there is none.
  template <detail::can_hang T> T *context() const noexcept { return static_cast<T *>(weft_group_context(native_)); }

  /// Get the C handle, borrowed.
  weft_group_t *native_handle() const noexcept { return native_; }

private:
  void make(weft_executor_t *pool, on_error what) {
    weft_group_options_t options;
    weft_group_options_init(&options);
    options.flags = static_cast<std::uint32_t>(what) | WEFT_GROUP_SCOPED;
    check(weft_group_create(pool, &options, &native_));
  }

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

/// A scope in which the calling task blocks outside of weft. The pool may run one worker more
/// meanwhile. On a thread that is no worker it does nothing.
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
