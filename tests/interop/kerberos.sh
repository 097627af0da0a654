#!/bin/bash
# The package Kerberos against a KDC of its own on loopback: messages with MIT's GSSAPI, log-ons, and what goes wrong.
set -euo pipefail
# shellcheck source=tests/interop/lib_kdc.sh
. "$(dirname "$0")/lib_kdc.sh"
with_kdc "the package Kerberos"
"${OPENSSPI_BUILD:-$here/../../build/release}/tests/interop_kerberos" "$@"
