#!/bin/bash
# curl logs on to the HTTP server of examples/http_ntlm.tcl.
exec python3 -B "$(dirname "$0")/curl.py"
