#!/bin/bash
# winbind as account source on a member of a Samba domain, for our NTLM and Negotiate; and the member's keytab.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/lib_samba.sh"
enter_world "$@"
start_dc
start_member
# A user without rights is to run it too, and may not get into the build's folder.
mkdir -p "$world/build/tests"
cp "$OPENSSPI_BUILD/tests/interop_ntlm" "$world/build/tests/"
mkdir "$world/build/lib"
cp -P "$OPENSSPI_BUILD"/lib/libopensspi.so* "$world/build/lib/" # where the program looks for it: ../lib
export OPENSSPI_BUILD=$world/build
OPENSSPI_MEMBER=$member OPENSSPI_WINBINDD=$winbindd OPENSSPI_DC=$dc python3 -B "$here/samba_member.py" "$world"
