#!/usr/bin/env python3
"""The list of locks in lib/README.md names every mutex of lib/ and capi/, and no other.

Usage: locks.py SOURCE_ROOT

The list has mutexes by class and member, as `task::mutex_`, or by their name if they are static.
The order of the list cannot be read from the source. ThreadSanitizer checks it when the suites run under it.
"""

import pathlib
import re
import sys

from tap import Tap

root = pathlib.Path(sys.argv[1])
tap = Tap()

HEAD = r"\b(?:class|struct|union)\s+(?:(?:alignas\s*\([^)]*\)|\[\[[^\]]*\]\])\s*)*(?P<type>[\w:]+)\s*(?:final\b\s*)?(?::[^:;{}][^;{}]*)?\{"
MUTEX = r"(?P<mutex>std::\w*mutex|pthread_mutex_t|(?:native|adaptive|futex)_mutex|\bMutex)\s+(?P<names>\w+[^;()&*]*);"
TOKEN = re.compile(f"{HEAD}|{MUTEX}|(?P<open>\\{{)|(?P<close>\\}})")


def without_comments(text):
    """Replaces comments and quoted text by blanks."""
    return re.sub(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|(?<!\w)'(?:\\.|[^'\\\n])+'",
                  lambda match: re.sub(r"[^\n]", " ", match.group(0)), text, flags=re.S)


def mutexes(text):
    """The names of the mutexes that are defined in a source, each with the classes around it."""
    around, found = [], []  # a class, or None for any other brace
    for token in TOKEN.finditer(without_comments(text)):
        if token["type"]:
            around.append(token["type"])
        elif token["open"]:
            around.append(None)
        elif token["close"]:
            around.pop()
        else:
            outside = re.sub(r"\{[^}]*\}|\[[^]]*\]", "", token["names"])
            for name in outside.split(","):
                found.append("::".join([*filter(None, around), name.split("=")[0].strip()]))
    return found


PLANTED = """
namespace a { // adaptive_mutex not_this;
template <class Mutex> class queue final : public b<int> {
  struct block { int tasks[4]; };
  mutable Mutex mutex_;
  void take(std::mutex &given) { const std::scoped_lock hold(given); char c = '{'; }
};
struct heap::store { native_mutex one, two; };
constinit native_mutex making;
enum class step { first };
native_mutex &lock() noexcept { static futex_mutex inside{}; return making; }
struct alignas(64) stripe { adaptive_mutex of[2]; } stripes[4];
using other = native_mutex;
}
"""
tap.check("the scan sees members, templates, nested classes and statics", [
    f"{found}" for found in [mutexes(PLANTED)] if found != [
        "queue::mutex_", "heap::store::one", "heap::store::two", "making", "inside", "stripe::of"]])

there = {}
for folder in ("lib", "capi"):
    for path in sorted((root / folder).rglob("*.?pp")):
        for name in mutexes(path.read_text()):
            there.setdefault(name, path.relative_to(root))

# A numbered line and the lines that continue it. A word with a dot or a slash is the name of a file.
section = re.search(r"^## Locks\n(.*?)^## ", (root / "lib/README.md").read_text(), re.S | re.M)
lines = re.findall(r"^\d+\. .*\n(?:^ +.*\n)*", section.group(1) if section else "", re.M)
listed = [name for line in lines for name in re.findall(r"`([\w:]+)`", line)]

tap.check("every mutex is in the list of locks", [
    f"{path}: {name}" for name, path in there.items() if name not in listed])
tap.check("every lock of the list exists", [name for name in listed if name not in there])
tap.check("no lock is listed twice", sorted({name for name in listed if listed.count(name) > 1}))
tap.finish()
