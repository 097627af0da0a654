#!/bin/bash
# Samba's ntlm_auth as client of our server and as server of our client.
exec python3 -B "$(dirname "$0")/samba.py"
