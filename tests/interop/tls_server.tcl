# A server on a TLS channel, to stand against other implementations. Says "port N", then a line for each connection
# (tls_common.tcl) or "refused WHY". Answers HTTP with pages and keep-alive, any other line with "echo LINE".
# starttls=1: speaks SMTP in plain text as far as STARTTLS. insist=1: refuses who shows no certificate of the roots. In
# body "%peer%" becomes the name of the client's certificate, and whether it is vouched for.
source [file join [file dirname [info script]] tls_common.tcl]

set options [words {certs {} key {} roots {} protocols {} request 0 alpn {} starttls 0 port 0 default 0 body {}
    insist 0}]
set credentials [credentials server $options]
set words [list -credentials $credentials -requestclientcert [dict get $options request] -alpn [dict get $options alpn]]
if {[dict get $options insist]} { lappend words -verifier insist }

# The package has compared it with the roots, and leaves it to us what to do where there is none.
proc insist {chan context} { return [dict get [twapi::sspi_context_features $context] -mutualauth] }

proc name_peer {chan body} {
    set context [dict get [fconfigure $chan] -context]
    set vouched [dict get [twapi::sspi_context_features $context] -mutualauth]
    return [string map [list %peer% "[subject twapi::sspi_remote_cert $context] $vouched"] $body]
}

proc twapi::tls_background_error {message options} { say "refused $message" }

proc serve {chan addr port} {
    report $chan
    fconfigure $chan -blocking 0 -buffering full -translation {auto lf}
    fileevent $chan readable [list hear $chan]
}

# A first line, and the header fields until an empty one.
proc hear {chan} {
    if {[gets $chan line] < 0} {
        if {[eof $chan]} { close $chan }
        return
    }
    if {![regexp {^(GET|HEAD|POST) (\S+) HTTP/1.[01]$} $line -> method path]} {
        puts $chan "echo $line"
        flush $chan
        return
    }
    fileevent $chan readable [list hear_field $chan $method $path]
}

proc hear_field {chan method path} {
    while {[gets $chan line] >= 0} {
        if {$line eq ""} { return [answer $chan $method $path] }
        if {[regexp -nocase {^connection: *close} $line]} { set ::last($chan) 1 }
    }
    if {[eof $chan]} { close $chan }
}

proc answer {chan method path} {
    set body [dict get $::options body]
    if {$body eq ""} { set body "page $path\n" }
    if {[string match *%peer%* $body]} { set body [name_peer $chan $body] }
    set fields "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: [string length $body]\r\n"
    append fields "Strict-Transport-Security: max-age=31536000\r\n"
    append fields "Content-Security-Policy: default-src 'self' 'unsafe-inline'\r\n"
    append fields "X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n"
    if {[info exists ::last($chan)]} { append fields "Connection: close\r\n" }
    puts -nonewline $chan "$fields\r\n[expr {$method eq "HEAD" ? "" : $body}]"
    flush $chan
    if {![info exists ::last($chan)]} { return [fileevent $chan readable [list hear $chan]] }
    unset ::last($chan)
    close $chan
}

# RFC 3207: from a greeting to STARTTLS.
proc plain {chan addr port} {
    fconfigure $chan -blocking 0 -buffering line -translation {auto crlf}
    puts $chan "220 localhost ESMTP"
    fileevent $chan readable [list hear_plain $chan]
}
proc hear_plain {chan} {
    if {[gets $chan line] < 0} {
        if {[eof $chan]} { close $chan }
        return
    }
    if {![string equal -nocase $line STARTTLS]} { return [puts $chan "250-localhost\n250 STARTTLS"] }
    fileevent $chan readable {}
    puts $chan "220 go on"
    fconfigure $chan -blocking 1
    serve [twapi::starttls $chan -server {*}$::words] - -
}

if {[dict get $options starttls]} {
    set listener [socket -server plain -myaddr 127.0.0.1 [dict get $options port]]
} else {
    set listener [twapi::tls_socket -server serve -myaddr 127.0.0.1 {*}$words [dict get $options port]]
}
say "port [lindex [fconfigure $listener -sockname] 2]"
# It ends with its owner.
fileevent stdin readable {if {[gets stdin line] < 0 && [eof stdin]} exit}
vwait forever
