// base/event_descriptor.hpp: the descriptor is readable after raise(), and not after lower(). Before it is opened, both
// do nothing.
#include <doctest/doctest.h>

#include <cerrno>
#include <fcntl.h>
#include <poll.h>

#include "base/event_descriptor.hpp"

using weft::core::event_descriptor;

namespace {

bool is_readable(const event_descriptor &which) {
  pollfd entry{which.number(), POLLIN, 0};
  return poll(&entry, 1, 0) == 1;
}

} // namespace

TEST_CASE("event_descriptor: closed, everything is harmless") {
  event_descriptor none;
  CHECK_FALSE(none.is_open());
  none.raise();
  none.lower();
  none.close();
  CHECK(none.number() == -1);
}

TEST_CASE("event_descriptor: level-triggered, however often it is raised, and never blocking") {
  event_descriptor one;
  REQUIRE(one.open(false));
  CHECK_FALSE(is_readable(one));
  one.lower();
  CHECK_FALSE(is_readable(one));
  one.raise();
  one.raise();
  CHECK(is_readable(one));
  one.lower();
  CHECK_FALSE(is_readable(one));
}

TEST_CASE("event_descriptor: may be born readable, is not inherited by exec, and leaves errno alone") {
  event_descriptor one;
  errno = 4711;
  REQUIRE(one.open(true));
  CHECK(is_readable(one));
  one.lower();
  one.lower(); // the read would block
  CHECK(errno == 4711);
  CHECK((fcntl(one.number(), F_GETFD) & FD_CLOEXEC) != 0);
  const int number = one.number();
  one.close();
  CHECK_FALSE(one.is_open());
  CHECK(fcntl(number, F_GETFD) == -1);
}
