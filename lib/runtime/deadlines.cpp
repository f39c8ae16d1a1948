// The deadlines of cancel tokens: one worker that does nothing else, in a daemon pool of the process's runtime, made
// for the first of them.
//
// A thread of its own, and not a worker of somebody's pool: that may be busy for as long as it likes, and a deadline is
// there to end just that. It waits in the timers of its pool like everything that becomes due.
#include "runtime/deadlines.hpp"

#include <mutex>
#include <new>

#include "base/atomic.hpp"
#include "base/clock.hpp"
#include "exec/pool.hpp"
#include "runtime/runtime.hpp"
#include "timer/timer.hpp"

namespace weft::core {
namespace {

// Between a token, which goes when its user likes, and a tick, which may be under way just then. Owned by the timer, as
// the context of its function.
class token_alarm final : public deadline_alarm {
public:
  explicit token_alarm(cancel_token &token) noexcept : token_(&token) {}

  void dismiss() noexcept override {
    {
      const std::scoped_lock hold(mutex_);
      token_ = nullptr;
    }
    timer_->unref_handle(); // *this goes with it
  }
  void belong_to(timer &made) noexcept { timer_ = &made; }

  static weft_status run(void *ctx, void ** /*result*/, weft_error_t ** /*failure*/) {
    if (cancel_token *const token = static_cast<token_alarm *>(ctx)->living_token(); token != nullptr) {
      token->cancel();
      token->unref();
    }
    return WEFT_OK;
  }
  static void drop(void *ctx) { delete static_cast<token_alarm *>(ctx); }

private:
  cancel_token *living_token() noexcept {
    const std::scoped_lock hold(mutex_);
    return token_ != nullptr && token_->try_ref() ? token_ : nullptr;
  }

  native_mutex mutex_;
  cancel_token *token_;    // under mutex_; without a reference
  timer *timer_ = nullptr; // with its handle; written before the token can go
};

} // namespace

weft_status runtime::deadline_pool(executor *&out) noexcept {
  const std::scoped_lock hold(deadlines_mutex_);
  if (deadlines_ == nullptr) {
    try {
      pool_settings settings;
      settings.max_workers = 1;
      settings.name_prefix = "weft-deadlines";
      settings.daemon = true;
      deadlines_ = pool::make(shared<roster>(this), executors_, settings);
    } catch (const std::bad_alloc &) {
      return WEFT_ENOMEM;
    }
  }
  out = deadlines_;
  return out != nullptr ? WEFT_OK : WEFT_ESHUTDOWN;
}

weft_status runtime::watch_deadline(cancel_token &token) noexcept {
  executor *on = nullptr;
  if (const weft_status status = deadline_pool(on); status != WEFT_OK) return status;
  auto *const made = new (std::nothrow) token_alarm(token);
  if (made == nullptr) return WEFT_ENOMEM;
  timer *watch = nullptr;
  if (const weft_status status = timer::make(on->timers(), *on, &token_alarm::run, made, &token_alarm::drop, watch);
      status != WEFT_OK) {
    delete made;
    return status;
  }
  made->belong_to(*watch);
  token.set_alarm(*made);
  return watch->arm({token.due()}); // on failure the token goes, and the timer with it
}

weft_status make_cancel_token(cancel_token *parent, std::int64_t timeout, cancel_token *&out) {
  const std::int64_t due = timeout <= 0 ? now_ns() : deadline::after(timeout).at();
  cancel_token *const made = cancel_token::make(parent, due);
  if (made == nullptr) return WEFT_ENOMEM;
  weft_status status = WEFT_OK;
  if (timeout <= 0) {
    made->cancel();
  } else if (made->needs_alarm()) {
    runtime *const process = runtime::process();
    status = process != nullptr ? process->watch_deadline(*made) : WEFT_ENOMEM;
  }
  if (status == WEFT_OK)
    out = made;
  else
    made->unref();
  return status;
}

} // namespace weft::core
