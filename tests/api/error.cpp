// What weft throws: one type for each status, all with one base.
#include "support.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

TEST_CASE("each status that a call can end with has a type of its own") {
  CHECK_THROWS_AS(weft::check(WEFT_EINVAL), weft::invalid_argument);
  CHECK_THROWS_AS(weft::check(WEFT_ENOMEM), weft::out_of_memory);
  CHECK_THROWS_AS(weft::check(WEFT_EAGAIN), weft::thread_refused);
  CHECK_THROWS_AS(weft::check(WEFT_ETIMEDOUT), weft::timed_out);
  CHECK_THROWS_AS(weft::check(WEFT_ECANCELED), weft::cancelled);
  CHECK_THROWS_AS(weft::check(WEFT_EINVALIDSTATE), weft::invalid_state);
  CHECK_THROWS_AS(weft::check(WEFT_ESTARTED), weft::already_started);
  CHECK_THROWS_AS(weft::check(WEFT_ENOTSTARTED), weft::not_started);
  CHECK_THROWS_AS(weft::check(WEFT_EDEADLK), weft::deadlock);
  CHECK_THROWS_AS(weft::check(WEFT_ESHUTDOWN), weft::shut_down);
  CHECK_THROWS_AS(weft::check(WEFT_EBROKEN), weft::broken_pool);
  CHECK_THROWS_AS(weft::check(WEFT_EFULL), weft::queue_full);
  CHECK_THROWS_AS(weft::check(WEFT_EINTERRUPTED), weft::interrupted);
  CHECK_THROWS_AS(weft::check(WEFT_EPERM), weft::not_permitted);
  CHECK_THROWS_AS(weft::check(WEFT_ENOTSUP), weft::not_supported);
  CHECK_THROWS_AS(weft::check(WEFT_EFORKED), weft::forked);
  CHECK_THROWS_AS(weft::check(WEFT_ECLOSED), weft::closed);
  CHECK_NOTHROW(weft::check(WEFT_OK));
}

TEST_CASE("every failure of the list is a status_error that tells its status, name and text") {
#define WEFT_CHECK_STATUS(code, value, text)                                                                           \
  if (code != WEFT_OK) {                                                                                               \
    try {                                                                                                              \
      weft::check(code);                                                                                               \
      FAIL(#code " did not throw");                                                                                    \
    } catch (const weft::status_error &e) {                                                                            \
      CHECK(e.status() == value);                                                                                      \
      CHECK(std::string(e.name()) == #code);                                                                           \
      CHECK(std::string(e.what()) == text);                                                                            \
    }                                                                                                                  \
  }
  WEFT_STATUS_LIST(WEFT_CHECK_STATUS)
#undef WEFT_CHECK_STATUS
}

TEST_CASE("a status that this version does not know still is a status_error") {
  try {
    weft::check(-12345);
    FAIL("it did not throw");
  } catch (const weft::status_error &e) {
    CHECK(e.status() == -12345);
  }
}

TEST_CASE("an error object has a code, a kind and a message; copies share it") {
  const weft::error original(42, "ValueError", "no such colour");
  const weft::error copy = original;
  CHECK(copy.code() == 42);
  CHECK(std::string(copy.kind()) == "ValueError");
  CHECK(std::string(copy.what()) == "no such colour");
  CHECK(copy.native_handle() == original.native_handle());
}

TEST_CASE("an error object can be handed to C and back") {
  const weft::error original(1, "k", "m");
  weft_error_t *native = weft_error_ref(original.native_handle());
  const weft::error adopted = weft::error::adopt(native);
  const weft::error shared = weft::error::share(adopted.native_handle());
  CHECK(shared.native_handle() == original.native_handle());
}

TEST_CASE("an error with code 0 is an error all the same") {
  weft::executor pool({.max_workers = 1});
  const auto failed = pool.submit([] { throw weft::error(0, "odd", "but true"); });
  CHECK_THROWS_AS(failed.result(), weft::error);
  CHECK(failed.error().has_value());
  CHECK(failed.error()->code() == 0);
}
