#!/usr/bin/env python3
"""All promises are written down: every function in CHANGES.md, every public struct in layout.c.

Usage: promised.py SOURCE_ROOT
"""

import pathlib
import re
import sys

import face
from tap import Tap

root = pathlib.Path(sys.argv[1])
tap = Tap()

headers = {path.name: face.without_comments(path.read_text()) for path in sorted((root / "include/weft").glob("*.h"))}
functions = {name for _, name, _ in face.declarations(root / "include")}
changes = (root / "capi/CHANGES.md").read_text()
named = set(re.findall(r"`(weft_\w+)`", changes))
tap.check("there are functions", [] if len(functions) > 100 else [f"only {len(functions)} were found"])
tap.check("capi/CHANGES.md says of every function what it does", [
    f"`{name}` is not in it" for name in sorted(functions - named)])
tap.check("capi/CHANGES.md names no function that is not there", [
    f"`{name}` is declared by no header" for name in sorted(named - functions) if not name.endswith("_t")])
tap.check("one sentence for each addition", [
    line for line in changes.splitlines() if line.startswith("- ") and "`weft_" in line and not line.rstrip().endswith(".")])
tap.check("capi/CHANGES.md has a section for every header with functions", [
    name for name in headers if "WEFT_API" in headers[name].replace("define WEFT_API", "")
    and f"`weft/{name}`" not in changes])

layout = (root / "tests/abi/layout.c").read_text()
structs = {}
for header, text in headers.items():
    for body, name in re.findall(r"typedef struct weft_\w+ \{(.*?)\} (weft_\w+_t);", text, re.S):
        body = re.sub(r"\(\*(\w+)\)\([^;]*\)", r" \1", body)  # a pointer to a function
        structs[name] = (header, re.findall(r"(\w+)(?:\[\w+\])?;", body))
tap.check("there are structs", [] if len(structs) >= 10 else [f"only {len(structs)} were found"])
for name, (header, fields) in sorted(structs.items()):
    tap.check(f"tests/abi/layout.c has the size of {name} and where its fields are",
              ([] if f"CHECK_EQUAL(sizeof({name})," in layout else [f"CHECK_EQUAL(sizeof({name}), ...) is missing ({header})"])
              + [f"AT({name}, {field}, ...) is missing" for field in fields if f"AT({name}, {field}," not in layout])

constants = set()
for header, text in headers.items():
    constants |= set(re.findall(r"#define (WEFT_\w+) \d+u?[ \t]*$", text, re.M))
constants = {name for name in constants if not name.startswith("WEFT_VERSION")}
tap.check("tests/abi/layout.c has every constant", [
    f"CHECK_EQUAL({name}, ...) is missing" for name in sorted(constants) if f"CHECK_EQUAL({name}," not in layout])
tap.finish()
