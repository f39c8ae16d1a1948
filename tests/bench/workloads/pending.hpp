// W8: bytes for each task that waits to start; and the gate that keeps all workers busy meanwhile.
//
// A peer for this file: as for post.hpp, with P(workers) starting or able to start all its workers.
#ifndef WEFT_BENCH_WORKLOADS_PENDING_HPP
#define WEFT_BENCH_WORKLOADS_PENDING_HPP

#include "frame/program.hpp"
#include "frame/resources.hpp"
#include "workloads/post.hpp"

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

namespace bench {

/// Tasks that hold every worker until it is opened.
class closed_gate {
public:
  explicit closed_gate(const measurement &m) : m_(m) {}

  template <class P> void block(P &pool) {
    for (unsigned i = 0; i != m_.workers(); ++i) pool.post([this] { pass(); });
    const std::int64_t begin = now();
    while (inside_.load() != m_.workers()) {
      if (now() - begin > 30'000'000'000) m_.fail("not all workers have started");
      std::this_thread::yield();
    }
  }

  void open() {
    open_.store(true);
    open_.notify_all();
    while (inside_.load() != 0) std::this_thread::yield();
  }

private:
  void pass() {
    inside_.fetch_add(1);
    open_.wait(false);
    inside_.fetch_sub(1);
  }

  const measurement &m_;
  std::atomic<unsigned> inside_ = 0; // counts the tasks in pass(); block and open wait for it
  std::atomic<bool> open_ = false;   // pass() waits for open()
};

/// Makes the reserved memory of a vector resident, so that it is not counted as memory of the tasks.
template <class T> void touch(std::vector<T> &reserved) {
  std::memset(static_cast<void *>(reserved.data()), 1, reserved.capacity() * sizeof(T));
}

/// W8.
template <class P> void pending_memory(measurement &m) {
  P pool(m.workers());
  closed_gate gate(m);
  gate.block(pool);
  const std::uint64_t count = m.choose(1'000'000, 300'000, 2'000);
  const std::uint64_t counted = tally::total();
  const std::int64_t before = resident_bytes();
  for (std::uint64_t i = 0; i != count; ++i) pool.post([] { tally::count(); });
  m.report(static_cast<double>(resident_bytes() - before) / static_cast<double>(count));
  gate.open();
  finish(pool, m, counted, count);
}

} // namespace bench

#endif
