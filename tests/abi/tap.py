"""TAP for the scripts of the tests: collects results, prints them, and exits with the matching status."""

import sys


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = False

    def check(self, name, faults=()):
        """Adds one result. faults: lines that say what is wrong; if there are none, the check has passed."""
        faults = list(faults)
        self.count += 1
        for fault in faults:
            for line in str(fault).splitlines():
                print(f"#   {line}")
        self.failed |= bool(faults)
        print(f"{'not ok' if faults else 'ok'} {self.count} - {name}", flush=True)

    def skip(self, name, reason):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {reason}", flush=True)

    def finish(self):
        """Prints the plan and ends the program. A script that checked nothing has failed."""
        print(f"1..{self.count}")
        sys.exit(self.failed or self.count == 0)
