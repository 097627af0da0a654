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

# The CPU time of this process. The kernel counts it up where a process pauses, therefore the millisecond of sleep.
proc cpu_microseconds {} {
    after 1
    set file [open /proc/self/schedstat]
    set nanoseconds [lindex [gets $file] 0]
    close $file
    return [expr {$nanoseconds / 1000}]
}

# Calls of $work per second of CPU time over about $ms milliseconds.
proc rate {ms work} {
    set batch [expr {max(1, int(2000.0 / max(1.0, [lindex [time $work 3] 0])))}]
    set calls 0
    set end [expr {[clock microseconds] + $ms * 1000}]
    set start [cpu_microseconds]
    while {[clock microseconds] < $end} {
        time $work $batch
        incr calls $batch
    }
    return [format %.1f [expr {$calls * 1e6 / ([cpu_microseconds] - $start)}]]
}

lassign [establish] client server
puts ready
flush stdout
while {[gets stdin line] >= 0} {
    lassign $line verb size ms
    switch -- $verb {
        handshake { puts [rate $size handshake] }
        sign - seal {
            set message [string repeat [binary format c* {1 250 7 128}] [expr {$size / 4}]]
            puts [rate $ms [list $verb $message]]
        }
        default { puts none }
    }
    flush stdout
}
