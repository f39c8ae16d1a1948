// The actions of a random program that wait, cancel, complete and add callbacks.
#include "random_program.hpp"

#include <algorithm>
#include <set>

namespace stress {

void program::wait_for(ticket &awaited, weft_future_t *future, dice &random) {
  const std::int64_t timeout = some_timeout(random, &awaited);
  weft_status status = WEFT_OK;
  switch (awaited.in_room ? 0 : random.below(4)) {
  case 0: {
    status = weft_future_wait(future, timeout);
    break;
  }
  case 1: {
    weft_error_t *failure = nullptr;
    status = weft_future_exception(future, timeout, &failure);
    weft_error_unref(failure);
    if (status == WEFT_ECANCELED) status = WEFT_OK;
    break;
  }
  case 2:
    if (awaited.takeable) {
      void *taken = nullptr;
      awaited.take_tried.store(true, relax);
      status = weft_future_take(future, timeout, &taken);
      if (status == WEFT_OK && taken != nullptr) {
        auto *const it = static_cast<value *>(taken);
        VERIFY(it->of == &awaited && awaited.takes.fetch_add(1, relax) == 0);
        delete it;
        counts.values.fetch_sub(1, relax);
      }
      if (status == WEFT_EINVALIDSTATE || status == WEFT_ECANCELED || status == WEFT_EFAILED) status = WEFT_OK;
      break;
    }
    [[fallthrough]];
  default: {
    void *result = nullptr;
    status = weft_future_result(future, timeout, &result);
    if (status == WEFT_EINVALIDSTATE) VERIFY(awaited.take_tried.load(relax));
    if (status == WEFT_EINVALIDSTATE || status == WEFT_ECANCELED || status == WEFT_EFAILED) status = WEFT_OK;
  }
  }
  VERIFY_OF(status, sound(status, timeout));
  if (status == WEFT_OK) awaited.look(future);
}

void program::cancel(ticket &which, weft_future_t *future) {
  which.cancel_tried.store(true, relax);
  const weft_status status = weft_future_cancel(future);
  if (status == WEFT_OK) {
    which.cancels.fetch_add(1, relax);
    VERIFY(weft_future_cancelled(future) == 1);
    which.look(future);
  } else {
    VERIFY(status == WEFT_ERUNNING || status == WEFT_EDONE);
    VERIFY(weft_future_cancelled(future) == 0);
    if (status == WEFT_EDONE) which.look(future);
  }
}

void program::request_stop(ticket &which, weft_future_t *future) {
  which.stop_asked.store(true, relax);
  const weft_status status = weft_future_request_stop(future);
  VERIFY(status == WEFT_OK || status == WEFT_EDONE);
  if (status == WEFT_OK) which.stop_told.store(true, relax);
  if (status == WEFT_EDONE) which.look(future);
}

void program::add_callback(ticket &which, weft_future_t *future, dice &random) {
  if (note_count_.load(relax) >= most_notes) return;
  const std::size_t index = note_count_.fetch_add(1);
  if (index >= most_notes) return;
  note &made = notes_[index];
  made.on = &which;
  made.random = random.roll();
  made.adder = &at();
  made.adding.store(true, relax);
  counts.drops.fetch_add(1, relax);
  const bool was_done = weft_future_done(future) == 1;
  VERIFY_OK(weft_future_add_done_callback(future, called, &made, note_dropped));
  if (was_done) VERIFY(made.calls.load(relax) == 1 && made.drops.load(relax) == 1);
  made.adding.store(false, relax);
}

void program::wait_for_several(dice &random) {
  std::vector<weft_future_t *> futures;
  std::vector<ticket *> tickets;
  std::int64_t timeout = random.percent(50) ? WEFT_FOREVER : random.below(300) * WEFT_MICROSECOND;
  for (std::uint32_t n = random.below(7); n > 0; --n) {
    ticket *const t = some_ticket(random);
    if (t == nullptr) continue;
    tickets.push_back(t);
    futures.push_back(t->shown.load());
    if (may_never_end(t)) timeout = std::min<std::int64_t>(timeout, 200 * WEFT_MICROSECOND);
  }
  const std::uint32_t mode = random.below(3);
  std::vector<std::uint8_t> done(futures.size(), 7);
  std::size_t done_count = 77;
  const weft_status status = weft_wait(futures.data(), futures.size(), mode, timeout, done.data(), &done_count);
  VERIFY_OF(status, sound(status, timeout));
  std::set<weft_future_t *> different, finished;
  bool failed = false;
  for (std::size_t i = 0; i < futures.size(); ++i) {
    VERIFY(done[i] <= 1);
    different.insert(futures[i]);
    if (done[i] == 0) continue;
    finished.insert(futures[i]);
    failed = failed || weft_future_state(futures[i]) == WEFT_FUTURE_ERROR;
    tickets[i]->look(futures[i]);
  }
  for (std::size_t i = 0; i < futures.size(); ++i) VERIFY((done[i] == 1) == finished.contains(futures[i]));
  VERIFY(done_count == finished.size());
  if (status != WEFT_OK || futures.empty()) return;
  if (mode == WEFT_FIRST_COMPLETED) VERIFY(!finished.empty());
  if (mode == WEFT_ALL_COMPLETED) VERIFY(finished.size() == different.size());
  if (mode == WEFT_FIRST_EXCEPTION) VERIFY(failed || finished.size() == different.size());
}

void program::iterate_completed(dice &random) {
  std::vector<weft_future_t *> futures;
  std::int64_t timeout = random.percent(50) ? WEFT_FOREVER : random.below(300) * WEFT_MICROSECOND;
  for (std::uint32_t n = random.below(7); n > 0; --n) {
    ticket *const t = some_ticket(random);
    if (t == nullptr) continue;
    futures.push_back(t->shown.load());
    if (may_never_end(t)) timeout = std::min<std::int64_t>(timeout, 200 * WEFT_MICROSECOND);
  }
  std::set<weft_future_t *> left(futures.begin(), futures.end()), finished;
  for (weft_future_t *const f : left)
    if (weft_future_done(f) == 1) finished.insert(f);
  weft_as_completed_t *iterator = nullptr;
  VERIFY_OK(weft_as_completed(futures.data(), futures.size(), timeout, &iterator));
  for (std::uint32_t most = random.percent(30) ? random.below(4) : 100; most > 0; --most) {
    weft_future_t *next = nullptr;
    const weft_status status = weft_as_completed_next(iterator, &next);
    if (status == WEFT_EEND) {
      VERIFY(left.empty());
      break;
    }
    VERIFY_OF(status, sound(status, timeout));
    if (status != WEFT_OK) {
      // A future that was done at the beginning is always reported. Only an interruption may come first.
      if (status == WEFT_ETIMEDOUT) VERIFY(finished.empty());
      break;
    }
    VERIFY(weft_future_done(next) == 1);
    VERIFY(left.erase(next) == 1);
    finished.erase(next);
    weft_future_unref(next);
  }
  weft_as_completed_destroy(&iterator);
  VERIFY(iterator == nullptr);
}

void program::map(dice &random) {
  place &where = *some_place(random);
  const bool untold = inside() && where.what == place::kind::caller_run;
  std::vector<ticket *> made;
  std::vector<void *> items;
  weft_map_options_t options;
  weft_task_options_t each;
  weft_task_options_init(&each);
  each.result_drop = drop_value;
  weft_map_options_init(&options);
  options.buffer = random.below(4);
  options.tasks = &each;
  if (untold || random.percent(40))
    options.timeout = random.percent(10) ? -1 : 1 + random.below(500) * WEFT_MICROSECOND;
  for (std::uint32_t n = random.below(8); n > 0; --n) {
    ticket *const t = new_ticket(&where, random);
    if (t == nullptr) break;
    t->of_map = true;
    t->takeable = false;
    // With a small window the items are submitted one by one. In between this thread may submit others to the strand.
    t->submitter = UINT32_MAX;
    if (options.timeout != 0) t->map_ended.store(true, relax);
    made.push_back(t);
    items.push_back(t);
  }
  const auto count = static_cast<std::int64_t>(items.size());
  counts.drops.fetch_add(count, relax);
  weft_map_t *running = nullptr;
  const weft_status begun =
      weft_executor_map(where.handle.get(), &options, run_ticket, items.data(), items.size(), drop_ticket, &running);
  if (begun != WEFT_OK) {
    VERIFY_OF(begun, accepts(begun, where, false) && running == nullptr);
    for (ticket *const t : made) VERIFY(t->runs.load(relax) == 0 && t->drops.load(relax) == 0);
    counts.drops.fetch_sub(count, relax);
    return;
  }
  for (ticket *const t : made) t->accepted.store(true, relax);
  const std::size_t most = random.percent(50) ? made.size() + 1 : random.below(4);
  for (std::size_t i = 0; i < most; ++i) {
    weft_future_t *next = nullptr;
    const weft_status status = weft_map_next(running, &next);
    if (status != WEFT_OK) {
      VERIFY(next == nullptr);
      if (status == WEFT_EEND)
        VERIFY(i == made.size());
      else
        VERIFY_OF(status, accepts(status, where, true) || sound(status, options.timeout == 0 ? WEFT_FOREVER : 0));
      break;
    }
    VERIFY(i < made.size());
    made[i]->look(next);
    void *result = nullptr;
    if (weft_future_result(next, 0, &result) == WEFT_OK && result != nullptr)
      VERIFY(static_cast<value *>(result)->of == made[i]); // results come in the order of the items
    weft_future_unref(next);
  }
  for (ticket *const t : made) t->map_ended.store(true, relax);
  weft_map_destroy(&running);
  VERIFY(running == nullptr);
}

void program::make_promise(dice &random) {
  ticket *const made = new_ticket(nullptr, random);
  if (made == nullptr) return;
  weft_future_t *promise = nullptr;
  VERIFY_OK(weft_future_create(drop_value, &promise));
  made->accepted.store(true, relax);
  show(*made, promise, random);
}

void program::complete(ticket &promise, weft_future_t *future, dice &random) {
  if (random.percent(30)) {
    const weft_status status = weft_future_set_running(future);
    VERIFY(status == WEFT_OK || status == WEFT_EINVALIDSTATE || status == WEFT_ECANCELED);
  }
  weft_status status = WEFT_OK;
  if (random.percent(70)) {
    auto *const offered = new value{&promise, 1};
    counts.values.fetch_add(1, relax);
    status = weft_future_set_result(future, offered);
    if (status != WEFT_OK) { // this thread still owns it
      delete offered;
      counts.values.fetch_sub(1, relax);
    }
  } else {
    weft_error_t *failure = nullptr;
    VERIFY_OK(weft_error_create(1, "random", nullptr, &failure));
    status = weft_future_set_error(future, failure);
    weft_error_unref(failure);
  }
  if (status == WEFT_OK)
    VERIFY(promise.sets.fetch_add(1, relax) == 0);
  else
    VERIFY(status == WEFT_EINVALIDSTATE || status == WEFT_ECANCELED);
}

} // namespace stress
