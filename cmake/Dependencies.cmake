# What the library itself needs. The reason of each stands in CONTRIBUTING.md.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto SSL)
find_package(ZLIB REQUIRED)
pkg_check_modules(NETTLE REQUIRED IMPORTED_TARGET nettle)
# MIT krb5 for the package Kerberos.
pkg_check_modules(KRB5 REQUIRED IMPORTED_TARGET krb5-gssapi krb5)
pkg_check_modules(IDN2 REQUIRED IMPORTED_TARGET libidn2)
