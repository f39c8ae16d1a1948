#!/usr/bin/env python3
"""Every C and C++ file is formatted as .clang-format says. Reported as skipped if clang-format is not installed.

Usage: format.py SOURCE_ROOT
"""

import pathlib
import shutil
import subprocess
import sys

from tap import Tap

root = pathlib.Path(sys.argv[1])
tap = Tap()
folders = ("include", "lib", "capi", "examples", "tests")
names = [path for folder in folders for path in sorted((root / folder).rglob("*"))
         if path.suffix in {".c", ".h", ".cpp", ".hpp"} and "target" not in path.parts]

if shutil.which("clang-format") is None:
    tap.skip("every file is formatted", "clang-format is not installed")
else:
    for name in names:
        answer = subprocess.run(["clang-format", "--dry-run", "-Werror", name], capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            tap.check(name.relative_to(root), answer.stderr.splitlines()[:3] + [f"clang-format -i {name.relative_to(root)}"])
    tap.check(f"{len(names)} files were looked at", [] if names else ["no file was found"])
tap.finish()
