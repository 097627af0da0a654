# What tls_server.tcl and tls_client.tcl share: their words, and what they say of a connection.
package require twapi_crypto

# Words NAME=VALUE; those not given are as in defaults.
proc words {defaults} {
    set options $defaults
    foreach word $::argv {
        if {![regexp {^(\w+)=(.*)$} $word -> name value] || ![dict exists $defaults $name]} {
            puts stderr "$word: words are NAME=VALUE with a NAME of [dict keys $defaults]"
            exit 2
        }
        dict set options $name $value
    }
    return $options
}

# The certificate of a PEM file that has a private key, with the others of the file for its chain.
proc identity {path} {
    set store [twapi::cert_file_store_open $path -readonly 1 -existing 1]
    set certificate [twapi::cert_store_find_certificate $store has_private_key]
    if {$certificate eq ""} { error "$path has no private key for one of its certificates" }
    return $certificate
}

# Credentials by the words certs (paths), roots, protocols, key (a place) and default (0, 1 or nothing).
proc credentials {role options} {
    set words {}
    set certificates {}
    foreach path [dict get $options certs] {
        if {[dict get $options key] eq ""} {
            lappend certificates [identity $path]
            continue
        }
        set file [open $path rb]
        set certificate [twapi::cert_import [read $file]]
        close $file
        twapi::cert_set_key_prov $certificate -keycontainer [dict get $options key]
        lappend certificates $certificate
    }
    if {$certificates ne {}} { lappend words -certificates $certificates }
    if {[dict get $options roots] ne ""} {
        lappend words -rootstore [twapi::cert_file_store_open [dict get $options roots] -readonly 1 -existing 1]
    }
    lappend words -protocols [dict get $options protocols]
    if {[dict get $options default] ne ""} { lappend words -usedefaultclientcert [dict get $options default] }
    return [twapi::sspi_acquire_credentials -package tls -role $role \
        -credentials [twapi::sspi_schannel_credentials {*}$words]]
}

# Common name of the certificate that a command gives; - for none.
proc subject {command context} {
    if {[catch {$command $context} certificate]} { return - }
    set name [twapi::cert_subject_name $certificate]
    twapi::cert_release $certificate
    return $name
}

# A line: connected protocol=... suite=... resumed=... alpn=... peer=... own=...
proc report {chan} {
    set context [dict get [fconfigure $chan] -context]
    set info [dict merge {-alpn -} [twapi::sspi_context_info $context]]
    set said connected
    foreach key {protocol ciphersuite resumed alpn} { append said " $key=[dict get $info -$key]" }
    append said " peer=[subject twapi::sspi_remote_cert $context] own=[subject twapi::sspi_local_cert $context]"
    say $said
}

proc say {line} {
    puts $line
    flush stdout
}

proc bgerror {message} { say "error $message" }
