# HTTP/1.1 for servers: one coroutine for each connection, everything that a client can send bounded.
#
#   http_server::accept HANDLER CHANNEL PEER
#
# serves a connection until it ends. HANDLER is an object that is asked, for each request, `answer REQUEST`, where
# REQUEST is a dict: method, path, header (names in small letters). It returns a dict: status, headers, body (bytes).
# The connection destroys it at its end.

namespace eval http_server {
    # Bytes of a request's head (a ticket with many groups takes 64 KB in base64) and of its body; milliseconds until a
    # request that began is complete, for which a connection may be silent between requests, and for an answer to be
    # taken; connections at once (Tcl 8.6 ends where a process has 1024 files).
    variable limit {head 98304 body 65536 request 20000 silence 60000 answer 20000 connections 400}
    variable connections 0
    variable log {puts}
}

proc http_server::accept {handler channel peer} {
    variable connections
    variable limit
    incr connections
    if {$connections > [dict get $limit connections]} {
        incr connections -1
        catch {close $channel}
        $handler destroy
        say "$peer refused: there are [dict get $limit connections] connections"
        return
    }
    chan configure $channel -blocking 0 -translation binary -buffering full -buffersize 65536
    coroutine connection_$channel serve $handler $channel $peer
}

proc http_server::serve {handler channel peer} {
    variable connections
    variable limit
    chan event $channel readable [list [info coroutine] ready]
    set buffer ""
    try {
        while {[read_head $channel buffer head]} {
            set request [parse_head $head]
            read_body $channel buffer $request
            set answer [$handler answer $request]
            set close [expr {[dict get $request close] || [dict exists $answer close]}]
            respond $channel $answer $close [expr {[dict get $request method] ne "HEAD"}]
            say "$peer [dict get $request method] [dict get $request path] [dict get $answer status]"
            if {$close} break
        }
    } trap {HTTP} {message} {
        say "$peer $message"
        catch {respond $channel [dict create status $message headers {} body "$message\n"] 1 1}
    } trap {CLOSED} {} {
        say "$peer closed the connection in the middle of a request"
    } trap {POSIX} {message} {
        say "$peer $message"
    } trap {TWAPI_WIN32} {message} {
        say "$peer $message"
    } on error {message details} {
        say "$peer [dict get $details -errorinfo]"
        catch {respond $channel [dict create status "500 Internal Server Error" headers {} body "Sorry.\n"] 1 1}
    } finally {
        catch {close $channel}
        $handler destroy
        incr connections -1
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
proc http_server::more {channel into timeout} {
    upvar 1 $into buffer
    while 1 {
        set part [read $channel 16384]
        if {$part ne ""} {
            append buffer $part
            return 1
        }
        if {[eof $channel]} { return 0 }
        set timer [after [expr {max($timeout, 1)}] [list [info coroutine] late]]
        set woken [yield]
        after cancel $timer
        if {$woken eq "late"} { refuse "408 Request Timeout" }
    }
}

proc http_server::left {until} { expr {$until - [clock milliseconds]} }

# A request's head without its last empty line. 0 if the client closed the connection between two requests, or says
# nothing any more.
proc http_server::read_head {channel into head_into} {
    variable limit
    upvar 1 $into buffer $head_into head
    if {$buffer eq ""} {
        try {
            if {![more $channel buffer [dict get $limit silence]]} { return 0 }
        } trap {HTTP} {} {
            return 0
        }
    }
    set until [expr {[clock milliseconds] + [dict get $limit request]}]
    set from 0
    while {[set end [string first \r\n\r\n $buffer $from]] < 0} {
        if {[string length $buffer] > [dict get $limit head]} { refuse "431 Request Header Fields Too Large" }
        set from [expr {max(0, [string length $buffer] - 3)}]
        if {![more $channel buffer [left $until]]} { throw CLOSED closed }
    }
    if {$end > [dict get $limit head]} { refuse "431 Request Header Fields Too Large" }
    set head [string range $buffer 0 $end-1]
    set buffer [string range $buffer $end+4 end]
    return 1
}

proc http_server::parse_head {head} {
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
proc http_server::read_body {channel into request} {
    variable limit
    upvar 1 $into buffer
    set header [dict get $request header]
    if {[dict exists $header transfer-encoding]} { refuse "411 Length Required" }
    if {![dict exists $header content-length]} return
    set left [dict get $header content-length]
    if {![regexp {^[0-9]{1,9}$} $left]} { refuse "400 Bad Request" }
    scan $left %d left
    if {$left > [dict get $limit body]} { refuse "413 Content Too Large" }
    if {[dict exists $header expect]} { puts -nonewline $channel "HTTP/1.1 100 Continue\r\n\r\n"; flush $channel }
    set until [expr {[clock milliseconds] + [dict get $limit request]}]
    while {[string length $buffer] < $left} {
        if {![more $channel buffer [left $until]]} { throw CLOSED closed }
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
    puts -nonewline $channel "$head\r\n"
    if {$with_body} { puts -nonewline $channel $body }
    flush $channel
    drain $channel
}

# Until the client took the answer: one who does not is not sent more.
proc http_server::drain {channel} {
    variable limit
    if {[chan pending output $channel] == 0 || [info coroutine] eq ""} return
    set until [expr {[clock milliseconds] + [dict get $limit answer]}]
    chan event $channel readable {}
    chan event $channel writable [list [info coroutine] ready]
    while {[chan pending output $channel] > 0} {
        set timer [after [expr {max([left $until], 1)}] [list [info coroutine] late]]
        set woken [yield]
        after cancel $timer
        if {$woken eq "late"} { throw {POSIX ETIMEDOUT} "does not take the answer" }
        flush $channel
    }
    chan event $channel writable {}
    chan event $channel readable [list [info coroutine] ready]
}
