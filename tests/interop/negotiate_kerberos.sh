#!/bin/bash
# Negotiate with Kerberos inside: MIT's SPNEGO over krb5 and gss-ntlmssp, and Samba's ntlm_auth, each as client and as
# server, with a KDC of its own.
set -euo pipefail
# shellcheck source=tests/interop/lib_kdc.sh
. "$(dirname "$0")/lib_kdc.sh"
with_kdc "Negotiate with Kerberos inside" python3
# Samba's Kerberos refuses "localhost" as a server's name.
kadmin.local -r OPENSSPI.TEST >"$folder/kadmin.log" 2>&1 <<TEXT
addprinc -randkey HTTP/web.openssspi.test
ktadd -norandkey -k $folder/kdc/service.keytab HTTP/web.openssspi.test
TEXT
python3 -B "$here/negotiate_kerberos.py"
