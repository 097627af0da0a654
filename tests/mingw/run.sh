#!/usr/bin/env bash
# The Tcl extension and the tool compile for Windows as they are, over the system's own SSPI.
set -uo pipefail
cd "$(dirname "$0")/../.."
compiler=x86_64-w64-mingw32-g++-posix
if ! command -v $compiler >/dev/null; then
  echo "ok 1 - compiling for Windows # SKIP g++-mingw-w64-x86-64-posix is not installed"
  exit
fi
work=${OPENSSPI_BUILD:-build/release}/mingw
mkdir -p "$work/include"
# Tcl's headers are the same on every system; the others of /usr/include must not be seen.
for header in tcl.h tclDecls.h tclPlatDecls.h; do
  cp "/usr/include/tcl8.6/$header" "$work/include/"
done
flags=(-std=c++23 -O0 -Wall -Wextra -Werror -isystem include -isystem "$work/include" -DUSE_TCL_STUBS)
launcher=()
if command -v ccache >/dev/null; then launcher=(ccache); fi
sources=(tcl/*.cpp cli/*.cpp)
job() {
  local object=$work/${1//\//-}.o
  "${launcher[@]}" "$compiler" "${flags[@]}" -I"$(dirname "$1")" -c "$1" -o "$object" >"$object.log" 2>&1 || echo failed >>"$object.log.failed"
}
rm -f "$work"/*.failed
for source in "${sources[@]}"; do
  [[ -e $source ]] || continue
  while (($(jobs -rp | wc -l) >= $(nproc))); do wait -n; done
  job "$source" &
done
wait
count=0
for source in "${sources[@]}"; do
  [[ -e $source ]] || continue
  count=$((count + 1))
  log=$work/${source//\//-}.o.log
  if [[ -e $log.failed ]]; then
    echo "not ok $count - $source compiles for Windows"
    head -20 "$log" | sed 's/^/#   /'
  else
    echo "ok $count - $source compiles for Windows"
  fi
done
echo "1..$count"
