/* A host of plugins. It enters a domain around the entry point of a plugin. So everything that the
 * plugin gives to weft belongs to that domain, and its tasks inherit the domain. The close of the
 * domain ends all of this. Then the plugin's code can be unloaded.
 * Read on in include/weft/domain.h. Usage: 12_plugin_host PLUGIN */
#include "12_plugin.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static void check(weft_status status) {
  if (status == WEFT_OK) return;
  fprintf(stderr, "%s: %s\n", weft_status_name(status), weft_status_text(status));
  exit(1);
}

int main(int argc, char **argv) {
  struct host host = {NULL, NULL, 0};
  weft_domain_t *domain;
  weft_domain_scope_t scope;
  plugin_start_fn start;
  void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
  if (library == NULL || (*(void **)&start = dlsym(library, "plugin_start")) == NULL) {
    fprintf(stderr, "usage: 12_plugin_host PLUGIN\n");
    return 2;
  }
  check(weft_executor_create(NULL, NULL, &host.pool));
  check(weft_future_create(NULL, &host.news));
  check(weft_domain_create(NULL, NULL, &domain));

  check(weft_domain_enter(domain, &scope));
  start(&host);
  check(weft_domain_leave(&scope));
  while (__atomic_load_n(&host.calls, __ATOMIC_ACQUIRE) < 3) check(weft_sleep(WEFT_MILLISECOND));
  printf("the plugin is at work\n");

  check(weft_domain_close(domain, WEFT_FOREVER));
  printf("closed; left of it: %d\n", (int)weft_domain_count(domain));
  if (dlclose(library) == 0) printf("unloaded\n");

  check(weft_future_set_result(host.news, NULL)); /* no code of the plugin is called for it */
  printf("the host goes on\n");
  weft_domain_unref(domain);
  weft_future_unref(host.news);
  weft_executor_unref(host.pool);
  return 0;
}
