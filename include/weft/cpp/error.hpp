// What weft throws: one exception type for each status, and weft::error for the error of a task
// that is no C++ exception.
//
// Owns the mapping from statuses to types. crossing.hpp says how exceptions travel through a
// future.
#ifndef WEFT_CPP_ERROR_HPP
#define WEFT_CPP_ERROR_HPP

#include <weft/base.h>
#include <weft/cpp/handle.hpp>
#include <weft/cpp/visibility.hpp>
#include <weft/error.h>

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace weft {

/// The base of all exceptions that stand for a status of the C ABI. Throwing one allocates no text.
class status_error : public std::exception {
public:
  explicit status_error(weft_status status) noexcept : status_(status) {}

  weft_status status() const noexcept { return status_; }
  /// Get the name of the status, such as "WEFT_ETIMEDOUT".
  const char *name() const noexcept { return weft_status_name(status_); }
  const char *what() const noexcept override { return weft_status_text(status_); }

private:
  weft_status status_;
};

/// WEFT_EINVAL: an argument is out of range, or the handle is empty.
class invalid_argument : public status_error {
public:
  invalid_argument() noexcept : status_error(WEFT_EINVAL) {}
};

/// WEFT_ENOMEM: memory is exhausted.
class out_of_memory : public status_error {
public:
  out_of_memory() noexcept : status_error(WEFT_ENOMEM) {}
};

/// WEFT_EAGAIN: the system refuses to start a thread; where a comment says so, a descriptor.
class thread_refused : public status_error {
public:
  thread_refused() noexcept : status_error(WEFT_EAGAIN) {}
};

/// WEFT_ETIMEDOUT: the time of this call is over. A task that waits can fail with the same type.
/// Then its future is done; after a wait that ended by its own timeout it is not.
class timed_out : public status_error {
public:
  timed_out() noexcept : status_error(WEFT_ETIMEDOUT) {}
};

/// WEFT_ECANCELED: the future was cancelled.
class cancelled : public status_error {
public:
  cancelled() noexcept : status_error(WEFT_ECANCELED) {}
};

/// WEFT_EINVALIDSTATE: the result was taken, the promise is set already, or the object is in
/// another state in which the call cannot be done.
class invalid_state : public status_error {
public:
  invalid_state() noexcept : status_error(WEFT_EINVALIDSTATE) {}
};

/// WEFT_ESTARTED: the thread has been started already.
class already_started : public status_error {
public:
  already_started() noexcept : status_error(WEFT_ESTARTED) {}
};

/// WEFT_ENOTSTARTED: the thread has not been started yet.
class not_started : public status_error {
public:
  not_started() noexcept : status_error(WEFT_ENOTSTARTED) {}
};

/// WEFT_EDEADLK: this wait could never end.
class deadlock : public status_error {
public:
  deadlock() noexcept : status_error(WEFT_EDEADLK) {}
};

/// WEFT_ESHUTDOWN: the executor or runtime has been shut down.
class shut_down : public status_error {
public:
  shut_down() noexcept : status_error(WEFT_ESHUTDOWN) {}
};

/// WEFT_EFULL: the bounded queue is full, or the semaphore would hold more permits than it can.
class queue_full : public status_error {
public:
  queue_full() noexcept : status_error(WEFT_EFULL) {}
};

/// WEFT_EINTERRUPTED: the waiting thread or task was asked to stop. A thread that lets this
/// exception pass after such a request ends quietly (see weft::thread).
class interrupted : public status_error {
public:
  interrupted() noexcept : status_error(WEFT_EINTERRUPTED) {}
};

/// WEFT_EFORKED: this is the child of a fork, see reset_after_fork().
class forked : public status_error {
public:
  forked() noexcept : status_error(WEFT_EFORKED) {}
};

/// WEFT_EPERM: the system forbids the requested priority.
class not_permitted : public status_error {
public:
  not_permitted() noexcept : status_error(WEFT_EPERM) {}
};

/// WEFT_ENOTSUP: not supported by this object or by the loaded library.
class not_supported : public status_error {
public:
  not_supported() noexcept : status_error(WEFT_ENOTSUP) {}
};

/// WEFT_ECLOSED: the domain or queue has been closed.
class closed : public status_error {
public:
  closed() noexcept : status_error(WEFT_ECLOSED) {}
};

/// An error object of the C ABI: what a task, thread or initializer ended with when that was no C++
/// exception, such as a C task that returned a status, or an error of Python or Rust. A task may
/// also throw one to choose the code and kind that readers in other languages see.
///
/// It is shared and immutable. Copies are cheap and do not throw, and several threads may use them.
class error : public std::exception {
public:
  /// Make an error. The strings are copied.
  ///
  /// Throws: out_of_memory.
  error(std::int32_t code, const std::string &kind, const std::string &message);

  /// Take over a reference of the caller's. `native` must not be NULL.
  static error adopt(weft_error_t *native) noexcept { return error(shared::adopt(native)); }
  /// Take a reference of its own. `native` must not be NULL.
  static error share(const weft_error_t *native) noexcept {
    return error(shared::share(const_cast<weft_error_t *>(native)));
  }

  /// Get the code: a status, or a positive value of the maker's own choice.
  std::int32_t code() const noexcept { return weft_error_code(shared_.get()); }
  /// Get the class of the error, such as "ValueError"; for a C++ exception its demangled type.
  const char *kind() const noexcept { return weft_error_kind(shared_.get()); }
  /// Get the message.
  const char *what() const noexcept override { return weft_error_message(shared_.get()); }

  /// Get the foreign payload with this tag; nullptr when there is none. It lives as long as the
  /// error.
  void *payload(const char *tag) const noexcept { return weft_error_payload(shared_.get(), tag); }

  /// Get the exception that readers of the error are to see. For the code WEFT_EBROKEN it is
  /// broken_pool. Otherwise it is the C++ exception that the error was made from. For an error that
  /// was made from something else, it is the error itself; or broken_promise or closed, when a
  /// promise was broken or a domain closed.
  std::exception_ptr exception() const;

  /// Throw what exception() gives.
  [[noreturn]] void rethrow() const;

  /// Get the C handle, borrowed.
  weft_error_t *native_handle() const noexcept { return shared_.get(); }

private:
  using shared = detail::handle<weft_error_t, weft_error_ref, weft_error_unref>;
  explicit error(shared object) noexcept : shared_(std::move(object)) {}

  shared shared_;
};

/// WEFT_EBROKEN: the initializer or the start hook of the pool failed. what() is its message.
class broken_pool : public status_error {
public:
  explicit broken_pool(weft::error reason) noexcept : status_error(WEFT_EBROKEN), reason_(std::move(reason)) {}

  const char *what() const noexcept override { return reason_.what(); }
  /// Get the kind and message of what the initializer or the start hook failed with.
  const weft::error &reason() const noexcept { return reason_; }

private:
  weft::error reason_;
};

namespace detail {

// The kinds of errors that stand for an exception and carry none. These headers make such errors
// themselves, in code that may have to be unloaded, and others may hold them for longer.
WEFT_IN_EACH_MODULE inline constexpr const char *closed_kind = "weft::closed";
WEFT_IN_EACH_MODULE inline constexpr const char *broken_promise_kind = "weft::broken_promise";
WEFT_IN_EACH_MODULE inline constexpr const char *broken_promise_text = "the promise was destroyed before it was kept";

} // namespace detail

/// What a future fails with when its promise was destroyed without a value.
class broken_promise : public std::logic_error {
public:
  broken_promise() : std::logic_error(detail::broken_promise_text) {}
};

/// Throw the exception that stands for this status.
[[noreturn]] inline void throw_status(weft_status status) {
  switch (status) {
  case WEFT_EINVAL:
    throw invalid_argument();
  case WEFT_ENOMEM:
    throw out_of_memory();
  case WEFT_EAGAIN:
    throw thread_refused();
  case WEFT_ETIMEDOUT:
    throw timed_out();
  case WEFT_ECANCELED:
    throw cancelled();
  case WEFT_EINVALIDSTATE:
    throw invalid_state();
  case WEFT_ESTARTED:
    throw already_started();
  case WEFT_ENOTSTARTED:
    throw not_started();
  case WEFT_EDEADLK:
    throw deadlock();
  case WEFT_ESHUTDOWN:
    throw shut_down();
  case WEFT_EBROKEN:
    throw broken_pool(weft::error(status, weft_status_name(status), weft_status_text(status)));
  case WEFT_EFULL:
    throw queue_full();
  case WEFT_EINTERRUPTED:
    throw interrupted();
  case WEFT_EPERM:
    throw not_permitted();
  case WEFT_ENOTSUP:
    throw not_supported();
  case WEFT_EFORKED:
    throw forked();
  case WEFT_ECLOSED:
    throw closed();
  default:
    throw status_error(status);
  }
}

/// Throw unless the status is WEFT_OK. For programs that also call the C ABI.
inline void check(weft_status status) {
  if (status != WEFT_OK) [[unlikely]]
    throw_status(status);
}

namespace detail {

// For a wait with a limit. Returns: false when the time is over.
inline bool is_in_time(weft_status status) {
  if (status == WEFT_ETIMEDOUT) return false;
  check(status);
  return true;
}

} // namespace detail

inline error::error(std::int32_t code, const std::string &kind, const std::string &message) {
  weft_error_t *native = nullptr;
  check(weft_error_create(code, kind.c_str(), message.c_str(), &native));
  shared_ = shared::adopt(native);
}

} // namespace weft

#endif
