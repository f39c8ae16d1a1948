#!/usr/bin/env python3
"""The rules that a compiler does not check: which file may include which, how long files are, and their names.

Usage: layers.py SOURCE_ROOT
"""

import pathlib
import re
import statistics
import subprocess
import sys

from tap import Tap

root = pathlib.Path(sys.argv[1])
tap = Tap()

# From the lowest layer to the highest: a file may include its own layer and those before it.
LAYERS = ["base", "thread", "task", "sched", "timer", "exec", "runtime"]
SOURCES = {".c", ".h", ".cpp", ".hpp", ".rs", ".go", ".py", ".sh"}


def files():
    """The files of the project: those that git knows, or all of them outside git."""
    answer = subprocess.run(["git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, text=True, check=False)
    names = answer.stdout.splitlines() if answer.returncode == 0 else \
        [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
    return [pathlib.PurePosixPath(name) for name in names if (root / name).is_file()]


def includes(name):
    for number, line in enumerate((root / name).read_text(errors="replace").splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if match:
            yield number, match.group(1)


project = files()
sources = [name for name in project if name.suffix in SOURCES]
c_family = [name for name in sources if name.suffix in {".c", ".h", ".cpp", ".hpp"}]

faults = []
seen = 0
for name in c_family:
    inside = name.parts[1] if name.parts[0] == "lib" and len(name.parts) == 3 else None
    if name.parts[:2] == ("lib", "precompiled"):
        continue
    if name.parts[0] == "lib" and inside not in LAYERS:
        faults.append(f"{name} is in no layer")
        continue
    for number, included in includes(name):
        layer = included.split("/")[0]
        if layer not in LAYERS or not (root / "lib" / included).is_file():
            if inside and included.startswith("weft/") and not included.endswith(".h"):
                faults.append(f"{name}:{number} includes {included}: lib knows nothing of weft.hpp")
            continue
        seen += 1
        if inside and LAYERS.index(layer) > LAYERS.index(inside):
            faults.append(f"{name}:{number} includes {included}: {layer} is above {inside}")
        allowed = name.parts[0] in ("lib", "capi") or name.parts[:2] in (("tests", "unit"), ("tests", "stress"), ("tests", "model"))
        if not allowed:
            faults.append(f"{name}:{number} includes {included}: lib is private")
tap.check("includes point one way, and lib is private", faults or ([] if seen > 20 else ["hardly any include was found"]))

tap.check("the public headers include nothing but each other and the standard library", [
    f"{name}:{number} includes {included}" for name in c_family if name.parts[0] == "include"
    for number, included in includes(name)
    if (included.startswith("weft/") and not (root / "include" / included).is_file()) or included.startswith("boost/")])

# The model tests replace what comes from base/atomic.hpp, and would not see what comes from another header.
SEAM = re.compile(r"std::(atomic|mutex|recursive_mutex|timed_mutex|shared_mutex|condition_variable)\b")
tap.check("atomics and mutexes of lib come from base/atomic.hpp", [
    f"{name}:{number} names {match.group(0)}" for name in c_family
    if name.parts[0] == "lib" and str(name) != "lib/base/atomic.hpp"
    for number, line in enumerate((root / name).read_text(errors="replace").splitlines(), 1)
    for match in [SEAM.search(line.split("//")[0])] if match])

lengths = {name: len((root / name).read_text(errors="replace").splitlines()) for name in sources}
tap.check("no file is longer than 600 lines",
          [f"{name} has {length}" for name, length in lengths.items() if length > 600])
print(f"# {len(lengths)} files, median {statistics.median(lengths.values()):.0f} lines; over 400:",
      ", ".join(f"{name} {length}" for name, length in lengths.items() if length > 400) or "none")

tap.check("no name of a file says nothing", [
    name for name in project if re.search(r"job|manager|util|helper|impl|misc|common", name.name, re.I)])
tap.check("every source begins with a comment", [
    name for name in sources if name.suffix != ".py" and
    not re.match(r"(#!.*\n)?\s*(//|/\*|#)", (root / name).read_text(errors="replace"))])
marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
tap.check("nothing is left to do in the sources", [
    f"{name}:{number}" for name in sources if name.name != "layers.py"
    for number, line in enumerate((root / name).read_text(errors="replace").splitlines(), 1) if marks.search(line)])

allowed_at_top = {"lib", "include", "capi", "tests", "examples", "meson.build", "meson_options.txt", "README.md", "LICENSE"}
tap.check("the top level is as it was agreed", [
    name.parts[0] for name in project if name.parts[0] not in allowed_at_top and not name.parts[0].startswith(".")])
tap.finish()
