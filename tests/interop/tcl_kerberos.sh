#!/bin/bash
# The manual of TWAPI's SSPI module with the packages Kerberos and Negotiate, against a KDC of its own on loopback.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${OPENSSPI_BUILD:-$here/../../build/release}" && pwd)
PATH=$PATH:/usr/sbin:/sbin
for tool in krb5kdc kadmin.local kinit klist tclsh; do
  if ! command -v "$tool" >/dev/null; then
    echo "ok 1 - a KDC # SKIP $tool is not installed (krb5-kdc, krb5-admin-server, krb5-user, tcl)"
    echo 1..1
    exit 0
  fi
done
folder=$(mktemp -d "${TMPDIR:-/tmp}/opensspi-tcl-kdc-XXXXXX")
trap '"$here/kdc.sh" stop "$folder"; rm -rf "$folder"' EXIT
"$here/kdc.sh" start "$folder"
# shellcheck source=/dev/null
. "$folder/env"
export TCLLIBPATH=$build/tcl
# tcltest's lines as TAP: a failed test has two marks around what it says.
tclsh "$here/tcl_kerberos.tcl" -verbose "pass skip error body" "$@" 2>&1 | awk '
  /^\+\+\+\+ .* PASSED$/ { sub(/^\+\+\+\+ /, ""); sub(/ PASSED$/, ""); print "ok " ++count " - " $0; next }
  /^\+\+\+\+ .* SKIPPED/ { print "ok " ++count " - " $2 " # SKIP " $0; next }
  /^==== .* FAILED$/ { if (++marks % 2) print "not ok " ++count " - " $2; next }
  /^tcl_kerberos.tcl:.*Total/ { ended = 1 }
  { print "# " $0 }
  END {
    if (!ended) print "not ok " ++count " - the script comes to its end"
    print "1.." count
  }'
