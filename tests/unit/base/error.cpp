// base/error.hpp: what an error carries, when its payload is dropped, and how exceptions become errors.
#include <doctest/doctest.h>

#include <new>
#include <stdexcept>
#include <string>

#include "base/error.hpp"

using namespace weft::core;

namespace {

void count_drop(void *ctx) {
  ++*static_cast<int *>(ctx);
}

struct held {
  explicit held(error *e) : failure(e) {}
  ~held() { failure->unref(); }
  held(const held &) = delete;
  held &operator=(const held &) = delete;
  error *const failure;
};

template <class Thrower> error *caught(Thrower thrower) {
  try {
    thrower();
  } catch (...) {
    return error::from_current_exception();
  }
  return nullptr;
}

struct odd {};

} // namespace

TEST_CASE("error: it copies what it is given") {
  std::string kind = "ValueError", message = "bad value";
  const held made(error::make(17, kind, message));
  kind.assign(kind.size(), '?');
  message.assign(message.size(), '?');
  REQUIRE(made.failure != nullptr);
  CHECK(made.failure->code() == 17);
  CHECK(std::string(made.failure->kind()) == "ValueError");
  CHECK(std::string(made.failure->message()) == "bad value");
  CHECK(made.failure->payload("any") == nullptr);
  CHECK(made.failure->payload("") == nullptr);
}

TEST_CASE("error: a payload is shown to those who know its tag, and dropped with the last reference") {
  int drops = 0;
  error *const made = error::make_foreign(0, "k", "m", "python/BaseException", &drops, count_drop);
  REQUIRE(made != nullptr);
  CHECK(made->payload("python/BaseException") == &drops);
  CHECK(made->payload("python/BaseExceptio") == nullptr);
  CHECK(made->payload("python/BaseException2") == nullptr);
  CHECK(made->payload("") == nullptr);
  made->ref();
  made->unref();
  CHECK(drops == 0);
  made->unref();
  CHECK(drops == 1);
}

TEST_CASE("error: an empty tag is a tag too") {
  int drops = 0;
  error *const made = error::make_foreign(0, "k", "m", "", &drops, count_drop);
  CHECK(made->payload("") == &drops);
  CHECK(made->payload("other") == nullptr);
  made->unref();
  CHECK(drops == 1);
}

TEST_CASE("error: exceptions keep their type's name and their text") {
  const held runtime(caught([] { throw std::runtime_error("went wrong"); }));
  REQUIRE(runtime.failure != nullptr);
  CHECK(runtime.failure->code() == WEFT_EFAILED);
  CHECK(std::string(runtime.failure->kind()) == "std::runtime_error");
  CHECK(std::string(runtime.failure->message()) == "went wrong");

  const held memory(caught([] { throw std::bad_alloc(); }));
  CHECK(memory.failure->code() == WEFT_ENOMEM);
  CHECK(std::string(memory.failure->kind()) == "std::bad_alloc");

  const held number(caught([] { throw 3; }));
  CHECK(number.failure->code() == WEFT_EFAILED);
  CHECK(std::string(number.failure->kind()) == "int");
  CHECK(std::string(number.failure->message()) != "");

  const held other(caught([] { throw odd{}; }));
  CHECK(std::string(other.failure->kind()).find("odd") != std::string::npos);
}

TEST_CASE("error: a status becomes an error that says so") {
  const held known(error::from_status(WEFT_ETIMEDOUT));
  CHECK(known.failure->code() == WEFT_ETIMEDOUT);
  CHECK(std::string(known.failure->kind()) == "weft_status");
  CHECK(std::string(known.failure->message()) == status_text(WEFT_ETIMEDOUT));

  const held own(error::from_status(4711));
  CHECK(own.failure->code() == 4711);
  CHECK(std::string(own.failure->kind()) != "weft_status");
}

TEST_CASE("error: each status has its name and a text of its own") {
  std::string texts = "\n";
#define CHECK_STATUS(name, value, text)                                                                                \
  CHECK(std::string(status_name(value)) == #name);                                                                     \
  CHECK(std::string(status_text(value)) == text);                                                                      \
  CHECK(texts.find(std::string("\n") + text + "\n") == std::string::npos);                                             \
  texts += std::string(text) + "\n";
  WEFT_STATUS_LIST(CHECK_STATUS)
#undef CHECK_STATUS
  for (const weft_status unknown : {1, -1000, INT32_MAX, INT32_MIN}) {
    CHECK(std::string(status_name(unknown)) == "WEFT_UNKNOWN");
    CHECK(std::string(status_text(unknown)) == "unknown status");
  }
}
