#!/usr/bin/env python3
"""weft as a subproject of another Meson project: dependency('weft') is found, and tests and examples are left out.

Usage: subproject.py SOURCE_ROOT
Configures a small host project; with WEFT_TEST_LONG it builds and runs it too.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from tap import Tap

root = pathlib.Path(sys.argv[1])
tap = Tap()

HOST = """project('host', 'c', version: '1', default_options: ['c_std=c99'])
weft_dep = dependency('weft', fallback: ['weft', 'weft_dep'])
test('host', executable('host', 'host.c', dependencies: weft_dep))
"""
PROGRAM = """#include <weft/weft.h>
int main(void) { return weft_version() == WEFT_VERSION ? 0 : 1; }
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
    found = run("meson", "setup", build, host, "--wrap-mode=forcefallback")
    tap.check("a host project finds it", found)
    if not found:
        names = [target["name"] for target in json.loads((build / "meson-info/intro-targets.json").read_text())]
        tap.check("tests and examples are left out", [
            name for name in names if name not in ("host", "weft", "weft_core")])
        if "WEFT_TEST_LONG" in os.environ:
            tap.check("the host is built and runs", run("meson", "test", "-C", build))
        else:
            tap.skip("the host is built and runs", "only in the long form (WEFT_TEST_LONG)")
tap.finish()
