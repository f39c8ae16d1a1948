/* A C interface to the HTTP client and the embedded server, for the examples in C.
 * The C++ behind it is in client.hpp and demo_server.hpp. */
#ifndef EXAMPLES_HTTP_H
#define EXAMPLES_HTTP_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Fetches a page. Returns its status, or 0 and the reason why there is none, cut to `size` bytes. Blocks for 5 s at
 * most. Any thread. */
int http_fetch(const char *url, char *reason, size_t size);

/* The server on the loopback interface. NULL if the system refuses it. */
typedef struct http_server http_server;
http_server *http_server_start(void);
/* The URL of one of its pages ("/ok/1"), cut to `size` bytes. */
void http_server_url(const http_server *server, const char *path, char *url, size_t size);
void http_server_stop(http_server *server);

#ifdef __cplusplus
}
#endif
#endif
