// Which run comes next: first all with few deviations, then random ones.
//
// Each place where a run may go on in several ways is a choice. The first way is the usual one: the running thread goes
// on, a load reads the newest value, nothing fails spuriously. Systematic runs are all those that deviate from this at
// most 0, 1, 2 ... times, as far as the number of runs reaches. (The choice of a thread after one sleeps or ends is no
// deviation.) Random runs are of several kinds, by their seed: some change threads often, some by priorities that
// change a few times, some often read old values.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine/explore.hpp"
#include "engine/state.hpp"

namespace weft::model {
namespace {

// splitmix64
std::uint64_t random_state = 0;
std::uint64_t random_word() noexcept {
  std::uint64_t z = (random_state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}
bool one_in(unsigned n) noexcept {
  return random_word() % n == 0;
}

struct decision {
  std::uint8_t chosen, count;
  bool free;
};

bool systematic = true;
std::vector<decision> path; // the choices of this run; those at its beginning are given
std::size_t depth = 0;
unsigned bound = 0;

// How often a random run deviates.
struct {
  bool by_priority;
  unsigned change_thread; // once in this many steps
  unsigned old_value, failure, timer;
  unsigned next_priority, lowest;
  unsigned changes[4];
} style;
unsigned usual_steps = 100;

void begin_random(std::uint64_t seed) noexcept {
  random_state = seed * 0x2545f4914f6cdd1du + 1;
  static constexpr unsigned often[] = {2, 3, 5, 12}, olds[] = {2, 4, 16, 1'000'000};
  style.by_priority = one_in(2);
  style.change_thread = often[random_word() % 4];
  style.old_value = olds[random_word() % 4];
  style.failure = one_in(2) ? 8 : 64;
  style.timer = one_in(2) ? 16 : 256;
  style.next_priority = 1'000'000;
  style.lowest = 1'000;
  const auto changes = static_cast<unsigned>(random_word() % 5);
  for (unsigned i = 0; i < 4; ++i)
    style.changes[i] = i < changes ? static_cast<unsigned>(random_word() % usual_steps) : ~0u;
}

unsigned decide(unsigned count, bool free) noexcept {
  if (count > 200) count = 200;
  if (depth == path.size()) path.push_back({0, static_cast<std::uint8_t>(count), free});
  decision &here = path[depth++];
  if (here.count != count) fail("the protocol is not the same twice: it must not depend on addresses or time");
  return here.chosen;
}

// Moves to the next path within the bound. False: there is none.
bool advance() noexcept {
  path.resize(depth);
  const auto costs = [](const decision &each) noexcept { return !each.free && each.chosen != 0 ? 1u : 0u; };
  unsigned deviations = 0;
  for (const decision &each : path) deviations += costs(each);
  while (!path.empty()) {
    decision &last = path.back();
    deviations -= costs(last);
    if (last.chosen + 1 < last.count && (last.free || deviations < bound)) {
      ++last.chosen;
      return true;
    }
    path.pop_back();
  }
  return false;
}

fiber &highest(fiber *const *candidates, unsigned count, unsigned &index) noexcept {
  index = 0;
  for (unsigned i = 0; i < count; ++i) {
    // A new thread gets a random place among the existing ones.
    if (candidates[i]->priority == 0)
      candidates[i]->priority = style.lowest + 1 + static_cast<unsigned>(random_word() % style.next_priority);
    if (candidates[i]->priority > candidates[index]->priority) index = i;
  }
  return *candidates[index];
}

char name[64];

} // namespace

const char *current_run_name() noexcept {
  return name;
}

unsigned choose_among(unsigned count, choice_of what, bool free) noexcept {
  if (count < 2) return 0;
  if (systematic) return decide(count, free);
  switch (what) {
  case choice_of::value:
    return one_in(style.old_value) ? 1 + static_cast<unsigned>(random_word() % (count - 1)) : 0;
  case choice_of::failure:
    return one_in(style.failure) ? 1 : 0;
  default:
    return static_cast<unsigned>(random_word() % count);
  }
}

unsigned choose(unsigned count) noexcept {
  const in_engine here;
  return choose_among(count, choice_of::other, true);
}

// The first `ready` candidates can go on. The others, up to `count`, sleep with a limit that is not over yet.
unsigned choose_thread(fiber *const *candidates, unsigned ready, unsigned count, bool first_goes_on) noexcept {
  if (systematic) {
    // If a limit is over early, that is a deviation in any case.
    if (first_goes_on) return decide(count, false);
    // After a thread that yields comes the next in turn. Else two threads that wait for a third might go on for ever.
    const unsigned chosen = ready > 1 ? decide(ready, !run.current->yields) : 0;
    if (chosen != 0 || count == ready) return chosen;
    const unsigned early = decide(count - ready + 1, false);
    return early == 0 ? 0 : ready + early - 1;
  }
  if (count > ready && one_in(style.timer)) return ready + static_cast<unsigned>(random_word() % (count - ready));
  if (!style.by_priority) {
    if (first_goes_on && !one_in(style.change_thread)) return 0;
    return static_cast<unsigned>(random_word() % ready);
  }
  unsigned index = 0;
  fiber &first = highest(candidates, ready, index);
  for (unsigned &change : style.changes)
    if (run.steps >= change) {
      change = ~0u;
      first.priority = style.lowest--;
      highest(candidates, ready, index);
    }
  if (run.current->yields && run.current->priority > style.lowest) run.current->priority = style.lowest--;
  return index;
}

// --- the runs of one protocol ---

tally explore(const protocol &which, std::uint64_t schedules, std::uint64_t first_seed) {
  tally done;
  reserve_region();
  systematic = true;
  bound = 0;
  path.clear();
  std::uint64_t all_steps = 0;
  const auto one = [&] {
    depth = 0;
    run_once(which.body);
    all_steps += run.steps;
    ++done.runs;
    done.longest = std::max(done.longest, run.steps);
  };
  // Half of them are systematic, as long as there is a new run.
  bool complete = false;
  while (done.runs < schedules / 2) {
    std::snprintf(name, sizeof name, "s%llu", static_cast<unsigned long long>(done.runs));
    one();
    if (advance()) continue;
    ++bound;
    path.clear();
    if (bound > 12) {
      complete = true;
      break;
    }
  }
  done.bound = bound;
  done.complete = complete;
  systematic = false;
  usual_steps = static_cast<unsigned>(all_steps / std::max<std::uint64_t>(done.runs, 1)) + 1;
  for (std::uint64_t i = 0; done.runs < schedules; ++i) {
    std::snprintf(name, sizeof name, "r%llu.%u", static_cast<unsigned long long>(first_seed + i), usual_steps);
    begin_random(first_seed + i);
    one();
  }
  done.steps = all_steps;
  return done;
}

void replay(const protocol &which, const char *what) {
  reserve_region();
  if (*what == 'r') {
    systematic = false;
    char *end = nullptr;
    const std::uint64_t seed = std::strtoull(what + 1, &end, 10);
    if (*end == '.') usual_steps = static_cast<unsigned>(std::strtoul(end + 1, nullptr, 10));
    std::snprintf(name, sizeof name, "%s", what);
    begin_random(seed);
    trace_is_shown = true;
    return run_once(which.body);
  }
  const std::uint64_t wanted = std::strtoull(what + 1, nullptr, 10);
  bound = 0;
  for (std::uint64_t i = 0;; ++i) {
    depth = 0;
    trace_is_shown = i == wanted;
    std::snprintf(name, sizeof name, "s%llu", static_cast<unsigned long long>(i));
    run_once(which.body);
    if (i == wanted) return;
    if (advance()) continue;
    ++bound;
    path.clear();
  }
}

} // namespace weft::model
