// Weak memory: what a load may read, and what a thread knows after it.
//
// Each atomic has the history of its stores, in its modification order, which is the order of the steps. A thread has a
// view: for each atomic, the oldest entry that it may still read. Reads and writes move that forward. A release stores
// the thread's view with the value, and an acquire takes it over. A sequentially consistent fence exchanges views with
// one that all threads share. Sequentially consistent loads and stores use the shared view for their own atomic only,
// as in C++20. README.md says what this leaves out.
#include <cstring>
#include <memory>

#include "engine/state.hpp"

namespace weft::model {

void join(view &into, const view &other) noexcept {
  if (into.size() < other.size()) into.resize(other.size());
  for (std::size_t i = 0; i < other.size(); ++i)
    if (into[i] < other[i]) into[i] = other[i];
}

namespace {

struct entry {
  word value = 0;
  int thread = 0;
  std::uint32_t clock = 0;
  bool has_message = false;
  knowledge message; // what a thread learns that acquires this entry
};

struct history {
  const void *at = nullptr;
  std::vector<entry> entries; // at least `count` of them
  std::size_t count = 0;
  std::uint32_t last_use[most_threads + 1] = {};
  int failures = 0; // compare-and-swaps that failed spuriously

  entry &add() {
    if (count == entries.size()) entries.emplace_back();
    entry &made = entries[count++];
    made.has_message = false;
    return made;
  }
  entry &newest() { return entries[count - 1]; }
};

std::vector<std::unique_ptr<history>> histories; // may have more than `used` entries, to reuse their memory
std::size_t used = 0;
view common; // shared by sequentially consistent operations

// A map from addresses to numbers, with open addressing. A new age empties it.
struct slot {
  const void *at;
  std::uint32_t number;
  std::uint32_t age;
};
constexpr std::size_t slots = 1 << 15;
std::vector<slot> table(slots);
std::uint32_t age = 0;

slot &slot_of(const void *at) noexcept {
  std::size_t i = (reinterpret_cast<std::uintptr_t>(at) * 0x9e3779b97f4a7c15u) >> 49;
  while (table[i].age == age && table[i].at != at) i = (i + 1) % slots;
  return table[i];
}

void put(void *at, unsigned size, word value) noexcept {
  std::memcpy(at, &value, size);
}
word get(const void *at, unsigned size) noexcept {
  word value = 0;
  std::memcpy(&value, at, size);
  return value;
}

history &begin(slot &where, const void *at, word value) {
  if (used == slots / 2) fail("more than %zu atomics", slots / 2);
  if (used == histories.size()) histories.push_back(std::make_unique<history>());
  history &made = *histories[used];
  where = {at, static_cast<std::uint32_t>(used++), age};
  made.at = at;
  made.count = 0;
  made.failures = 0;
  std::memset(made.last_use, 0, sizeof made.last_use);
  entry &first = made.add();
  first.value = value;
  first.thread = 0;
  first.clock = 0;
  note_atomic_in_block(at, where.number);
  return made;
}

history &history_of(const void *at, unsigned size, std::uint32_t &number) {
  slot &where = slot_of(at);
  if (where.age != age) {
    check_plain_read(at, size); // its construction was an ordinary write
    begin(where, at, get(at, size));
  }
  number = where.number;
  return *histories[number];
}

bool acquires(std::memory_order order) noexcept {
  return order != std::memory_order_relaxed && order != std::memory_order_release;
}
bool releases(std::memory_order order) noexcept {
  return order == std::memory_order_release || order == std::memory_order_acq_rel || order == std::memory_order_seq_cst;
}

std::uint32_t &at(view &of, std::uint32_t number) {
  if (of.size() <= number) of.resize(number + 1);
  return of[number];
}
std::uint32_t at(const view &of, std::uint32_t number, int) noexcept {
  return number < of.size() ? of[number] : 0;
}

void learn(fiber &who, const entry &from, std::memory_order order) {
  if (!from.has_message) return;
  if (acquires(order))
    who.has.join(from.message);
  else
    who.read.join(from.message);
}

// Sets what is stored with a new entry. `before`: the entry whose release sequence a read-modify-write continues.
void add_message(fiber &who, entry &made, std::memory_order order, const entry *before) {
  made.message.clear();
  made.has_message = false;
  if (releases(order)) {
    made.message = who.has;
    made.has_message = true;
  } else if (!who.released.seen.empty() || who.released.before.at[who.number] != 0) {
    made.message = who.released;
    made.has_message = true;
  }
  if (before != nullptr && before->has_message) {
    made.message.join(before->message);
    made.has_message = true;
  }
}

// Chooses the entry that a load reads. `not_this`, if given: a value that it must not have (a failing
// compare-and-swap).
std::size_t choose_entry(history &of, std::uint32_t oldest, const word *not_this) {
  constexpr std::size_t most_old = 6;
  std::size_t open[most_old + 1];
  unsigned count = 0;
  for (std::size_t i = of.count; i-- > oldest && count <= most_old;)
    if (not_this == nullptr || of.entries[i].value != *not_this || i + 1 == of.count) open[count++] = i;
  return open[count > 1 ? choose_among(count, choice_of::value, false) : 0];
}

void before_load(fiber &me) {
  if (me.heavy_is_due && !me.stores_unordered) {
    me.heavy_is_due = false;
    join(me.has.seen, me.heavy);
  }
}

history &begin_operation(const void *where, unsigned size, place from, std::uint32_t &number) {
  check_alive(where, size, "an atomic");
  step(from);
  check_alive(where, size, "an atomic");
  fiber &me = *run.current;
  history &of = history_of(where, size, number);
  of.last_use[me.number] = now_of(me);
  return of;
}

void full_fence_of(fiber &who) {
  join(who.has.seen, common);
  common = who.has.seen;
}

} // namespace

void reset_memory() noexcept {
  ++age;
  used = 0;
  common.clear();
}

void begin_thread_memory(fiber &child, const fiber *parent) noexcept {
  child.has.clear();
  child.released.clear();
  child.read.clear();
  child.heavy.clear();
  child.heavy_is_due = child.stores_unordered = false;
  if (parent != nullptr) child.has = parent->has;
  if (child.has.before.at[child.number] < run.clock_base) child.has.before.at[child.number] = run.clock_base;
  ++child.has.before.at[child.number];
}

void order_compiler(fiber &who) noexcept {
  who.stores_unordered = false;
  if (!who.heavy_is_due) return;
  who.heavy_is_due = false;
  join(who.has.seen, who.heavy);
}

void note_yield(fiber &who) noexcept {
  for (std::uint32_t i = 0; i < used; ++i) at(who.has.seen, i) = static_cast<std::uint32_t>(histories[i]->count - 1);
}

void end_atomics(const std::vector<std::uint32_t> &numbers) noexcept {
  const fiber &me = *run.current;
  for (const std::uint32_t number : numbers) {
    const history &of = *histories[number];
    for (int i = 0; i < run.started; ++i)
      if (of.last_use[i] > me.has.before.at[i])
        fail("thread %d frees the block of atomic %u, which thread %d may still use: nothing makes sure that its last "
             "use came before",
             me.number, number, i);
  }
}

// Most atomics are made and never used, such as those of a deque. So an atomic gets its history with its first use,
// unless another one was at this address.
void begin_atomic(const void *where, unsigned size, place /*from*/) noexcept {
  if (!is_running()) return;
  const in_engine here;
  slot &known = slot_of(where);
  if (known.age != age) return;
  const fiber &me = *run.current;
  history &made = begin(known, where, get(where, size));
  made.last_use[me.number] = now_of(me);
}

word load_atomic(const void *where, unsigned size, std::memory_order order, place from) noexcept {
  if (!is_running()) return get(where, size);
  const in_engine here;
  std::uint32_t number;
  history &of = begin_operation(where, size, from, number);
  fiber &me = *run.current;
  before_load(me);
  std::uint32_t oldest = at(me.has.seen, number, 0);
  if (order == std::memory_order_seq_cst) oldest = std::max(oldest, at(common, number, 0));
  const std::size_t index = choose_entry(of, oldest, nullptr);
  const entry &read = of.entries[index];
  at(me.has.seen, number) = static_cast<std::uint32_t>(index);
  learn(me, read, order);
  if (order == std::memory_order_seq_cst) {
    std::uint32_t &last = at(common, number);
    last = std::max(last, static_cast<std::uint32_t>(index));
  }
  trace(index + 1 == of.count ? "loads" : "loads an old value", from, static_cast<int>(number),
        static_cast<long long>(read.value), 0, static_cast<int>(order));
  return read.value;
}

void store_atomic(void *where, unsigned size, word value, std::memory_order order, place from) noexcept {
  if (!is_running()) return put(where, size, value);
  const in_engine here;
  std::uint32_t number;
  history &of = begin_operation(where, size, from, number);
  fiber &me = *run.current;
  entry &made = of.add();
  made.value = value;
  made.thread = me.number;
  made.clock = now_of(me);
  at(me.has.seen, number) = static_cast<std::uint32_t>(of.count - 1);
  add_message(me, made, order, nullptr);
  if (order == std::memory_order_seq_cst) at(common, number) = static_cast<std::uint32_t>(of.count - 1);
  me.stores_unordered = true;
  put(where, size, value);
  ++me.has.before.at[me.number]; // this store does not release what comes later
  trace("stores", from, static_cast<int>(number), static_cast<long long>(value), 0, static_cast<int>(order));
}

namespace {

// Stores `value` as a read-modify-write of the newest entry.
void replace(fiber &me, history &of, std::uint32_t number, void *where, unsigned size, word value,
             std::memory_order order) {
  learn(me, of.newest(), order);
  entry &made = of.add();
  const entry &before = of.entries[of.count - 2];
  made.value = value;
  made.thread = me.number;
  made.clock = now_of(me);
  at(me.has.seen, number) = static_cast<std::uint32_t>(of.count - 1);
  add_message(me, made, order, &before);
  if (order == std::memory_order_seq_cst) {
    at(common, number) = static_cast<std::uint32_t>(of.count - 1);
  }
  me.stores_unordered = true;
  put(where, size, value);
  ++me.has.before.at[me.number];
}

} // namespace

word change_atomic(void *where, unsigned size, change how, word operand, std::memory_order order, place from) noexcept {
  const auto changed = [&](word old) noexcept {
    switch (how) {
    case change::add:
      old += operand;
      break;
    case change::subtract:
      old -= operand;
      break;
    case change::set_bits:
      old |= operand;
      break;
    case change::keep_bits:
      old &= operand;
      break;
    case change::flip_bits:
      old ^= operand;
      break;
    default:
      old = operand;
    }
    return size == 8 ? old : old & ((word{1} << (8 * size)) - 1);
  };
  if (!is_running()) {
    const word old = get(where, size);
    put(where, size, changed(old));
    return old;
  }
  const in_engine here;
  std::uint32_t number;
  history &of = begin_operation(where, size, from, number);
  fiber &me = *run.current;
  const word old = of.newest().value;
  replace(me, of, number, where, size, changed(old), order);
  static constexpr const char *names[] = {"exchanges", "adds", "subtracts", "sets bits", "keeps bits", "flips bits"};
  trace(names[static_cast<int>(how)], from, static_cast<int>(number), static_cast<long long>(old),
        static_cast<long long>(changed(old)), static_cast<int>(order));
  return old;
}

bool compare_atomic(void *where, unsigned size, word &expected, word desired, bool weak, std::memory_order success,
                    std::memory_order failure, place from) noexcept {
  if (!is_running()) {
    const word old = get(where, size);
    const bool same = old == expected;
    if (same)
      put(where, size, desired);
    else
      expected = old;
    return same;
  }
  const in_engine here;
  std::uint32_t number;
  history &of = begin_operation(where, size, from, number);
  fiber &me = *run.current;
  before_load(me);
  std::uint32_t oldest = at(me.has.seen, number, 0);
  if (failure == std::memory_order_seq_cst) oldest = std::max(oldest, at(common, number, 0));
  const word wanted = expected;
  const std::size_t index = choose_entry(of, oldest, &wanted);
  const bool newest = index + 1 == of.count;
  if (newest && of.newest().value == wanted) {
    constexpr int most_failures = 2;
    if (!weak || of.failures >= most_failures || choose_among(2, choice_of::failure, false) == 0) {
      replace(me, of, number, where, size, desired, success);
      trace("compares and swaps", from, static_cast<int>(number), static_cast<long long>(wanted),
            static_cast<long long>(desired), static_cast<int>(success));
      return true;
    }
    ++of.failures;
  }
  const entry &read = of.entries[index];
  at(me.has.seen, number) = static_cast<std::uint32_t>(index);
  learn(me, read, failure);
  if (failure == std::memory_order_seq_cst) {
    std::uint32_t &last = at(common, number);
    last = std::max(last, static_cast<std::uint32_t>(index));
  }
  expected = read.value;
  trace("compares in vain", from, static_cast<int>(number), static_cast<long long>(wanted),
        static_cast<long long>(read.value), static_cast<int>(failure));
  return false;
}

// --- fences ---

void fence(std::memory_order order, place from) noexcept {
  if (!is_running()) return;
  const in_engine here;
  step(from);
  fiber &me = *run.current;
  order_compiler(me);
  if (acquires(order)) {
    me.has.join(me.read);
    me.read.clear();
  }
  if (order == std::memory_order_seq_cst) full_fence_of(me);
  if (releases(order)) me.released = me.has;
  ++me.has.before.at[me.number];
  trace("passes a fence", from, -1, 0, 0, static_cast<int>(order));
}

void compiler_fence(place from) noexcept {
  if (!is_running()) return;
  const in_engine here;
  (void)from;
  order_compiler(*run.current);
}

void fence_in_all_threads(place from) noexcept {
  if (!is_running()) return;
  const in_engine here;
  step(from);
  fiber &me = *run.current;
  order_compiler(me);
  full_fence_of(me);
  for (int i = 0; i < run.started; ++i) join(common, run.fibers[static_cast<std::size_t>(i)].has.seen);
  for (int i = 0; i < run.started; ++i) {
    fiber &each = run.fibers[static_cast<std::size_t>(i)];
    if (each.now == phase::ended) continue;
    // All threads see what this one has written. But the compiler may have moved its next loads before the fence,
    // unless it was kept from that: see order_compiler().
    each.heavy = common;
    each.heavy_is_due = true;
  }
  order_compiler(me);
  trace("makes all threads pass a fence", from);
}

// --- sleeping on an atomic ---

void wait_on_atomic(const void *where, unsigned size, word expected, place from, std::int64_t until) noexcept {
  if (!is_running()) return;
  {
    const in_engine here;
    std::uint32_t number;
    history &of = begin_operation(where, size, from, number);
    order_compiler(*run.current);
    if (of.newest().value != expected) return;
    if (choose_among(2, choice_of::failure, false) == 1) return; // a spurious return
  }
  sleep_on(where, until, "sleeps on an atomic", from);
}

void wake_on_atomic(const void *where, unsigned most, place from) noexcept {
  if (!is_running()) return;
  {
    const in_engine here;
    step(from);
  }
  wake_on(where, most, from);
}

} // namespace weft::model
