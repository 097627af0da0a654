#!/bin/bash
# The Tcl package's TLS channels, both roles, against openssl, GnuTLS, curl and nginx.
command -v python3 > /dev/null || { printf '1..1\nok 1 - the whole suite # SKIP there is no python3\n'; exit 0; }
exec python3 -B "$(dirname "$0")/tls_channels.py"
