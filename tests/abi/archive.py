#!/usr/bin/env python3
"""libweft.a exports only weft_*, however it was compiled, so programs that are linked with -static run. And weft can be
the subproject of another Meson project.

Usage: archive.py SOURCE_ROOT FOLDER

Builds the library in FOLDER, which keeps its name so that a compiler cache finds the objects again. A host project that
has weft as a subproject builds it as a release, whose objects are compiled for LTO, too. The long form also builds it
with -Db_lto=true. With each archive, static programs in C and C++ are made, and the test of the host's allocator. That
one checks that the operators of the archive serve only weft.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

from tap import Tap

root, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
c = [*shlex.split(os.environ.get("CC", "cc")), "-std=c99", "-D_GNU_SOURCE"]
cpp = [*shlex.split(os.environ.get("CXX", "c++")), "-std=c++20"]
tap = Tap()

LTO = ["-Dexamples=false", "-Dtests=false", "--buildtype=debug", "-Doptimization=1", "-Ddebug=false", "-Db_lto=true"]

# As in the README of weft: the shared library, or the archive if the host wants it.
HOST = """project('host', 'c', 'cpp', version: '1', default_options: ['c_std=c99'])
weft_dep = dependency('weft', fallback: ['weft', 'weft_dep'])
weft_static_dep = dependency('weft', static: true)
test('host', executable('host', 'host.c', dependencies: weft_dep))
test('host, static', executable('host_static', 'host.c', dependencies: weft_static_dep))
"""
C_PROGRAM = """#include <weft/weft.h>
static weft_status run(void *ctx, void **result, weft_error_t **error) {
  (void)error;
  *result = ctx;
  return WEFT_OK;
}
int main(void) {
  weft_executor_t *pool;
  weft_future_t *future;
  void *result = NULL;
  int answer = 7;
  if (weft_version() != WEFT_VERSION || weft_executor_create(NULL, NULL, &pool) != WEFT_OK) return 1;
  if (weft_executor_submit(pool, NULL, run, &answer, NULL, &future) != WEFT_OK) return 2;
  if (weft_future_result(future, WEFT_FOREVER, &result) != WEFT_OK || result != &answer) return 3;
  weft_future_unref(future);
  weft_executor_unref(pool);
  return 0;
}
"""
# It has its own operators, and the objects of the whole program that Boost's headers define.
CPP_PROGRAM = """#include <boost/system/system_error.hpp>
#include <weft/weft.hpp>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>
static long taken = 0;
void *operator new(std::size_t size) {
  ++taken;
  if (void *memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }
int main() {
  weft::executor pool({.max_workers = 2});
  if (pool.submit([](int n) { return n * 6; }, 7).result() != 42) return 1;
  try {
    pool.submit([]() -> int { throw std::out_of_range("too far"); }).result();
    return 2;
  } catch (const std::out_of_range &) {
  }
  if (boost::system::error_code(2, boost::system::system_category()).message().empty()) return 3;
  const long before = taken;
  delete new int(1);
  return taken == before ? 4 : 0;
}
"""


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=2400, **more)


def said(answer):
    return [] if answer.returncode == 0 else [
        f"status {answer.returncode}", *answer.stdout.splitlines()[-20:], *answer.stderr.splitlines()[-20:]]


def configured(name, where, source, options):
    if (where / "build.ninja").exists():
        return True
    answer = run(["meson", "setup", *options, where, source])
    tap.check(f"{name}: it is configured", said(answer))
    return answer.returncode == 0


def build_release():
    host, where = folder / "host", folder / "release"
    (host / "subprojects").mkdir(parents=True, exist_ok=True)
    if not (host / "subprojects/weft").exists():
        (host / "subprojects/weft").symlink_to(root)
    (host / "meson.build").write_text(HOST)
    (host / "host.c").write_text(C_PROGRAM)
    if not configured("a host project", where, host, ["--wrap-mode=forcefallback", "--buildtype=release"]):
        return None
    names = [target["name"] for target in json.loads((where / "meson-info/intro-targets.json").read_text())]
    tap.check("tests and examples of a subproject are left out", [
        name for name in names if name not in ("host", "host_static", "weft", "weft_core", "weft_capi", "libweft.a")])
    answer = run(["meson", "test", "-C", where])
    tap.check("the host is built, with the library and with the archive, and runs", said(answer))
    return where / "subprojects/weft/capi/libweft.a" if answer.returncode == 0 else None


def build_for_lto():
    where = folder / "b_lto"
    if not configured("b_lto", where, root, LTO):
        return None
    answer = run(["ninja", "-C", where, "capi/libweft.a"])
    tap.check("b_lto: libweft.a is built", said(answer))
    return where / "capi/libweft.a" if answer.returncode == 0 else None


def programs(name, archive):
    symbols = [line.split()[-2:] for line in run(["nm", "--defined-only", archive]).stdout.splitlines() if len(line.split()) == 3]
    tap.check(f"{name}: no symbol is unique in the process", [f"{symbol} is" for kind, symbol in symbols if kind == "u"])
    tap.check(f"{name}: nothing but weft_* is shown", ([] if symbols else ["there are no symbols"]) + [
        symbol for kind, symbol in symbols if kind.isupper() and not symbol.startswith("weft_")])
    (folder / "user.c").write_text(C_PROGRAM)
    (folder / "user.cpp").write_text(CPP_PROGRAM)
    needed = [archive, "-lboost_thread", "-lstdc++", "-pthread"]
    for what, command in {
        "a static program in C": [*c, "-static", folder / "user.c"],
        "a static program in C++": [*cpp, "-static", folder / "user.cpp"],
        "a program in C++": [*cpp, folder / "user.cpp"],
        "the test of the allocator": [*c, root / "tests/capi/allocator.c"],
    }.items():
        program = folder / "user"
        answer = run([*command, f"-I{root / 'include'}", "-o", program, *needed])
        tap.check(f"{name}: {what} runs", said(answer) or said(run([program])))


def main():
    folder.mkdir(parents=True, exist_ok=True)
    if (archive := build_release()) is not None:
        programs("release", archive)
    if not os.environ.get("WEFT_TEST_LONG"):
        tap.skip("b_lto: the same of a build with -Db_lto=true", "only in the long form (WEFT_TEST_LONG=1)")
    elif not re.search(r"Free Software", run([*cpp, "--version"]).stdout):  # it is not gcc
        answer = run(["meson", "setup", *LTO, folder / "refused", root])
        tap.check("b_lto: refused where the compiler is not gcc", [] if answer.returncode != 0 and "gcc only" in answer.stdout else [answer.stdout])
        shutil.rmtree(folder / "refused", ignore_errors=True)
    elif (archive := build_for_lto()) is not None:
        programs("b_lto", archive)


main()
tap.finish()
