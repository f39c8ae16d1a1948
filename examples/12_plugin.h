/* What the host of example 12 and its plugin share. */
#include <weft/weft.h>

struct host {
  weft_executor_t *pool;
  weft_future_t *news; /* the host completes it at some time */
  int calls;           /* counts calls of the plugin's code; atomic; outlives the plugin */
};

typedef void (*plugin_start_fn)(struct host *host);
