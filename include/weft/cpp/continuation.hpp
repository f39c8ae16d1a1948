// Futures that come of other futures: then, on_error and finally of future<T>; flatten, when_all
// and when_any.
//
// Owns the closures that read the source of a continuation. When and where a continuation runs is
// the C ABI's matter (weft/continuation.h).
#ifndef WEFT_CPP_CONTINUATION_HPP
#define WEFT_CPP_CONTINUATION_HPP

#include <weft/continuation.h>
#include <weft/cpp/executor_ref.hpp>
#include <weft/cpp/future.hpp>
#include <weft/cpp/task.hpp>
#include <weft/cpp/wait.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace weft {

/// Turn a future of a future into a plain one. The new future ends as the inner future does, which
/// is the result of `nested`. then and finally do this by themselves. An error or a cancellation of
/// `nested` is handed on. The result of `nested` is taken, and no other thread may read it
/// meanwhile. Neither a cancellation of the new future nor a stop request to it reaches `nested` or
/// the inner future. It fails with a weft::error whose code() is WEFT_EINVALIDSTATE if the inner
/// future is an empty handle, or the result of `nested` was taken before. See weft_future_flatten.
///
/// Throws:
/// - invalid_argument: `nested` is empty
/// - out_of_memory
template <class T> future<T> flatten(const future<future<T>> &nested) {
  static_assert(sizeof(future<T>) == sizeof(weft_future_t *)); // it is the pointer in the room
  weft_future_t *native = nullptr;
  check(weft_future_flatten(nested.native_handle(), &native));
  return future<T>::adopt(native);
}

namespace detail {

// The closures of continuations. Each is called in a task that follows another future, its source,
// and reads the source.
template <class F, class T> struct on_result {
  template <class G> explicit on_result(std::in_place_t, G &&given) : f(std::forward<G>(given)) {}
  decltype(auto) operator()() {
    weft_future_t *const source = weft_continuation_source();
    if constexpr (std::is_void_v<T>) {
      return std::invoke(std::move(f));
    } else if constexpr (std::is_lvalue_reference_v<T>) {
      read_outcome(weft_future_result(source, 0, nullptr), source);
      return std::invoke(std::move(f), *stored_at<T>(weft_future_room(source)));
    } else if constexpr (std::is_lvalue_reference_v<typename continued<F, T>::argument>) {
      read_outcome(weft_future_result(source, 0, nullptr), source);
      return std::invoke(std::move(f), std::as_const(stored_at<T>(weft_future_room(source))));
    } else {
      read_outcome(weft_future_take(source, 0, nullptr), source);
      return std::invoke(std::move(f), std::move(stored_at<T>(weft_future_room(source))));
    }
  }

  F f;
};

template <class F, class T> struct on_failure {
  template <class G> explicit on_failure(std::in_place_t, G &&given) : f(std::forward<G>(given)) {}
  T operator()() {
    weft_error_t *native = nullptr;
    check(weft_future_exception(weft_continuation_source(), 0, &native));
    const error failure = error::adopt(native);
    if constexpr (std::is_void_v<T>)
      static_cast<void>(std::invoke(std::move(f), failure));
    else
      return std::invoke(std::move(f), failure);
  }

  F f;
};

template <class F, class Future> struct on_end {
  template <class G> explicit on_end(std::in_place_t, G &&given) : f(std::forward<G>(given)) {}
  decltype(auto) operator()() { return std::invoke(std::move(f), Future::share(weft_continuation_source())); }

  F f;
};

// The closure gives an R. If `When` flattens, that is a future<Outcome>.
template <std::uint32_t When, class Outcome, class R, class Closure, class F>
future<Outcome> follow(weft_future_t *source, weft_executor_t *where, F &&f, const task_options &options = {}) {
  prepared_task<Closure, R, kind_of_task::continuation> task(native_options(options), std::in_place_t(),
                                                             std::in_place_t(), std::forward<F>(f));
  weft_future_t *native = nullptr;
  check(task.give([&](weft_task_t *given) { return weft_future_then_task(source, where, When, given, &native); }));
  return future<Outcome>::adopt(native);
}

// For a closure whose result may be a future, which is followed then.
template <std::uint32_t When, class R, class Closure, class... Given>
future<flattened_t<R>> follow_through(Given &&...given) {
  using outcome = flattened_t<R>;
  static_assert(sizeof(future<outcome>) == sizeof(weft_future_t *)); // it is the pointer in the room
  constexpr std::uint32_t flatten = std::is_same_v<R, outcome> ? 0u : WEFT_THEN_FLATTEN;
  return follow<When | flatten, outcome, R, Closure>(std::forward<Given>(given)...);
}

// Get the C handle of an executor that must not be empty: NULL would mean "without an executor".
inline weft_executor_t *native_of(const executor_ref &where) {
  if (!where.valid()) throw invalid_argument();
  return where.native_handle();
}

} // namespace detail

template <class T>
template <detail::continues<T> F>
auto future<T>::then(const executor_ref &where, F &&f) const -> detail::then_t<F, T> {
  return detail::follow_through<WEFT_THEN_RESULT, detail::continued_result_t<F, T>,
                                detail::on_result<std::decay_t<F>, T>>(native_handle(), detail::native_of(where),
                                                                       std::forward<F>(f));
}
template <class T>
template <detail::continues<T> F>
auto future<T>::then(const task_options &options, const executor_ref &where, F &&f) const -> detail::then_t<F, T> {
  return detail::follow_through<WEFT_THEN_RESULT, detail::continued_result_t<F, T>,
                                detail::on_result<std::decay_t<F>, T>>(native_handle(), detail::native_of(where),
                                                                       std::forward<F>(f), options);
}
template <class T> template <detail::continues<T> F> auto future<T>::then(F &&f) const -> detail::then_t<F, T> {
  return detail::follow_through<WEFT_THEN_RESULT, detail::continued_result_t<F, T>,
                                detail::on_result<std::decay_t<F>, T>>(native_handle(), nullptr, std::forward<F>(f));
}

template <class T> template <detail::mends<T> F> future<T> future<T>::on_error(const executor_ref &where, F &&f) const {
  return detail::follow<WEFT_THEN_ERROR, T, T, detail::on_failure<std::decay_t<F>, T>>(
      native_handle(), detail::native_of(where), std::forward<F>(f));
}
template <class T>
template <detail::mends<T> F>
future<T> future<T>::on_error(const task_options &options, const executor_ref &where, F &&f) const {
  return detail::follow<WEFT_THEN_ERROR, T, T, detail::on_failure<std::decay_t<F>, T>>(
      native_handle(), detail::native_of(where), std::forward<F>(f), options);
}
template <class T> template <detail::mends<T> F> future<T> future<T>::on_error(F &&f) const {
  return detail::follow<WEFT_THEN_ERROR, T, T, detail::on_failure<std::decay_t<F>, T>>(native_handle(), nullptr,
                                                                                       std::forward<F>(f));
}

template <class T>
template <detail::ends<T> F>
auto future<T>::finally(const executor_ref &where, F &&f) const -> detail::finally_t<F, T> {
  return detail::follow_through<WEFT_THEN_ALWAYS, detail::ended_result_t<F, T>,
                                detail::on_end<std::decay_t<F>, future>>(native_handle(), detail::native_of(where),
                                                                         std::forward<F>(f));
}
template <class T>
template <detail::ends<T> F>
auto future<T>::finally(const task_options &options, const executor_ref &where, F &&f) const
    -> detail::finally_t<F, T> {
  return detail::follow_through<WEFT_THEN_ALWAYS, detail::ended_result_t<F, T>,
                                detail::on_end<std::decay_t<F>, future>>(native_handle(), detail::native_of(where),
                                                                         std::forward<F>(f), options);
}
template <class T> template <detail::ends<T> F> auto future<T>::finally(F &&f) const -> detail::finally_t<F, T> {
  return detail::follow_through<WEFT_THEN_ALWAYS, detail::ended_result_t<F, T>,
                                detail::on_end<std::decay_t<F>, future>>(native_handle(), nullptr, std::forward<F>(f));
}

namespace detail {

template <class T> struct gathered { using type = std::vector<T>; };
template <class T> struct gathered<T &> { using type = std::vector<std::reference_wrapper<T>>; };
template <> struct gathered<void> { using type = void; };

// any_future has no value_type.
template <class Future> struct gathered_of { using type = void; };
template <class T> struct gathered_of<future<T>> : gathered<T> {};
template <class Range> using gathered_t = typename gathered_of<future_of_t<Range>>::type;

template <class Range> std::vector<future_of_t<Range>> listed_futures(Range &&futures) {
  std::vector<future_of_t<Range>> result;
  for (auto &&each : futures) result.push_back(each);
  return result;
}

// The same for futures of different types: one element of a tuple for each future.
template <class Future> struct tuple_element_of { using type = std::monostate; };
template <class T> struct tuple_element_of<future<T>> { using type = T; };
template <class T> struct tuple_element_of<future<T &>> { using type = std::reference_wrapper<T>; };
template <> struct tuple_element_of<future<void>> { using type = std::monostate; };
template <class Future> using tuple_element_t = typename tuple_element_of<Future>::type;

template <class Future> tuple_element_t<Future> read_element(Future &&done) {
  if constexpr (std::is_same_v<tuple_element_t<Future>, std::monostate> &&
                !std::is_same_v<Future, future<std::monostate>>)
    return {};
  else
    return std::move(done).result(duration());
}

} // namespace detail

/// Get a future that is done when all of these are. It holds their results in the order given: a
/// std::vector<T> for future<T>, a vector of std::reference_wrapper for references, nothing for
/// void and for any_future. Results are copied, or moved out if they cannot be copied, on the
/// thread that completes the last future.
///
/// If a future failed, it fails with the error that came first in time, when the last one is done.
/// If none failed and one was cancelled, it is cancelled. Of no futures it is done at once.
/// Cancelling it cancels none of them.
///
/// Throws:
/// - invalid_argument: one of them is empty
/// - out_of_memory
template <range_of_futures Range> auto when_all(Range &&futures) -> future<detail::gathered_t<Range>> {
  auto given = detail::listed_futures(futures);
  const std::vector<weft_future_t *> natives = detail::natives_of(given);
  weft_future_t *native = nullptr;
  check(weft_when_all(natives.data(), natives.size(), &native));
  const auto all = future<void>::adopt(native);
  if constexpr (std::is_void_v<detail::gathered_t<Range>>) {
    return all;
  } else {
    return all.then([given = std::move(given)]() mutable {
      detail::gathered_t<Range> results;
      results.reserve(given.size());
      for (auto &each : given) results.push_back(std::move(each).result(duration()));
      return results;
    });
  }
}
template <std::derived_from<any_future> Future> auto when_all(std::initializer_list<Future> futures) {
  return when_all(std::vector<Future>(futures));
}

/// Get a future of a tuple of the results, for futures of different types. In the tuple a reference
/// is a std::reference_wrapper, and void and any_future are a std::monostate. The rest is as above.
///
///     weft::when_all(pool.submit(load), pool.submit(count))
///         .then([](const std::tuple<mesh, int> &both) { ... });
template <std::derived_from<any_future>... Futures>
auto when_all(Futures... futures) -> future<std::tuple<detail::tuple_element_t<Futures>...>> {
  const std::array<weft_future_t *, sizeof...(Futures)> natives{futures.native_handle()...};
  weft_future_t *native = nullptr;
  check(weft_when_all(natives.data(), natives.size(), &native));
  return future<void>::adopt(native).then([... given = std::move(futures)]() mutable {
    return std::tuple<detail::tuple_element_t<Futures>...>{detail::read_element(std::move(given))...};
  });
}

/// Get a future of the index of the future that is done first, with a result, an error or
/// cancelled. Of those that are done already it is the lowest. The others go on, and keep no
/// reference to it.
///
/// Throws:
/// - invalid_argument: there is none, or one is empty
/// - out_of_memory
template <range_of_futures Range> future<std::size_t> when_any(Range &&futures) {
  const auto given = detail::listed_futures(futures);
  const std::vector<weft_future_t *> natives = detail::natives_of(given);
  weft_future_t *native = nullptr;
  check(weft_when_any(natives.data(), natives.size(), &native));
  return future<std::size_t>::adopt(native);
}
template <std::derived_from<any_future> Future> future<std::size_t> when_any(std::initializer_list<Future> futures) {
  return when_any(std::vector<Future>(futures));
}
template <std::derived_from<any_future>... Futures> future<std::size_t> when_any(const Futures &...futures) {
  return when_any({any_future(futures)...});
}

} // namespace weft

#endif
