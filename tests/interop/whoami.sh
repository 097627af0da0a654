#!/bin/bash
# examples/whoami, a web server with Windows Integrated Authentication, and examples/http_sspi.tcl, a client: with curl,
# headless Chromium and a proxy, by NTLM and with tickets of a KDC of its own, over HTTP and HTTPS, and against hostile
# peers.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
for tool in python3 tclsh curl krb5kdc kadmin.local kinit; do
  if ! command -v "$tool" >/dev/null; then
    echo "ok 1 - the whole suite # SKIP $tool is not installed"
    echo 1..1
    exit 0
  fi
done
folder=$(mktemp -d "${TMPDIR:-/tmp}/opensspi-whoami-XXXXXX")
trap '"$here/kdc.sh" stop "$folder/kdc"; rm -rf "$folder"' EXIT
"$here/kdc.sh" start "$folder/kdc"
# shellcheck source=/dev/null
. "$folder/kdc/env"
python3 -B "$here/whoami.py" "$folder"
