// The link from a future that comes of others (a continuation, when_all, when_any) to one of these:
// its source.
//
// Owns the entry in the source's list of callbacks, and the way back to the source. Has no
// reference to a source that is not done: with one, a promise that every handle has given up would
// live on for what waits for it. Still a thread may use the source's address under a pin:
// README.md, "Pins". sources.cpp walks along links.
#pragma once

#include <cstdint>

#include "base/atomic.hpp"
#include "task/callback.hpp"
#include "task/task.hpp"

namespace weft::core {

class source_link : public callback {
public:
  // `done(ctx, source)` is called when the source is done. If it never will be, `gone(ctx)` is
  // called, without a reference to the source. Neither is called after withdraw() has returned
  // true.
  source_link(weft_future_fn done, void *ctx, weft_drop_fn gone) noexcept : callback(storage::lent, done, ctx, gone) {}
  source_link(const source_link &) = delete;
  source_link &operator=(const source_link &) = delete;

  // Called once. The entry may be called before this returns, and *this be gone.
  void attach(task &source) {
    to_.store(reinterpret_cast<std::uintptr_t>(&source), std::memory_order_release);
    add_callback(source, *this);
  }

  // The source, which stays alive until unpin(). Null: the link is cut, and not pinned.
  task *pin() const noexcept;
  void unpin() const noexcept { to_.fetch_and(~pinned, std::memory_order_release); }

  // Called by the entry itself. Null: the link was cut before.
  task *cut() noexcept;
  // Called by the entry itself, while the source is alive: from now on the link has a reference.
  void hold(task &source) noexcept;
  // Take the entry out of the source's list. True: it will not be called, and the link is cut.
  // False: it has been called or is about to be, or the link has a reference.
  bool withdraw() noexcept;
  // Give up a link that has a reference. False: it has none.
  bool release_held();
  // Called by the entry itself: from now on the link leads to another source. The entry may be
  // called before this returns, and *this be gone, unless the caller keeps it.
  void attach_next(task &source);
  // Pin and unpin once. Afterwards this thread sees what a canceller wrote before its pin, or that
  // pin sees the link as it is now.
  void synchronise() const noexcept {
    if (pin() != nullptr) unpin();
  }

  // For a task that runs while its link holds the source: no thread cuts that link meanwhile.
  task *held_source() const noexcept {
    return reinterpret_cast<task *>(to_.load(std::memory_order_relaxed) & ~(pinned | held));
  }

private:
  static constexpr std::uintptr_t pinned = 1, held = 2;

  // The source's address and two marks. Set by attach(); then a thread pins it by compare-and-swap,
  // and only that thread changes it further. The release of each change pairs with the acquire of
  // the next pin().
  mutable atomic<std::uintptr_t> to_{0};
};

// A reference to the source of a link, if there can be one. There is none to a promise, whose last
// reference may be gone already.
class task_reference {
public:
  task_reference() noexcept = default;
  explicit task_reference(const source_link &from) noexcept;
  explicit task_reference(task &to) noexcept : to_(&to) { to.ref(); }
  task_reference(task_reference &&other) noexcept : to_(std::exchange(other.to_, nullptr)) {}
  task_reference &operator=(task_reference &&) = delete;
  ~task_reference() {
    if (to_ != nullptr) to_->unref();
  }
  task *get() const noexcept { return to_; }

private:
  task *to_ = nullptr;
};

} // namespace weft::core
