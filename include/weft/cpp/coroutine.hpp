// Coroutines: co_await on a future, going on on a chosen executor, and future<T> as the return type of a coroutine.
//
// Owns the awaiters and the promise type. Everything that resumes a coroutine does so from a callback or task of the C
// ABI, which runs deeply nested callbacks one after the other: so chains of any length need no stack, as long as
// nothing here resumes a coroutine by itself.
#ifndef WEFT_CPP_COROUTINE_HPP
#define WEFT_CPP_COROUTINE_HPP

#include <weft/cpp/executor_ref.hpp>
#include <weft/cpp/future.hpp>
#include <weft/cpp/promise.hpp>
#include <weft/task.h>

#include <coroutine>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace weft {

namespace detail {

// What an await gives: the same three ways as future<T> has itself.
struct read_reference {
  template <class T> decltype(auto) operator()(const future<T> &f) const { return f.result(duration()); }
};
struct read_value {
  template <class T> decltype(auto) operator()(future<T> &f) const { return std::move(f).result(duration()); }
};
struct read_taken {
  template <class T> T operator()(const future<T> &f) const { return f.take(duration()); }
};

// The callback of an awaiter that its domain takes back when it is closed is not called, but dropped. The coroutine
// must come to its end all the same, for its frame is the domain's: it goes on, in the drop, with the exception
// `closed`. After a call the drop follows on the same thread at once, and is told apart by that: its context is gone
// then.
inline const void *&awaited_last() noexcept {
  static constinit thread_local const void *ctx = nullptr;
  return ctx;
}

template <auto Resume, auto Withdraw> void await_callback(weft_future_t *awaited, void *ctx) {
  check(weft_future_add_done_callback(
      awaited,
      [](void *ctx, weft_future_t *) {
        struct ending { // also when the coroutine lets an exception out
          void *ctx;
          ~ending() { awaited_last() = ctx; }
        } const at_end{ctx};
        Resume(ctx);
      },
      ctx,
      [](void *ctx) {
        if (std::exchange(awaited_last(), nullptr) == ctx) return;
        weft_error_t *lost = nullptr; // nobody is there to be told
        if (guard(&lost, [ctx] { Withdraw(ctx); }) != WEFT_OK) weft_error_unref(lost);
      }));
}

// A suspended coroutine, and the future that it is to complete if it is one of ours: a request to stop that future
// counts in the code of the coroutine (borrowed, for the frame keeps it). Copied before it is resumed, for it mostly
// lies in the frame.
class suspended {
public:
  suspended() noexcept = default;
  template <class Promise> explicit suspended(std::coroutine_handle<Promise> waiting) noexcept : waiting_(waiting) {
    if constexpr (requires { waiting.promise().native_future(); }) own_ = waiting.promise().native_future();
  }

  // It is about to wait, and must not: as a blocking call of weft would.
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

// Resumes on the thread that completes the future. The awaiter lives in the suspended coroutine and keeps the future.
template <class T, class Read> class [[nodiscard]] future_awaiter {
public:
  explicit future_awaiter(future<T> awaited) noexcept : future_(std::move(awaited)) {}

  bool await_ready() const noexcept { return future_.done(); }
  template <class Promise> void await_suspend(std::coroutine_handle<Promise> waiting) {
    waiting_ = suspended(waiting);
    waiting_.check_stop();
    await_callback<&resume, &resume>(future_.native_handle(), this);
    // The coroutine may already run again, and this awaiter be gone.
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

// A way onto an executor: a task whose room holds a pointer to this object, which lives in the suspended coroutine.
class executor_hop {
public:
  explicit executor_hop(executor_ref executor) noexcept : executor_(std::move(executor)) {}
  executor_hop(executor_hop &&other) noexcept : executor_(std::move(other.executor_)) {} // before it is awaited
  executor_hop &operator=(executor_hop &&) = delete;
  ~executor_hop() { weft_task_destroy(&task_); }

  /// Everything that needs memory, while a failure can still be thrown in the coroutine.
  void prepare(const suspended &waiting) {
    check(weft_task_create(&type(), &task_));
    ::new (weft_task_room(task_)) executor_hop *(this);
    waiting_ = waiting;
  }

  /// True: the executor resumes the coroutine, or has done so already, and this object may be gone. False: it refused
  /// the task or has run it within the submit (when_full::run_in_caller); the coroutine is still the caller's to
  /// resume, and finish() throws if it was refused. A coroutine that hops on and on then needs no stack.
  [[nodiscard]] bool go() noexcept {
    // Locals, for once the task is accepted the coroutine may run and end on another thread.
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
  // Instead of go().
  void refuse(weft_status status) {
    status_ = status;
    resume();
  }

  void finish() const {
    if (status_ != WEFT_OK) throw_refusal(status_, executor_.native_handle());
  }

private:
  // A call of go() that stands on this thread's stack.
  struct submission {
    const executor_hop *hop;
    bool came_back;
    submission *outer;
  };
  static submission *&innermost_submission() noexcept {
    static thread_local submission *innermost = nullptr;
    return innermost;
  }

  static executor_hop &in(void *room) noexcept { return **std::launder(static_cast<executor_hop **>(room)); }

  static const weft_task_type_t &type() noexcept {
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

// The promise of a coroutine that returns a future<T>. Its outcome is prepared by return_value or unhandled_exception,
// but the future is completed only when the whole frame is gone: who waits for a coroutine may rely on its locals and
// arguments being destroyed, as with a task.
template <class T> class coroutine_promise_base {
public:
  coroutine_promise_base() : future_(new_future<T>()) {
    // Its body runs at once, so there is nothing that could still be cancelled.
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
  // What is left when the frame has gone.
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
    // A local whose destructor threw after co_return: the value is there, but the coroutine failed.
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

/// co_await on a future: suspends until it is done and then goes on, on the thread that completed it (at once, where it
/// stands, if it was done already). Gives and throws what result() would: for a future with a name a reference into it;
/// for a temporary, as in co_await pool.submit(f), a value. To move the result out: co_await weft::take(future).
///
/// In a coroutine that returns a future<T>: once a stop was requested of that future, an await that would have to
/// suspend throws interrupted instead, this_thread::stop_requested() is true after the first suspension, and blocking
/// calls of weft throw interrupted. A coroutine that is suspended already is not woken by the request: it goes on when
/// what it awaits is done. An await that only changes the executor, resume_on(executor), does not throw.
///
/// The coroutine keeps a reference to the future. It must not be destroyed while it is suspended here.
template <class T> auto operator co_await(const future<T> &awaited) noexcept {
  return detail::future_awaiter<T, detail::read_reference>(awaited);
}
template <class T> auto operator co_await(future<T> &&awaited) noexcept {
  return detail::future_awaiter<T, detail::read_value>(std::move(awaited));
}

/// To be awaited: as co_await on the future, but the result is moved out, as by future::take().
template <class T> detail::taken_future<T> take(future<T> awaited) noexcept {
  return {std::move(awaited)};
}

/// To be awaited: goes on as a task of this executor, even if the future is done already. When the executor refuses it
/// or cancels it, the coroutine goes on where that comes to light, with the exception that a submit would throw
/// (cancelled, when the task was cancelled).
template <class T> auto resume_on(const executor_ref &executor, const future<T> &awaited) noexcept {
  return detail::future_hop_awaiter<T, detail::read_reference>(executor, awaited);
}
template <class T> auto resume_on(const executor_ref &executor, future<T> &&awaited) noexcept {
  return detail::future_hop_awaiter<T, detail::read_value>(executor, std::move(awaited));
}
template <class T> auto resume_on(const executor_ref &executor, detail::taken_future<T> awaited) noexcept {
  return detail::future_hop_awaiter<T, detail::read_taken>(executor, std::move(awaited.from));
}

/// To be awaited: goes on as a task of this executor. The first line of a coroutine that is to run on a pool.
inline auto resume_on(const executor_ref &executor) noexcept {
  return detail::hop_awaiter(executor);
}

} // namespace weft

/// A function that returns a future<T> may be a coroutine. It begins at once, on the calling thread, and runs up to its
/// first co_await that has to wait; the future is running from the beginning, so it cannot be cancelled, but asked to
/// stop: see operator co_await. When the
/// coroutine returns or throws, its frame (locals, then arguments) is destroyed, and then the future is completed, on
/// that thread. As with any function that calls itself before it waits for anything, deep recursion needs stack; begin
/// with co_await resume_on(pool) there.
template <class T, class... Args> struct std::coroutine_traits<weft::future<T>, Args...> {
  using promise_type = weft::detail::coroutine_promise<T>;
};

#endif
