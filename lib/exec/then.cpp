#include "exec/then.hpp"

#include <new>

namespace weft::core {
namespace {

executor &as_executor(void *given) noexcept {
  return *static_cast<executor *>(given);
}

weft_status submit(void *on, task &ready) {
  task *const one = &ready;
  try {
    return as_executor(on).submit(&one, 1);
  } catch (const std::bad_alloc &) {
    return WEFT_ENOMEM;
  }
}

// A broken pool has its reason; any other refusal says only what it is.
error *refusal(void *on, weft_status status) {
  error *const reason = status == WEFT_EBROKEN ? as_executor(on).broken() : nullptr;
  return reason != nullptr ? reason : error::from_status(status);
}

void release(void *on) {
  as_executor(on).unref_handle();
}

constexpr stage_calls calls{&submit, &refusal, &release};

} // namespace

// A handle and not only a reference, for an executor without handles would refuse the task.
void start_continuation(task &made, task &source, std::uint32_t when, executor *on) {
  if (on == nullptr) return continuation::start(made, source, when, {});
  on->ref_handle();
  continuation::start(made, source, when, {on, &calls});
}

} // namespace weft::core
