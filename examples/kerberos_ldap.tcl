#!/usr/bin/env tclsh
# Asks an Active Directory (or another LDAP server) for entries over a connection that SASL GSSAPI logs on, signs and
# encrypts (RFC 4752), with the package Kerberos.
#
#   tclsh kerberos_ldap.tcl ?-host HOST? ?-port PORT? ?-service SPN? ?-user NAME -domain REALM -passwordfile FILE?
#                           ?-layer none|sign|seal? ?-tls CERTIFICATES? BASE FILTER-ATTRIBUTE FILTER-VALUE ?ATTRIBUTE...?
#
# Without -user the tickets are those of the process (kinit). -tls: LDAP over TLS, with a PEM file of whom to trust; the
# log-on is bound to that channel, which protects what follows, so that -layer is none. Prints "attribute: value" lines of what it finds.
# For example: kerberos_ldap.tcl -host dc1.example.test DC=example,DC=test sAMAccountName alice memberOf objectSid

source [file join [file dirname [file normalize [info script]]] ldap_sasl.tcl]

set words [command_line options $argv]

or_explain {
    set credential [credential_of Kerberos $options(-user) $options(-domain) $options(-passwordfile)]
    lassign [connect $options(-host) $options(-port) $options(-tls)] channel bindings
    set ldap [LdapConnection new $channel]
    # What is not asked for, the server does not grant: Active Directory refuses a layer beside the flags of the log-on.
    set context [twapi::sspi_client_context $credential -target $options(-service) -mutualauth 1 -sequencedetect 1 \
        {*}$bindings -integrity 1 -confidentiality [expr {$options(-layer) eq "seal"}]]
    try {
        $ldap log_on GSSAPI $context $options(-layer)
        set wanted [lassign $words base attribute value]
        show_entries [$ldap search $base $attribute $value $wanted]
    } finally {
        $ldap destroy
        twapi::sspi_delete_context $context
        twapi::sspi_free_credentials $credential
    }
}
