#include "exec/map.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "task/call.hpp"
#include "task/wait.hpp"

namespace weft::core {
namespace {

deadline deadline_of(const weft_map_options_t &options) noexcept {
  return options.timeout == 0 ? deadline::never() : deadline::after(options.timeout);
}

std::size_t ahead_of(const weft_map_options_t &options, std::size_t count) noexcept {
  return options.buffer == 0 ? count : static_cast<std::size_t>(std::min<std::uint64_t>(options.buffer, count));
}

} // namespace

map::map(executor &on, const weft_map_options_t &options, const map_call &each, std::size_t count) noexcept
    : on_(on), fn_(each.fn), result_drop_(each.result_drop), priority_(each.priority), name_(each.to.name),
      token_(each.to.token), until_(deadline_of(options)), count_(count), ahead_(ahead_of(options, count)) {
  on_.ref();
  on_.ref_handle();
}

weft_status map::make(executor &on, const weft_map_options_t &options, const map_call &each, void *const *items,
                      std::size_t count, map *&out) {
  std::unique_ptr<map> made(new (std::nothrow) map(on, options, each, count));
  if (!made) return WEFT_ENOMEM;
  if (domain *const home = each.to.home; home != nullptr) {
    if (!home->enter()) return WEFT_ECLOSED;
    made->home_ = shared<domain>(home);
  }
  made->items_.reset(new (std::nothrow) item[count]);
  weft_status status = WEFT_ENOMEM;
  if (made->items_) {
    made->drop_ = each.drop;
    for (std::size_t i = 0; i < count; ++i) made->items_[i].ctx = items[i];
    status = made->submit_ahead();
  }
  // Once the first item is accepted the map exists. What cannot be submitted yet is submitted
  // later.
  if (status != WEFT_OK && made->submitted_ == 0) {
    made->drop_ = nullptr; // the items are still the caller's
    return status;
  }
  out = made.release();
  return WEFT_OK;
}

map::~map() {
  cancel_rest();
  for (std::size_t i = yielded_; i < submitted_; ++i) items_[i].future->unref();
  if (drop_ != nullptr) // otherwise the items are the caller's, or need no drop; items_ may be null
    for (std::size_t i = submitted_; i < count_; ++i) drop_item(items_[i]);
  if (home_) home_->leave();
  on_.unref_handle();
  on_.unref();
}

weft_status map::submit_one(item &which) {
  task *made = create_call({fn_, which.ctx, drop_}, result_drop_, {token_.get(), home_.get(), name_});
  if (made == nullptr) return WEFT_ENOMEM;
  if (priority_ != WEFT_PRIORITY_NORMAL) made->set_priority(priority_);
  const weft_status status = on_.accept(&made, 1);
  if (status != WEFT_OK)
    task::discard(made);
  else
    which.future = made;
  return status;
}

weft_status map::submit_ahead() {
  while (submitted_ < count_ && submitted_ - yielded_ < ahead_) {
    if (const weft_status status = submit_one(items_[submitted_]); status != WEFT_OK) return status;
    ++submitted_;
  }
  return WEFT_OK;
}

// For an item that no thread will run any more: its future is cancelled, or fails as the pending
// ones of a broken pool.
weft_status map::give_up(item &which) {
  which.future = task::create_promise(nullptr);
  if (which.future == nullptr) return WEFT_ENOMEM;
  if (error *const reason = on_.broken(); reason != nullptr) {
    which.future->set_error(reason);
    reason->unref();
  } else {
    which.future->cancel();
  }
  drop_item(which);
  return WEFT_OK;
}

void map::drop_item(const item &which) noexcept {
  if (drop_ == nullptr) return;
  const drop_scope here(home_.get());
  drop_(which.ctx);
}

void map::cancel_rest() {
  for (std::size_t i = yielded_; i < submitted_; ++i) items_[i].future->cancel();
}

weft_status map::next(task *&out) {
  if (yielded_ == count_ || over_) return WEFT_EEND;
  const weft_status ahead = submit_ahead();
  if (submitted_ == yielded_) {                     // no item is under way that could make room
    if (ahead == WEFT_ETIMEDOUT) return WEFT_EFULL; // the wait for room; not the time of the map
    if (ahead != WEFT_ESHUTDOWN && ahead != WEFT_EBROKEN && ahead != WEFT_ECANCELED && ahead != WEFT_ECLOSED)
      return ahead;
    if (const weft_status status = give_up(items_[submitted_]); status != WEFT_OK) return status;
    ++submitted_;
  }
  task &oldest = *items_[yielded_].future;
  const weft_status status = oldest.done() ? WEFT_OK : wait_for_task(oldest, until_);
  if (status == WEFT_ETIMEDOUT) {
    over_ = true;
    cancel_rest();
    return status;
  }
  if (status != WEFT_OK) return status;
  ++yielded_;
  out = &oldest;
  submit_ahead(); // the window is full while the caller looks at this item
  return WEFT_OK;
}

} // namespace weft::core
