// The border: what every function of the C ABI does to its arguments and to exceptions. No logic of the library's own.
#pragma once

#include <new>

#include <weft/base.h>

#include "base/forced_unwind.hpp"
#include "options.hpp"

namespace weft::core {

// Nothing is thrown across, except the forced unwind of a thread that is being ended: that is not an exception but the
// way in which the system ends threads, and must not be stopped.
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
