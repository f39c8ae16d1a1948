/* emulated.h: the cases that cannot pass in an emulator (WEFT_TEST_EMULATED, tests/systems), each with the reason. */
#ifndef WEFT_TESTS_EMULATED_H
#define WEFT_TESTS_EMULATED_H

#include <stdlib.h>
#include <string.h>

/* The reason why the case is skipped here; NULL: it is not. */
static inline const char *not_in_an_emulator(const char *name) {
  static const char slow[] = "what is short elsewhere takes long in an emulator";
  static const char limits[] = "an emulator does not keep limits of memory";
  static const struct {
    const char *name, *reason;
  } cases[] = {
      {"after is never early and keeps the order", slow},
      {"a pool of the host needs nobody else", slow},
      {"high before normal before low", slow},
      {"low ones start at last", slow},
      {"a task beside each load", slow},
      {"those that need a limit are reached in children", limits},
      {"no status is left out", limits},
      {"huge rooms are refused", limits},
  };
  size_t i;
  if (getenv("WEFT_TEST_EMULATED") == NULL) return NULL;
  for (i = 0; i < sizeof cases / sizeof *cases; ++i)
    if (strcmp(cases[i].name, name) == 0) return cases[i].reason;
  return NULL;
}

#endif
