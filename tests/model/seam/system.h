/* Included before each file of the library in a model build. It replaces calls of the C library for time, threads and
 * yielding. */
#pragma once

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif
int weft_model_setspecific(unsigned key, const void *value);
int weft_model_key_create(unsigned *key, void (*destroy)(void *));
int weft_model_yield(void);
int weft_model_nanosleep(const struct timespec *span, struct timespec *left);
int weft_model_setname(pthread_t which, const char *name);
int weft_model_getname(pthread_t which, char *name, size_t size);
#ifdef __cplusplus
}
#endif

#define pthread_setspecific weft_model_setspecific
#define pthread_key_create weft_model_key_create
#define pthread_setname_np weft_model_setname
#define pthread_getname_np weft_model_getname
#define sched_yield weft_model_yield
#define nanosleep weft_model_nanosleep
