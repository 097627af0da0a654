#!/usr/bin/env python3
"""Checks the pages whose tables end in a column "proof" and prints TAP: every row has one, and every test that it names
is there. docs/seed-coverage.md has to have them, docs/troubleshooting.md too; tests that other pages name must be there.

A proof is `FILE NAME`: FILE is the name of a file below tcl/tests or tests, with its folder where two have that name,
NAME a test in it, * and ? standing for parts of names. The text around the tables may name tests too. A row that demands
nothing has a dash for a proof, and words that say why. The names of Tcl's tests are those that the files make when they
are run, so that a loop cannot hide a missing one; those of GoogleTest and of the scripts that print TAP are read from the
sources.
"""

import fnmatch
import functools
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # nothing of a check is left beside the sources
from tap import Tap

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("OPENSSPI_BUILD", ROOT / "build" / "release")).resolve()
DOCS = ROOT / "docs"
LEAST_ROWS = {"seed-coverage.md": 150, "troubleshooting.md": 40}  # fewer: the page is not read as it is meant

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
    call = r"""(?:tap\.run|tap\.ok|tap\.equal|\b(?:says|run|ends|configured|refuses))\(?\s*f?(["'])(.+?)\1"""
    return [re.sub(r"\{[^}]*\}", "*", name) for _, name in re.findall(call, path.read_text())]


@functools.cache
def names_in(path):
    if path.suffix in (".test", ".tcl"):
        return tcl_names(path)
    return gtest_names(path) if path.suffix == ".cpp" else tap_names(path)


@functools.cache
def files_named(name):
    return [path for folder in ("tcl/tests", "tests") for path in (ROOT / folder).rglob(name)]


def text_of(page):
    return (DOCS / page).read_text(encoding="utf-8")


def fault_of(proof):
    file, _, name = proof.partition(" ")
    paths = files_named(file)
    if len(paths) != 1:
        return f"`{proof}`: there are {len(paths)} files of the name {file}, one is due"
    known = names_in(paths[0])
    if any(fnmatch.fnmatchcase(one, name) or ("*" in one and fnmatch.fnmatchcase(name, one)) for one in known):
        return ""
    return f"`{proof}`: {paths[0].relative_to(ROOT)} has no such test"


def rows(page):
    """Section, first cell, what is between, and last cell of each row of the tables with proofs."""
    section, proves = "", False
    for line in text_of(page).splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        if not line.startswith("|"):
            proves = False
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells[-1] == "proof":
            proves = True
        elif proves and not cells[0].startswith("--"):
            yield section, cells[0], " ".join(cells[1:-1]).strip(), cells[-1]


def named_in_text(page):
    """Tests that are named outside those tables."""
    table = [proof for *_, proof in rows(page)]
    found = re.findall(r"`([\w/]+\.(?:test|tcl|cpp|py|sh) [^`]+)`", text_of(page))
    return [proof for proof in found if not any(proof in cell for cell in table) and files_named(proof.split()[0])]


def faults(demand, proof):
    tests = re.findall(r"`([^`]+)`", proof)
    found = [fault for fault in map(fault_of, tests) if fault]
    if not demand:
        found.append("it does not say what is demanded")
    if not tests and not re.match(r"– \w", proof):
        found.append("it names no test, and does not say after a dash why none is due")
    return "\n".join(found)


def check_page(page, tap):
    count = 0
    for section, first, demand, proof in rows(page):
        count += 1
        tap.report(f"{page}, {section}, {first}", faults(demand, proof))
    for proof in named_in_text(page):
        tap.report(f"{page} names {proof}", fault_of(proof))
    if count < LEAST_ROWS.get(page, 0):
        tap.report(f"{page} has a row for everything", f"{count} rows are too few; {LEAST_ROWS[page]} are due")


def main():
    tap = Tap()
    for page in sorted(DOCS.glob("*.md")):
        check_page(page.name, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
