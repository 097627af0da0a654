#!/usr/bin/env tclsh
# An HTTP/1.1 server that greets its visitors by the names with which they log on, by NTLM.
#
#   tclsh http_ntlm.tcl ACCOUNTS ?PORT?
#
# ACCOUNTS says where accounts are looked up, for example plain:/etc/my-accounts, a file with lines
# DOMAIN:user:password that nobody else may read. PORT 0, the default, takes a free one. Then:
#
#   curl --ntlm -u 'EXAMPLE\alice:password' http://127.0.0.1:PORT/
#
# NTLM logs on a connection, not a request: the three tokens, and what follows them, travel on one connection, which
# therefore stays open. A browser or curl does that by itself. NTLM protects the log-on, not the page: put it behind
# TLS.

package require Tcl 8.6
package require twapi_crypto

# How many bytes the headers of a request and its body may have; after how many silent seconds a connection is closed.
set limit(header) 32768
set limit(body) 65536
set limit(silence) 30

# ---- The log-on. The state of a connection is a dict: context (in the middle of a log-on) and user (after it). -------

# Takes the content of an Authorization header. Gives the new state, and the token that the client is to get, or "".
proc log_on {state credential header} {
    set context [dict get $state context]
    dict set state context ""
    dict set state user ""
    if {![regexp -nocase {^NTLM +([A-Za-z0-9+/=]+)$} $header -> encoded]} { return [list $state ""] }
    try {
        set token [binary decode base64 -strict $encoded]
        if {$context eq ""} {
            set context [twapi::sspi_server_context $credential $token]
            lassign [twapi::sspi_step $context] status reply
        } else {
            lassign [twapi::sspi_step $context $token] status reply
        }
        if {$status eq "continue"} {
            dict set state context $context
            return [list $state $reply]
        }
        dict set state user [twapi::sspi_context_username $context]
    } on error {message} {
        # Whatever it was, the client only hears 401. The reason is for this side.
        puts "refused: $message ([reason])"
    }
    if {$context ne ""} { twapi::sspi_delete_context $context }
    return [list $state ""]
}

proc reason {} { dict get [twapi::sspi_last_failure] -text }

# ---- HTTP. Each connection is a coroutine that sleeps while its client is silent. -----------------------------------

proc accept {credential channel address port} {
    chan configure $channel -blocking 0 -translation binary -buffering full
    coroutine connection_$channel serve $credential $channel $address:$port
}

proc serve {credential channel peer} {
    set received ""  ;# of the client, not used so far; what is called from here reaches it by upvar #1
    chan event $channel readable [list [info coroutine] ready]
    set state {context "" user ""}
    try {
        while {1} {
            set request [read_request $channel]
            if {[dict exists $request header authorization]} {
                lassign [log_on $state $credential [dict get $request header authorization]] state token
            } else {
                set token ""
            }
            set code [answer $channel $request $state $token]
            puts "$peer [dict get $request method] [dict get $request path] $code [dict get $state user]"
            if {[dict get $request close]} break
        }
    } trap {HTTP} {message} {
        catch {respond $channel $message "$message\n" {Connection close}}
    } trap {CLOSED} {} {
        # Between two requests, as a rule.
    } trap {POSIX} {message} {
        puts "$peer $message"
    } finally {
        if {[dict get $state context] ne ""} { twapi::sspi_delete_context [dict get $state context] }
        catch {close $channel}
    }
}

# Gives the status that was sent.
proc answer {channel request state token} {
    if {[dict get $state user] ne ""} {
        respond $channel "200 OK" "Hello [dict get $state user]\n"
        return 200
    }
    set challenge [string trimright "NTLM [binary encode base64 $token]"]
    respond $channel "401 Unauthorized" "Please log on.\n" [list WWW-Authenticate $challenge]
    return 401
}

proc respond {channel status text {headers {}}} {
    set body [encoding convertto utf-8 $text]
    lappend headers Content-Type "text/plain; charset=utf-8" Content-Length [string length $body]
    set head "HTTP/1.1 $status\r\n"
    foreach {name value} $headers { append head "$name: $value\r\n" }
    transmit $channel "$head\r\n$body"
}

# Writes when the system has room for a short answer, so that nothing waits in this process for a client who does not
# read: Tcl keeps a closed channel until its last byte is taken, and is busy while there is something left to read from
# it. Tcl also tells a socket as writable where there is something to read; so that is read first, and only where nothing
# was, the socket is what it was told to be.
proc transmit {channel bytes} {
    global limit
    upvar #1 received received
    chan event $channel readable {}
    chan event $channel writable [list [info coroutine] ready]
    while {1} {
        set before [string length $received]
        if {![receive $channel]} { throw CLOSED closed }
        if {[string length $received] == $before} break
        if {[string length $received] > $limit(header) + $limit(body)} {
            throw {POSIX EPROTO} "asks for more than it reads"
        }
    }
    puts -nonewline $channel $bytes
    flush $channel
    chan event $channel writable {}
    chan event $channel readable [list [info coroutine] ready]
}

# A dict of the next request: method, path, close, and header, a dict of names in small letters.
proc read_request {channel} {
    global limit
    if {![regexp {^([A-Z]+) (\S+) HTTP/1\.([01])$} [read_line $channel] -> method path minor]} { bad "400 Bad Request" }
    set request [dict create method $method path $path close [expr {$minor == 0}] header {}]
    set bytes 0
    while {[set line [read_line $channel]] ne ""} {
        if {[incr bytes [string length $line]] > $limit(header)} { bad "431 Request Header Fields Too Large" }
        # A pattern for the whole line would take a time that grows with the square of its length.
        set colon [string first : $line]
        set name [string tolower [string range $line 0 $colon-1]]
        if {![regexp {^[^\s:]+$} $name]} { bad "400 Bad Request" }
        dict set request header $name [string trim [string range $line $colon+1 end]]
    }
    if {[dict exists $request header connection]} {
        dict set request close [string match -nocase *close* [dict get $request header connection]]
    }
    skip_body $channel $request
    return $request
}

# What a client sends is not looked at here, but has to be read before its next request.
proc skip_body {channel request} {
    global limit
    upvar #1 received received
    if {[dict exists $request header transfer-encoding]} { bad "411 Length Required" }
    if {![dict exists $request header content-length]} return
    if {![regexp {^[0-9]{1,9}$} [dict get $request header content-length]]} { bad "400 Bad Request" }
    scan [dict get $request header content-length] %d length
    if {$length > $limit(body)} { bad "413 Content Too Large" }
    while {[string length $received] < $length} {
        if {![receive $channel]} { throw CLOSED closed }
    }
    set received [string range $received $length end]
}

# A line without its end.
proc read_line {channel} {
    global limit
    upvar #1 received received
    while {[set end [string first \n $received]] < 0} {
        if {[string length $received] > $limit(header)} { bad "431 Request Header Fields Too Large" }
        if {![receive $channel]} { throw CLOSED closed }
    }
    set line [string range $received 0 $end-1]
    set received [string range $received $end+1 end]
    return [string trimright $line \r]
}

# Waits for the client, and takes what it has sent. 0 if it has closed.
proc receive {channel} {
    upvar #1 received received
    wait
    set part [read $channel 16384]
    append received $part
    return [expr {$part ne "" || ![eof $channel]}]
}

proc wait {} {
    global limit
    set timer [after [expr {$limit(silence) * 1000}] [list [info coroutine] silent]]
    set woken_by [yield]
    after cancel $timer
    if {$woken_by eq "silent"} { bad "408 Request Timeout" }
}

proc bad {status} { throw HTTP $status }

# ---- Start. ---------------------------------------------------------------------------------------------------------

if {$argc < 1 || $argc > 2 || [string match -* [lindex $argv 0]]} {
    puts stderr "usage: tclsh $argv0 ACCOUNTS ?PORT?      such as: tclsh $argv0 plain:accounts 8080"
    exit 2
}
lassign $argv accounts port
set credential [twapi::sspi_acquire_credentials -package NTLM -role server]
try {
    twapi::sspi_account_source $credential $accounts
} trap TWAPI_WIN32 {message} {
    puts stderr "$message ([dict get [twapi::sspi_last_failure] -text])"
    exit 1
}
set listener [socket -server [list accept $credential] -myaddr 127.0.0.1 [expr {$port eq "" ? 0 : $port}]]
fconfigure stdout -buffering line
puts "listening on http://127.0.0.1:[lindex [fconfigure $listener -sockname] 2]/"
vwait forever
