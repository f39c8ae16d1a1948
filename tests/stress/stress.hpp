// What the stress tests share: a seed, the size of a run, a check for any thread, handles, closures as tasks, a
// watchdog.
//
// Everything here uses only the public C ABI. A finding on any thread ends the program at once (VERIFY): after the
// first broken promise nothing that follows can be trusted, and a debugger shows the state at the finding.
#ifndef WEFT_TESTS_STRESS_HPP
#define WEFT_TESTS_STRESS_HPP

#include <weft/weft.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace stress {

#if defined(__SANITIZE_THREAD__)
inline constexpr std::size_t slower = 10;
inline constexpr bool instrumented = true;
#elif defined(__SANITIZE_ADDRESS__)
inline constexpr std::size_t slower = 4;
inline constexpr bool instrumented = true;
#else
inline constexpr std::size_t slower = 1;
inline constexpr bool instrumented = false;
#endif

/// WEFT_TEST_LONG=1 was given: the tests may take hours.
bool is_long();

/// WEFT_TEST_SEED, or a number that is new in each run. All randomness of a program comes from it.
std::uint64_t seed();

/// A number of turns: `quick` in the short form, less where a sanitizer slows everything down; `thorough` in the long.
std::size_t turns(std::size_t quick, std::size_t thorough);

/// What `fail` prints beside the seed of the process: the seed of the part that runs now.
void say_on_failure(const char *what, std::uint64_t value);

[[noreturn]] void fail(const char *file, int line, const char *what);
[[noreturn]] void fail(const char *file, int line, const char *what, weft_status got);

#define VERIFY(condition) ((condition) ? void() : ::stress::fail(__FILE__, __LINE__, #condition))
// For a condition about a status, which the failure then prints.
#define VERIFY_OF(status, condition) ((condition) ? void() : ::stress::fail(__FILE__, __LINE__, #condition, status))
#define VERIFY_STATUS(call, wanted)                                                                                    \
  do {                                                                                                                 \
    const weft_status verify_got = (call);                                                                             \
    if (verify_got != (wanted)) ::stress::fail(__FILE__, __LINE__, #call " == " #wanted, verify_got);                  \
  } while (false)
#define VERIFY_OK(call) VERIFY_STATUS(call, WEFT_OK)

/// Small, fast, and the same everywhere (splitmix64).
class dice {
public:
  explicit dice(std::uint64_t from) noexcept : state_(from) {}
  std::uint64_t roll() noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::uint32_t below(std::uint32_t bound) noexcept { return static_cast<std::uint32_t>(roll() % bound); }
  std::uint32_t between(std::uint32_t low, std::uint32_t high) noexcept { return low + below(high - low + 1); }
  bool percent(std::uint32_t chance) noexcept { return below(100) < chance; }

private:
  std::uint64_t state_;
};

/// Keeps the processor busy for about this many steps: an amount of work, not of time.
inline void spin(std::uint32_t steps) noexcept {
  for (std::uint32_t i = 0; i < steps; ++i) std::atomic_signal_fence(std::memory_order_seq_cst);
}

template <auto Unref> struct unref_by {
  template <class Handle> void operator()(Handle *handle) const noexcept { Unref(handle); }
};
using future = std::unique_ptr<weft_future_t, unref_by<&weft_future_unref>>;
using executor = std::unique_ptr<weft_executor_t, unref_by<&weft_executor_unref>>;
using thread = std::unique_ptr<weft_thread_t, unref_by<&weft_thread_unref>>;
using error = std::unique_ptr<weft_error_t, unref_by<&weft_error_unref>>;

executor make_pool(std::uint32_t workers, std::uint64_t max_queue = 0, std::uint32_t when_full = WEFT_FULL_FAIL);
executor make_strand(weft_executor_t *pool);
executor make_caller_run();
future make_promise();

/// Shut down, wait, and give the handle back; nothing of the executor is left when it returns.
void end(executor &which);

std::uint32_t workers_started(weft_executor_t *pool);
std::uint32_t workers_alive(weft_executor_t *pool);

// --- closures as tasks, callbacks and threads ---

template <class F> weft_status run_closure(void *ctx, void ** /*result*/, weft_error_t ** /*error*/) {
  (*static_cast<F *>(ctx))();
  return WEFT_OK;
}
template <class F> weft_status run_thread(void *ctx, weft_error_t ** /*error*/) {
  (*static_cast<F *>(ctx))();
  return WEFT_OK;
}
template <class F> void call_closure(void *ctx, weft_future_t *done) {
  (*static_cast<F *>(ctx))(done);
}
template <class F> void drop_closure(void *ctx) {
  delete static_cast<F *>(ctx);
}

/// Returns the status of the call. On failure the closure is dropped all the same, and `out` is untouched.
template <class F> weft_status try_submit(weft_executor_t *to, F closure, future &out) {
  auto ctx = std::make_unique<F>(std::move(closure));
  weft_future_t *made = nullptr;
  const weft_status status = weft_executor_submit(to, nullptr, run_closure<F>, ctx.get(), drop_closure<F>, &made);
  if (status != WEFT_OK) return status;
  (void)ctx.release();
  out.reset(made);
  return status;
}

template <class F> future submit(weft_executor_t *to, F closure) {
  future out;
  VERIFY_OK(try_submit(to, std::move(closure), out));
  return out;
}

template <class F> weft_status try_post(weft_executor_t *to, F closure) {
  auto ctx = std::make_unique<F>(std::move(closure));
  const weft_status status = weft_executor_post(to, nullptr, run_closure<F>, ctx.get(), drop_closure<F>);
  if (status == WEFT_OK) (void)ctx.release();
  return status;
}

template <class F> void when_done(weft_future_t *which, F closure) {
  auto ctx = std::make_unique<F>(std::move(closure));
  VERIFY_OK(weft_future_add_done_callback(which, call_closure<F>, ctx.get(), drop_closure<F>));
  (void)ctx.release();
}

template <class F> thread start_thread(F closure, const weft_thread_options_t *options = nullptr) {
  auto ctx = std::make_unique<F>(std::move(closure));
  weft_thread_t *made = nullptr;
  VERIFY_OK(weft_thread_create(nullptr, options, run_thread<F>, ctx.get(), drop_closure<F>, &made));
  (void)ctx.release();
  VERIFY_OK(weft_thread_start(made));
  return thread(made);
}

/// Waits without limit for something short. Idle workers look for tasks by themselves every ten seconds, which would
/// hide a lost wake-up. So a wait that takes nearly as long is a failure.
void wait(weft_future_t *which);
inline void wait(const future &which) {
  wait(which.get());
}

/// Turns a hang into a failure that names the part. Its time is far beyond what the slowest machine needs.
class watchdog {
public:
  explicit watchdog(const char *what, std::chrono::seconds patience = std::chrono::seconds(instrumented ? 240 : 100));
  ~watchdog();

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false; // guarded by mutex_
  std::thread thread_;
};

/// Releases a number of threads at the same moment. They spin until then, so that they race.
class starting_line {
public:
  explicit starting_line(std::uint32_t runners) noexcept : missing_(runners) {}
  void cross() noexcept {
    missing_.fetch_sub(1, std::memory_order_acq_rel);
    while (missing_.load(std::memory_order_acquire) > 0) std::this_thread::yield();
  }

private:
  std::atomic<std::int64_t> missing_;
};

/// What the system says about this process.
struct footprint {
  std::size_t kilobytes, threads, descriptors;
};
footprint read_footprint();
/// Runs as many rounds of a test as turns() says, under a watchdog, each with its own dice.
template <class F> void rounds_of(std::size_t quick, std::size_t thorough, const char *what, F one_round) {
  const watchdog bark(what);
  dice random(seed());
  for (std::size_t round = turns(quick, thorough); round > 0; --round) {
    const std::uint64_t part = random.roll();
    say_on_failure("round", part);
    dice own(part);
    one_round(own);
  }
}

/// Waits until the process has at most this many threads; the watchdog bounds it.
void await_threads(std::size_t most);

} // namespace stress

#endif
