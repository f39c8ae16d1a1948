// when_all and when_any: a future that is done when all of some others are, or one of them.
//
// One allocation: the room of the task holds the gathering, then one member for each future given,
// duplicates included. Owns the links to the futures. Knows nothing of executors, because it runs
// no code of the user's. Read on in README.md, "Continuations".
#pragma once

#include <cstddef>

#include "base/atomic.hpp"
#include "task/source_link.hpp"

namespace weft::core {

enum class gather { all, any };

class gathering {
public:
  // The future, with one reference, which is the caller's. `count` is not 0 for gather::any. Null:
  // no memory.
  static task *make(gather mode, task *const *futures, std::size_t count) noexcept;

  struct member : source_link {
    explicit member(task &whole) noexcept
        : source_link(&gathering::source_done, this, &gathering::source_gone), whole(whole) {}
    task &whole; // with a reference, until the entry was called or withdrawn
  };

  // The part of a task that is a gathering.
  static const gathering &of(task &which) noexcept { return *static_cast<gathering *>(which.room()); }

  gather mode() const noexcept { return mode_; }
  const member *begin() const noexcept { return reinterpret_cast<const member *>(this + 1); }
  const member *end() const noexcept { return begin() + count_; }

private:
  gathering(gather mode, std::size_t count) noexcept : mode_(mode), count_(count) {}
  member *members() noexcept { return reinterpret_cast<member *>(this + 1); }

  static void source_done(void *ctx, weft_future_t *source);
  static void source_gone(void *ctx);
  static void drop(void *room);
  void note(task &self, member &which, task &source);
  void withdraw_all();
  void leave(task &self);
  void settle(task &self);

  // The beginning of the room, where the outcome is built: a size_t for when_any, a null pointer
  // for when_all, or the error. The rest of the room is still in use then.
  alignas(void *) unsigned char outcome_[sizeof(void *)];
  const gather mode_;
  const std::size_t count_;
  // Members that may still call, and the thread that sets up. Each leaves once. The release of each
  // pairs with the acquire of the last, which then sees what the others noted.
  atomic<std::size_t> missing_{1};
  // With a reference. The release pairs with the acquire in settle().
  atomic<error *> first_error_{nullptr};
  atomic<bool> some_cancelled_{false}; // ordered by missing_
};

} // namespace weft::core
