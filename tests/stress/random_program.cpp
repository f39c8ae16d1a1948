// Sets a random program up, runs it, ends everything in a random order, and checks what is left.
#include "random_program.hpp"

namespace stress {

under_way counts;

void await_zero(const relaxed<std::int64_t> &count) {
  while (count.load(std::memory_order_acquire) != 0) std::this_thread::yield();
}

namespace {

std::atomic<std::uint64_t> programs{0};

weft_status refuse(void * /*ctx*/, weft_error_t **error) {
  return weft_error_create(1, "random", "this pool is to break", error);
}

// Gets the errors of posted tasks. Those of a broken pool come here, too, but the program has not counted them.
void hooked(void * /*ctx*/, weft_thread_t * /*thread*/, const weft_error_t *failure) {
  if (weft_error_code(failure) != WEFT_EBROKEN) counts.hooks.fetch_sub(1, std::memory_order_release);
}

} // namespace

program::program(std::uint64_t seed)
    : seed_(seed), serial_(++programs), places_(most_places), tickets_(most_tickets), notes_(most_notes) {
  say_on_failure("random program", seed_);
  VERIFY_OK(weft_runtime_set_exception_hook(nullptr, hooked, nullptr, nullptr));
}

program::~program() {
  say_on_failure(nullptr, 0);
}

void program::make_place(place &made, dice &random, bool lasting) {
  made.lasting = lasting;
  weft_executor_options_t options;
  weft_executor_options_init(&options);
  if (random.percent(50)) {
    options.max_queue = made.max_queue = random.between(1, 8);
    options.when_full = made.when_full = random.below(3);
  }
  const std::uint32_t roll = random.below(100);
  weft_executor_t *handle = nullptr;
  if (roll < 25 && lasting && places_[0].handle && places_[0].what == place::kind::pool) {
    made.what = place::kind::strand;
    made.max_queue = 0;
    made.pool = &places_[0];
    VERIFY_OK(weft_strand_create(made.pool->handle.get(), &handle));
  } else if (roll < 40) {
    made.what = place::kind::caller_run;
    weft_caller_run_options_t own;
    weft_caller_run_options_init(&own);
    own.max_queue = options.max_queue;
    own.when_full = options.when_full;
    if (made.when_full == WEFT_FULL_WAIT) own.full_timeout = WEFT_MILLISECOND;
    VERIFY_OK(weft_caller_run_create(nullptr, &own, &handle));
  } else {
    options.max_workers = made.workers = random.between(1, 4);
    if (made.when_full == WEFT_FULL_WAIT) {
      made.waits_forever = random.percent(60);
      options.full_timeout = made.waits_forever ? 0 : WEFT_MILLISECOND;
    }
    made.breaks = random.percent(4);
    if (made.breaks) options.initializer = refuse;
    VERIFY_OK(weft_executor_create(nullptr, &options, &handle));
  }
  made.handle.reset(handle);
}

void program::make_places(dice &random) {
  lasting_ = random.between(1, 5);
  for (std::size_t i = 0; i < lasting_; ++i) make_place(places_[i], random, true);
  place_count_.store(lasting_);
  for (std::size_t i = 0; i < lasting_; ++i)
    if (places_[i].what == place::kind::caller_run) places_[i].driver = std::thread([this, i] { drive(places_[i]); });
}

// The thread that runs a caller-run executor, until that is shut down and empty.
void program::drive(place &of) {
  dice random(seed_ ^ 0x5eed);
  for (;;) {
    std::uint64_t ran = 0;
    const std::int64_t timeout = random.percent(50) ? WEFT_FOREVER : random.below(500) * WEFT_MICROSECOND;
    const weft_status status = weft_executor_run_wait(of.handle.get(), random.below(4), timeout, &ran);
    if (status == WEFT_ESHUTDOWN) return VERIFY(of.closing.load(relax));
    if (status == WEFT_ETIMEDOUT)
      VERIFY(timeout != WEFT_FOREVER && ran == 0);
    else
      VERIFY_OK(status);
  }
}

void program::play(std::uint64_t random, std::uint32_t steps) {
  dice mine(random);
  for (; steps > 0; --steps) act(mine);
}

void program::end_place(place &which, dice &random) {
  const std::uint32_t how = random.below(3);
  const std::uint32_t cancel = how == 1 ? WEFT_SHUTDOWN_CANCEL_PENDING : 0;
  which.closing.store(true, relax);
  if (cancel != 0) which.cancelling.store(true, relax);
  if (which.driver.joinable()) {
    VERIFY_OK(weft_executor_shutdown(which.handle.get(), cancel, 0));
    which.driver.join();
  }
  if (how == 2) { // accepted tasks go on while the other executors end
    VERIFY_OK(weft_executor_shutdown(which.handle.get(), 0, 0));
    return;
  }
  VERIFY_OK(weft_executor_shutdown(which.handle.get(), WEFT_SHUTDOWN_WAIT | cancel, WEFT_FOREVER));
  which.ended.store(true, relax);
  if (which.what == place::kind::pool) VERIFY(workers_alive(which.handle.get()) == 0);
}

void program::complete_promises() {
  const std::size_t count = std::min(ticket_count_.load(), most_tickets);
  for (std::size_t i = 0; i < count; ++i) {
    ticket &t = tickets_[i];
    weft_future_t *const promise = t.shown.load(std::memory_order_acquire);
    if (promise == nullptr || t.where != nullptr || weft_future_done(promise) == 1) continue;
    auto *const last = new value{&t, 0};
    counts.values.fetch_add(1, relax);
    if (weft_future_set_result(promise, last) == WEFT_OK) {
      t.sets.fetch_add(1, relax);
    } else {
      counts.values.fetch_sub(1, relax);
      delete last;
    }
  }
}

void program::run() {
  dice random(seed_);
  with_shutdowns_ = random.percent(40);
  make_places(random);
  std::vector<std::thread> actors;
  std::vector<thread> weft_actors;
  const std::uint32_t count = random.between(2, 6);
  starting_line line(count);
  for (std::uint32_t a = 0; a < count; ++a) {
    const auto actor = [this, &line, own = random.roll(), steps = random.between(5, 40)] {
      line.cross();
      play(own, steps);
    };
    if (random.percent(50))
      actors.emplace_back(actor);
    else
      weft_actors.push_back(start_thread(actor));
  }
  for (std::thread &t : actors) t.join();
  for (const thread &t : weft_actors) VERIFY_OK(weft_thread_join(t.get(), WEFT_FOREVER));
  complete_promises();
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < lasting_; ++i) order.push_back(i);
  for (std::size_t i = lasting_; i > 1; --i)
    std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
  for (const std::size_t i : order) end_place(places_[i], random);
  judge();
}

void program::judge() {
  // Tasks of executors that were only given back may still run. They may make promises for which callbacks wait.
  while (counts.drops.load(std::memory_order_acquire) != 0) {
    complete_promises();
    std::this_thread::yield();
  }
  complete_promises();
  const std::size_t count = std::min(ticket_count_.load(), most_tickets);
  for (std::size_t i = 0; i < count; ++i) {
    ticket &t = tickets_[i];
    if (t.own == nullptr) continue;
    wait(t.own);
    t.look(t.own);
    if (t.cancels.load(relax) > 0) VERIFY(weft_future_cancelled(t.own) == 1);
  }
  for (std::size_t i = 0; i < count; ++i) weft_future_unref(tickets_[i].own);
  await_zero(counts.values);
  await_zero(counts.hooks);
  for (std::size_t i = 0; i < count; ++i) tickets_[i].verdict();
  for (const note &n : notes_) VERIFY(n.calls.load(relax) == n.drops.load(relax));
  VERIFY(counts.drops.load(relax) == 0);
}

} // namespace stress
