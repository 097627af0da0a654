#!/bin/bash
# PostgreSQL with GSSAPI encryption answers examples/kerberos_postgres.tcl: its log-on and queries go through our
# EncryptMessage and DecryptMessage.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=${OPENSSPI_BUILD:-$here/../../build/release}
PATH=$PATH:/usr/sbin:/sbin
skip() {
  echo "ok 1 - PostgreSQL # SKIP $1"
  echo 1..1
  exit 0
}
programs=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1)
[[ -n $programs ]] || skip "PostgreSQL is not installed (postgresql)"
command -v krb5kdc >/dev/null || skip "krb5kdc is not installed (krb5-kdc, krb5-admin-server, krb5-user)"
# initdb does not run as root.
as=(env)
if [[ $(id -u) == 0 ]]; then
  id postgres >/dev/null 2>&1 || skip "there is no user postgres to run the server as"
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups env)
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/opensspi-postgres-XXXXXX")
server=
end() {
  if [[ -n $server ]]; then kill -INT "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
  "$here/kdc.sh" stop "$folder/kdc"
  rm -rf "$folder"
}
trap end EXIT
chmod 755 "$folder"
"$here/kdc.sh" start "$folder/kdc"
# shellcheck source=/dev/null
. "$folder/kdc/env"
mkdir "$folder/pg"
cp "$folder/kdc/service.keytab" "$folder/pg/keytab"
if [[ $(id -u) == 0 ]]; then chown -R postgres "$folder/pg"; fi
chmod 755 "$folder/kdc"
chmod 644 "$folder/kdc/krb5.conf"

port=$(python3 -B "$here/../support/free_port.py")
environment=(KRB5_CONFIG="$KRB5_CONFIG" KRB5RCACHENAME=none:)
"${as[@]}" "$programs/initdb" -D "$folder/pg/data" -U postgres --auth=trust -N >"$folder/initdb.log"
cat >>"$folder/pg/data/postgresql.conf" <<TEXT
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$folder/pg'
krb_server_keyfile = '$folder/pg/keytab'
fsync = off
TEXT
cat >"$folder/pg/data/pg_hba.conf" <<TEXT
local all postgres trust
hostgssenc all alice 127.0.0.1/32 gss include_realm=0
TEXT
"${as[@]}" "${environment[@]}" "$programs/postgres" -D "$folder/pg/data" >"$folder/server.log" 2>&1 &
server=$!
for _ in $(seq 300); do
  if "$programs/pg_isready" -q -h "$folder/pg" -p "$port"; then break; fi
  sleep 0.2
done
"${as[@]}" "$programs/psql" -q -h "$folder/pg" -p "$port" -U postgres -d postgres -c 'create role alice login'

count=0
expect() {  # NAME WANTED USER QUERY
  local got
  count=$((count + 1))
  got=$(TCLLIBPATH=$build/tcl tclsh "$here/../../examples/kerberos_postgres.tcl" -port "$port" -user "$3" "$4" 2>&1) || true
  if [[ $got == $2 ]]; then
    echo "ok $count - $1"
  else
    echo "not ok $count - $1"
    printf '%s\n' "$got" | head -20 | sed 's/^/# /'
    failed=1
  fi
}
failed=0
expect "a log-on and a query, encrypted" $'alice\tt\tt' alice \
  "select current_user, gss_authenticated, encrypted from pg_stat_gssapi where pid = pg_backend_pid()"
expect "an answer of many packets" "$(printf 'y%.0s' $(seq 200000))" alice "select repeat('y', 200000)"
expect "a long query and a long answer" "$(printf 'x%.0s' $(seq 60000))" alice "select '$(printf 'x%.0s' $(seq 60000))'"
expect "another user is refused" "*bob*" bob "select 1"
echo "1..$count"
exit $failed
