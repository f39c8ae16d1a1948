// Threads of a model: which one goes on, which ones sleep, and what time it is.
#include <cstring>
#include <cxxabi.h>
#include <map>
#include <utility>

#include "engine/state.hpp"

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace weft::model {

bool inside_engine = false;
state run;

namespace {

struct mutex_state {
  int owner = -1;
  knowledge given;
};
std::map<const void *, mutex_state> mutexes;

// A limit of time that is further away is not over before all threads sleep.
constexpr std::int64_t soon = 60'000'000'000;

// --- from one stack to another ---

#if defined(__x86_64__)
extern "C" void weft_model_switch(void **from, void *to);
asm(R"(
.text
.globl weft_model_switch
.type weft_model_switch, @function
weft_model_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size weft_model_switch, .-weft_model_switch
)");
void switch_stacks(void **from, void *to) noexcept {
  weft_model_switch(from, to);
}
void *prepare_stack(unsigned char *low, std::size_t size, void (*entry)()) noexcept {
  auto **top = reinterpret_cast<void **>(low + size);
  *--top = nullptr; // in the place of a return address: keeps the alignment of a called function
  *--top = reinterpret_cast<void *>(entry);
  for (int i = 0; i < 6; ++i) *--top = nullptr;
  return top;
}
void *main_stack = nullptr;
#else
ucontext_t contexts[most_threads + 2];
int next_context = 0;
void switch_stacks(void **from, void *to) noexcept {
  static ucontext_t pool[most_threads + 2];
  (void)pool;
  auto *source = static_cast<ucontext_t *>(*from);
  swapcontext(source, static_cast<ucontext_t *>(to));
}
void *prepare_stack(unsigned char *low, std::size_t size, void (*entry)()) noexcept {
  ucontext_t *made = &contexts[1 + next_context++ % (most_threads + 1)];
  getcontext(made);
  made->uc_stack.ss_sp = low;
  made->uc_stack.ss_size = size;
  made->uc_link = nullptr;
  makecontext(made, entry, 0);
  return made;
}
void *main_stack = &contexts[0];
#endif

// What the C++ runtime keeps for each thread: the exceptions in flight.
struct exception_globals {
  void *caught;
  unsigned uncaught;
};

void leave_fiber(fiber &who) noexcept {
  std::memcpy(who.exceptions, abi::__cxa_get_globals(), sizeof who.exceptions);
  locals_under_test.save(who.locals);
}
void enter_fiber(fiber &who) noexcept {
  std::memcpy(abi::__cxa_get_globals(), who.exceptions, sizeof who.exceptions);
  locals_under_test.load(who.locals);
}
static_assert(sizeof(exception_globals) <= sizeof(fiber::exceptions));

void switch_to(fiber &next) noexcept {
  fiber &last = *run.current;
  if (&next == &last) return;
  leave_fiber(last);
  run.current = &next;
  enter_fiber(next);
  switch_stacks(&last.stack_pointer, next.stack_pointer);
}

void describe_threads() noexcept {
  for (int i = 0; i < run.started; ++i) {
    const fiber &each = run.fibers[static_cast<std::size_t>(i)];
    if (each.now == phase::asleep)
      note(each.name != nullptr ? each.name : "thread", each.number), trace(each.why, each.where);
  }
}

// Switches to the next thread. The current one may be a candidate, or may be asleep or ended.
void pass_on(bool current_goes_on) noexcept {
  fiber *candidates[2 * most_threads + 2];
  unsigned ready = 0, count = 0;
  const auto add = [&](fiber &each) {
    if (each.now == phase::ready && !each.yields) candidates[ready++] = &each;
  };
  fiber &me = *run.current;
  if (current_goes_on) add(me);
  const bool first_goes_on = ready == 1;
  for (int i = 1; i <= run.started; ++i) {
    fiber &each = run.fibers[static_cast<std::size_t>((me.number + i) % run.started)];
    if (&each != &me) add(each);
  }
  count = ready;
  fiber *earliest = nullptr;
  for (int i = 0; i < run.started; ++i) {
    fiber &each = run.fibers[static_cast<std::size_t>(i)];
    if (each.now != phase::asleep || each.until == no_limit) continue;
    if (each.until - run.time < soon) candidates[count++] = &each;
    if (earliest == nullptr || each.until < earliest->until) earliest = &each;
  }
  fiber *next = nullptr;
  if (ready == 0) {
    next = earliest;       // time passes up to the next event
    if (next == nullptr) { // threads that yield look again
      for (int i = 1; i <= run.started && next == nullptr; ++i) {
        fiber &each = run.fibers[static_cast<std::size_t>((me.number + i) % run.started)];
        if (each.now == phase::ready) next = &each;
      }
      if (next != nullptr)
        for (fiber &each : run.fibers) each.yields = false;
    }
    if (next == nullptr) {
      describe_threads();
      fail("deadlock: every thread sleeps, and nothing is to come that would wake one");
    }
  } else if (count == 1) {
    next = candidates[0];
  } else {
    next = candidates[choose_thread(candidates, ready, count, first_goes_on)];
  }
  if (next->now == phase::asleep) { // its time is over
    if (run.time < next->until) run.time = next->until;
    next->now = phase::ready;
    next->sleeps_on = nullptr;
    next->timed_out = true;
    next->until = no_limit;
  }
  switch_to(*next);
}

void run_fiber() noexcept {
  fiber &me = *run.current;
  inside_engine = false;
  me.body(me.ctx);
  while (me.at_exit != nullptr) {
    void (*const last)(void *) = me.at_exit;
    me.at_exit = nullptr;
    last(me.at_exit_value);
  }
  inside_engine = true;
  trace("ends", {});
  if (me.locks != 0) fail("a thread has ended and holds %d mutexes", me.locks);
  me.now = phase::ended;
  --run.alive;
  for (fiber &each : run.fibers) {
    each.yields = false;
    if (each.now == phase::asleep && each.sleeps_on == &me) {
      each.now = phase::ready;
      each.until = no_limit;
    }
  }
  if (run.alive == 0) {
    leave_fiber(me);
    switch_stacks(&me.stack_pointer, main_stack);
  }
  pass_on(false);
}

void begin_fiber(fiber &made, void (*body)(void *), void *ctx, const char *name) noexcept {
  made.name = name;
  made.body = body;
  made.ctx = ctx;
  made.now = phase::ready;
  made.sleeps_on = nullptr;
  made.until = no_limit;
  made.timed_out = made.yields = false;
  made.locks = 0;
  made.at_exit = nullptr;
  std::memset(made.locals, 0, sizeof made.locals);
  std::memset(made.exceptions, 0, sizeof made.exceptions);
  std::size_t size = 0;
  unsigned char *const low = stack_of(made.number, size);
  made.stack_pointer = prepare_stack(low, size, &run_fiber);
  made.priority = 0;
}

} // namespace

void step(place where) noexcept {
  fiber &me = *run.current;
  me.where = where;
  if (++run.steps > most_steps) fail("no end after %u steps", run.steps);
  run.time += 10;
  me.yields = false;
  for (int i = 0; i < run.started; ++i)
    if (i != me.number) run.fibers[static_cast<std::size_t>(i)].yields = false;
  ++me.has.before.at[me.number];
  if (run.alive > 1) pass_on(true);
}

void run_once(void (*body)()) noexcept {
  const in_engine here;
  if (run.fibers.empty()) {
    run.fibers.resize(most_threads);
    for (int i = 0; i < most_threads; ++i) run.fibers[static_cast<std::size_t>(i)].number = i;
  }
  reset_heap();
  reset_memory();
  reset_trace();
  mutexes.clear();
  run.started = run.alive = 0;
  run.time = 1'000'000'000;
  run.steps = 0;
  run.running = true;
  fiber &first = run.fibers[0];
  run.started = run.alive = 1;
  begin_fiber(
      first,
      [](void *what) {
        reinterpret_cast<void (*)()>(what)();
        {
          const in_engine over;
          if (run.alive > 1) fail("the protocol is over, and %d threads are not", run.alive - 1);
        }
        locals_under_test.tidy_up();
      },
      reinterpret_cast<void *>(body), "the protocol");
  begin_thread_memory(first, nullptr);
  fiber outside;
  leave_fiber(outside);
  run.current = &first;
  enter_fiber(first);
  switch_stacks(&main_stack, first.stack_pointer);
  enter_fiber(outside);
  run.running = false;
  look_for_leaks();
}

// --- threads ---

int start_thread(void (*body)(void *), void *ctx, const char *name) noexcept {
  const in_engine here;
  if (run.started == most_threads) fail("more than %d threads", most_threads);
  fiber &made = run.fibers[static_cast<std::size_t>(run.started)];
  trace("starts thread", {}, -1, made.number);
  begin_fiber(made, body, ctx, name);
  begin_thread_memory(made, run.current);
  ++run.started;
  ++run.alive;
  ++run.current->has.before.at[run.current->number];
  step({});
  return made.number;
}

void join_thread(int number) noexcept {
  const in_engine here;
  fiber &me = *run.current, &other = run.fibers[static_cast<std::size_t>(number)];
  step({});
  while (other.now != phase::ended) {
    me.now = phase::asleep;
    me.sleeps_on = &other;
    me.why = "sleeps: joins a thread";
    pass_on(false);
  }
  me.has.join(other.has);
  order_compiler(me);
  trace("has joined thread", {}, -1, number);
}

bool thread_has_ended(int number) noexcept {
  const in_engine here;
  step({});
  const fiber &other = run.fibers[static_cast<std::size_t>(number)];
  if (other.now != phase::ended) return false;
  run.current->has.join(other.has);
  return true;
}

int this_thread_number() noexcept {
  return run.running ? run.current->number : 0;
}

void at_thread_exit(void (*what)(void *), void *value) noexcept {
  run.current->at_exit = value != nullptr ? what : nullptr;
  run.current->at_exit_value = value;
}

bool is_running() noexcept {
  return run.running && !inside_engine;
}

int locks_held() noexcept {
  return run.current->locks;
}

// --- sleeping ---

bool sleep_on(const void *key, std::int64_t until, const char *why, place from) noexcept {
  const in_engine here;
  fiber &me = *run.current;
  me.where = from;
  order_compiler(me);
  trace(why, from, -1, until == no_limit ? -1 : until);
  me.now = phase::asleep;
  me.sleeps_on = key;
  me.why = why;
  me.until = until;
  me.timed_out = false;
  pass_on(false);
  trace(me.timed_out ? "its time is over" : "is awake", from);
  return !std::exchange(me.timed_out, false);
}

void wake_on(const void *key, unsigned most, place from) noexcept {
  const in_engine here;
  while (most-- != 0) {
    fiber *asleep[most_threads];
    unsigned count = 0;
    for (int i = 0; i < run.started; ++i)
      if (fiber &each = run.fibers[static_cast<std::size_t>(i)]; each.now == phase::asleep && each.sleeps_on == key)
        asleep[count++] = &each;
    if (count == 0) return;
    fiber &woken = *asleep[count == 1 || most >= count ? 0 : choose_among(count, choice_of::other, true)];
    trace("wakes thread", from, -1, woken.number);
    woken.now = phase::ready;
    woken.sleeps_on = nullptr;
    woken.until = no_limit;
  }
}

std::int64_t virtual_time() noexcept {
  if (!run.running) return 1;
  const in_engine here;
  run.time += 10;
  return run.time;
}

void yield(place from) noexcept {
  if (!is_running()) return;
  const in_engine here;
  fiber &me = *run.current;
  step(from);
  trace("yields", from);
  me.yields = true;
  note_yield(me);
  order_compiler(me);
  pass_on(true);
}

void sleep_until_time(std::int64_t moment, place from) noexcept {
  static const char nothing = 0;
  if (!is_running()) return;
  sleep_on(&nothing, moment, "sleeps for a time", from);
}

// --- mutexes ---

void lock_mutex(void *which, place from) noexcept {
  if (!is_running()) return;
  const in_engine here;
  check_alive(which, 4, "a mutex");
  step(from);
  fiber &me = *run.current;
  mutex_state &now = mutexes[which];
  if (now.owner == me.number) fail("a thread locks a mutex that it holds");
  while (now.owner >= 0) {
    me.now = phase::asleep;
    me.sleeps_on = which;
    me.why = "sleeps: waits for a mutex";
    me.until = no_limit;
    pass_on(false);
  }
  check_alive(which, 4, "a mutex");
  now.owner = me.number;
  ++me.locks;
  me.has.join(now.given);
  order_compiler(me);
  trace("locks", from, -1, static_cast<long long>(reinterpret_cast<std::uintptr_t>(which)));
}

bool try_lock_mutex(void *which, place from) noexcept {
  if (!is_running()) return true;
  const in_engine here;
  check_alive(which, 4, "a mutex");
  step(from);
  fiber &me = *run.current;
  mutex_state &now = mutexes[which];
  if (now.owner >= 0) return false;
  now.owner = me.number;
  ++me.locks;
  me.has.join(now.given);
  order_compiler(me);
  return true;
}

void unlock_mutex(void *which, place from) noexcept {
  if (!is_running()) return;
  const in_engine here;
  check_alive(which, 4, "a mutex");
  fiber &me = *run.current;
  order_compiler(me);
  mutex_state &now = mutexes[which];
  if (now.owner != me.number) fail("a thread gives back a mutex that it does not hold");
  now.given = me.has;
  now.owner = -1;
  --me.locks;
  ++me.has.before.at[me.number];
  trace("unlocks", from, -1, static_cast<long long>(reinterpret_cast<std::uintptr_t>(which)));
  for (int i = 0; i < run.started; ++i)
    if (fiber &each = run.fibers[static_cast<std::size_t>(i)]; each.now == phase::asleep && each.sleeps_on == which)
      each.now = phase::ready; // the waiting threads try again, in any order
}

} // namespace weft::model
