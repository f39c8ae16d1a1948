#!/usr/bin/env python3
"""A program needs only what `meson install` installs: with pkg-config (shared and static) and with CMake.

Usage: installed.py BUILD_ROOT
Installs into a temporary folder. The programs use only what is in it.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

from tap import Tap

build = sys.argv[1]
tap = Tap()

C_PROGRAM = """#include <stdio.h>
#include <weft/weft.h>
static weft_status square(void *ctx, void **result, weft_error_t **error) {
  (void)error;
  *result = (void *)((intptr_t)ctx * (intptr_t)ctx);
  return WEFT_OK;
}
int main(void) {
  weft_executor_t *pool;
  weft_future_t *future;
  void *result;
  if (weft_version() != WEFT_VERSION || weft_executor_create(NULL, NULL, &pool) != WEFT_OK) return 1;
  if (weft_executor_submit(pool, NULL, square, (void *)7, NULL, &future) != WEFT_OK) return 1;
  if (weft_future_result(future, WEFT_FOREVER, &result) != WEFT_OK || (intptr_t)result != 49) return 1;
  weft_future_unref(future);
  weft_executor_unref(pool);
  return 0;
}
"""
# All memory comes from the host, and all of it comes back. In the archive weft has its own operators new and delete,
# and linking the program decides whether weft uses them. The output tells how many blocks are left.
ALLOCATOR_PROGRAM = """#include <stdlib.h>
#include <weft/weft.h>
static long blocks, allocations, faults;
static void *take(void *ctx, size_t size, size_t align) {
  void *memory = NULL;
  size_t *start;
  if (posix_memalign(&memory, align < 64 ? 64 : align, size + (align < 64 ? 64 : align)) != 0) return NULL;
  start = (size_t *)memory;
  start[0] = size;
  start[1] = align;
  __atomic_add_fetch((long *)ctx, 1, __ATOMIC_RELAXED);
  __atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
  return (char *)memory + (align < 64 ? 64 : align);
}
static void give_back(void *ctx, void *memory, size_t size, size_t align) {
  size_t *start = (size_t *)(void *)((char *)memory - (align < 64 ? 64 : align));
  if (start[0] != size || start[1] != align) __atomic_add_fetch(&faults, 1, __ATOMIC_RELAXED);
  __atomic_sub_fetch((long *)ctx, 1, __ATOMIC_RELAXED);
  free(start);
}
static weft_status fail(void *ctx, void **result, weft_error_t **error) {
  (void)ctx;
  (void)result;
  return weft_error_create(1, "a kind that is too long for any small buffer", "and a message too", error);
}
static weft_status use(void) {
  weft_executor_t *pool, *strand;
  weft_group_t *group;
  weft_queue_t *queue;
  weft_event_t event;
  size_t count;
  int i;
  if (weft_executor_create(NULL, NULL, &pool) != WEFT_OK || weft_strand_create(pool, &strand) != WEFT_OK) return 1;
  if (weft_group_create(pool, NULL, &group) != WEFT_OK || weft_queue_create(NULL, &queue) != WEFT_OK) return 1;
  for (i = 0; i < 200; ++i) {
    weft_future_t *future;
    if (weft_executor_submit(i % 2 ? pool : strand, NULL, fail, NULL, NULL, &future) != WEFT_OK) return 1;
    if (weft_group_spawn(group, NULL, fail, NULL, NULL) != WEFT_OK) return 1;
    if (weft_future_notify(future, queue, 1) != WEFT_OK) return 1;
    if (weft_queue_wait(queue, &event, 1, WEFT_FOREVER, &count) != WEFT_OK) return 1;
    weft_future_unref(future);
  }
  if (weft_group_wait(group, WEFT_FOREVER) != WEFT_EFAILED) return 1;
  weft_queue_unref(queue);
  weft_group_unref(group);
  weft_executor_unref(strand);
  weft_executor_unref(pool);
  return weft_cleanup(WEFT_FOREVER);
}
int main(void) {
  int round;
  if (weft_set_allocator(take, give_back, &blocks) != WEFT_OK) return 101;
  for (round = 0; round < 3; ++round) {
    long before = allocations;
    if (use() != WEFT_OK) return 102;
    if (allocations < before + 20) return 103;
    if (faults != 0) return 104;
    if (blocks != 0) return blocks > 0 && blocks < 100 ? (int)blocks : 105;
  }
  return 0;
}
"""
CPP_PROGRAM = """#include <weft/weft.hpp>
int main() { return weft::executor().submit([] { return 0; }).result(); }
"""
# A program with another standard library than weft's: its exceptions and strings go through weft unchanged.
CROSSING_PROGRAM = """#include <weft/weft.hpp>
#include <stdexcept>
#include <string>
#include <vector>
int main() {
  weft::executor pool({.max_workers = 2});
  const std::string text = pool.submit([](std::string a) { return a + " and back"; }, std::string(100, 'x')).result();
  if (text != std::string(100, 'x') + " and back") return 1;
  try {
    pool.submit([]() -> int { throw std::out_of_range("too far"); }).result();
    return 2;
  } catch (const std::out_of_range &e) {
    if (std::string(e.what()) != "too far") return 3;
  }
  int sum = 0;
  for (int n : pool.map([](int i) { return i * i; }, std::vector{1, 2, 3})) sum += n;
  auto three = pool.submit([] { return 1; }).then([](int one) { return one + 2; });
  return sum == 14 && three.result() == 3 ? 0 : 4;
}
"""
CMAKE_PROJECT = """cmake_minimum_required(VERSION 3.16)
project(user C CXX)
set(CMAKE_CXX_STANDARD 20)
find_package(weft 2 CONFIG QUIET)
if(weft_FOUND)
  message(FATAL_ERROR "it takes itself for version 2")
endif()
find_package(weft 1.0 CONFIG REQUIRED)
add_executable(user user.cpp)
target_link_libraries(user PRIVATE weft::weft)
add_executable(user_static user.c)
target_link_libraries(user_static PRIVATE weft::weft_static)
add_library(plugin_static MODULE user.c)
target_link_libraries(plugin_static PRIVATE weft::weft_static)
"""


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **more)


def said(answer):
    return [] if answer.returncode == 0 else [answer.stdout, answer.stderr, f"status {answer.returncode}"]


def compiler(language):
    return [*shlex.split(os.environ.get("CC", "cc") if language == "c" else os.environ.get("CXX", "c++")),
            "-std=c99" if language == "c" else "-std=c++20"]


def needed(program):
    return re.findall(r"\(NEEDED\).*\[(.*)\]", run(["readelf", "-d", program]).stdout)


def stays_mapped(plugin):
    dynamic = run(["readelf", "-dW", plugin]).stdout
    return [] if re.search(r"\(FLAGS_1\).*\bNODELETE\b", dynamic) else [dynamic or f"{plugin} is not there"]


def with_pkg_config(folder, stage, environment):
    answer = run(["pkg-config", "--cflags", "--libs", "weft"], env=environment)
    flags = shlex.split(answer.stdout)
    tap.check("pkg-config knows it", said(answer))
    tap.check("a user of it needs no Boost", [flag for flag in flags if "boost" in flag.lower()])
    answer = run(["pkg-config", "--modversion", "weft"], env=environment)
    tap.check("it has a version", [] if re.fullmatch(r"\d+\.\d+\.\d+\n", answer.stdout) else [answer.stdout])
    for language in ("c", "cpp"):
        program = folder / f"user-{language}"
        answer = run([*compiler(language), folder / f"user.{language}", "-o", program, *flags])
        tap.check(f"a program in {language} can be built with it", said(answer))
        if answer.returncode != 0:
            continue
        tap.check(f"the program in {language} runs", said(run([program], env=environment)))
        names = needed(program)
        tap.check(f"the program in {language} asks for libweft.so.1 and not for Boost", [] if "libweft.so.1" in names
                  and not any("boost" in name for name in names) else [names])

    # Linking too: libc++ may be there without libc++abi.
    if run(["clang++", "-stdlib=libc++", "-std=c++20", "-xc++", "-", "-o", folder / "probe"],
           input="#include <vector>\nint main() {}\n").returncode != 0:
        tap.skip("a program with libc++", "clang++ or libc++ is not installed")
    else:
        answer = run(["clang++", "-stdlib=libc++", "-std=c++20", folder / "crossing.cpp", "-o", folder / "crossing", *flags])
        tap.check("a program with libc++ can be built with it", said(answer))
        if answer.returncode == 0:
            tap.check("the program with libc++ runs", said(run([folder / "crossing"], env=environment)))

    flags = shlex.split(run(["pkg-config", "--static", "--cflags", "--libs", "weft"], env=environment).stdout)
    clean = {name: value for name, value in environment.items() if name != "LD_LIBRARY_PATH"}
    plugin = folder / "plugin.so"
    answer = run([*compiler("c"), "-shared", "-fPIC", folder / "user.c", "-o", plugin,
                  *["-l:libweft.a" if flag == "-lweft" else flag for flag in flags]])
    tap.check("a plugin that contains the archive is linked, and stays mapped",
              said(answer) or stays_mapped(plugin))
    # -static takes only archives. The other way takes the archive of weft, and of the other libraries what is there.
    for way, link in (("-static", ["-static", *flags]),
                      ("-l:libweft.a", ["-l:libweft.a" if flag == "-lweft" else flag for flag in flags])):
        program = folder / "user-static"
        answer = run([*compiler("c"), folder / "user.c", "-o", program, *link])
        tap.check(f"a static link with {way}", said(answer))
        if answer.returncode == 0:
            tap.check(f"the program that was linked with {way} runs", said(run([program], env=clean)))
            tap.check(f"the program that was linked with {way} has weft inside", [
                name for name in needed(program) if "weft" in name or way == "-static"])
        counting = folder / "allocator-static"
        answer = run([*compiler("c"), "-D_GNU_SOURCE", folder / "allocator.c", "-o", counting, *link])
        tap.check(f"a program with an allocator of its own is linked with {way}", said(answer))
        if answer.returncode == 0:
            tap.check(f"linked with {way}, all that weft took from the host came back", said(run([counting], env=clean)))


def with_cmake(folder, prefix):
    if shutil.which("cmake") is None:
        tap.skip("CMake finds it", "cmake is not installed")
        return
    (folder / "CMakeLists.txt").write_text(CMAKE_PROJECT)
    environment = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    answer = run(["cmake", "-S", folder, "-B", folder / "cmake", f"-DCMAKE_PREFIX_PATH={prefix}"], env=environment)
    tap.check("CMake finds it, as version 1 and not as 2", said(answer))
    if answer.returncode == 0:
        tap.check("CMake builds with it", said(run(["cmake", "--build", folder / "cmake"])))
        tap.check("a plugin of CMake that contains the archive stays mapped",
                  stays_mapped(folder / "cmake" / "libplugin_static.so"))
        for name in ("user", "user_static"):
            tap.check(f"the program {name} of CMake runs", said(run([folder / "cmake" / name], env=environment)))


def main(folder):
    stage = folder / "stage"
    answer = run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", stage])
    tap.check("meson install", said(answer))
    found = {path.name: path for path in stage.rglob("*")}
    missing = [f"{name} is missing" for name in
               ("weft.h", "weft.hpp", "executor_ref.hpp", "libweft.so", "libweft.so.1", "libweft.a", "weft.pc",
                "weft-config.cmake", "weft-config-version.cmake") if name not in found]
    tap.check("headers, libraries, weft.pc and files for CMake are there", missing)
    tap.check("nothing else is installed", [
        path.relative_to(stage) for path in found.values() if path.is_file()
        and not re.search(r"/include/weft/|/libweft\.(a|so(\.[\d.]+)?)$|/weft\.pc$|/cmake/weft/weft-config", str(path))])
    if missing:
        return
    shown = [line.split()[-1] for line in run(["nm", "-g", "--defined-only", found["libweft.a"]]).stdout.splitlines()
             if len(line.split()) == 3]
    tap.check("the archive shows nothing but weft_*", ([] if shown else ["it shows nothing"]) + [
        name for name in shown if not name.startswith("weft_")])

    (folder / "user.c").write_text(C_PROGRAM)
    (folder / "user.cpp").write_text(CPP_PROGRAM)
    (folder / "crossing.cpp").write_text(CROSSING_PROGRAM)
    (folder / "allocator.c").write_text(ALLOCATOR_PROGRAM)
    libraries = found["libweft.so.1"].parent
    with_pkg_config(folder, stage, dict(os.environ, PKG_CONFIG_PATH=str(found["weft.pc"].parent),
                                        PKG_CONFIG_SYSROOT_DIR=str(stage), LD_LIBRARY_PATH=str(libraries)))
    with_cmake(folder, found["weft.hpp"].parents[2])


with tempfile.TemporaryDirectory() as temporary:
    main(pathlib.Path(temporary))
tap.finish()
