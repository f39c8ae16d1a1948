// Exceptions that go through a future: where both ends are C++, the type and the object itself are kept.
#include "support.hpp"

#include <doctest/doctest.h>

#include <exception>
#include <new>
#include <string>

namespace {

struct bad_luck : std::runtime_error {
  explicit bad_luck(int given) : std::runtime_error("bad luck"), number(given) {}
  int number;
};

// A type of the user that derives from weft::error.
struct special_error : weft::error {
  special_error() : weft::error(99, "special", "text"), extra(7) {}
  int extra;
};

template <class E> weft::future<void> failed_with(const E &exception) {
  const weft::promise<void> made;
  made.set_exception(std::make_exception_ptr(exception));
  return made.get_future();
}

} // namespace

TEST_CASE("a class derived from std::exception comes out as what it was") {
  weft::executor pool({.max_workers = 1});
  const auto failed = pool.submit([] { throw bad_luck(13); });
  try {
    failed.result();
    FAIL("it did not throw");
  } catch (const bad_luck &e) {
    CHECK(e.number == 13);
  }
}

TEST_CASE("it is the same exception object, for every reader") {
  const auto thrown = std::make_exception_ptr(bad_luck(1));
  weft::executor pool({.max_workers = 1});
  const auto failed = pool.submit([&] { std::rethrow_exception(thrown); });
  CHECK(failed.exception() == thrown);
  CHECK(failed.exception() == thrown);
}

TEST_CASE("anything that can be thrown crosses") {
  weft::executor pool({.max_workers = 1});
  CHECK_THROWS_AS(pool.submit([] { throw 5; }).result(), int);
  CHECK_THROWS_AS(pool.submit([] { throw "text"; }).result(), const char *);
  CHECK_THROWS_AS(pool.submit([] { throw std::bad_alloc(); }).result(), std::bad_alloc);
  CHECK_THROWS_AS(pool.submit([] { throw std::string("s"); }).result(), std::string);
}

TEST_CASE("other languages see the kind, the message and a code") {
  SUBCASE("of a standard exception") {
    const auto error = failed_with(std::out_of_range("far out")).error();
    REQUIRE(error);
    CHECK(std::string(error->kind()) == "std::out_of_range");
    CHECK(std::string(error->what()) == "far out");
    CHECK(error->code() == WEFT_EFAILED);
  }
  SUBCASE("of something that is no std::exception") {
    const auto error = failed_with(5).error();
    REQUIRE(error);
    CHECK(std::string(error->kind()) == "int");
    CHECK(std::string(error->what()).empty());
  }
  SUBCASE("of a status of weft") {
    const auto error = failed_with(weft::timed_out()).error();
    REQUIRE(error);
    CHECK(std::string(error->kind()) == "weft::timed_out");
    CHECK(error->code() == WEFT_ETIMEDOUT);
  }
}

TEST_CASE("an error that is handed on stays the same error object, with its payload") {
  int payload = 0;
  weft_error_t *native = nullptr;
  weft::check(
      weft_error_create_foreign(3, "ValueError", "from afar", "python/BaseException", &payload, nullptr, &native));
  const weft::error foreign = weft::error::adopt(native);

  weft::executor pool({.max_workers = 1});
  const auto first = pool.submit([foreign] { throw foreign; });
  const auto second = pool.submit([first] { first.result(); });
  CHECK_THROWS_AS(second.result(), weft::error);
  REQUIRE(second.error());
  CHECK(second.error()->native_handle() == foreign.native_handle());
  CHECK(second.error()->payload("python/BaseException") == &payload);
}

TEST_CASE("a class derived from weft::error is not cut down to it") {
  const auto failed = failed_with(special_error());
  try {
    failed.result();
    FAIL("it did not throw");
  } catch (const special_error &e) {
    CHECK(e.extra == 7);
  }
  CHECK(failed.error()->code() == 99);
}

TEST_CASE("a payload with another tag is not taken for a C++ exception") {
  int payload = 0;
  weft_error_t *native = nullptr;
  weft::check(weft_error_create_foreign(3, "k", "m", "c++/other/std::exception_ptr", &payload, nullptr, &native));
  const weft::error foreign = weft::error::adopt(native);
  CHECK_THROWS_AS(foreign.rethrow(), weft::error);
}

TEST_CASE("a C task that fails gives a weft::error") {
  weft::executor pool({.max_workers = 1});
  SUBCASE("with an error object") {
    weft_future_t *native = nullptr;
    weft::check(weft_executor_submit(
        pool.native_handle(), nullptr,
        [](void *, void **, weft_error_t **error) -> weft_status {
          return weft_error_create(77, "CError", "from C", error);
        },
        nullptr, nullptr, &native));
    const auto failed = weft::future<void>::adopt(native);
    try {
      failed.result();
      FAIL("it did not throw");
    } catch (const weft::error &e) {
      CHECK(e.code() == 77);
      CHECK(std::string(e.kind()) == "CError");
      CHECK(std::string(e.what()) == "from C");
    }
  }
  SUBCASE("with a bare value, even if that is a status of weft") {
    weft_future_t *native = nullptr;
    weft::check(weft_executor_submit(
        pool.native_handle(), nullptr, [](void *, void **, weft_error_t **) -> weft_status { return WEFT_ETIMEDOUT; },
        nullptr, nullptr, &native));
    const auto failed = weft::future<void>::adopt(native);
    try {
      failed.result();
      FAIL("it did not throw");
    } catch (const weft::error &e) {
      CHECK(e.code() == WEFT_ETIMEDOUT);
    }
  }
}

TEST_CASE("the exception object is destroyed with the last that holds it") {
  test::census counts;
  {
    const auto failed = failed_with(test::tracked<>(counts));
    CHECK(counts.alive >= 1);
    CHECK_THROWS_AS(failed.result(), test::tracked<>);
    CHECK(counts.alive >= 1);
  }
  CHECK(counts.alive == 0);
}

TEST_CASE("to_error and error::rethrow are each other's inverse") {
  const auto thrown = std::make_exception_ptr(bad_luck(4));
  CHECK(weft::to_error(thrown).exception() == thrown);
  CHECK_THROWS_AS(weft::to_error(nullptr), weft::invalid_argument);
}

TEST_CASE("a task may hand on an exception of weft, with its type") {
  weft::executor pool({.max_workers = 2});
  const weft::promise<int> never;
  const auto waiting = pool.submit([f = never.get_future()] { return f.result(std::chrono::nanoseconds(1)); });
  CHECK_THROWS_AS(waiting.result(), weft::timed_out);
  // The future is done, which it would not be after a time-out of the wait itself.
  CHECK(waiting.done());
  CHECK(waiting.state() == weft::future_state::error);
}
