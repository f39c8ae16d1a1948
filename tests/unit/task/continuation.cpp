// task/continuation.cpp: the references, and the calls of the stage, on every way out. tests/capi/continuation.c tests
// what fn sees.
#include <doctest/doctest.h>

#include "support.hpp"
#include "task/continuation.hpp"

using namespace weft::test;

namespace {

// In the place of an executor: takes what is submitted, or refuses it.
struct noting_stage {
  weft_status answer = WEFT_OK;
  task *ready = nullptr;
  int released = 0, refused = 0;

  static weft_status submit(void *self, task &given) {
    auto *s = static_cast<noting_stage *>(self);
    if (s->answer == WEFT_OK) s->ready = &given;
    return s->answer;
  }
  static error *refusal(void *self, weft_status status) {
    ++static_cast<noting_stage *>(self)->refused;
    return error::from_status(status);
  }
  static void release(void *self) { ++static_cast<noting_stage *>(self)->released; }
  static constexpr stage_calls calls{&submit, &refusal, &release};
  stage here() { return {this, &calls}; }
};

struct body {
  int runs = 0, drops = 0;
  static weft_status run(void *ctx, weft_future_t *, void **, weft_error_t **) {
    ++static_cast<body *>(ctx)->runs;
    return WEFT_OK;
  }
  static void drop(void *ctx) { ++static_cast<body *>(ctx)->drops; }
  task *make() { return create_continuation({&body::run, this, &body::drop}, nullptr); }
};

} // namespace

TEST_CASE("continuation: it is submitted when its source is done, and the stage let go") {
  noting_stage stage;
  body fn;
  task *const source = task::create_promise(nullptr), *const c = fn.make();
  continuation::start(*c, *source, WEFT_THEN_RESULT, stage.here());
  CHECK(stage.ready == nullptr);
  CHECK(stage.released == 0);
  source->set_result(nullptr);
  source->unref(); // the link has a reference of its own
  REQUIRE(stage.ready == c);
  CHECK(stage.released == 1);
  REQUIRE(c->try_claim());
  c->run_claimed(*current_record(), nullptr);
  CHECK(fn.runs == 1);
  CHECK(fn.drops == 1);
  CHECK(continuation::of(*c).link().held_source() == nullptr);
  c->unref();
  CHECK(c->is_last_reference());
  c->unref();
}

TEST_CASE("continuation: refused, it fails with what the stage says") {
  noting_stage stage;
  stage.answer = WEFT_EFULL;
  body fn;
  task *const source = task::create_promise(nullptr), *const c = fn.make();
  continuation::start(*c, *source, WEFT_THEN_RESULT, stage.here());
  source->set_result(nullptr);
  CHECK(stage.refused == 1);
  CHECK(stage.released == 1);
  REQUIRE(c->failed());
  CHECK(c->failure()->code() == WEFT_EFULL);
  CHECK(fn.runs == 0);
  CHECK(fn.drops == 1);
  CHECK(c->is_last_reference());
  c->unref();
  source->unref();
}

TEST_CASE("continuation: cancelled while it is linked, it leaves the list at once") {
  noting_stage stage;
  body fn;
  task *const source = task::create_promise(nullptr), *const c = fn.make();
  continuation::start(*c, *source, WEFT_THEN_ALWAYS, stage.here());
  CHECK(c->cancel() == WEFT_OK);
  CHECK(stage.released == 1);
  CHECK(fn.drops == 1);
  CHECK(c->is_last_reference());
  c->unref();
  source->set_result(nullptr);
  source->unref();
  CHECK(stage.ready == nullptr);
}

TEST_CASE("continuation: cancelled while it is queued, it lets the source go") {
  noting_stage stage;
  body fn;
  int drops = 0;
  task *const source = task::create_promise([](void *ctx) { ++*static_cast<int *>(ctx); }), *const c = fn.make();
  continuation::start(*c, *source, WEFT_THEN_RESULT, stage.here());
  source->set_result(&drops);
  source->unref();
  CHECK(drops == 0);
  CHECK(c->cancel() == WEFT_OK);
  CHECK(drops == 1);
  CHECK(fn.drops == 1);
  CHECK(stage.released == 1);
  c->unref(); // the reference of the queue
  c->unref();
}

TEST_CASE("continuation: not its case, the outcome is handed on and the stage never asked") {
  for (const std::uint32_t when : {WEFT_THEN_RESULT, WEFT_THEN_ERROR}) {
    noting_stage stage;
    body fn;
    task *const source = task::create_promise(nullptr), *const c = fn.make();
    continuation::start(*c, *source, when, stage.here());
    error *const failure = error::make(1, "k", "m");
    if (when == WEFT_THEN_RESULT)
      source->set_error(failure);
    else
      source->set_result(nullptr);
    CHECK(stage.ready == nullptr);
    CHECK(stage.released == 1);
    CHECK(fn.drops == 1);
    CHECK(c->state() == source->state());
    CHECK(&result_owner(*c) == (when == WEFT_THEN_ERROR ? source : c));
    source->unref();
    c->unref();
    failure->unref();
  }
}

TEST_CASE("continuation: a chain that hands on refers to the first and keeps nothing between") {
  body fn;
  task *const source = task::create_promise(nullptr);
  task *last = source;
  source->ref();
  for (int i = 0; i < 10; ++i) {
    task *const next = fn.make();
    continuation::start(*next, *last, WEFT_THEN_ERROR, {});
    last->unref();
    last = next;
  }
  source->set_result(nullptr);
  CHECK(&result_owner(*last) == source);
  source->unref();
  CHECK(source->is_last_reference());
  last->unref();
}

TEST_CASE("continuation: a source that is given up cancels it and releases the stage") {
  noting_stage stage;
  body fn;
  task *const source = task::create_promise(nullptr), *const c = fn.make();
  continuation::start(*c, *source, WEFT_THEN_ALWAYS, stage.here());
  source->unref();
  CHECK(c->state() == cancelled);
  CHECK(stage.released == 1);
  CHECK(fn.drops == 1);
  CHECK(c->is_last_reference());
  c->unref();
}
