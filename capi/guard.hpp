// The border: what every function of the C ABI does to its arguments and to exceptions. No logic of the library's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <cxxabi.h>
#include <new>

#include <weft/base.h>

namespace weft::core {

// Nothing is thrown across, except the forced unwind of a thread that is being ended: that is not an exception but the
// way in which the system ends threads, and must not be stopped.
// UBSan: a forced unwind is caught by a reference to no object; nothing reads it.
template <class Body> __attribute__((no_sanitize("null"))) weft_status guard(Body body) {
  try {
    return body();
  } catch (const abi::__forced_unwind &) {
    throw;
  } catch (const std::bad_alloc &) {
    return WEFT_ENOMEM;
  } catch (...) {
    return WEFT_EINVAL;
  }
}

// Brings a caller's options, of whatever version, into the struct of this version: see "Options structs" in
// weft/base.h.
template <class Options> weft_status read_options(const Options *given, std::size_t least, Options &read) noexcept {
  constexpr std::uint32_t absurd = 4096;
  std::memset(static_cast<void *>(&read), 0, sizeof read);
  if (given == nullptr) return WEFT_OK;
  const std::uint32_t size = given->size;
  if (size < least || size > absurd) return WEFT_EINVAL;
  const auto *const bytes = reinterpret_cast<const unsigned char *>(given);
  for (std::size_t i = sizeof read; i < size; ++i)
    if (bytes[i] != 0) return WEFT_ENOTSUP;
  std::memcpy(&read, given, size < sizeof read ? size : sizeof read);
  read.size = sizeof read;
  return WEFT_OK;
}

} // namespace weft::core
