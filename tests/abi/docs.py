#!/usr/bin/env python3
"""The reference is built from the public headers without a warning, and it has every public function.

Usage: docs.py SOURCE_ROOT
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

import face
from tap import Tap

root = pathlib.Path(sys.argv[1])
tap = Tap()

if shutil.which("doxygen") is None:
    tap.skip("the reference", "doxygen is not installed")
else:
    with tempfile.TemporaryDirectory() as folder:
        answer = subprocess.run([root / "tests/docs", folder], capture_output=True, text=True, check=False, timeout=300)
        tap.check("doxygen has no warning", answer.stderr.splitlines() + answer.stdout.splitlines()
                  + ([] if answer.returncode == 0 else [f"status {answer.returncode}"]))
        pages = "".join(path.read_text(errors="replace") for path in pathlib.Path(folder).glob("html/*_8h.html"))
        names = [name for _, name, _ in face.declarations(root / "include")]
        # A function with a comment has its own heading.
        tap.check(f"all {len(names)} functions are in the reference, with their comments", [
            name for name in names if f"{name}()</h2>" not in pages] + ([] if names else ["none was found"]))
        guide = [path.stem for path in (root / "include/weft/guide").glob("*.md")]
        titles = "".join(path.read_text(errors="replace") for path in pathlib.Path(folder).glob("html/md_*.html"))
        tap.check(f"the {len(guide)} pages of the guide are in it", [] if guide and titles else ["no page was found"])
tap.finish()
