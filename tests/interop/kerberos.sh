#!/bin/bash
# The package Kerberos against a KDC of its own on loopback: messages with MIT's GSSAPI, log-ons, and what goes wrong.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=${OPENSSPI_BUILD:-$here/../../build/release}/tests/interop_kerberos
PATH=$PATH:/usr/sbin:/sbin
for tool in krb5kdc kadmin.local kinit; do
  if ! command -v "$tool" >/dev/null; then
    echo "ok 1 - a KDC # SKIP $tool is not installed (krb5-kdc, krb5-admin-server, krb5-user)"
    echo 1..1
    exit 0
  fi
done
folder=$(mktemp -d "${TMPDIR:-/tmp}/opensspi-kdc-XXXXXX")
trap '"$here/kdc.sh" stop "$folder"; rm -rf "$folder"' EXIT
"$here/kdc.sh" start "$folder"
# shellcheck source=/dev/null
. "$folder/env"
"$program" "$@"
