// The way of C++ exceptions through the C ABI. Each trampoline catches them, an error object
// carries them as its payload, and C++ throws them again, the same object, where it reads the
// outcome.
//
// Owns the tag of that payload and the two conversions. Knows nothing of tasks, threads or futures.
#ifndef WEFT_CPP_CROSSING_HPP
#define WEFT_CPP_CROSSING_HPP

#include <weft/cpp/error.hpp>
#include <weft/cpp/visibility.hpp>
#include <weft/thread.h>

#include <cstdlib>
#include <cxxabi.h>
#include <exception>
#include <memory>
#include <new>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace weft {

namespace detail {

// Two C++ runtimes in one process do not understand each other's exception objects, so the tag
// names the runtime. A reader that was built against another one sees a weft::error with kind and
// message instead of undefined behaviour.
#if defined(_LIBCPP_VERSION)
WEFT_IN_EACH_MODULE inline constexpr const char *exception_tag = "c++/libc++/std::exception_ptr";
#elif defined(__GLIBCXX__)
WEFT_IN_EACH_MODULE inline constexpr const char *exception_tag = "c++/libstdc++/std::exception_ptr";
#else
WEFT_IN_EACH_MODULE inline constexpr const char *exception_tag = "c++/unknown/std::exception_ptr";
#endif

inline weft_error_t *describe(std::int32_t code, const std::type_info *type, const char *message,
                              const std::exception_ptr &original) noexcept {
  const char *kind = type ? type->name() : "unknown";
  int failed = -1;
  const std::unique_ptr<char, decltype(&std::free)> readable(
      type ? abi::__cxa_demangle(kind, nullptr, nullptr, &failed) : nullptr, &std::free);
  if (failed == 0) kind = readable.get();

  auto *payload = new (std::nothrow) std::exception_ptr(original);
  if (!payload) return nullptr;
  weft_error_t *result = nullptr;
  const weft_status status = weft_error_create_foreign(
      code, kind, message, exception_tag, payload, [](void *ctx) { delete static_cast<std::exception_ptr *>(ctx); },
      &result);
  if (status != WEFT_OK) delete payload;
  return result;
}

/// Get a new reference to an error object for this exception; NULL when memory is exhausted. An
/// error of weft that is handed on (thrown by result() in one task, leaving another) passes as the
/// same error object, with the payload of the language that it came from.
inline weft_error_t *to_native(const std::exception_ptr &exception) noexcept {
  try {
    std::rethrow_exception(exception);
  } catch (const error &e) {
    if (typeid(e) == typeid(error)) return weft_error_ref(e.native_handle());
    return describe(e.code(), &typeid(e), e.what(), exception);
  } catch (const broken_pool &e) {
    if (typeid(e) == typeid(broken_pool)) return weft_error_ref(e.reason().native_handle());
    return describe(e.status(), &typeid(e), e.what(), exception);
  } catch (const closed &e) {
    if (typeid(e) != typeid(closed)) return describe(e.status(), &typeid(e), e.what(), exception);
    weft_error_t *plain = nullptr;
    return weft_error_create(e.status(), closed_kind, e.what(), &plain) == WEFT_OK ? plain : nullptr;
  } catch (const status_error &e) {
    return describe(e.status(), &typeid(e), e.what(), exception);
  } catch (const std::exception &e) {
    return describe(WEFT_EFAILED, &typeid(e), e.what(), exception);
  } catch (...) {
    return describe(WEFT_EFAILED, abi::__cxa_current_exception_type(), "", exception);
  }
}

/// Run `body` at the border to C.
///
/// Returns: WEFT_OK when it returns; otherwise a failure, with the exception in `*error`. A forced
/// unwind (the end of a thread by pthread_exit or pthread_cancel) is no exception and goes on.
// UBSan: a forced unwind is caught by a reference to no object; nothing reads it.
template <class Body> __attribute__((no_sanitize("null"))) weft_status guard(weft_error_t **error, Body &&body) {
  try {
    std::forward<Body>(body)();
    return WEFT_OK;
#if defined(__GLIBCXX__)
  } catch (const abi::__forced_unwind &) {
    throw;
#endif
  } catch (...) {
    *error = to_native(std::current_exception());
    return *error ? WEFT_EFAILED : WEFT_ENOMEM;
  }
}

/// Run `body` as guard does, for a thread or a task without a future: only the exception hook reads
/// its errors. Code that was asked to stop and lets the exception of its interrupted wait pass has
/// done what it was asked for. That is no error. The same holds for a refused submit at the end of
/// the process.
template <class Body> weft_status guard_unread(weft_error_t **error, Body &&body) {
  return guard(error, [&] {
    try {
      std::forward<Body>(body)();
    } catch (const interrupted &) {
      if (!weft_stop_requested()) throw;
    } catch (const shut_down &) {
      if (!weft_stop_requested()) throw;
    }
  });
}

} // namespace detail

/// Get an error object for an exception, as the future of a task that threw it would hold.
///
/// Throws:
/// - invalid_argument: `exception` is null
/// - out_of_memory
inline error to_error(const std::exception_ptr &exception) {
  if (!exception) throw invalid_argument();
  weft_error_t *native = detail::to_native(exception);
  if (!native) throw out_of_memory();
  return error::adopt(native);
}

inline std::exception_ptr error::exception() const {
  // The error of a broken pool may still carry what its initializer threw. Readers want to know
  // that the pool broke, so this comes before the payload.
  if (code() == WEFT_EBROKEN) return std::make_exception_ptr(broken_pool(*this));
  if (const void *original = payload(detail::exception_tag)) return *static_cast<const std::exception_ptr *>(original);
  if (code() == WEFT_EFAILED && kind() == std::string_view(detail::broken_promise_kind))
    return std::make_exception_ptr(broken_promise());
  if (code() == WEFT_ECLOSED && kind() == std::string_view(detail::closed_kind))
    return std::make_exception_ptr(closed());
  return std::make_exception_ptr(*this);
}

inline void error::rethrow() const {
  std::rethrow_exception(exception());
}

} // namespace weft

#endif
