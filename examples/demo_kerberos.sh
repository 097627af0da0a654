#!/bin/bash
# Kerberos at work, in a realm of its own on loopback: a log-on with a ticket and one with a password, messages signed and
# encrypted, and what is said when something is wrong. Ends without a trace. Needs: krb5-kdc, krb5-admin-server, krb5-user.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=${OPENSSPI_BUILD:-$here/../build/release}
kdc=$here/../tests/interop/kdc.sh
export TCLLIBPATH=$build/tcl
PATH=$PATH:/usr/sbin:/sbin

if ! command -v krb5kdc >/dev/null; then
  echo "Kerberos is left out: krb5kdc is not installed (krb5-kdc, krb5-admin-server, krb5-user)"
  exit 0
fi
folder=$(mktemp -d "${TMPDIR:-/tmp}/opensspi-demo-XXXXXX")
trap '"$kdc" stop "$folder"; rm -rf "$folder"' EXIT
echo "== A realm of its own: OPENSSPI.TEST on loopback"
"$kdc" start "$folder"
# shellcheck source=/dev/null
. "$folder/env"

echo "== alice, with the ticket that kinit got"
tclsh "$here/kerberos_loop.tcl" HTTP/localhost
echo "== bob, with his password, which stays in memory"
(umask 077; printf 'Passw0rd!' >"$folder/password")
tclsh "$here/kerberos_loop.tcl" HTTP/localhost bob OPENSSPI.TEST "$folder/password"
echo "== and with a wrong one"
printf 'wrong' >"$folder/password"
tclsh "$here/kerberos_loop.tcl" HTTP/localhost bob OPENSSPI.TEST "$folder/password" || true
echo "== a service that nobody registered"
tclsh "$here/kerberos_loop.tcl" HTTP/nowhere.localhost || true
