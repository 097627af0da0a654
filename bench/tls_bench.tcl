# Schannel through the Tcl commands in memory; answers the lines that tls_peer.hpp describes.
package require twapi_crypto
namespace path ::twapi

set ca [cert_create_self_signed "CN=bench CA" -purpose ca]
set certificate [cert_create "CN=bench.example" "" $ca -purpose server -altnames {{dns bench.example}}]
set roots [cert_temporary_store]
cert_release [cert_store_add_certificate $roots $ca]

# AES-128-GCM only: what the figures of EVP are for.
proc acquire {role args} {
    sspi_acquire_credentials -package tls -role $role -credentials \
        [sspi_schannel_credentials -protocols tls1.3 -cipherstrength {128 128} {*}$args]
}
set server [acquire server -certificates [list $certificate]]
set client [acquire client -rootstore $roots -disablereconnects 1]
set remembering [acquire client -rootstore $roots]

proc establish {credential} {
    set client [sspi_client_context $credential -target bench.example -stream 1]
    set server [sspi_server_context $::server [lindex [sspi_step $client] 1] -stream 1]
    set to_server [lindex [sspi_step $client [lindex [sspi_step $server] 1]] 1]
    sspi_decrypt_stream $client [lindex [sspi_step $server $to_server] 1]
    return [list $client $server]
}

proc handshake {credential} {
    foreach context [establish $credential] { sspi_delete_context $context }
}

source [file join [file dirname [info script]] rate.tcl]

proc encrypt_rate {size ms} {
    set context [lindex $::pair 0]
    set plain [string repeat [binary format c* {1 250 7 128}] [expr {$size / 4}]]
    set rate [rate $ms [list sspi_encrypt_stream $context $plain]]
    # The other end has not seen these: the pair is of no more use.
    foreach context $::pair { sspi_delete_context $context }
    set ::pair [establish $::client]
    return [expr {$rate * $size / 1e6}]
}

# What is to be decrypted is encrypted outside the measured time, a batch at a time; the best batch counts.
proc decrypt_rate {size ms} {
    lassign $::pair client server
    set plain [string repeat [binary format c* {1 250 7 128}] [expr {$size / 4}]]
    set places [expr {min(4096, max(4, 1048576 / $size))}]
    set best 1e9
    set elapsed 0
    while {$elapsed < $ms * 1000} {
        set records {}
        for {set i 0} {$i < $places} {incr i} { lappend records [sspi_encrypt_stream $client $plain] }
        set start [clock microseconds]
        foreach record $records { sspi_decrypt_stream $server $record }
        set batch [expr {[clock microseconds] - $start}]
        incr elapsed $batch
        set best [expr {min($best, $batch)}]
    }
    return [expr {$places * $size / double($best)}]
}

set pair [establish $client]
handshake $remembering
puts ready
flush stdout
while {[gets stdin line] >= 0} {
    lassign $line verb size ms
    switch -- $verb {
        handshake { set answer [rate $ms {handshake $::client}] }
        resumed { set answer [rate $ms {handshake $::remembering}] }
        encrypt { set answer [encrypt_rate $size $ms] }
        decrypt { set answer [decrypt_rate $size $ms] }
        default { set answer none }
    }
    puts [expr {$answer eq "none" ? $answer : [format %.1f $answer]}]
    flush stdout
}
