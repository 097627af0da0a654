#!/usr/bin/env tclsh
# Asks PostgreSQL one question over a connection that Kerberos logs on and encrypts: its protocol's GSSAPI encryption.
#
#   tclsh kerberos_postgres.tcl ?-host HOST? ?-port PORT? ?-user NAME? ?-database NAME? ?-service NAME? QUERY
#
# The tickets are those of the process (kinit). Rows are printed one a line, their columns separated by tabs. The
# server's pg_hba.conf needs a line like "hostgssenc all all 0.0.0.0/0 gss include_realm=0".

package require Tcl 8.6
package require twapi_crypto

array set options {-host localhost -port 5432 -user alice -database postgres -service postgres}
proc wrong_usage {why} {
    puts stderr "$why\nusage: kerberos_postgres.tcl ?-option value ...? QUERY"
    exit 2
}
foreach {name value} [lrange $argv 0 end-1] {
    if {![info exists options($name)]} {
        wrong_usage "unknown option $name; there are [join [lsort [array names options]] {, }]"
    }
    set options($name) $value
}
if {[llength $argv] % 2 != 1 || [lindex $argv end] in [list -h --help {*}[array names options]]} { wrong_usage "QUERY is needed" }
set query [lindex $argv end]

set most_bytes 16384             ;# in one packet, by PostgreSQL's rule
set most_data_bytes 8192         ;# of ours in one packet: less than the rule leaves room for

# ---- Packets: four bytes of length, then a token of the log-on or an encrypted message. -----------------------------

proc put_packet {content} {
    puts -nonewline $::channel [binary format I [string length $content]]$content
    flush $::channel
}

proc get_exactly {length} {
    set content [read $::channel $length]
    if {[string length $content] < $length} { error "the server closed the connection" }
    return $content
}

proc get_packet {} {
    binary scan [get_exactly 4] Iu length
    if {$length > $::most_bytes} { error "the server announces $length bytes; at most $::most_bytes are allowed" }
    return [get_exactly $length]
}

# ---- The log-on: GSSENCRequest, then tokens until both ends are done. -----------------------------------------------

proc log_on {context} {
    puts -nonewline $::channel [binary format II 8 80877104]
    flush $::channel
    if {[get_exactly 1] ne "G"} { error "the server does not offer encryption by GSSAPI" }
    lassign [twapi::sspi_step $context] status token
    while {1} {
        if {$token ne ""} { put_packet $token }
        if {$status eq "done"} return
        lassign [twapi::sspi_step $context [get_packet]] status token
    }
}

# ---- Encrypted messages. EncryptMessage's three parts, one behind the other, are what GSSAPI's peer unwraps. ---------

proc put_encrypted {context content} {
    for {set at 0} {$at < [string length $content]} {incr at $::most_data_bytes} {
        set piece [string range $content $at [expr {$at + $::most_data_bytes - 1}]]
        put_packet [join [twapi::sspi_encrypt $context $piece] ""]
    }
}

# A message of GSSAPI is cut where EncryptMessage cuts its own; how it was rotated, its header says.
proc get_encrypted {context} {
    set packet [get_packet]
    set head $::trailer_bytes
    return [twapi::sspi_decrypt $context [string range $packet 0 $head-1] [string range $packet $head end] ""]
}

# ---- PostgreSQL's protocol, version 3: a letter, four bytes of length that count themselves, a body. ----------------

set waiting ""
proc get_message {context} {
    global waiting
    while {1} {
        if {[binary scan $waiting a1I letter length] == 2 && [string length $waiting] > $length} {
            set body [string range $waiting 5 $length]
            set waiting [string range $waiting $length+1 end]
            return [list $letter $body]
        }
        append waiting [get_encrypted $context]
    }
}

proc error_text {body} {
    foreach field [split $body \0] {
        if {[string index $field 0] eq "M"} { return [encoding convertfrom utf-8 [string range $field 1 end]] }
    }
    return "no reason given"
}

proc columns {body} {
    binary scan $body S count
    set at 2
    set values {}
    for {set i 0} {$i < $count} {incr i} {
        binary scan $body @${at}I length
        incr at 4
        if {$length < 0} { lappend values "" ; continue }
        lappend values [encoding convertfrom utf-8 [string range $body $at [expr {$at + $length - 1}]]]
        incr at $length
    }
    return $values
}

proc wait_until_ready {context} {
    while {1} {
        lassign [get_message $context] letter body
        switch $letter {
            Z { return }
            D { puts [join [columns $body] \t] }
            E { error "PostgreSQL: [error_text $body]" }
            R {
                binary scan $body I kind
                if {$kind != 0} { error "PostgreSQL wants a log-on of kind $kind beside Kerberos; see its pg_hba.conf" }
            }
        }
    }
}

try {
    set channel [socket $options(-host) $options(-port)]
} on error {message} {
    puts stderr "no connection to $options(-host) port $options(-port): $message"
    exit 1
}
fconfigure $channel -translation binary -buffering full
set credential [twapi::sspi_acquire_credentials -package Kerberos -role client]
set context [twapi::sspi_client_context $credential -target $options(-service)/$options(-host) \
    -mutualauth 1 -confidentiality 1 -integrity 1 -replaydetect 1 -sequencedetect 1]
try {
    log_on $context
    set trailer_bytes [dict get [twapi::sspi_context_sizes $context] -trailersize]
    set startup "[binary format I 196608]user\0$options(-user)\0database\0$options(-database)\0\0"
    put_encrypted $context [binary format I [expr {[string length $startup] + 4}]]$startup
    wait_until_ready $context
    set text "[encoding convertto utf-8 $query]\0"
    put_encrypted $context Q[binary format I [expr {[string length $text] + 4}]]$text
    wait_until_ready $context
    put_encrypted $context X[binary format I 4]
} trap TWAPI_WIN32 {message} {
    puts stderr "$message ([dict get [twapi::sspi_last_failure] -text])"
    exit 1
} on error {message} {
    puts stderr $message
    exit 1
} finally {
    twapi::sspi_delete_context $context
    twapi::sspi_free_credentials $credential
    close $channel
}
