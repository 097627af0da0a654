# A server of tests: logs on whoever comes, over HTTP or over POP3, and says hello by name and package.
#
#   tclsh log_on.tcl http|pop3 PACKAGE ?ACCOUNTS?
#
# http: WWW-Authenticate: Negotiate (RFC 4559). pop3: AUTH GSSAPI (RFC 5034, RFC 4752), where Kerberos goes as it is;
# message 1 is the hello. ACCOUNTS: where NTLM looks accounts up. It prints its port, then a line for each refusal.

package require Tcl 8.6
package require twapi_crypto

proc accept {protocol channel args} {
    chan configure $channel -blocking 0 -translation {crlf binary} -buffering full
    coroutine connection_$channel serve $protocol $channel
}

proc serve {protocol channel} {
    chan event $channel readable [info coroutine]
    set ::context($channel) ""
    try { $protocol $channel } on error {message options} { puts "ended: $message" } finally { forget $channel; close $channel }
}

# A line, or an error at the end of the connection.
proc get {channel} {
    while {[gets $channel line] < 0} {
        if {[eof $channel]} { return -code return }
        yield
    }
    return [string trimright $line \r]
}

proc put {channel args} {
    foreach line $args { puts -nonewline $channel "$line\r\n" }
    flush $channel
}

proc forget {channel} {
    if {$::context($channel) ne ""} { twapi::sspi_delete_context $::context($channel) }
    set ::context($channel) ""
}

# Takes a token in base64. {done|continue|refused TOKEN}, the token in base64 too.
proc step {channel encoded} {
    try {
        set token [binary decode base64 $encoded]
        if {$::context($channel) eq ""} {
            set ::context($channel) [twapi::sspi_server_context $::credential $token -mutualauth 1]
            lassign [twapi::sspi_step $::context($channel)] status reply
        } else {
            lassign [twapi::sspi_step $::context($channel) $token] status reply
        }
    } on error {message options} {
        puts "refused: $message ([dict get [twapi::sspi_last_failure] -text])"
        forget $channel
        set status refused
        set reply [expr {[dict exists $options -sspitoken] ? [dict get $options -sspitoken] : ""}]
    }
    return [list $status [binary encode base64 $reply]]
}

proc hello {channel} {
    set context $::context($channel)
    return "Hello [twapi::sspi_context_username $context] by [dict get [twapi::sspi_context_info $context] -package]"
}

# ---- HTTP. ----------------------------------------------------------------------------------------------------------

proc http {channel} {
    set user ""
    while {1} {
        get $channel
        array unset header
        while {[set line [get $channel]] ne ""} {
            regexp {^([^:]+): *(.*)$} $line -> name value
            set header([string tolower $name]) $value
        }
        if {[info exists header(content-length)]} { skip $channel $header(content-length) }
        set reply ""
        set status none
        if {[info exists header(authorization)]} {
            set user ""
            if {[regexp -nocase {^Negotiate +(\S+)$} $header(authorization) -> encoded]} {
                lassign [step $channel $encoded] status reply
            }
            if {$status eq "done"} { set user [hello $channel]; forget $channel }
        }
        set body [expr {$user eq "" ? "Who are you?\n" : "$user\n"}]
        put $channel "HTTP/1.1 [expr {$user eq "" ? "401 Unauthorized" : "200 OK"}]" \
            {*}[expr {$user eq "" || $reply ne "" ? [list [string trimright "WWW-Authenticate: Negotiate $reply"]] : {}}] \
            "Content-Length: [string length $body]" ""
        puts -nonewline $channel $body
        flush $channel
    }
}

proc skip {channel bytes} {
    while {$bytes > 0} {
        set part [read $channel $bytes]
        if {$part eq "" && [eof $channel]} return
        incr bytes -[string length $part]
        if {$bytes > 0} yield
    }
}

# ---- POP3. ----------------------------------------------------------------------------------------------------------

proc pop3 {channel} {
    put $channel "+OK ready"
    set user ""
    while {1} {
        set words [split [get $channel] " "]
        switch -- [string toupper [lindex $words 0]] {
            CAPA { put $channel "+OK" "SASL GSSAPI" "." }
            AUTH {
                set user [authenticate $channel [lindex $words 2]]
                put $channel [expr {$user eq "" ? "-ERR refused" : "+OK"}]
            }
            RETR { if {$user eq ""} { put $channel "-ERR not logged on" } else { put $channel "+OK" $user "." } }
            QUIT { put $channel "+OK"; return }
            default { put $channel "-ERR" }
        }
    }
}

# The tokens; then the security layer, of which this server has none: 1 and a size of 0, both signed.
proc authenticate {channel encoded} {
    if {$encoded eq ""} {
        put $channel "+ "
        set encoded [get $channel]
    }
    while {1} {
        lassign [step $channel $encoded] status reply
        if {$status eq "refused"} { return "" }
        if {$status eq "done" && $reply eq ""} break
        put $channel "+ $reply"
        set encoded [get $channel]
        if {$status eq "done"} break
    }
    if {$encoded eq "*"} { return "" }
    try {
        set context $::context($channel)
        set offer [join [twapi::sspi_encrypt $context [binary format I 0x01000000] -qop 0x80000001] ""]
        put $channel "+ [binary encode base64 $offer]"
        set signed [binary decode base64 [get $channel]]
        set head [dict get [twapi::sspi_context_sizes $context] -maxsig]
        set choice [twapi::sspi_decrypt $context [string range $signed 0 $head-1] [string range $signed $head end] ""]
        binary scan $choice cua3a* layer size user
        if {$layer != 1} { error "the client takes the security layer $layer, which was not offered" }
        return [hello $channel]
    } on error {message} {
        puts "refused: $message ([dict get [twapi::sspi_last_failure] -text])"
        return ""
    }
}

lassign $argv protocol package accounts
set credential [twapi::sspi_acquire_credentials -package $package -role server]
if {$accounts ne ""} { twapi::sspi_account_source $credential $accounts }
set listener [socket -server [list accept $protocol] -myaddr 127.0.0.1 0]
chan configure stdout -buffering line
puts [lindex [chan configure $listener -sockname] 2]
vwait forever
