// Loops and reductions over ranges of indices, over weft/parallel.h.
#ifndef WEFT_CPP_PARALLEL_HPP
#define WEFT_CPP_PARALLEL_HPP

#include <weft/cpp/crossing.hpp>
#include <weft/cpp/executor_ref.hpp>
#include <weft/parallel.h>

#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

namespace weft {

namespace detail {

inline void finish_range(weft_status status, weft_error_t *failure, weft_executor_t *pool) {
  if (status == WEFT_OK) [[likely]]
    return;
  if (failure) error::adopt(failure).rethrow();
  throw_refusal(status, pool);
}

inline weft_range_options_t range_options(std::uint64_t grain) noexcept {
  weft_range_options_t options;
  weft_range_options_init(&options);
  options.grain = grain;
  return options;
}

// What a piece of a reduction has come to, or why it has not: of the C functions only the body may fail.
template <class T> struct reduction_state {
  std::optional<T> value;
  std::exception_ptr failure;

  template <class F> void attempt(F f) noexcept {
    try {
      if (!failure) f();
    } catch (...) {
      failure = std::current_exception();
    }
  }
};

} // namespace detail

/// Calls f for every index from begin up to but not including end, on several threads at once: f(index), or f(begin,
/// end) for a piece when f takes two. grain: indices per piece at most; 0: chosen by measuring. Waits for all; rethrows
/// the first exception, after which no piece begins any more. Throws interrupted, shut_down, not_supported;
/// deadlock: a piece waited for what only the end of this call could bring.
template <std::integral Index, class F>
requires std::invocable<F &, Index> || std::invocable<F &, Index, Index>
void parallel_for(const executor_ref &pool, Index begin, Index end, F &&f, std::uint64_t grain = 0) {
  if (!(begin < end)) return;
  struct call {
    std::remove_reference_t<F> &f;
    Index first;
    static weft_status run(void *ctx, std::uint64_t from, std::uint64_t to, weft_error_t **error) {
      const auto &self = *static_cast<call *>(ctx);
      return detail::guard(error, [&] {
        const auto at = [&](std::uint64_t offset) {
          return static_cast<Index>(self.first + static_cast<Index>(offset));
        };
        if constexpr (std::invocable<F &, Index, Index>) {
          self.f(at(from), at(to));
        } else {
          for (std::uint64_t i = from; i != to; ++i) self.f(at(i));
        }
      });
    }
  } body{f, begin};
  const weft_range_options_t options = detail::range_options(grain);
  weft_error_t *failure = nullptr;
  const auto count = static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(begin);
  const weft_status status = weft_parallel_for(pool.native_handle(), &options, 0, count, &call::run, &body, &failure);
  detail::finish_range(status, failure, pool.native_handle());
}

/// Reduces a range: body(begin, end, value) -> value takes a piece into a value, join(left, right) -> value joins those
/// of neighbours, in their order. identity is the neutral element. join must be associative; it need not be
/// commutative. The rest as parallel_for; what join throws, or copying identity, is rethrown too.
template <std::integral Index, class T, class Body, class Join>
requires std::invocable<Body &, Index, Index, T> && std::invocable<Join &, T, T> && std::copy_constructible<T>
    T parallel_reduce(const executor_ref &pool, Index begin, Index end, T identity, Body &&body, Join &&join,
                      std::uint64_t grain = 0) {
  using state = detail::reduction_state<T>;
  state result{identity, nullptr};
  if (!(begin < end)) return std::move(*result.value);
  struct call {
    std::remove_reference_t<Body> &body;
    std::remove_reference_t<Join> &join;
    const T &identity;
    Index first;
    static weft_status take(void *ctx, void *into, std::uint64_t from, std::uint64_t to, weft_error_t **error) {
      auto &self = *static_cast<call *>(ctx);
      return detail::guard(error, [&] {
        state &mine = *static_cast<state *>(into);
        if (mine.failure) std::rethrow_exception(mine.failure);
        mine.value.emplace(self.body(static_cast<Index>(self.first + static_cast<Index>(from)),
                                     static_cast<Index>(self.first + static_cast<Index>(to)), std::move(*mine.value)));
      });
    }
    static void take_over(void *ctx, void *into, void *from) {
      state &left = *static_cast<state *>(into), &right = *static_cast<state *>(from);
      if (!left.failure) left.failure = right.failure;
      left.attempt(
          [&] { left.value.emplace(static_cast<call *>(ctx)->join(std::move(*left.value), std::move(*right.value))); });
    }
  } how{body, join, identity, begin};
  const weft_reduction_t native = {
      sizeof(weft_reduction_t),
      alignof(state),
      sizeof(state),
      [](void *ctx, void *room) {
        auto &made = *::new (room) state{};
        made.attempt([&] { made.value.emplace(static_cast<call *>(ctx)->identity); });
      },
      &call::take,
      &call::take_over,
      [](void *, void *room) { std::destroy_at(static_cast<state *>(room)); },
  };
  const weft_range_options_t options = detail::range_options(grain);
  weft_error_t *failure = nullptr;
  const auto count = static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(begin);
  const weft_status status =
      weft_parallel_reduce(pool.native_handle(), &options, 0, count, &native, &how, &result, &failure);
  detail::finish_range(status, failure, pool.native_handle());
  if (result.failure) std::rethrow_exception(result.failure);
  return std::move(*result.value);
}

} // namespace weft

#endif
