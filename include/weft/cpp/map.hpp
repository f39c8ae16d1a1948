// The results of executor_ref::map, read in the order of the items while the rest runs.
//
// Owns the window of submitted items and its deadline. It is built on tasks with room.
// weft_executor_map would take an allocation for each item and one for each result; the behaviour
// is the same.
#ifndef WEFT_CPP_MAP_HPP
#define WEFT_CPP_MAP_HPP

#include <weft/cpp/duration.hpp>
#include <weft/cpp/future.hpp>
#include <weft/cpp/promise.hpp>
#include <weft/cpp/task.hpp>
#include <weft/cpp/task_options.hpp>
#include <weft/cpp/visibility.hpp>
#include <weft/executor.h>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <variant>

namespace weft {

/// Options of a map.
struct map_options {
  std::uint64_t buffer = 0;   ///< how many items may be submitted and not yet read; 0: no bound
  duration timeout = forever; ///< for the whole iteration, counted from the call of map
};

namespace detail {

template <class Range> using map_item_t = std::ranges::range_value_t<Range>;

// Items are moved out of a range that was given away. A view that was given away owns no items that
// could be moved.
template <class Range>
WEFT_IN_EACH_MODULE inline constexpr bool gives_items_away =
    !std::is_lvalue_reference_v<Range> && !std::ranges::view<Range> && !std::ranges::borrowed_range<Range>;

template <class Range, class Item> decltype(auto) forward_item(Item &&item) noexcept {
  if constexpr (gives_items_away<Range>)
    return std::move(item);
  else
    return std::forward<Item>(item);
}

// std::ranges::begin and its like are objects with storage, which unoptimised code passes by
// address (visibility.hpp). These are temporaries of the same types.
template <class Range> auto begin_of(Range &range) {
  return std::remove_cvref_t<decltype(std::ranges::begin)>()(range);
}
template <class Range> auto end_of(Range &range) {
  return std::remove_cvref_t<decltype(std::ranges::end)>()(range);
}
template <class Range> auto size_of(Range &range) {
  return std::remove_cvref_t<decltype(std::ranges::size)>()(range);
}

// One call of the function that all items share.
template <class F, class Item> struct map_call {
  std::shared_ptr<const F> f;
  Item item;

  template <class Value>
  map_call(std::shared_ptr<const F> shared, Value &&value) : f(std::move(shared)), item(std::forward<Value>(value)) {}
  decltype(auto) operator()() { return std::invoke(*f, std::move(item)); }
};

} // namespace detail

/// The outcomes of executor_ref::map, in the order of the items. An input range for one iteration,
/// by one thread at a time. It stays in its place: it cannot be copied or moved.
///
///     for (int &n : pool.map(count_lines, paths)) ...     results, up to the first failed item
///
///     auto counts = pool.map(count_lines, paths);         results, also after a failed item
///     for (auto it = counts.begin(); it != counts.end(); ++it)
///       try { use(*it); } catch (const std::exception &e) { ... }
///
///     for (auto &f : counts.futures())                    futures, each of them done
///       if (auto failure = f.error()) ...
///
/// Dereferencing waits for the item, and gives a reference to its result, which may be moved from
/// and lives until ++; for void it gives a std::monostate. It throws what the item's task threw;
/// then ++ goes on with the next item. It may also throw:
/// - timed_out: the time given to map is over; what has not started is cancelled, and the iteration
///   has ended
/// - interrupted, deadlock: as in future::wait; it may be tried again
/// - cancelled: the item was cancelled; or it could not be submitted any more, because the executor
///   was shut down, the token cancelled or the domain closed
/// - what the range itself throws (its iterators, a filter): in the place of the item that it did
///   not give, after the outcomes of those before; then the iteration has ended
///
/// Blocks: begin() and the comparison with end() never; dereferencing, and ++ past an item that was
/// not read, until the item is done, up to the time given to map.
///
/// The destructor cancels what has not started; callbacks run and closures are destroyed there. It
/// never waits.
template <class F, class Range> class map_results {
  using item = detail::map_item_t<Range>;
  using call = detail::map_call<F, item>;

public:
  /// The type that f gives.
  using result_type = typename detail::kept<std::invoke_result_t<const F &, item>>::type;
  using value_type = std::conditional_t<std::is_void_v<result_type>, std::monostate, std::remove_cvref_t<result_type>>;

  /// executor_ref::map makes it.
  template <class Callable>
  map_results(weft_executor_t *executor, Callable &&f, Range &&items, const map_options &options,
              const task_options &each)
      : map_results(unfilled{}, executor, std::forward<Callable>(f), std::forward<Range>(items), options, each) {
    fill(); // if this throws, the destructor runs: the other constructor has completed the object
  }
  map_results(const map_results &) = delete;
  map_results &operator=(const map_results &) = delete;
  ~map_results() { cancel_rest(); }

  template <bool Futures> class basic_iterator {
  public:
    using iterator_concept = std::input_iterator_tag;
    using difference_type = std::ptrdiff_t;
    using value_type = std::conditional_t<Futures, future<map_results::result_type>, map_results::value_type>;

    basic_iterator() noexcept = default;
    explicit basic_iterator(map_results *owner) noexcept : owner_(owner) {}

    decltype(auto) operator*() const {
      if constexpr (Futures)
        return owner_->fetch();
      else
        return owner_->read();
    }
    basic_iterator &operator++() {
      owner_->advance();
      return *this;
    }
    void operator++(int) { owner_->advance(); }
    bool operator==(std::default_sentinel_t) const { return owner_->at_end(); }

  private:
    map_results *owner_ = nullptr;
  };
  using iterator = basic_iterator<false>;

  /// Get the position of the iteration.
  iterator begin() noexcept { return iterator(this); }
  std::default_sentinel_t end() const noexcept { return {}; }

  /// Iterate over the future of each item instead of its result. Each future is done. Dereferencing
  /// does not throw the item's own error, but only timed_out, interrupted and deadlock, or what the
  /// range throws. It lives as long as the map_results that it came from.
  auto futures() &noexcept { return future_range{this}; }
  auto futures() && = delete;

private:
  using task = detail::prepared_task<call, result_type, detail::kind_of_task::with_future>;
  using clock = std::chrono::steady_clock;
  struct unfilled {};
  struct future_range {
    map_results *owner;
    auto begin() const noexcept { return basic_iterator<true>(owner); }
    std::default_sentinel_t end() const noexcept { return {}; }
  };

  template <class Callable>
  map_results(unfilled, weft_executor_t *executor, Callable &&f, Range &&items, const map_options &options,
              const task_options &each)
      : executor_(executor_handle::share(executor)), home_(home_of(each)), each_(each),
        f_(new F(std::forward<Callable>(f))), items_(std::forward<Range>(items)), next_(detail::begin_of(items_)),
        buffer_(options.buffer), timeout_(options.timeout), begun_(clock::now()) {
    each_.domain = home_ ? &*home_ : nullptr;
  }

  // The iteration.
  bool at_end() { // not const, because some views have no const end
    return over_ ||
           (!current_.valid() && ahead_.empty() && !stalled_ && !range_failure_ && next_ == detail::end_of(items_));
  }
  future<result_type> &fetch();
  decltype(auto) read();
  void advance();

  // The window.
  void fill();
  bool submit_next();
  template <class Step> bool ask_range(Step step);
  void take_front();
  void prepare_next();
  void end_with_range();
  void append_failure(weft_error_t *adopted);
  void append_cancelled();
  void cancel_rest() noexcept;
  std::int64_t time_left() const noexcept;
  void end_if_late();

  using executor_handle = detail::handle<weft_executor_t, weft_executor_ref, weft_executor_unref>;

  // The map keeps the domain itself: the caller's object may be gone before the last item is
  // submitted.
  static std::optional<domain> home_of(const task_options &each) {
    if (each.domain == nullptr) return std::nullopt;
    return *each.domain;
  }

  executor_handle executor_;
  const std::optional<domain> home_;
  task_options each_; // refers to home_
  std::shared_ptr<const F> f_;
  Range items_; // a reference for an lvalue range
  std::ranges::iterator_t<Range> next_;
  std::uint64_t buffer_;
  duration timeout_;
  clock::time_point begun_;
  std::optional<task> stalled_;           // made of the item before next_, but the queue was full
  std::deque<future<result_type>> ahead_; // submitted and not yet read
  future<result_type> current_;           // the position of the iterator, once it was waited for
  // What the range threw in the place of the next item. The range is not asked any more then.
  std::optional<error> range_failure_;
  bool accepted_any_ = false;
  bool over_ = false;
};

template <class F, class Range> std::int64_t map_results<F, Range>::time_left() const noexcept {
  if (timeout_.is_forever()) return WEFT_FOREVER;
  const std::int64_t spent = duration(clock::now() - begun_).count();
  return std::max<std::int64_t>(timeout_.count() - spent, 0);
}

template <class F, class Range> void map_results<F, Range>::cancel_rest() noexcept {
  for (const auto &each : ahead_) static_cast<void>(weft_future_cancel(each.native_handle()));
}

template <class F, class Range> void map_results<F, Range>::end_if_late() {
  if (time_left() > 0) return;
  over_ = true;
  cancel_rest();
  ahead_.clear();
  stalled_.reset();
  throw timed_out();
}

// Submit as far as the window and the queue allow.
template <class F, class Range> void map_results<F, Range>::fill() {
  while (buffer_ == 0 || ahead_.size() < buffer_)
    if (!submit_next()) return;
}

template <class F, class Range> void map_results<F, Range>::append_failure(weft_error_t *adopted) {
  const error owner = error::adopt(adopted);
  const promise<result_type> failed;
  failed.set_error(owner);
  ahead_.push_back(failed.get_future());
}

template <class F, class Range> void map_results<F, Range>::append_cancelled() {
  const promise<result_type> refused;
  refused.get_future().cancel();
  ahead_.push_back(refused.get_future());
}

// Make a step of the range's own code. Returns: false when the range threw, now or before.
template <class F, class Range> template <class Step> bool map_results<F, Range>::ask_range(Step step) {
  if (range_failure_) return false;
  weft_error_t *failure = nullptr;
  const weft_status status = detail::guard(&failure, step);
  if (failure)
    range_failure_ = error::adopt(failure);
  else
    check(status);
  return !failure;
}

// Make the task of the next item. An item that cannot even be copied counts as an item that failed:
// it takes its place in the order, and the rest goes on. A range that throws has come to its end.
template <class F, class Range> void map_results<F, Range>::prepare_next() {
  weft_error_t *failure = nullptr;
  weft_status status = WEFT_OK;
  const bool given = ask_range([&] {
    auto &&next = *next_;
    status = detail::guard(&failure, [&] {
      stalled_.emplace(detail::native_options(each_), std::in_place_t(), f_,
                       detail::forward_item<Range>(std::forward<decltype(next)>(next)));
    });
  });
  if (given) ask_range([&] { ++next_; });
  if (failure)
    append_failure(failure);
  else
    check(status);
}

template <class F, class Range> void map_results<F, Range>::end_with_range() {
  over_ = true;
  const error thrown = *range_failure_;
  range_failure_.reset();
  thrown.rethrow();
}

// Returns: false when there is no further item, or the queue has no room for it now.
template <class F, class Range> bool map_results<F, Range>::submit_next() {
  if (!stalled_) {
    bool more = false;
    if (!ask_range([&] { more = next_ != detail::end_of(items_); }) || !more) return false;
    prepare_next();
    if (!stalled_) return !range_failure_ || !ahead_.empty();
  }
  ahead_.emplace_back(); // before the submit, because after it nothing may fail
  weft_future_t *native = nullptr;
  const weft_status status = stalled_->submit(executor_.get(), &native);
  if (status == WEFT_OK) {
    ahead_.back() = future<result_type>::adopt(native);
    stalled_.reset();
    accepted_any_ = true;
    return true;
  }
  ahead_.pop_back();
  if (status == WEFT_EFULL || status == WEFT_ETIMEDOUT) return false;
  if (accepted_any_ && (status == WEFT_ESHUTDOWN || status == WEFT_ECANCELED || status == WEFT_ECLOSED)) {
    stalled_.reset();
    append_cancelled();
    return true;
  }
  weft_error_t *reason = nullptr;
  if (status == WEFT_EBROKEN && weft_executor_error(executor_.get(), &reason) == WEFT_OK && reason) {
    if (!accepted_any_) throw broken_pool(error::adopt(reason));
    stalled_.reset();
    append_failure(reason);
    return true;
  }
  throw_status(status);
}

// Wait for the item at the position of the iterator.
template <class F, class Range> future<typename map_results<F, Range>::result_type> &map_results<F, Range>::fetch() {
  if (current_.valid()) return current_;
  take_front();
  // The next items start before this one is read. A failure to submit them is thrown in their
  // places.
  weft_error_t *later = nullptr;
  static_cast<void>(detail::guard(&later, [this] { fill(); }));
  weft_error_unref(later);
  return current_;
}

template <class F, class Range> void map_results<F, Range>::take_front() {
  for (fill(); ahead_.empty(); fill()) {
    if (range_failure_ && !stalled_) end_with_range();
    // Others have filled the queue. No event says when there is room, so this thread looks every
    // millisecond.
    end_if_late();
    check(weft_sleep(std::min(time_left(), WEFT_MILLISECOND)));
  }
  while (!ahead_.front().wait(duration::from_count(time_left()))) end_if_late();
  current_ = std::move(ahead_.front());
  ahead_.pop_front();
}

template <class F, class Range> decltype(auto) map_results<F, Range>::read() {
  const future<result_type> &current = fetch();
  if constexpr (std::is_void_v<result_type>) {
    current.result();
    return std::monostate();
  } else if constexpr (std::is_lvalue_reference_v<result_type>) {
    return current.result();
  } else {
    static_cast<void>(current.result());
    return static_cast<result_type &>(detail::stored_at<result_type>(weft_future_room(current.native_handle())));
  }
}

template <class F, class Range> void map_results<F, Range>::advance() {
  if (over_) return;
  if (!current_.valid()) take_front(); // passed by without a read
  current_ = future<result_type>();
}

} // namespace weft

#endif
