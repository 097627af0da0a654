# The server's end of HTTPS: its certificate, and what a log-on is bound to.

package require twapi_crypto

namespace eval tls {}

# A credential for the server's end of TLS. file: a PFX (PKCS#12) with certificate and private key, and its password; ""
# has a certificate made on the spot for these names, whose PEM is written to `export`, if that is not "", for clients
# to trust.
proc tls::credential {file password names export} {
    set certificate [expr {$file eq "" ? [make $names] : [load_pfx $file $password]}]
    if {$export ne ""} { write $export [twapi::cert_export $certificate -encoding pem] }
    set credential [twapi::sspi_acquire_credentials -package tls -role server \
        -credentials [twapi::sspi_schannel_credentials -certificates [list $certificate]]]
    twapi::cert_release $certificate
    return $credential
}

proc tls::make {names} {
    set alternatives {}
    foreach name $names {
        set is_address [regexp {^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$} $name]
        lappend alternatives {*}[expr {$is_address ? [list ip [binary format c4 [split $name .]]] : [list dns $name]}]
    }
    return [twapi::cert_create_self_signed "CN=[lindex $names 0]" -purpose server -altnames [list $alternatives]]
}

proc tls::load_pfx {file password} {
    set in [open $file rb]
    set content [read $in]
    close $in
    set store [twapi::cert_temporary_store -pfx $content -password [twapi::conceal $password]]
    try {
        set certificate [twapi::cert_store_find_certificate $store has_private_key]
        if {$certificate eq ""} { error "$file has no certificate with a private key" }
        return [twapi::cert_duplicate $certificate]
    } finally {
        if {[info exists certificate] && $certificate ne ""} { twapi::cert_release $certificate }
        twapi::cert_store_release $store
    }
}

proc tls::write {file content} {
    set out [open $file w]
    puts -nonewline $out $content
    close $out
}

# Options of sspi_server_context for a log-on inside this channel.
proc tls::bindings {channel policy} {
    if {$policy eq "off"} { return {} }
    set info [twapi::sspi_context_info [chan configure $channel -context]]
    if {[dict exists $info -endpointbindings]} {
        return [list -channelbindings [dict get $info -endpointbindings] -bindingpolicy $policy]
    }
    # RFC 5929 leaves undefined what a certificate signed with Ed25519 is bound by.
    if {$policy eq "require"} { error "nothing can be bound to this kind of certificate, and -bindings is require" }
    return {}
}

# How the channel is protected, in words.
proc tls::cipher {channel} {
    set info [twapi::sspi_context_info [chan configure $channel -context]]
    set words TLS
    foreach key {-encryptionalgorithm} { if {[dict exists $info $key]} { append words ", [dict get $info $key]" } }
    if {[dict exists $info -keybits]} { append words " with [dict get $info -keybits] bits" }
    return $words
}
