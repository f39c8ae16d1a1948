#include "exec/then.hpp"

#include <new>

#include "thread/wait_graph.hpp"

namespace weft::core {
namespace {

executor &as_executor(void *given) noexcept {
  return *static_cast<executor *>(given);
}

weft_status submit(void *on, task &ready) {
  task *const one = &ready;
  try {
    executor &where = as_executor(on);
    const weft_status status = where.submit(&one, 1);
    // A thread that waits for it may be able to run it now, or has to learn that it never will run.
    if (status == WEFT_OK) wait_graph::instance().tell_news(&where, where.carrier());
    return status;
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

// A handle and not only a reference, because an executor without handles would refuse the task.
weft_status start_continuation(task &made, task &source, std::uint32_t when, executor *on) {
  if (const weft_status status = made.enter_rolls(); status != WEFT_OK) return status;
  if (on != nullptr) on->ref_handle();
  continuation::start(made, source, when, on != nullptr ? stage{on, &calls} : stage{});
  return WEFT_OK;
}

} // namespace weft::core
