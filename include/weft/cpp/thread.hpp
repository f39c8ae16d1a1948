// Threads: from a callable, or by deriving from weft::thread.
//
// Owns the rules of a thread object's life. Joins and questions are in thread_ref.hpp.
#ifndef WEFT_CPP_THREAD_HPP
#define WEFT_CPP_THREAD_HPP

#include <weft/cpp/crossing.hpp>
#include <weft/cpp/outcome.hpp>
#include <weft/cpp/runtime.hpp>
#include <weft/cpp/thread_ref.hpp>
#include <weft/thread.h>

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft {

/// Options of a thread, for designated initialisers: weft::thread t({.name = "reader"}, read,
/// path);
struct thread_options {
  std::string name = {};                       ///< "": Thread-N
  weft::daemon daemon = weft::daemon::inherit; ///< whether the end of the process waits for it
  std::uint64_t stack_size = 0;                ///< bytes; 0: the system's default
  /// -20 (urgent) to 19 (idle). 0: as the thread that starts it. Below 0 needs a privilege.
  std::int32_t nice = 0;
  /// The CPUs on which it may run. Empty: as the thread that starts it.
  std::vector<std::uint32_t> affinity = {};
  weft::signals signals = signals::usual; ///< which signals it blocks
  const weft::runtime *runtime = nullptr; ///< the runtime that it belongs to; nullptr: the default one
};

/// A thread that runs a callable, or that is derived from and runs its own run().
///
///     weft::thread t({.name = "adder"}, [](int a, int b) { ... }, 1, 2);
///     t.start();
///     t.join();
///
///     class fetcher : public weft::thread {
///       void run() override { status = get(url); }
///     public:
///       ...
///     };
///
/// An exception that leaves the code goes to the exception hook of the runtime, and the thread is
/// simply stopped. After a stop request, interrupted and shut_down are the quiet way to end: they
/// do not go to the hook.
///
/// Life of the object.
/// - With a callable, the thread owns the callable. The object is only a handle. It can be moved
///   and destroyed at any time, and the thread then runs on by itself. The end of the process waits
///   for it, unless it is a daemon. The callable is destroyed on the thread, right after it has
///   run. Code that captures locals by reference must join first, or use joining<thread>.
/// - With an overridden run(), the thread uses the object. The object must stay in its place from
///   start() until run() has returned. Destroying or moving it earlier calls std::terminate, after
///   a line on stderr: the members that run() uses are gone by then, and no join could save them.
///   There are two safe ways:
///   - Join it before its scope ends, or declare it as joining<fetcher>, which does so.
///   - Hold it by std::shared_ptr when it is started. The thread then keeps a share until run() has
///     returned. That is also how to make a derived daemon thread.
class thread : public thread_ref, public std::enable_shared_from_this<thread> {
public:
  using options = thread_options;

  /// Make a thread that runs run(), for derived classes. As with every constructor, its state is
  /// initial: nothing runs before start().
  ///
  /// Throws:
  /// - shut_down: its runtime has ended
  /// - closed: the caller is inside a domain that is closed
  /// - invalid_argument: an option is out of range
  /// - out_of_memory
  thread() : thread(options{}) {}
  explicit thread(const options &chosen);

  /// Make a thread that calls f(args...). f and args are moved or copied into it, and may be
  /// move-only; std::ref passes a reference.
  ///
  /// Throws: as above, and what these copies throw.
  template <class F, class... Args>
  requires(!std::derived_from<std::decay_t<F>, thread_ref> && !std::same_as<std::decay_t<F>, options> &&
           std::invocable<std::decay_t<F>, std::decay_t<Args>...>) explicit thread(F &&f, Args &&...args)
      : thread(options{}, std::forward<F>(f), std::forward<Args>(args)...) {}

  template <class F, class... Args>
  requires std::invocable<std::decay_t<F>, std::decay_t<Args>...> thread(const options &chosen, F &&f, Args &&...args);

  /// Move the thread; see "Life of the object". A thread that was moved from is empty.
  thread(thread &&other) noexcept;
  thread &operator=(thread &&other) noexcept;
  virtual ~thread();

  /// Start the thread, once. When the call returns, the thread is alive and has its ident.
  ///
  /// Blocks: shortly, never for the code of the thread.
  /// Throws:
  /// - already_started
  /// - thread_refused, not_permitted: the system refuses a thread, or the priority
  /// - invalid_argument: the system refuses the affinity
  /// - shut_down: its runtime has ended
  /// - out_of_memory
  /// - closed: it was made inside a domain that is closed
  ///
  /// After closed it can never start. After every other failure but already_started it is still
  /// initial and may be started again.
  void start();

protected:
  /// Do what a derived thread does. This one does nothing.
  virtual void run() {}

private:
  // What an object with run() and its running thread share. The object writes self and kept before
  // the start; from then on they belong to the thread. The thread writes `at` when run() has
  // returned, and the thread that destroys the object reads it.
  struct runner {
    enum class phase { initial, started, ended };
    explicit runner(thread *object) noexcept : self(object) {}

    thread *self;
    std::shared_ptr<thread> kept;
    std::atomic<phase> at = phase::initial;
  };

  static weft_status run_derived(void *ctx, weft_error_t **error);
  void create(const options &chosen, weft_thread_fn target, void *ctx, weft_drop_fn drop);
  void end_object() noexcept;

  std::shared_ptr<runner> runner_; // null with a callable
};

/// A thread class whose destructor joins. So the objects that the thread uses outlive it: the
/// members of a derived class, the locals that a lambda captured.
///
///     weft::joining<fetcher> f("http://...");
///     f.start();
template <std::derived_from<thread> Base> class joining : public Base {
public:
  using Base::Base;
  joining(joining &&) noexcept = default;

  /// Wait for the thread if it was started, unless it is the calling thread. If the wait could
  /// never end, because that thread waits for this one, call std::terminate.
  ///
  /// Blocks: until the thread has stopped.
  ~joining() override {
    if (!this->valid()) return;
    for (;;) {
      const weft_status status = weft_thread_join(this->native_handle(), WEFT_FOREVER);
      if (status == WEFT_OK || status == WEFT_ENOTSTARTED) return;
      if (status != WEFT_EINTERRUPTED) {
        if (thread_ref::current() == *this) return;
        std::terminate();
      }
      // A thread that was asked to stop cannot wait inside weft, but must not leave before the
      // other thread has ended.
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
};

inline thread::thread(const options &chosen) {
  runner_.reset(new runner(this)); // make_shared brings a static of its own
  auto kept = std::make_unique<std::shared_ptr<runner>>(runner_);
  create(chosen, &run_derived, kept.get(), [](void *ctx) { delete static_cast<std::shared_ptr<runner> *>(ctx); });
  static_cast<void>(kept.release());
}

template <class F, class... Args>
requires std::invocable<std::decay_t<F>, std::decay_t<Args>...> thread::thread(const options &chosen, F &&f,
                                                                               Args &&...args) {
  using call = detail::bound_call_t<F, Args...>;
  auto bound = std::make_unique<call>(std::in_place_t(), std::forward<F>(f), std::forward<Args>(args)...);
  create(
      chosen,
      [](void *ctx, weft_error_t **error) {
        return detail::guard_unread(error, [&] { (*static_cast<call *>(ctx))(); });
      },
      bound.get(), [](void *ctx) { delete static_cast<call *>(ctx); });
  static_cast<void>(bound.release());
}

inline void thread::create(const options &chosen, weft_thread_fn target, void *ctx, weft_drop_fn drop) {
  weft_thread_options_t native;
  weft_thread_options_init(&native);
  native.daemon = static_cast<std::uint32_t>(chosen.daemon);
  native.name = chosen.name.c_str();
  native.stack_size = chosen.stack_size;
  native.nice = chosen.nice;
  native.affinity_count = static_cast<std::uint32_t>(chosen.affinity.size());
  native.affinity = chosen.affinity.data();
  native.signals = static_cast<std::uint32_t>(chosen.signals);
  weft_thread_t *created = nullptr;
  check(weft_thread_create(chosen.runtime ? chosen.runtime->native_handle() : nullptr, &native, target, ctx, drop,
                           &created));
  handle_ = shared::adopt(created);
}

inline void thread::start() {
  if (!runner_) {
    check(weft_thread_start(handle_.get()));
    return;
  }
  auto expected = runner::phase::initial;
  if (!runner_->at.compare_exchange_strong(expected, runner::phase::started)) throw already_started();
  runner_->kept = weak_from_this().lock();
  const weft_status status = weft_thread_start(handle_.get());
  if (status == WEFT_OK) return;
  runner_->kept.reset();
  runner_->at = runner::phase::initial;
  throw_status(status);
}

inline weft_status thread::run_derived(void *ctx, weft_error_t **error) {
  runner &running = **static_cast<std::shared_ptr<runner> *>(ctx);
  // Runs also when a forced unwind passes.
  struct ending {
    runner &running;
    ~ending() {
      running.at.store(runner::phase::ended, std::memory_order_release); // pairs with end_object
      running.kept.reset();
    }
  } const end{running};
  return detail::guard_unread(error, [&] { running.self->run(); });
}

// The object is about to be destroyed or overwritten.
inline void thread::end_object() noexcept {
  if (!runner_ || runner_->at.load(std::memory_order_acquire) != runner::phase::started) return;
  std::fputs("weft: a derived weft::thread was destroyed or moved while it ran; join it first\n", stderr);
  std::terminate();
}

inline thread::thread(thread &&other) noexcept : thread_ref(), std::enable_shared_from_this<thread>() {
  other.end_object();
  handle_ = std::move(other.handle_);
  runner_ = std::move(other.runner_);
  if (runner_) runner_->self = this;
}

inline thread &thread::operator=(thread &&other) noexcept {
  if (this == &other) return *this;
  end_object();
  other.end_object();
  handle_ = std::move(other.handle_);
  runner_ = std::move(other.runner_);
  if (runner_) runner_->self = this;
  return *this;
}

inline thread::~thread() {
  end_object();
}

} // namespace weft

#endif
