#!/usr/bin/env python3
"""The library keeps what the baseline promises: abidiff finds only additions. And it would find a breach: each planted
one is reported.

Usage: abidiff.py SOURCE_ROOT LIBRARY

The baseline is tests/abi/weft.abi; tests/abi/baseline makes it anew. Additions are reported, but do not fail. They are
a function, a kind of handle, a status, and a field at the end of a struct that tells its size.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import face
from tap import Tap

root, library = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
baseline = root / "tests/abi/weft.abi"
tap = Tap()

# name, header or version script, the text there, the text that replaces it
BREACHES = [
    ("a function that is gone", "thread.h", "WEFT_API weft_status weft_sleep(int64_t duration);", ""),
    ("a parameter of another type", "thread.h", "weft_sleep(int64_t duration)", "weft_sleep(int32_t duration)"),
    ("another type of what is returned", "future.h", "int32_t weft_future_done(", "int64_t weft_future_done("),
    ("a field of another size", "thread.h", "  uint64_t stack_size;", "  uint32_t stack_size;"),
    ("a field that was inserted", "executor.h", "  const char *name_prefix;", "  uint64_t more; const char *name_prefix;"),
    ("a field that is gone", "executor.h", "  uint32_t max_spares;", "  "),
    ("fields that changed places", "group.h", "  uint32_t flags;", "  uint16_t other; uint16_t flags;"),
    ("a struct without a size that grew", "executor.h", "} weft_call_t;", "void *more; } weft_call_t;"),
    ("a status with another value", "base.h", "X(WEFT_EFULL, -16,", "X(WEFT_EFULL, -36,"),
    ("a status that is gone", "base.h", "  X(WEFT_EEND, -10, \"nothing is left to iterate over\")", "  "),
    ("another version node", "weft.map", "WEFT_1.0 {", "WEFT_1.1 {"),
]
ADDITIONS = [
    ("a function", "thread.h", "WEFT_API weft_status weft_sleep(",
     "WEFT_API weft_status weft_nap(int64_t duration);\nWEFT_API weft_status weft_sleep("),
    ("a kind of handle", "thread.h", "WEFT_API weft_status weft_sleep(",
     "typedef struct weft_nap weft_nap_t;\nWEFT_API weft_status weft_nap_create(weft_nap_t **out);\n"
     "WEFT_API weft_status weft_sleep("),
    ("a status", "base.h", "#define WEFT_STATUS_LIST(X) ", "#define WEFT_STATUS_LIST(X) X(WEFT_ENEW, -99, \"\") "),
    ("a field at the end of options", "thread.h", "} weft_thread_options_t;", "uint64_t more; } weft_thread_options_t;"),
    ("a field at the end of figures", "stats.h", "} weft_executor_stats_t;", "uint64_t more; } weft_executor_stats_t;"),
]


# The structs that begin with their size.
SIZED = {name for path in (root / "include/weft").glob("*.h")
         for name in re.findall(r"typedef struct (weft_\w+) \{\s*uint32_t size;", face.without_comments(path.read_text()))}


def only_grows(head, body):
    """Whether this part of a report says only that a struct which tells its size has new fields at its end."""
    struct = re.match(r"'struct (weft_\w+)\b.* changed:$", head)
    if not struct or struct[1] not in SIZED:
        return False
    size = None
    for line in body:
        grown = re.fullmatch(r"  type size changed from (\d+) to (\d+) \(in bits\)", line)
        # The report also says where a new type was defined.
        inserted = re.fullmatch(r"    '.*', at offset (\d+) \(in bits\)(?: at \S+)?", line)
        if grown and int(grown[1]) < int(grown[2]):
            size = int(grown[1])
        elif not (size and inserted and int(inserted[1]) >= size or re.fullmatch(r"  \d+ data member insertions?:", line)):
            return False
    return size is not None


def breaches(old, new, *more):
    """Returns what abidiff reports that is not an addition.

    The report is by leaves: by functions, abidiff drops a change if the same function also has a harmless one. A
    suppression for fields at the end of a struct would also hide other changes of it, so the report is read here.
    """
    answer = subprocess.run(["abidiff", "--no-added-syms", "--leaf-changes-only", *more, old, new],
                            capture_output=True, text=True, check=False)
    if answer.returncode & 3:  # abidiff itself failed
        yield f"abidiff ended with {answer.returncode}: {answer.stdout}{answer.stderr}"
    for part in re.split(r"\n(?=\S)", answer.stdout):
        head, *body = [line for line in part.splitlines() if line.strip()] or [""]
        if "summary:" in head:
            removed, changed = re.search(r"(\d+ removed)?(?:, )?(\d+ changed)?", head.partition("summary: ")[2], re.I).groups()
            if removed not in (None, "0 Removed", "0 removed") or changed not in (None, "0 Changed") and "functions" in head:
                yield head
        elif re.match(r"\d+ added types? unreachable", head):
            continue  # a new kind of handle
        elif re.match(r"\d+ changed types? unreachable", head):
            for entry in re.split(r"\n(?=  \[)", "\n".join(body)):
                if "details were reported earlier" not in entry:
                    yield entry
        elif head and not only_grows(head, body):
            yield part


def breaches_of_faces(old, new):
    """The same for two descriptions of faces, with the types that no function uses, such as the list of statuses."""
    return breaches(old, new, "--non-reachable-types")


def described(include, script, folder):
    """The description of the face of these headers."""
    face.of_headers(include, script, folder / "libweft.so.1")
    face.describe(folder / "libweft.so.1", folder / "weft.abi")
    return folder / "weft.abi"


def planted(folder, name, header, before, after):
    """The description of the face of headers in which one thing was changed."""
    here = folder / name.replace(" ", "_")
    shutil.copytree(root / "include", here / "include")
    script = here / "weft.map"
    shutil.copy(root / "capi/weft.map", script)
    changed = script if header == "weft.map" else here / "include/weft" / header
    text = changed.read_text()
    if text.count(before) != 1:
        raise LookupError(f"{header} has {text.count(before)} times: {before}")
    changed.write_text(text.replace(before, after))
    names = {function for _, function, _ in face.declarations(here / "include")}
    mapped = script.read_text()
    for function in {function for _, function, _ in face.declarations(root / "include")} - names:
        mapped = mapped.replace(f"{function};", "")
    for function in names:
        if f" {function};" not in mapped:
            mapped = mapped.replace("global:", f"global: {function};")
    return described(here / "include", mapped, here)


def failure_of(found):
    if not found:
        return ["it was not reported"]
    return found if any("abidiff ended with" in line for line in found) else []


def main(folder):
    tap.check("the library has what the baseline promises", breaches(baseline, library))
    answer = subprocess.run(["abidiff", "--added-fns", baseline, library], capture_output=True, text=True, check=False)
    for line in answer.stdout.splitlines():
        if "[A]" in line:
            print("# added since the baseline:", line.strip())

    now = described(root / "include", (root / "capi/weft.map").read_text(), folder / "now")
    tap.check("the headers have what the baseline promises", breaches_of_faces(baseline, now))

    for name, *change in BREACHES:
        found = list(breaches_of_faces(now, planted(folder, name, *change)))
        tap.check(f"reported: {name}", failure_of(found))
    for name, *change in ADDITIONS:
        tap.check(f"let pass: {name}", breaches_of_faces(now, planted(folder, name, *change)))

    # The real library against a baseline that promises something else: it must be reported, as for faces.
    for name, *change in [BREACHES[3], ADDITIONS[0]]:
        found = list(breaches(planted(folder, f"promised {name}", *change), library))
        tap.check(f"reported of the library when it is promised: {name}", failure_of(found))


if shutil.which("abidiff") is None or shutil.which("abidw") is None:
    tap.skip("the library has what the baseline promises", "abidiff is not installed")
else:
    with tempfile.TemporaryDirectory() as temporary:
        main(pathlib.Path(temporary))
tap.finish()
