#include "thread/blocking.hpp"

#include "base/system.hpp"

namespace weft::core {

completion_waker::completion_waker(parker &sleeper, completion *end) noexcept
    : observer(&completion_waker::tell), sleeper_(sleeper), end_(end) {
  is_listed_ = end_ != nullptr && end_->add(*this);
}

void completion_waker::tell(observer &self, bool /*failed*/, wake_list &sleepers) noexcept {
  sleepers.add(static_cast<completion_waker &>(self).sleeper_);
}

int spin_limit() noexcept {
  static const int limit = usable_cpus() > 1 ? 1000 : 0;
  return limit;
}

weft_status wait_for_completion(record &self, completion &end, dependency on, deadline until, spinning before,
                                helpful_sleep *helper) noexcept {
  const auto ready = [&end]() noexcept { return end.finished(); };
  if (ready()) return WEFT_OK;
  if (until.is_poll()) return WEFT_ETIMEDOUT;
  if (stop_requested(self)) return WEFT_EINTERRUPTED;
  if (before == spinning::some && spin_until(ready)) return WEFT_OK;
  const completion_waker waker(self.sleeper, &end);
  if (!waker.is_listed()) return WEFT_OK;
  return sleep_until(self, &on, 1, wait_for::all, until, ready, helper);
}

weft_status sleep_for(std::int64_t duration) noexcept {
  record *const self = current_record();
  if (self == nullptr) return WEFT_ENOMEM;
  if (stop_requested(*self)) return WEFT_EINTERRUPTED;
  if (duration <= 0) return WEFT_OK;
  const weft_status status =
      sleep_until(*self, nullptr, 0, wait_for::all, deadline::after(duration), []() noexcept { return false; });
  return status == WEFT_ETIMEDOUT ? WEFT_OK : status;
}

} // namespace weft::core
