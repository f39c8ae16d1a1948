// What is left of a runtime after its shutdown: the object behind weft_report_t, and the survey
// from which it is made.
//
// A worker does not note when it began a task: that would cost each task a look at the clock. It
// counts the tasks that it takes up. The shutdown reads these counts now and then. If a count
// has not changed since an earlier look, the task has been running since then at least.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <weft/report.h>

struct weft_report {};

namespace weft::core {

class runtime;
class thread;

class survey {
public:
  // Look at every worker of the runtime's pools. Throws std::bad_alloc.
  void look(runtime &of);

  struct sighting {
    std::uint64_t ident; // of the worker's thread; 0: a thread of the host
    std::uint64_t taken_up;
    std::int64_t since;     // when that count was first seen
    std::uint64_t function; // of the task, if the thread was asleep at a look; else 0
    const char *task;       // its name, if the task has one and was seen; else null
    std::string executor;
    // For a thread of the host:
    std::uint64_t native_id = 0;
    std::int64_t came = 0; // into weft_executor_work
    std::string name{};
    bool daemon = false;
  };
  const sighting *of(const thread &worker) const noexcept;
  const std::vector<sighting> &all() const noexcept { return seen_; }
  // In the last look it was a worker that ran nothing.
  bool rested(const thread &worker) const noexcept;

private:
  void look_at_pool(class pool &workers, std::int64_t now, std::vector<sighting> &fresh);
  const sighting *find(std::uint64_t ident, std::uint64_t native_id, std::int64_t came) const noexcept;

  std::vector<sighting> seen_;
  std::vector<std::uint64_t> at_rest_; // identities of threads
};

class end_report final : public weft_report {
public:
  // Describes what is alive now. Throws std::bad_alloc.
  end_report(survey &seen, runtime &of);
  // Adds what is alive of another runtime. Throws std::bad_alloc.
  void add(runtime &other);

  struct entry {
    std::string name, executor, text;
    const char *task; // or null
    std::uint64_t native_id, function;
    std::uint32_t runs;
    bool daemon;
    std::int64_t age, busy;
  };
  const std::vector<entry> &entries() const noexcept { return entries_; }
  const entry *at(std::size_t index) const noexcept { return index < entries_.size() ? &entries_[index] : nullptr; }
  bool safe_to_unload() const noexcept { return entries_.empty() && !departing_; }
  // Threads that have ended are still on their last steps, or workers at rest wait for others of
  // their pool.
  void note_departing() noexcept { departing_ = true; }

private:
  void add(const survey &seen, runtime &of);
  static entry describe(const thread &alive, const survey &seen, std::int64_t now);
  static entry describe_host(const survey::sighting &seen, std::int64_t now);

  std::vector<entry> entries_;
  bool departing_ = false;
};

} // namespace weft::core
