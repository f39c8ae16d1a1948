#!/usr/bin/env python3
"""The programs of README.md compile without warnings, run, and print what README.md says; its links lead somewhere.

Usage: readme.py SOURCE_ROOT LIBRARY
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

from tap import Tap

root, library = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
text = (root / "README.md").read_text()
tap = Tap()

COMPILERS = {
    "c": (os.environ.get("CC", "cc"), "-std=c99"),
    "cpp": (os.environ.get("CXX", "c++"), "-std=c++20"),
}


def faults(language, code, output):
    compiler, standard = COMPILERS[language]
    with tempfile.TemporaryDirectory() as folder:
        source, program = pathlib.Path(folder) / f"readme.{language}", pathlib.Path(folder) / "readme"
        source.write_text(code)
        answer = subprocess.run(
            [*compiler.split(), standard, "-Wall", "-Wextra", "-Werror", f"-I{root / 'include'}", source, "-o", program,
             library, f"-Wl,-rpath,{library.parent}", "-pthread"], capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            return answer.stderr.splitlines()
        # The linker records the SONAME, which the build folder has.
        answer = subprocess.run([program], capture_output=True, text=True, timeout=60, check=False)
        if (answer.returncode, answer.stderr, answer.stdout) != (0, "", output):
            return [f"status {answer.returncode}, stderr {answer.stderr!r}, stdout {answer.stdout!r}, "
                    f"README.md says {output!r}"]
        return []


programs = re.findall(r"```(c|cpp)\n(.*?)```\s*```text\n(.*?)```", text, re.S)
tap.check("there is a program in C and one in C++",
          [] if {language for language, _, _ in programs} == set(COMPILERS) else ["one is missing"])
for language, code, output in programs:
    tap.check(f"the program in {language}", faults(language, code, output))

prose = re.sub(r"```.*?```", "", text, flags=re.S)
links = re.findall(r"\]\(([^)]+)\)", prose)
tap.check("links lead somewhere", [link for link in links if "://" not in link and not (root / link).exists()])

names = {name for name in re.findall(r"\bweft_\w+", prose)} - {"weft_dep", "weft_"}
headers = "".join(path.read_text() for path in (root / "include/weft").glob("*.h"))
tap.check("functions that it names exist", [name for name in sorted(names) if f"{name}(" not in headers])
tap.finish()
