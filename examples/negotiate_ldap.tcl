#!/usr/bin/env tclsh
# Asks an Active Directory for entries over a connection that SASL GSS-SPNEGO logs on, signs and encrypts, with the
# package Negotiate: Kerberos inside where it can be had, else NTLM.
#
#   tclsh negotiate_ldap.tcl ?-host HOST? ?-port PORT? ?-service SPN? ?-user NAME -domain DOMAIN -passwordfile FILE?
#                            ?-layer none|sign|seal? ?-tls CERTIFICATES? BASE FILTER-ATTRIBUTE FILTER-VALUE ?ATTRIBUTE...?
#
# Without -user the log-on is that of the process (kinit). -tls: LDAP over TLS, with a PEM file of whom to trust; the
# log-on is bound to that channel, which protects what follows, so that -layer is none: a server refuses a layer inside of
# TLS, and Kerberos agrees on one unless -nointegrity says that none is wanted. Prints a line "# package" with
# what Negotiate chose and the layer in force, one "# why not another" where it had to choose, and "attribute: value" lines of what it finds.
# For example: negotiate_ldap.tcl -host dc1.example.test -user alice -domain EXAMPLE -passwordfile secret \
#                  DC=example,DC=test sAMAccountName alice memberOf

source [file join [file dirname [file normalize [info script]]] ldap_sasl.tcl]

set words [command_line options $argv]

or_explain {
    lassign [connect $options(-host) $options(-port) $options(-tls)] channel bindings
    set ldap [LdapConnection new $channel]
    set credential [credential_of Negotiate $options(-user) $options(-domain) $options(-passwordfile)]
    # Unlike with GSSAPI, the layer is what the log-on agrees on: nothing is asked for that is not wanted.
    set context [twapi::sspi_client_context $credential -target $options(-service) -mutualauth 1 {*}$bindings \
        -integrity [expr {$options(-layer) ne "none"}] -confidentiality [expr {$options(-layer) eq "seal"}] \
        -nointegrity [expr {$options(-layer) eq "none"}]]
    try {
        set layer [$ldap log_on GSS-SPNEGO $context $options(-layer)]
        set info [twapi::sspi_context_info $context]
        puts "# package: [dict get $info -package], layer: $layer"
        if {[dict get $info -fallback] ne ""} { puts "# why not another: [dict get $info -fallback]" }
        set wanted [lassign $words base attribute value]
        show_entries [$ldap search $base $attribute $value $wanted]
    } finally {
        $ldap destroy
        twapi::sspi_delete_context $context
        twapi::sspi_free_credentials $credential
    }
}
