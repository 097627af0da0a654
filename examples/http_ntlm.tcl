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
    chan event $channel readable [list [info coroutine] ready]
    set state {context "" user ""}
    try {
        while {[read_request $channel request]} {
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
    puts -nonewline $channel "HTTP/1.1 $status\r\n"
    foreach {name value} $headers { puts -nonewline $channel "$name: $value\r\n" }
    puts -nonewline $channel "\r\n$body"
    flush $channel
}

# Fills the dict of the next request: method, path, close, and header, a dict of names in small letters. 0 if the
# client has closed.
proc read_request {channel into} {
    global limit
    upvar 1 $into request
    set line [read_line $channel]
    if {$line eq ""} { return 0 }
    if {![regexp {^([A-Z]+) (\S+) HTTP/1\.([01])$} $line -> method path minor]} { bad "400 Bad Request" }
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
    return 1
}

# What a client sends is not looked at here, but has to be read before its next request.
proc skip_body {channel request} {
    global limit
    if {[dict exists $request header transfer-encoding]} { bad "411 Length Required" }
    if {![dict exists $request header content-length]} return
    set left [dict get $request header content-length]
    if {![string is digit -strict $left] || $left > $limit(body)} { bad "413 Content Too Large" }
    while {$left > 0} {
        set part [read $channel $left]
        if {$part eq "" && [eof $channel]} { bad "400 Bad Request" }
        incr left -[string length $part]
        if {$left > 0} { wait }
    }
}

# A line without its end, or "" at an empty line and at the end of the connection.
proc read_line {channel} {
    global limit
    while {[gets $channel line] < 0} {
        if {[eof $channel]} { return "" }
        if {[chan pending input $channel] > $limit(header)} { bad "431 Request Header Fields Too Large" }
        wait
    }
    return [string trimright $line \r]
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
