#!/usr/bin/env python3
"""Clients of other versions: each options and figures struct as in a client compiled against earlier or later headers.

Usage: evolution.py SOURCE_ROOT LIBRARY

The headers are copied and changed: in the earlier ones a struct ends where its first version ended, in the later ones
it has further fields. The same client is compiled against each, and runs with today's library. A smaller struct is
accepted. A larger one is accepted if its new fields are zero (else WEFT_ENOTSUP). Of figures, only as much is written
as the client has room for.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import face
from tap import Tap

root, library = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
tap = Tap()

# struct: the first field that its first version did not have (None: none was added yet), and how to use the struct:
# statements that set `status`, with the struct in `o`. `pool` is a pool; `task` and `loop` do nothing. Handles of calls
# that succeed are given back.
OPTIONS = {
    "weft_runtime_options_t": (None, "weft_runtime_t *x; status = weft_runtime_create(&o, &x);"
                                     "if (!status) weft_runtime_destroy(&x);"),
    "weft_thread_options_t": (None, "weft_thread_t *x; status = weft_thread_create(NULL, &o, target, NULL, NULL, &x);"
                                    "if (!status) weft_thread_unref(x);"),
    "weft_executor_options_t": (None, "weft_executor_t *x; status = weft_executor_create(NULL, &o, &x);"
                                              "if (!status) weft_executor_unref(x);"),
    "weft_caller_run_options_t": (None, "weft_executor_t *x; status = weft_caller_run_create(NULL, &o, &x);"
                                        "if (!status) weft_executor_unref(x);"),
    "weft_map_options_t": (None, "weft_map_t *x; status = weft_executor_map(pool, &o, task, NULL, 0, NULL, &x);"
                                 "if (!status) weft_map_destroy(&x);"),
    "weft_group_options_t": (None, "weft_group_t *x; status = weft_group_create(pool, &o, &x);"
                                   "if (!status) weft_group_unref(x);"),
    "weft_task_options_t": (None, "weft_future_t *x; status = weft_executor_submit(pool, &o, task, NULL, NULL, &x);"
                                  "if (!status) weft_future_unref(x);"),
    "weft_domain_options_t": (None, "weft_domain_t *x; status = weft_domain_create(NULL, &o, &x);"
                                    "if (!status) weft_domain_unref(x);"),
    "weft_queue_options_t": (None, "weft_queue_t *x; status = weft_queue_create(&o, &x); if (!status) weft_queue_unref(x);"),
    "weft_range_options_t": (None, "status = weft_parallel_for(pool, &o, 0, 100, loop, NULL, NULL);"),
}
FIGURES = {
    "weft_executor_stats_t": (None, "status = weft_executor_stats(pool, &o);"),
}

CLIENT = """
#include <stdio.h>
#include <weft/weft.h>
static weft_executor_t *pool;
static weft_status target(void *ctx, weft_error_t **error) {
  return (void)ctx, (void)error, WEFT_OK;
}
static weft_status task(void *ctx, void **result, weft_error_t **error) {
  return (void)ctx, (void)result, (void)error, WEFT_OK;
}
static weft_status loop(void *ctx, uint64_t begin, uint64_t end, weft_error_t **error) {
  return (void)ctx, (void)begin, (void)end, (void)error, WEFT_OK;
}
static int faults;
static void expect(const char *what, weft_status status, weft_status expected) {
  if (status == expected) return;
  printf("%s: %s instead of %s\\n", what, weft_status_name(status), weft_status_name(expected));
  faults = 1;
}
"""
OPTIONS_USE = """
static void use_{name}(void) {{
  weft_status status;
  {name} o;
  memset(&o, 0, sizeof o);
  o.size = sizeof o;
  {{ {use} }}
  expect("{name} of {version} headers", status, WEFT_OK);
#ifdef LATER
  o.later[1] = 1;
  {{ {use} }}
  expect("{name} that asks for something later", status, WEFT_ENOTSUP);
#endif
}}
"""
FIGURES_USE = """
static void use_{name}(void) {{
  weft_status status;
  struct {{ {name} o; unsigned char behind[64]; }} room;
  size_t i;
  memset(&room, 0xa5, sizeof room);
  room.o.size = sizeof room.o;
  {{ {use} }}
  expect("{name} of {version} headers", status, WEFT_OK);
  if (room.o.size > sizeof room.o) expect("the size of {name}", (weft_status)room.o.size, (weft_status)sizeof room.o);
  for (i = 0; i < sizeof room.behind; ++i) expect("behind {name}", room.behind[i], 0xa5);
#ifdef LATER
  if (room.o.size == sizeof room.o) expect("the size of later figures", (weft_status)room.o.size, 0);
  expect("later figures", room.o.later[0] == UINT64_C(0xa5a5a5a5a5a5a5a5), 1);
#endif
}}
"""


def change(include, name, edit):
    """Replaces the fields of a struct, in the header that has it."""
    for header in (include / "weft").glob("*.h"):
        text = header.read_text()
        found = re.search(rf"(typedef struct \w+ \{{)((?:(?!typedef struct).)*?)(\}} {name};)", text, re.S)
        if found:
            header.write_text(text[:found.start(2)] + edit(face.without_comments(found[2])) + text[found.end(2):])
            return
    raise LookupError(f"no header has {name}")


def cut(first_later):
    def edit(fields):
        lines = fields.splitlines()
        end = next(i for i, line in enumerate(lines) if re.search(rf"\b{first_later}\b", line))
        return "\n".join(lines[:end]) + "\n"
    return edit


def client(version, folder):
    known = {**OPTIONS, **FIGURES}
    include = folder / version / "include"
    shutil.copytree(root / "include", include)
    for name, (first_later, _) in known.items():
        if version == "earlier" and first_later:
            change(include, name, cut(first_later))
        if version == "later":
            change(include, name, lambda fields: fields + "  uint64_t later[2];\n")
    code = [CLIENT]
    code += [OPTIONS_USE.format(name=name, use=use, version=version) for name, (_, use) in OPTIONS.items()]
    code += [FIGURES_USE.format(name=name, use=use.replace("&o", "&room.o"), version=version)
             for name, (_, use) in FIGURES.items()]
    code.append("int main(void) {\n  if (weft_executor_create(NULL, NULL, &pool) != WEFT_OK) return 2;\n"
                + "".join(f"  use_{name}();\n" for name in known) + "  weft_executor_unref(pool);\n  return faults;\n}\n")
    (folder / version / "client.c").write_text("".join(code))
    built = subprocess.run(
        [*shlex.split(os.environ.get("CC", "cc")), "-std=c99", "-Wall", "-Wextra", "-Werror", f"-I{include}",
         *(["-DLATER"] if version == "later" else []), folder / version / "client.c", "-o", folder / version / "client",
         library, f"-Wl,-rpath,{library.parent}"], capture_output=True, text=True, check=False)
    if built.returncode != 0:
        return [built.stderr]
    ran = subprocess.run([folder / version / "client"], capture_output=True, text=True, timeout=60, check=False)
    return [] if ran.returncode == 0 else [f"status {ran.returncode}", ran.stdout, ran.stderr]


headers = "".join(face.without_comments(path.read_text()) for path in (root / "include/weft").glob("*.h"))
of_headers = set(re.findall(r"\} (weft_\w+_(?:options|stats|report)_t);", headers))
tap.check("a client of each options and figures struct is known here", [
    f"{name}: add how to use it to OPTIONS or FIGURES of tests/abi/evolution.py"
    for name in sorted(of_headers - set(OPTIONS) - set(FIGURES))])
with tempfile.TemporaryDirectory() as temporary:
    for kind in ("earlier", "present", "later"):
        tap.check(f"a client of {kind} headers", client(kind, pathlib.Path(temporary)))
tap.finish()
