#!/bin/bash
# Apache with mod_auth_gssapi, which takes Kerberos and NTLM (gss-ntlmssp), over http and https: our client logs on.
set -euo pipefail
# shellcheck source=tests/interop/lib_kdc.sh
. "$(dirname "$0")/lib_kdc.sh"
modules=/usr/lib/apache2/modules
skip() {
  echo "ok 1 - Apache # SKIP $1"
  echo 1..1
  exit 0
}
[[ -e $modules/mod_auth_gssapi.so ]] || skip "mod_auth_gssapi is not installed (apache2, libapache2-mod-auth-gssapi)"
compgen -G '/usr/lib/*/gssntlmssp/gssntlmssp.so' >/dev/null || skip "gss-ntlmssp is not installed"
with_kdc "Apache" python3 apache2 openssl

www=$folder/apache
end() {
  if [[ -e $www/httpd.pid ]]; then
    local pid
    pid=$(cat "$www/httpd.pid")
    kill "$pid" 2>/dev/null || true
    until_gone "$pid"
  fi
  end_of_kdc
}
trap end EXIT

# The server's processes run as www-data where this runs as root.
chmod 755 "$folder" "$folder/kdc"
chmod 644 "$folder/kdc/krb5.conf"
mkdir -p "$www/www/kerberos" "$www/www/ntlm"
for page in all kerberos ntlm; do
  echo "this is $page" >"$www/www/${page/all/}/index.html"
done
kadmin.local -r OPENSSPI.TEST -q "ktadd -norandkey -k $www/keytab HTTP/localhost" >"$folder/kadmin.log" 2>&1
printf 'EXAMPLE:alice:Passw0rd!\nEXAMPLE:bob:Other-Passw0rd\n' >"$www/accounts"
openssl req -x509 -newkey rsa:2048 -sha256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
  -keyout "$www/key.pem" -out "$www/certificate.pem" 2>"$folder/openssl.log"
chmod 640 "$www/keytab" "$www/accounts"
if [[ $(id -u) == 0 ]]; then chgrp www-data "$www/keytab" "$www/accounts"; fi

read -r port tls_port < <(python3 -B "$here/../support/free_port.py" 2)

# The module does not merge what folders say: each block is complete.
protected() { # FOLDER MECHANISM...
  local mechanism
  printf '<Directory %s>\nAuthType GSSAPI\nAuthName test\nGssapiConnectionBound On\n' "$1"
  for mechanism in "${@:2}"; do echo "GssapiAllowedMech $mechanism"; done
  printf 'Require valid-user\nHeader always set X-User "expr=%%{REMOTE_USER}"\n</Directory>\n'
}
{
  printf 'ServerRoot %s\nServerName localhost\nPidFile %s\nDefaultRuntimeDir %s\n' "$www" "$www/httpd.pid" "$www"
  printf 'User www-data\nGroup www-data\nListen 127.0.0.1:%s\nListen 127.0.0.1:%s\n' "$port" "$tls_port"
  printf 'ErrorLog %s\nLogLevel info auth_gssapi:debug\nStartServers 1\nKeepAlive On\n' "$www/error.log"
  for module in mpm_event authn_core authz_core authz_user auth_gssapi dir headers ssl mime; do
    printf 'LoadModule %s_module %s/mod_%s.so\n' "$module" "$modules" "$module"
  done
  printf 'TypesConfig /etc/mime.types\nDocumentRoot %s\nDirectoryIndex index.html\n' "$www/www"
  printf '<VirtualHost 127.0.0.1:%s>\nSSLEngine on\nSSLCertificateFile %s\nSSLCertificateKeyFile %s\n</VirtualHost>\n' \
    "$tls_port" "$www/certificate.pem" "$www/key.pem"
  protected "$www/www" krb5 ntlmssp
  protected "$www/www/kerberos" krb5
  protected "$www/www/ntlm" ntlmssp
} >"$www/httpd.conf"
env -u KRB5RCACHEDIR KRB5RCACHENAME=none: NTLM_USER_FILE="$www/accounts" KRB5_KTNAME="FILE:$www/keytab" \
  apache2 -f "$www/httpd.conf" -k start
for _ in $(seq 600); do
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
  sleep 0.1
done
status=0
APACHE_PORT=$port APACHE_TLS_PORT=$tls_port APACHE_CERTIFICATE=$www/certificate.pem python3 -B "$here/apache.py" || status=$?
if ((status)); then tail -30 "$www/error.log" | sed 's/^/# /'; fi
exit $status
