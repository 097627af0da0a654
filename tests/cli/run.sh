#!/usr/bin/env bash
# The tool `sspi`: what it prints, what it refuses, and two of it that log on to each other through pipes.
set -uo pipefail
cd "$(dirname "$0")/../.."
build=$(cd "${OPENSSPI_BUILD:-build/release}" && pwd)
sspi=$build/bin/sspi
export OPENSSPI_ACCOUNTS=self
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkfifo "$work/to_client"
count=0

report() { # NAME FAULT
  count=$((count + 1))
  if [[ -z $2 ]]; then
    echo "ok $count - $1"
  else
    echo "not ok $count - $1"
    { echo "$2"; cat "$work/out" "$work/err"; } | sed 's/^/#   /'
  fi
}

# run NAME STATUS REGULAR_EXPRESSION COMMAND...: the expression stands in what is said.
run() {
  local name=$1 wanted=$2 expression=$3 status=0 fault=
  shift 3
  timeout 120 "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
  if ((status != wanted)); then fault="exit status $status, due: $wanted"; fi
  if ! grep -qE -- "$expression" "$work/out" "$work/err"; then fault="missing: $expression"; fi
  report "$name" "$fault"
}

run 'help lists the commands' 0 '^  server +the server' "$sspi" --help
run 'no command is wrong usage' 2 '^usage: sspi COMMAND' "$sspi"
run 'an unknown command is named' 2 "no command 'nonsense'" "$sspi" nonsense
for command in packages status client server; do
  run "$command --help" 0 "^usage: sspi $command" "$sspi" $command --help
done
run 'help of a command' 0 '^usage: sspi status' "$sspi" help status
run 'help of an unknown command' 2 "no command 'nonsense'" "$sspi" help nonsense
run 'status --all beside a name' 2 '--all stands alone' "$sspi" status --all SEC_E_OK
run 'packages has NTLM' 0 '^NTLM +10 +2888 +NTLM Security Package$' "$sspi" packages
run 'packages shows capabilities' 0 '^  integrity privacy tokenonly connection' "$sspi" packages
line='^SEC_E_LOGON_DENIED +-2146893044  0x8009030C  The logon attempt failed$'
for form in SEC_E_LOGON_DENIED sec_e_logon_denied LOGON_DENIED 0x8009030C 0x8009030c 8009030C -2146893044 2148074252; do
  run "status $form" 0 "$line" "$sspi" status $form
done
run 'status 0' 0 '^SEC_E_OK +0  0x00000000 ' "$sspi" status 0
run 'a number without a name' 1 '^\(unknown\) +1234567  0x0012D687 ' "$sspi" status 1234567
run 'a bare name of two families: the error' 0 '^SEC_E_INCOMPLETE_CREDENTIALS ' "$sspi" status incomplete_credentials
run 'a bare name of two families: the news' 0 '^SEC_I_INCOMPLETE_CREDENTIALS ' "$sspi" status incomplete_credentials
run 'no status at all' 2 "'nonsense' is neither" "$sspi" status nonsense
run 'a number of more than 32 bits' 2 'is neither' "$sspi" status 0x1000000000
run 'status --all' 0 "$line" "$sspi" status --all

run 'an unknown option' 2 "unknown option or word '--nonsense'" "$sspi" client --nonsense
run 'a password on the command line is no option' 2 "unknown option or word '--password" "$sspi" client --password=x
run 'an option without its value' 2 '--user needs a value: NAME' "$sspi" client --user
run 'an option with a value that it has not' 2 '--seal takes no value' "$sspi" client --seal=1
run 'an option given twice' 2 '--sign is given twice' "$sspi" client --sign --sign
run 'a user without a password file' 2 '--user needs --password-file' "$sspi" client --user bob
run 'a password without a user' 2 'need --user' "$sspi" client --password-file /dev/null
run 'bindings that are no base64' 2 'not base64' "$sspi" client --bindings '*'
run 'an unknown package' 1 'SEC_E_SECPKG_NOT_FOUND' "$sspi" client --package Nonsense
run 'an unknown account source' 1 'there are smbpasswd:PATH' "$sspi" server --accounts nonsense
run 'the input ends early' 1 'The input ended before the log-on did' "$sspi" client

(umask 077 && printf 'EXAMPLE:bob:Geheim 1\n' >"$work/accounts" && printf 'Geheim 1\nmore\n' >"$work/password" &&
  printf 'wrong\n' >"$work/wrong")
cp "$work/password" "$work/open" && chmod 644 "$work/open"
run 'a password file that others may read' 1 'open to its group or to others' \
  "$sspi" client --user bob --domain EXAMPLE --password-file "$work/open"
run 'a password file that is not there' 1 'cannot be read: No such file' "$sspi" client --user bob --password-file "$work/nothing"
run 'an empty password file' 1 'is empty' "$sspi" client --user bob --password-file /dev/null

# log_on CLIENT_OPTIONS -- SERVER_OPTIONS: sets $client_status and $server_status; what they say is in $work/out and err.
log_on() {
  local client_options=() client
  while [[ $1 != -- ]]; do client_options+=("$1"); shift; done
  shift
  timeout 120 "$sspi" client --bare "${client_options[@]}" <"$work/to_client" >"$work/to_server" 2>"$work/out" &
  client=$!
  # The client's tokens through a file that grows: the server ends with the input that it needs, not with a pipe's end.
  timeout 120 "$sspi" server --bare "$@" < <(tail -n +1 -f --pid=$client "$work/to_server" 2>/dev/null) \
    >"$work/to_client" 2>"$work/err"
  server_status=$?
  wait $client
  client_status=$?
}

# ends NAME CLIENT_STATUS SERVER_STATUS FILE REGULAR_EXPRESSION
ends() {
  local fault=
  if [[ $client_status != "$2" ]]; then fault="the client's exit status is $client_status, due: $2"; fi
  if [[ $server_status != "$3" ]]; then fault="the server's exit status is $server_status, due: $3"; fi
  if ! grep -qE -- "$5" "$work/$4"; then fault="missing: $5"; fi
  report "$1" "$fault"
}

: >"$work/to_server"
log_on --seal --
ends 'default credentials' 0 0 err "^user: +.*\\\\$(id -un)\$"
ends 'the source that vouched' 0 0 err '^source: +self$'
ends 'the flags' 0 0 out '^flags: +0x0001001C replay-detect sequence-detect confidentiality integrity$'
ends 'the sizes' 0 0 out '^sizes: +token at most 2888, signature 16, trailer 16, block 0 bytes$'

: >"$work/to_server"
log_on --user 'EXAMPLE\bob' --password-file "$work/password" --target HTTP/localhost -- --accounts "plain:$work/accounts"
ends 'an account' 0 0 err '^user: +EXAMPLE\\bob$'
ends 'the target' 0 0 err '^target: +HTTP/localhost$'
ends 'no protection was asked for' 0 0 err '^flags: .* none$'

: >"$work/to_server"
log_on --user 'EXAMPLE\bob' --password-file "$work/password" --target $'HTTP/\e[31mx\nuser:     root' -- \
  --accounts "plain:$work/accounts"
ends 'a target that would begin a line of its own' 0 0 err '^target: +HTTP/\\x1b\[31mx\\x0auser: +root$'

: >"$work/to_server"
log_on --user bob --domain EXAMPLE --password-file "$work/wrong" -- --accounts "plain:$work/accounts"
ends 'a wrong password' 0 1 err '^failed: +SEC_E_LOGON_DENIED \(-2146893044, 0x8009030C\): The logon attempt failed$'
ends 'and why' 0 1 err '^reason: +"EXAMPLE\\bob": the response does not fit the account'
: >"$work/to_server"
log_on --user nobody --domain EXAMPLE --password-file "$work/password" -- --accounts "plain:$work/accounts"
ends 'an unknown user' 0 1 err '^reason: +"EXAMPLE\\nobody": plain:.* has no such account$'
: >"$work/to_server"
log_on --user bob --domain EXAMPLE --password-file "$work/password" --
ends 'a server without a source' 0 1 err '^reason: .*without an account source only ".*", as whom this process runs'

: >"$work/to_server"
log_on --anonymous -- --accounts "plain:$work/accounts"
ends 'nobody is refused' 0 1 err '^reason: .*ASC_REQ_ALLOW_NULL_SESSION'
: >"$work/to_server"
log_on --anonymous -- --accounts "plain:$work/accounts" --allow-anonymous
ends 'nobody is let in where that is wanted' 0 0 err '^identity: anonymous'

bindings=$(printf 'tls-server-end-point:0123456789abcdef' | base64 -w0)
: >"$work/to_server"
log_on --user bob --domain EXAMPLE --password-file "$work/password" --bindings "$bindings" -- \
  --accounts "plain:$work/accounts" --bindings "$bindings"
ends 'the same channel' 0 0 err '^user: +EXAMPLE\\bob$'
: >"$work/to_server"
log_on --user bob --domain EXAMPLE --password-file "$work/password" -- \
  --accounts "plain:$work/accounts" --bindings "$bindings"
ends 'no channel where one is required' 0 1 err 'SEC_E_BAD_BINDINGS'
: >"$work/to_server"
log_on --user bob --domain EXAMPLE --password-file "$work/password" -- \
  --accounts "plain:$work/accounts" --bindings "$bindings" --allow-missing-bindings
ends 'no channel where that is tolerated' 0 0 err '^user: +EXAMPLE\\bob$'

: >"$work/to_server"
log_on --user bob --domain EXAMPLE --password-file "$work/password" --trace -- --accounts "plain:$work/accounts" --trace
ends 'the trace shows the messages' 0 0 err 'received [0-9]+ bytes: AUTHENTICATE_MESSAGE .*user "bob"'
if grep -q 'Geheim' "$work/out" "$work/err"; then report 'the trace has no password' 'it has'; else report 'the trace has no password' ''; fi
if grep -qvE '^token [A-Za-z0-9+/]+=*$' "$work/to_server"; then fault='other lines'; else fault=; fi
report '--bare leaves only tokens on standard output' "$fault"

# What the configuration and its variables forbid, and what is wrong with them.
run 'NTLM is disabled' 1 'NTLM is not offered: the configuration disables it \(disabled in \[ntlm\], or OPENSSPI_NTLM_DISABLED\)' \
  env OPENSSPI_NTLM_DISABLED=1 "$sspi" client
run 'FIPS mode' 1 'NTLM is not offered: the host is in FIPS mode' env OPENSSPI_FIPS=1 "$sspi" server
run 'no package is left' 1 'none can be used\. Kerberos: .*; NTLM: the configuration disables it' \
  env KRB5CCNAME=FILE:/nowhere OPENSSPI_NTLM_DISABLED=1 "$sspi" client --package Negotiate --target HTTP/localhost
configured() { # NAME REGULAR_EXPRESSION LINE...
  printf '%s\n' "${@:3}" >"$work/opensspi.conf"
  run "$1" 1 "$2" env OPENSSPI_CONFIG="$work/opensspi.conf" "$sspi" client
}
configured 'an unknown name in the configuration' 'opensspi.conf: line 2: \[ntlm\] has no "account"; it has accounts, ' \
  '[ntlm]' 'account = self'
configured 'a wrong value in the configuration' 'line 2: require_mic: "true" is neither yes nor no' '[ntlm]' 'require_mic = true'
chmod 666 "$work/opensspi.conf"
configured 'a configuration that others may write' 'may be written by its group or by others; .*chmod go-w'
run 'a configuration that is not there' 1 '"/nowhere" cannot be opened' env OPENSSPI_CONFIG=/nowhere "$sspi" client
run 'a wrong variable' 1 'OPENSSPI_REQUIRE_MIC: "yes" is neither 1 nor 0' env OPENSSPI_REQUIRE_MIC=yes "$sspi" client
printf 'EXAMPLE:bob\n' >"$work/cut"
run 'a bad line in a file of accounts' 1 '"/.*/cut" line 1: is not DOMAIN:user:password' \
  "$sspi" server --accounts "plain:$work/cut"
# A client of its own user that another computer challenges.
challenge=$("$sspi" client --bare </dev/null 2>/dev/null |
  OPENSSPI_NETBIOS_NAME=ELSEWHERE "$sspi" server --bare 2>/dev/null)
run 'default credentials for another computer' 1 'the server names itself "ELSEWHERE", not ".*give user, domain and password' \
  bash -c "echo '$challenge' | '$sspi' client"

run 'no token' 1 'The input ended' bash -c "echo 'hello, world' | '$sspi' server"
run 'a token that is none' 1 'SEC_E_INVALID_TOKEN' bash -c "echo aGVsbG8= | '$sspi' server"
echo "1..$count"
