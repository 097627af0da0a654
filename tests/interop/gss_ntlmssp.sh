#!/bin/bash
# gss-ntlmssp through GSSAPI, both ways.
exec python3 -B "$(dirname "$0")/gss_ntlmssp.py"
