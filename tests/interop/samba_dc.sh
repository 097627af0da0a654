#!/bin/bash
# An Active Directory of Samba: log-ons with password and ticket, PACs, and LDAP signed and encrypted by SASL from Tcl.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/lib_samba.sh"
enter_world "$@"
start_dc
self_signed "$world/other" dc1.example.test
python3 -B "$here/samba_dc.py" "$world"
