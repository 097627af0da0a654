# A proxy for the suite whoami: CONNECT only, and only for who has logged on by Negotiate or NTLM.
#
#   tclsh whoami_proxy.tcl WHOAMI ACCOUNTS      WHOAMI: the folder examples/whoami
package require twapi_crypto
lassign $argv folder accounts
foreach file {decode logon} { source [file join $folder $file.tcl] }

proc serve {credentials channel address port} {
    chan configure $channel -blocking 0 -translation binary -buffering full
    chan event $channel readable [list request $channel [Logon new $credentials {}]]
}

# One request's head at a time; the bytes of the tunnel come later.
proc request {channel logon} {
    append ::head($channel) [read $channel]
    set end [string first \r\n\r\n $::head($channel)]
    if {$end < 0} {
        if {[eof $channel]} { close $channel; $logon destroy }
        return
    }
    set lines [split [string map {\r\n \n} [string range $::head($channel) 0 $end-1]] \n]
    set ::head($channel) [string range $::head($channel) $end+4 end]
    set given ""
    foreach line $lines { regexp -nocase {^Proxy-Authorization: (.*)$} $line -> given }
    set outcome [$logon take [lindex $lines 0] $given]
    set name [expr {[$logon who] eq "" ? "nobody" : [dict get [$logon who] -name]}]
    puts "[lindex $lines 0]: $name [dict get $outcome failure]"
    if {[$logon who] ne ""} { return [tunnel $channel $logon [lindex $lines 0]] }
    set answer "HTTP/1.1 407 Proxy Authentication Required\r\n"
    foreach challenge [$logon challenges [dict get $outcome token]] {
        append answer "Proxy-Authenticate: $challenge\r\n"
    }
    puts -nonewline $channel "${answer}Content-Length: 8\r\n\r\nLog on.\n"
    flush $channel
}

proc tunnel {channel logon line} {
    $logon destroy
    regexp {^CONNECT ([^:]+):([0-9]+) } $line -> host port
    set to [socket $host $port]
    chan configure $to -blocking 0 -translation binary
    puts -nonewline $channel "HTTP/1.1 200 Connection established\r\n\r\n"
    flush $channel
    foreach {from into} [list $channel $to $to $channel] { fcopy $from $into -command [list ended $channel $to] }
}

proc ended {channel to args} { foreach one [list $channel $to] { catch {close $one} } }

set credentials {}
foreach scheme {Negotiate NTLM} {
    set credential [twapi::sspi_acquire_credentials -package $scheme -role server]
    twapi::sspi_account_source $credential $accounts
    dict set credentials $scheme $credential
}
fconfigure stdout -buffering line
set listener [socket -server [list serve $credentials] -myaddr 127.0.0.1 0]
puts "listening on http://127.0.0.1:[lindex [fconfigure $listener -sockname] 2]/"
vwait forever
