#!/usr/bin/env python3
"""Runs the examples of the documentation and prints TAP: README.md, CONTRIBUTING.md, docs/*.md and docs/man.

In Markdown a fenced block whose language is tcl, c, cpp or sh says in its info string what becomes of it:

    ```tcl run             runs it; in c and cpp: compiles it, warnings being errors, and runs it
    ```c compile           compiles it only
    ```sh norun            nothing: what changes the host, or needs one that is not there
    ```conf file=NAME      writes it to a file NAME, mode 0600, in the directory in which the page's examples run

and further words: `continues` (tcl: what the page's earlier block did is done first), `status=N` (the exit status that
is due, 0 if not said), `same=PATH` (it must be that file, the comments at its head apart). A block ```output behind a
block that is run is what that must print; `...` stands for anything within a line, a line `...` for any lines.

In manual pages the same words stand in a comment `.\\" example: LANGUAGE run ...` on the line before .EX. A block
without such words is a fault: what nobody runs does not stay true.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # nothing of a check is left beside the sources
from tap import Tap

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("OPENSSPI_BUILD", ROOT / "build" / "release")).resolve()
LANGUAGES = ("tcl", "c", "cpp", "sh")
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]
COMPILERS = {"c": ["gcc", "-std=c11"], "cpp": ["g++", "-std=c++23"]}
SECONDS = 120


class Block:
    """One example: where it stands, its language, the words behind it, its lines, and what it must print."""

    def __init__(self, place, language, words, text):
        self.place, self.language, self.words, self.text = place, language, words, text
        self.output = None

    def option(self, name, otherwise=None):
        for word in self.words:
            if word.startswith(name + "="):
                return word[len(name) + 1:]
        return otherwise


# ---- Finding them. ----


def markdown_blocks(path):
    """Fenced blocks in order; an `output` block belongs to the one before it."""
    blocks, fence, start, info, lines = [], None, 0, "", []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        mark = re.match(r"^(`{3,})(.*)$", line)
        if fence is None and mark:
            fence, start, info, lines = mark[1], number, mark[2].strip(), []
        elif fence is not None and mark and mark[1] == fence and not mark[2].strip():
            take(blocks, f"{path.relative_to(ROOT)}:{start}", info.split(), lines)
            fence = None
        elif fence is not None:
            lines.append(line)
    return blocks


ROFF = (("\\&", ""), ("\\-", "-"), ("\\(aq", "'"), ("\\(dq", '"'), ("\\(ga", "`"), ("\\(ha", "^"), ("\\(ti", "~"),
        ("\\e", "\\"), ("\\(rs", "\\"))


def plain(line):
    """A line of an example as the page shows it."""
    out, at = "", 0
    while at < len(line):
        for escape, meaning in ROFF:
            if line.startswith(escape, at):
                out, at = out + meaning, at + len(escape)
                break
        else:
            out, at = out + line[at], at + 1
    return out


def manual_blocks(path):
    blocks, words, start, lines = [], None, 0, None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        mark = re.match(r'^\.\\" example: (.*)$', line)
        if mark:
            words = mark[1].split()
        elif line.startswith(".EX"):
            start, lines = number, []
        elif line.startswith(".EE"):
            take(blocks, f"{path.relative_to(ROOT)}:{start}", words or ["tcl"], lines)
            words, lines = None, None
        elif lines is not None:
            lines.append(plain(line))
    return blocks


def take(blocks, place, info, lines):
    text = "".join(line + "\n" for line in lines)
    language, words = (info[0], info[1:]) if info else ("", [])
    if language == "output":
        if blocks and blocks[-1].output is None:
            blocks[-1].output = text
        return
    blocks.append(Block(place, language, words, text))


def pages():
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]:
        if path.exists():
            yield path, markdown_blocks(path)
    for path in sorted((ROOT / "docs" / "man").glob("*.[1-9n]*")):
        yield path, manual_blocks(path)


# ---- Running them. ----


def environment(directory):
    env = {name: value for name, value in os.environ.items() if not name.startswith("OPENSSPI_")}
    env.update(TCLLIBPATH=str(BUILD / "tcl"), LD_LIBRARY_PATH=str(BUILD / "lib"), OPENSSPI_BUILD=str(BUILD),
               OPENSSPI_ROOT=str(ROOT), PATH=f"{BUILD / 'bin'}:{env['PATH']}", LC_ALL="C.UTF-8")
    if not pathlib.Path("/etc/opensspi.conf").exists():
        return env
    (directory / "empty.conf").write_text("")
    env["OPENSSPI_CONFIG"] = str(directory / "empty.conf")  # the examples are about the defaults
    return env


def run(command, directory, text=""):
    done = subprocess.run(command, cwd=directory, env=environment(directory), input=text, text=True, timeout=SECONDS,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


MARK = "----- what was there before -----\n"


def run_tcl(block, directory, before):
    earlier = before + f'puts -nonewline "{MARK[:-1]}\\n"\n' if "continues" in block.words else ""
    (directory / "example.tcl").write_text(earlier + block.text)
    status, output = run(["tclsh", "example.tcl"], directory)
    return status, output.partition(MARK)[2] if earlier and MARK in output else output


def compile_and_run(block, directory):
    source = directory / f"example.{block.language}"
    source.write_text(block.text if "main(" in block.text or "compile" in block.words else
                      "".join(sorted_includes(block.text)))
    command = [*COMPILERS[block.language], *WARNINGS, str(source), "-o", str(directory / "example"),
               f"-I{ROOT / 'include'}", f"-L{BUILD / 'lib'}", "-lopensspi"]
    if "compile" in block.words:
        command = [*COMPILERS[block.language], *WARNINGS, str(source), "-fsyntax-only", f"-I{ROOT / 'include'}"]
    if "compat" in block.words:
        command += [f"-I{ROOT / 'include' / 'opensspi' / 'compat'}"]
    if "short-wchar" in block.words:
        command += ["-fshort-wchar"]
    status, output = run(command, directory)
    if status != 0 or "compile" in block.words:
        return status, output
    return run(["./example"], directory)


def sorted_includes(text):
    """Statements without a main() become its body, the #include lines above it."""
    lines = text.splitlines(keepends=True)
    includes = [line for line in lines if line.startswith("#")]
    body = [line for line in lines if not line.startswith("#")]
    return [*includes, "int main(void) {\n", *body, "return 0;\n}\n"]


def execute(block, directory, before):
    if block.language == "tcl":
        return run_tcl(block, directory, before)
    if block.language == "sh":
        return run(["bash", "-eu", "-c", block.text], directory)
    return compile_and_run(block, directory)


def pattern_of(expected):
    """The expected output as a regular expression."""
    lines = []
    for line in expected.splitlines():
        if line.strip() == "...":
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append("[^\n]*".join(re.escape(part) for part in line.rstrip().split("...")) + r"[ \t]*\n")
    return re.compile("".join(lines))


def head_removed(text):
    """A script without the comments and blank lines at its head."""
    lines = text.splitlines()
    while lines and (lines[0].startswith("#") or not lines[0].strip()):
        lines.pop(0)
    return "\n".join(lines).strip()


def fault_of(block, directory, before):
    """What is wrong with the block; empty where all is right."""
    same = block.option("same")
    if same and head_removed((ROOT / same).read_text(encoding="utf-8")) != head_removed(block.text):
        return f"it is not {same}, the comments at its head apart"
    try:
        status, output = execute(block, directory, before)
    except subprocess.TimeoutExpired:
        return f"it ran for more than {SECONDS} seconds"
    due = int(block.option("status", "0"))
    if status != due:
        return f"exit status {status}, due: {due}\n{output}"
    if block.output is not None and not pattern_of(block.output).fullmatch(output if output.endswith("\n") or not output
                                                                           else output + "\n"):
        return f"it prints\n{output}where the page says\n{block.output}"
    return ""


def run_page(path, blocks, tap):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="opensspi-docs-"))
    before = ""
    try:
        for block in blocks:
            name = block.option("file")
            if name:
                target = directory / name
                target.write_text(block.text)
                target.chmod(0o600)
            elif "norun" in block.words:
                continue
            elif "run" in block.words or "compile" in block.words:
                tap.report(f"{block.place} {block.language}", fault_of(block, directory, before))
            elif block.language in LANGUAGES:
                tap.report(f"{block.place} {block.language}", "it says neither run, compile, norun nor file=NAME")
            if block.language == "tcl" and "run" in block.words:
                before = before + block.text if "continues" in block.words else block.text
    finally:
        shutil.rmtree(directory)


def main():
    tap = Tap()
    wanted = [pathlib.Path(name).resolve() for name in sys.argv[1:]]
    for path, blocks in pages():
        if not wanted or path in wanted:
            run_page(path, blocks, tap)
    if tap.count == 0:
        tap.report("examples in the documentation", "there are none")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
