// What the threads, tasks and callbacks of a random program do, one random thing at a time, and what each call may
// return.
#include "random_program.hpp"

#include <algorithm>

namespace stress {

void program::act(dice &random) {
  switch (random.below(26)) {
  case 0:
  case 1:
  case 2:
  case 3:
  case 4:
  case 5:
    return submit(random);
  case 6:
  case 7:
    return submit_batch(random);
  case 8:
    return submit_room(random);
  case 9:
    return make_promise(random);
  case 10:
  case 11:
    if (ticket *const t = some_ticket(random); t != nullptr && t->where == nullptr)
      complete(*t, t->shown.load(), random);
    return;
  case 12:
  case 13:
    if (ticket *const t = some_ticket(random)) cancel(*t, t->shown.load());
    return;
  case 14:
    if (ticket *const t = some_ticket(random)) request_stop(*t, t->shown.load());
    return;
  case 15:
  case 16:
  case 17:
    if (ticket *const t = some_ticket(random)) add_callback(*t, t->shown.load(), random);
    return;
  case 18:
  case 19:
    if (ticket *const t = some_ticket(random)) wait_for(*t, t->shown.load(), random);
    return;
  case 20:
    return wait_for_several(random);
  case 21:
    return iterate_completed(random);
  case 22:
    return map(random);
  case 23:
    return random.percent(50) ? use_own_executor(random) : run_some(random);
  case 24:
    if (with_shutdowns_ && random.percent(25)) return shut_down(random);
    return spin(random.below(5'000));
  default:
    if (random.percent(50)) return std::this_thread::yield();
    const weft_status status = weft_sleep(random.below(30) * WEFT_MICROSECOND);
    if (status != WEFT_OK) VERIFY_OF(status, status == WEFT_EINTERRUPTED && sound(status, 0));
  }
}

// --- which statuses are allowed ---

// Of a wait.
bool program::sound(weft_status status, std::int64_t timeout) const {
  const here &mine = at();
  switch (status) {
  case WEFT_OK:
    return true;
  case WEFT_ETIMEDOUT:
    return timeout != WEFT_FOREVER;
  case WEFT_EINTERRUPTED:
    return mine.task != nullptr && mine.task->may_be_stopped();
  case WEFT_EDEADLK: // a circle, which only tasks and callbacks can be a part of
    return mine.depth > 0 && timeout == WEFT_FOREVER;
  default:
    return false;
  }
}

// Of a submit.
bool program::accepts(weft_status status, const place &where, bool batch) {
  const bool waits = where.max_queue != 0 && where.when_full == WEFT_FULL_WAIT;
  switch (status) {
  case WEFT_OK:
    return true;
  case WEFT_ESHUTDOWN:
    return where.may_refuse_for_good();
  case WEFT_EBROKEN:
    return where.may_break();
  case WEFT_EFULL:
    return where.max_queue != 0 && (where.when_full == WEFT_FULL_FAIL || (batch && waits));
  default:
    return waits && sound(status, where.waits_forever ? WEFT_FOREVER : 0);
  }
}

std::int64_t program::some_timeout(dice &random, const ticket *awaited) {
  if (!may_never_end(awaited) && random.percent(50)) return WEFT_FOREVER;
  return random.percent(30) ? 0 : random.below(300) * WEFT_MICROSECOND;
}

// --- tickets ---

place *program::some_place(dice &random) {
  return &places_[random.below(static_cast<std::uint32_t>(lasting_))];
}

ticket *program::new_ticket(place *where, dice &random) {
  const std::size_t index = ticket_count_.load(relax) < most_tickets ? ticket_count_.fetch_add(1) : most_tickets;
  if (index >= most_tickets) return nullptr;
  ticket &made = tickets_[index];
  made.of = this;
  made.where = where;
  made.random = random.roll();
  made.input = static_cast<int>(made.random % 1000);
  made.takeable = random.percent(20);
  const std::uint32_t roll = random.below(10);
  made.end = roll < 6   ? ending::value
             : roll < 7 ? ending::nothing
             : roll < 8 ? ending::status
             : roll < 9 ? ending::error
                        : ending::exception;
  here &mine = at();
  made.submitter = mine.thread;
  made.order = ++mine.orders;
  return &made;
}

ticket *program::some_ticket(dice &random) {
  const auto count = static_cast<std::uint32_t>(std::min(ticket_count_.load(relax), most_tickets));
  for (int tries = 0; tries < 4 && count != 0; ++tries) {
    // The younger half is chosen more often, because most of what still runs is there.
    const std::uint32_t index = random.percent(50) ? random.below(count) : count - 1 - random.below((count + 1) / 2);
    if (tickets_[index].shown.load(std::memory_order_acquire) != nullptr) return &tickets_[index];
  }
  return nullptr;
}

void program::show(ticket &made, weft_future_t *future, dice &random) {
  made.own = future;
  if (random.percent(80) || made.where == nullptr) made.shown.store(future, std::memory_order_release);
}

// --- submitting ---

void program::submit(dice &random) {
  submit_to(*some_place(random), random);
}

void program::submit_to(place &where, dice &random) {
  ticket *const made = new_ticket(&where, random);
  if (made == nullptr) return;
  made->posted = random.percent(25);
  counts.drops.fetch_add(1, relax);
  weft_future_t *future = nullptr;
  weft_task_options_t options;
  weft_task_options_init(&options);
  options.result_drop = drop_value;
  const weft_status status =
      made->posted ? weft_executor_post(where.handle.get(), nullptr, run_ticket, made, drop_ticket)
                   : weft_executor_submit(where.handle.get(), &options, run_ticket, made, drop_ticket, &future);
  if (status != WEFT_OK) {
    VERIFY_OF(status, accepts(status, where, false) && future == nullptr && made->drops.load(relax) == 0);
    counts.drops.fetch_sub(1, relax);
    return;
  }
  made->accepted.store(true, relax);
  if (!made->posted) use(*made, future, random);
}

// A new future is shown to other threads, or used only here and given back.
void program::use(ticket &made, weft_future_t *future, dice &random) {
  if (random.percent(60)) return show(made, future, random);
  for (std::uint32_t steps = random.below(3); steps > 0; --steps) {
    switch (random.below(5)) {
    case 0:
      cancel(made, future);
      break;
    case 1:
      request_stop(made, future);
      break;
    case 2:
      add_callback(made, future, random);
      break;
    default:
      wait_for(made, future, random);
    }
  }
  weft_future_unref(future);
}

void program::submit_batch(dice &random) {
  place &where = *some_place(random);
  std::vector<ticket *> made;
  std::vector<weft_call_t> calls;
  const bool posted = random.percent(30);
  for (std::uint32_t n = random.below(7); n > 0; --n) {
    ticket *const t = new_ticket(&where, random);
    if (t == nullptr) break;
    t->posted = posted;
    made.push_back(t);
    calls.push_back({run_ticket, t, drop_ticket});
  }
  std::vector<weft_future_t *> futures(made.size());
  weft_task_options_t options;
  weft_task_options_init(&options);
  options.result_drop = drop_value;
  const auto count = static_cast<std::int64_t>(made.size());
  counts.drops.fetch_add(count, relax);
  const weft_status status = weft_executor_submit_batch(where.handle.get(), posted ? nullptr : &options, calls.data(),
                                                        calls.size(), posted ? nullptr : futures.data());
  if (status != WEFT_OK) {
    VERIFY_OF(status, accepts(status, where, true));
    for (ticket *const t : made) VERIFY(t->runs.load(relax) == 0 && t->drops.load(relax) == 0);
    for (weft_future_t *const f : futures) VERIFY(f == nullptr);
    counts.drops.fetch_sub(count, relax);
    return;
  }
  for (ticket *const t : made) t->accepted.store(true, relax);
  if (posted) return;
  for (std::size_t i = 0; i < made.size(); ++i) use(*made[i], futures[i], random);
}

void program::submit_room(dice &random) {
  place &where = *some_place(random);
  ticket *const made = new_ticket(&where, random);
  if (made == nullptr) return;
  made->in_room = true;
  weft_task_t *task = nullptr;
  VERIFY_OK(weft_task_create(&room_type, &task));
  *static_cast<ticket **>(weft_task_room(task)) = made;
  weft_future_t *future = nullptr;
  counts.drops.fetch_add(1, relax);
  const weft_status status = weft_executor_submit_task(where.handle.get(), task, &future);
  if (status != WEFT_OK) {
    VERIFY_OF(status, accepts(status, where, false) && future == nullptr);
    VERIFY(*static_cast<ticket **>(weft_task_room(task)) == made); // this thread still owns it
    counts.drops.fetch_sub(1, relax);
    weft_task_destroy(&task);
    return;
  }
  made->accepted.store(true, relax);
  use(*made, future, random);
}

// This thread makes an executor and gives it back while its tasks are under way.
void program::use_own_executor(dice &random) {
  if (place_count_.load(relax) >= most_places) return;
  const std::size_t index = place_count_.fetch_add(1);
  if (index >= most_places) return;
  place &own = places_[index];
  make_place(own, random, false);
  for (std::uint32_t n = random.below(5); n > 0; --n) {
    // Only this thread runs a caller-run one, so no thread may wait for its tasks without limit: post them.
    if (own.what != place::kind::caller_run) {
      submit_to(own, random);
    } else if (ticket *const made = new_ticket(&own, random)) {
      made->posted = true;
      counts.drops.fetch_add(1, relax);
      if (weft_executor_post(own.handle.get(), nullptr, run_ticket, made, drop_ticket) == WEFT_OK)
        made->accepted.store(true, relax);
      else
        counts.drops.fetch_sub(1, relax);
    }
  }
  if (own.what == place::kind::caller_run) {
    if (random.percent(50)) VERIFY_OK(weft_executor_run(own.handle.get(), random.below(3), WEFT_FOREVER, nullptr));
    own.cancelling.store(true, relax); // the release of the last handle cancels
  }
  own.handle.reset();
}

void program::run_some(dice &random) {
  place &where = *some_place(random);
  if (inside() || where.what != place::kind::caller_run) return;
  std::uint64_t ran = 99;
  const std::uint64_t most = random.between(1, 3);
  const weft_status status = weft_executor_run(where.handle.get(), most, random.below(100) * WEFT_MICROSECOND, &ran);
  if (status == WEFT_ESHUTDOWN) return VERIFY(where.closing.load(relax));
  VERIFY_OK(status);
  VERIFY(ran <= most);
}

void program::shut_down(dice &random) {
  place &where = *some_place(random);
  const std::uint32_t flags = random.below(4);
  where.closing.store(true, relax);
  if ((flags & WEFT_SHUTDOWN_CANCEL_PENDING) != 0) where.cancelling.store(true, relax);
  const std::int64_t timeout = inside() || random.percent(50) ? random.below(500) * WEFT_MICROSECOND : WEFT_FOREVER;
  const weft_status status = weft_executor_shutdown(where.handle.get(), flags, timeout);
  if (status == WEFT_OK && (flags & WEFT_SHUTDOWN_WAIT) != 0) {
    where.ended.store(true, relax);
    if (where.what == place::kind::pool) VERIFY(workers_alive(where.handle.get()) == 0);
  }
  if ((flags & WEFT_SHUTDOWN_WAIT) == 0)
    VERIFY_OK(status);
  else
    VERIFY_OF(status, sound(status, timeout) || (status == WEFT_EDEADLK && inside()));
}

} // namespace stress
