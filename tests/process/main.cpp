// main.cpp: the driver. It runs the case that its argument names, then returns from main with the result of the case.
#include "cases.hpp"

#include <cstdio>
#include <initializer_list>

namespace process {

namespace {

void wait_a_moment() {
  EXPECT(weft_sleep(50 * WEFT_MILLISECOND), WEFT_OK);
}

} // namespace

weft_status say_later(void *text, weft_error_t **) {
  wait_a_moment();
  say(static_cast<const char *>(text));
  return WEFT_OK;
}

weft_status say_now(void *text, weft_error_t **) {
  say(static_cast<const char *>(text));
  return WEFT_OK;
}

weft_status task_say_later(void *text, void **, weft_error_t **error) {
  return say_later(text, error);
}

weft_status task_say_now(void *text, void **, weft_error_t **error) {
  return say_now(text, error);
}

weft_status block_forever(void *, weft_error_t **) {
  for (;;) pause();
}

weft_status task_block_forever(void *, void **, weft_error_t **error) {
  return block_forever(nullptr, error);
}

void drop_says(void *text) {
  say(static_cast<const char *>(text));
}

} // namespace process

int main(int argc, char **argv) {
  using namespace process;
  if (argc == 2) {
    for (auto list : {exit_cases(), daemon_cases(), late_cases(), signal_cases(), error_cases(), fork_cases()})
      for (const named_case &it : list)
        if (std::strcmp(it.name, argv[1]) == 0) return it.run();
  }
  std::fprintf(stderr, "usage: %s CASE\n", argv[0]);
  return 98;
}
