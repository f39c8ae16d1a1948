/* Tests of weft/base.h: the list of statuses, their names and texts, and how an options struct begins. */
#include <weft/base.h>

#include "check.h"

/* The list is a promise: values, names and their order never change. This is the copy to compare with. */
static const struct {
  weft_status value;
  const char *name;
} expected[] = {
    {0, "WEFT_OK"},
    {-1, "WEFT_EINVAL"},
    {-2, "WEFT_ENOMEM"},
    {-3, "WEFT_EAGAIN"},
    {-4, "WEFT_ETIMEDOUT"},
    {-5, "WEFT_ECANCELED"},
    {-6, "WEFT_EFAILED"},
    {-7, "WEFT_EINVALIDSTATE"},
    {-8, "WEFT_ERUNNING"},
    {-9, "WEFT_EDONE"},
    {-10, "WEFT_EEND"},
    {-11, "WEFT_ESTARTED"},
    {-12, "WEFT_ENOTSTARTED"},
    {-13, "WEFT_EDEADLK"},
    {-14, "WEFT_ESHUTDOWN"},
    {-15, "WEFT_EBROKEN"},
    {-16, "WEFT_EFULL"},
    {-17, "WEFT_EINTERRUPTED"},
    {-18, "WEFT_EPERM"},
    {-19, "WEFT_ENOTSUP"},
    {-20, "WEFT_EFORKED"},
    {-21, "WEFT_ECLOSED"},
};

static void statuses_are_the_promised_ones(void) {
  static const struct {
    weft_status value;
    const char *name;
    const char *text;
  } listed[] = {
#define ROW(name, value, text) {value, #name, text},
      WEFT_STATUS_LIST(ROW)
#undef ROW
  };
  size_t i;
  REQUIRE(CHECK_COUNT_OF(listed) >= CHECK_COUNT_OF(expected));
  for (i = 0; i < CHECK_COUNT_OF(expected); ++i) {
    CHECK_EQUAL(listed[i].value, expected[i].value);
    CHECK_TEXT(listed[i].name, expected[i].name);
  }
  for (i = 0; i < CHECK_COUNT_OF(listed); ++i) {
    CHECK(i == 0 || listed[i].value < listed[i - 1].value);
    CHECK_TEXT(weft_status_name(listed[i].value), listed[i].name);
    CHECK_TEXT(weft_status_text(listed[i].value), listed[i].text);
    CHECK(weft_status_name(listed[i].value) == weft_status_name(listed[i].value));
    CHECK(strlen(listed[i].text) > 0);
  }
}

static void constants_equal_their_values(void) {
  CHECK_EQUAL(WEFT_OK, 0);
  CHECK_EQUAL(WEFT_EINVAL, -1);
  CHECK_EQUAL(WEFT_ENOTSUP, -19);
  CHECK_EQUAL(sizeof(weft_status), 4);
  CHECK_EQUAL(WEFT_NANOSECOND, 1);
  CHECK_EQUAL(WEFT_MICROSECOND, 1000);
  CHECK_EQUAL(WEFT_MILLISECOND, 1000000);
  CHECK_EQUAL(WEFT_SECOND, 1000000000);
  CHECK_EQUAL(WEFT_FOREVER, INT64_MAX);
}

static void unknown_statuses_have_a_name_too(void) {
  static const weft_status unknown[] = {1, 2, 42, -1000, INT32_MIN, INT32_MAX};
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(unknown); ++i) {
    CHECK_TEXT(weft_status_name(unknown[i]), "WEFT_UNKNOWN");
    CHECK_TEXT(weft_status_text(unknown[i]), "unknown status");
  }
  CHECK_TEXT(weft_status_name(expected[CHECK_COUNT_OF(expected) - 1].value - 1), "WEFT_UNKNOWN");
}

static void options_init_zeroes_and_stores_the_size(void) {
  struct {
    uint32_t size;
    uint32_t other;
    void *pointer;
    int64_t number;
  } options;
  memset(&options, 0xff, sizeof options);
  WEFT_OPTIONS_INIT(&options);
  CHECK_EQUAL(options.size, sizeof options);
  CHECK_EQUAL(options.other, 0);
  CHECK(options.pointer == NULL);
  CHECK_EQUAL(options.number, 0);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"statuses are the promised ones", statuses_are_the_promised_ones},
      {"constants equal their values", constants_equal_their_values},
      {"unknown statuses have a name too", unknown_statuses_have_a_name_too},
      {"options init zeroes and stores the size", options_init_zeroes_and_stores_the_size},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
