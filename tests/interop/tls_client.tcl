# A client on TLS channels, to stand against other implementations. For each of count connections it says a line
# (tls_common.tcl), or "failed WHY" and "code CODE"; sends a line and says "answer LINE" of what comes back: the first
# line that matches until.
# starttls=1: begins as SMTP in plain text. http=PATHS: fetches pages through package http instead, with keep-alive, and
# says "page STATUS BODY"; bare=1: with the credentials that tls_socket has by itself, which trust the system's roots.
source [file join [file dirname [info script]] tls_common.tcl]

set options [words {certs {} key {} roots {} protocols {} default 0 alpn {} target localhost port 0 count 1 starttls 0
    http {} bare 0 send hello until .*}]

proc connection {words port} {
    if {![dict get $::options starttls]} { return [twapi::tls_socket {*}$words localhost $port] }
    set chan [socket localhost $port]
    fconfigure $chan -buffering line -translation {auto crlf}
    foreach {wait say} {220 "EHLO localhost" 250 STARTTLS 220 {}} {
        while {![string match "$wait *" [gets $chan line; set line]]} {
            if {[eof $chan]} { error "the server ended before STARTTLS" }
        }
        if {$say ne ""} { puts $chan $say }
    }
    return [twapi::starttls $chan {*}$words]
}

proc converse {words port} {
    set chan [connection $words $port]
    report $chan
    fconfigure $chan -buffering line -translation lf
    puts $chan [dict get $::options send]
    while {[gets $chan line] >= 0 && ![regexp [dict get $::options until] $line]} {}
    say "answer $line"
    # The last word of TLS 1.3's handshake may come with the answer: who accepts what, and a ticket.
    set context [fconfigure $chan -context]
    if {![catch {twapi::sspi_issuers_accepted_by_peer $context} issuers]} { say "issuers $issuers" }
    close $chan
}

# As many connections as the server wants; a second one only where it closes the first.
proc counted_socket {args} {
    global words
    set chan [twapi::tls_socket {*}$words {*}$args]
    incr ::made
    return $chan
}

proc fetch {port paths} {
    package require http
    http::register https 443 [expr {[dict get $::options bare] ? "::twapi::tls_socket" : "counted_socket"}]
    foreach path $paths {
        set token [http::geturl https://localhost:$port$path -keepalive 1 -timeout 60000]
        say "page [http::status $token] [http::ncode $token] [string trim [http::data $token]][http::error $token]"
        http::cleanup $token
    }
    if {$::made} { say "connections $::made" }
}

set made 0
set words [list -credentials [credentials client $options] -alpn [dict get $options alpn]]
try {
    if {[dict get $options http] ne ""} {
        fetch [dict get $options port] [dict get $options http]
    } else {
        lappend words -peersubject [dict get $options target]
        for {set i 0} {$i < [dict get $options count]} {incr i} { converse $words [dict get $options port] }
    }
} on error {message details} {
    say "failed $message"
    say "code [dict get $details -errorcode]"
    exit 1
}
