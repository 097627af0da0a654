# opensspi through the Tcl commands; answers the lines that bench_peer.hpp describes. NTLM_ACCOUNTS names the accounts.
package require twapi_crypto

set credential(client) [twapi::sspi_acquire_credentials -role client -credentials \
    [twapi::sspi_winnt_identity_credentials alice EXAMPLE Passw0rd!]]
set credential(server) [twapi::sspi_acquire_credentials -role server]
twapi::sspi_account_source $credential(server) $env(NTLM_ACCOUNTS)

proc establish {} {
    global credential
    set client [twapi::sspi_client_context $credential(client) -integrity 1 -confidentiality 1]
    lassign [twapi::sspi_step $client] status token
    set server [twapi::sspi_server_context $credential(server) $token]
    lassign [twapi::sspi_step $server] status token
    lassign [twapi::sspi_step $client $token] status token
    lassign [twapi::sspi_step $server $token] status
    if {$status ne "done"} { error "the server is $status" }
    return [list $client $server]
}

proc handshake {} {
    foreach context [establish] { twapi::sspi_delete_context $context }
}

proc sign {message} {
    global client server
    lassign [twapi::sspi_sign $client $message] signature
    twapi::sspi_verify_signature $server $signature $message
}

proc seal {message} {
    global client server
    lassign [twapi::sspi_encrypt $client $message] token cipher padding
    twapi::sspi_decrypt $server $token $cipher $padding
}

source [file join [file dirname [info script]] rate.tcl]

lassign [establish] client server
puts ready
flush stdout
while {[gets stdin line] >= 0} {
    lassign $line verb size ms
    switch -- $verb {
        handshake { puts [format %.1f [rate $size handshake]] }
        sign - seal {
            set message [string repeat [binary format c* {1 250 7 128}] [expr {$size / 4}]]
            puts [format %.1f [rate $ms [list $verb $message]]]
        }
        default { puts none }
    }
    flush stdout
}
