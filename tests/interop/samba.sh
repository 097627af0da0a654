#!/bin/bash
# Samba's ntlm_auth as client of our server and as server of our client.
command -v python3 > /dev/null || { printf '1..1\nok 1 - the whole suite # SKIP there is no python3\n'; exit 0; }
exec python3 -B "$(dirname "$0")/samba.py"
