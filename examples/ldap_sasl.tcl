# An LDAP client as small as its two users need, kerberos_ldap.tcl and negotiate_ldap.tcl: it logs on with SASL, signs
# and encrypts what follows, and searches. Sourced.
#
#   set ldap [LdapConnection new CHANNEL]
#   $ldap log_on GSSAPI|GSS-SPNEGO CONTEXT none|sign|seal    the layer that is in force
#   $ldap search BASE ATTRIBUTE VALUE ATTRIBUTES    a list of {DN {NAME {VALUE ...} ...}}, values in binary
#   $ldap destroy                                   says good-bye and closes CHANNEL; CONTEXT stays the caller's

package require Tcl 8.6
package require twapi_crypto

# ---- BER, as much as LDAP needs here: a tag, a length, a content. ---------------------------------------------------

namespace eval ber {
    variable most_bytes 16000000         ;# in one message of the server
}

proc ber::element {tag content} {
    set length [string length $content]
    if {$length < 128} { return [binary format cc $tag $length]$content }
    if {$length < 65536} { return [binary format ccS $tag 0x82 $length]$content }
    return [binary format ccI $tag 0x84 $length]$content
}
proc ber::text {text {tag 0x04}} { return [element $tag [encoding convertto utf-8 $text]] }
proc ber::integer {value {tag 0x02}} { return [element $tag [binary format I $value]] }

# {TAG FROM SIZE} of the element at the front: where its content begins, and the bytes that it has in all. Empty where it
# is not all there yet.
proc ber::front {bytes} {
    variable most_bytes
    if {[binary scan $bytes cucu tag length] != 2} return
    set from 2
    if {$length >= 128} {
        set count [expr {$length & 127}]
        if {$count < 1 || $count > 4} { error "the server sends a length of $count bytes" }
        if {[string length $bytes] < 2 + $count} return
        scan [binary encode hex [string range $bytes 2 [expr {1 + $count}]]] %x length
        incr from $count
    }
    if {$length > $most_bytes} { error "the server announces $length bytes; at most $most_bytes are taken" }
    if {[string length $bytes] < $from + $length} return
    return [list $tag $from [expr {$from + $length}]]
}

# All elements of a content: a list of {TAG CONTENT}.
proc ber::all {content} {
    set elements {}
    while {$content ne ""} {
        lassign [front $content] tag from size
        if {$size eq ""} { error "the server sends an element that is cut off" }
        lappend elements [list $tag [string range $content $from [expr {$size - 1}]]]
        set content [string range $content $size end]
    }
    return $elements
}

# ---- The connection: plain at first, then frames of four bytes of length and a message of the security layer. --------

oo::class create LdapConnection {
    variable channel context layer waiting number

    constructor {open_channel} {
        set channel $open_channel
        set layer none
        set waiting ""
        set number 0
        fconfigure $channel -translation binary -buffering full
    }
    destructor {
        catch { my Request [ber::element 0x42 ""] }
        close $channel
    }

    method GetExactly {length} {
        set content [read $channel $length]
        if {[string length $content] < $length} { error "the server closed the connection" }
        return $content
    }

    method Put {content} {
        if {$layer ne "none"} {
            set content [my Protect $content $layer]
            set content [binary format I [string length $content]]$content
        }
        puts -nonewline $channel $content
        flush $channel
    }

    method Get {} {
        if {$layer eq "none"} { return [my GetSome] }
        binary scan [my GetExactly 4] Iu length
        if {$length > $ber::most_bytes} {
            error "the server announces $length bytes; at most $ber::most_bytes are taken"
        }
        return [my Unprotect [my GetExactly $length] $layer]
    }

    # As many bytes as the element at the front has for certain, so that none is waited for in vain.
    method GetSome {} {
        if {[string length $waiting] < 2} { return [my GetExactly [expr {2 - [string length $waiting]}]] }
        binary scan $waiting @1cu length
        set head [expr {$length < 128 ? 2 : 2 + ($length & 127)}]
        if {[string length $waiting] < $head} { return [my GetExactly [expr {$head - [string length $waiting]}]] }
        if {$head > 2} { scan [binary encode hex [string range $waiting 2 [expr {$head - 1}]]] %x length }
        if {$length > $ber::most_bytes} {
            error "the server announces $length bytes; at most $ber::most_bytes are taken"
        }
        return [my GetExactly [expr {$head + $length - [string length $waiting]}]]
    }

    # ---- What GSSAPI calls wrap: the token and the data of a message, one behind the other. ----

    method Package {} { return [dict get [twapi::sspi_context_info $context] -package] }

    # What is only signed is SECQOP_WRAP_NO_ENCRYPT of Kerberos.
    method Protect {content how} {
        return [join [twapi::sspi_encrypt $context $content -qop [expr {$how eq "seal" ? 0 : 0x80000001}]] ""]
    }

    method Unprotect {message how} {
        set sizes [twapi::sspi_context_sizes $context]
        set sealed [expr {$how eq "seal"}]
        if {[my Package] eq "Kerberos"} {
            # RFC 4121 4.2.6.2: a bit of the third byte says whether a message is encrypted.
            binary scan $message @2cu flags
            if {$sealed != (($flags & 2) != 0)} { error "the server sends a message that is not protected as agreed" }
        }
        set head [dict get $sizes [expr {$sealed ? "-trailersize" : "-maxsig"}]]
        return [twapi::sspi_decrypt $context [string range $message 0 $head-1] [string range $message $head end] ""]
    }

    # ---- Messages of LDAP, RFC 4511 4.1.1. ----

    method Request {operation} { my Put [ber::element 0x30 [ber::integer [incr number]]$operation] }

    # {KIND PARTS} of the next message.
    method Answer {} {
        while {[set front [ber::front $waiting]] eq ""} { append waiting [my Get] }
        lassign $front tag from size
        lassign [ber::all [string range $waiting $from [expr {$size - 1}]]] id operation
        set waiting [string range $waiting $size end]
        return [list [format 0x%02x [lindex $operation 0]] [ber::all [lindex $operation 1]]]
    }

    # The code of an LDAPResult, and an error for all but those that are due.
    method Result {parts doing due} {
        binary scan [lindex $parts 0 1] cu code
        if {$code ni $due} { error "the server refuses $doing with code $code: [lindex $parts 2 1]" }
        return $code
    }

    # ---- The log-on: bind requests with SASL credentials, RFC 4511 4.2. ----

    # Gives what the server says in return.
    method Bind {mechanism credentials} {
        set sasl [ber::text $mechanism][ber::element 0x04 $credentials]
        my Request [ber::element 0x60 [ber::integer 3][ber::text ""][ber::element 0xA3 $sasl]]
        lassign [my Answer] kind parts
        if {$kind ne "0x61"} { error "the server answers a bind with $kind" }
        my Result $parts "the log-on" {0 14}
        foreach part $parts { if {[lindex $part 0] == 0x87} { return [lindex $part 1] } }
        return ""
    }

    method log_on {mechanism new_context wanted} {
        set context $new_context
        lassign [twapi::sspi_step $context] status token
        while {$status ne "done" || $token ne ""} {
            set answer [my Bind $mechanism $token]
            if {$status eq "done"} break
            lassign [twapi::sspi_step $context $answer] status token
        }
        if {$mechanism eq "GSSAPI"} { my AgreeOnLayer $wanted }
        set layer [expr {$mechanism eq "GSSAPI" ? $wanted : [my LayerOfLogOn $wanted]}]
        return $layer
    }

    # GSS-SPNEGO has the layer that the contexts agreed on. MS-ADTS 5.1.1.1.2.
    method LayerOfLogOn {wanted} {
        set features [twapi::sspi_context_features $context]
        if {[dict get $features -confidentiality]} { return seal }
        set got [expr {[dict get $features -integrity] ? "sign" : "none"}]
        if {$got eq "sign" && [my Package] eq "NTLM"} {
            error "Active Directory has every message encrypted where NTLM signs: ask for seal"
        }
        if {$wanted ni [list none $got]} { error "the log-on agreed on $got, not on $wanted" }
        return $got
    }

    # RFC 4752 3.1: behind the log-on the server says which layers it has, the client which it takes; both signed.
    method AgreeOnLayer {wanted} {
        binary scan [my Unprotect [my Bind GSSAPI ""] sign] Iu offer
        set offered [expr {$offer >> 24}]
        set bit [dict get {none 1 sign 2 seal 4} $wanted]
        if {($offered & $bit) == 0} { error "the server does not offer $wanted; its layers are $offered" }
        my Bind GSSAPI [my Protect [binary format I [expr {($bit << 24) | 0xFFFFFF}]] sign]
    }

    # ---- The search, RFC 4511 4.5: the whole tree below BASE, one attribute equal to one value. ----

    method search {base attribute value wanted} {
        set filter [ber::element 0xA3 [ber::text $attribute][ber::text $value]]
        set names [ber::element 0x30 [join [lmap name $wanted { ber::text $name }] ""]]
        set scope [ber::integer 2 0x0A][ber::integer 0 0x0A]
        set limits [ber::integer 0][ber::integer 30][ber::element 0x01 \0]
        my Request [ber::element 0x63 [ber::text $base]$scope$limits$filter$names]
        set entries {}
        while {1} {
            lassign [my Answer] kind parts
            switch $kind {
                0x64 { lappend entries [my Entry $parts] }
                0x65 {
                    my Result $parts "the search" 0
                    return $entries
                }
            }
        }
    }

    method Entry {parts} {
        set attributes {}
        foreach attribute [ber::all [lindex $parts 1 1]] {
            lassign [ber::all [lindex $attribute 1]] name values
            lappend attributes [lindex $name 1] [lmap value [ber::all [lindex $values 1]] { lindex $value 1 }]
        }
        return [list [encoding convertfrom utf-8 [lindex $parts 0 1]] $attributes]
    }
}

# ---- For the scripts: their options, a connection, a password out of a file, and what was found. --------------------

# Sets options from the words of a command line; gives those behind them: BASE, ATTRIBUTE, VALUE and further attributes.
proc command_line {array words} {
    upvar $array options
    array set options {-host localhost -port 389 -service "" -user "" -domain "" -passwordfile "" -layer seal -tls ""}
    while {[string match -* [lindex $words 0]]} {
        set words [lassign $words name value]
        if {![info exists options($name)]} {
            wrong_usage "unknown option $name; there are [join [lsort [array names options]] {, }]"
        }
        set options($name) $value
    }
    if {[llength $words] < 3} { wrong_usage "BASE, ATTRIBUTE and VALUE are needed" }
    if {$options(-layer) ni {none sign seal}} { wrong_usage "-layer $options(-layer) is none of none, sign, seal" }
    if {$options(-service) eq ""} { set options(-service) ldap/$options(-host) }
    if {$options(-tls) ne ""} { set options(-layer) none }
    return $words
}

proc wrong_usage {why} {
    puts stderr "$why\nusage: [file tail $::argv0] ?-option value ...? BASE ATTRIBUTE VALUE ?ATTRIBUTE...?"
    exit 2
}

# The channel, and the options that bind a log-on to it: over TLS where there is a PEM file of whom to trust.
proc connect {host port certificates} {
    if {$certificates eq ""} { return [list [socket $host $port] {}] }
    set file [open $certificates]
    set roots [twapi::cert_temporary_store]
    twapi::cert_store_add_encoded_certificate $roots [read $file] -encoding pem
    close $file
    set trust [twapi::sspi_schannel_credentials -rootstore $roots]
    set credential [twapi::sspi_acquire_credentials -package tls -role client -credentials $trust]
    set channel [twapi::tls_socket -credentials $credential $host $port]
    twapi::tls_handshake $channel
    set bindings [dict get [twapi::sspi_context_info [fconfigure $channel -context]] -endpointbindings]
    return [list $channel [list -channelbindings $bindings]]
}

# The process's own credentials where no user is given.
proc credential_of {package user domain passwordfile} {
    if {$user eq ""} { return [twapi::sspi_acquire_credentials -package $package -role client] }
    set file [open $passwordfile]
    set concealed [twapi::conceal [string trimright [read $file] \n]]
    close $file
    set identity [twapi::sspi_winnt_identity_credentials $user $domain $concealed]
    return [twapi::sspi_acquire_credentials -package $package -role client -credentials $identity]
}

# Runs a script. Where it fails, says what was wrong and ends the program.
proc or_explain {script} {
    try {
        uplevel 1 $script
    } trap TWAPI_WIN32 {message} {
        set failure [twapi::sspi_last_failure]
        puts stderr "[dict get $failure -name]: $message\n[dict get $failure -check]: [dict get $failure -text]"
        exit 1
    } on error {message} {
        puts stderr $message
        exit 1
    }
}

proc show_entries {entries} {
    foreach entry $entries {
        lassign $entry dn attributes
        puts "dn: $dn"
        foreach {name values} $attributes {
            foreach value $values {
                set text [encoding convertfrom utf-8 $value]
                puts "$name: [expr {[string is print -strict $text] ? $text : "<[binary encode hex $value]>"}]"
            }
        }
    }
}
