# TLS channels over loopback, between this process and one that it starts: answers the lines "VERB SIZE MS" of
# tls_peer.hpp with these verbs:
#   handshake       connections with a full handshake, opened and closed, per second
#   first_byte      connections until the first byte of the server is there, per second
#   bulk            MB (10^6 bytes) per second from the server to here, through buffers of SIZE bytes
#   cpu             what the latest of these took of both processes' CPU time: microseconds for each connection or MB
# Arguments: opensspi, tcltls or plain (sockets without TLS); a folder with bench.pem (certificate and key) and bench.pfx
# (without a password). The name in the certificate is localhost.
lassign $argv library folder role
set certificate [file join $folder bench.pem]

# ---- The libraries: listen COMMAND and dial PORT, the handshake included. ----

proc read_file {path} {
    set file [open $path rb]
    try { return [read $file] } finally { close $file }
}

proc opensspi_credentials {role} {
    set store [twapi::cert_temporary_store -pfx [read_file [file join $::folder bench.pfx]] -password ""]
    if {$role eq "server"} {
        set options [list -certificates [list [twapi::cert_store_find_certificate $store any]]]
    } else {
        set options [list -rootstore $store -disablereconnects 1]
    }
    return [twapi::sspi_acquire_credentials -package tls -role $role -credentials \
        [twapi::sspi_schannel_credentials {*}$options]]
}

switch -- $library {
    opensspi {
        package require twapi_crypto
        set credentials [opensspi_credentials [expr {$role eq "server" ? "server" : "client"}]]
        proc listen {command} {
            return [twapi::tls_socket -server $command -credentials $::credentials -myaddr 127.0.0.1 0]
        }
        proc dial {port} { twapi::tls_socket -credentials $::credentials -peersubject localhost 127.0.0.1 $port }
    }
    tcltls {
        package require tls
        proc listen {command} {
            return [tls::socket -server $command -certfile $::certificate -keyfile $::certificate -request 0 \
                -command say_nothing -myaddr 127.0.0.1 0]
        }
        proc say_nothing {what args} { expr {$what eq "verify" ? [lindex $args 3] : 1} }
        proc dial {port} {
            set channel [tls::socket -cafile $::certificate -require 1 -servername localhost 127.0.0.1 $port]
            tls::handshake $channel
            return $channel
        }
    }
    plain {
        proc listen {command} { socket -server $command -myaddr 127.0.0.1 0 }
        proc dial {port} { socket 127.0.0.1 $port }
    }
}

# ---- The server: what a client wants is the port that it connects to. ----

proc just_accept {channel args} {
    fconfigure $channel -blocking 0
    fileevent $channel readable [list await_end $channel]
}
proc await_end {channel} {
    if {[catch {read $channel}] || [eof $channel]} { catch {close $channel} }
}
proc send_byte {channel args} {
    fconfigure $channel -translation binary -blocking 0
    if {$::library eq "tcltls"} {
        # A server of tcltls gets its callback before the handshake.
        fileevent $channel readable [list shake_hands $channel]
        return
    }
    puts -nonewline $channel x
    flush $channel
    fileevent $channel readable [list await_end $channel]
}
proc shake_hands {channel} {
    if {[catch {tls::handshake $channel} done]} { close $channel; return }
    if {!$done} return
    puts -nonewline $channel x
    flush $channel
    fileevent $channel readable [list await_end $channel]
}
# The client says "BUFFER BYTES" and gets so many, in pieces of the buffer's size.
proc send_bulk {channel args} {
    fconfigure $channel -blocking 0 -translation binary
    fileevent $channel readable [list begin_bulk $channel]
}
proc begin_bulk {channel} {
    if {[gets $channel line] < 0} {
        if {[eof $channel]} { close $channel }
        return
    }
    lassign $line buffer total
    fconfigure $channel -blocking 1 -buffering full -buffersize $buffer
    set piece [binary format a* [string repeat [binary format c* {1 250 7 128}] [expr {$buffer / 4}]]]  ;# bytes, no text
    for {set sent 0} {$sent < $total} {incr sent $buffer} { puts -nonewline $channel $piece }
    flush $channel
    fconfigure $channel -blocking 0
}

if {$role eq "server"} {
    foreach command {just_accept send_byte send_bulk} {
        lappend ports [lindex [fconfigure [listen $command] -sockname] 2]
    }
    puts $ports
    flush stdout
    fileevent stdin readable exit
    vwait forever
}

# ---- The client, which measures. ----

set server [open |[list [info nameofexecutable] [info script] $library $folder server] r+]
lassign [gets $server] port(handshake) port(first_byte) port(bulk)

# CPU time of both processes. The kernel counts it up where a process pauses, therefore the milliseconds of sleep.
proc cpu_microseconds {} {
    after 5
    set sum 0
    foreach process [list [pid] [pid $::server]] {
        set file [open /proc/$process/schedstat]
        incr sum [lindex [gets $file] 0]
        close $file
    }
    return [expr {$sum / 1000}]
}

proc connections {port ms script} {
    set count 0
    set cpu [cpu_microseconds]
    set start [clock microseconds]
    while {[clock microseconds] < $start + $ms * 1000} {
        set channel [dial $port]
        eval $script
        close $channel
        incr count
    }
    set elapsed [expr {[clock microseconds] - $start}]
    set ::latest_cpu [expr {([cpu_microseconds] - $cpu) / double($count)}]
    return [expr {$count * 1e6 / $elapsed}]
}

proc receive {channel buffer total} {
    puts $channel "$buffer $total"
    flush $channel
    for {set left $total} {$left > 0} {incr left -$got} {
        set got [string length [read $channel $buffer]]
        if {$got == 0} { error "the server ended early" }
    }
}

# What goes over in about $ms milliseconds, after a first run that tells how much that is.
proc bulk {buffer ms} {
    set channel [dial $::port(bulk)]
    fconfigure $channel -translation binary -buffersize $buffer
    set trial [expr {128 * $buffer}]
    set took [expr {max(1, [lindex [time {receive $channel $buffer $trial}] 0])}]
    set total [expr {max(1, $ms * 1000 / $took) * $trial}]
    set cpu [cpu_microseconds]
    set took [lindex [time {receive $channel $buffer $total}] 0]
    set ::latest_cpu [expr {([cpu_microseconds] - $cpu) * 1e6 / $total}]
    close $channel
    return [expr {$total / double($took)}]
}

puts ready
flush stdout
while {[gets stdin line] >= 0} {
    lassign $line verb size ms
    switch -- $verb {
        handshake { set answer [connections $port(handshake) $ms {}] }
        first_byte { set answer [connections $port(first_byte) $ms {fconfigure $channel -translation binary; read $channel 1}] }
        bulk { set answer [bulk $size $ms] }
        cpu { set answer $latest_cpu }
        default { set answer none }
    }
    puts [expr {$answer eq "none" ? $answer : [format %.1f $answer]}]
    flush stdout
}
catch {close $server}
