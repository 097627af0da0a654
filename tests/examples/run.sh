#!/usr/bin/env bash
# Every program and script in examples/ does what it says. (http_ntlm.tcl: tests/interop/curl.sh; whoami,
# http_sspi.tcl: tests/interop/whoami.sh; demo.sh: suite demo.)
set -uo pipefail
cd "$(dirname "$0")/../.."
build=$(cd "${OPENSSPI_BUILD:-build/release}" && pwd)
export TCLLIBPATH=$build/tcl OPENSSPI_ACCOUNTS=self
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0

# says NAME COMMAND...: exit status 0, and each line of $expected (a regular expression) stands in the output.
says() {
  local name=$1 status=0 line missing=
  shift
  count=$((count + 1))
  timeout 120 "$@" >"$work/output" 2>&1 </dev/null || status=$?
  while IFS= read -r line; do
    if [[ -n $line ]] && ! grep -qE -- "$line" "$work/output"; then missing=$line; fi
  done <<<"$expected"
  if ((status == wanted_status)) && [[ -z $missing ]]; then
    echo "ok $count - $name"
    return
  fi
  echo "not ok $count - $name"
  echo "# exit status $status, due: $wanted_status; missing: ${missing:-nothing}"
  sed 's/^/#   /' "$work/output"
}
wanted_status=0

expected='log-on: done, and the server knows the client as .*\\'"$(id -un)"'$
^decrypted:  meet me at noon$
^signed:     I shall be there$
^forged:     .* has been altered$'
says 'ntlm_loop.tcl' tclsh examples/ntlm_loop.tcl

# ---- Two processes. ----

(umask 077 && printf 'EXAMPLE:bob:Geheim 1\n' >"$work/accounts" && printf 'Geheim 1\n' >"$work/password")
head -c 300000 /dev/urandom >"$work/file"

# start_server OPTION...: sets $port.
start_server() {
  local waited
  : >"$work/server.log"
  tclsh examples/ntlm_tcp.tcl server "$@" >"$work/server.log" 2>&1 &
  server=$!
  port=
  for ((waited = 0; waited < 600; waited++)); do
    port=$(sed -n 's/^listening on .* port //p' "$work/server.log")
    if [[ -n $port ]]; then return; fi
    sleep 0.1
  done
}

# server_said REGULAR_EXPRESSION...
server_said() {
  local line missing=
  count=$((count + 1))
  wait "$server" || missing="exit status $?"
  for line in "$@"; do grep -qE -- "$line" "$work/server.log" || missing=$line; done
  if [[ -z $missing ]]; then
    echo "ok $count - the server says who it was and what was refused"
  else
    echo "not ok $count - the server says who it was and what was refused"
    { echo "missing: $missing" && cat "$work/server.log"; } | sed 's/^/#   /'
  fi
}

mkdir "$work/server" "$work/client"
start_server -clients 1 -save "$work/server"
expected='^the server says: Welcome, .*\\'"$(id -un)"'$
^features: confidentiality, integrity, replaydetect, sequencedetect$
^signed there and back: 300000 bytes in 5 messages each way$
^encrypted there and back: 300000 bytes in 5 messages each way$
^with one bit changed: refused$'
says 'ntlm_tcp.tcl with default credentials' \
  tclsh examples/ntlm_tcp.tcl client -port "$port" -tamper 1 -save "$work/client" "$work/file"
server_said "logged on as .*\\\\$(id -un), vouched for by self" 'refused: .* has been altered \(message signature: the checksum is wrong\)'
expected=
for copy in server/received.sign server/received.seal client/returned.sign client/returned.seal; do
  says "$copy is the file" cmp "$work/file" "$work/$copy"
done

start_server -clients 2 -accounts "plain:$work/accounts"
expected='^the server says: Welcome, EXAMPLE\\bob$'
says 'ntlm_tcp.tcl with an account' tclsh examples/ntlm_tcp.tcl client -port "$port" -user bob -domain EXAMPLE \
  -passwordfile "$work/password" "$work/file"
expected='it did not let us in'
wanted_status=1
says 'ntlm_tcp.tcl with a wrong password' tclsh examples/ntlm_tcp.tcl client -port "$port" -user bob -domain EXAMPLE \
  -passwordfile <(echo wrong) "$work/file"
wanted_status=0
server_said 'logged on as EXAMPLE\\bob, vouched for by plain:' 'was refused: .*log-on: "EXAMPLE\\bob": '

# ---- TLS. ----

expected='^made: CN=localhost, O=opensspi, by CN=Example CA, O=opensspi, until '
mkdir "$work/tls"
says 'tls_file.tcl makes certificates' tclsh examples/tls_file.tcl certificates "$work/tls"
expected='^600$'
says 'the private key is for its owner only' stat -c %a "$work/tls/server.pfx"

# start_tls_server CLIENTS: sets $port.
start_tls_server() {
  local waited
  : >"$work/server.log"
  tclsh examples/tls_file.tcl server -identity "$work/tls/server.pfx" -save "$work/tls/received" -clients "$1" \
    >"$work/server.log" 2>&1 &
  server=$!
  port=
  for ((waited = 0; waited < 600; waited++)); do
    port=$(sed -n 's/^listening on .* port //p' "$work/server.log")
    if [[ -n $port ]]; then return; fi
    sleep 0.1
  done
}
start_tls_server 4
expected='^connected: tls1\.3, TLS_AES_128_GCM_SHA256$
^the server is CN=localhost, O=opensspi, by CN=Example CA, O=opensspi, until .*, SHA-1 [0-9a-f]{40}$
^300000 bytes sent in [0-9]+ ms; the server says: 300000 bytes received$'
says 'tls_file.tcl sends a file' tclsh examples/tls_file.tcl client -port "$port" -ca "$work/tls/ca.pem" "$work/file"
expected=
says 'the file that arrived is the file' cmp "$work/file" "$work/tls/received"
wanted_status=1
expected='^not connected: .* an authority that is not trusted\. \(certificate of the peer: '
says 'tls_file.tcl trusts no stranger' tclsh examples/tls_file.tcl client -port "$port" "$work/file"
expected='^not connected: The target principal name is incorrect\..*the target is bank\.example'
says 'tls_file.tcl wants the right name' tclsh examples/tls_file.tcl client -port "$port" -ca "$work/tls/ca.pem" \
  -host bank.example "$work/file"
wanted_status=0
expected='^the server says: connected$'
# A client that is cut off in the middle of a file: no close notification.
cat >"$work/cut.tcl" <<'SCRIPT'
package require twapi_crypto
lassign $argv port ca
set file [open $ca]
set store [twapi::cert_temporary_store]
twapi::cert_release [twapi::cert_store_add_encoded_certificate $store [read $file] -encoding pem]
set credentials [twapi::sspi_acquire_credentials -package tls -role client -credentials \
    [twapi::sspi_schannel_credentials -rootstore $store]]
set context [twapi::sspi_client_context $credentials -target localhost -stream 1]
set socket [socket 127.0.0.1 $port]
fconfigure $socket -translation binary -blocking 0
set token {}
set state continue
while {$state ne "done"} {
    lassign [twapi::sspi_step $context $token] state out
    puts -nonewline $socket $out
    flush $socket
    if {$state eq "done"} break
    fileevent $socket readable {set there 1}
    vwait there
    set token [read $socket]
}
twapi::sspi_encrypt_and_write $context "half a file" $socket
puts "the server says: connected"
close $socket
SCRIPT
says 'a connection is cut off' tclsh "$work/cut.tcl" "$port" "$work/tls/ca.pem"
server_said '^300000 bytes received$' '^a client went away: The certificate chain was issued by an authority' \
  '^the file is not whole: '

# ---- What somebody gets who asks wrongly: a word about what is wrong, no stack of procedures. ----

# refuses NAME STATUS REGULAR_EXPRESSION COMMAND...
refuses() {
  wanted_status=$2 expected=$3
  says "$1" "${@:4}"
  wanted_status=0
  count=$((count + 1))
  if grep -q 'while executing\|invoked from' "$work/output"; then
    echo "not ok $count - $1: without a stack"
    sed 's/^/#   /' "$work/output"
  else
    echo "ok $count - $1: without a stack"
  fi
}
whoami=(tclsh examples/whoami/whoami.tcl)
expected='^  -accounts SOURCE '
says 'whoami.tcl --help' "${whoami[@]}" --help
refuses 'whoami.tcl, an unknown option' 2 'there is no option -nonsense; there are -http' "${whoami[@]}" -nonsense
refuses 'whoami.tcl, no value' 2 '-http has no value' "${whoami[@]}" -http
refuses 'whoami.tcl, no certificate' 1 '"/nowhere"' "${whoami[@]}" -https 0 -certificate /nowhere
refuses 'whoami.tcl, no accounts' 1 '"/nowhere" cannot be opened' "${whoami[@]}" -http 0 -accounts plain:/nowhere
refuses 'http_ntlm.tcl, no accounts' 1 '"/nowhere" cannot be opened' tclsh examples/http_ntlm.tcl plain:/nowhere
refuses 'ntlm_tcp.tcl, no accounts' 1 '"/nowhere" cannot be opened' \
  tclsh examples/ntlm_tcp.tcl server -accounts plain:/nowhere
refuses 'ntlm_tcp.tcl, no server' 1 'connection refused' tclsh examples/ntlm_tcp.tcl client -port 1 README.md
refuses 'tls_file.tcl, no certificate' 1 '"/nowhere"' tclsh examples/tls_file.tcl server -identity /nowhere
refuses 'tls_file.tcl, no server' 1 'not connected: .*refused$' tclsh examples/tls_file.tcl client -port 1 README.md
refuses 'kerberos_loop.tcl, no service' 2 '^usage: kerberos_loop' tclsh examples/kerberos_loop.tcl --help
refuses 'kerberos_postgres.tcl, no query' 2 '^usage: ' tclsh examples/kerberos_postgres.tcl --help
refuses 'kerberos_postgres.tcl, no server' 1 'port 1: .*refused' tclsh examples/kerberos_postgres.tcl -port 1 'select 1'
for script in kerberos_ldap.tcl negotiate_ldap.tcl; do
  refuses "$script, an unknown option" 2 'unknown option -nonsense; there are -domain, ' tclsh examples/$script -nonsense
  refuses "$script, too few words" 2 "^usage: $script " tclsh examples/$script DC=example
  refuses "$script, no server" 1 'connection refused' tclsh examples/$script -port 1 DC=example cn alice
done

# ---- C and C++. ----

warnings=(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
link=(-Iinclude -L"$build/lib" -lopensspi -Wl,-rpath,"$build/lib")
expected=
says 'c/ntlm_client_server.c compiles' gcc -std=c11 "${warnings[@]}" -Wwrite-strings examples/c/ntlm_client_server.c \
  "${link[@]}" -o "$work/example_c"
expected='^the server knows the client as .*\\'"$(id -un)"', messages can be encrypted$
^forged: status 0x8009030F: message signature: the checksum is wrong$
^decrypted: meet me at noon$'
says 'c/ntlm_client_server.c with default credentials' "$work/example_c"
expected='^the server knows the client as EXAMPLE\\bob, '
says 'c/ntlm_client_server.c with an account' \
  bash -c "'$work/example_c' 'plain:$work/accounts' bob EXAMPLE <'$work/password'"
wanted_status=1
expected='status 0x8009030C: log-on: "EXAMPLE\\bob": '
says 'c/ntlm_client_server.c with a wrong password' \
  bash -c "echo wrong | '$work/example_c' 'plain:$work/accounts' bob EXAMPLE"
wanted_status=0
expected=
says 'cpp/ntlm_client_server.cpp compiles' g++ -std=c++23 "${warnings[@]}" examples/cpp/ntlm_client_server.cpp \
  "${link[@]}" -o "$work/example_cpp"
expected='^the server knows the client as EXAMPLE\\alice, verified by callback$
^forged:    .* has been altered \(the checksum is wrong\)$
^decrypted: meet me at noon$'
says 'cpp/ntlm_client_server.cpp' "$work/example_cpp"
echo "1..$count"
