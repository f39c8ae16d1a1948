// Those who want to hear of a request to stop a future, and those who work for a promise and so are asked to stop with
// it.
//
// A stop callback stands in the list of the future's observers. Whoever takes it out of that list has it: a request to
// stop, which calls it; or the end of the future, which only drops it. Read on in README.md, "Stop requests to
// promises".
#pragma once

#include "base/refs.hpp"
#include "task/callback.hpp"
#include "thread/record.hpp"

namespace weft::core {

class domain;

class stop_callback final : public callback {
public:
  // WEFT_OK; WEFT_EDONE, WEFT_ENOMEM, WEFT_ECLOSED: the context is the caller's. Called at once, before this returns,
  // when a stop was requested already.
  static weft_status add(task &future, weft_future_fn fn, void *ctx, weft_drop_fn drop);
  // By whoever has taken it out of the list: drops the context, frees *this.
  void end() noexcept;

private:
  friend void run_stop_callbacks(task &future);
  stop_callback(weft_future_fn fn, void *ctx, weft_drop_fn drop, domain *home) noexcept
      : callback(storage::stop, fn, ctx, drop), home_(home) {}
  ~stop_callback() = default;
  void run(task &future);

  const shared<domain> home_; // or null; it counts this one
};

// After ask_to_stop(). The caller has a reference.
void run_stop_callbacks(task &future);

// A scope of weft_future_enter, in the caller's memory: the thread works for the promise, of which it has a reference.
struct entered_promise : scope {
  static weft_status begin(task &promise, void *room) noexcept; // WEFT_OK, WEFT_EINVALIDSTATE, WEFT_ENOMEM
  static weft_status end(void *room) noexcept;                  // WEFT_OK, WEFT_EINVALIDSTATE
  task *promise;
};

} // namespace weft::core
