#include "runtime/end_report.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "exec/pool.hpp"
#include "runtime/runtime.hpp"
#include "task/call.hpp"
#include "thread/roster_find.hpp"
#include "thread/wait_graph.hpp"

namespace weft::core {

namespace {

// Only of a thread that sleeps in weft. What another thread runs may change during the look.
struct seen_task {
  std::uint64_t function = 0;
  const char *name = nullptr;
};
template <class Who> seen_task task_of(const Who *worker) noexcept {
  seen_task found;
  wait_graph::instance().look_at(worker, [&found](const frame &at) noexcept {
    if (at.running == nullptr) return false;
    found = {code_of(*const_cast<task *>(at.running)), name_of(*at.running)};
    return true;
  });
  return found;
}

} // namespace

void survey::look(runtime &of) {
  const std::int64_t now = now_ns();
  std::vector<sighting> fresh;
  at_rest_.clear();
  for (const shared<task_owner> &each : of.executors().all())
    if (auto &which = static_cast<executor &>(*each); which.kind() == executor_kind::pool)
      look_at_pool(static_cast<pool &>(which), now, fresh);
  seen_.swap(fresh);
}

void survey::look_at_pool(pool &workers, std::int64_t now, std::vector<sighting> &fresh) {
  scheduler::worker_view view{};
  for (std::uint32_t i = 0; workers.workers().view(i, view); ++i) {
    const worker::host_thread &host = view.host;
    if (!view.who && host.who == nullptr) continue;
    if (view.rests) { // it runs nothing
      if (view.who) at_rest_.push_back(view.who->ident());
      continue;
    }
    const sighting *const before = view.who ? this->of(*view.who) : find(0, host.native_id, host.came);
    const bool moved = before == nullptr || before->taken_up != view.taken_up;
    seen_task found = view.who ? task_of(view.who.get()) : task_of(host.who);
    if (found.function == 0 && !moved) found = {before->function, before->task};
    const std::int64_t since = moved ? now : before->since;
    if (view.who) {
      fresh.push_back({view.who->ident(), view.taken_up, since, found.function, found.name, workers.name()});
    } else {
      const bool is_known = host.object && host.object->role() == thread_role::target;
      fresh.push_back({0, view.taken_up, since, found.function, found.name, workers.name(), host.native_id, host.came,
                       is_known ? host.object->name() : host.name, workers.is_daemon()});
    }
  }
}

const survey::sighting *survey::of(const thread &worker) const noexcept {
  return find(worker.ident(), 0, 0);
}

bool survey::rested(const thread &worker) const noexcept {
  return std::find(at_rest_.begin(), at_rest_.end(), worker.ident()) != at_rest_.end();
}

const survey::sighting *survey::find(std::uint64_t ident, std::uint64_t native_id, std::int64_t came) const noexcept {
  const auto found = std::find_if(seen_.begin(), seen_.end(), [&](const sighting &s) {
    return s.ident == ident && s.native_id == native_id && s.came == came;
  });
  return found != seen_.end() ? &*found : nullptr;
}

end_report::end_report(survey &seen, runtime &of) {
  seen.look(of);
  add(seen, of);
}

void end_report::add(runtime &other) {
  survey now;
  now.look(other);
  add(now, other);
}

void end_report::add(const survey &seen, runtime &of) {
  std::vector<shared<thread>> alive;
  of.visit([&](thread &t) {
    if ((t.role() == thread_role::target || t.role() == thread_role::worker) && !t.ended() && t.try_ref())
      alive.push_back(adopt(&t));
  });
  const std::int64_t now = now_ns();
  for (const shared<thread> &each : alive) {
    if (seen.rested(*each))
      note_departing();
    else
      entries_.push_back(describe(*each, seen, now));
  }
  for (const survey::sighting &each : seen.all())
    if (each.ident == 0) entries_.push_back(describe_host(each, now));
}

namespace {

const char *words_for(std::uint32_t runs) noexcept {
  switch (runs) {
  case WEFT_RUNS_TARGET:
    return "its target";
  case WEFT_RUNS_TASK:
    return "a task";
  case WEFT_RUNS_START:
    return "the start of a worker";
  default:
    return "destructors at its end";
  }
}

std::string text_of(const end_report::entry &it) {
  char line[256];
  constexpr double second = 1e9;
  std::snprintf(line, sizeof line, " (native id %llu, %.3f s old) runs %s",
                static_cast<unsigned long long>(it.native_id), static_cast<double>(it.age) / second,
                words_for(it.runs));
  std::string text = (it.daemon ? "daemon thread " : "thread ") + it.name + line;
  if (it.task != nullptr) text += " (" + std::string(it.task) + ")";
  if (!it.executor.empty()) text += " of " + it.executor;
  std::snprintf(line, sizeof line, ", for at least %.3f s", static_cast<double>(it.busy) / second);
  text += line;
  if (it.function == 0) return text;
  std::snprintf(line, sizeof line, ", in the function at 0x%llx", static_cast<unsigned long long>(it.function));
  return text + line;
}

} // namespace

end_report::entry end_report::describe(const thread &alive, const survey &seen, std::int64_t now) {
  entry it{};
  it.name = alive.name();
  it.native_id = alive.native_id();
  it.daemon = alive.is_daemon();
  it.age = alive.started_at() != 0 ? now - alive.started_at() : 0;
  const bool is_worker = alive.role() == thread_role::worker;
  const survey::sighting *const sighted = is_worker ? seen.of(alive) : nullptr;
  if (sighted != nullptr) it.executor = sighted->executor;
  if (alive.state() == WEFT_THREAD_STOPPED) {
    it.runs = WEFT_RUNS_END;
  } else if (!is_worker) {
    it.runs = WEFT_RUNS_TARGET;
    it.busy = it.age;
    it.function = reinterpret_cast<std::uintptr_t>(alive.entry());
  } else {
    it.runs = sighted != nullptr && sighted->taken_up == 0 ? WEFT_RUNS_START : WEFT_RUNS_TASK;
    it.busy = sighted != nullptr ? std::max<std::int64_t>(0, now - sighted->since) : 0;
    it.function = sighted != nullptr ? sighted->function : 0;
    it.task = sighted != nullptr ? sighted->task : nullptr;
  }
  it.text = text_of(it);
  return it;
}

// A thread of the host. For weft it is as old as its stay.
end_report::entry end_report::describe_host(const survey::sighting &seen, std::int64_t now) {
  entry it{};
  it.name = seen.name;
  it.executor = seen.executor;
  it.native_id = seen.native_id;
  it.daemon = seen.daemon;
  it.age = now - seen.came;
  it.runs = seen.taken_up == 0 ? WEFT_RUNS_START : WEFT_RUNS_TASK;
  it.busy = std::max<std::int64_t>(0, now - seen.since);
  it.function = seen.function;
  it.task = seen.task;
  it.text = text_of(it);
  return it;
}

} // namespace weft::core
