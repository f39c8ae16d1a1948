// The place of a result of type R in the room of a task or promise, and the type that a call gives.
//
// Owns the one convention that weft.hpp adds to the C ABI. A result lies at the beginning of its
// room. A reference is kept as a pointer, and void keeps nothing. Knows nothing of futures.
#ifndef WEFT_CPP_OUTCOME_HPP
#define WEFT_CPP_OUTCOME_HPP

#include <weft/cpp/language.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>

namespace weft {

namespace detail {

struct nothing {};

template <class R> struct stored { using type = R; };
template <class R> struct stored<R &> { using type = R *; };
template <> struct stored<void> { using type = nothing; };
template <class R> using stored_t = typename stored<R>::type;

// A reference to an object that is about to end must not outlive the call, so an rvalue reference
// is kept as a value.
template <class R> struct kept { using type = std::remove_cv_t<R>; };
template <class R> struct kept<R &> { using type = R &; };
template <class R> struct kept<R &&> { using type = std::remove_cv_t<R>; };

} // namespace detail

/// What a future of this call holds: the type that the call returns, without const. An lvalue
/// reference stays one.
template <class F, class... Args>
using call_result_t = typename detail::kept<std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>>::type;

namespace detail {

/// Build the stored form of R at `place` from what make() returns. It needs no move, and so works
/// for types that have none.
template <class R, class Make> void build_result(void *place, Make &&make) {
  if constexpr (std::is_void_v<R>) {
    std::forward<Make>(make)();
    ::new (place) nothing();
  } else if constexpr (std::is_lvalue_reference_v<R>) {
    R target = std::forward<Make>(make)();
    ::new (place) stored_t<R>(std::addressof(target));
  } else {
    ::new (place) R(std::forward<Make>(make)());
  }
}

template <class R> stored_t<R> &stored_at(void *room) noexcept {
  return *std::launder(static_cast<stored_t<R> *>(room));
}

/// The drop of a result; NULL when there is nothing to destroy.
template <class R> constexpr auto result_drop() noexcept -> void (*)(void *) {
  if constexpr (std::is_trivially_destructible_v<stored_t<R>>)
    return nullptr;
  else
    return [](void *room) { std::destroy_at(std::addressof(stored_at<R>(room))); };
}

/// A callable with its arguments, kept by value and used up by the one call.
template <class F, class... Args> class bound_call {
public:
  template <class G, class... Values>
  explicit bound_call(std::in_place_t, G &&f, Values &&...values)
      : f_(std::forward<G>(f)), args_(std::forward<Values>(values)...) {}

  decltype(auto) operator()() {
    return std::apply(
        [this](Args &...args) -> decltype(auto) { return std::invoke(std::move(f_), std::move(args)...); }, args_);
  }

private:
  F f_;
  std::tuple<Args...> args_;
};

template <class F, class... Args> using bound_call_t = bound_call<std::decay_t<F>, std::decay_t<Args>...>;

} // namespace detail

} // namespace weft

#endif
