#!/usr/bin/env python3
"""weft from Python, through the extension that weft_pool.c is built into, beside this file."""

from python import main, submit_and_read
from weft_pool import Executor


def submit_and_read_weft(m):
    submit_and_read(m, Executor)


main("weft_python", {"FFI_python": submit_and_read_weft})
