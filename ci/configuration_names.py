#!/usr/bin/env python3
"""Checks that the code and the pages have the same names in the configuration, and prints TAP: each key of
opensspi.conf and each environment variable that the library reads stands in docs/configuration.md and in
docs/man/opensspi.conf.5, and each that docs/configuration.md lists is read.
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True  # nothing of a check is left beside the sources
from tap import Tap

ROOT = pathlib.Path(__file__).resolve().parent.parent
GUIDE = ROOT / "docs" / "configuration.md"
MANUAL = ROOT / "docs" / "man" / "opensspi.conf.5"
# MIT krb5's own, which we read only to tell two configurations apart.
NOT_OURS = {"KRB5_CONFIG"}


def source(name):
    return (ROOT / "src" / name).read_text(encoding="utf-8")


def keys_in_code():
    """{(section, name)}: the table that the parser goes by."""
    return set(re.findall(r'^ *\{"(\w+)", "(\w+)",', source("base/configuration_parse.cpp"), re.M))


def variables_in_code():
    text = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "src").rglob("*.cpp")))
    found = re.findall(r'(?:getenv|environment|unless_set)\("(\w+)"', text)
    found += re.findall(r'\{"(\w+)", &Configuration::', source("base/configuration.cpp"))
    return set(found) - NOT_OURS


def keys_in_guide():
    found, section = set(), None
    for line in GUIDE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            head = re.match(r"### \[(\w+)\]$", line)
            section = head[1] if head else None
        row = re.match(r"\| `(\w+)` \|", line)
        if section and row:
            found.add((section, row[1]))
    return found


def variables_in_guide():
    section = GUIDE.read_text(encoding="utf-8").partition("\n## The environment\n")[2].partition("\n## ")[0]
    return {name for cell in re.findall(r"^\| (`[A-Z][^|]*) \|", section, re.M) for name in re.findall(r"`(\w+)`", cell)}


def keys_in_manual():
    """Those that a paragraph under .SS [SECTION] is about."""
    found, section, begins = set(), None, False
    for line in MANUAL.read_text(encoding="utf-8").splitlines():
        if line.startswith((".SS", ".SH")):
            head = re.match(r"\.SS \[(\w+)\]$", line)
            section = head[1] if head else None
        elif section and begins:
            found.update((section, name) for name in re.findall(r"[a-z]\w+", re.sub(r"^\.\w+ ", "", line)))
        begins = line == ".TP"
    return found


def missing(wanted, found):
    names = sorted(wanted - found)
    return "\n".join(f"[{name[0]}] {name[1]}" if isinstance(name, tuple) else name for name in names)


def main():
    tap = Tap()
    keys, variables = keys_in_code(), variables_in_code()
    tap.report("the parser's table and the variables are found", "" if len(keys) > 15 and len(variables) > 10 else
               f"{len(keys)} keys and {len(variables)} variables are too few: this check no longer reads the sources")
    tap.report("docs/configuration.md has every key", missing(keys, keys_in_guide()))
    tap.report("docs/configuration.md has no other key", missing(keys_in_guide(), keys))
    tap.report("docs/man/opensspi.conf.5 has every key", missing(keys, keys_in_manual()))
    tap.report("docs/man/opensspi.conf.5 has no other key", missing(keys_in_manual(), keys))
    tap.report("docs/configuration.md has every variable", missing(variables, variables_in_guide()))
    tap.report("docs/configuration.md has no other variable", missing(variables_in_guide(), variables))
    words = set(re.findall(r"\b[A-Z][A-Z0-9_]+\b", MANUAL.read_text(encoding="utf-8").partition(".SH ENVIRONMENT")[2]))
    tap.report("docs/man/opensspi.conf.5 has every variable", missing(variables, words))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
