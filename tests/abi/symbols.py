#!/usr/bin/env python3
"""The shared library exports the functions of the headers, and nothing else.

Usage: symbols.py SOURCE_ROOT LIBRARY
"""

import pathlib
import re
import subprocess
import sys

from tap import Tap

root, library = pathlib.Path(sys.argv[1]), sys.argv[2]
tap = Tap()


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def without_comments(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def difference(what, found, expected):
    for name in sorted(expected - found):
        yield f"{name} is missing {what}"
    for name in sorted(found - expected):
        yield f"{name} is too much {what}"


declared = set()
for header in (root / "include/weft").glob("*.h"):
    declared |= set(re.findall(r"WEFT_API\s[^;{]*?\b(weft_\w+)\(", without_comments(header.read_text())))

script = without_comments((root / "capi/weft.map").read_text())
nodes = re.findall(r"(\w+)\s*\{(.*?)\}\s*(\w*)\s*;", script, re.S)
mapped, local = set(), []
for _, body, _ in nodes:
    exported, _, hidden = body.partition("local:")
    mapped |= set(re.findall(r"(\w+);", exported))
    local += re.findall(r"([^\s;]+);", hidden)

exported, versions, foreign = set(), {}, []
for line in output_of("nm", "-D", "--defined-only", library).splitlines():
    kind, name = line.split()[-2:]
    name, _, version = name.partition("@")
    if kind == "A":  # the version node itself
        continue
    exported.add(name)
    versions[name] = version.lstrip("@")
    if not name.startswith("weft_"):
        foreign.append(f"{name} is exported")

tap.check("the headers declare functions", [] if len(declared) > 50 else [f"only {len(declared)} were found"])
tap.check("the version script lists the functions of the headers", difference("in weft.map", mapped, declared))
tap.check("the version script hides the rest", [] if local == ["*"] else [f"local: {local}"])
tap.check("the library exports the functions of the headers", difference("in the library", exported, declared))
tap.check("nothing of Boost or the standard library is exported", foreign)
tap.check("every function has the version WEFT_1.0", [
    f"{name} has {version or 'none'}" for name, version in sorted(versions.items()) if version != "WEFT_1.0"])

dynamic = output_of("readelf", "-dW", library)
soname = re.findall(r"\(SONAME\).*\[(.*)\]", dynamic)
tap.check("the SONAME is libweft.so.1", [] if soname == ["libweft.so.1"] else [f"it is {soname}"])
tap.check("the library stays mapped (NODELETE)", [] if re.search(r"\(FLAGS_1\).*\bNODELETE\b", dynamic) else [dynamic])
# The standard library's shared object must free the memory that it allocates: see lib/base/operators.cpp.
imported = output_of("nm", "-DC", "--undefined-only", library)
tap.check("it imports no operator new or delete: it has its own", [
    line for line in imported.splitlines() if re.search(r"\boperator (new|delete)\b", line)])
tap.check("it imports no strings, streams, locales or regular expressions", [
    line for line in imported.splitlines()
    if re.search(r"\bU std::(__cxx11::)?(basic_(string|[a-z]*(stream|buf|ios|file))|locale|ios_base|regex|getline|ctype)", line)])
tap.check("it asks for no executable stack", [
    line for line in output_of("readelf", "-lW", library).splitlines() if "GNU_STACK" in line and " RWE" in line])
tap.finish()
