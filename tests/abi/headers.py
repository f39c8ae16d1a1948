#!/usr/bin/env python3
"""Each public header compiles alone and without warnings: the C ones as C99 and C++17, those of weft.hpp as C++20.

Usage: headers.py SOURCE_ROOT

The warnings are those that hosts turn on, such as -Wold-style-cast. With an older standard than weft.hpp needs, the
compiler prints one sentence.
"""

import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

from tap import Tap

root = pathlib.Path(sys.argv[1])
include = root / "include"
strict = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Wundef", "-Werror"]
strict_cpp = ["-Wold-style-cast", "-Wextra-semi", "-Wnon-virtual-dtor", "-Woverloaded-virtual"]
tap = Tap()


def warnings_of(compiler, language):
    if language == "c":
        return [*strict, "-Wstrict-prototypes"]
    return [*strict, *strict_cpp, *(["-Wuseless-cast"] if compiler == "g++" else [])]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


def compile_alone(compiler, standard, language, header):
    """What the compiler prints for a file that only includes the header, twice."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / f"alone.{language}"
        line = f"#include <{header}>\n"
        source.write_text(line * 2 + "int main(void) { return 0; }\n" if language == "c" else line * 2 + "int main() {}\n")
        answer = run(*shlex.split(compiler), f"-std={standard}", *warnings_of(compiler, language), f"-I{include}",
                     "-fsyntax-only", source)
        if answer.returncode == 0:
            return answer.stderr.splitlines()
        return answer.stderr.splitlines() or ["it does not compile"]


def is_there(compiler):
    """The compiler, with its standard library."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "standard.cpp"
        source.write_text("#include <cstddef>\n")
        return shutil.which(shlex.split(compiler)[0]) is not None and (
            "++" not in compiler or run(*shlex.split(compiler), "-fsyntax-only", source).returncode == 0)


def check(compilers, standard, language, headers):
    for compiler in compilers:
        if not is_there(compiler):
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

umbrella = [include / "weft/weft.hpp"]
check(("g++", "clang++"), "c++2b", "cpp", umbrella)
check(("clang++ -stdlib=libc++",), "c++20", "cpp", umbrella)


def refused(compiler, options, reason, code=""):
    """There must be exactly one error, and it must name the reason."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "less.cpp"
        source.write_text("#include <weft/weft.hpp>\n" + code)
        answer = run(compiler, "-std=c++20", *options, f"-I{include}", "-fsyntax-only", source)
    errors = [line for line in answer.stderr.splitlines() if " error: " in line]
    return [] if answer.returncode != 0 and len(errors) == 1 and reason in errors[0] else errors or ["it compiles"]


for compiler in ("g++", "clang++"):
    for missing, reason in (("-std=c++17", "needs C++20"), ("-fno-exceptions", "needs exceptions"), ("-fno-rtti", "needs RTTI")):
        if not is_there(compiler):
            tap.skip(f"{compiler} {missing}", f"{compiler} is not installed")
            continue
        tap.check(f"weft.hpp with {compiler} {missing} says one sentence", refused(compiler, [missing], reason))

# A callable that does not fit.
TAKES_TEXT = "[](std::string) {}"
MISFITS = {
    "pool.submit(3);": "f cannot be called with these arguments",
    f"pool.submit({TAKES_TEXT});": "f cannot be called with these arguments",
    f"pool.submit({TAKES_TEXT}, 3);": "f cannot be called with these arguments",
    f"pool.submit({{.name = \"a\"}}, {TAKES_TEXT}, 3);": "f cannot be called with these arguments",
    f"pool.post({TAKES_TEXT});": "f cannot be called with these arguments",
    f"pool.post(weft::task_options(), {TAKES_TEXT});": "f cannot be called with these arguments",
    f"number.then({TAKES_TEXT});": "then: f cannot be called with the result",
    f"number.then(pool, {TAKES_TEXT});": "then: f cannot be called with the result",
    "number.on_error([](const weft::error &) { return std::string(); });": "on_error: f cannot be called",
    f"number.finally(pool, {TAKES_TEXT});": "finally: f cannot be called with the future",
    f"pool.map({TAKES_TEXT}, numbers);": "map(f, items): f cannot be called, as const, with an item",
    f"weft::group(pool).run({TAKES_TEXT});": "f cannot be called with these arguments",
    f"weft::parallel_for(pool, 0, 9u, {TAKES_TEXT});": "parallel_for: f cannot be called with an index",
    f"weft::parallel_for(pool, numbers, {TAKES_TEXT});": "parallel_for: f cannot be called with an element",
}
for compiler in ("g++", "clang++"):
    for call, reason in MISFITS.items():
        name = f"{call} with {compiler} says one sentence"
        if not is_there(compiler):
            tap.skip(name, f"{compiler} is not installed")
            continue
        code = f"void f(weft::executor &pool, weft::future<int> number, std::vector<int> numbers) {{ {call} }}\n"
        tap.check(name, refused(compiler, [], reason, "#include <string>\n#include <vector>\n" + code))

installed = (include / "meson.build").read_text()
tap.check("meson.build installs every header", [
    f"{header.name} is not in include/meson.build" for header in c_headers + cpp_headers
    if f"'{header.relative_to(include)}'" not in installed])
tap.finish()
