#!/usr/bin/env python3
"""If weft cannot be built for a target, meson refuses it when it configures, with one sentence.

Usage: refused.py SOURCE_ROOT
"""

import os
import pathlib
import subprocess
import sys
import tempfile

from tap import Tap

root = pathlib.Path(sys.argv[1])
tap = Tap()

# To be refused, a build needs neither headers nor libraries of 32 bits.
CROSS_FILE = """[binaries]
c = ['gcc', '-m32']
cpp = ['g++', '-m32']
ar = 'ar'
[properties]
skip_sanity_check = true
needs_exe_wrapper = true
[host_machine]
system = 'linux'
cpu_family = 'x86'
cpu = 'i686'
endian = 'little'
"""


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, **more)


def compiles(*command):
    try:
        return run([*command, "-xc++", "-", "-o", work / "probe"], input="#include <cstddef>\nint main() {}\n").returncode == 0
    except FileNotFoundError:
        return False


def preprocesses(*command):
    try:
        return run([*command, "-E", "-"], input="").returncode == 0
    except FileNotFoundError:
        return False


def refused(folder, options, words, **environment):
    answer = run(["meson", "setup", "-Dtests=false", "-Dexamples=false", *options, folder, root],
                 env=dict(os.environ, **environment))
    errors = [line for line in answer.stdout.splitlines() if "ERROR: " in line]
    return [] if answer.returncode != 0 and len(errors) == 1 and words in errors[0] else [
        f"status {answer.returncode}", *answer.stdout.splitlines()[-5:]]


with tempfile.TemporaryDirectory() as temporary:
    work = pathlib.Path(temporary)
    (work / "m32.ini").write_text(CROSS_FILE)
    if preprocesses("g++", "-m32"):
        tap.check("32 bits", refused(work / "m32", [f"--cross-file={work / 'm32.ini'}"], "needs a 64-bit system"))
    else:
        tap.skip("32 bits", "g++ -m32 is not there")
    if compiles("clang++", "-stdlib=libc++"):
        tap.check("libc++", refused(work / "libcxx", [], "built with libstdc++", CC="clang", CXX="clang++ -stdlib=libc++"))
    else:
        tap.skip("libc++", "clang++ or libc++ is not installed")
    if compiles("clang++"):
        tap.check("-Db_lto=true with clang", refused(work / "lto", ["-Db_lto=true"], "by gcc only", CC="clang", CXX="clang++"))
    else:
        tap.skip("-Db_lto=true with clang", "clang++ is not installed")
tap.finish()
