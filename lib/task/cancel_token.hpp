// A cancel token: what is to be called off together. Tokens form a tree: cancelling one cancels those below it.
//
// Owns the roll of what hangs on it: tasks (through their attachments), callbacks, groups, and the tokens below, which
// are on it without a reference, while they keep it alive. Deadlines are brought from above: runtime/deadlines.cpp.
// Read on in README.md, "Cancel tokens".
#pragma once

#include <cstdint>

#include <weft/cancel.h>

#include "base/atomic.hpp"
#include "base/clock.hpp"
#include "base/misuse.hpp"
#include "base/refs.hpp"
#include "base/roll.hpp"

struct weft_cancel_token {};
struct weft_cancel_registration {};

namespace weft::core {

class deadline_alarm;

class cancel_token final : public weft_cancel_token, public roll, private roll_entry {
public:
  // With one reference. due: when it is over by itself, at the latest when its parent is. A parent that is cancelled
  // makes one that begins so. Null: no memory.
  static cancel_token *make(cancel_token *parent, std::int64_t due) noexcept;

  void ref() noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
  void unref() noexcept;
  bool try_ref() noexcept;

  // True: now. What follows from it has happened when this returns. False: it was before.
  bool cancel();
  // The same for its deadline, in the two steps of a roll: the caller finishes what this returns, on any thread, and
  // keeps a reference to the token until then.
  [[nodiscard]] roll_entry *begin_cancel() noexcept {
    call_off();
    return begin_withdraw_all();
  }
  // Also when the time is over and nobody has come by to say so.
  bool cancelled() const noexcept { return called_off() || (due_ != never && due_ <= now_ns()); }
  std::int64_t due() const noexcept { return due_; }
  bool has_magic() const noexcept { return magic_.is_right(); }
  // Its own, not its parent's: somebody has to see to it.
  bool needs_alarm() const noexcept { return due_ != never && !called_off() && (!parent_ || due_ < parent_->due_); }
  // Before anybody else knows it. It goes with the token.
  void set_alarm(deadline_alarm &made) noexcept { alarm_ = &made; }

  static constexpr std::int64_t never = WEFT_FOREVER;

private:
  cancel_token(cancel_token *parent, std::int64_t due) noexcept : parent_(parent), due_(due) {}
  ~cancel_token() = default;
  void end() noexcept;

  // As one below another.
  bool hold() noexcept override { return try_ref(); }
  bool begin_withdraw() noexcept override { return true; }
  void finish_withdraw() override { unref(); }
  roll *nested() noexcept override { return this; }

  cancel_token *const parent_; // with a reference, or null
  const std::int64_t due_;
  deadline_alarm *alarm_ = nullptr;
  atomic<std::uint32_t> refs_{1}; // as in shared_object; the last one may bring down a chain of parents
  [[no_unique_address]] magic_word<0x2bad5eed0e440008> magic_;
};

// Cancels a token at its time. Made by those who have timers; told when the token goes.
class deadline_alarm {
public:
  // The token is going: forget it. *this may be gone after it.
  virtual void dismiss() noexcept = 0;

protected:
  ~deadline_alarm() = default;
};

// For shared<cancel_token>.
inline void intrusive_ptr_add_ref(cancel_token *token) noexcept {
  token->ref();
}
inline void intrusive_ptr_release(cancel_token *token) noexcept {
  token->unref();
}

} // namespace weft::core
