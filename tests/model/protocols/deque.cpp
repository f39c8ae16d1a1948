// sched/spawn_deque.hpp and sched/ring.hpp: each entry is taken once, by any thread. README.md of lib/sched, "Taking
// and stealing spawned tasks".
#include "sched/ring.hpp"
#include "sched/spawn_deque.hpp"

#include "base/system.hpp"

using namespace weft;
using core::atomic;

namespace {

// A task is a pointer to a word, which only the taker writes. So a double take is a data race, and so is a take that
// does not see what was written before the push.
struct load {
  int taken = 0;
  core::task *as_task() noexcept { return reinterpret_cast<core::task *>(this); }
  static void take(core::task *which) noexcept {
    if (which == nullptr) return;
    auto *const it = reinterpret_cast<load *>(which);
    model::check(++it->taken == 1, "an entry is taken once");
  }
};

using small_deque = core::basic_spawn_deque<4>;

template <std::size_t Count> void all_taken(const load (&entries)[Count]) {
  for (const load &each : entries) model::check(each.taken == 1, "each entry is taken");
}

void pop_all(small_deque &deque) {
  while (core::task *const got = deque.pop()) load::take(got);
}

MODEL("deque: the last entry, owner against thief") {
  core::prepare_light_barriers();
  load entries[1];
  small_deque deque;
  model::check(deque.push({entries[0].as_task()}), "there is room");
  model::thread thief([&] { load::take(deque.steal()); });
  pop_all(deque);
  thief.join();
  all_taken(entries);
}

MODEL("deque: two entries, owner against two thieves") {
  core::prepare_light_barriers();
  load entries[2];
  small_deque deque;
  model::thread first([&] { load::take(deque.steal()); }), second([&] { load::take(deque.steal()); });
  for (load &each : entries) model::check(deque.push({each.as_task()}), "there is room");
  pop_all(deque);
  first.join();
  second.join();
  pop_all(deque);
  all_taken(entries);
}

// A thief that reads the position stored by a pop sees the entries that were pushed before.
MODEL("deque: what a pop leaves behind", 40) {
  core::prepare_light_barriers();
  load entries[4];
  small_deque deque;
  for (int i = 0; i < 2; ++i) model::check(deque.push({entries[i].as_task()}), "there is room");
  load::take(deque.steal());
  model::thread thief([&] { load::take(deque.steal()); });
  load::take(deque.pop());
  for (int i = 2; i < 4; ++i) model::check(deque.push({entries[i].as_task()}), "there is room");
  load::take(deque.pop());
  thief.join();
  pop_all(deque);
  all_taken(entries);
}

// More entries than the deque holds: the ring wraps, and taken entries are overwritten.
MODEL("deque: around the ring, owner against thief") {
  core::prepare_light_barriers();
  load entries[6];
  small_deque deque;
  model::thread thief([&] {
    for (int i = 0; i < 3; ++i) load::take(deque.steal());
  });
  for (load &each : entries)
    while (!deque.push({each.as_task()})) load::take(deque.pop());
  load::take(deque.pop());
  thief.join();
  pop_all(deque);
  all_taken(entries);
}

MODEL("deque: it holds as many as it says") {
  core::prepare_light_barriers();
  load entries[5];
  small_deque deque;
  for (int i = 0; i < 4; ++i) model::check(deque.push({entries[i].as_task()}), "there is room for four");
  model::check(!deque.push({entries[4].as_task()}), "and not for five");
  for (int i = 3; i >= 0; --i) model::check(deque.pop() == entries[i].as_task(), "the newest comes first");
  model::check(deque.pop() == nullptr && deque.steal() == nullptr, "and then none");
  for (int i = 0; i < 2; ++i) model::check(deque.push({entries[i].as_task()}), "there is room again");
  model::check(deque.steal() == entries[0].as_task(), "a thief gets the oldest");
}

// A thread that takes by group takes only tasks of that group.
MODEL("deque: thieves of two groups") {
  core::prepare_light_barriers();
  load entries[3];
  small_deque deque;
  const auto *const one = reinterpret_cast<const core::awaited *>(&entries[0]);
  const auto *const other = reinterpret_cast<const core::awaited *>(&entries[1]);
  const auto steal_of = [&](const core::awaited *group, bool (*fits)(const load *, const load *)) {
    for (int i = 0; i < 2; ++i)
      if (core::task *const got = deque.steal(group)) {
        model::check(fits(reinterpret_cast<load *>(got), entries), "it is of the group");
        load::take(got);
      }
  };
  model::thread first(
      [&] { steal_of(one, [](const load *got, const load *all) { return got == all || got == all + 2; }); });
  model::thread second([&] { steal_of(other, [](const load *got, const load *all) { return got != all; }); });
  model::check(deque.push({entries[0].as_task(), one, nullptr}), "there is room");
  model::check(deque.push({entries[1].as_task(), other, nullptr}), "there is room");
  load::take(deque.pop(one)); // null: the newest is not of that group
  model::check(deque.push({entries[2].as_task(), other, one}), "there is room");
  first.join();
  second.join();
  pop_all(deque);
  all_taken(entries);
}

// The owner: store to tail, light barrier, look at a flag. The other thread: store to the flag, heavy barrier, look at
// the deque. At least one sees the other's store, even if the push comes after a pop.
MODEL("deque: a push against a look after a heavy barrier") {
  core::prepare_light_barriers();
  load entries[2];
  small_deque deque;
  atomic<bool> rests{false};
  bool seen_by_other = false;
  model::check(deque.push({entries[0].as_task()}), "there is room");
  model::thread other([&] {
    rests.store(true, std::memory_order_relaxed);
    core::heavy_barrier();
    seen_by_other = !deque.empty();
  });
  load::take(deque.pop());
  model::check(deque.push({entries[1].as_task()}), "there is room");
  core::light_barrier();
  const bool seen_here = rests.load(std::memory_order_relaxed);
  other.join();
  model::check(seen_here || seen_by_other, "one of the two sees the other");
  load::take(deque.pop());
  all_taken(entries);
}

// --- the ring ---

using small_ring = core::basic_ring<2>;

MODEL("ring: owner against two thieves") {
  load entries[4];
  small_ring ring;
  const auto steal = [&] {
    core::task *got[2];
    for (int i = 0; i < 2; ++i)
      for (std::size_t count = ring.take(got, 2); count != 0;) load::take(got[--count]);
  };
  model::thread first(steal), second(steal);
  core::task *pair[2];
  for (int i = 0; i < 4; i += 2) {
    pair[0] = entries[i].as_task();
    pair[1] = entries[i + 1].as_task();
    ring.fill(pair, 2);
    while (!ring.empty())
      if (ring.take(pair, 1) == 1) load::take(pair[0]);
  }
  first.join();
  second.join();
  all_taken(entries);
}

MODEL("ring: oldest first, as many as asked for") {
  load entries[4];
  core::basic_ring<4> ring;
  core::task *in[4], *out[4];
  for (int i = 0; i < 4; ++i) in[i] = entries[i].as_task();
  for (int round = 0; round < 2; ++round) {
    ring.fill(in, 4);
    model::check(ring.size() == 4, "all are there");
    model::check(ring.take(out, 3) == 3 && out[0] == in[0] && out[1] == in[1] && out[2] == in[2], "the oldest first");
    model::check(ring.take(out, 3) == 1 && out[0] == in[3], "then the rest");
    model::check(ring.empty() && ring.take(out, 1) == 0, "then none");
    ring.fill(in, 1); // so that the next round begins elsewhere in the ring
    model::check(ring.take(out, 1) == 1, "one");
  }
}

// W2 of README.md of lib/sched, "Lost wake-up". A worker changes the census and looks at the batch of another worker.
// That one has filled the batch and passed a fence, and looks at the census.
MODEL("ring: the look after a change of the census") {
  load entries[1];
  small_ring ring;
  atomic<std::uint64_t> census{1};
  bool seen_by_searcher = false;
  model::thread searcher([&] {
    census.fetch_sub(1, std::memory_order_seq_cst);
    seen_by_searcher = !ring.empty();
  });
  core::task *one = entries[0].as_task();
  ring.fill(&one, 1);
  core::full_fence();
  const bool sees_searcher = census.load(std::memory_order_seq_cst) != 0;
  searcher.join();
  model::check(seen_by_searcher || !sees_searcher, "the batch is seen, or its owner sees that nobody searches");
}

// The same for the deque, whose owner passes the full fence while a worker searches.
MODEL("deque: the look after a change of the census") {
  core::prepare_light_barriers();
  load entries[1];
  small_deque deque;
  atomic<std::uint64_t> census{1};
  bool seen_by_searcher = false;
  model::thread searcher([&] {
    census.fetch_sub(1, std::memory_order_seq_cst);
    seen_by_searcher = !deque.empty();
  });
  model::check(deque.push({entries[0].as_task()}), "there is room");
  core::full_fence();
  const bool sees_searcher = census.load(std::memory_order_seq_cst) != 0;
  searcher.join();
  model::check(seen_by_searcher || !sees_searcher, "it is seen, or its owner sees that nobody searches");
}

} // namespace
