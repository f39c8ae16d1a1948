#!/usr/bin/env python3
"""The files that ninja has to build for the tests of some suites, one a line.

Usage: targets.py BUILD SUITE...
"""

import json
import os
import sys

build, *suites = sys.argv[1:]


def read(what):
    with open(f"{build}/meson-info/intro-{what}.json", encoding="utf-8") as file:
        return json.load(file)


needed = {name for test in read("tests") if {suite.split(":")[-1] for suite in test["suite"]} & set(suites)
          for name in test["depends"]}
for target in read("targets"):
    if target["id"] in needed:
        for name in target["filename"]:
            print(os.path.relpath(name, os.path.realpath(build)))
