# Sourced by suites that need a KDC: with_kdc TITLE [TOOL...] starts one (kdc.sh) in a folder of its own and sets its
# environment, `folder` and `here`. Everything goes away at the end. A suite whose tools are missing here is skipped.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=$PATH:/usr/sbin:/sbin

# until_gone PID: waits for the end of a process that may be anybody's child.
until_gone() {
  local state
  for _ in $(seq 600); do
    state=$(sed 's/^.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) || return 0
    if [[ $state == [ZX] ]]; then return 0; fi
    sleep 0.1
  done
}

end_of_kdc() {
  "$here/kdc.sh" stop "$folder/kdc"
  rm -rf "$folder"
}

with_kdc() {
  local title=$1 tool
  shift
  for tool in krb5kdc kadmin.local kinit "$@"; do
    if command -v "$tool" >/dev/null; then continue; fi
    echo "ok 1 - $title # SKIP $tool is not installed"
    echo 1..1
    exit 0
  done
  folder=$(mktemp -d "${TMPDIR:-/tmp}/opensspi-kdc-XXXXXX")
  trap end_of_kdc EXIT
  "$here/kdc.sh" start "$folder/kdc"
  # shellcheck source=/dev/null
  . "$folder/kdc/env"
}
