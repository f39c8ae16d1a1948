// task/call.hpp: functions of plain C as tasks.
#include <doctest/doctest.h>

#include "support.hpp"

using namespace weft::test;

TEST_CASE("call: result and error are null at the call, and the result lands in the room") {
  bool clean = false;
  int value = 0;
  work content([&](void **result, weft_error **failure) {
    clean = *result == nullptr && *failure == nullptr;
    *result = &value;
    return WEFT_OK;
  });
  task *const t = content.make();
  REQUIRE(t->try_claim());
  t->run_claimed(*current_record(), nullptr);
  CHECK(clean);
  CHECK(call_result(*t) == &value);
  t->unref();
  t->unref();
}

TEST_CASE("call: without a drop nothing is dropped") {
  int ran = 0;
  const call plain{[](void *ctx, void **, weft_error **) -> weft_status {
                     ++*static_cast<int *>(ctx);
                     return WEFT_OK;
                   },
                   &ran, nullptr};
  task *t = create_call(plain, nullptr);
  REQUIRE(t->try_claim());
  t->run_claimed(*current_record(), nullptr);
  t->unref();
  t->unref();
  t = create_call(plain, nullptr);
  CHECK(t->cancel() == WEFT_OK);
  t->unref();
  t->unref();
  t = create_posted_call(plain);
  REQUIRE(t->try_claim());
  t->run_claimed(*current_record(), nullptr);
  t->unref();
  CHECK(ran == 2);
}

TEST_CASE("call: a result of null goes to its drop too") {
  static int drops = 0;
  drops = 0;
  work content;
  task *const t = content.make([](void *result) {
    if (result == nullptr) ++drops;
  });
  REQUIRE(t->try_claim());
  t->run_claimed(*current_record(), nullptr);
  t->unref();
  t->unref();
  CHECK(drops == 1);
}
