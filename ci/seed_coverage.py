#!/usr/bin/env python3
"""Checks docs/seed-coverage.md and prints TAP: every row has a proof, and every test that it names is there.

A row of its tables is | NUMBER | what is demanded | proofs |. A proof is `FILE NAME`: FILE is the name of a file below
tcl/tests or tests, with its folder where two have that name, NAME a test in it, * and ? standing for parts of names. The
text around the tables may name tests too. A row that demands nothing has a dash for a
proof, and words that say why. The names of Tcl's tests are those that the files make when they are run, so that a loop
cannot hide a missing one; those of GoogleTest and of the scripts that print TAP are read from the sources.
"""

import fnmatch
import functools
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("OPENSSPI_BUILD", ROOT / "build" / "release")).resolve()
PAGE = ROOT / "docs" / "seed-coverage.md"

# Takes the place of tcltest's command: the names, and nothing is run.
LISTER = """
package require tcltest 2.3
proc ::tcltest::test {name args} { puts "test $name" }
set argv0 [lindex $argv 0]
set argv {}
cd [file dirname $argv0]
info script $argv0
source $argv0
"""


def tcl_names(path):
    with tempfile.TemporaryDirectory() as scratch:  # the files make theirs in it, and do not come to their end
        lister = pathlib.Path(scratch) / "lister.tcl"
        lister.write_text(LISTER)
        done = subprocess.run(["tclsh", str(lister), str(path)], capture_output=True, text=True, timeout=120, check=False,
                              env={**os.environ, "TCLLIBPATH": str(BUILD / "tcl"), "TMPDIR": scratch})
    if done.returncode != 0:
        raise RuntimeError(f"{path} cannot be read: {done.stderr.strip()}")
    return [line[5:] for line in done.stdout.splitlines() if line.startswith("test ")]


def gtest_names(path):
    return [".".join(found) for found in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", path.read_text(), re.M)]


def tap_names(path):
    """What stands in quotes where a result is printed; a part that is filled in is a star."""
    found = re.findall(r"""(?:tap\.run|tap\.ok|tap\.equal|says)\(?\s*f?["']([^"']+)["']""", path.read_text())
    return [re.sub(r"\{[^}]*\}", "*", name) for name in found]


@functools.cache
def names_in(path):
    if path.suffix in (".test", ".tcl"):
        return tcl_names(path)
    return gtest_names(path) if path.suffix == ".cpp" else tap_names(path)


@functools.cache
def files_named(name):
    return [path for folder in ("tcl/tests", "tests") for path in (ROOT / folder).rglob(name)]


def fault_of(proof):
    file, _, name = proof.partition(" ")
    paths = files_named(file)
    if len(paths) != 1:
        return f"`{proof}`: there are {len(paths)} files of the name {file}, one is due"
    known = names_in(paths[0])
    if any(fnmatch.fnmatchcase(one, name) or ("*" in one and fnmatch.fnmatchcase(name, one)) for one in known):
        return ""
    return f"`{proof}`: {paths[0].relative_to(ROOT)} has no such test"


def rows():
    """Section, number, demand and last cell of each row."""
    section = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3 and cells[0] not in ("", "#") and not cells[0].startswith("--"):
            yield section, *cells


def named_in_text():
    """Tests that are named outside the tables."""
    text = "\n".join(line for line in PAGE.read_text(encoding="utf-8").splitlines() if not line.startswith("|"))
    return re.findall(r"`([\w/]+\.(?:test|tcl|cpp|py|sh) [^`]+)`", text)


def faults(demand, proof):
    tests = re.findall(r"`([^`]+)`", proof)
    found = [fault for fault in map(fault_of, tests) if fault]
    if not demand:
        found.append("it does not say what is demanded")
    if not tests and not re.match(r"– \w", proof):
        found.append("it names no test, and does not say after a dash why none is due")
    return found


def main():
    count = failed = 0
    for section, number, demand, proof in rows():
        count += 1
        found = faults(demand, proof)
        failed += bool(found)
        print(("not ok" if found else "ok"), count, "-", f"{section}, {number}")
        for fault in found:
            print("#  ", fault)
    for proof in named_in_text():
        count += 1
        fault = fault_of(proof)
        failed += bool(fault)
        print("not ok" if fault else "ok", count, "-", f"named in the text: {proof}")
        if fault:
            print("#  ", fault)
    if count < 150:
        count += 1
        failed += 1
        print("not ok", count, f"- the page has a row for each sentence: {count - 1} are too few")
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
