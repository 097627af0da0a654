"""Results as TAP, for the checks beside this file."""


class Tap:
    """report(NAME, FAULT): what is wrong, line by line; empty where all is right. end() gives the exit status."""

    def __init__(self):
        self.count = self.failed = 0

    def report(self, name, fault=""):
        self.count += 1
        self.failed += bool(fault)
        print(("not ok" if fault else "ok"), self.count, "-", name, flush=True)
        for line in fault.splitlines():
            print("#  ", line)

    def end(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0
