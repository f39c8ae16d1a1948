// What the files of the engine share: the threads of a run, what they know of memory, and the trace.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/engine.hpp"

namespace weft::model {

inline constexpr int most_threads = 15;
inline constexpr unsigned most_steps = 30'000;

// Set while the engine works: then nothing is a step, and memory does not belong to the run.
extern bool inside_engine;
struct in_engine {
  in_engine() noexcept : before(inside_engine) { inside_engine = true; }
  ~in_engine() { inside_engine = before; }
  const bool before;
};

// --- what a thread knows ---

// For each atomic, by its number: the oldest entry of its history that may still be read. Views only grow.
using view = std::vector<std::uint32_t>;
void join(view &into, const view &other) noexcept;

// For each thread: up to which of its steps everything happens before the current step here.
struct clocks {
  std::uint32_t at[most_threads + 1] = {};
  void join(const clocks &other) noexcept {
    for (int i = 0; i <= most_threads; ++i)
      if (at[i] < other.at[i]) at[i] = other.at[i];
  }
};

struct knowledge {
  clocks before;
  view seen;
  void join(const knowledge &other) noexcept {
    before.join(other.before);
    model::join(seen, other.seen);
  }
  void clear() noexcept {
    before = {};
    seen.clear();
  }
};

enum class phase : unsigned char { ready, asleep, ended };

struct fiber {
  int number = 0;
  const char *name = nullptr;
  phase now = phase::ended;
  void *stack_pointer = nullptr;
  void (*body)(void *) = nullptr;
  void *ctx = nullptr;

  const void *sleeps_on = nullptr;
  const char *why = "";
  place where{};
  std::int64_t until = no_limit;
  bool timed_out = false;
  bool yields = false; // until another thread has made a step
  int locks = 0;
  void (*at_exit)(void *) = nullptr;
  void *at_exit_value = nullptr;
  void *locals[local_words] = {};
  void *exceptions[2] = {};
  unsigned priority = 0; // see choices.cpp

  knowledge has;
  knowledge released; // what its last release fence releases
  knowledge read;     // what relaxed loads have read, for the next acquire fence
  view heavy;         // from heavy barriers of others, until the compiler's order is certain
  bool heavy_is_due = false;
  bool stores_unordered = false; // it has stored since its last compiler barrier
};

struct state {
  std::vector<fiber> fibers;
  fiber *current = nullptr;
  int started = 0, alive = 0;
  std::int64_t time = 0;
  unsigned steps = 0;
  std::uint32_t clock_base = 0; // where the clocks of this run begin: older marks mean nothing
  bool running = false;
};
extern state run;

inline std::uint32_t now_of(const fiber &who) noexcept {
  return who.has.before.at[who.number];
}

// --- scheduling (fibers.cpp) ---
// Called before an operation: other threads may go on first.
void step(place where) noexcept;
void run_once(void (*body)()) noexcept;

// --- weak memory (memory.cpp) ---
void reset_memory() noexcept;
void begin_thread_memory(fiber &child, const fiber *parent) noexcept;
void order_compiler(fiber &who) noexcept;
// This thread frees the block of these atomics.
void end_atomics(const std::vector<std::uint32_t> &numbers) noexcept;

// --- the heap, and what is read and written without atomics (heap.cpp) ---
void reserve_region() noexcept;
void reset_heap() noexcept;
void look_for_leaks() noexcept;
unsigned char *stack_of(int number, std::size_t &size) noexcept;
// Notes the atomic in the block that holds the address. It is an error if the block was freed.
void note_atomic_in_block(const void *at, std::uint32_t number) noexcept;
void check_alive(const void *at, unsigned size, const char *what) noexcept;

// This thread reads the location as an atomic for the first time: earlier plain writes must happen before.
void check_plain_read(const void *at, unsigned size) noexcept;

// --- choices (choices.cpp) ---
enum class choice_of : unsigned char { thread, value, failure, other };
// Chooses one of `count` ways, the first of which is the usual one. `free`: none of them is a deviation.
unsigned choose_among(unsigned count, choice_of what, bool free) noexcept;
unsigned choose_thread(fiber *const *candidates, unsigned ready, unsigned count, bool first_goes_on) noexcept;
void note_yield(fiber &who) noexcept;

// --- the trace (trace.cpp) ---
struct trace_line {
  int thread;
  place where;
  const char *what;
  int atomic; // its number, or -1
  long long value, second;
  int order;
};
void trace(const char *what, place where, int atomic = -1, long long value = 0, long long second = 0,
           int order = -1) noexcept;
void reset_trace() noexcept;
void print_trace() noexcept;
extern bool trace_is_shown; // shown during the run
const char *current_run_name() noexcept;

} // namespace weft::model
