// Loops over indices or the elements of a range, and reductions, over weft/parallel.h.
#ifndef WEFT_CPP_PARALLEL_HPP
#define WEFT_CPP_PARALLEL_HPP

#include <weft/cpp/crossing.hpp>
#include <weft/cpp/executor_ref.hpp>
#include <weft/cpp/map.hpp>
#include <weft/cpp/misfit.hpp>
#include <weft/parallel.h>
#include <weft/worker.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <ranges>
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

// The type of the indices between a Begin and an End. If both are the same type, it is that one.
// Otherwise it is one that has the values of both. For a negative begin before an unsigned end of
// 64 bits there is none.
template <std::integral Begin, std::integral End> constexpr auto index_between() noexcept {
  static_assert(sizeof(Begin) <= 8 && sizeof(End) <= 8, "ranges of indices of more than 64 bits are not supported");
  if constexpr (std::is_same_v<Begin, End>)
    return Begin();
  else if constexpr (std::is_signed_v<Begin> == std::is_signed_v<End>)
    return std::conditional_t<(sizeof(Begin) > sizeof(End)), Begin, End>();
  else if constexpr (std::is_signed_v<End>)
    return index_between<End, Begin>();
  else if constexpr (sizeof(Begin) > sizeof(End))
    return Begin();
  else if constexpr (sizeof(End) < 8)
    return std::conditional_t<(sizeof(End) == 4), std::int64_t, std::int32_t>();
  else
    return End();
}
template <class Begin, class End> using index_t = decltype(index_between<Begin, End>());

// A range of indices, however wide: `count` indices, each of them `first` plus an offset, in the
// arithmetic of unsigned numbers.
template <class Index> struct index_range {
  template <class Begin, class End> static index_range make(Begin begin, End end) {
    const bool empty = !less(begin, end);
    if constexpr (std::is_unsigned_v<Index> && std::is_signed_v<Begin>)
      if (begin < 0 && !empty) throw invalid_argument();
    return {static_cast<std::uint64_t>(begin),
            empty ? 0 : static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(begin)};
  }
  Index at(std::uint64_t offset) const noexcept { return static_cast<Index>(first + offset); }

  std::uint64_t first, count;

private:
  // As std::cmp_less, which does not take characters and bool.
  template <class Left, class Right> static bool less(Left left, Right right) noexcept {
    if constexpr (std::is_signed_v<Left> && !std::is_signed_v<Right>)
      return left < 0 || static_cast<std::uint64_t>(left) < static_cast<std::uint64_t>(right);
    else if constexpr (!std::is_signed_v<Left> && std::is_signed_v<Right>)
      return right >= 0 && static_cast<std::uint64_t>(left) < static_cast<std::uint64_t>(right);
    else
      return left < right;
  }
};

// The value of a piece of a reduction, or why there is none: of the C functions only the body may
// fail.
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

/// Get how many indices of threads a parallel_for on this pool may give to f: an array with so many
/// elements has one for each thread that takes part.
///
/// Throws:
/// - invalid_argument: `pool` is empty
/// - not_supported: it is not a pool
inline std::size_t parallel_threads(const executor_ref &pool) {
  const std::int32_t own = weft_parallel_index(pool.native_handle()); // it tells what is not a pool
  if (own < 0) throw_status(own);
  return static_cast<std::size_t>(weft_worker_index_bound(pool.native_handle())) + 1;
}

/// Call f for every index from `begin` up to but not including `end`, on several threads at once:
/// f(begin, end) for a piece, if f can be called with two indices; f(begin, end, thread), if it can
/// be called with three arguments and not with two; otherwise f(index). `thread` is the index of
/// the thread that runs the piece, a std::size_t below parallel_threads(pool). See
/// weft_parallel_index for when two threads may have the same one. `grain`: the most indices in a
/// piece; 0: chosen by measuring. `begin` and `end` may be of any integer types. The indices have a
/// type that holds the values of both, and a range may be as wide as that type. The first exception
/// out of f is rethrown; after it no piece begins any more.
///
/// Blocks: until every piece has ended or was left out.
/// Throws:
/// - the first exception out of f
/// - interrupted: the calling thread or task was asked to stop; so were the pieces that had begun;
///   the others were left out
/// - cancelled: the pool was told to cancel what is pending; pieces were left out
/// - closed: the domain that the caller is inside was closed, before or meanwhile
/// - deadlock: a piece waited for what only the end of this call could bring
/// - shut_down: the pool was shut down, and the caller is inside no task of it
/// - broken_pool: the pool is broken, and the caller is inside no task of it
/// - not_supported: it is not a pool
/// - invalid_argument: `begin` is negative and `end` of an unsigned type of 64 bits, so no type
///   holds the values of both
template <std::integral Begin, std::integral End, class F>
requires std::invocable<F &, detail::index_t<Begin, End>> ||
    std::invocable<F &, detail::index_t<Begin, End>, detail::index_t<Begin, End>> ||
    std::invocable<F &, detail::index_t<Begin, End>, detail::index_t<Begin, End>, std::size_t>
void parallel_for(const executor_ref &pool, Begin begin, End end, F &&f, std::uint64_t grain = 0) {
  using Index = detail::index_t<Begin, End>;
  const auto range = detail::index_range<Index>::make(begin, end);
  if (range.count == 0) return;
  struct call {
    std::remove_reference_t<F> &f;
    const detail::index_range<Index> &range;
    weft_executor_t *on;
    static weft_status run(void *ctx, std::uint64_t from, std::uint64_t to, weft_error_t **error) {
      const auto &self = *static_cast<call *>(ctx);
      return detail::guard(error, [&] {
        if constexpr (std::invocable<F &, Index, Index>) {
          self.f(self.range.at(from), self.range.at(to));
        } else if constexpr (std::invocable<F &, Index, Index, std::size_t>) {
          self.f(self.range.at(from), self.range.at(to), static_cast<std::size_t>(weft_parallel_index(self.on)));
        } else {
          for (std::uint64_t i = from; i != to; ++i) self.f(self.range.at(i));
        }
      });
    }
  } body{f, range, pool.native_handle()};
  const weft_range_options_t options = detail::range_options(grain);
  weft_error_t *failure = nullptr;
  const weft_status status =
      weft_parallel_for(pool.native_handle(), &options, 0, range.count, &call::run, &body, &failure);
  detail::finish_range(status, failure, pool.native_handle());
}

/// Call f(element) for each element of a range, on several threads at once. The range is referred
/// to, not copied, and several threads use its iterators at once. `grain`: the most elements in a
/// piece. The rest is as for the loop over indices. The elements of a std::vector<bool> share
/// memory, so f must not write them.
///
///     weft::parallel_for(pool, images, [](image &each) { sharpen(each); });
template <std::ranges::random_access_range Range, class F>
requires std::ranges::sized_range<Range> && std::invocable<F &, std::ranges::range_reference_t<Range>>
void parallel_for(const executor_ref &pool, Range &&range, F &&f, std::uint64_t grain = 0) {
  const auto first = detail::begin_of(range);
  const auto piece = [&first, &f](std::uint64_t begin, std::uint64_t end) {
    for (std::uint64_t i = begin; i != end; ++i)
      std::invoke(f, first[static_cast<std::ranges::range_difference_t<Range>>(i)]);
  };
  parallel_for(pool, std::uint64_t{0}, static_cast<std::uint64_t>(detail::size_of(range)), piece, grain);
}

// If f does not fit: cpp/misfit.hpp.
template <std::integral Begin, std::integral End, class F>
requires(!std::invocable<F &, detail::index_t<Begin, End>> &&
         !std::invocable<F &, detail::index_t<Begin, End>, detail::index_t<Begin, End>> &&
         !std::invocable<F &, detail::index_t<Begin, End>, detail::index_t<Begin, End>,
                         std::size_t>) void parallel_for(const executor_ref &, Begin, End, F &&, std::uint64_t = 0) {
  static_assert(detail::never<F>, "parallel_for: f cannot be called with an index, nor with a begin and an end");
}
template <std::ranges::range Range, class F>
requires(!std::ranges::random_access_range<Range> || !std::ranges::sized_range<Range> ||
         !std::invocable<F &, std::ranges::range_reference_t<Range>>) void parallel_for(const executor_ref &, Range &&,
                                                                                        F &&, std::uint64_t = 0) {
  static_assert(detail::never<F>, "parallel_for: f cannot be called with an element of the range, or the range is not "
                                  "a sized one with random access");
}

/// Reduce a range to one value. body(begin, end, value) -> value takes a piece into a value.
/// join(left, right) -> value joins the values of neighbours, in their order. `identity` is the
/// neutral element. join must be associative; it need not be commutative.
///
/// Blocks: as parallel_for.
/// Throws: as parallel_for; also what join or a copy of `identity` throws.
template <std::integral Begin, std::integral End, class T, class Body, class Join>
requires std::invocable<Body &, detail::index_t<Begin, End>, detail::index_t<Begin, End>, T> &&
    std::invocable<Join &, T, T> && std::copy_constructible<T>
        T parallel_reduce(const executor_ref &pool, Begin begin, End end, T identity, Body &&body, Join &&join,
                          std::uint64_t grain = 0) {
  using Index = detail::index_t<Begin, End>;
  using state = detail::reduction_state<T>;
  state result{identity, nullptr};
  const auto range = detail::index_range<Index>::make(begin, end);
  if (range.count == 0) return std::move(*result.value);
  struct call {
    std::remove_reference_t<Body> &body;
    std::remove_reference_t<Join> &join;
    const T &identity;
    const detail::index_range<Index> &range;
    static weft_status take(void *ctx, void *into, std::uint64_t from, std::uint64_t to, weft_error_t **error) {
      auto &self = *static_cast<call *>(ctx);
      return detail::guard(error, [&] {
        state &mine = *static_cast<state *>(into);
        if (mine.failure) std::rethrow_exception(mine.failure);
        T next(self.body(self.range.at(from), self.range.at(to), std::move(*mine.value))); // may refer to the value
        mine.value.emplace(std::move(next));
      });
    }
    static void take_over(void *ctx, void *into, void *from) {
      state &left = *static_cast<state *>(into), &right = *static_cast<state *>(from);
      if (!left.failure) left.failure = right.failure;
      left.attempt([&] {
        T both(static_cast<call *>(ctx)->join(std::move(*left.value), std::move(*right.value))); // as in take()
        left.value.emplace(std::move(both));
      });
    }
  } how{body, join, identity, range};
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
  const weft_status status =
      weft_parallel_reduce(pool.native_handle(), &options, 0, range.count, &native, &how, &result, &failure);
  detail::finish_range(status, failure, pool.native_handle());
  if (result.failure) std::rethrow_exception(result.failure);
  return std::move(*result.value);
}

} // namespace weft

#endif
