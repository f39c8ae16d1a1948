#!/usr/bin/env python3
"""A plugin in C++ can be unloaded, and the next generation's code is the one that runs: with gcc and with clang.

Usage: plugins.py SOURCE_ROOT LIBRARY
What the headers define with static storage has one instance in each program and shared library: include/weft/cpp/visibility.hpp.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "abi"))
from tap import Tap  # noqa: E402

root, library = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
here = pathlib.Path(__file__).resolve().parent
tap = Tap()
ROUNDS = 50  # of both generations


def run(command):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)


def said(answer):
    return [] if answer.returncode == 0 else [answer.stdout, answer.stderr[:4000], f"status {answer.returncode}"]


def unmarked(header):
    """Variables with static storage without WEFT_IN_EACH_MODULE, on themselves or on the function around them."""
    lines = header.read_text().splitlines()
    for number, line in enumerate(lines):
        variable = re.match(r"\s*(static|inline|thread_local)\s[^()]*[^()\s]\s*(=|\{[^}]*\};|;)", line)
        if variable and "operator=" not in line and not any("WEFT_IN_EACH_MODULE" in each for each in lines[max(number - 2, 0):number + 1]):
            yield f"{header.name}:{number + 1}: {line.strip()}"


def in_the_whole_process(plugin):
    """The objects of weft that a plugin exports, and all unique symbols. Types are compared by their names, and
    exceptions must be caught across libraries. So tables and descriptions of types are exported; they hold nothing."""
    for line in run(["nm", "-DC", "--defined-only", plugin]).stdout.splitlines():
        kind, name = line.split(maxsplit=2)[1:]
        if kind == "u" or (kind in "VvBbDdRrGgSs" and "weft::" in name
                           and not re.match(r"(vtable|VTT|typeinfo|typeinfo name) for ", name)):
            yield f"{kind} {name}"


def with_compiler(name, folder):
    if shutil.which(name) is None:
        tap.skip(f"{name}: a plugin is reloaded", f"{name} is not installed")
        return
    compile_it = [name, "-std=c++20", f"-I{root / 'include'}", "-Wall", "-Wextra"]
    host = folder / f"host-{name}"
    answer = run([*compile_it, "-O1", "-rdynamic", here / "host.cpp", "-o", host, library, f"-Wl,-rpath,{library.parent}",
                  "-ldl", "-pthread"])
    tap.check(f"{name}: the host is built", said(answer))
    plugins = []
    for generation, optimised in ((1, "-O0"), (2, "-O2")):
        plugins.append(folder / f"plugin-{name}-{generation}.so")
        built = run([*compile_it, optimised, "-shared", "-fPIC", f"-DGENERATION={generation}", here / "plugin.cpp", "-o",
                     plugins[-1]])
        tap.check(f"{name} {optimised}: a plugin is built without a warning", [*said(built), built.stderr[:4000]] if
                  built.stderr or built.returncode else [])
        if built.returncode == 0:
            tap.check(f"{name} {optimised}: nothing of it belongs to the whole process", in_the_whole_process(plugins[-1]))
    if host.exists() and all(each.exists() for each in plugins):
        tap.check(f"{name}: loaded, used, closed and unloaded {ROUNDS} times, two generations",
                  said(run([host, str(ROUNDS), *plugins])))


headers = sorted((root / "include/weft/cpp").glob("*.hpp"))
tap.check("each object with static storage says where it lives", [fault for each in headers for fault in unmarked(each)])
included = (root / "include/weft/weft.hpp").read_text()
tap.check("the plugin includes every header", [
    each.name for each in headers if f"weft/cpp/{each.name}" not in included
    and not any(f"weft/cpp/{each.name}" in other.read_text() for other in headers)])
with tempfile.TemporaryDirectory() as temporary:
    for compiler in ("g++", "clang++"):
        with_compiler(compiler, pathlib.Path(temporary))
tap.finish()
