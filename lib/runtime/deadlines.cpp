// The deadlines of cancel tokens: README.md, "Deadlines".
//
// Owns the alarms, and the two pools of the keeper, a runtime that outlives all others. A worker of
// "weft-deadlines" takes the first step of a withdrawal, a task in "weft-overdue" the second.
#include "runtime/deadlines.hpp"

#include <mutex>
#include <new>
#include <utility>

#include "base/atomic.hpp"
#include "base/clock.hpp"
#include "exec/pool.hpp"
#include "runtime/runtime.hpp"
#include "task/call.hpp"
#include "timer/timer.hpp"

namespace weft::core {
namespace {

// How many tokens may have a callback that does not return, before callbacks of other tokens wait
// for a worker.
constexpr std::uint32_t most_stuck = 32;

// The second step for one token.
struct second_step {
  cancel_token *token; // with a reference
  roll_entry *left;

  // If a callback ends its thread, drop() goes on with the rest.
  static weft_status run(void *ctx, void ** /*result*/, weft_error_t ** /*failure*/) {
    roll::finish_withdraw_all(static_cast<second_step *>(ctx)->left);
    return WEFT_OK;
  }
  static void drop(void *ctx) {
    auto *const self = static_cast<second_step *>(ctx);
    roll::finish_withdraw_all(self->left);
    self->token->unref();
    delete self;
  }
};

// Stands between a token, which may go at any time, and a tick, which may be under way then. The
// timer owns it, as the context of its function.
class token_alarm final : public deadline_alarm {
public:
  token_alarm(cancel_token &token, executor &aftermath) noexcept
      : token_(&token), aftermath_(aftermath), lease_(&aftermath) {}

  void dismiss() noexcept override {
    {
      const std::scoped_lock hold(mutex_);
      token_ = nullptr;
    }
    timer_->unref_handle(); // *this goes with the handle
  }
  void belong_to(timer &made) noexcept { timer_ = &made; }

  static weft_status run(void *ctx, void ** /*result*/, weft_error_t ** /*failure*/) {
    auto &self = *static_cast<token_alarm *>(ctx);
    if (cancel_token *const token = self.living_token(); token != nullptr) self.call_off(*token);
    return WEFT_OK;
  }
  static void drop(void *ctx) { delete static_cast<token_alarm *>(ctx); }

private:
  cancel_token *living_token() noexcept {
    const std::scoped_lock hold(mutex_);
    return token_ != nullptr && token_->try_ref() ? token_ : nullptr;
  }

  // The caller has a reference to the token, which goes to the second pool even if nothing is left
  // to do. Giving it back may end the token, or one above it, and drops the contexts of its
  // callbacks.
  void call_off(cancel_token &token) {
    roll_entry *left = token.begin_cancel();
    auto *const rest = new (std::nothrow) second_step{&token, left};
    task *made = rest != nullptr ? create_posted_call({&second_step::run, rest, &second_step::drop}) : nullptr;
    if (made != nullptr && aftermath_.submit(&made, 1) == WEFT_OK) return;
    // No memory, no thread, or the end of the pool: the second step is taken here. That delays
    // other tokens, but the step is taken.
    if (made != nullptr) task::discard(made);
    if (rest != nullptr) return second_step::drop(rest);
    roll::finish_withdraw_all(left);
    token.unref();
  }

  native_mutex mutex_;
  cancel_token *token_; // under mutex_; without a reference
  executor &aftermath_;
  const shared<task_owner> lease_; // of aftermath_
  timer *timer_ = nullptr;         // with its handle; written before the token can go
};

} // namespace

// False: they could not be made, or the keeper has ended. Throws std::bad_alloc.
bool runtime::make_deadline_pools() {
  const std::scoped_lock hold(deadlines_mutex_);
  const auto make = [this](executor *&out, const char *name, std::uint32_t workers) {
    if (out != nullptr) return true;
    pool_settings settings;
    settings.max_workers = workers;
    settings.name_prefix = name;
    settings.daemon = true;
    out = pool::make(shared<roster>(this), executors_, settings);
    return out != nullptr;
  };
  return make(aftermath_, "weft-overdue", most_stuck) && make(deadlines_, "weft-deadlines", 1);
}

weft_status runtime::watch_deadline(cancel_token &token) noexcept {
  if (!any_goes_on()) return WEFT_ESHUTDOWN;
  const shared<runtime> home = keeper();
  if (!home) return WEFT_ENOMEM;
  try {
    if (!home->make_deadline_pools()) return WEFT_ESHUTDOWN;
  } catch (const std::bad_alloc &) {
    return WEFT_ENOMEM;
  }
  executor &on = *home->deadlines_;
  auto *const made = new (std::nothrow) token_alarm(token, *home->aftermath_);
  if (made == nullptr) return WEFT_ENOMEM;
  // A token outlives the domain that its maker is inside of, and so does its alarm.
  const drop_scope nobodys(nullptr);
  timer *watch = nullptr;
  if (const weft_status status = timer::make(on.timers(), on, {&token_alarm::run, made, &token_alarm::drop}, {}, watch);
      status != WEFT_OK) {
    delete made;
    return status;
  }
  made->belong_to(*watch);
  token.set_alarm(*made);
  return watch->arm({token.due()}); // if this fails, the token goes, and the timer with it
}

weft_status make_cancel_token(cancel_token *parent, std::int64_t timeout, cancel_token *&out) {
  const std::int64_t due = timeout <= 0 ? now_ns() : deadline::after(timeout).at();
  cancel_token *const made = cancel_token::make(parent, due);
  if (made == nullptr) return WEFT_ENOMEM;
  weft_status status = WEFT_OK;
  if (timeout <= 0)
    made->cancel();
  else if (made->needs_alarm())
    status = runtime::watch_deadline(*made);
  if (status == WEFT_OK)
    out = made;
  else
    made->unref();
  return status;
}

} // namespace weft::core
