#!/usr/bin/env python3
"""weft's Boost is private: none of it is exported, and a program with another Boost works with weft in one process.

Usage: boost.py SOURCE_ROOT FOLDER LIBRARY ARCHIVE

The other one is Debian's Boost 1.81, which is downloaded once and unpacked into FOLDER, not installed. capi/README.md
says what the dynamic linker does with two versions of Boost.Thread.
"""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

from tap import Tap

root, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
library, archive = pathlib.Path(sys.argv[3]).resolve(), pathlib.Path(sys.argv[4]).resolve()
compiler = shlex.split(os.environ.get("CXX", "c++"))
tap = Tap()

PACKAGES = ["libboost1.81-dev", "libboost-thread1.81-dev", "libboost-thread1.81.0", "libboost-chrono1.81-dev",
            "libboost-chrono1.81.0", "libboost-system1.81-dev", "libboost-system1.81.0", "libboost-atomic1.81-dev",
            "libboost-atomic1.81.0"]
# What libweft.so may use of libboost_thread. boost_layout.cpp compares the layouts on which these depend.
USED = {"boost::detail::thread_data_base::~thread_data_base()", "boost::detail::get_current_thread_data()", "boost::thread::detach()",
        "boost::thread::native_handle()", "boost::thread::start_thread_noexcept(boost::thread_attributes const&)",
        "typeinfo for boost::detail::thread_data_base", "vtable for boost::detail::thread_data_base"}
HOST = """#include <dlfcn.h>
#include <stdio.h>
#include <weft/weft.h>
int main(int argc, char **argv) {
  void *plugin = dlopen(argv[argc - 1], RTLD_NOW | RTLD_GLOBAL);
  if (plugin == NULL) return printf("%s %u\\n", dlerror(), weft_version()), 3;
  return ((int (*)(void))dlsym(plugin, "use_both"))();
}
"""


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **more)


def said(answer):
    return [] if answer.returncode == 0 else [f"status {answer.returncode}", answer.stdout, answer.stderr]


def download():
    """The folder of the other Boost, or None."""
    where = folder / "boost-1.81"
    if not (where / "complete").exists():
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            return None
        where.mkdir(parents=True, exist_ok=True)
        if run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *PACKAGES], cwd=where).returncode != 0:
            return None
        for package in where.glob("*.deb"):
            if run(["dpkg-deb", "-x", package, where]).returncode != 0:
                return None
            package.unlink()
        (where / "complete").touch()
    return where


def layout(includes):
    program = folder / "layout"
    answer = run([*compiler, "-std=c++20", "-fno-access-control", "-w", *includes, root / "tests/abi/boost_layout.cpp", "-o", program])
    return said(answer), run([program]).stdout if answer.returncode == 0 else ""


def beside(where):
    libraries = next(where.glob("usr/lib/*/libboost_thread.so")).parent
    includes = [f"-I{root / 'include'}", f"-I{where / 'usr/include'}"]
    common = [*compiler, "-std=c++20", "-w", "-DBOOST_ASIO_NO_DEPRECATED", "-pthread", *includes]
    source = root / "tests/abi/boost_beside.cpp"
    mine, boost = [str(library), f"-Wl,-rpath,{library.parent}"], [f"-L{libraries}", f"-Wl,-rpath,{libraries}"]
    theirs = [*boost, "-lboost_thread", "-lboost_chrono"]
    within = [*boost, "-l:libboost_thread.a", "-l:libboost_chrono.a"]
    objects = folder / "beside.o"
    answer = run([*common, "-c", source, "-o", objects])
    tap.check("a program with Boost 1.81 and weft.hpp is compiled", said(answer))
    if answer.returncode != 0:
        return
    answer = run([*common, "-DPLUGIN", "-fPIC", "-shared", source, "-o", folder / "plugin.so", *mine, *theirs])
    (folder / "host.c").write_text(HOST)
    built = run([*shlex.split(os.environ.get("CC", "cc")), f"-I{root / 'include'}", folder / "host.c", "-o", folder / "host", *mine])
    ways = {
        "its Boost before weft": [*theirs, *mine],
        "weft before its Boost": [*mine, *theirs],
        "its Boost linked statically": [*mine, *within],
        "the archive of weft": [archive, *theirs],
        "the archive of weft, its Boost linked statically": [archive, *within],
    }
    program = folder / "beside"
    for name, link in ways.items():
        answer_of_way = run([*compiler, "-pthread", objects, "-o", program, *link])
        faults = said(answer_of_way) or said(ran := run([program])) or (
            [] if "1_81" in ran.stdout else [f"it ran with another Boost: {ran.stdout}"])
        tap.check(f"a program with Boost 1.81: {name}", faults)
    tap.check("a plugin with Boost 1.81, in a program that has weft loaded", said(answer) or said(built) or said(
        run([folder / "host", folder / "plugin.so"])))


shown = run(["nm", "-DC", "--defined-only", library]).stdout
tap.check("nothing of Boost is exported", [line for line in shown.splitlines() if "boost" in line]
          + ([] if "weft_" in shown else ["nothing is exported at all"]))
used = {line.split(maxsplit=1)[1] for line in run(["nm", "-DC", "--undefined-only", library]).stdout.splitlines() if "boost" in line}
tap.check("of Boost.Thread only what is known to be stable is used", sorted(used - USED))

folder.mkdir(parents=True, exist_ok=True)
other = download()
if other is None:
    tap.skip("a program with Boost 1.81", "its packages cannot be downloaded here")
else:
    if "clang" in compiler[-1]:
        tap.skip("the layouts of both versions are the same", "the compiler has no -fno-access-control")
    else:
        faults, ours = layout([])
        more_faults, theirs = layout([f"-I{other / 'usr/include'}"])
        tap.check("the layouts of both versions are the same", faults + more_faults + (
            [] if ours == theirs else [f"{ours} and {theirs}"]))
    beside(other)
tap.finish()
