#!/usr/bin/env bash
# What libopensspi.so exports, and what it is linked with.
set -euo pipefail
cd "$(dirname "$0")/../.."
library=${OPENSSPI_BUILD:-build/release}/lib/libopensspi.so
count=0

# result NAME TEXT: a failure where there is a text.
result() {
  count=$((count + 1))
  if [[ -z $2 ]]; then
    echo "ok $count - $1"
  else
    echo "not ok $count - $1"
    sed 's/^/#   /' <<<"$2"
  fi
}

declared=$(grep -ohE 'OPENSSPI_BOUND\([A-Z][A-Za-z]+\)' include/opensspi/*.h | sed -E 's/.*\((.*)\)/\1/' | sort -u)
expected=$(sed -E 's/.*/&\nossp_&/' <<<"$declared" | sort)
exported=$(nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort)
result "$(wc -l <<<"$declared") functions are exported under both names, and nothing else is" \
  "$(diff <(echo "$expected") <(echo "$exported") | sed -n 's/^</missing:/p; s/^>/not declared in a public header:/p')"

# Both names of a function are one address.
addresses=$(nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3, $1 }')
result "both names are the same function" \
  "$(awk '{ at[$1] = $2 } END { for (n in at) if (n !~ /^ossp_/ && at["ossp_" n] != at[n]) print n }' <<<"$addresses")"

dynamic=$(readelf -dW "$library")
segments=$(readelf -lW "$library")
result "it binds to itself (SYMBOLIC)" "$(grep -q 'SYMBOLIC' <<<"$dynamic" || echo 'no SYMBOLIC flag')"
result "its soname is libopensspi.so.0" "$(grep -q 'SONAME.*\[libopensspi\.so\.0\]' <<<"$dynamic" || grep SONAME <<<"$dynamic")"
result "relocations are read-only after start" \
  "$( (grep -q 'BIND_NOW\|FLAGS.*NOW' <<<"$dynamic" && grep -q GNU_RELRO <<<"$segments") || echo 'not full RELRO')"
result "the stack is not executable" "$(awk '/GNU_STACK/ && $0 ~ /RWE/ { print }' <<<"$segments")"
result "it needs no other SSPI and no peer of the tests" "$(grep -E 'NEEDED.*(winpr|ntlmssp|wbclient)' <<<"$dynamic" || true)"

# A process that loaded libwinpr first: our calls still reach us, since they are bound by the names ossp_*.
undefined=$(nm -D --undefined-only "${OPENSSPI_BUILD:-build/release}"/tcl/*.so "${OPENSSPI_BUILD:-build/release}/bin/sspi" 2>/dev/null |
  awk '{ sub(/@.*/, "", $NF); print $NF }' | sort -u)
result "the Tcl package and the tool call ossp_ names only" "$(comm -12 <(echo "$declared") <(echo "$undefined"))"
echo "1..$count"
