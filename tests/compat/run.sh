#!/usr/bin/env bash
# What a user of the installed package sees: the files are where they belong, pkg-config finds them, each public header
# stands by itself in C and C++, and a source written for Windows compiles and runs.
set -uo pipefail
cd "$(dirname "$0")/../.."
build=${OPENSSPI_BUILD:-build/release}
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
count=0

# try NAME COMMAND...
try() {
  local name=$1 output
  shift
  count=$((count + 1))
  if output=$("$@" 2>&1); then
    echo "ok $count - $name"
  else
    echo "not ok $count - $name"
    head -20 <<<"$output" | sed 's/^/#   /'
  fi
}

flags() { pkg-config "$@"; }
warnings=(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)

try "cmake --install" cmake --install "$build" --prefix "$prefix"
library_directory=$(dirname "$(find "$prefix" -name 'libopensspi.so')")
export PKG_CONFIG_PATH=$library_directory/pkgconfig LD_LIBRARY_PATH=$library_directory
try "pkg-config finds opensspi and opensspi-compat" flags --cflags --libs opensspi opensspi-compat

# compiles COMPILER STANDARD HEADER FLAG...: alone in a source of its own.
compiles() {
  local compiler=$1 standard=$2 header=$3 language=c++
  shift 3
  if [[ $standard == c[0-9]* ]]; then language=c; fi
  echo "#include <$header>" | $compiler -x $language -std="$standard" "${warnings[@]}" $(flags --cflags opensspi) "$@" -fsyntax-only -
}

for path in "$prefix"/include/opensspi/*.h; do
  header=opensspi/$(basename "$path")
  try "$header alone, C89" compiles gcc c89 "$header"
  try "$header alone, C11" compiles gcc c11 "$header"
  try "$header alone, C++11 without exceptions" compiles g++ c++11 "$header" -fno-exceptions -fno-rtti
  try "$header alone, C++23, 16-bit wchar_t" compiles g++ c++23 "$header" -fshort-wchar
done
for path in "$prefix"/include/opensspi/*.hpp; do
  header=opensspi/$(basename "$path")
  try "$header alone, C++23" compiles g++ c++23 "$header"
  if command -v clang++-19 >/dev/null; then try "$header alone, clang" compiles clang++-19 c++23 "$header"; fi
done

for path in include/opensspi/compat/*.h; do
  header=$(basename "$path")
  # shellcheck disable=SC2046
  try "<$header> alone, C11" compiles gcc c11 "$header" $(flags --cflags opensspi-compat)
  # shellcheck disable=SC2046
  try "<$header> alone, C89, _MBCS" compiles gcc c89 "$header" -D_MBCS $(flags --cflags opensspi-compat)
  # shellcheck disable=SC2046
  try "<$header> alone, C++23" compiles g++ c++23 "$header" $(flags --cflags opensspi-compat)
done

program() {
  # shellcheck disable=SC2046  # words are wanted
  gcc -std=c11 -fshort-wchar "${warnings[@]}" "$1" -o "$prefix/program" $(flags --cflags --libs opensspi-compat) &&
    "$prefix/program"
}
try "a program written for Windows, in C with L literals" program tests/compat/windows_style.c

# _MBCS: the generic names mean the A functions, and texts are bytes.
of_bytes() {
  # shellcheck disable=SC2046
  gcc -std="$1" -D_MBCS "${warnings[@]}" "$2" -o "$prefix/program" $(flags --cflags --libs opensspi-compat) &&
    "$prefix/program"
}
try "a program of bytes written for Windows, in C89" of_bytes c89 tests/compat/windows_bytes.c
try "a program with TEXT literals, built as one of bytes" of_bytes c11 tests/compat/windows_style.c

# Its server's certificate lies in the personal store.
with_personal_store() {
  mkdir -m 700 "$prefix/my" &&
    (umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$prefix/key" \
      -out "$prefix/certificate" -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>&1 &&
      cat "$prefix/certificate" "$prefix/key" >"$prefix/my/server.pem") &&
    OPENSSPI_MY=$prefix/my program tests/compat/windows_schannel.c
}
try "a TLS client and server written for Windows" with_personal_store

as_cpp() {
  # shellcheck disable=SC2046
  g++ -x c++ -std=c++23 "${warnings[@]}" tests/compat/windows_style.cpp -o "$prefix/program" \
    $(flags --cflags --libs opensspi-compat) && "$prefix/program"
}
try "a program written for Windows, in C++ with u literals" as_cpp

# The same sources over Windows' own headers.
if command -v x86_64-w64-mingw32-gcc-posix >/dev/null; then
  windows_compiler=(x86_64-w64-mingw32-gcc-posix -include windows.h -Wall -Wextra -Werror -fsyntax-only)
  for source in tests/compat/windows_{style,schannel}.c; do
    try "$(basename "$source") is a program for Windows, too" "${windows_compiler[@]}" -DUNICODE -D_UNICODE "$source"
  done
  for source in tests/compat/windows_{style,bytes}.c; do
    try "$(basename "$source") is a program of bytes for Windows, too" "${windows_compiler[@]}" "$source"
  done
fi

tcl_package=$(find "$prefix" -name pkgIndex.tcl | head -1)
if [[ -n $tcl_package ]]; then
  try "the installed Tcl package loads" env -u LD_LIBRARY_PATH TCLLIBPATH="$(dirname "$tcl_package")" \
    tclsh <<<'puts [package require twapi_crypto]; puts [llength [twapi::sspi_enumerate_packages]]'
fi
echo "1..$count"
