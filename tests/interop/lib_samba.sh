# Sourced. A throw-away Active Directory of Samba, and a member of it, where nothing outside can see or be seen.
#
#   enter_world "$@"    starts the script again as root in namespaces of its own (mounts, network, processes): what is
#                       written to /etc, /run, /var/lib/samba and the like is in memory, what listens is on a loopback
#                       that nobody else has, and everything ends with the script. Skips the suite where that cannot be.
#   start_dc            the domain controller dc1.example.test, 127.0.0.2, of EXAMPLE.TEST (EXAMPLE), with the accounts
#                       of samba_accounts.py, on the usual ports
#   start_member        member1.example.test, 127.0.0.3, with winbindd and a keytab, in a mount namespace of its own
#   on_member COMMAND   runs COMMAND there
#
# Needs root or sudo, and the packages samba, samba-ad-dc, samba-ad-provision, winbind, iproute2.
samba_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=$PATH:/usr/sbin:/sbin

skip_suite() {
  echo "ok 1 - the whole suite # SKIP $1"
  echo 1..1
  exit 0
}

enter_world() {
  if [[ -n ${OPENSSPI_SAMBA_WORLD:-} ]]; then
    furnish_world
    return
  fi
  local tool folder status=0 as_root=() own=(unshare --mount --net --uts --pid --fork --mount-proc --kill-child)
  for tool in samba samba-tool winbindd wbinfo net ip unshare nsenter python3 openssl; do
    command -v "$tool" >/dev/null || skip_suite "$tool is not installed"
  done
  [[ -d /usr/share/samba/setup ]] || skip_suite "the package samba-ad-provision is not installed"
  if ((EUID != 0)); then as_root=(sudo -n); fi
  "${as_root[@]}" "${own[@]}" true 2>/dev/null || skip_suite "namespaces of one's own take root or sudo, and CAP_SYS_ADMIN"
  folder=$(mktemp -d /tmp/opensspi-samba-XXXXXX) # every user can get there, and sockets want short paths
  "${as_root[@]}" "${own[@]}" env OPENSSPI_SAMBA_WORLD="$folder" \
    OPENSSPI_BUILD="${OPENSSPI_BUILD:-$(realpath "$samba_here/../../build/release")}" bash "$0" "$@" || status=$?
  rmdir "$folder" || true
  exit "$status"
}

# In memory from here on; a copy of /etc, since a mount over one file of it is lost when that file is replaced outside.
furnish_world() {
  world=$OPENSSPI_SAMBA_WORLD
  umask 022
  mount -t tmpfs -o mode=755 world "$world"
  cp -a /etc "$world/etc"
  mount --bind "$world/etc" /etc
  own_samba_folders
  rm -f /etc/samba/smb.conf
  hostname dc1
  ip link set lo up
  printf '%s\n' '127.0.0.1 localhost' '127.0.0.2 dc1.example.test dc1' '127.0.0.3 member1.example.test member1' >/etc/hosts
  printf '%s\n' 'search example.test' 'nameserver 127.0.0.2' >/etc/resolv.conf
  cat >/etc/krb5.conf <<'TEXT'
[libdefaults]
  default_realm = EXAMPLE.TEST
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
[realms]
  EXAMPLE.TEST = {
    kdc = 127.0.0.2
    admin_server = 127.0.0.2
  }
[domain_realm]
  .example.test = EXAMPLE.TEST
TEXT
}

own_samba_folders() {
  local folder
  mount -t tmpfs -o mode=755 run /run
  mkdir -p /run/samba
  for folder in /var/lib/samba /var/cache/samba /var/log/samba; do
    mount -t tmpfs -o mode=755 samba "$folder"
  done
  mkdir /var/lib/samba/private
}

# quietly NAME COMMAND...: its output is shown only where it fails.
quietly() {
  local log=$world/$1.log
  shift
  if ! "$@" >"$log" 2>&1; then
    echo "not ok - $*"
    tail -30 "$log" | sed 's/^/# /'
    exit 1
  fi
}

wait_until() {  # WHAT COMMAND...
  local what=$1 try
  shift
  for try in $(seq 300); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.2
  done
  echo "not ok - $what after $((try / 5)) s"
  tail -n 20 "$world"/*.log | sed 's/^/# /'
  exit 1
}

listens() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

start_dc() {
  # The empty forwarder: provisioning would take the name server of this machine.
  quietly provision samba-tool domain provision --realm=EXAMPLE.TEST --domain=EXAMPLE --server-role=dc \
    --dns-backend=SAMBA_INTERNAL --host-name=dc1 --host-ip=127.0.0.2 --adminpass=Passw0rd! \
    --option="interfaces=127.0.0.2/8" --option="bind interfaces only=yes" --option="dns forwarder="
  # NTLMv1 is, so that our own refusal of it is what a test sees; and SASL over TLS, so that a log-on bound to the TLS channel can be tried; in the clear it must sign.
  sed -i '/^\[global\]/a\
	server services = -dnsupdate -nbt -kcc -ntp_signd -wrepl\
	prefork children = 1\
	disable netbios = yes\
	load printers = no\
	disable spoolss = yes\
	ntlm auth = ntlmv1-permitted\
	ldap server require strong auth = allow_sasl_over_tls\
	tls keyfile = tls/dc.key\
	tls certfile = tls/dc.pem\
	tls cafile = tls/dc.pem' /etc/samba/smb.conf
  mkdir -p -m 700 /var/lib/samba/private/tls
  self_signed /var/lib/samba/private/tls/dc dc1.example.test
  cp /var/lib/samba/private/tls/dc.pem "$world/dc.pem"
  quietly accounts /usr/bin/python3 -I -B "$samba_here/samba_accounts.py" "$world"
  setsid samba --foreground --no-process-group --debug-stdout </dev/null >"$world/samba.log" 2>&1 &
  dc=$!
  local port
  for port in 88 389 445 636; do wait_until "nothing listens on 127.0.0.2:$port" listens 127.0.0.2 "$port"; done
}

self_signed() {  # FILE NAME: FILE.pem and its key FILE.key
  quietly certificate openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$2" \
    -addext "subjectAltName=DNS:$2" -keyout "$1.key" -out "$1.pem"
}

# Its files of Samba are its own; the rest it shares with the domain controller.
start_member() {
  mkdir "$world/member"
  cat >"$world/member.conf" <<TEXT
[global]
  workgroup = EXAMPLE
  realm = EXAMPLE.TEST
  security = ads
  netbios name = MEMBER1
  interfaces = 127.0.0.3/8
  bind interfaces only = yes
  disable netbios = yes
  idmap config * : backend = tdb
  idmap config * : range = 100000-199999
  kerberos method = secrets and keytab
TEXT
  unshare --mount bash -c '
    set -euo pipefail
    . "$1/lib_samba.sh"
    own_samba_folders
    cp "$2/member.conf" /etc/samba/member.conf
    mount --bind /etc/samba/member.conf /etc/samba/smb.conf
    : >"$2/member/ready"
    exec sleep infinity' member "$samba_here" "$world" </dev/null >"$world/member.log" 2>&1 &
  member=$!
  wait_until "the member's namespace is not there" test -e "$world/member/ready"
  quietly join on_member env KRB5CCNAME=MEMORY: net ads join --no-dns-updates -U Administrator%Passw0rd!
  start_winbindd
}

start_winbindd() {
  setsid nsenter --target "$member" --mount --root winbindd --foreground --no-process-group --debug-stdout </dev/null \
    >"$world/winbindd.log" 2>&1 &
  winbindd=$!
  wait_until "winbindd does not reach the domain" on_member wbinfo --check-secret
  # As the package of Debian leaves it, so that the group may use the pipe.
  on_member chgrp winbindd_priv /var/lib/samba/winbindd_privileged
}

on_member() { nsenter --target "$member" --mount --root --wd="$PWD" "$@"; }
