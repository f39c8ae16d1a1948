#!/usr/bin/env python3
"""Binaries of the baseline run with today's library: one that uses much of it, and one that needs all its symbols.

Usage: binary.py SOURCE_ROOT LIBRARY

They are linked with a library that has only the symbols of the baseline (tests/abi/weft.abi), and use no current header.
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import face
from tap import Tap

root, library = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
tap = Tap()
names = re.findall(r"<elf-symbol name='(weft_\w+)' version='WEFT_1.0'", (root / "tests/abi/weft.abi").read_text())


def run(command, **more):
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **more)
    return [] if answer.returncode == 0 else [f"status {answer.returncode}", answer.stdout, answer.stderr]


with tempfile.TemporaryDirectory() as temporary:
    folder = pathlib.Path(temporary)
    tap.check("the baseline has symbols", [] if len(names) > 100 else [f"only {len(names)} were found"])
    face.of_symbols(names, folder / "baseline/libweft.so.1")
    (folder / "all.c").write_text(
        "".join(f"extern char {name}[];\n" for name in names)
        + "char *const volatile all[] = {" + ", ".join(names) + "};\n"
        + "int main(void) { return sizeof all / sizeof *all > 100 && all[0] && all[sizeof all / sizeof *all - 1] ? 0 : 1; }\n")
    for name, source in (("much of it", root / "tests/abi/client_1_0.c"), ("all its symbols", folder / "all.c")):
        program = folder / "program"
        faults = run([*shlex.split(os.environ.get("CC", "cc")), "-std=c99", "-Wall", "-Wno-builtin-declaration-mismatch",
                      source, "-o", program, folder / "baseline/libweft.so.1"])
        tap.check(f"a binary of the baseline that uses {name}: built", faults)
        if not faults:
            environment = dict(os.environ, LD_LIBRARY_PATH=str(library.parent), LD_BIND_NOW="1")
            tap.check(f"a binary of the baseline that uses {name}: runs", run([program], env=environment))
tap.finish()
