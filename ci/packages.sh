# The Debian packages that each task needs. Sourced by ./dev.

declare -A PACKAGES=(
  [build]="cmake ninja-build ccache g++ pkg-config nettle-dev libssl-dev libkrb5-dev libidn2-dev zlib1g-dev tcl
          tcl8.6-dev"
  [demo]="curl openssl python3 krb5-kdc krb5-admin-server krb5-user"
  [format]="clang-format-19"
  [fuzz]="clang-19 libclang-rt-19-dev llvm-19"
  [docs]="man-db groff-base"
  [bench]="libbenchmark-dev libwinpr2-dev gss-ntlmssp gss-ntlmssp-dev krb5-kdc krb5-admin-server krb5-user
          openssl tcl-tls"
  [test]="ca-certificates python3 binutils libgtest-dev libgmock-dev nlohmann-json3-dev g++-mingw-w64-x86-64-posix curl winbind libwbclient-dev
          krb5-user krb5-kdc krb5-admin-server postgresql apache2 libapache2-mod-auth-gssapi openssl valgrind util-linux
          samba-ad-dc samba-ad-provision iproute2
          tinyproxy-bin chromium fonts-dejavu-core
          tcl-thread gnutls-bin nginx-light libnss3-tools testssl.sh sslscan softhsm2 opensc libengine-pkcs11-openssl"
  [full]="clang-tidy-19"
)

PACKAGES_INSTALLED=

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# need_packages GROUP...: installs what is missing of these groups, and says so.
need_packages() {
  local group name missing=()
  if ! command -v dpkg-query >/dev/null; then return; fi # not Debian: CMake names what it does not find
  for group in "$@"; do
    for name in ${PACKAGES[$group]}; do
      if ! is_installed "$name"; then missing+=("$name"); fi
    done
  done
  if ((${#missing[@]} == 0)); then return; fi
  install_packages "${missing[@]}"
}

# RUNLEVEL=1 keeps Debian's scripts from starting the services that come with a package. Another apt or dpkg is waited
# for, and a mirror that cannot be reached is tried anew.
install_packages() {
  local log=build/logs/apt.log as_root=() try
  local apt=(apt-get -q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=5)
  mkdir -p build/logs
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "these packages are missing and neither root nor sudo is there to install them: $*"
    as_root=(sudo)
  fi
  as_root+=(env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive)
  say "installing ${#} Debian packages: $*"
  : >"$log"
  for try in 1 2 3 4; do
    if [[ -z $PACKAGES_INSTALLED ]] || ((try > 1)); then
      "${as_root[@]}" "${apt[@]}" update >>"$log" 2>&1 </dev/null ||
        say "apt-get update did not succeed (log: $log); trying with the lists at hand"
    fi
    if "${as_root[@]}" "${apt[@]}" install -y --no-install-recommends "$@" >>"$log" 2>&1 </dev/null; then
      PACKAGES_INSTALLED=yes
      return
    fi
    if ((try < 4)); then
      say "apt-get could not install them; trying again in $((try * 20)) s"
      sleep $((try * 20))
    fi
  done
  show_log_end "$log" 15
  die "apt-get could not install: $*"
}
