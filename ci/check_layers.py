#!/usr/bin/env python3
"""Checks that includes run downward only, that secrets are not compared with memcmp, and prints how long things are.

Exit status 1 where a rule is broken. Argument: the repository's root (default: the current directory).
"""

import pathlib
import re
import sys

SUFFIXES = {".cpp", ".hpp", ".h", ".c"}

# Folder of src/ to the folders it may include beside itself. What is not named here may not be there.
ALLOWED = {
    "base": set(),
    "wire": {"base"},
    "crypto": {"base"},
    "accounts": {"base", "wire", "crypto"},
    "cert": {"base", "wire", "crypto"},
    "core": {"base", "wire"},
    "ntlm": {"base", "wire", "crypto", "core", "accounts"},
    "kerberos": {"base", "wire", "crypto", "core"},
    "negotiate": {"base", "wire", "crypto", "core"},
    "schannel": {"base", "wire", "crypto", "core", "cert"},
}
ALLOWED["capi"] = set(ALLOWED)

# Another project's headers stay in the folders that exist to use them.
FOREIGN = {
    "nettle/": {"crypto"},
    "openssl/": {"crypto", "cert", "schannel"},
    "gssapi": {"kerberos"},
    "krb5": {"kerberos"},
    "idn2": {"cert"},
}

# Headers that the language itself gives, and so every system.
C_HEADERS = {"assert.h", "ctype.h", "errno.h", "limits.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h",
             "time.h", "uchar.h", "wchar.h", "stdarg.h", "inttypes.h", "stdbool.h", "float.h", "math.h", "stdalign.h"}
# Windows' own, which our headers of the same names stand in for elsewhere.
WINDOWS_HEADERS = {"winsock2.h", "windows.h", "security.h", "sspi.h", "subauth.h", "schannel.h", "wincrypt.h", "dpapi.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
VARIABLE_TIME = re.compile(r"\b(memcmp|bcmp|strcmp|strncmp|std::equal|ranges::equal)\s*\(")
CONSTANT = re.compile(r"\bk[A-Z]\w*")  # what is compared with a constant of the source is no secret
# A comparison of other things that anyone may know says so on its line or on the one above.
NOT_SECRET = re.compile(r"//.*\bnot secret\b")


def sources(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES) if folder.is_dir() else []


def is_standard(name):
    return name in C_HEADERS or re.fullmatch(r"[a-z_0-9]+", name) is not None


def fault_in_src(folder, quote, name):
    if name.startswith("opensspi/"):
        return None
    if quote == "<":
        for prefix, folders in FOREIGN.items():
            if name.startswith(prefix) and folder not in folders:
                return f"only src/{', src/'.join(sorted(folders))} may include <{prefix}...>"
        return None
    target = name.split("/", 1)[0]
    if folder not in ALLOWED:
        return f"src/{folder} is in no layer; name it in ci/check_layers.py"
    if "/" not in name or target == "..":
        return f'write "{name}" as a path from src/'
    if target != folder and target not in ALLOWED[folder]:
        allowed = ", ".join(sorted(ALLOWED[folder])) or "nothing else"
        return f"{folder} may include {allowed}, not {target}"
    return None


def fault_in_client(folder, path, quote, name):
    """tcl/ and cli/ use the public interface and build for Windows as they are."""
    if name.startswith("opensspi/") or is_standard(name):
        return None
    if name == "tcl.h" and folder == "tcl":
        return None
    if quote == '"' and (path.parent / name).is_file():
        return None
    return f"{folder} may include opensspi/*, its own headers and the standard library{' and tcl.h' if folder == 'tcl' else ''}"


def fault_in_public(path, quote, name):
    if name.startswith("opensspi/") or is_standard(name):
        return None
    if name in WINDOWS_HEADERS and path.suffix == ".h" and path.parent.name == "opensspi":
        return None
    return "a public header may include opensspi/* and the standard library"


def include_faults(root):
    for top in ("src", "tcl", "cli", "include"):
        for path in sources(root / top):
            relative = path.relative_to(root)
            if top == "tcl" and "tests" in relative.parts:
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if not (match := INCLUDE.match(line)):
                    continue
                quote, name = match.groups()
                if top == "src":
                    fault = fault_in_src(relative.parts[1], quote, name)
                elif top == "include":
                    fault = fault_in_public(path, quote, name)
                else:
                    fault = fault_in_client(top, path, quote, name)
                if fault:
                    yield f"{relative}:{number}: {line.strip()}: {fault}"


def comparison_faults(root):
    for path in sources(root / "src"):
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines, 1):
            code = line.split("//", 1)[0]
            match = VARIABLE_TIME.search(code)
            if not match or CONSTANT.search(code, match.end()):
                continue
            above = lines[number - 2] if number > 1 else ""
            if not NOT_SECRET.search(line) and not NOT_SECRET.search(above):
                yield (f"{path.relative_to(root)}:{number}: {line.strip()}: takes as long as the data agree; use constant_time_equal, "
                       "or write `// not secret: why` beside it")


def blank(text):
    """The text with comments and literals blanked out, line by line as long as before."""
    pattern = re.compile(r'R"(\w*)\(.*?\)\1"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\'', re.S)
    text = pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
    return re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.M)


CONTAINER = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b[^()=]*$")
MEMBER_INITIALISER = re.compile(r"\)[\s\w]*:(?!:).*[\w>]\s*$|^\s*,\s*\w+\s*$", re.S)


def functions(text):
    """(name, lines) for each function definition, by braces: good enough for figures."""
    text = blank(text)
    found, stack, start = [], [], 0
    for match in re.finditer(r"[{};]", text):
        at, mark = match.start(), match.group()
        head = text[start:at]
        if mark == "{":
            inside = bool(stack) and stack[-1][0] in ("function", "other")
            if not inside and MEMBER_INITIALISER.search(head):
                stack.append(("other", None, start))
                continue
            kind = "other" if inside else "container" if CONTAINER.search(head) else "function" if ")" in head else "other"
            stack.append((kind, head, start + len(head) - len(head.lstrip())))
        elif mark == "}" and stack:
            kind, head, begin = stack.pop()
            if kind == "function" and (name := re.search(r"([\w:~]+)\s*\(", head)):
                found.append((name.group(1), text.count("\n", begin, at) + 1))
            if head is None:
                start = begin
                continue
        start = at + 1
    return found


def figures(values):
    ordered = sorted(values)
    if not ordered:
        return "none"
    return f"median {ordered[len(ordered) // 2]}, 90 of 100 under {ordered[min(len(ordered) - 1, len(ordered) * 9 // 10)] + 1}"


def print_sizes(root):
    for top in ("src", "tcl", "cli"):
        files = sources(root / top)
        if not files:
            continue
        texts = {path: path.read_text() for path in files}
        lengths = [(text.count("\n"), path) for path, text in texts.items()]
        found = [(lines, name, path) for path, text in texts.items() for name, lines in functions(text)]
        print(f"{top}: {len(files)} files of {figures(n for n, _ in lengths)} lines; "
              f"{len(found)} functions of {figures(n for n, _, _ in found)} lines")
        for lines, name, path in sorted(found, reverse=True, key=lambda entry: entry[0]):
            if lines > 60:
                print(f"  {path.relative_to(root)}: {name} has {lines} lines")
        for lines, path in sorted(lengths, reverse=True):
            if lines > 500:
                print(f"  {path.relative_to(root)} has {lines} lines")


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    faults = [*include_faults(root), *comparison_faults(root)]
    for fault in faults:
        print(fault)
    print_sizes(root)
    print(f"{len(faults)} faults in includes and comparisons")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
