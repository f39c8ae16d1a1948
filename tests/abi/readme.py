#!/usr/bin/env python3
"""The code of README.md and of the guide compiles without warnings. Programs run, and print what the page says. Links
have a target, and functions that are named exist.

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
pages = [root / "README.md", *sorted((root / "include/weft/guide").glob("*.md"))]
tap = Tap()

COMPILERS = {
    "c": (os.environ.get("CC", "cc"), "-std=c99"),
    "cpp": (os.environ.get("CXX", "c++"), "-std=c++20"),
}


def faults(language, code, output):
    """A block with a main is a program, and `output` is what it prints. Without a main it is a part of a program."""
    compiler, standard = COMPILERS[language]
    is_program = re.search(r"^int main\(", code, re.M)
    with tempfile.TemporaryDirectory() as folder:
        source, program = pathlib.Path(folder) / f"block.{language}", pathlib.Path(folder) / "block"
        source.write_text(code)
        link = [library, f"-Wl,-rpath,{library.parent}", "-pthread"] if is_program else ["-c"]
        answer = subprocess.run(
            [*compiler.split(), standard, "-Wall", "-Wextra", "-Werror", f"-I{root / 'include'}", source, "-o", program,
             *link], capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            return answer.stderr.splitlines()
        if not is_program:
            return []
        # The linker records the SONAME; the build folder has a file of that name.
        answer = subprocess.run([program], capture_output=True, text=True, timeout=60, check=False)
        if (answer.returncode, answer.stderr, answer.stdout) != (0, "", output):
            return [f"status {answer.returncode}, stderr {answer.stderr!r}, stdout {answer.stdout!r}, "
                    f"the page says {output!r}"]
        return []


headers = "".join(path.read_text() for path in (root / "include/weft").glob("*.h"))
languages = set()
for page in pages:
    text = page.read_text()
    name = page.relative_to(root)
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$(?:\n\n^```text\n(.*?)^```$)?", text, re.S | re.M)
    for number, (language, code, output) in enumerate(blocks, 1):
        if language in COMPILERS:
            languages.add(language)
            tap.check(f"{name}: block {number}, in {language}", faults(language, code, output))
    tap.check(f"{name}: every block says what it is in", [
        line for line in re.findall(r"^```.*$", text, re.M)[::2] if not re.fullmatch(r"```(c|cpp|text|ini|sh)", line)])
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M)
    tap.check(f"{name}: links lead somewhere", [
        link for link in re.findall(r"\]\(([^)]+)\)", prose) if "://" not in link and not (page.parent / link).exists()])
    names = {word for word in re.findall(r"\bweft_\w+", prose)} - {"weft_dep", "weft_", "weft_static"}
    tap.check(f"{name}: functions that it names exist", [
        word for word in sorted(names) if f"{word}(" not in headers and f" {word};" not in headers])
    tap.check(f"{name}: headers that it names exist", [
        word for word in set(re.findall(r"`(weft/[\w/.]+\.h(?:pp)?)`", prose)) if not (root / "include" / word).exists()])
tap.check("there is a program in C and one in C++", [] if languages == set(COMPILERS) else ["one is missing"])
tap.finish()
