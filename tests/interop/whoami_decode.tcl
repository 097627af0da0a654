# Tokens that are cut, altered and hostile, for the suite whoami: the decoder says something of each, no page that shows
# it has markup in it, and no secret is in it. Prints one line for each fault, then "done" and how many tokens it was.
#
#   tclsh whoami_decode.tcl WHOAMI
package require twapi_crypto
foreach file {decode page} { source [file join [lindex $argv 0] $file.tcl] }

set count 0
proc show {token} {
    incr ::count
    if {[catch {
        set entry [dict create way to-server line "GET /<script>" scheme NTLM token [decode::token $token]]
        set html [page::diagram [list $entry]]
    } message]} {
        puts "fault: $message for [binary encode hex $token]"
        return ""
    }
    set marks [regexp -all -inline {<[^<>]*>} $html]
    foreach mark $marks {
        if {![regexp {^</?(div|span|ol|li|b|h3|dl|dt|dd|code|wbr)( class="[a-z -]*")?>$} $mark]} {
            puts "fault: markup $mark"
        }
    }
    if {[regexp {[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202e]} $html]} { puts "fault: a control character" }
    return $html
}

# Deterministic, so that a fault can be found again.
proc next {below} {
    set ::seed [expr {($::seed * 1103515245 + 12345) & 0x7fffffff}]
    return [expr {($::seed >> 8) % $below}]
}
set seed 20261123

proc altered {token} {
    for {set at 0} {$at < [string length $token]} {incr at} {
        show [string range $token 0 $at-1]
        show [string replace $token $at $at [binary format c [next 256]]]
    }
    show $token$token
}

# A log-on by NTLM with names that look like HTML, and one by Negotiate with SPNEGO around it.
set evil "<script>\"'&\u202e\u0007"
proc talk {package target} {
    set identity [twapi::sspi_winnt_identity_credentials $::evil $::evil [twapi::conceal swordfish]]
    set client [twapi::sspi_acquire_credentials -package $package -role client -credentials $identity]
    set server [twapi::sspi_acquire_credentials -package $package -role server]
    set ours [twapi::sspi_client_context $client -target $target -confidentiality 1]
    lassign [twapi::sspi_step $ours] status first
    set theirs [twapi::sspi_server_context $server $first]
    lassign [twapi::sspi_step $theirs] status second
    lassign [twapi::sspi_step $ours $second] status third
    return [list $first $second $third]
}
set tokens [talk NTLM HTTP/<img\u00a0src=x>]
set html [show [lindex $tokens 2]]
if {![string match *&lt\;script&gt\;* $html]} { puts "fault: the name is not shown: $html" }
if {[string match *swordfish* $html]} { puts "fault: the password is shown" }
foreach token $tokens { altered $token }

# SPNEGO with that inside, and what MIT's library makes of a ticket.
proc der {tag content} {
    set length [string length $content]
    if {$length < 128} { return [binary format cca* $tag $length $content] }
    return [binary format ccSa* $tag 0x82 $length $content]
}
set ntlm [der 0x06 \x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a]
set init [der 0xa0 [der 0x30 [der 0xa0 [der 0x30 $ntlm]][der 0xa2 [der 0x04 [lindex $tokens 0]]]]]
altered [der 0x60 [der 0x06 \x2b\x06\x01\x05\x05\x02]$init]
set last [der 0xa2 [der 0x04 [lindex $tokens 2]]]
altered [der 0xa1 [der 0x30 [der 0xa0 [der 0x0a \x01]][der 0xa1 $ntlm]$last[der 0xa3 [der 0x04 0123456789abcdef]]]]
# An AP-REQ whose realm and service look like HTML.
proc encrypted {} { der 0x30 [der 0xa0 [der 0x02 \x12]][der 0xa1 [der 0x02 \x01]][der 0xa2 [der 0x04 secret]] }
set name [der 0x30 [der 0xa0 [der 0x02 \x02]][der 0xa1 [der 0x30 [der 0x1b HTTP][der 0x1b <script>]]]]
set five [der 0xa0 [der 0x02 \x05]]
set ticket [der 0x61 [der 0x30 $five[der 0xa1 [der 0x1b <b>REALM]][der 0xa2 $name][der 0xa3 [encrypted]]]]
set options [der 0xa2 [der 0x03 \x00\x20\x00\x00\x00]]
set request [der 0x6e [der 0x30 $five[der 0xa1 [der 0x02 \x0e]]$options[der 0xa3 $ticket][der 0xa4 [encrypted]]]]
set framed [der 0x60 [der 0x06 \x2a\x86\x48\x86\xf7\x12\x01\x02\x02]\x01\x00$request]
set html [show $framed]
foreach wanted {&lt;b&gt;REALM HTTP/&lt;script&gt; mutual-required aes256-cts-hmac-sha1-96} {
    if {[string first $wanted $html] < 0} { puts "fault: $wanted is not shown: $html" }
}
if {[string match *secret* $html]} { puts "fault: what is encrypted is shown" }
altered $framed
for {set i 0} {$i < 500} {incr i} {
    set junk ""
    for {set n [next 80]} {$n > 0} {incr n -1} { append junk [binary format c [next 256]] }
    show $junk
    show NTLMSSP\0\3\0\0\0$junk
}
puts "done $count"
