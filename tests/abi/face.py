"""The face of the library: what the public headers declare, built as a shared library whose functions do nothing.

It has the symbols, the versions and the types of the real library, and no code behind them. So libabigail describes
only the promise, and quickly. It is also quickly built from changed headers. A client can be linked with it where the
real library must not be used.
"""

import os
import pathlib
import re
import shlex
import subprocess

# Every type of the headers is described, whether or not a function uses it.
FLAGS = ["-std=c99", "-g", "-fno-eliminate-unused-debug-types", "-shared", "-fPIC", "-w", "-Wl,-soname,libweft.so.1"]


def without_comments(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def declarations(include):
    """(return type, name, parameters) of each public function, in the order of the headers."""
    for header in sorted((include / "weft").glob("*.h")):
        text = without_comments(header.read_text())
        for match in re.finditer(r"^WEFT_API\s+([^;{(]*?)(\bweft_\w+)\(([^;]*)\);", text, re.M):
            yield match.group(1).strip(), match.group(2), match.group(3)


def compile_face(code, script, include, library):
    """Builds it from C code and the text of a version script. Raises CalledProcessError."""
    folder = library.parent
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "face.c").write_text(code)
    (folder / "face.map").write_text(script)
    here = [f"-fdebug-prefix-map={path}=." for path in (folder, include)]
    includes = [f"-I{include}"] if include else []
    subprocess.run([*shlex.split(os.environ.get("CC", "cc")), *FLAGS, *here, *includes, "face.c", "-o", library,
                    "-Wl,--version-script,face.map"], cwd=folder, check=True, capture_output=True, text=True)


def of_headers(include, script, library):
    """Builds the face of these headers with this version script."""
    code = ["#include <weft/weft.h>"]
    for result, name, parameters in declarations(include):
        code.append(f"{result} {name}({parameters}) {{ {'' if result == 'void' else 'return 0;'} }}")
    compile_face("\n".join(code) + "\n", script, include, library)


def of_symbols(names, library):
    """Builds a library with these symbols and no types: enough to link with."""
    code = "".join(f"void {name}(void) {{}}\n" for name in names)
    script = "WEFT_1.0 { global: " + " ".join(f"{name};" for name in names) + " local: *; };\n"
    compile_face(code, script, pathlib.Path(), library)


def describe(library, abi):
    """Writes libabigail's description of the library. Raises CalledProcessError."""
    subprocess.run(["abidw", "--load-all-types", "--no-show-locs", "--no-corpus-path", "--no-comp-dir-path",
                    "--no-elf-needed", "--out-file", abi, library], check=True, capture_output=True, text=True)
