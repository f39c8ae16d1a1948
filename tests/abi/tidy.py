#!/usr/bin/env python3
"""clang-tidy finds nothing in lib/ and capi/. It is slow, so the short form checks only capi/ and the smallest layer.

Usage: tidy.py SOURCE_ROOT BUILD_ROOT
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from tap import Tap

root, build = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
tap = Tap()
long_form = "WEFT_TEST_LONG" in os.environ


def look_at(name):
    answer = subprocess.run(["clang-tidy", "--quiet", "-p", database.name, name], capture_output=True, text=True, check=False)
    return name, [line for line in answer.stdout.splitlines() if line] if answer.returncode or answer.stdout else []


if shutil.which("clang-tidy") is None:
    tap.skip("clang-tidy finds nothing", "clang-tidy is not installed")
else:
    commands = json.loads((build / "compile_commands.json").read_text())
    sources = sorted({(pathlib.Path(entry["directory"]) / entry["file"]).resolve() for entry in commands})
    wanted = [path for path in sources if path.is_relative_to(root / "lib") or path.is_relative_to(root / "capi")]
    # Sources that the model tests compile once more are checked as they are in the library.
    commands = [entry for entry in commands if not entry.get("output", "").startswith("tests/model/")]
    # Options that only gcc knows would be an error for clang, and so would gcc's precompiled header.
    for entry in commands:
        entry["command"] = re.sub(
            r" -(fno-gnu-unique|flto\S*|ffat-lto-objects|include all.hpp)(?= )", "", entry["command"])
    database = tempfile.TemporaryDirectory()
    pathlib.Path(database.name, "compile_commands.json").write_text(json.dumps(commands))
    chosen = wanted if long_form else [path for path in wanted if path.parent.name in ("base", "capi")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, faults in pool.map(look_at, chosen):
            tap.check(name.relative_to(root), faults)
    if len(chosen) < len(wanted):
        tap.skip(f"the other {len(wanted) - len(chosen)} files", "only in the long form (WEFT_TEST_LONG)")
    elif not chosen:
        tap.check("there are files to look at", ["none was found"])
tap.finish()
