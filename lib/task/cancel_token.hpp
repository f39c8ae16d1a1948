// A cancel token: what is to be cancelled together. Tokens form a tree: cancelling one cancels
// those below it.
//
// Owns the roll of its tasks (through their attachments), callbacks, groups, and tokens below.
// Tokens below are on the roll without a reference; they hold one to this token. Knows no timers:
// runtime/deadlines.cpp brings the alarm of a deadline. Read on in README.md, "Cancel tokens".
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
  // With one reference. `due`: when the token is cancelled by itself, at the latest when its parent
  // is. Under a cancelled parent it is cancelled from the beginning. Null: no memory.
  static cancel_token *make(cancel_token *parent, std::int64_t due) noexcept;

  void ref() noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
  void unref() noexcept;
  bool try_ref() noexcept;

  // True: cancelled by this call, and what follows has happened. False: it was cancelled before.
  bool cancel();
  // The first step of a cancellation, for the token's deadline. The caller finishes what this
  // returns (the second step), on any thread, and holds a reference to the token until then.
  [[nodiscard]] roll_entry *begin_cancel() noexcept {
    call_off();
    return begin_withdraw_all();
  }
  // Also true past the deadline, when no thread has set the mark yet.
  bool cancelled() const noexcept { return called_off() || (due_ != never && due_ <= now_ns()); }
  std::int64_t due() const noexcept { return due_; }
  bool has_magic() const noexcept { return magic_.is_right(); }
  // It has a deadline of its own, earlier than its parent's: an alarm must cancel it.
  bool needs_alarm() const noexcept { return due_ != never && !called_off() && (!parent_ || due_ < parent_->due_); }
  // Before another thread knows the token. The alarm is dismissed when the token ends.
  void set_alarm(deadline_alarm &made) noexcept { alarm_ = &made; }

  static constexpr std::int64_t never = WEFT_FOREVER;

private:
  cancel_token(cancel_token *parent, std::int64_t due) noexcept : parent_(parent), due_(due) {}
  ~cancel_token() = default;
  void end() noexcept;

  // As an entry of its parent's roll.
  bool hold() noexcept override { return try_ref(); }
  bool begin_withdraw() noexcept override { return true; }
  void finish_withdraw() override { unref(); }
  roll *nested() noexcept override { return this; }

  cancel_token *const parent_; // with a reference, or null
  const std::int64_t due_;
  deadline_alarm *alarm_ = nullptr;
  // As in shared_object. The last unref may end a chain of parents.
  atomic<std::uint32_t> refs_{1};
  [[no_unique_address]] magic_word<0x2bad5eed0e440008> magic_;
};

// Cancels a token at its deadline. Made by a layer that has timers; told when the token ends.
class deadline_alarm {
public:
  // The token ends: forget it. *this may be gone afterwards.
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
