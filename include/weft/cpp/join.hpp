// Fork-join on the stack, over weft/join.h: several calls at once, and what they return.
#ifndef WEFT_CPP_JOIN_HPP
#define WEFT_CPP_JOIN_HPP

#include <weft/cpp/crossing.hpp>
#include <weft/cpp/executor_ref.hpp>
#include <weft/cpp/outcome.hpp>
#include <weft/join.h>

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace weft {

namespace detail {

template <class F> using joined_result_t = typename kept<std::invoke_result_t<F>>::type;

// One of the calls, in the frame of invoke(): the callable, which stays the caller's, and its
// result.
template <class F, class R = joined_result_t<F>> struct joined_call {
  F &&f;
  std::optional<stored_t<R>> result{};

  void operator()() {
    if constexpr (std::is_lvalue_reference_v<R>)
      result.emplace(std::addressof(std::invoke(std::forward<F>(f))));
    else
      result.emplace(std::invoke(std::forward<F>(f)));
  }
  R take() {
    if constexpr (std::is_lvalue_reference_v<R>)
      return **result;
    else
      return std::move(*result);
  }
};
template <class F> struct joined_call<F, void> {
  F &&f;

  void operator()() { std::invoke(std::forward<F>(f)); }
  std::monostate take() noexcept { return {}; }
};

inline void finish_join(weft_status status, weft_error_t *failure, weft_executor_t *pool) {
  if (status == WEFT_OK) [[likely]]
    return;
  if (failure) error::adopt(failure).rethrow();
  throw_refusal(status, pool);
}

// All calls of one invoke(): a tree of joins, so that half of them may be stolen at once.
template <class... Fs> struct joined_calls {
  weft_executor_t *pool;
  std::tuple<joined_call<Fs>...> calls;

  // Make `Count` calls, from number `First` on.
  template <std::size_t First, std::size_t Count> static weft_status run(void *ctx, weft_error_t **error) {
    return guard(error, [ctx] {
      auto &self = *static_cast<joined_calls *>(ctx);
      if constexpr (Count == 1)
        std::get<First>(self.calls)();
      else
        self.template join<First, Count>();
    });
  }
  template <std::size_t First, std::size_t Count> void join() {
    constexpr std::size_t left = Count - Count / 2;
    weft_error_t *failure = nullptr;
    const weft_status status =
        weft_join(pool, &run<First, left>, this, &run<First + left, Count - left>, this, &failure);
    finish_join(status, failure, pool);
  }
};

template <class F>
using joined_value_t = std::conditional_t<std::is_void_v<joined_result_t<F>>, std::monostate, joined_result_t<F>>;

} // namespace detail

/// Call all of them, each once, and return when all have ended. On a worker of the pool, the first
/// one runs on the calling thread, and the others run there or on idle workers. So none may wait
/// for another. There a call allocates no memory and costs a few nanoseconds, so a recursion may
/// call this at every level. See weft/join.h.
///
/// If some throw, this throws the exception of the first of these, in their order, once all that
/// have begun have ended. Calls that had not begun by then may be left out.
///
/// Returns: a std::tuple of what they return, in their order. A reference stays one, and void
/// becomes a std::monostate. If all return void, so does this.
/// Blocks: until all have ended.
/// Throws:
/// - interrupted: the caller was asked to stop, and a call was left out
/// - cancelled: the pool was told to cancel what is pending, and a call was left out
/// - closed: the domain that the caller is inside was closed, and a call was left out
/// - shut_down: the pool was shut down, and the caller is inside no task of it
/// - broken_pool: the pool is broken, and the caller is inside no task of it
/// - thread_refused: the pool has no worker, and the system refuses a thread
/// - not_supported: it is not a pool
template <class... Fs>
requires(sizeof...(Fs) >= 2) && (std::invocable<Fs> && ...) auto invoke(const executor_ref &pool, Fs &&...fs) {
  detail::joined_calls<Fs...> all{pool.native_handle(), {detail::joined_call<Fs>{std::forward<Fs>(fs)}...}};
  all.template join<0, sizeof...(Fs)>();
  if constexpr (!(std::is_void_v<detail::joined_result_t<Fs>> && ...))
    return std::apply([](auto &...each) { return std::tuple<detail::joined_value_t<Fs>...>(each.take()...); },
                      all.calls);
}

} // namespace weft

#endif
