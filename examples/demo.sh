#!/usr/bin/env bash
# The whole thing at work: ./dev demo, or OPENSSPI_BUILD=build/release bash examples/demo.sh.
#
# Two processes log on over TCP with default credentials, then with an account and its password; a file travels signed
# and encrypted; what is tampered with is refused; curl logs on over HTTP; Kerberos in a realm of its own; a file over
# TLS 1.3. Ends with one line, and exit status 0 only where everything was as it should be.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$(cd "${OPENSSPI_BUILD:-build/release}" && pwd)
export TCLLIBPATH=$build/tcl
export OPENSSPI_ACCOUNTS=self # whatever this host is configured to: the first log-on needs no set-up
unset OPENSSPI_TRACE
sspi=$build/bin/sspi

work=$(mktemp -d)
children=()
ended=
clean_up() {
  local status=$? child
  if [[ -z $ended ]]; then printf '\nThe demonstration broke off with exit status %d.\n' "$status"; fi
  for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
failures=()

# ---- Saying it. ------------------------------------------------------------------------------------------------------

bold='' green='' red='' dim='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' dim=$'\e[2m' plain=$'\e[0m'
fi

heading() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
tell() { sed 's/^./  &/'; }
good() { printf '  %s[ok]%s   %s\n' "$green" "$plain" "$*"; }
bad() {
  printf '  %s[FAIL]%s %s\n' "$red" "$plain" "$*"
  failures+=("$*")
}

# expect TEXT COMMAND...: the command must succeed.
expect() {
  local text=$1
  shift
  if "$@" >/dev/null 2>&1; then good "$text"; else bad "$text"; fi
}

# The messages of a log-on, as the trace of the client has them.
legs() {
  awk '
    $3 == "NTLM:" && ($4 == "sent" || $4 == "received") {
      way = $4 == "sent" ? "client to server" : "server to client"
      printf "%d  %s %5d bytes  %s\n", ++leg, way, $5, $7
      rest = $0
      sub(/^.*_MESSAGE /, "", rest)
      flags = rest
      sub(/\).*/, "", flags); sub(/^[^(]*\(/, "", flags)
      sub(/^[^)]*\) ?/, "", rest)
      print "     flags: " flags
      if (rest != "") print "     " rest
    }
    $3 == "NTLM:" && /NTLM:   / { sub(/^.*NTLM:   /, ""); print "       " $0 }
  ' "$1" | while IFS= read -r line; do
    indent=${line%%[! ]*}
    fold -s -w $((108 - ${#indent} - 4)) <<<"${line#"$indent"}" | sed "s/ *\$//; 1s/^/$indent/; 2,\$s/^/$indent    /"
  done
}

# ---- Doing it. -------------------------------------------------------------------------------------------------------

# start NAME COMMAND...: in the background; sets $port to what it announces.
start() {
  local name=$1 waited
  shift
  : >"$work/$name.log"
  "$@" >"$work/$name.log" 2>&1 &
  children+=($!)
  port=
  for ((waited = 0; waited < 600; waited++)); do
    port=$(sed -nE 's/^listening on .*(port |:)([0-9]+)\/?$/\2/p' "$work/$name.log")
    if [[ -n $port ]]; then return; fi
    kill -0 $! 2>/dev/null || break
    sleep 0.1
  done
  tell <"$work/$name.log"
  bad "$name did not start"
  finish
}

client() { timeout 60 tclsh examples/ntlm_tcp.tcl client -port "$port" "$@"; }

# What is said of itself by a server since the last time.
server_says() {
  sed -E 's/^127\.0\.0\.1:[0-9]+ //' "$work/$1.log" | grep -v '^listening' | tell
}

checksum() { sha256sum "$@" | awk '{print $1}'; }

finish() {
  ended=yes
  if ((${#failures[@]})); then
    printf '\n%sThe demonstration failed: %s%s\n' "$red" "${failures[0]}" "$plain"
    exit 1
  fi
  printf '\n%sEverything worked: log-ons over TCP and HTTP, a file signed, encrypted and sent over TLS; no forgery taken, no stranger trusted.%s\n' \
    "$bold$green" "$plain"
  exit 0
}

# ---- 1. --------------------------------------------------------------------------------------------------------------

heading "Security packages on this host (sspi packages)"
"$sspi" packages | tell

# ---- 2. --------------------------------------------------------------------------------------------------------------

# A text of some size, so that it takes several messages.
for file in README.md LICENSE examples/*.tcl include/opensspi/*.h; do cat "$file"; done >"$work/letter"
mkdir "$work/server" "$work/client"

heading "A log-on between two processes over TCP, with default credentials: no account, no password, no set-up"
start default tclsh examples/ntlm_tcp.tcl server -clients 1 -save "$work/server"
if OPENSSPI_TRACE=$work/trace client -save "$work/client" -tamper 1 "$work/letter" >"$work/client.log" 2>&1; then
  good "the client was let in"
else
  bad "the client was not let in"
fi
wait "${children[-1]}" || bad "the server ended with an error"
legs "$work/trace" | tell
printf '\n  %sthe server says%s\n' "$dim" "$plain"
server_says default | tell
printf '  %sthe client says%s\n' "$dim" "$plain"
tell <"$work/client.log" | tell
expect "the server authenticated this user" grep -qF "\\$(id -un), vouched for by self" "$work/default.log"
expect "messages can be signed and encrypted, replays are detected" \
  grep -q 'features: confidentiality, integrity, replaydetect, sequencedetect' "$work/client.log"

# ---- 3. --------------------------------------------------------------------------------------------------------------

heading "The file: $(wc -c <"$work/letter") bytes, to the server and back, signed and then encrypted"
(cd "$work" && sha256sum letter server/received.sign client/returned.sign server/received.seal client/returned.seal) | tell
for copy in server/received.sign client/returned.sign server/received.seal client/returned.seal; do
  if [[ $(checksum "$work/$copy") == "$(checksum "$work/letter")" ]]; then good "$copy is the file"; else bad "$copy is not the file"; fi
done
if [[ $(grep -c 'refused.*has been altered' "$work/default.log") == 2 ]]; then
  good "a message with one bit changed was refused, signed and encrypted; the connection lived on"
else
  bad "a message with one bit changed was not refused"
fi

# ---- 4. --------------------------------------------------------------------------------------------------------------

heading "The same with an account and its password"
(
  umask 077
  printf '# DOMAIN:user:password\nEXAMPLE:alice:Correct Horse 7\n' >"$work/accounts"
  printf 'Correct Horse 7\n' >"$work/password"
  printf 'Wrong Horse 7\n' >"$work/wrong"
)
start explicit tclsh examples/ntlm_tcp.tcl server -clients 3 -accounts "plain:$work/accounts"
as_alice=(-user alice -domain EXAMPLE)
if client "${as_alice[@]}" -passwordfile "$work/password" "$work/letter" >"$work/client.log" 2>&1; then
  good "EXAMPLE\\alice with her password was let in"
else
  bad "EXAMPLE\\alice with her password was not let in"
fi
printf '  %sthe client says%s\n' "$dim" "$plain"
tell <"$work/client.log" | tell
if client "${as_alice[@]}" -passwordfile "$work/wrong" "$work/letter" >"$work/client.log" 2>&1; then
  bad "EXAMPLE\\alice with a wrong password was let in"
else
  good "EXAMPLE\\alice with a wrong password was not"
fi
if client "$work/letter" >"$work/client.log" 2>&1; then
  bad "default credentials were let in where only accounts are"
else
  good "nor were default credentials, where only accounts are"
fi
wait "${children[-1]}" || bad "the server ended with an error"
printf '  %sthe server says%s\n' "$dim" "$plain"
server_says explicit | sed "s,$work/,," | tell
expect "the server authenticated EXAMPLE\\alice" grep -qF 'logged on as EXAMPLE\alice' "$work/explicit.log"

# ---- 5. --------------------------------------------------------------------------------------------------------------

heading "A log-on over HTTP: curl --ntlm against examples/http_ntlm.tcl"
start http tclsh examples/http_ntlm.tcl "plain:$work/accounts"
fetch() {
  (umask 077 && printf 'user = "%s"\n' "$1" >"$work/curlrc")
  curl -sS --max-time 60 --ntlm -K "$work/curlrc" -o "$work/page" -w '%{http_code}' "http://127.0.0.1:$port/" 2>&1 || true
}
code=$(fetch 'EXAMPLE\\alice:Correct Horse 7')
page=$(cat "$work/page" 2>/dev/null || true)
if [[ $code == 200 && $page == *'EXAMPLE\alice'* ]]; then
  good "EXAMPLE\\alice with her password: $code, and the page says \"$page\""
else
  bad "EXAMPLE\\alice with her password: $code, and the page says \"$page\"; 200 and her name are due"
fi
code=$(fetch 'EXAMPLE\\alice:Wrong Horse 7')
if [[ $code == 401 ]]; then good "with a wrong password: 401"; else bad "with a wrong password: $code; 401 is due"; fi
code=$(fetch 'EXAMPLE\\mallory:Correct Horse 7')
if [[ $code == 401 ]]; then good "an unknown user: 401"; else bad "an unknown user: $code; 401 is due"; fi

# ---- 6. --------------------------------------------------------------------------------------------------------------

heading "Kerberos, in a realm of its own"
if OPENSSPI_BUILD=$build examples/demo_kerberos.sh >"$work/kerberos.log" 2>&1; then
  tell <"$work/kerberos.log"
  expect "alice logged on with her ticket" grep -q 'alice@OPENSSPI.TEST' "$work/kerberos.log"
else
  tell <"$work/kerberos.log"
  bad "the demonstration of Kerberos failed"
fi

# ---- 7. --------------------------------------------------------------------------------------------------------------

heading "A file over TLS 1.3, with certificates made on the spot"
if OPENSSPI_BUILD=$build examples/demo_tls.sh >"$work/tls.log" 2>&1; then
  tell <"$work/tls.log"
  good "verified, streamed; wrong trust and a wrong name refused"
else
  tell <"$work/tls.log"
  bad "the demonstration of TLS failed"
fi

finish
