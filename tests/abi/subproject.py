#!/usr/bin/env python3
"""weft as a subproject of another Meson project: dependency('weft') is found, and tests and examples are left out.

Usage: subproject.py SOURCE_ROOT
Configures, builds and runs a small host project, and with it the library.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

from tap import Tap

root = pathlib.Path(sys.argv[1])
tap = Tap()

# As the README of weft has it: the shared library, and where a host wants it the archive.
HOST = """project('host', 'c', 'cpp', version: '1', default_options: ['c_std=c99'])
weft_dep = dependency('weft', fallback: ['weft', 'weft_dep'])
weft_static_dep = dependency('weft', static: true)
test('host', executable('host', 'host.c', dependencies: weft_dep))
test('host, static', executable('host_static', 'host.c', dependencies: weft_static_dep))
"""
PROGRAM = """#include <weft/weft.h>
static weft_status run(void *ctx, void **result, weft_error_t **error) {
  (void)error;
  *result = ctx;
  return WEFT_OK;
}
int main(void) {
  weft_executor_t *pool;
  weft_future_t *future;
  if (weft_version() != WEFT_VERSION || weft_executor_create(NULL, NULL, &pool) != WEFT_OK) return 1;
  if (weft_executor_submit(pool, NULL, run, NULL, NULL, &future) != WEFT_OK) return 1;
  if (weft_future_result(future, WEFT_FOREVER, NULL) != WEFT_OK) return 1;
  weft_future_unref(future);
  weft_executor_unref(pool);
  return 0;
}
"""


def run(*command):
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1200)
    return [] if answer.returncode == 0 else [*answer.stdout.splitlines()[-20:], *answer.stderr.splitlines()[-20:]]


with tempfile.TemporaryDirectory() as folder:
    host, build = pathlib.Path(folder) / "host", pathlib.Path(folder) / "build"
    (host / "subprojects").mkdir(parents=True)
    (host / "subprojects/weft").symlink_to(root)
    (host / "meson.build").write_text(HOST)
    (host / "host.c").write_text(PROGRAM)
    # Without debug information, so that a compiler cache knows the objects again.
    found = run("meson", "setup", build, host, "--wrap-mode=forcefallback", "--buildtype=plain")
    tap.check("a host project finds it", found)
    if not found:
        names = [target["name"] for target in json.loads((build / "meson-info/intro-targets.json").read_text())]
        tap.check("tests and examples are left out", [
            name for name in names if name not in ("host", "host_static", "weft", "weft_core", "weft_capi", "libweft.a")])
        tap.check("the host is built, with the library and with the archive, and runs", run("meson", "test", "-C", build))
tap.finish()
