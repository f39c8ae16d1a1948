#!/usr/bin/env python3
"""Each public header compiles alone: the C ones as C99 and as C++17, those of weft.hpp as C++20; no warnings.

Usage: headers.py SOURCE_ROOT
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

from tap import Tap

root = pathlib.Path(sys.argv[1])
include = root / "include"
strict = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
tap = Tap()


def compile_alone(compiler, standard, language, header):
    """What the compiler says of a file that includes the header, twice, and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / f"alone.{language}"
        line = f"#include <{header}>\n"
        source.write_text(line * 2 + "int main(void) { return 0; }\n" if language == "c" else line * 2 + "int main() {}\n")
        answer = subprocess.run(
            [compiler, f"-std={standard}", *strict, f"-I{include}", "-fsyntax-only", source],
            capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            return answer.stderr.splitlines()
        return answer.stderr.splitlines() or ["it does not compile"]


def check(compilers, standard, language, headers):
    for compiler in compilers:
        if shutil.which(compiler) is None:
            tap.skip(f"{compiler} -std={standard}", f"{compiler} is not installed")
            continue
        for header in headers:
            name = header.relative_to(include)
            tap.check(f"{name} with {compiler} -std={standard}", compile_alone(compiler, standard, language, name))


c_headers = sorted(include.glob("weft/*.h"))
cpp_headers = sorted(include.glob("weft/*.hpp")) + sorted(include.glob("weft/cpp/*.hpp"))
if not c_headers or not cpp_headers:
    tap.check("the headers are where they should be", [f"none found under {include}"])
check(("gcc", "clang"), "c99", "c", c_headers)
check(("g++", "clang++"), "c++17", "cpp", c_headers)
check(("g++", "clang++"), "c++20", "cpp", cpp_headers)

installed = (include / "meson.build").read_text()
tap.check("meson.build installs every header", [
    f"{header.name} is not in include/meson.build" for header in c_headers + cpp_headers
    if f"'{header.relative_to(include)}'" not in installed])
tap.finish()
