// W12: how long something that is ready waits to start while the workers are busy with something else.
//
// A load keeps all workers busy with tasks of one length. Meanwhile probes of several kinds are sent, one of each kind
// at a time. The longest delay of each kind is a figure. A probe that has not started at the end counts with the time
// that it has waited so far.
//
// A load has at most twice as many tasks as there are workers, so a queue that is first in, first out starts a probe
// after two lengths of a task. Tasks with a length sleep, so that the choices of the pool are measured, and not those
// of the system.
//
// On a busy machine sleepers wake late, and so do the tasks of the load. Two figures separate that from what the pool
// decides. "_machine" is by how much the thread that sends the probes overslept, at worst. "_counted" is the worst
// delay without clocks: how many tasks of the load ended while the probe waited, divided by the number of workers,
// times their length.
//
// The load comes from outside at first. Probes are sent when it goes on by itself.
//
// A peer for this file: P(workers), post(f) for a small f, from outside and from inside a task. If it has them:
// post_high(f) and post_low(f); P::strand(pool) with post(f); spawn(f), which puts a task where fork-join puts it;
// post_after(ns, f); post_batch(f, count). What the peer does not have is left out.
#ifndef WEFT_BENCH_WORKLOADS_FAIRNESS_HPP
#define WEFT_BENCH_WORKLOADS_FAIRNESS_HPP

#include "frame/program.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace bench {

inline constexpr auto nothing = [] {};
template <class P>
concept has_priorities = requires(P &p) {
  p.post_high(nothing), p.post_low(nothing);
};
template <class P>
concept has_strands = requires {
  typename P::strand;
};
template <class P>
concept has_spawn = requires(P &p) {
  p.spawn(nothing);
};
template <class P>
concept has_timers = requires(P &p) {
  p.post_after(std::int64_t{}, nothing);
};
template <class P>
concept has_batches = requires(P &p) {
  p.post_batch(nothing, std::size_t{});
};

/// One kind of probe. The prober sends it again after it has arrived.
class probe {
public:
  bool is_under_way() const { return under_way_.load(std::memory_order_acquire); }
  /// `ended`: how many tasks of the load have ended so far.
  explicit probe(const std::atomic<std::uint64_t> &ended) : ended_(ended) {}
  /// Called before the probe is sent. It waits from `due` on.
  void begin(std::int64_t due) {
    note();
    due_ = due;
    before_ = ended_.load(std::memory_order_relaxed);
    under_way_.store(true, std::memory_order_release);
  }
  /// Called by the probe, on a worker.
  void arrive() {
    took_ = now() - due_;
    passed_ = ended_.load(std::memory_order_relaxed) - before_;
    under_way_.store(false, std::memory_order_release); // pairs with is_under_way()
  }
  /// A probe that is still under way has waited until now.
  double worst_in_ms() {
    if (is_under_way()) return static_cast<double>(std::max(worst_, now() - due_)) * 1e-6;
    note();
    return static_cast<double>(worst_) * 1e-6;
  }
  /// How many tasks of the load ended while it waited, at worst. Call it after worst_in_ms().
  std::uint64_t most_passed() const {
    return std::max(most_passed_, is_under_way() ? ended_.load(std::memory_order_relaxed) - before_ : 0);
  }

private:
  void note() {
    worst_ = std::max(worst_, took_);
    most_passed_ = std::max(most_passed_, passed_);
  }

  const std::atomic<std::uint64_t> &ended_;
  std::atomic<bool> under_way_ = false;
  // under_way_ publishes all of these.
  std::int64_t due_ = 0, took_ = 0, worst_ = 0;
  std::uint64_t before_ = 0, passed_ = 0, most_passed_ = 0;
};

/// What keeps the workers busy.
template <class P> class load {
public:
  load(const measurement &m, P &pool, std::int64_t length) : m_(m), pool_(pool), length_(length) {}

  /// A chain of tasks: each submits the next one by `next`.
  struct chain {
    load *of;
    void (*next)(chain *);
    void *on; // the strand, if there is one
    void step() {
      of->body();
      if (of->stopped_.load(std::memory_order_relaxed))
        of->pending_.fetch_sub(1, std::memory_order_release);
      else
        next(this);
    }
    P &pool() { return of->pool_; }
  };
  void add_chain(void (*next)(chain *), void *on = nullptr) {
    chains_.push_back(std::make_unique<chain>(chain{this, next, on}));
    pending_.fetch_add(1, std::memory_order_relaxed);
    next(chains_.back().get());
  }

  /// Submits batches from outside, large enough that the submitter is not the slowest.
  void begin_batches() {
    submitter_ = std::thread([this] {
      const std::uint64_t batch = length_ == 0 ? 64 : m_.workers();
      while (!stopped_.load(std::memory_order_relaxed)) {
        if (pending_.load(std::memory_order_relaxed) > batch) {
          std::this_thread::sleep_for(std::chrono::microseconds(20));
          continue;
        }
        pending_.fetch_add(batch, std::memory_order_relaxed);
        send(batch);
      }
    });
  }

  void end() {
    stopped_.store(true);
    if (submitter_.joinable()) submitter_.join();
    wait_until(
        m_, [this] { return pending_.load(std::memory_order_acquire) == 0; }, "tasks of the load were lost");
  }
  template <class Condition> static void wait_until(const measurement &m, Condition reached, const char *otherwise) {
    for (const std::int64_t since = now(); !reached();) {
      if (now() - since > 30'000'000'000) m.fail(otherwise);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  const std::atomic<std::uint64_t> &ended() const { return ended_; }

  /// Whether a task of the load must post a probe.
  bool is_asked() const { return asked_.load(std::memory_order_acquire); }
  void ask(probe &inside) {
    inside_ = &inside;
    asked_.store(true, std::memory_order_release);
  }

private:
  void send(std::uint64_t count) {
    const auto one = [self = this] {
      self->body();
      self->pending_.fetch_sub(1, std::memory_order_release);
    };
    if constexpr (has_batches<P>) {
      pool_.post_batch(one, count);
    } else {
      for (std::uint64_t i = 0; i != count; ++i) pool_.post(one);
    }
  }
  void body() {
    if (length_ != 0) {
      std::this_thread::sleep_for(std::chrono::nanoseconds(length_));
      ended_.fetch_add(1, std::memory_order_relaxed);
    }
    if (!asked_.load(std::memory_order_relaxed) || taking_.exchange(true, std::memory_order_acquire)) return;
    if (is_asked()) { // only one of the tasks does it
      inside_->begin(now());
      asked_.store(false, std::memory_order_release);
      pool_.post([at = inside_] { at->arrive(); });
    }
    taking_.store(false, std::memory_order_release);
  }

  const measurement &m_;
  P &pool_;
  const std::int64_t length_;
  std::vector<std::unique_ptr<chain>> chains_;
  std::thread submitter_;
  std::atomic<bool> stopped_ = false;
  std::atomic<std::uint64_t> pending_ = 0; // the release of each task pairs with the acquire in end()
  std::atomic<std::uint64_t> ended_ = 0;   // counts tasks with a length; orders nothing
  std::atomic<bool> asked_ = false, taking_ = false;
  probe *inside_ = nullptr; // asked_ publishes it
};

enum class load_kind { own, strands, spawned, batches, high, low, timers };

template <class P>
void begin_load(load<P> &on, load_kind kind, std::vector<std::shared_ptr<void>> &strands, unsigned workers, P &pool) {
  using chain = typename load<P>::chain;
  for (unsigned i = 0; i != 2 * workers; ++i) switch (kind) {
    case load_kind::own:
      on.add_chain([](chain *c) { c->pool().post([c] { c->step(); }); });
      break;
    case load_kind::strands: // two tasks on each: there is always a next one
      if constexpr (has_strands<P>) {
        if (i % 2 == 0) strands.push_back(std::make_shared<typename P::strand>(pool));
        on.add_chain([](chain *c) { static_cast<typename P::strand *>(c->on)->post([c] { c->step(); }); },
                     strands.back().get());
      }
      break;
    case load_kind::spawned:
      if constexpr (has_spawn<P>) on.add_chain([](chain *c) { c->pool().spawn([c] { c->step(); }); });
      break;
    case load_kind::high:
      if constexpr (has_priorities<P>) on.add_chain([](chain *c) { c->pool().post_high([c] { c->step(); }); });
      break;
    case load_kind::low:
      if constexpr (has_priorities<P>) on.add_chain([](chain *c) { c->pool().post_low([c] { c->step(); }); });
      break;
    case load_kind::timers:
      if constexpr (has_timers<P>) on.add_chain([](chain *c) { c->pool().post_after(0, [c] { c->step(); }); });
      break;
    case load_kind::batches:
      return on.begin_batches();
    }
}

template <class P, load_kind Kind, std::int64_t Length> void fairness(measurement &m) {
  P pool(m.workers());
  std::vector<std::shared_ptr<void>> strands;
  load<P> busy(m, pool, Length);
  probe outside(busy.ended()), inside(busy.ended()), high(busy.ended()), low(busy.ended()), timer(busy.ended()),
      strand(busy.ended());
  const auto send = [](probe &which, auto how) {
    if (which.is_under_way()) return;
    which.begin(now());
    how();
  };
  begin_load(busy, Kind, strands, m.workers(), pool);
  if (Length != 0)
    load<P>::wait_until(
        m, [&] { return busy.ended().load(std::memory_order_relaxed) >= 8 * m.workers(); }, "the load stands still");
  const std::int64_t end = now() + static_cast<std::int64_t>(m.choose(10'000, 1'500, 20)) * 1'000'000;
  constexpr std::int64_t delay = 1'000'000;
  std::int64_t overslept = 0;
  for (std::uint64_t turn = 0; now() < end; ++turn) {
    // Times that are not multiples of a task's length.
    const std::int64_t awake = now() + static_cast<std::int64_t>(700 + turn * 379 % 1'000) * 1'000;
    std::this_thread::sleep_for(std::chrono::nanoseconds(awake - now()));
    overslept = std::max(overslept, now() - awake);
    send(outside, [&] { pool.post([at = &outside] { at->arrive(); }); });
    if (!busy.is_asked() && !inside.is_under_way()) busy.ask(inside);
    if constexpr (has_priorities<P>) {
      send(high, [&] { pool.post_high([at = &high] { at->arrive(); }); });
      send(low, [&] { pool.post_low([at = &low] { at->arrive(); }); });
    }
    if constexpr (has_timers<P>)
      if (!timer.is_under_way()) {
        timer.begin(now() + delay);
        pool.post_after(delay, [at = &timer] { at->arrive(); });
      }
    if constexpr (has_strands<P>) {
      if (turn == 0) strands.push_back(std::make_shared<typename P::strand>(pool));
      send(strand,
           [&] { static_cast<typename P::strand *>(strands.back().get())->post([at = &strand] { at->arrive(); }); });
    }
  }
  m.report(outside.worst_in_ms());
  m.report("_inside", inside.worst_in_ms());
  if (has_priorities<P>) m.report("_high", high.worst_in_ms());
  if (has_priorities<P>) m.report("_low", low.worst_in_ms());
  if (has_timers<P>) m.report("_timer", timer.worst_in_ms());
  if (has_strands<P>) m.report("_strand", strand.worst_in_ms());
  m.report("_machine", static_cast<double>(overslept) * 1e-6);
  const std::array probes{&outside, &inside, &high, &low, &timer, &strand};
  std::uint64_t most_passed = 0; // the timer waits for its time as well, so it is not counted
  for (const probe *each : probes)
    if (each != &timer) most_passed = std::max(most_passed, each->most_passed());
  if (Length != 0) m.report("_counted", static_cast<double>(most_passed) / m.workers() * Length * 1e-6);
  busy.end();
  for (const probe *each : probes)
    load<P>::wait_until(
        m, [&] { return !each->is_under_way(); }, "a probe was lost");
}

template <class P, load_kind Kind> void add_lengths(workloads &to, const std::string &name) {
  to.push_back({"W12_" + name + "_0", fairness<P, Kind, 0>});
  to.push_back({"W12_" + name + "_100us", fairness<P, Kind, 100'000>});
  to.push_back({"W12_" + name + "_10ms", fairness<P, Kind, 10'000'000>});
}

template <class P> workloads fair() {
  workloads all;
  add_lengths<P, load_kind::own>(all, "own");
  add_lengths<P, load_kind::batches>(all, "batches");
  if constexpr (has_strands<P>) add_lengths<P, load_kind::strands>(all, "strands");
  if constexpr (has_spawn<P>) add_lengths<P, load_kind::spawned>(all, "spawned");
  if constexpr (has_priorities<P>) add_lengths<P, load_kind::high>(all, "high");
  if constexpr (has_priorities<P>) add_lengths<P, load_kind::low>(all, "low");
  if constexpr (has_timers<P>) add_lengths<P, load_kind::timers>(all, "timers");
  return all;
}

} // namespace bench

#endif
