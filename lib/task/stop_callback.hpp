// Stop callbacks of futures, and the scope of a thread that works for a promise.
//
// Owns the function and its context. A stop callback stands in the future's list of observers.
// Either a request to stop takes it out of the list and calls it, or the end of the future takes it
// out and only drops it. Knows nothing of what completes the future. Read on in README.md, "Stop
// requests to promises".
#pragma once

#include "base/refs.hpp"
#include "task/callback.hpp"
#include "thread/record.hpp"

namespace weft::core {

class domain;

class stop_callback final : public callback {
public:
  // If a stop was requested already, the callback is called before this returns. WEFT_OK;
  // WEFT_EDONE, WEFT_ENOMEM, WEFT_ECLOSED: the context stays the caller's.
  static weft_status add(task &future, weft_future_fn fn, void *ctx, weft_drop_fn drop);
  // Called by the thread that has taken it out of the list: drops the context and frees *this.
  void end() noexcept;

private:
  friend void run_stop_callbacks(task &future);
  stop_callback(weft_future_fn fn, void *ctx, weft_drop_fn drop, domain *home) noexcept
      : callback(storage::stop, fn, ctx, drop), home_(home) {}
  ~stop_callback() = default;
  void run(task &future);

  const shared<domain> home_; // or null; it counts this callback
};

// After task::ask_to_stop(). The caller has a reference.
void run_stop_callbacks(task &future);

// A scope of weft_future_enter, in the caller's memory: the thread works for the promise. It has a
// reference to the promise.
struct entered_promise : scope {
  // WEFT_OK, WEFT_EINVALIDSTATE, WEFT_ENOMEM.
  static weft_status begin(task &promise, void *room) noexcept;
  // WEFT_OK, WEFT_EINVALIDSTATE.
  static weft_status end(void *room) noexcept;
  task *promise;
};

} // namespace weft::core
