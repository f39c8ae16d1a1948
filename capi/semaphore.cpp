// weft/semaphore.h
#include "thread/semaphore.hpp"

#include "handle.hpp"

using namespace weft::core;

extern "C" {

weft_status weft_semaphore_create(int64_t initial, weft_semaphore_t **out) {
  if (initial < 0 || bad(out)) return WEFT_EINVAL;
  if (const weft_status forked = answer_here(); forked != WEFT_OK) return forked;
  semaphore *const made = semaphore::make(initial);
  if (made == nullptr) return WEFT_ENOMEM;
  *out = made;
  return WEFT_OK;
}

weft_semaphore_t *weft_semaphore_ref(weft_semaphore_t *semaphore) {
  if (!bad(semaphore)) unwrap(semaphore)->ref();
  return semaphore;
}

void weft_semaphore_unref(weft_semaphore_t *semaphore) {
  if (!bad(semaphore) && !is_anothers(semaphore)) unwrap(semaphore)->unref();
}

weft_status weft_semaphore_signal(weft_semaphore_t *semaphore, int64_t count) {
  if (bad(semaphore) || count < 0) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(semaphore); forked != WEFT_OK) return forked;
  return count != 0 ? unwrap(semaphore)->signal(count) : WEFT_OK;
}

weft_status weft_semaphore_wait(weft_semaphore_t *semaphore, int64_t timeout) {
  if (bad(semaphore)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(semaphore); forked != WEFT_OK) return forked;
  if (unwrap(semaphore)->try_wait()) return WEFT_OK; // before the clock is read
  return unwrap(semaphore)->wait(deadline::after(timeout));
}

weft_status weft_semaphore_try_wait(weft_semaphore_t *semaphore) {
  if (bad(semaphore)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(semaphore); forked != WEFT_OK) return forked;
  return unwrap(semaphore)->try_wait() ? WEFT_OK : WEFT_ETIMEDOUT;
}

int64_t weft_semaphore_value(const weft_semaphore_t *semaphore) {
  if (bad(semaphore)) return WEFT_EINVAL;
  if (const weft_status forked = answer_of(semaphore); forked != WEFT_OK) return forked;
  return unwrap(semaphore)->value();
}

} // extern "C"
