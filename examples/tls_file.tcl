#!/usr/bin/env tclsh
# A file over TLS, between two processes: certificates made on the spot, verified, and shown.
#
#   tclsh tls_file.tcl certificates DIRECTORY
#   tclsh tls_file.tcl server -identity FILE ?-port N? ?-save FILE? ?-clients N?
#   tclsh tls_file.tcl client -port N ?-ca FILE? ?-host NAME? FILE
#
# `certificates` makes an authority and a server's certificate for localhost: DIRECTORY/ca.pem, which clients trust, and
# DIRECTORY/server.pfx with the private key, which the server shows with -identity. Without -ca a client trusts the
# system's authorities. -host is the name that the certificate must bear; localhost if not given. -clients ends the server
# after so many.
#
# The client sends the file and closes its half of the connection; the server answers with what it got.

package require Tcl 8.6
package require twapi_crypto
namespace path ::twapi

proc read_file {path} {
    set file [open $path rb]
    try { return [read $file] } finally { close $file }
}

proc write_file {path mode content} {
    set file [open $path {WRONLY CREAT EXCL BINARY} $mode]
    try { puts -nonewline $file $content } finally { close $file }
}

# ---- Certificates. ---------------------------------------------------------------------------------------------------

proc make_certificates {directory} {
    set ca [cert_create_self_signed "CN=Example CA, O=opensspi" -purpose ca]
    set server [cert_create "CN=localhost, O=opensspi" "" $ca -purpose server \
        -altnames {{dns localhost ip \x7f\x00\x00\x01}}]
    write_file $directory/ca.pem 0644 [cert_export $ca -encoding pem]
    set store [cert_temporary_store]
    cert_release [cert_store_add_certificate $store $server]
    write_file $directory/server.pfx 0600 [cert_store_export_pfx $store "" -exportprivatekeys 1]
    cert_store_release $store
    foreach certificate [list $ca $server] {
        puts "made: [describe $certificate]"
        cert_release $certificate
    }
}

proc describe {certificate} {
    set info [cert_info $certificate]
    return "[cert_subject_name $certificate -name rdn], by [cert_issuer_name $certificate -name rdn], until\
        [dict get $info -end], SHA-1 [cert_thumbprint $certificate]"
}

# Both ends: what was agreed with the peer.
proc agreed {context} {
    set info [sspi_context_info $context]
    set resumed [expr {[dict get $info -resumed] ? ", resumed" : ""}]
    return "[dict get $info -protocol], [dict get $info -ciphersuite]$resumed"
}

# Why a call failed; for the owner of this process, not for the peer.
proc reason {message details} {
    if {[lindex [dict get $details -errorcode] 0] ne "TWAPI_WIN32"} { return $message }
    set failure [sspi_last_failure]
    return "$message ([dict get $failure -check]: [dict get $failure -text])"
}

# ---- The server. -----------------------------------------------------------------------------------------------------

proc serve {options} {
    set store [cert_temporary_store -pfx [read_file [dict get $options -identity]] -password ""]
    set certificate [cert_store_find_certificate $store any]
    set credentials [sspi_acquire_credentials -package tls -role server \
        -credentials [sspi_schannel_credentials -certificates [list $certificate]]]
    cert_release $certificate
    cert_store_release $store
    # A client that does not trust us ends the connection; nobody else would say so.
    proc ::twapi::tls_background_error {message details} {
        puts "a client went away: $message"
        client_is_done
    }
    set listener [tls_socket -server [list take_file [dict get $options -save]] -credentials $credentials \
        -myaddr 127.0.0.1 [dict get $options -port]]
    set ::clients_left [dict get $options -clients]
    puts "listening on 127.0.0.1 port [lindex [fconfigure $listener -sockname] 2]"
    flush stdout
    vwait ::done
    close $listener
    sspi_free_credentials $credentials
}

proc client_is_done {} {
    if {[incr ::clients_left -1] == 0} { set ::done 1 }
}

proc take_file {path channel address port} {
    puts "a client from $address: [agreed [fconfigure $channel -context]]"
    fconfigure $channel -blocking 0 -translation binary
    set file [expr {$path eq "" ? [file tempfile] : [open $path wb]}]
    fconfigure $file -translation binary
    fcopy $channel $file -command [list answer $channel $file]
}

proc answer {channel file bytes {problem ""}} {
    close $file
    # A connection that is cut off looks like an end, too: only a close notification is one.
    if {$problem eq ""} { set problem [fconfigure $channel -error] }
    set said [expr {$problem eq "" ? "$bytes bytes received" : "the file is not whole: $problem"}]
    puts $said
    catch {
        puts $channel $said
        close $channel
    }
    client_is_done
}

# ---- The client. -----------------------------------------------------------------------------------------------------

proc acquire_client {ca} {
    if {$ca eq ""} { return [sspi_acquire_credentials -package tls -role client -credentials [sspi_schannel_credentials]] }
    set store [cert_temporary_store]
    cert_release [cert_store_add_encoded_certificate $store [read_file $ca] -encoding pem]
    try {
        return [sspi_acquire_credentials -package tls -role client \
            -credentials [sspi_schannel_credentials -rootstore $store]]
    } finally {
        cert_store_release $store
    }
}

proc send_file {options path} {
    set credentials [acquire_client [dict get $options -ca]]
    if {[catch {
        tls_socket -credentials $credentials -peersubject [dict get $options -host] 127.0.0.1 [dict get $options -port]
    } channel details]} {
        puts stderr "not connected: [reason $channel $details]"
        exit 1
    }
    set context [fconfigure $channel -context]
    set certificate [sspi_remote_cert $context]
    puts "connected: [agreed $context]"
    puts "the server is [describe $certificate]"
    cert_release $certificate
    fconfigure $channel -translation binary
    set file [open $path rb]
    set start [clock milliseconds]
    set bytes [fcopy $file $channel]
    close $file
    chan close $channel write  ;# the server sees the end of the file
    fconfigure $channel -translation auto
    set answer [gets $channel]
    puts "$bytes bytes sent in [expr {[clock milliseconds] - $start}] ms; the server says: $answer"
    close $channel
    sspi_free_credentials $credentials
    exit [expr {$answer ne "$bytes bytes received"}]
}

# ---- The command line. -----------------------------------------------------------------------------------------------

proc usage {} {
    puts stderr "usage: [file tail [info script]] certificates DIRECTORY"
    puts stderr "       [file tail [info script]] server -identity FILE ?-port N? ?-save FILE? ?-clients N?"
    puts stderr "       [file tail [info script]] client -port N ?-ca FILE? ?-host NAME? FILE"
    exit 2
}

proc options {defaults words} {
    if {[llength $words] % 2} usage
    foreach {name value} $words {
        if {![dict exists $defaults $name]} usage
        dict set defaults $name $value
    }
    return $defaults
}

proc run {words} {
    set words [lassign $words what]
    switch $what {
        certificates {
            if {[llength $words] != 1} usage
            make_certificates [lindex $words 0]
        }
        server {
            set options [options {-identity "" -port 0 -save "" -clients 0} $words]
            if {[dict get $options -identity] eq ""} usage
            serve $options
        }
        client {
            set options [options {-port "" -ca "" -host localhost} [lrange $words 0 end-1]]
            if {[llength $words] == 0 || [dict get $options -port] eq ""} usage
            send_file $options [lindex $words end]
        }
        default usage
    }
}

if {[catch { run $argv } message details]} {
    puts stderr [reason $message $details]
    exit 1
}
