#!/usr/bin/env bash
# ./dev refuses what it does not understand before it installs, builds or runs anything: a suite that is misspelt must
# not look like one that passed.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0

# run NAME STATUS REGULAR_EXPRESSION ARGUMENT...: the expression stands in what ./dev says.
run() {
  local name=$1 due=$2 expression=$3 status=0
  shift 3
  count=$((count + 1))
  timeout 60 "${DEV:-./dev}" "$@" >"$work/said" 2>&1 </dev/null || status=$?
  if ((status == due)) && grep -qE -- "$expression" "$work/said"; then
    echo "ok $count - $name"
  else
    echo "not ok $count - $name"
    { echo "exit status $status, due: $due, with: $expression"; cat "$work/said"; } | sed 's/^/#   /'
  fi
}

run 'help' 0 '^usage: \./dev COMMAND' --help
for command in build demo test bench fuzz format docs; do
  run "help of $command" 0 "^usage: \./dev $command" $command --help
done
run 'an unknown command' 1 "unknown command 'nonsense'" nonsense
run 'build: an unknown preset' 1 "release, debug, sanitizers, tsan or fuzz, not 'nonsense'" build --preset nonsense
run 'build: no preset' 1 "not ''" build --preset
run 'build: an unknown word' 1 "unknown argument 'nonsense'" build nonsense
run 'test: an unknown suite among known ones' 1 "no suite 'nonsense'" test format nonsense
run 'test: a pattern that fits no suite' 1 "no suite 'nonsense/\*'" test 'nonsense/*'
run 'test: a suite of the full run' 1 "no suite 'tidy'" test tidy
run 'test: the names' 0 '^interop/tls$' test --list
run 'test: the names of the full run' 0 '^tidy$' test --list --full
run 'bench: none named' 1 'which one\? There are: .*ntlm' bench
run 'bench: an unknown one' 1 "no benchmark 'nonsense'" bench nonsense
run 'fuzz: an unknown target' 1 "no target 'nonsense'" fuzz nonsense
run 'fuzz: no number of seconds' 1 "above 0, not ''" fuzz --seconds
run 'format: an unknown word' 1 "unknown argument 'nonsense'" format nonsense
run 'demo: an unknown word' 1 "unknown argument 'nonsense'" demo nonsense
run 'docs: an unknown word' 1 "unknown argument 'nonsense'" docs nonsense
mkdir "$work/a clone"
cp -r dev ci "$work/a clone"
DEV="$work/a clone/dev" run 'a path with a blank' 1 'a blank in it, ".*/a clone"' build
echo "1..$count"
