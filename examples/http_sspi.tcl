# http::geturl to sites that ask for Negotiate or NTLM (Windows Integrated Authentication), over HTTP and HTTPS, through
# proxies too. Source it, and write http_sspi::geturl where http::geturl stood:
#
#   source http_sspi.tcl
#   set token [http_sspi::geturl https://intranet.example.com/report]
#   puts [http::data $token]
#   http::cleanup $token
#
# The result is a token of the package http. The options are those of http::geturl, and further:
#
#   -credentials IDENTITY       who to log on as: what twapi::sspi_winnt_identity_credentials returned; if not given,
#                               who runs the process
#   -package NAME               Negotiate, if not given, or NTLM
#   -tls OPTIONS                further options of twapi::tls_socket, such as {-credentials CREDENTIAL} for an authority
#                               of your own
#   -proxy HOST:PORT            goes through this proxy, by CONNECT, so that connection and log-on reach from end to end
#   -proxycredentials IDENTITY  who to log on to the proxy as, if it asks; if not given, who runs the process
#   -maxredirects COUNT         follows so many redirects of a GET or HEAD to the same scheme, host and port; none, if
#                               not given. One that leads elsewhere is not followed: it is the result.
#
# A connection is kept, with its log-on, for later calls with the same origin and the same account; no others share it.
# A log-on over HTTPS is bound to the server's certificate. A server that lets the client in without having finished the
# log-on is an error. Who is refused gets the answer with its status 401.
#
# -channel, -handler and -querychannel are refused: a request may have to be sent more than once. With -command the
# result is empty, and the command is called with the token. -timeout is for each step of the log-on.

package require Tcl 8.6
package require http 2.9
package require twapi_crypto

namespace eval http_sspi {
    # Connections by their names. Each is a dict: key (what calls may share it), origin, own (the options beyond those
    # of http::geturl), free (no call has it), opened (how often) and channel.
    variable connections {}
    variable credentials {}
    variable count 0
    variable results
    array set results {}
    # Bytes of a proxy's answer, milliseconds for it, steps of a log-on.
    variable limit {answer 65536 proxy 30000 legs 6}
    variable own_options {-credentials "" -package Negotiate -tls "" -proxy "" -proxycredentials "" -maxredirects 0}

    # The package http keeps one connection for each host and port. A connection of ours has a name of its own in place
    # of the host, so that nobody else's request takes it; the Host header says the real one.
    http::register sspi 80 ::http_sspi::open_connection
}

proc http_sspi::geturl {url args} {
    variable count
    variable results
    lassign [split_options $args] own options
    set origin [parse_url $url]
    set job [incr count]
    set command [expr {[dict exists $options -command] ? [dict get $options -command] : ""}]
    coroutine job$job run $job $origin $own [dict remove $options -command] $command
    if {$command ne ""} { return "" }
    if {![info exists results($job)]} { vwait [namespace current]::results($job) }
    set outcome $results($job)
    unset results($job)
    lassign $outcome code value details
    if {$code eq "error"} { return -options [dict remove $details -level] $value }
    return $value
}

# Closes all connections, which ends their log-ons, and frees the credentials.
proc http_sspi::close_all {} {
    variable connections
    variable credentials
    dict for {name connection} $connections {
        if {[dict get $connection channel] ne ""} { catch {close [dict get $connection channel]} }
    }
    dict for {key credential} $credentials { catch {twapi::sspi_free_credentials $credential} }
    set connections {}
    set credentials {}
}

# ---- What is asked for. ----------------------------------------------------------------------------------------------

proc http_sspi::split_options {words} {
    variable own_options
    if {[llength $words] % 2} { error "the option [lindex $words end] has no value" }
    set own $own_options
    set options {}
    foreach {name value} $words {
        if {$name in {-channel -handler -querychannel}} {
            error "$name cannot be used here: a request may have to be sent more than once"
        }
        if {[dict exists $own $name]} { dict set own $name $value } else { dict set options $name $value }
    }
    if {[dict get $own -package] ni {Negotiate NTLM}} {
        error "-package [dict get $own -package] is neither Negotiate nor NTLM"
    }
    if {![string is integer -strict [dict get $own -maxredirects]]} {
        error "-maxredirects [dict get $own -maxredirects] is no number"
    }
    if {[dict exists $options -headers]} {
        foreach {name value} [dict get $options -headers] {
            if {[string tolower $name] in {authorization host connection}} {
                error "the header $name is not the caller's here"
            }
        }
    }
    return [list $own $options]
}

# A dict of scheme, host, port, path, and origin, which two URLs share or not.
proc http_sspi::parse_url {url} {
    if {![regexp -nocase {^(https?)://([^/?#]+)([^#\s]*)} $url -> scheme authority path]} {
        error "$url is no URL of http or https"
    }
    if {![regexp {^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?$} $authority -> host port]} {
        error "the host of $url is not a name or an address (accounts are given by -credentials)"
    }
    set scheme [string tolower $scheme]
    if {$port eq ""} { set port [expr {$scheme eq "https" ? 443 : 80}] }
    if {![string match /* $path]} { set path /$path }
    set host [string tolower $host]
    return [dict create scheme $scheme host $host port $port path $path origin $scheme://$host:$port]
}

# ---- A call, in a coroutine of its own. ------------------------------------------------------------------------------

proc http_sspi::run {job origin own options command} {
    variable results
    set token ""
    try {
        set token [follow $origin $own $options]
        set outcome [list ok $token]
    } on error {message details} {
        set outcome [list error $message $details]
    }
    if {$command eq ""} {
        set results($job) $outcome
    } elseif {$token ne ""} {
        {*}$command $token
    } else {
        return -options [dict remove $details -level] $message
    }
}

# Redirects that stay with the origin.
proc http_sspi::follow {origin own options} {
    set left [dict get $own -maxredirects]
    while 1 {
        set token [request $origin $own $options]
        if {[incr left -1] < 0 || [dict exists $options -query]} { return $token }
        set next [redirected $origin $token]
        if {$next eq ""} { return $token }
        http::cleanup $token
        set origin $next
    }
}

# Where the answer sends us, if that is the same origin; else "".
proc http_sspi::redirected {origin token} {
    if {[http::ncode $token] ni {301 302 303 307 308}} return
    set location [lindex [headers $token location] 0]
    if {[string match /* $location] && ![string match //* $location]} {
        set location [dict get $origin scheme]://[dict get $origin host]:[dict get $origin port]$location
    }
    if {[catch {parse_url $location} next] || [dict get $next origin] ne [dict get $origin origin]} { return "" }
    return $next
}

proc http_sspi::request {origin own options} {
    variable connections
    set name [take_connection $origin $own]
    try {
        set token [logged_on_request $name $origin $own $options]
        # What the call sees is its own URL.
        upvar #0 $token state
        set state(url) "[dict get $origin origin][dict get $origin path]"
        return $token
    } finally {
        if {[dict exists $connections $name]} { dict set connections $name free 1 }
    }
}

# A log-on is a connection's: a connection that is lost in the middle of one costs a second try, and no third.
proc http_sspi::logged_on_request {name origin own options} {
    set token [send $name $origin $options ""]
    foreach try {1 2} {
        if {[http::ncode $token] != 401} { return $token }
        lassign [challenge [headers $token www-authenticate] [dict get $own -package]] scheme
        if {$scheme eq ""} { return $token }
        set before [opened $name]
        http::cleanup $token
        set token [log_on $name $origin $own $options $scheme]
        if {[opened $name] == $before} { return $token }
    }
    return $token
}

proc http_sspi::log_on {name origin own options scheme} {
    variable limit
    set host [bare [dict get $origin host]]
    set context [twapi::sspi_client_context [credential $scheme [dict get $own -credentials]] -target HTTP/$host \
        -integrity 1 -mutualauth 1 {*}[bindings $name]]
    set token ""
    try {
        set received ""
        for {set leg 0} {$leg < [dict get $limit legs]} {incr leg} {
            lassign [twapi::sspi_step $context {*}[expr {$leg ? [list $received] : ""}]] status output
            if {$token ne ""} { http::cleanup $token }
            set token ""
            set token [send $name $origin $options "$scheme [binary encode base64 $output]"]
            lassign [challenge [headers $token www-authenticate] $scheme] offered received
            if {[http::ncode $token] != 401} {
                finish $context $status $received "HTTP/$host"
                return $token
            }
            if {$received eq "" || $status eq "done"} { return $token }
        }
        error "the log-on to HTTP/$host did not end in [dict get $limit legs] steps"
    } on error {message details} {
        if {$token ne ""} { http::cleanup $token }
        return -options $details $message
    } finally {
        twapi::sspi_delete_context $context
    }
}

# The server has let us in: what it says last must complete the log-on, and prove it where the package can.
proc http_sspi::finish {context status received who} {
    if {$status ne "done"} { lassign [twapi::sspi_step $context $received] status }
    if {$status ne "done"} { error "$who let us in, but did not finish the log-on: it may be another" }
}

# One request; the coroutine sleeps until its answer is there.
proc http_sspi::send {name origin options authorization} {
    set default [expr {[dict get $origin scheme] eq "https" ? 443 : 80}]
    set host [dict get $origin host]
    if {[dict get $origin port] != $default} { append host :[dict get $origin port] }
    set headers [list Host $host]
    if {$authorization ne ""} { lappend headers Authorization $authorization }
    if {[dict exists $options -headers]} { lappend headers {*}[dict get $options -headers] }
    dict set options -headers $headers
    http::geturl sspi://$name[dict get $origin path] {*}$options -keepalive 1 -protocol 1.1 \
        -command [list ::http_sspi::wake [info coroutine]]
    set token [yield]
    upvar #0 $token state
    if {$state(status) eq "error"} {
        set message [lindex $state(error) 0]
        http::cleanup $token
        error "$host: $message"
    }
    return $token
}

proc http_sspi::wake {coroutine token} { after 0 [list $coroutine $token] }

# All values of a header.
proc http_sspi::headers {token wanted} {
    set values {}
    foreach {name value} [http::meta $token] { if {[string equal -nocase $name $wanted]} { lappend values $value } }
    return $values
}

# Of the challenges in these headers, that of the scheme: {SCHEME TOKEN}, both empty if there is none. For Negotiate,
# NTLM is the second choice.
proc http_sspi::challenge {values scheme} {
    set found {}
    foreach value $values {
        foreach part [split [regsub -all {"[^"]*"} $value {}] ,] {
            if {[regexp -nocase {^\s*(Negotiate|NTLM)(?:\s+([A-Za-z0-9+/]+={0,2}))?\s*$} $part -> name token]} {
                dict set found [string tolower $name] $token
            }
        }
    }
    foreach name [expr {$scheme eq "Negotiate" ? {Negotiate NTLM} : {NTLM}}] {
        if {[dict exists $found [string tolower $name]]} {
            return [list $name [binary decode base64 [dict get $found [string tolower $name]]]]
        }
    }
    return {"" ""}
}

proc http_sspi::credential {package identity} {
    variable credentials
    set key [list $package $identity]
    if {![dict exists $credentials $key]} {
        set options [expr {$identity eq "" ? "" : [list -credentials $identity]}]
        dict set credentials $key [twapi::sspi_acquire_credentials -package $package -role client {*}$options]
    }
    return [dict get $credentials $key]
}

# ---- Connections. ----------------------------------------------------------------------------------------------------

# A free one that was made for the same origin and account, or a new one, which is opened when it is first used.
proc http_sspi::take_connection {origin own} {
    variable connections
    variable count
    set key [list [dict get $origin origin] [dict remove $own -maxredirects]]
    dict for {name connection} $connections {
        if {[dict get $connection free] && [dict get $connection key] eq $key} {
            dict set connections $name free 0
            return $name
        }
    }
    set name c[incr count]
    dict set connections $name [dict create key $key origin $origin own $own free 0 opened 0 channel ""]
    return $name
}

proc http_sspi::opened {name} {
    variable connections
    return [dict get $connections $name opened]
}

# What the package http calls for a channel: -async ?-myaddr ADDRESS? NAME PORT.
proc http_sspi::open_connection {args} {
    variable connections
    set name [lindex $args end-1]
    set how [lrange $args 0 end-2]
    set connection [dict get $connections $name]
    set origin [dict get $connection origin]
    set host [bare [dict get $origin host]]
    set tls [list -peersubject $host {*}[dict get $connection own -tls]]
    if {[dict get $connection own -proxy] ne ""} {
        set channel [tunnel $origin [dict get $connection own] $how]
        if {[dict get $origin scheme] eq "https"} { set channel [twapi::starttls $channel {*}$tls] }
    } elseif {[dict get $origin scheme] eq "https"} {
        set channel [twapi::tls_socket {*}$tls {*}$how $host [dict get $origin port]]
    } else {
        set channel [socket {*}$how $host [dict get $origin port]]
    }
    dict set connections $name channel $channel
    dict set connections $name opened [expr {[opened $name] + 1}]
    return $channel
}

# An address of IPv6 without its brackets.
proc http_sspi::bare {host} { string trim $host {[]} }

# Options of sspi_client_context that bind a log-on to the server's certificate.
proc http_sspi::bindings {name} {
    variable connections
    set connection [dict get $connections $name]
    if {[dict get $connection origin scheme] ne "https"} return
    set info [twapi::sspi_context_info [chan configure [dict get $connection channel] -context]]
    if {![dict exists $info -endpointbindings]} return
    return [list -channelbindings [dict get $info -endpointbindings]]
}

# ---- Proxies. --------------------------------------------------------------------------------------------------------

# A channel to the origin through the proxy, after a log-on to it if it asks for one. how: options of socket.
proc http_sspi::tunnel {origin own how} {
    variable limit
    if {![regexp {^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]+)$} [dict get $own -proxy] -> host port]} {
        error "-proxy [dict get $own -proxy] is not HOST:PORT"
    }
    set host [bare $host]
    set to [dict get $origin host]:[dict get $origin port]
    set state [dict create context "" scheme "" output ""]
    set channel [socket {*}$how $host $port]
    try {
        for {set leg 0} {$leg < [dict get $limit legs]} {incr leg} {
            lassign [connect_request $channel $to $state] code challenges kept
            if {$code == 200} { return $channel }
            set state [proxy_step $state $own $host $code $challenges $kept]
            if {!$kept} {
                close $channel
                set channel [socket {*}$how $host $port]
            }
        }
        error "it did not end in [dict get $limit legs] steps"
    } on error {message details} {
        catch {close $channel}
        return -options $details "the proxy $host:$port, asked for $to: $message"
    } finally {
        if {[dict get $state context] ne ""} { twapi::sspi_delete_context [dict get $state context] }
    }
}

# One step of the log-on to a proxy: the state with the next token.
proc http_sspi::proxy_step {state own host code challenges kept} {
    dict with state {}
    lassign [challenge $challenges [expr {$scheme eq "" ? [dict get $own -package] : $scheme}]] offered token
    if {$code != 407 || $offered eq "" || ($context ne "" && $token eq "")} { error "it answers $code" }
    if {$context ne ""} {
        if {!$kept} { error "it closed the connection in the middle of the log-on" }
        dict set state output [lindex [twapi::sspi_step $context $token] 1]
        return $state
    }
    set context [twapi::sspi_client_context [credential $offered [dict get $own -proxycredentials]] -target HTTP/$host \
        -integrity 1 -mutualauth 1]
    return [dict create context $context scheme $offered output [lindex [twapi::sspi_step $context] 1]]
}

# {CODE CHALLENGES KEPT}: the status, the Proxy-Authenticate headers, and whether the connection goes on.
proc http_sspi::connect_request {channel to state} {
    variable limit
    chan configure $channel -translation binary -buffering full -blocking 0
    set request "CONNECT $to HTTP/1.1\r\nHost: $to\r\n"
    if {[dict get $state output] ne ""} {
        append request "Proxy-Authorization: [dict get $state scheme] "
        append request "[binary encode base64 [dict get $state output]]\r\n"
    }
    puts -nonewline $channel "$request\r\n"
    flush $channel
    set until [expr {[clock milliseconds] + [dict get $limit proxy]}]
    set head ""
    # Byte by byte: what follows is the origin's.
    while {![string match *\r\n\r\n $head]} { append head [read_bytes $channel 1 $until [string length $head]] }
    if {![regexp {^HTTP/1\.([01]) ([0-9]{3})} $head -> minor code]} { error "it does not answer in HTTP" }
    lassign [proxy_fields $head $minor] challenges length kept
    if {$code != 200 && $kept} { read_bytes $channel $length $until 0 }
    return [list $code $challenges $kept]
}

proc http_sspi::proxy_fields {head kept} {
    set challenges {}
    set length 0
    foreach line [lrange [split [string map {\r\n \n} $head] \n] 1 end] {
        set colon [string first : $line]
        set value [string trim [string range $line $colon+1 end]]
        switch [string tolower [string range $line 0 $colon-1]] {
            proxy-authenticate { lappend challenges $value }
            content-length { set length $value }
            transfer-encoding { set kept 0 }
            connection - proxy-connection {
                if {[string match -nocase *close* $value]} { set kept 0 }
                if {[string match -nocase *keep-alive* $value]} { set kept 1 }
            }
        }
    }
    if {![regexp {^[0-9]{1,6}$} $length]} { error "its answer has the length $length" }
    return [list $challenges [scan $length %d] $kept]
}

# So many bytes, behind `before` others that were read.
proc http_sspi::read_bytes {channel count until before} {
    variable limit
    if {$before + $count > [dict get $limit answer]} { error "its answer is too long" }
    set bytes ""
    while {[string length $bytes] < $count} {
        append bytes [read $channel [expr {$count - [string length $bytes]}]]
        if {[string length $bytes] == $count} break
        if {[eof $channel]} { error "it closed the connection" }
        await_readable $channel [expr {$until - [clock milliseconds]}]
    }
    return $bytes
}

# While other events go on.
proc http_sspi::await_readable {channel milliseconds} {
    variable results
    variable count
    set woken [namespace current]::results(wait[incr count])
    set timer [after [expr {max($milliseconds, 0)}] [list set $woken late]]
    chan event $channel readable [list set $woken ready]
    vwait $woken
    after cancel $timer
    chan event $channel readable {}
    set reason [set $woken]
    unset $woken
    if {$reason eq "late"} { error "it does not answer" }
}
