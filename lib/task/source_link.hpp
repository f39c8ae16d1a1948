// The link from a future that is to come of others (a continuation, when_all, when_any) to one of those: its source.
//
// Owns the entry in the source's list of callbacks and the way back to the source. It holds no reference to a source
// that is not done: else a promise that everybody has given up would live on for what waits for it. All the same its
// address may be used under a pin:
//
//  - as long as the link stands, the source is alive, for whoever ends it, or destroys it undone, calls the entry
//    before, and the entry cuts the link;
//  - nobody cuts a pinned link: he waits. A pin is short and takes no lock but that of a completion.
//
// Read on in sources.cpp (who walks along links) and continuation.cpp (their life).
#pragma once

#include <cstdint>

#include "base/atomic.hpp"
#include "task/callback.hpp"
#include "task/task.hpp"

namespace weft::core {

class source_link : public callback {
public:
  // done(ctx, source) is called once the source is done; or gone(ctx), without a reference to the source, when it will
  // never be. Not after withdraw() has said true.
  source_link(weft_future_fn done, void *ctx, weft_drop_fn gone) noexcept : callback(storage::lent, done, ctx, gone) {}
  source_link(const source_link &) = delete;
  source_link &operator=(const source_link &) = delete;

  // Once. The entry may be called before this returns, and *this be gone.
  void attach(task &source) {
    to_.store(reinterpret_cast<std::uintptr_t>(&source), std::memory_order_release);
    add_callback(source, *this);
  }

  // The source, which stays where it is until unpin(); null (and not pinned): the link is cut.
  task *pin() const noexcept;
  void unpin() const noexcept { to_.fetch_and(~pinned, std::memory_order_release); }

  // By the entry itself. Null: it was cut before.
  task *cut() noexcept;
  // From now on the link has a reference of its own. By the entry itself, while the source is alive anyway.
  void hold(task &source) noexcept;
  // Take the entry out of the source's list. True: it will not be called any more, and the link is cut. False: it has
  // been called, or is about to be.
  bool withdraw() noexcept;
  // Give up a link that has a reference. False: it has none.
  bool release_held();

  // For a task that runs with its source held: nobody cuts that link meanwhile.
  task *held_source() const noexcept {
    return reinterpret_cast<task *>(to_.load(std::memory_order_relaxed) & ~(pinned | held));
  }

private:
  static constexpr std::uintptr_t pinned = 1, held = 2;

  // The source's address, and two marks. Changed by compare-and-swap while not pinned; the release of each change pairs
  // with the acquire of the next pin() or cut().
  mutable atomic<std::uintptr_t> to_{0};
};

// A reference to the source of a link, if that may be had: not to a promise, whose last reference may be on its way
// out.
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
