// The engine of the model tests: threads take turns, one step at a time, in an order that is chosen and noted.
//
// Everything happens on one thread of the system. The threads of a model are fibers. Each operation on an atomic, a
// mutex, a futex or the clock is a step, before which the engine may let another thread go on. README.md says what is
// modelled. The engine knows nothing of weft.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace weft::model {

struct place {
  const char *file;
  unsigned line;
};
constexpr place here(const char *file = __builtin_FILE(), unsigned line = __builtin_LINE()) noexcept {
  return {file, line};
}

// --- what the seam calls ---

using word = std::uint64_t;
enum class change : unsigned char { exchange, add, subtract, set_bits, keep_bits, flip_bits };

void begin_atomic(const void *at, unsigned size, place from) noexcept;
word load_atomic(const void *at, unsigned size, std::memory_order order, place from) noexcept;
void store_atomic(void *at, unsigned size, word value, std::memory_order order, place from) noexcept;
word change_atomic(void *at, unsigned size, change how, word operand, std::memory_order order, place from) noexcept;
bool compare_atomic(void *at, unsigned size, word &expected, word desired, bool weak, std::memory_order success,
                    std::memory_order failure, place from) noexcept;
void fence(std::memory_order order, place from = here()) noexcept;
// Keeps the compiler from reordering, and does nothing else.
void compiler_fence(place from = here()) noexcept;
// Every other thread passes a full fence before this returns.
void fence_in_all_threads(place from = here()) noexcept;

void lock_mutex(void *which, place from = here()) noexcept;
bool try_lock_mutex(void *which, place from = here()) noexcept;
void unlock_mutex(void *which, place from = here()) noexcept;

inline constexpr std::int64_t no_limit = INT64_MAX;
// Like a futex: sleeps if the newest value is `expected`. It may return spuriously.
void wait_on_atomic(const void *at, unsigned size, word expected, place from, std::int64_t until = no_limit) noexcept;
void wake_on_atomic(const void *at, unsigned most, place from) noexcept;

std::int64_t virtual_time() noexcept;
// Lets other threads go on. This thread sees their writes afterwards.
void yield(place from = here()) noexcept;
void sleep_until_time(std::int64_t moment, place from = here()) noexcept;

// For the replacements of parts of Asio: sleeps until it is woken by this key, or until `until`. False: the time is
// over.
bool sleep_on(const void *key, std::int64_t until, const char *why, place from = here()) noexcept;
void wake_on(const void *key, unsigned most, place from = here()) noexcept;

// Threads have numbers. The body of the protocol is number 0.
int start_thread(void (*body)(void *), void *ctx, const char *name) noexcept;
void join_thread(int number) noexcept;
bool thread_has_ended(int number) noexcept;
int this_thread_number() noexcept;
// A function that runs on a thread after its body, like the destructors of thread-local storage.
void at_thread_exit(void (*run)(void *), void *value) noexcept;

// Memory of a run: a freed block is never used again, and a block that is left at the end is a leak.
void *take_memory(std::size_t size, std::size_t align) noexcept;
void give_memory(void *memory) noexcept;
bool is_running() noexcept;

// --- what the protocols call ---

// The run is wrong: reports it with its seed and its steps, and ends the process.
[[noreturn]] void fail(const char *what, ...) noexcept __attribute__((format(printf, 1, 2)));
void check(bool holds, const char *what) noexcept;
// Adds a line to the trace.
void note(const char *what, long long value = 0) noexcept;
// How many mutexes this thread holds.
int locks_held() noexcept;
// A number from 0 to count - 1, which the engine chooses for a protocol.
unsigned choose(unsigned count) noexcept;

class thread {
public:
  template <class Function> explicit thread(Function body, const char *name = nullptr) {
    auto *const kept = new Function(static_cast<Function &&>(body));
    number_ = start_thread(
        [](void *what) {
          auto *const own = static_cast<Function *>(what);
          (*own)();
          delete own;
        },
        kept, name);
  }
  ~thread() { join(); }
  thread(const thread &) = delete;
  thread &operator=(const thread &) = delete;
  void join() {
    if (number_ >= 0) join_thread(number_);
    number_ = -1;
  }

private:
  int number_ = -1;
};

struct protocol {
  using body_fn = void (*)();
  protocol(body_fn body, const char *name, double share = 1) noexcept;
  const body_fn body;
  const char *const name;
  const double share; // part of the usual number of schedules
  protocol *next = nullptr;
};

// Thread-local variables of the library. The file that knows them sets these functions.
inline constexpr int local_words = 4;
struct thread_locals {
  void (*save)(void **words) noexcept;
  void (*load)(void *const *words) noexcept;
  // Called after the body of a protocol, on its thread, and before the check for leaks.
  void (*tidy_up)() noexcept;
};
extern const thread_locals locals_under_test;

#define MODEL_JOINED_(a, b) a##b
#define MODEL_JOINED(a, b) MODEL_JOINED_(a, b)
// MODEL("name") { body } or MODEL("name", share) { body }.
#define MODEL(...)                                                                                                     \
  static void MODEL_JOINED(model_, __LINE__)();                                                                        \
  static ::weft::model::protocol MODEL_JOINED(entry_, __LINE__)(&MODEL_JOINED(model_, __LINE__), __VA_ARGS__);         \
  static void MODEL_JOINED(model_, __LINE__)()

} // namespace weft::model
