#!/usr/bin/env tclsh
# Asks an Active Directory (or another LDAP server) for one entry over a connection that SASL GSSAPI logs on, signs and
# encrypts (RFC 4752), with the package Kerberos.
#
#   tclsh kerberos_ldap.tcl ?-host HOST? ?-port PORT? ?-service SPN? ?-user NAME -domain REALM -passwordfile FILE?
#                           ?-layer none|sign|seal? BASE FILTER-ATTRIBUTE FILTER-VALUE ?ATTRIBUTE...?
#
# Without -user the tickets are those of the process (kinit). Prints "attribute: value" lines of what it finds.
# For example: kerberos_ldap.tcl -host dc1.example.test DC=example,DC=test sAMAccountName alice memberOf objectSid

package require Tcl 8.6
package require twapi_crypto

array set options {-host localhost -port 389 -service "" -user "" -domain "" -passwordfile "" -layer seal}
while {[string match -* [lindex $argv 0]]} {
    set argv [lassign $argv name value]
    if {![info exists options($name)]} { puts stderr "unknown option $name: [lsort [array names options]]"; exit 2 }
    set options($name) $value
}
if {[llength $argv] < 3} { puts stderr "usage: kerberos_ldap.tcl ?-option value ...? BASE ATTRIBUTE VALUE ?ATTRIBUTE...?"; exit 2 }
if {$options(-service) eq ""} { set options(-service) ldap/$options(-host) }

set most_bytes 1000000           ;# in one message of the server

# ---- BER, as much as LDAP needs here: a tag, a length, a content. ---------------------------------------------------

proc ber {tag content} {
    set length [string length $content]
    if {$length < 128} { return [binary format cc $tag $length]$content }
    if {$length < 65536} { return [binary format ccS $tag 0x82 $length]$content }
    return [binary format ccI $tag 0x84 $length]$content
}
proc ber_text {text {tag 0x04}} { return [ber $tag [encoding convertto utf-8 $text]] }
proc ber_integer {value {tag 0x02}} { return [ber $tag [binary format c $value]] }

# {TAG CONTENT SIZE} of the element at the front; empty where it is not all there yet.
proc ber_front {bytes} {
    if {[binary scan $bytes cucu tag length] != 2} return
    set head 2
    if {$length >= 128} {
        set count [expr {$length & 127}]
        if {$count < 1 || $count > 4} { error "the server sends a length of $count bytes" }
        if {[binary scan $bytes @2H[expr {2 * $count}] digits] != 1 || [string length $digits] < 2 * $count} return
        scan $digits %x length
        incr head $count
    }
    if {$length > $::most_bytes} { error "the server announces $length bytes; at most $::most_bytes are taken" }
    if {[string length $bytes] < $head + $length} return
    return [list $tag [string range $bytes $head [expr {$head + $length - 1}]] [expr {$head + $length}]]
}

# All elements of a content: a list of {TAG CONTENT}.
proc ber_all {content} {
    set elements {}
    while {$content ne ""} {
        lassign [ber_front $content] tag inner size
        if {$size eq ""} { error "the server sends an element that is cut off" }
        lappend elements [list $tag $inner]
        set content [string range $content $size end]
    }
    return $elements
}

# ---- The connection: plain at first, then frames of four bytes of length and a message of the security layer. --------

set waiting ""
set layer plain

proc get_exactly {length} {
    set content [read $::channel $length]
    if {[string length $content] < $length} { error "the server closed the connection" }
    return $content
}

proc put {content} {
    if {$::layer ne "plain"} {
        set qop [expr {$::layer eq "sign" ? "0x80000001" : 0}]
        set content [join [twapi::sspi_encrypt $::context $content -qop $qop] ""]
        set content [binary format I [string length $content]]$content
    }
    puts -nonewline $::channel $content
    flush $::channel
}

proc unwrap {packet} {
    # Where the data begins depends on how much stands before it: what is only signed has less.
    binary scan $packet @2cu flags
    if {$::layer eq "seal" && !($flags & 2)} { error "the server sends a message that is only signed" }
    set sizes [twapi::sspi_context_sizes $::context]
    set head [dict get $sizes [expr {$flags & 2 ? "-trailersize" : "-maxsig"}]]
    return [twapi::sspi_decrypt $::context [string range $packet 0 $head-1] [string range $packet $head end] ""]
}

proc get_more {} {
    if {$::layer eq "plain"} { return [get_exactly 1] }
    binary scan [get_exactly 4] Iu length
    if {$length > $::most_bytes} { error "the server announces $length bytes; at most $::most_bytes are taken" }
    return [unwrap [get_exactly $length]]
}

# {KIND PARTS} of the next LDAPMessage.
proc get_message {} {
    while {[set front [ber_front $::waiting]] eq ""} { append ::waiting [get_more] }
    lassign $front tag content size
    set ::waiting [string range $::waiting $size end]
    lassign [ber_all $content] number operation
    return [list [lindex $operation 0] [ber_all [lindex $operation 1]]]
}

set number 0
proc put_message {operation} { put [ber 0x30 [ber_integer [incr ::number]]$operation] }

# ---- The log-on: bind requests with SASL credentials, RFC 4511 4.2 and RFC 4752. -------------------------------------

# What the server answers: {RESULT-CODE CREDENTIALS}.
proc bind {credentials} {
    put_message [ber 0x60 [ber_integer 3][ber_text ""][ber 0xA3 [ber_text GSSAPI][ber 0x04 $credentials]]]
    lassign [get_message] kind parts
    if {$kind != 0x61} { error "the server answers a bind with [format 0x%02x $kind]" }
    binary scan [lindex $parts 0 1] cu code
    if {$code != 0 && $code != 14} { error "the server refuses the log-on with code $code: [lindex $parts 2 1]" }
    set answer ""
    foreach part $parts { if {[lindex $part 0] == 0x87} { set answer [lindex $part 1] } }
    return [list $code $answer]
}

array set layer_bits {none 1 sign 2 seal 4}

# RFC 4752 section 3.1: after the log-on the server says which layers it has, the client which it takes; both signed.
proc agree_on_layer {wanted} {
    lassign [bind ""] code packet
    binary scan [unwrap $packet] Iu offer
    set offered [expr {$offer >> 24}]
    if {($offered & $::layer_bits($wanted)) == 0} { error "the server does not offer $wanted; its layers are $offered" }
    set choice [binary format I [expr {($::layer_bits($wanted) << 24) | 0xFFFF}]]
    bind [join [twapi::sspi_encrypt $::context $choice -qop 0x80000001] ""]
    set ::layer [expr {$wanted eq "none" ? "plain" : $wanted}]
}

proc log_on {} {
    lassign [twapi::sspi_step $::context] status token
    while {1} {
        lassign [bind $token] code answer
        if {$status eq "done"} break
        lassign [twapi::sspi_step $::context $answer] status token
        if {$status eq "done" && $token eq ""} break
    }
}

# ---- The search, RFC 4511 4.5: the whole tree below BASE, one attribute equal to one value. -------------------------

proc search {base attribute value wanted} {
    set filter [ber 0xA3 [ber_text $attribute][ber_text $value]]
    foreach name $wanted { append list [ber_text $name] }
    put_message [ber 0x63 [ber_text $base][ber_integer 2 0x0A][ber_integer 0 0x0A][ber_integer 0][ber_integer 30][ber \
        0x01 \0]$filter[ber 0x30 [expr {[info exists list] ? $list : ""}]]]
    while {1} {
        lassign [get_message] kind parts
        switch [format 0x%02x $kind] {
            0x64 { show_entry $parts }
            0x65 {
                binary scan [lindex $parts 0 1] cu code
                if {$code != 0} { error "the server refuses the search with code $code: [lindex $parts 2 1]" }
                return
            }
        }
    }
}

proc show_entry {parts} {
    puts "dn: [encoding convertfrom utf-8 [lindex $parts 0 1]]"
    foreach attribute [ber_all [lindex $parts 1 1]] {
        lassign [ber_all [lindex $attribute 1]] name values
        foreach value [ber_all [lindex $values 1]] {
            set text [lindex $value 1]
            if {![string is print -strict [encoding convertfrom utf-8 $text]]} { set text <[binary encode hex $text]> }
            puts "[lindex $name 1]: [encoding convertfrom utf-8 $text]"
        }
    }
}

proc credential {} {
    upvar #0 options options
    if {$options(-user) eq ""} { return [twapi::sspi_acquire_credentials -package Kerberos -role client] }
    set file [open $options(-passwordfile)]
    set password [string trimright [read $file] \n]
    close $file
    set concealed [twapi::conceal $password]
    set identity [twapi::sspi_winnt_identity_credentials $options(-user) $options(-domain) $concealed]
    return [twapi::sspi_acquire_credentials -package Kerberos -role client -credentials $identity]
}

set channel [socket $options(-host) $options(-port)]
fconfigure $channel -translation binary -buffering full
set credential [credential]
# What is not asked for, the server does not grant: Active Directory refuses a layer beside the flags of the log-on.
set context [twapi::sspi_client_context $credential -target $options(-service) -mutualauth 1 -sequencedetect 1 \
    -integrity 1 -confidentiality [expr {$options(-layer) eq "seal"}]]
try {
    log_on
    agree_on_layer $options(-layer)
    set attributes [lassign $argv base attribute value]
    search $base $attribute $value $attributes
    put_message [ber 0x42 ""]
} finally {
    twapi::sspi_delete_context $context
    twapi::sspi_free_credentials $credential
    close $channel
}
