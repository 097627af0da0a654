#!/bin/bash
# curl at servers of ours (log_on.tcl): --negotiate over HTTP, and Kerberos as it is in SASL GSSAPI over POP3.
set -euo pipefail
# shellcheck source=tests/interop/lib_kdc.sh
. "$(dirname "$0")/lib_kdc.sh"
with_kdc "curl --negotiate" python3 curl tclsh
python3 -B "$here/curl_negotiate.py"
