// Waits for several futures: weft::wait and weft::as_completed.
//
// Owns the translation between ranges of futures and the arrays of the C ABI.
#ifndef WEFT_CPP_WAIT_HPP
#define WEFT_CPP_WAIT_HPP

#include <weft/cpp/duration.hpp>
#include <weft/cpp/future.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <ranges>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

namespace weft {

/// When weft::wait returns.
enum class return_when : std::uint32_t {
  all_completed = WEFT_ALL_COMPLETED,
  first_completed = WEFT_FIRST_COMPLETED,
  /// As all_completed, but an error ends the wait. A cancellation is no error.
  first_exception = WEFT_FIRST_EXCEPTION,
};

/// The result of weft::wait: each different future once, in the order in which they were given.
template <class Future> struct wait_result {
  std::vector<Future> done;
  std::vector<Future> not_done;
};

/// A range of futures: of one type future<T>, or any_future for mixed ones.
template <class Range>
concept range_of_futures =
    std::ranges::input_range<Range> && std::derived_from<std::ranges::range_value_t<Range>, any_future>;

namespace detail {

template <class Range> using future_of_t = std::ranges::range_value_t<Range>;

template <class Range> std::vector<future_of_t<Range>> different_futures(Range &&futures) {
  std::vector<future_of_t<Range>> result;
  std::unordered_set<weft_future_t *> seen;
  for (auto &&each : futures)
    if (seen.insert(each.native_handle()).second) result.push_back(each);
  return result;
}

template <class Future> std::vector<weft_future_t *> natives_of(const std::vector<Future> &futures) {
  std::vector<weft_future_t *> result;
  result.reserve(futures.size());
  for (const Future &each : futures) result.push_back(each.native_handle());
  return result;
}

} // namespace detail

/// Wait for several futures. What is done already counts at once. A cancelled future is done.
///
/// Returns: which futures are done and which are not, also when the time is over.
/// Blocks: up to `timeout`.
/// Throws:
/// - invalid_argument: one of them is empty
/// - interrupted, deadlock: see any_future
/// - out_of_memory
template <range_of_futures Range>
auto wait(Range &&futures, return_when when = return_when::all_completed, duration timeout = forever)
    -> wait_result<detail::future_of_t<Range>> {
  auto given = detail::different_futures(futures);
  const std::vector<weft_future_t *> natives = detail::natives_of(given);
  std::vector<std::uint8_t> done(given.size());
  const weft_status status = weft_wait(natives.data(), natives.size(), static_cast<std::uint32_t>(when),
                                       timeout.count(), done.data(), nullptr);
  if (status != WEFT_ETIMEDOUT) check(status);
  wait_result<detail::future_of_t<Range>> result;
  for (std::size_t i = 0; i < given.size(); ++i)
    (done[i] ? result.done : result.not_done).push_back(std::move(given[i]));
  return result;
}
template <std::derived_from<any_future> Future>
wait_result<Future> wait(std::initializer_list<Future> futures, return_when when = return_when::all_completed,
                         duration timeout = forever) {
  return wait(std::vector<Future>(futures), when, timeout);
}

/// Futures, given as they get done. An input range for one iteration, by one thread at a time:
///
///     for (auto &f : weft::as_completed(futures)) use(f.result());
///
/// It holds a reference to each future until that one was given and passed by.
template <class Future> class as_completed_range {
public:
  as_completed_range(const std::vector<weft_future_t *> &futures, duration timeout) {
    check(weft_as_completed(futures.data(), futures.size(), timeout.count(), &native_));
  }
  as_completed_range(as_completed_range &&other) noexcept
      : native_(std::exchange(other.native_, nullptr)), current_(std::move(other.current_)),
        ended_(std::exchange(other.ended_, true)) {}
  as_completed_range &operator=(as_completed_range &&) = delete;
  ~as_completed_range() { weft_as_completed_destroy(&native_); }

  /// Get the next future that is done; nothing when all were given.
  ///
  /// Blocks: until a future is done, up to the timeout of as_completed.
  /// Throws:
  /// - timed_out: the time is over, and none of the rest is done; a later call may still find one
  /// - interrupted, deadlock: see any_future
  std::optional<Future> next() {
    weft_future_t *native = nullptr;
    const weft_status status = weft_as_completed_next(native_, &native);
    if (status == WEFT_EEND) return std::nullopt;
    check(status);
    return Future::adopt(native);
  }

  class iterator {
  public:
    using iterator_concept = std::input_iterator_tag;
    using difference_type = std::ptrdiff_t;
    using value_type = Future;

    iterator() noexcept = default;
    explicit iterator(as_completed_range *owner) noexcept : owner_(owner) {}

    /// Get the future. It may be moved from, so that its reference is given back before the next
    /// one comes.
    Future &operator*() const noexcept { return owner_->current_; }
    iterator &operator++() {
      owner_->advance();
      return *this;
    }
    void operator++(int) { owner_->advance(); }
    bool operator==(std::default_sentinel_t) const noexcept { return owner_->ended_; }

  private:
    as_completed_range *owner_ = nullptr;
  };

  /// Wait for the first future; ++ waits for the next one. Both block and throw as next().
  iterator begin() {
    if (!current_.valid() && !ended_) advance();
    return iterator(this);
  }
  std::default_sentinel_t end() const noexcept { return {}; }

private:
  void advance() {
    current_ = Future();
    std::optional<Future> found = next();
    ended_ = !found;
    if (found) current_ = std::move(*found);
  }

  weft_as_completed_t *native_ = nullptr;
  Future current_;
  bool ended_ = false;
};

/// Begin to iterate over futures in the order in which they get done. Those that are done already
/// come first. Each different one comes once. `timeout` counts from this call; what is done is
/// given even after it.
///
/// Throws:
/// - invalid_argument: one of them is empty
/// - out_of_memory
template <range_of_futures Range>
auto as_completed(Range &&futures, duration timeout = forever) -> as_completed_range<detail::future_of_t<Range>> {
  std::vector<detail::future_of_t<Range>> given;
  for (auto &&each : futures) given.push_back(each);
  return as_completed_range<detail::future_of_t<Range>>(detail::natives_of(given), timeout);
}
template <std::derived_from<any_future> Future>
as_completed_range<Future> as_completed(std::initializer_list<Future> futures, duration timeout = forever) {
  return as_completed(std::vector<Future>(futures), timeout);
}

} // namespace weft

#endif
