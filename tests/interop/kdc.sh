#!/bin/bash
# A throw-away MIT KDC on loopback, in a folder of its own, with nothing of the system touched.
#
#   kdc.sh start DIR [PORT]   makes the realm OPENSSPI.TEST and starts its KDC; PORT: a free one by default
#   kdc.sh stop DIR
#
# DIR/env is what a client or service sources: KRB5_CONFIG, KRB5CCNAME (tickets of alice), KRB5_KTNAME and more. Users
# alice and bob, password Passw0rd!. Services on localhost: HTTP and deleg (trusted for delegation) with every
# encryption type of AES, and one for each type by itself: aes256, aes128, sha384, sha256, rc4, each with a configuration
# DIR/krb5-TYPE.conf that prefers it. Needs: krb5-kdc, krb5-admin-server, krb5-user.
set -euo pipefail

usage() {
  sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
  exit 2
}
[[ $# -ge 2 ]] || usage
dir=$(realpath -m "$2")
realm=OPENSSPI.TEST
types=(aes256=aes256-cts-hmac-sha1-96 aes128=aes128-cts-hmac-sha1-96 sha384=aes256-cts-hmac-sha384-192
  sha256=aes128-cts-hmac-sha256-128 rc4=arcfour-hmac)
# shellcheck source=tests/interop/lib_kdc.sh
. "$(dirname "$(readlink -f "$0")")/lib_kdc.sh"

free_port() { python3 -B "$here/../support/free_port.py"; }

# The second argument: a line more for [libdefaults].
write_client_configuration() {
  cat >"$1" <<TEXT
[libdefaults]
  default_realm = $realm
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  qualify_shortname = ""
  forwardable = true
  allow_weak_crypto = true
  allow_rc4 = true
  default_ccache_name = FILE:$dir/ccache
  default_keytab_name = FILE:$dir/service.keytab
  default_client_keytab_name = FILE:$dir/none.keytab
  plugin_base_dir = $dir/none
  $2
[realms]
  $realm = {
    kdc = 127.0.0.1:$port
  }
[domain_realm]
  localhost = $realm
TEXT
}

write_configuration() {
  local type
  write_client_configuration "$dir/krb5.conf" ""
  # Both ends of a session may prefer another type to that of the ticket's key, unless they are told which to prefer.
  for type in "${types[@]}"; do
    write_client_configuration "$dir/krb5-${type%%=*}.conf" "permitted_enctypes = ${type#*=} aes256-cts-hmac-sha1-96"
  done
  cat >"$dir/kdc.conf" <<TEXT
[kdcdefaults]
  kdc_listen = 127.0.0.1:$port
  kdc_tcp_listen = 127.0.0.1:$port
[realms]
  $realm = {
    database_name = $dir/principal
    key_stash_file = $dir/stash
    acl_file = $dir/kadm5.acl
    max_life = 10h
    max_renewable_life = 7d
    supported_enctypes = aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha1-96:normal aes256-cts-hmac-sha384-192:normal aes128-cts-hmac-sha256-128:normal
  }
[logging]
  kdc = FILE:$dir/kdc.log
TEXT
  cat >"$dir/env" <<TEXT
export KRB5_CONFIG=$dir/krb5.conf KRB5_KDC_PROFILE=$dir/kdc.conf KRB5CCNAME=FILE:$dir/ccache
export KRB5_KTNAME=FILE:$dir/service.keytab KRB5RCACHEDIR=$dir OPENSSPI_KDC=$dir OPENSSPI_KDC_PORT=$port
TEXT
}

make_principals() {
  kdb5_util create -s -r "$realm" -P masterpw
  local type
  {
    echo "addprinc -pw Passw0rd! +requires_preauth alice"
    echo "addprinc -pw Passw0rd! +requires_preauth bob"
    echo "addprinc -randkey HTTP/localhost"
    echo "addprinc -randkey +ok_as_delegate deleg/localhost"
    # Its tickets have no PAC: no KDC can make one of a name that is not UTF-8, as that of the user below.
    echo "addprinc -randkey +no_auth_data_required nopac/localhost"
    echo "addprinc -randkey changed/localhost"
    echo "addprinc -randkey postgres/localhost"
    # Services with keys of a password; the second has the salt that Active Directory gives the computer WEB1$.
    echo "addprinc -pw Passw0rd! secret/localhost"
    echo "addprinc -pw Passw0rd! host/web1.opensspi.test"
    echo "addprinc -randkey HTTP/localhost:8080"
    echo "addprinc -randkey HTTP/localhost/OPENSSPI.TEST"
    for type in "${types[@]}"; do
      echo "addprinc -randkey -e ${type#*=}:normal ${type%%=*}/localhost"
      echo "setstr ${type%%=*}/localhost session_enctypes ${type#*=}"
    done
    # Its tickets are encrypted with RC4, and bring session keys of AES, as accounts of Active Directory often have it.
    echo "addprinc -randkey -e arcfour-hmac:normal half/localhost"
    echo "setstr half/localhost session_enctypes aes256-cts-hmac-sha1-96"
    echo "ktadd -norandkey -k $dir/service.keytab half/localhost nopac/localhost HTTP/localhost postgres/localhost HTTP/localhost:8080 HTTP/localhost/OPENSSPI.TEST deleg/localhost aes256/localhost aes128/localhost sha384/localhost sha256/localhost rc4/localhost"
    # A keytab of before the service's key was changed, one of another service, and one of a user.
    echo "ktadd -norandkey -k $dir/old.keytab changed/localhost"
    echo "cpw -randkey changed/localhost"
    echo "ktadd -norandkey -k $dir/other.keytab deleg/localhost"
    echo "ktadd -norandkey -k $dir/bob.keytab bob"
  } | kadmin.local -r "$realm"
  kadmin.local -r "$realm" -q "addprinc -pw Passw0rd! $(printf '\351va')"
}

# The key of HTTP/localhost under its right name and version, and wrong.
make_wrong_keytab() {
  local kvno
  kvno=$(klist -k "$dir/service.keytab" | awk '$2 ~ /^HTTP\// { print $1; exit }')
  printf 'addent -password -p HTTP/localhost@%s -k %s -e aes256-cts-hmac-sha1-96\nwrong\naddent -password -p HTTP/localhost@%s -k %s -e aes128-cts-hmac-sha1-96\nwrong\nwkt %s\n' \
    "$realm" "$kvno" "$realm" "$kvno" "$dir/wrong.keytab" | ktutil
}

wait_for_kdc() {
  local try
  for try in $(seq 600); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return 0; fi
    sleep 0.1
  done
  echo "kdc.sh: the KDC does not answer at 127.0.0.1:$port after $try tries; see $dir/kdc.log" >&2
  return 1
}

case $1 in
  start)
    mkdir -p "$dir"
    port=${3:-$(free_port)}
    write_configuration
    # shellcheck source=/dev/null
    . "$dir/env"
    make_principals >"$dir/setup.log" 2>&1
    make_wrong_keytab >>"$dir/setup.log" 2>&1
    setsid krb5kdc -n -r "$realm" -P "$dir/kdc.pid" </dev/null >"$dir/kdc.out" 2>&1 &
    wait_for_kdc
    echo 'Passw0rd!' | kinit alice >>"$dir/setup.log"
    ;;
  stop)
    if [[ -e $dir/kdc.pid ]]; then
      pid=$(cat "$dir/kdc.pid")
      kill "$pid" 2>/dev/null || true
      until_gone "$pid" # it writes to the folder until then
    fi
    ;;
  *) usage ;;
esac
