#!/bin/bash
# The SSPI of libwinpr2, both ways.
exec python3 -B "$(dirname "$0")/winpr.py"
