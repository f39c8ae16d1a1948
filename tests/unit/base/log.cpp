// base/log.hpp: each message is one line, whatever its text holds.
#include <doctest/doctest.h>

#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "base/log.hpp"

using namespace weft::core;

namespace {

// What log_line writes to stderr for this text.
std::string logged(std::string_view text) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const int before = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  log_line(text);
  dup2(before, STDERR_FILENO);
  close(before);
  close(ends[1]);
  std::string all;
  char part[512];
  for (ssize_t got; (got = read(ends[0], part, sizeof part)) > 0;) all.append(part, static_cast<std::size_t>(got));
  close(ends[0]);
  return all;
}

} // namespace

TEST_CASE("log: a text becomes one line with the library's name") {
  CHECK(logged("a text") == "weft: a text\n");
  CHECK(logged("") == "weft: \n");
}

TEST_CASE("log: line breaks inside become spaces") {
  CHECK(logged("a\nb\r\nc\n") == "weft: a b  c \n");
}

TEST_CASE("log: a text that is too long is cut, and the line still ends") {
  const std::string line = logged(std::string(5'000, 'x'));
  CHECK(line.size() <= 1024);
  CHECK(line.size() > 1000);
  CHECK(line.starts_with("weft: xxx"));
  CHECK(line.ends_with("x\n"));
}
