// The guard that most functions of the C ABI run in: it turns exceptions into statuses. Read on in
// README.md.
#pragma once

#include <new>

#include <weft/base.h>

#include "base/forced_unwind.hpp"
#include "options.hpp"

namespace weft::core {

// Runs body(). No exception leaves it, except the forced unwind of a thread: that is how the system
// ends threads, and it must not be stopped.
// UBSan: a forced unwind is caught by a reference to no object; nothing reads it.
template <class Body> __attribute__((no_sanitize("null"))) weft_status guard(Body body) {
  try {
    return body();
  } catch (const forced_unwind &) {
    throw;
  } catch (const std::bad_alloc &) {
    return WEFT_ENOMEM;
  } catch (...) {
    return WEFT_EINVAL;
  }
}

} // namespace weft::core
