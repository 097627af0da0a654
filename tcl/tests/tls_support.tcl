# What the tests of certificates, TLS contexts and channels share: certificates made on the spot, and credentials.
# CA -> SERVER, CLIENT; the CA is known by nobody else.
namespace eval pki {
    namespace path ::twapi
    proc make {} {
        variable ca [cert_create_self_signed "CN=opensspi test CA" -purpose ca]
        variable server [cert_create "CN=server.test, O=opensspi" "" $ca -purpose server \
            -altnames {{dns server.test dns localhost ip \x7f\x00\x00\x01}}]
        variable client [cert_create "CN=client.test, O=opensspi" "" $ca -purpose client]
        variable roots [cert_temporary_store]
        cert_release [cert_store_add_certificate $roots $ca]
        variable servercred [acquire server -certificates [list $server]]
        variable clientcred [acquire client -rootstore $roots]
    }
    proc acquire {role args} {
        return [sspi_acquire_credentials -package tls -role $role -credentials [sspi_schannel_credentials {*}$args]]
    }
    proc unmake {} {
        variable ca; variable server; variable client; variable roots; variable servercred; variable clientcred
        sspi_free_credentials $servercred
        sspi_free_credentials $clientcred
        cert_store_release $roots
        foreach certificate [list $ca $server $client] { cert_release $certificate }
        foreach name {server.pem server.pfx client.pem client.pfx openssl.pfx both.p7 stream} {
            file delete [file join $::scratch $name]
        }
    }
    # PEM of a certificate beside its private key, as openssl takes them.
    proc write_pem {name certificate} {
        set store [cert_temporary_store]
        cert_release [cert_store_add_certificate $store $certificate]
        set pfx [cert_store_export_pfx $store [conceal secret] -exportprivatekeys 1]
        cert_store_release $store
        set file [file join $::scratch $name]
        set out [open $file.pfx wb]
        puts -nonewline $out $pfx
        close $out
        exec openssl pkcs12 -in $file.pfx -passin pass:secret -nodes -out $file.pem 2>@1
        return $file.pem
    }
}

# A conversation of two contexts in this interpreter until nothing is left to say: {CLIENT SERVER}.
proc tls_pair {args} {
    set options [dict merge [list -client {-target server.test -stream 1} -server {-stream 1} \
        -clientcred $::pki::clientcred -servercred $::pki::servercred] $args]
    set client [twapi::sspi_client_context [dict get $options -clientcred] {*}[dict get $options -client]]
    try {
        set server [twapi::sspi_server_context [dict get $options -servercred] [lindex [twapi::sspi_step $client] 1] \
            {*}[dict get $options -server]]
        set token [lindex [twapi::sspi_step $server] 1]
        set state continue
        while {$token ne "" && $state ne "done"} {
            lassign [twapi::sspi_step $client $token] state token
            if {$token ne ""} { set token [lindex [twapi::sspi_step $server $token] 1] }
        }
        # What a server says behind its last step (tickets) stands before its first data.
        if {$token ne ""} { twapi::sspi_decrypt_stream $client $token }
        return [list $client $server]
    } on error {message details} {
        twapi::sspi_delete_context $client
        if {[info exists server]} { twapi::sspi_delete_context $server }
        return -options $details $message
    }
}
proc with_tls_pair {options script} { tailcall with_pair_of tls_pair $options $script }

testConstraint openssl [expr {![catch {exec openssl version}]}]

# openssl s_server at a port of its own choice: {PIPE PORT}. What it prints comes line by line.
proc s_server {pem args} {
    set pipe [open |[list stdbuf -oL openssl s_server -accept 127.0.0.1:0 -cert $pem -key $pem {*}$args 2>@1] r+]
    fconfigure $pipe -buffering line
    while {[gets $pipe line] >= 0} {
        if {[regexp {^ACCEPT .*:(\d+)$} $line -> port]} { return [list $pipe $port] }
        append said $line \n
    }
    catch {close $pipe}
    error "openssl s_server does not listen: $said"
}

# Waits until a variable is set, gives its value and unsets it; an error after some seconds.
proc await {name {seconds 60}} {
    set timer [after [expr {$seconds * 1000}] [list set $name timeout]]
    while {![info exists $name]} { vwait $name }
    after cancel $timer
    set value [set $name]
    unset $name
    if {$value eq "timeout"} { error "nothing set $name in $seconds seconds" }
    return $value
}
pki::make
