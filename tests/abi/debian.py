#!/usr/bin/env python3
"""capi/package makes Debian packages: lintian finds nothing in them, and a program can be built with them.

Usage: debian.py SOURCE_ROOT FOLDER
Builds the library again, in FOLDER. That keeps its name, so that a compiler cache finds the objects again. Installs
nothing: the packages are unpacked into a folder.
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
tap = Tap()

PROGRAM = """#include <weft/weft.hpp>
int main() { return weft::executor().submit([] { return 0; }).result(); }
"""


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=900, **more)


def said(answer):
    return [] if answer.returncode == 0 else [*answer.stdout.splitlines()[-30:], *answer.stderr.splitlines()[-30:]]


def unpacked(package):
    where = folder / "unpacked"
    run(["dpkg-deb", "-x", package, where])
    control = folder / "control" / package.name.split("_")[0]
    control.parent.mkdir(exist_ok=True)
    run(["dpkg-deb", "-e", package, control])
    names = [line.split()[5] for line in run(["dpkg-deb", "-c", package]).stdout.splitlines() if not line.startswith("d")]
    return where, control, [name.removeprefix("./") for name in names]


def expect_files(what, names, patterns):
    tap.check(f"{what} has its files", [
        f"nothing is {pattern}" for pattern in patterns if not any(re.fullmatch(pattern, name) for name in names)])
    tap.check(f"{what} has no others", [
        name for name in names if not any(re.fullmatch(pattern, name) for pattern in patterns)])


def main():
    # Without debugging symbols, which take half of the time.
    environment = dict(os.environ, DEB_BUILD_OPTIONS="noautodbgsym", DEB_CFLAGS_STRIP="-g", DEB_CXXFLAGS_STRIP="-g")
    answer = run([root / "capi/package", folder], env=environment)
    tap.check("capi/package", said(answer))
    packages = {path.name.split("_")[0]: path for path in folder.glob("*.deb")}
    tap.check("it makes two packages", [] if set(packages) == {"libweft1", "libweft-dev"} else [str(packages)])
    if answer.returncode != 0 or len(packages) != 2:
        return
    if shutil.which("lintian") is None:
        tap.skip("lintian has nothing to say", "lintian is not installed")
    else:
        user = ["--allow-root"] if os.geteuid() == 0 else []
        answer = run(["lintian", *user, "--fail-on", "error,warning", "--tag-display-limit", "0", *packages.values()])
        tap.check("lintian has nothing to say", said(answer) + answer.stdout.splitlines())

    shutil.rmtree(folder / "unpacked", ignore_errors=True)
    where, control, names = unpacked(packages["libweft1"])
    about = "usr/share/doc/libweft(1|-dev)/(changelog(.Debian)?.gz|copyright)"
    expect_files("libweft1", names, [r"usr/lib/[\w-]+/libweft\.so\.1", r"usr/lib/[\w-]+/libweft\.so\.1\.\d+\.\d+", about])
    fields = (control / "control").read_text()
    tap.check("libweft1 says what it needs", [
        f"not {name}" for name in ("libc6", "libstdc++6") if not re.search(rf"^Depends:.*\b{re.escape(name)} ", fields, re.M)])
    symbols = (control / "symbols").read_text()
    mapped = re.findall(r"^    (weft_\w+);", (root / "capi/weft.map").read_text(), re.M)
    tap.check("its symbols file has every function", [
        name for name in mapped if not re.search(rf"^ ({name}|\*)@WEFT_1.0 1.0.0|^ \(symver\)WEFT_1.0 1.0.0", symbols, re.M)])

    where, control, names = unpacked(packages["libweft-dev"])
    expect_files("libweft-dev", names, [
        r"usr/include/weft/\w+\.h", r"usr/include/weft/guide/\w+\.md", r"usr/include/weft/\w+\.hpp", r"usr/include/weft/cpp/\w+\.hpp",
        r"usr/lib/[\w-]+/libweft\.a", r"usr/lib/[\w-]+/libweft\.so", r"usr/lib/[\w-]+/pkgconfig/weft\.pc",
        r"usr/lib/[\w-]+/cmake/weft/weft-config(-version)?\.cmake", about])

    libraries = next(where.glob("usr/lib/*/libweft.so.1")).parent
    environment = dict(os.environ, PKG_CONFIG_PATH=str(libraries / "pkgconfig"), PKG_CONFIG_SYSROOT_DIR=str(where),
                       PKG_CONFIG_ALLOW_SYSTEM_CFLAGS="1", PKG_CONFIG_ALLOW_SYSTEM_LIBS="1", LD_LIBRARY_PATH=str(libraries))
    flags = shlex.split(run(["pkg-config", "--cflags", "--libs", "weft"], env=environment).stdout)
    (folder / "user.cpp").write_text(PROGRAM)
    answer = run([*shlex.split(os.environ.get("CXX", "c++")), "-std=c++20", folder / "user.cpp", "-o", folder / "user", *flags])
    tap.check("a program is built with what was unpacked", said(answer))
    if answer.returncode == 0:
        tap.check("the program runs", said(run([folder / "user"], env=environment)))


if shutil.which("dpkg-buildpackage") is None or shutil.which("dh") is None:
    tap.skip("capi/package", "debhelper or dpkg-dev is not installed")
else:
    folder.mkdir(parents=True, exist_ok=True)
    main()
tap.finish()
