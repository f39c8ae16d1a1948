#!/usr/bin/env python3
"""`meson install` gives headers, library and weft.pc, and a program that knows only pkg-config can be built with them.

Usage: installed.py BUILD_ROOT
Installs into a temporary folder.
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

from tap import Tap

build = sys.argv[1]
tap = Tap()

C_PROGRAM = """#include <weft/weft.h>
int main(void) { return weft_version() == WEFT_VERSION ? 0 : 1; }
"""
CPP_PROGRAM = """#include <weft/weft.hpp>
int main() { return weft::executor().submit([] { return 0; }).result(); }
"""


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **more)


def said(answer):
    return [] if answer.returncode == 0 else [answer.stdout, answer.stderr, f"status {answer.returncode}"]


def main(folder):
    stage = pathlib.Path(folder) / "stage"
    answer = run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", stage])
    tap.check("meson install", said(answer))
    found = {path.name: path for path in stage.rglob("*")}
    tap.check("headers, library and weft.pc are there", [
        f"{name} is missing" for name in
        ("weft.h", "weft.hpp", "executor_ref.hpp", "libweft.so", "libweft.so.1", "weft.pc") if name not in found])
    tap.check("nothing else is installed", [
        path.relative_to(stage) for path in found.values() if path.is_file()
        and not re.search(r"/include/weft/|/libweft\.so(\.[\d.]+)?$|/weft\.pc$", str(path))])
    if "weft.pc" not in found or "libweft.so.1" not in found:
        return

    environment = dict(os.environ, PKG_CONFIG_PATH=str(found["weft.pc"].parent), PKG_CONFIG_SYSROOT_DIR=str(stage),
                       LD_LIBRARY_PATH=str(found["libweft.so.1"].parent))
    answer = run(["pkg-config", "--cflags", "--libs", "weft"], env=environment)
    flags = shlex.split(answer.stdout)
    tap.check("pkg-config knows it", said(answer))
    tap.check("a user of it needs no Boost", [flag for flag in flags if "boost" in flag.lower()])
    answer = run(["pkg-config", "--modversion", "weft"], env=environment)
    tap.check("it has a version", [] if re.fullmatch(r"\d+\.\d+\.\d+\n", answer.stdout) else [answer.stdout])

    for language, compiler, standard, code in (("c", os.environ.get("CC", "cc"), "-std=c99", C_PROGRAM),
                                               ("cpp", os.environ.get("CXX", "c++"), "-std=c++20", CPP_PROGRAM)):
        source, program = pathlib.Path(folder) / f"user.{language}", pathlib.Path(folder) / f"user-{language}"
        source.write_text(code)
        answer = run([*compiler.split(), standard, source, "-o", program, *flags])
        tap.check(f"a program in {language} can be built with it", said(answer))
        if answer.returncode != 0:
            continue
        tap.check(f"the program in {language} runs", said(run([program], env=environment)))
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run(["readelf", "-d", program]).stdout)
        tap.check(f"the program in {language} asks for libweft.so.1 and not for Boost", [] if "libweft.so.1" in needed
                  and not any("boost" in name for name in needed) else [needed])


with tempfile.TemporaryDirectory() as temporary:
    main(temporary)
tap.finish()
