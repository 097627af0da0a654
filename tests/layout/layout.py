"""Compares the headers of include/opensspi with mingw-w64's Windows headers: every structure, number, type and function.

What is compared is read from our own headers, so that nothing in them can be left out. A C++ source that puts each figure
into an array is compiled to assembly by both compilers, and the arrays are read from there: nothing needs to run on
Windows. Numbers that mingw-w64 does not know stand in documented.txt with the value that Microsoft documents.

Prints TAP. Arguments: the repository's root, a directory to work in.
"""

import pathlib
import re
import subprocess
import sys

ABSENT = 0xDEADBEEFDEADBEEF
STRING_LENGTH = 64
MINGW = ["x86_64-w64-mingw32-g++-posix"]
OURS = ["g++"]
FLAGS = ["-std=c++23", "-O0", "-S", "-Wno-invalid-offsetof"]

PREAMBLE = """
#include <stddef.h>
#include <type_traits>

typedef unsigned long long Figure;

// A type as the calling convention sees it: its size, and whether it is signed, a pointer or neither.
template <class T>
constexpr Figure shape() {
  if constexpr (std::is_void_v<T>) return 0;
  else if constexpr (std::is_pointer_v<T>) return 1000 + sizeof(T);
  else if constexpr (std::is_signed_v<T>) return 2000 + sizeof(T);
  else if constexpr (std::is_unsigned_v<T>) return 3000 + sizeof(T);
  else return 4000 + sizeof(T);
}

// A function: its result and parameters in order, folded into one number.
template <class>
struct Signature;
template <class R, class... A>
struct Signature<R(A...)> {
  static constexpr Figure value = [] {
    Figure v = shape<R>();
    ((v = v * 31 + shape<A>()), ...);
    return v * 31 + sizeof...(A);
  }();
};
template <class R, class... A>
struct Signature<R (*)(A...)> : Signature<R(A...)> {};

// A small number cast to a pointer is no constant that a compiler folds: the number stands last in what the macro says.
#define SPELLED_AS_IS(text) #text
#define SPELLED(name) SPELLED_AS_IS(name)
template <Figure N>
constexpr Figure last_number(const char (&text)[N]) {
  Figure end = N, value = 0, place = 1;
  while (end > 0 && !(text[end - 1] >= '0' && text[end - 1] <= '9')) --end;
  for (; end > 0 && text[end - 1] >= '0' && text[end - 1] <= '9'; --end, place *= 10) value += place * (text[end - 1] - '0');
  return value;  // NULL has no digits
}

template <class C, Figure N>
constexpr Figure character(const C (&text)[N], Figure i) {
  return i < N ? static_cast<Figure>(text[i]) : 0;
}
"""


def without_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def public_headers(root):
    """Those with Windows' names: on Windows each includes the system's own header instead."""
    ours_alone = {"extra.h", "sec_status.h"}
    return sorted(path for path in (root / "include/opensspi").glob("*.h") if path.name not in ours_alone)


class Header:
    """What our headers declare."""

    def __init__(self, root):
        # The part behind the first #else is for systems other than Windows. What a part for Windows declares by itself
        # is not mingw-w64's word.
        parts = [without_comments(path.read_text()).split("#else", 1) for path in public_headers(root)]
        text = "\n".join(part[1] for part in parts)
        self.added_on_windows = set(re.findall(r"^#define (\w+)", "\n".join(part[0] for part in parts), flags=re.M))
        status = without_comments((root / "include/opensspi/sec_status.h").read_text())
        self.structs = self.find_structs(text)
        self.types = re.findall(r"typedef\s+(?!struct)[\w\s]+?[\s*]+(\w+);", text)
        self.pointers = re.findall(r"typedef SECURITY_STATUS\(SEC_ENTRY\s*\*(\w+)\)", text)
        self.functions = re.findall(r"^(?:static __inline )?\w+ SEC_ENTRY\s+(\w+)\(", text, flags=re.M)
        numbers, strings, addresses = [], [], []
        for name, value in re.findall(r"^#define (\w+)[ \t]+(\S.*)$", text + status.split("#ifndef _WIN32", 1)[1], re.M):
            if value.startswith(("OPENSSPI_TEXT(", '"')):
                strings.append(name)
            elif "*)" in value:
                addresses.append(name)
            elif re.match(r"^[(\w]", value) and not name.startswith("OPENSSPI_"):
                numbers.append(name)
        self.numbers, self.strings, self.addresses = numbers, strings, addresses

    @staticmethod
    def find_structs(text):
        """Name to field names, in order."""
        found = {}
        for body, name in re.findall(r"^typedef (?:struct|union) \w+ \{(.*?)^\} (\w+)", text, flags=re.S | re.M):
            fields = []
            for declaration in re.sub(r"__extension__ (?:struct|union) \{|\}", " ", body).split(";"):
                declaration = re.sub(r"\[[^\]]*\]", "", declaration).strip()
                if declaration:
                    fields.append(re.findall(r"\w+", declaration)[-1])
            found[name] = fields
        return found


class Figures:
    """An ordered list of questions, and the answers that a compiler gives."""

    def __init__(self):
        self.keys = []
        self.lines = []

    def ask(self, key, expression):
        self.keys.append(key)
        self.lines.append(f"{expression},")

    def ask_if_defined(self, key, name, expression):
        self.keys.append(key)
        self.lines.append(f"\n#ifdef {name}\n{expression},\n#else\n{ABSENT:#x}ULL,\n#endif")

    def source(self, headers):
        body = "\n".join(self.lines)
        includes = "".join(f'#include "opensspi/{path.name}"\n' for path in headers)
        return f'{includes}{PREAMBLE}\nextern "C" __attribute__((used)) constinit Figure figures[] = {{\n{body}\n}};\n'

    def answers(self, compiler, root, directory, name):
        source = directory / f"{name}.cpp"
        source.write_text(self.source(public_headers(root)))
        assembly = directory / f"{name}.s"
        command = [*compiler, *FLAGS, "-I", str(root / "include"), str(source), "-o", str(assembly)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}\n{run.stderr[:4000]}")
        return dict(zip(self.keys, self.read(assembly.read_text()), strict=True))

    @staticmethod
    def read(assembly):
        values, inside = [], False
        for line in assembly.splitlines():
            if line.startswith("figures:"):
                inside = True
            elif inside and (quad := re.match(r"\s+\.quad\s+(-?\d+)", line)):
                values.append(int(quad.group(1)) % 2**64)
            elif inside and (zero := re.match(r"\s+\.(?:zero|space)\s+(\d+)", line)):
                values += [0] * (int(zero.group(1)) // 8)
            elif inside and not line.startswith("\t"):
                break
        return values


def questions(header):
    figures = Figures()
    for struct, fields in header.structs.items():
        figures.ask(("struct", struct, "sizeof"), f"sizeof({struct})")
        figures.ask(("struct", struct, "alignof"), f"alignof({struct})")
        for field in fields:
            figures.ask(("struct", struct, f"offset of {field}"), f"offsetof({struct}, {field})")
            figures.ask(("struct", struct, f"type of {field}"), f"shape<decltype({struct}::{field})>()")
    for name in header.types:
        figures.ask(("type", name), f"shape<{name}>()")
    for name in header.functions:
        figures.ask(("function", name), f"Signature<decltype({name})>::value")
    for name in header.pointers:
        figures.ask(("function", name), f"Signature<{name}>::value")
    for name in header.numbers:
        figures.ask_if_defined(("number", name), name, f"static_cast<Figure>(static_cast<unsigned>({name}))")
    for name in header.addresses:
        figures.ask_if_defined(("address", name), name, f"last_number(SPELLED({name}))")
    for name in header.strings:
        for i in range(STRING_LENGTH):
            figures.ask_if_defined(("string", name, i), name, f"character({name}, {i})")
    return figures


def documented(path):
    table = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            name, value, source = line.split(None, 2)
            table[name] = (int(value, 0), source)
    return table


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = False

    def result(self, name, faults):
        self.count += 1
        print(f"{'not ok' if faults else 'ok'} {self.count} - {name}")
        for fault in faults:
            print(f"#   {fault}")
        self.failed |= bool(faults)


def differences(keys, ours, theirs):
    return [f"{' '.join(map(str, key[1:]))}: ours {ours[key]:#x}, Windows {theirs[key]:#x}" for key in keys if ours[key] != theirs[key]]


def report(header, ours, theirs, table):
    tap = Tap()
    for struct in header.structs:
        keys = [key for key in ours if key[:2] == ("struct", struct)]
        tap.result(f"{struct}: size, alignment, offsets and types of {len(header.structs[struct])} fields", differences(keys, ours, theirs))
    for kind, names in (("type", header.types), ("function", header.functions + header.pointers)):
        keys = [key for key in ours if key[0] == kind]
        tap.result(f"{len(names)} {kind}s: sizes and calling", differences(keys, ours, theirs))

    numbers = [key for key in ours if key[0] == "number"]
    lacking = {key[1] for key in numbers if theirs[key] == ABSENT or key[1] in header.added_on_windows}
    known = [key for key in numbers if key[1] not in lacking]
    tap.result(f"{len(known)} numbers are mingw-w64's", differences(known, ours, theirs))
    faults = [f"{name}: ours {ours['number', name]:#x}, documented {table[name][0]:#x} ({table[name][1]})"
              for name in sorted(lacking & table.keys()) if ours["number", name] != table[name][0]]
    faults += [f"{name}: unknown to mingw-w64 and not in documented.txt" for name in sorted(lacking - table.keys())]
    faults += [f"{name}: in documented.txt, but mingw-w64 knows it or our header does not" for name in sorted(table.keys() - lacking)]
    tap.result(f"{len(lacking)} numbers that mingw-w64 lacks are as documented", faults)

    addresses = [key for key in ours if key[0] == "address"]
    tap.result(f"{len(addresses)} numbers that are pointers", differences(addresses, ours, theirs))

    strings = [key for key in ours if key[0] == "string"]
    tap.result(f"{len(header.strings)} texts: names of packages, object identifiers", differences(strings, ours, theirs))
    print(f"1..{tap.count}")
    return tap.failed


def main():
    root, directory = map(pathlib.Path, sys.argv[1:])
    directory.mkdir(parents=True, exist_ok=True)
    header = Header(root)
    if len(header.structs) < 20 or len(header.functions) < 20 or len(header.numbers) < 200:
        raise RuntimeError(f"the header was not understood: {len(header.structs)} structures, {len(header.functions)} functions, "
                           f"{len(header.numbers)} numbers")
    figures = questions(header)
    # wchar_t of 16 bits makes SEC_WCHAR the same type on both sides.
    ours = figures.answers([*OURS, "-fshort-wchar"], root, directory, "ours")
    theirs = figures.answers(MINGW, root, directory, "windows")
    narrow = figures.answers(OURS, root, directory, "ours_char16")
    failed = report(header, ours, theirs, documented(root / "tests/layout/documented.txt"))
    changed = differences(ours, narrow, ours)
    if changed:
        print("# SEC_WCHAR as char16_t changes figures:\n" + "\n".join(f"#   {line}" for line in changed))
    return failed or bool(changed)


if __name__ == "__main__":
    sys.exit(main())
