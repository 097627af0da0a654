#!/usr/bin/env bash
# Our header against mingw-w64's, figure by figure.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! command -v x86_64-w64-mingw32-g++-posix >/dev/null; then
  echo "ok 1 - layout # SKIP g++-mingw-w64-x86-64-posix is not installed"
  exit
fi
exec python3 tests/layout/layout.py . "${OPENSSPI_BUILD:-build/release}/layout"
