// Coroutines: co_await on a future, resuming on a chosen executor, and future<T> as the return type
// of a coroutine.
//
// Owns the awaiters and the promise type. A callback or task of the C ABI resumes each coroutine,
// and the C ABI runs deeply nested callbacks one after the other. So chains of any length need no
// stack, as long as nothing here resumes a coroutine by itself.
#ifndef WEFT_CPP_COROUTINE_HPP
#define WEFT_CPP_COROUTINE_HPP

#include <weft/cpp/executor_ref.hpp>
#include <weft/cpp/future.hpp>
#include <weft/cpp/promise.hpp>
#include <weft/cpp/visibility.hpp>
#include <weft/task.h>

#include <coroutine>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace weft {

namespace detail {

// The result of an await: the three ways in which future<T> gives its result.
struct read_reference {
  template <class T> decltype(auto) operator()(const future<T> &f) const { return f.result(duration()); }
};
struct read_value {
  template <class T> decltype(auto) operator()(future<T> &f) const { return std::move(f).result(duration()); }
};
struct read_taken {
  template <class T> T operator()(const future<T> &f) const { return f.take(duration()); }
};

// The callback of an awaiter, and what happens when its domain is closed: the callback is then
// dropped without a call. The coroutine must still come to its end, because its frame belongs to
// the domain. So the drop resumes it with the exception `closed`. After a call, the drop follows at
// once on the same thread. `awaited_last` tells the two apart: after a call it is the context of
// the drop, which is gone by then.
WEFT_IN_EACH_MODULE inline const void *&awaited_last() noexcept {
  static constinit thread_local const void *ctx = nullptr;
  return ctx;
}

template <auto Resume, auto Withdraw> void await_callback(weft_future_t *awaited, void *ctx) {
  check(weft_future_add_done_callback(
      awaited,
      [](void *awaiter, weft_future_t *) {
        struct ending { // also when the coroutine lets an exception out
          void *awaiter;
          ~ending() { awaited_last() = awaiter; }
        } const at_end{awaiter};
        Resume(awaiter);
      },
      ctx,
      [](void *awaiter) {
        if (std::exchange(awaited_last(), nullptr) == awaiter) return;
        weft_error_t *lost = nullptr; // no caller could be told
        if (guard(&lost, [awaiter] { Withdraw(awaiter); }) != WEFT_OK) weft_error_unref(lost);
      }));
}

// A suspended coroutine, and the future that it is to complete, if weft.hpp made it. A request to
// stop that future counts in the code of the coroutine. The future is borrowed: the frame keeps it.
// The object mostly lies in the frame, so it is copied before the coroutine is resumed.
class suspended {
public:
  suspended() noexcept = default;
  template <class Promise> explicit suspended(std::coroutine_handle<Promise> waiting) noexcept : waiting_(waiting) {
    if constexpr (requires { waiting.promise().native_future(); }) own_ = waiting.promise().native_future();
  }

  // Throw if the coroutine must not wait, as a blocking call of weft would throw.
  void check_stop() const {
    if (own_ && weft_future_stop_requested(own_) == 1) throw interrupted();
  }
  void resume() const {
    struct working { // also when the coroutine lets an exception out
      weft_future_scope_t scope;
      bool entered;
      ~working() {
        if (entered) weft_future_leave(&scope);
      }
    } here{{}, false};
    here.entered = own_ && weft_future_enter(own_, &here.scope) == WEFT_OK;
    waiting_.resume();
  }

private:
  std::coroutine_handle<> waiting_;
  weft_future_t *own_ = nullptr;
};

// The awaiter of a future. The thread that completes the future resumes the coroutine. The awaiter
// lives in the suspended coroutine, and keeps the future.
template <class T, class Read> class [[nodiscard]] future_awaiter {
public:
  explicit future_awaiter(future<T> awaited) noexcept : future_(std::move(awaited)) {}

  bool await_ready() const noexcept { return future_.done(); }
  template <class Promise> void await_suspend(std::coroutine_handle<Promise> waiting) {
    waiting_ = suspended(waiting);
    waiting_.check_stop();
    await_callback<&resume, &resume>(future_.native_handle(), this);
    // The coroutine may already run again, and this awaiter may be gone.
  }
  decltype(auto) await_resume() {
    if (!future_.done()) [[unlikely]]
      throw closed();
    return Read()(future_);
  }

private:
  static void resume(void *awaiter) {
    const suspended waiting = static_cast<future_awaiter *>(awaiter)->waiting_;
    waiting.resume();
  }

  future<T> future_;
  suspended waiting_;
};

// A way onto an executor: a task whose room holds a pointer to this object, which lives in the
// suspended coroutine.
class executor_hop {
public:
  explicit executor_hop(executor_ref executor) noexcept : executor_(std::move(executor)) {}
  executor_hop(executor_hop &&other) noexcept : executor_(std::move(other.executor_)) {} // before it is awaited
  executor_hop &operator=(executor_hop &&) = delete;
  ~executor_hop() { weft_task_destroy(&task_); }

  /// Do everything that needs memory, while a failure can still be thrown in the coroutine.
  void prepare(const suspended &waiting) {
    check(weft_task_create(&type(), &task_));
    ::new (weft_task_room(task_)) executor_hop *(this);
    waiting_ = waiting;
  }

  /// Submit the task.
  ///
  /// Returns: true when the executor resumes the coroutine, or has done so already, and this object
  /// may be gone. False when the executor has refused the task, or has run it within the submit
  /// (when_full::run_in_caller). Then the caller is to resume the coroutine, and finish() throws if
  /// the task was refused. So a coroutine that hops again and again needs no stack.
  [[nodiscard]] bool go() noexcept {
    // These are locals, because the coroutine may run and end on another thread once the task is
    // accepted.
    const executor_ref executor = executor_;
    weft_task_t *const task = std::exchange(task_, nullptr);
    submission here{this, false, innermost_submission()};
    innermost_submission() = &here;
    const weft_status status = weft_executor_submit_task(executor.native_handle(), task, nullptr);
    innermost_submission() = here.outer;
    if (status == WEFT_OK) return !here.came_back;
    task_ = task;
    status_ = status;
    return false;
  }

  void resume() const {
    const suspended waiting = waiting_;
    waiting.resume();
  }
  // Use it instead of go().
  void refuse(weft_status status) {
    status_ = status;
    resume();
  }

  void finish() const {
    if (status_ != WEFT_OK) throw_refusal(status_, executor_.native_handle());
  }

private:
  // A call of go() on the stack of this thread.
  struct submission {
    const executor_hop *hop;
    bool came_back;
    submission *outer;
  };
  WEFT_IN_EACH_MODULE static submission *&innermost_submission() noexcept {
    static thread_local submission *innermost = nullptr;
    return innermost;
  }

  static executor_hop &in(void *room) noexcept { return **std::launder(static_cast<executor_hop **>(room)); }

  WEFT_IN_EACH_MODULE static const weft_task_type_t &type() noexcept {
    static constexpr weft_task_type_t constant = {
        sizeof(weft_task_type_t),
        WEFT_TASK_POSTED,
        sizeof(executor_hop *),
        alignof(executor_hop *),
        [](void *room, weft_error_t **error) { return guard(error, [&] { in(room).arrive(WEFT_OK); }); },
        [](void *room) { in(room).arrive(WEFT_ECANCELED); },
        nullptr,
    };
    return constant;
  }

  // The task runs, or is dropped because it was cancelled.
  void arrive(weft_status status) {
    status_ = status;
    submission *const innermost = innermost_submission();
    if (innermost && innermost->hop == this)
      innermost->came_back = true;
    else
      resume();
  }

  executor_ref executor_;
  weft_task_t *task_ = nullptr;
  suspended waiting_;
  weft_status status_ = WEFT_OK;
};

class [[nodiscard]] hop_awaiter {
public:
  explicit hop_awaiter(const executor_ref &executor) noexcept : hop_(executor) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise> bool await_suspend(std::coroutine_handle<Promise> waiting) {
    hop_.prepare(suspended(waiting));
    return hop_.go();
  }
  void await_resume() const { hop_.finish(); }

private:
  executor_hop hop_;
};

template <class T, class Read> class [[nodiscard]] future_hop_awaiter {
public:
  future_hop_awaiter(const executor_ref &executor, future<T> awaited) noexcept
      : hop_(executor), future_(std::move(awaited)) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise> void await_suspend(std::coroutine_handle<Promise> waiting) {
    const suspended self(waiting);
    if (!future_.done()) self.check_stop();
    hop_.prepare(self);
    await_callback<&go, &refuse>(future_.native_handle(), &hop_);
  }
  decltype(auto) await_resume() {
    hop_.finish();
    return Read()(future_);
  }

private:
  static void go(void *hop) {
    auto &self = *static_cast<executor_hop *>(hop);
    if (!self.go()) self.resume();
  }
  static void refuse(void *hop) { static_cast<executor_hop *>(hop)->refuse(WEFT_ECLOSED); }

  executor_hop hop_;
  future<T> future_;
};

template <class T> struct taken_future {
  future<T> from;
  auto operator co_await() &&noexcept { return future_awaiter<T, read_taken>(std::move(from)); }
};

// The promise of a coroutine that returns a future<T>. return_value or unhandled_exception prepares
// its outcome. The future is completed only when the whole frame is gone. So a waiter may rely on
// the locals and arguments of the coroutine being destroyed, as with a task.
template <class T> class coroutine_promise_base {
public:
  coroutine_promise_base() : future_(new_future<T>()) {
    // The body runs at once, so nothing could still be cancelled.
    check(weft_future_set_running(future_.get()));
  }
  coroutine_promise_base(const coroutine_promise_base &) = delete;
  coroutine_promise_base &operator=(const coroutine_promise_base &) = delete;

  future<T> get_return_object() const noexcept { return future<T>::share(future_.get()); }
  weft_future_t *native_future() const noexcept { return future_.get(); }
  std::suspend_never initial_suspend() const noexcept { return {}; }

  struct completion {
    bool await_ready() const noexcept { return false; }
    template <class Promise> void await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      const outcome prepared = ended.promise().take_outcome();
      ended.destroy();
      prepared.commit();
    }
    void await_resume() const noexcept {}
  };
  completion final_suspend() const noexcept { return {}; }

  // UBSan: a forced unwind is caught by a reference to no object; nothing reads it.
  __attribute__((no_sanitize("null"))) void unhandled_exception() {
#if defined(__GLIBCXX__)
    try {
      throw;
    } catch (const abi::__forced_unwind &) {
      throw;
    } catch (...) {
      store_failure(to_native(std::current_exception()));
    }
#else
    store_failure(to_native(std::current_exception()));
#endif
  }

protected:
  // The frame ends without an outcome only when a forced unwind tears it down.
  ~coroutine_promise_base() {
    if (future_) take_outcome().commit();
  }

  template <class Make> void prepare(Make &&make) {
    check(weft_future_set_begin(future_.get(), &room_));
    weft_error_t *const failure = build_outcome<T>(room_, std::forward<Make>(make));
    if (failure)
      store_failure(failure);
    else
      built_ = true;
  }

private:
  // What is left when the frame is gone.
  struct outcome {
    future_handle target;
    weft_error_t *failure;
    void *room;

    void commit() const noexcept {
      if (!failure)
        static_cast<void>(weft_future_set_commit(target.get()));
      else if (room)
        abort_outcome(target.get(), failure);
      else {
        static_cast<void>(weft_future_set_error(target.get(), failure));
        weft_error_unref(failure);
      }
    }
  };

  void store_failure(weft_error_t *adopted) noexcept {
    weft_error_unref(failure_);
    failure_ = adopted ? adopted : weft_error_ref(broken_promise_error());
  }

  outcome take_outcome() noexcept {
    if (!built_ && !failure_) store_failure(nullptr);
    // A local's destructor threw after co_return: the value is there, but the coroutine failed.
    if (built_ && failure_) std::destroy_at(std::addressof(stored_at<T>(room_)));
    return {std::move(future_), std::exchange(failure_, nullptr), room_};
  }

  future_handle future_;
  weft_error_t *failure_ = nullptr;
  void *room_ = nullptr;
  bool built_ = false;
};

template <class T> class coroutine_promise : public coroutine_promise_base<T> {
public:
  template <class Value = T>
  requires std::constructible_from<T, Value>
  void return_value(Value &&value) {
    this->prepare([&]() -> T { return T(std::forward<Value>(value)); });
  }
};

template <class T> class coroutine_promise<T &> : public coroutine_promise_base<T &> {
public:
  void return_value(T &value) {
    this->prepare([&]() -> T & { return value; });
  }
};

template <> class coroutine_promise<void> : public coroutine_promise_base<void> {
public:
  void return_void() {
    this->prepare([] {});
  }
};

} // namespace detail

/// Await a future: the coroutine suspends until the future is done, and goes on, on the thread that
/// completed it. If the future is done already, the coroutine goes on at once. The expression gives
/// and throws what result() would. For a future with a name that is a reference into it; for a
/// temporary, as in co_await pool.submit(f), it is a value. To move the result out: co_await
/// weft::take(future).
///
/// The coroutine keeps a reference to the future. The coroutine must not be destroyed while it is
/// suspended here.
///
/// Stop requests. In a coroutine that returns a future<T>, a request to stop that future has three
/// effects. An await that would have to suspend throws interrupted instead. After the first
/// suspension, this_thread::stop_requested() is true. And blocking calls of weft throw interrupted.
/// A coroutine that is suspended already is not woken by the request: it goes on when what it
/// awaits is done. An await that only changes the executor, resume_on(executor), does not throw.
///
/// A fault of gcc 12. A closure that captures by value must not be written into the co_await
/// expression: the compiler destroys the captures twice. (Only captures with a destructor that does
/// something, such as strings. An aggregate that is made in the expression has the same fault.) No
/// header can detect that. Give the closure a name before, or pass the values as arguments:
///
///     auto loaded = pool.submit([key, v = value] { return load(key, v); });
///     co_await loaded;
///     co_await pool.submit([](const std::string &k, const std::string &v) { return load(k, v); },
///                          key, value);
template <class T> auto operator co_await(const future<T> &awaited) noexcept {
  return detail::future_awaiter<T, detail::read_reference>(awaited);
}
template <class T> auto operator co_await(future<T> &&awaited) noexcept {
  return detail::future_awaiter<T, detail::read_value>(std::move(awaited));
}

/// Await a future as co_await does, with the result moved out as future::take() does. For co_await.
template <class T> detail::taken_future<T> take(future<T> awaited) noexcept {
  return {std::move(awaited)};
}

/// Go on as a task of `executor` when the future is done, even if it is done already. For co_await.
/// If the executor refuses or cancels the task, the coroutine resumes with an exception, on the
/// thread that finds that out. It is the exception that a submit would throw, or cancelled.
template <class T> auto resume_on(const executor_ref &executor, const future<T> &awaited) noexcept {
  return detail::future_hop_awaiter<T, detail::read_reference>(executor, awaited);
}
template <class T> auto resume_on(const executor_ref &executor, future<T> &&awaited) noexcept {
  return detail::future_hop_awaiter<T, detail::read_value>(executor, std::move(awaited));
}
template <class T> auto resume_on(const executor_ref &executor, detail::taken_future<T> awaited) noexcept {
  return detail::future_hop_awaiter<T, detail::read_taken>(executor, std::move(awaited.from));
}

/// Go on as a task of `executor`. For co_await, as the first line of a coroutine that is to run on
/// a pool.
inline auto resume_on(const executor_ref &executor) noexcept {
  return detail::hop_awaiter(executor);
}

} // namespace weft

/// A function that returns a future<T> may be a coroutine. It begins at once, on the calling
/// thread, and runs up to its first co_await that has to wait. Its future is running from the
/// beginning. So it cannot be cancelled; it can be asked to stop, see operator co_await.
///
/// When the coroutine returns or throws, its frame is destroyed, locals first, then arguments. Then
/// the future is completed, on that thread.
///
/// As with any function, deep recursion needs stack if each call calls the next before it waits.
/// Begin with co_await resume_on(pool) there.
template <class T, class... Args> struct std::coroutine_traits<weft::future<T>, Args...> {
  using promise_type = weft::detail::coroutine_promise<T>;
};

#endif
