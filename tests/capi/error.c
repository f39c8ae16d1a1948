/* Tests of weft/error.h: what an error keeps, and when its payload is dropped. */
#include <weft/error.h>

#include "setup.h"

static void an_error_keeps_code_kind_and_message(void) {
  static const int32_t codes[] = {0, 1, -1, WEFT_ECANCELED, INT32_MIN, INT32_MAX};
  size_t i;
  for (i = 0; i < CHECK_COUNT_OF(codes); ++i) {
    weft_error_t *error = NULL;
    REQUIRE_OK(weft_error_create(codes[i], "ValueError", "a bad value \xc3\xa4\xe2\x82\xac", &error));
    CHECK_EQUAL(weft_error_code(error), codes[i]);
    CHECK_TEXT(weft_error_kind(error), "ValueError");
    CHECK_TEXT(weft_error_message(error), "a bad value \xc3\xa4\xe2\x82\xac");
    CHECK(weft_error_payload(error, "any") == NULL);
    weft_error_unref(error);
  }
}

static void null_strings_get_defaults(void) {
  weft_error_t *error = NULL;
  REQUIRE_OK(weft_error_create(3, NULL, NULL, &error));
  CHECK_TEXT(weft_error_kind(error), "error");
  CHECK_TEXT(weft_error_message(error), "");
  weft_error_unref(error);
}

static void strings_are_copied(void) {
  char kind[] = "kind", message[] = "message", tag[] = "tag";
  weft_error_t *error = NULL;
  REQUIRE_OK(weft_error_create_foreign(1, kind, message, tag, &error, NULL, &error));
  memset(kind, 'x', 4);
  memset(message, 'x', 7);
  memset(tag, 'x', 3);
  CHECK_TEXT(weft_error_kind(error), "kind");
  CHECK_TEXT(weft_error_message(error), "message");
  CHECK(weft_error_payload(error, "tag") == &error);
  CHECK(weft_error_payload(error, "xxx") == NULL);
  CHECK(weft_error_kind(error) == weft_error_kind(error));
  weft_error_unref(error);
}

static void long_strings_are_kept_whole(void) {
  size_t length = 1u << 20;
  char *text = (char *)malloc(length + 1);
  weft_error_t *error = NULL;
  REQUIRE(text != NULL);
  memset(text, 'a', length);
  text[length] = '\0';
  REQUIRE_OK(weft_error_create(1, text, text, &error));
  CHECK(strcmp(weft_error_kind(error), text) == 0);
  CHECK(strcmp(weft_error_message(error), text) == 0);
  weft_error_unref(error);
  free(text);
}

static void bad_arguments_change_nothing(void) {
  int drops = 0;
  weft_error_t *error = UNTOUCHED(weft_error_t);
  CHECK_STATUS(weft_error_create(1, "kind", "message", NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_error_create_foreign(1, "kind", "message", "tag", &drops, count_drop, NULL), WEFT_EINVAL);
  CHECK_STATUS(weft_error_create_foreign(1, "kind", "message", NULL, &drops, count_drop, &error), WEFT_EINVAL);
  CHECK(error == UNTOUCHED(weft_error_t));
  CHECK_EQUAL(drops, 0);
}

static void null_has_neutral_answers(void) {
  CHECK(weft_error_ref(NULL) == NULL);
  weft_error_unref(NULL);
  CHECK_EQUAL(weft_error_code(NULL), 0);
  CHECK_TEXT(weft_error_kind(NULL), "");
  CHECK_TEXT(weft_error_message(NULL), "");
  CHECK(weft_error_payload(NULL, "tag") == NULL);
  CHECK(weft_error_payload(NULL, NULL) == NULL);
}

static void a_payload_is_found_by_the_text_of_its_tag(void) {
  char tag[] = "python/BaseException";
  int drops = 0;
  weft_error_t *error = NULL;
  REQUIRE_OK(weft_error_create_foreign(1, "KeyError", "k", "python/BaseException", &drops, count_drop, &error));
  CHECK(weft_error_payload(error, tag) == &drops);
  CHECK(weft_error_payload(error, "python/BaseExceptio") == NULL);
  CHECK(weft_error_payload(error, "") == NULL);
  CHECK(weft_error_payload(error, NULL) == NULL);
  CHECK_EQUAL(weft_error_code(error), 1);
  CHECK_TEXT(weft_error_kind(error), "KeyError");
  CHECK_TEXT(weft_error_message(error), "k");
  CHECK_EQUAL(count_of(&drops), 0);
  weft_error_unref(error);
  CHECK_EQUAL(count_of(&drops), 1);
}

static void a_payload_needs_no_drop(void) {
  int payload = 0;
  weft_error_t *error = NULL;
  REQUIRE_OK(weft_error_create_foreign(1, NULL, NULL, "", &payload, NULL, &error));
  CHECK(weft_error_payload(error, "") == &payload);
  weft_error_unref(error);
}

static void only_the_last_reference_drops(void) {
  int drops = 0;
  weft_error_t *error = NULL;
  REQUIRE_OK(weft_error_create_foreign(1, NULL, NULL, "tag", &drops, count_drop, &error));
  CHECK(weft_error_ref(error) == error);
  CHECK(weft_error_ref(error) == error);
  weft_error_unref(error);
  weft_error_unref(error);
  CHECK_EQUAL(count_of(&drops), 0);
  CHECK_EQUAL(weft_error_code(error), 1);
  weft_error_unref(error);
  CHECK_EQUAL(count_of(&drops), 1);
}

static void *unref_elsewhere(void *error) {
  weft_error_unref((weft_error_t *)error);
  return NULL;
}

static void the_last_holder_drops_on_its_own_thread(void) {
  probe_t payload = {0};
  weft_error_t *error = NULL;
  pthread_t thread;
  REQUIRE_OK(weft_error_create_foreign(1, NULL, NULL, "tag", &payload, probe_drop, &error));
  REQUIRE(pthread_create(&thread, NULL, unref_elsewhere, error) == 0);
  pthread_join(thread, NULL);
  CHECK_EQUAL(probe_drops(&payload), 1);
  CHECK(pthread_equal(payload.dropped_on, thread));
}

static void *ref_and_unref(void *context) {
  weft_error_t *error = (weft_error_t *)context;
  int i;
  for (i = 0; i < 2000; ++i) {
    CHECK(weft_error_ref(error) == error);
    CHECK_EQUAL(weft_error_code(error), 5);
    weft_error_unref(error);
  }
  weft_error_unref(error);
  return NULL;
}

static void many_threads_may_share_one(void) {
  pthread_t threads[4];
  int drops = 0;
  size_t i;
  weft_error_t *error = NULL;
  REQUIRE_OK(weft_error_create_foreign(5, NULL, NULL, "tag", &drops, count_drop, &error));
  for (i = 0; i < CHECK_COUNT_OF(threads); ++i)
    REQUIRE(pthread_create(&threads[i], NULL, ref_and_unref, weft_error_ref(error)) == 0);
  weft_error_unref(error);
  for (i = 0; i < CHECK_COUNT_OF(threads); ++i) pthread_join(threads[i], NULL);
  CHECK_EQUAL(count_of(&drops), 1);
}

int main(int argc, char **argv) {
  static const check_case_t cases[] = {
      {"an error keeps code, kind and message", an_error_keeps_code_kind_and_message},
      {"NULL strings get defaults", null_strings_get_defaults},
      {"strings are copied", strings_are_copied},
      {"long strings are kept whole", long_strings_are_kept_whole},
      {"bad arguments change nothing", bad_arguments_change_nothing},
      {"NULL has neutral answers", null_has_neutral_answers},
      {"a payload is found by the text of its tag", a_payload_is_found_by_the_text_of_its_tag},
      {"a payload needs no drop", a_payload_needs_no_drop},
      {"only the last reference drops", only_the_last_reference_drops},
      {"the last holder drops on its own thread", the_last_holder_drops_on_its_own_thread},
      {"many threads may share one", many_threads_may_share_one},
  };
  return check_main(cases, CHECK_COUNT_OF(cases), argc, argv);
}
