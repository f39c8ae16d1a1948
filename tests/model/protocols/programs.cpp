// Small whole programs on the real scheduler. The engine chooses what a run does, and its end checks what must hold.
// Two workers and three submitters use tasks, strands, groups, timers, tokens and cancellations together.
#include <memory>
#include <optional>
#include <vector>

#include "exec/group.hpp"
#include "exec/strand.hpp"
#include "protocols/world.hpp"
#include "task/callback.hpp"
#include "task/cancel_token.hpp"

using namespace weft::test;

namespace {

// What one action has made, and how it ended. Each accepted task reaches one final state. It runs at most once, and
// never if it was cancelled (work checks that, too). Its drop runs once if it was accepted, else never. Each waiter
// sees its outcome, and each callback runs once.
struct act {
  work what;
  task *made = nullptr; // one reference; null: it has no future, or was refused
  weft_status answer = WEFT_OK;
  bool cancel_said_yes = false;
  int told = 0;
  std::optional<callback> callback_entry;

  void watch() {
    callback_entry.emplace(
        callback::storage::lent,
        [](void *ctx, weft_future_t *which) {
          auto &self = *static_cast<act *>(ctx);
          const task &done = *reinterpret_cast<const task *>(which);
          check(done.done(), "a callback runs when its future is done");
          check(self.what.ran == (done.state() == with_result ? 1 : 0), "the outcome is seen by a callback");
          check(locks_held() == 0, "callbacks run under no lock");
          ++self.told;
        },
        this, [](void *) { fail("the future of an accepted task ends"); });
    add_callback(*made, *callback_entry);
  }
  void wait() {
    const task_state end = [&] {
      check(wait_for_task(*made, deadline::never()) == WEFT_OK, "a wait ends");
      return made->state();
    }();
    check(what.ran == (end == with_result ? 1 : 0), "the outcome is seen by a waiter");
    if (cancel_said_yes) check(end == cancelled, "what was cancelled is");
  }
  // Called when all executors have ended.
  void judge() {
    const bool accepted = answer == WEFT_OK;
    check(what.dropped == (accepted ? 1 : 0), "dropped once if it was accepted");
    if (!accepted) check(what.ran == 0, "what was refused does not run");
    if (made == nullptr) return;
    check(made->done(), "an accepted task has ended");
    check(what.ran == (made->state() == with_result ? 1 : 0), "run, or cancelled");
    if (callback_entry) check(told == 1, "a callback runs once");
    made->unref();
  }
};

void give(executor &to, act &one) {
  one.made = submit(to, one.what, &one.answer);
}

// Gives tasks to a pool and to a strand of it, at once or by time. Then waits, adds callbacks or cancels.
void submitter(one_pool &pool, strand &serial, act (&acts)[2], std::vector<int> &order, int first_number) {
  for (int i = 0; i < 2; ++i) {
    act &each = acts[i];
    switch (weft::model::choose(3)) {
    case 0:
      give(*pool, each);
      break;
    case 1:
      each.what.body = [&order, number = first_number + i] { order.push_back(number); };
      give(serial, each);
      break;
    default: {
      task *const made = each.what.make();
      each.answer = pool->accept_after(*made, now_ns() + 1'000);
      if (each.answer == WEFT_OK)
        each.made = made;
      else
        task::discard(made);
    }
    }
  }
  for (act &each : acts) {
    if (each.made == nullptr) continue;
    switch (weft::model::choose(3)) {
    case 0:
      each.wait();
      break;
    case 1:
      each.watch();
      break;
    default:
      each.cancel_said_yes = each.made->cancel() == WEFT_OK;
    }
  }
}

MODEL("program: three submitters on a pool and a strand, up to its end", 0.5) {
  act acts[3][2];
  std::vector<int> order; // plain: tasks of the strand must not overlap
  {
    one_pool pool({2});
    strand *const serial = strand::make(*pool);
    {
      actor second([&] { submitter(pool, *serial, acts[1], order, 10); });
      actor third([&] { submitter(pool, *serial, acts[2], order, 20); });
      submitter(pool, *serial, acts[0], order, 0);
      if (weft::model::choose(2) == 0) {
        serial->close();
        pool->close();
        if (weft::model::choose(2) == 0) pool->cancel_pending();
      }
    }
    serial->close();
    check(serial->join(deadline::never()) == WEFT_OK, "the strand ends");
    pool.finish();
    serial->unref_handle();
  }
  for (std::size_t i = 0; i < order.size(); ++i)
    for (std::size_t j = i + 1; j < order.size(); ++j)
      check(order[i] / 10 != order[j] / 10 || order[i] < order[j], "a strand is first in, first out");
  for (auto &each : acts)
    for (act &one : each) one.judge();
}

// Groups of two submitters, and posted tasks. One of the groups uses a token that a third submitter cancels.
MODEL("program: groups, tokens and posts", 0.5) {
  work leaves[2], tasks[2], posted;
  weft_status said[2] = {};
  {
    one_pool pool({2});
    cancel_token *const token = cancel_token::make(nullptr, cancel_token::never);
    {
      actor canceller([&] { token->cancel(); });
      actor poster([&] { check(post(*pool, posted) == WEFT_OK, "accepted"); });
      group *made = nullptr;
      if (group::make(&*pool, 0, *token, made) == WEFT_OK) {
        const group::handle mine(made);
        tasks[0].body = [&] {
          task *const leaf = leaves[0].make_posted();
          if (mine->spawn(*leaf) != WEFT_OK) task::discard(leaf);
        };
        for (work &each : tasks) {
          task *const given = each.make_posted();
          check(mine->spawn(*given) == WEFT_OK, "accepted");
        }
        said[0] = mine->wait(deadline::never());
        const int ran = tasks[0].ran + tasks[1].ran + leaves[0].ran;
        check(said[0] == WEFT_OK ? ran == 3 : said[0] == WEFT_ECANCELED, "the verdict of the group");
        check(tasks[0].dropped == 1 && tasks[1].dropped == 1, "dropped when the wait is over");
        check(leaves[0].dropped == tasks[0].ran, "spawned by the one that has run");
      }
    }
    pool.finish();
    token->unref();
  }
  check(posted.ran == 1 && posted.dropped == 1, "what was posted has run");
}

} // namespace
