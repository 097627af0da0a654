#!/bin/bash
# TLS at work, between processes on loopback: certificates made on the spot, a file streamed over TLS 1.3, the server's
# certificate verified and shown, and what is said where it cannot be trusted. Exit status 0 only where all was as it
# should be. Needs nothing but the build; with openssl at hand, that looks at the server, too.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=${OPENSSPI_BUILD:-$here/../build/release}
export TCLLIBPATH=$build/tcl
script=$here/tls_file.tcl

folder=$(mktemp -d "${TMPDIR:-/tmp}/opensspi-demo-XXXXXX")
server=
clean_up() {
  if [[ -n $server ]]; then kill "$server" 2>/dev/null || true; fi
  rm -rf "$folder"
}
trap clean_up EXIT
failures=0
# due TEXT COMMAND...: the command must succeed.
due() {
  local text=$1
  shift
  if "$@" >/dev/null 2>&1; then echo "[ok]   $text"; else
    echo "[FAIL] $text"
    failures=$((failures + 1))
  fi
}
client() { timeout 60 tclsh "$script" client -port "$port" "$@" 2>&1; }

echo "== An authority and a certificate for localhost, made on the spot"
tclsh "$script" certificates "$folder"
clients=3
if command -v openssl >/dev/null; then clients=4; fi
: >"$folder/log"
tclsh "$script" server -identity "$folder/server.pfx" -save "$folder/received" -clients $clients >"$folder/log" 2>&1 &
server=$!
port=
for ((waited = 0; waited < 600; waited++)); do
  port=$(sed -n 's/^listening on .* port //p' "$folder/log")
  if [[ -n $port ]]; then break; fi
  sleep 0.1
done
if [[ -z $port ]]; then
  cat "$folder/log"
  exit 1
fi

head -c 50000000 /dev/urandom >"$folder/file"
echo "== A file of 50 MB over TLS 1.3 to a server in another process"
client -ca "$folder/ca.pem" "$folder/file" | tee "$folder/client" || true
due "the connection is TLS 1.3" grep -q '^connected: tls1.3,' "$folder/client"
due "the file arrived as it was" cmp "$folder/file" "$folder/received"

echo "== A client that trusts the system's authorities only"
client "$folder/file" | tee "$folder/client" || true
due "is told that this one is not trusted" grep -q 'an authority that is not trusted' "$folder/client"

echo "== A client that wants another server"
client -ca "$folder/ca.pem" -host bank.example "$folder/file" | tee "$folder/client" || true
due "is told that the name is wrong" grep -q 'the target is bank.example' "$folder/client"

if ((clients == 4)); then
  echo "== What openssl s_client says of the server"
  echo 'a few bytes from openssl' | timeout 60 openssl s_client -connect "127.0.0.1:$port" -CAfile "$folder/ca.pem" \
    -verify_hostname localhost >"$folder/client" 2>&1 || true
  grep -E '^(New, |Verification|Verified|Server Temp|Peer signature)' "$folder/client" | sort -u || true
  due "that it verified" grep -q '^Verification: OK' "$folder/client"
fi

for ((waited = 0; waited < 600; waited++)); do
  if ! kill -0 "$server" 2>/dev/null; then break; fi
  sleep 0.1
done
due "the server served all of them" wait "$server"
server=
echo "== What the server says"
sed 's/^listening on .*/listening on loopback/' "$folder/log"
due "it saw each refusal" test "$(grep -c '^a client went away: ' "$folder/log")" -eq 2
exit $((failures > 0))
