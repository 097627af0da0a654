# HTTP/1.1 for servers: one coroutine for each connection, everything that a client can send bounded.
#
#   http_server::accept OPEN CHANNEL PEER
#
# serves a connection until it ends. OPEN is a command prefix that is called with the channel, and returns a list of the
# channel to talk on (as it is, or with TLS over it) and of an object that is asked, for each request, `answer REQUEST`:
# REQUEST is a dict of method, path and header (a dict, names in small letters), the answer a dict of status, headers
# and body (bytes). The object is destroyed with the connection.

namespace eval http_server {
    # Bytes of a request's head (a ticket with many groups takes 64 KB in base64) and of its body; milliseconds until a
    # request that began is complete, for which a connection may be silent between requests, and for an answer to be
    # taken; connections at once, those in a TLS handshake too (Tcl 8.6 ends where a process has 1024 files).
    variable limit {head 98304 body 65536 request 20000 silence 60000 answer 20000 connections 400}
    variable connections 0
    variable log {puts}
    # What was read of a connection and not yet used, by its coroutine.
    variable input
    array set input {}
}

proc http_server::accept {open channel peer} {
    variable connections
    variable limit
    if {$connections >= [dict get $limit connections]} {
        close $channel
        say "$peer refused: there are $connections connections"
        return
    }
    chan configure $channel -blocking 0 -translation binary -buffering full -buffersize 65536
    coroutine connection_$channel serve $open $channel $peer
}

proc http_server::serve {open channel peer} {
    variable connections
    variable input
    incr connections
    set input([info coroutine]) ""
    set handler ""
    try {
        lassign [{*}$open $channel] channel handler
        chan configure $channel -translation binary -buffering full -buffersize 65536
        chan event $channel readable [list [info coroutine] ready]
        converse $handler $channel $peer
    } trap {HTTP} {message} {
        say "$peer $message"
        catch {respond $channel [dict create status $message headers {} body "$message\n"] 1 1}
    } trap {CLOSED} {} {
        say "$peer closed the connection in the middle of a request"
    } trap {POSIX} {message} {
        say "$peer $message"
    } trap {TWAPI_WIN32} {message} {
        say "$peer $message"
    } trap {TWAPI} {message} {
        say "$peer $message"
    } on error {message details} {
        say "$peer [dict get $details -errorinfo]"
        catch {respond $channel [dict create status "500 Internal Server Error" headers {} body "Sorry.\n"] 1 1}
    } finally {
        catch {close $channel}
        if {$handler ne ""} { $handler destroy }
        unset input([info coroutine])
        incr connections -1
    }
}

proc http_server::converse {handler channel peer} {
    while {[read_head $channel head]} {
        set request [parse_head $head]
        read_body $channel $request
        set answer [$handler answer $request]
        set close [dict get $request close]
        respond $channel $answer $close [expr {[dict get $request method] ne "HEAD"}]
        say "$peer [dict get $request method] [dict get $request path] [dict get $answer status]"
        if {$close} return
    }
}

# Sleeps until the connection's channel has something to tell. Returns 1 if it is too late.
proc http_server::late {milliseconds} {
    set timer [after [expr {max($milliseconds, 1)}] [list [info coroutine] late]]
    set woken [yield]
    after cancel $timer
    return [expr {$woken eq "late"}]
}

# A channel with TLS over this one, once the handshake is done.
proc http_server::secured {channel credential} {
    variable limit
    set until [expr {[clock milliseconds] + [dict get $limit request]}]
    set channel [twapi::starttls $channel -server -credentials $credential]
    try {
        # It is told as writable when the handshake is over, one way or the other.
        chan event $channel writable [list [info coroutine] ready]
        while {![twapi::tls_handshake $channel]} {
            if {[late [left $until]]} { throw {POSIX ETIMEDOUT} "does not finish its TLS handshake" }
        }
        chan event $channel writable {}
        return $channel
    } on error {message details} {
        close $channel
        return -options $details $message
    }
}

# What goes to the log has no control characters: a client chooses the path.
proc http_server::say {text} {
    variable log
    {*}$log [string range [regsub -all {[\x00-\x1f\x7f-\x9f]} $text ?] 0 500]
}

proc http_server::refuse {status} { throw HTTP $status }

# ---- Reading. --------------------------------------------------------------------------------------------------------

# Waits for more bytes. Returns 0 at the end of the connection.
proc http_server::more {channel timeout} {
    variable input
    for {set late 0} {1} {set late [late $timeout]} {
        set part [read $channel 16384]
        if {$part ne ""} {
            append input([info coroutine]) $part
            return 1
        }
        if {[eof $channel]} { return 0 }
        if {$late} { refuse "408 Request Timeout" }
    }
}

proc http_server::left {until} { expr {$until - [clock milliseconds]} }

# A request's head without its last empty line. 0 if the client closed the connection between two requests, or says
# nothing any more.
proc http_server::read_head {channel into} {
    variable limit
    variable input
    upvar 0 input([info coroutine]) buffer
    upvar 1 $into head
    if {$buffer eq ""} {
        try {
            if {![more $channel [dict get $limit silence]]} { return 0 }
        } trap {HTTP} {} {
            return 0
        }
    }
    set until [expr {[clock milliseconds] + [dict get $limit request]}]
    set from 0
    while {[set end [string first \r\n\r\n $buffer $from]] < 0} {
        if {[string length $buffer] > [dict get $limit head]} { refuse "431 Request Header Fields Too Large" }
        set from [expr {max(0, [string length $buffer] - 3)}]
        if {![more $channel [left $until]]} { throw CLOSED closed }
    }
    if {$end > [dict get $limit head]} { refuse "431 Request Header Fields Too Large" }
    set head [string range $buffer 0 $end-1]
    set buffer [string range $buffer $end+4 end]
    return 1
}

proc http_server::parse_head {head} {
    # RFC 9112 2.2 allows an LF alone to end a line; a proxy that takes it for a part of the line would count other requests.
    if {[string first \n [string map {\r\n {}} $head]] >= 0} { refuse "400 Bad Request" }
    set lines [split [string map {\r\n \n} $head] \n]
    if {[llength $lines] > 101} { refuse "431 Request Header Fields Too Large" }
    if {[regexp {[\x00-\x08\x0b-\x1f\x7f]} [join $lines \n]]} { refuse "400 Bad Request" }
    if {![regexp {^([A-Z]{1,20}) (\S+) HTTP/1\.([01])$} [lindex $lines 0] -> method target minor]} {
        refuse "400 Bad Request"
    }
    set header [parse_fields [lrange $lines 1 end]]
    if {$minor && ![dict exists $header host]} { refuse "400 Bad Request" }
    set close [expr {$minor == 0}]
    if {[dict exists $header connection]} {
        set words [lmap word [split [string tolower [dict get $header connection]] ,] { string trim $word }]
        if {"close" in $words} { set close 1 }
        if {!$minor && "keep-alive" in $words} { set close 0 }
    }
    return [dict create method $method path [path_of $target] header $header close $close minor $minor]
}

# Of a target like /path?query or http://host/path?query (as clients send it to proxies): the path.
proc http_server::path_of {target} {
    regexp -nocase {^https?://[^/?]*(.*)$} $target -> target
    set path [lindex [split $target ?] 0]
    if {$path eq ""} { return / }
    if {[string index $path 0] ne "/"} { refuse "400 Bad Request" }
    return $path
}

proc http_server::parse_fields {lines} {
    set header {}
    foreach line $lines {
        # A pattern for the whole line would take a time that grows with the square of its length.
        set colon [string first : $line]
        set name [string tolower [string range $line 0 $colon-1]]
        set value [string trim [string range $line $colon+1 end] " \t"]
        if {$colon < 0 || ![regexp {^[!#$%&'*+.^_`|~0-9a-z-]+$} $name]} { refuse "400 Bad Request" }
        if {[dict exists $header $name]} {
            # Which of two would count is what request smuggling is made of.
            if {$name in {host content-length authorization transfer-encoding}} { refuse "400 Bad Request" }
            set value "[dict get $header $name], $value"
        }
        dict set header $name $value
    }
    return $header
}

# What a client sends is not looked at here, but has to be read before its next request.
proc http_server::read_body {channel request} {
    variable limit
    variable input
    upvar 0 input([info coroutine]) buffer
    set header [dict get $request header]
    if {[dict exists $header transfer-encoding]} { refuse "411 Length Required" }
    if {![dict exists $header content-length]} return
    set left [dict get $header content-length]
    if {![regexp {^[0-9]{1,9}$} $left]} { refuse "400 Bad Request" }
    scan $left %d left
    if {$left > [dict get $limit body]} { refuse "413 Content Too Large" }
    if {[dict exists $header expect]} { transmit $channel "HTTP/1.1 100 Continue\r\n\r\n" }
    set until [expr {[clock milliseconds] + [dict get $limit request]}]
    while {[string length $buffer] < $left} {
        if {![more $channel [left $until]]} { throw CLOSED closed }
    }
    set buffer [string range $buffer $left end]
}

# ---- Writing. --------------------------------------------------------------------------------------------------------

proc http_server::respond {channel answer close with_body} {
    dict with answer {}
    if {$close} { lappend headers Connection close }
    lappend headers Content-Length [string length $body]
    if {"Content-Type" ni $headers} { lappend headers Content-Type "text/plain; charset=utf-8" }
    set head "HTTP/1.1 $status\r\n"
    foreach {name value} $headers { append head "$name: $value\r\n" }
    transmit $channel "$head\r\n[expr {$with_body ? $body : ""}]"
}

# In pieces for which the system has room, so that nothing waits in this process for a client who does not read: Tcl
# keeps a closed channel until its last byte is taken. Tcl tells a socket as writable also where there is something to
# read; so what there is to read is read first, and only where nothing was, the socket is what it was told to be.
proc http_server::transmit {channel bytes} {
    variable limit
    set until [expr {[clock milliseconds] + [dict get $limit answer]}]
    chan event $channel readable {}
    chan event $channel writable [list [info coroutine] ready]
    for {set at 0} {$at < [string length $bytes]} {} {
        if {[left $until] <= 0 || [late [left $until]]} { abandon $channel }
        if {[read_ahead $channel]} continue
        puts -nonewline $channel [string range $bytes $at $at+4095]
        flush $channel
        incr at 4096
    }
    chan event $channel writable {}
    chan event $channel readable [list [info coroutine] ready]
}

# Without its context, a channel of TLS has no farewell to say, which would wait for the client too.
proc http_server::abandon {channel} {
    if {[dict exists [chan configure $channel] -context]} {
        twapi::sspi_delete_context [chan configure $channel -context]
    }
    throw {POSIX ETIMEDOUT} "does not take the answer"
}

# Whether there was something to read.
proc http_server::read_ahead {channel} {
    variable limit
    variable input
    upvar 0 input([info coroutine]) buffer
    set before [string length $buffer]
    while {[set part [read $channel 16384]] ne ""} {
        append buffer $part
        if {[string length $buffer] > [dict get $limit head] + [dict get $limit body]} {
            throw {POSIX EPROTO} "asks for more than it reads"
        }
    }
    if {[eof $channel]} { throw CLOSED closed }
    return [expr {[string length $buffer] > $before}]
}
