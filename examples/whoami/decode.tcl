# What is in the tokens of SPNEGO, NTLM and Kerberos, in words.
#
# decode::token BYTES gives a dict: title, a short name for the whole; sections, a list of {HEADING ROWS}, where ROWS
# alternates names and values. The outermost message comes first, what it carries after it. No input raises an error,
# and nothing that could help to find a password or a key is among the values: of responses, tickets and keys only the
# lengths are told.

namespace eval decode {
    variable oid_names {
        1.3.6.1.5.5.2          SPNEGO
        1.3.6.1.4.1.311.2.2.10 NTLM
        1.3.6.1.4.1.311.2.2.30 NegoEx
        1.2.840.113554.1.2.2   Kerberos
        1.2.840.48018.1.2.2    {MS Kerberos}
        1.2.840.113554.1.2.2.3 {Kerberos user-to-user}
        1.3.6.1.5.2.5          IAKERB
    }
    # RFC 3961 and its successors.
    variable enctype_names {
        1 des-cbc-crc 3 des-cbc-md5 16 des3-cbc-sha1 17 aes128-cts-hmac-sha1-96 18 aes256-cts-hmac-sha1-96
        19 aes128-cts-hmac-sha256-128 20 aes256-cts-hmac-sha384-192 23 rc4-hmac
    }
    # RFC 4178 4.2.2.
    variable neg_states {0 accept-completed 1 accept-incomplete 2 reject 3 request-mic}
    # MS-NLMP 2.2.2.5, from the lowest bit; bits without a name are unused.
    variable ntlm_flags {
        UNICODE OEM REQUEST_TARGET {} SIGN SEAL DATAGRAM LM_KEY {} NTLM {} ANONYMOUS DOMAIN_SUPPLIED
        WORKSTATION_SUPPLIED {} ALWAYS_SIGN TARGET_TYPE_DOMAIN TARGET_TYPE_SERVER {} EXTENDED_SESSIONSECURITY IDENTIFY
        {} NON_NT_SESSION_KEY TARGET_INFO {} VERSION {} {} {} 128 KEY_EXCH 56
    }
    # MS-NLMP 2.2.2.1.
    variable av_names {
        1 {NetBIOS name} 2 {NetBIOS domain} 3 {DNS name} 4 {DNS domain} 5 {DNS forest} 6 Flags 7 Time 8 {Single host}
        9 {Target name} 10 {Channel bindings}
    }
    # How much of a text that the peer chose is shown, and how many elements a list may have.
    variable most_characters 256
    variable most_elements 64
}

proc decode::token {bytes} {
    set size "[string length $bytes] bytes"
    try {
        set sections [sections_of $bytes]
    } trap {DECODE} {message} {
        set sections [list [list "Not understood" [list Reason $message]]]
    }
    set title [join [lmap section $sections {lindex $section 0}] ", "]
    return [dict create title $title size $size sections $sections]
}

proc decode::bad {message} { throw DECODE $message }

proc decode::sections_of {bytes} {
    if {[string match "NTLMSSP\0*" $bytes]} { return [ntlm $bytes] }
    binary scan $bytes cu first
    if {![info exists first]} { bad "it is empty" }
    switch $first {
        96 { return [framed $bytes] }
        161 { return [neg_token_resp $bytes] }
        110 - 111 - 126 { return [kerberos_message $bytes] }
    }
    bad "it begins like no token of SPNEGO, NTLM or Kerberos"
}

# ---- DER. An element is a list: tag, and where its content begins and ends. ------------------------------------------

proc decode::element {bytes at end} {
    if {$at + 2 > $end} { bad "an element is cut off at byte $at" }
    binary scan $bytes "@${at} cu cu" tag length
    if {($tag & 0x1f) == 0x1f} { bad "a tag of several bytes at byte $at" }
    incr at 2
    if {$length >= 0x80} {
        set digits [expr {$length & 0x7f}]
        if {$digits == 0 || $digits > 3 || $at + $digits > $end} { bad "a length that is not definite at byte $at" }
        set length 0
        binary scan $bytes "@${at} cu${digits}" values
        foreach value $values { set length [expr {$length << 8 | $value}] }
        incr at $digits
    }
    if {$length > $end - $at} { bad "an element at byte $at is longer than what holds it" }
    return [list $tag $at [expr {$at + $length}]]
}

proc decode::children {bytes start end} {
    variable most_elements
    set found {}
    while {$start < $end} {
        lappend found [element $bytes $start $end]
        set start [lindex $found end 2]
        if {[llength $found] > $most_elements} { bad "a list has more than $most_elements elements" }
    }
    return $found
}

proc decode::expect {bytes start end tag} {
    set found [element $bytes $start $end]
    if {[lindex $found 0] != $tag} { bad [format "tag %02x in place of %02x at byte %d" [lindex $found 0] $tag $start] }
    return [lrange $found 1 2]
}

# The fields [0], [1], ... of a SEQUENCE: a dict from number to where the content is.
proc decode::fields {bytes start end} {
    set found {}
    foreach child [children $bytes {*}[expect $bytes $start $end 0x30]] {
        lassign $child tag from to
        if {($tag & 0xe0) == 0xa0} { dict set found [expr {$tag & 0x1f}] [list $from $to] }
    }
    return $found
}

proc decode::content {bytes start end tag} {
    lassign [expect $bytes $start $end $tag] from to
    return [string range $bytes $from $to-1]
}

proc decode::integer {bytes start end} {
    set value 0
    set digits [content $bytes $start $end 0x02]
    if {[string length $digits] ni {1 2 3 4}} { bad "an integer of [string length $digits] bytes" }
    binary scan $digits cu* values
    foreach digit $values { set value [expr {$value << 8 | $digit}] }
    if {[lindex $values 0] & 0x80} { incr value [expr {-(1 << 8 * [llength $values])}] }
    return $value
}

proc decode::oid {content} {
    variable oid_names
    set arcs {}
    set arc 0
    binary scan $content cu* values
    if {[llength $values] > 32} { bad "an object identifier of [llength $values] bytes" }
    foreach value $values {
        set arc [expr {$arc << 7 | ($value & 0x7f)}]
        if {$value & 0x80} continue
        if {$arcs eq ""} {
            set first [expr {min($arc / 40, 2)}]
            lappend arcs $first [expr {$arc - 40 * $first}]
        } else {
            lappend arcs $arc
        }
        set arc 0
    }
    set text [join $arcs .]
    return [expr {[dict exists $oid_names $text] ? "[dict get $oid_names $text] $text" : $text}]
}

# ---- SPNEGO: RFC 4178 4.2. -------------------------------------------------------------------------------------------

# [APPLICATION 0] and an object identifier: SPNEGO's first message, or Kerberos as it is.
proc decode::framed {bytes} {
    lassign [expect $bytes 0 [string length $bytes] 0x60] start end
    lassign [expect $bytes $start $end 0x06] from to
    set oid [oid [string range $bytes $from $to-1]]
    if {[string match SPNEGO* $oid]} { return [neg_token_init $bytes $to $end] }
    if {[string match Kerberos* $oid]} { return [kerberos_framed [string range $bytes $to $end-1]] }
    bad "its mechanism is $oid"
}

proc decode::neg_token_init {bytes start end} {
    set fields [fields $bytes {*}[expect $bytes $start $end 0xa0]]
    set rows {}
    set inner {}
    if {[dict exists $fields 0]} {
        set names {}
        foreach child [children $bytes {*}[expect $bytes {*}[dict get $fields 0] 0x30]] {
            lappend names [oid [string range $bytes [lindex $child 1] [lindex $child 2]-1]]
        }
        lappend rows mechTypes [join $names ", "]
    }
    if {[dict exists $fields 1]} { lappend rows reqFlags present }
    if {[dict exists $fields 2]} {
        set inner [content $bytes {*}[dict get $fields 2] 0x04]
        lappend rows mechToken "[string length $inner] bytes"
    }
    if {[dict exists $fields 3]} { lappend rows {mechListMIC or negHints} present }
    return [with_inner [list "SPNEGO NegTokenInit" $rows] $inner]
}

proc decode::neg_token_resp {bytes} {
    variable neg_states
    set fields [fields $bytes {*}[expect $bytes 0 [string length $bytes] 0xa1]]
    set rows {}
    set inner {}
    if {[dict exists $fields 0]} {
        binary scan [content $bytes {*}[dict get $fields 0] 0x0a] cu state
        if {![info exists state]} { bad "an empty negState" }
        lappend rows negState [expr {[dict exists $neg_states $state] ? [dict get $neg_states $state] : $state}]
    }
    if {[dict exists $fields 1]} { lappend rows supportedMech [oid [content $bytes {*}[dict get $fields 1] 0x06]] }
    if {[dict exists $fields 2]} {
        set inner [content $bytes {*}[dict get $fields 2] 0x04]
        lappend rows responseToken "[string length $inner] bytes"
    }
    if {[dict exists $fields 3]} {
        lappend rows mechListMIC "[string length [content $bytes {*}[dict get $fields 3] 0x04]] bytes"
    } else {
        lappend rows mechListMIC none
    }
    return [with_inner [list "SPNEGO NegTokenResp" $rows] $inner]
}

# A message that cannot be read does not hide the one around it.
proc decode::with_inner {section inner} {
    if {$inner eq ""} { return [list $section] }
    try {
        return [list $section {*}[sections_of $inner]]
    } trap {DECODE} {message} {
        set rows [list Length "[string length $inner] bytes" "Not read" $message]
        return [list $section [list "A mechanism's token" $rows]]
    }
}

# ---- Kerberos: RFC 4120, framed as in RFC 4121 4.1. ------------------------------------------------------------------

proc decode::kerberos_framed {bytes} {
    if {[string length $bytes] < 2} { bad "a token of Kerberos without its kind" }
    return [kerberos_message [string range $bytes 2 end]]
}

proc decode::kerberos_message {bytes} {
    set end [string length $bytes]
    lassign [element $bytes 0 $end] tag from to
    switch $tag {
        110 { return [list [list "Kerberos AP-REQ" [ap_req $bytes $from $to]]] }
        111 { return [list [list "Kerberos AP-REP" [ap_rep $bytes $from $to]]] }
        126 { return [list [list "Kerberos KRB-ERROR" [krb_error $bytes $from $to]]] }
    }
    bad "a message of Kerberos with tag $tag"
}

proc decode::ap_req {bytes start end} {
    set fields [fields $bytes $start $end]
    foreach needed {2 3 4} { if {![dict exists $fields $needed]} { bad "an AP-REQ without field $needed" } }
    set ticket [fields $bytes {*}[expect $bytes {*}[dict get $fields 3] 0x61]]
    foreach needed {1 2 3} { if {![dict exists $ticket $needed]} { bad "a ticket without field $needed" } }
    return [list Realm [kerberos_text $bytes {*}[dict get $ticket 1]] \
        "Service (SPN)" [kerberos_name $bytes {*}[dict get $ticket 2]] \
        Ticket [encrypted $bytes {*}[dict get $ticket 3]] \
        Authenticator [encrypted $bytes {*}[dict get $fields 4]] \
        Options [ap_options [content $bytes {*}[dict get $fields 2] 0x03]]]
}

proc decode::ap_rep {bytes start end} {
    set fields [fields $bytes $start $end]
    if {![dict exists $fields 2]} { bad "an AP-REP without its encrypted part" }
    return [list "Encrypted part" [encrypted $bytes {*}[dict get $fields 2]]]
}

proc decode::krb_error {bytes start end} {
    set fields [fields $bytes $start $end]
    set rows {}
    if {[dict exists $fields 6]} { lappend rows Error [integer $bytes {*}[dict get $fields 6]] }
    if {[dict exists $fields 9]} { lappend rows Realm [kerberos_text $bytes {*}[dict get $fields 9]] }
    if {[dict exists $fields 10]} { lappend rows Service [kerberos_name $bytes {*}[dict get $fields 10]] }
    if {[dict exists $fields 11]} { lappend rows Text [kerberos_text $bytes {*}[dict get $fields 11]] }
    return $rows
}

# EncryptedData: which key, and how long; what it holds is for the service alone.
proc decode::encrypted {bytes start end} {
    variable enctype_names
    set fields [fields $bytes $start $end]
    if {![dict exists $fields 0] || ![dict exists $fields 2]} { bad "encrypted data without its type" }
    set type [integer $bytes {*}[dict get $fields 0]]
    set text [expr {[dict exists $enctype_names $type] ? [dict get $enctype_names $type] : "encryption type $type"}]
    if {[dict exists $fields 1]} { append text ", key version [integer $bytes {*}[dict get $fields 1]]" }
    return "$text, [string length [content $bytes {*}[dict get $fields 2] 0x04]] bytes"
}

proc decode::ap_options {content} {
    binary scan $content x1B* bits
    if {![info exists bits]} { return none }
    set words {}
    foreach {number name} {1 use-session-key 2 mutual-required} {
        if {[string index $bits $number] eq "1"} { lappend words $name }
    }
    return [expr {$words eq "" ? "none" : [join $words ", "]}]
}

proc decode::kerberos_text {bytes start end} {
    return [shown [encoding convertfrom utf-8 [content $bytes $start $end 0x1b]]]
}

proc decode::kerberos_name {bytes start end} {
    set fields [fields $bytes $start $end]
    if {![dict exists $fields 1]} { bad "a name without components" }
    set parts {}
    foreach child [children $bytes {*}[expect $bytes {*}[dict get $fields 1] 0x30]] {
        lappend parts [encoding convertfrom utf-8 [string range $bytes [lindex $child 1] [lindex $child 2]-1]]
    }
    return [shown [join $parts /]]
}

# ---- NTLM: MS-NLMP 2.2.1. --------------------------------------------------------------------------------------------

proc decode::ntlm {bytes} {
    if {[binary scan $bytes @8iu type] != 1} { bad "a message of NTLM that is cut off" }
    switch $type {
        1 { return [list [list "NTLM NEGOTIATE_MESSAGE" [ntlm_negotiate $bytes]]] }
        2 { return [ntlm_challenge $bytes] }
        3 { return [ntlm_authenticate $bytes] }
    }
    bad "a message of NTLM of type $type"
}

proc decode::ntlm_negotiate {bytes} {
    set flags [ntlm_number $bytes 12]
    set rows [list Flags [flag_names $flags]]
    # The names are in the client's own character set, and mostly empty.
    if {$flags & 0x1000} { lappend rows Domain [shown [ntlm_field $bytes 16]] }
    if {$flags & 0x2000} { lappend rows Workstation [shown [ntlm_field $bytes 24]] }
    return $rows
}

proc decode::ntlm_challenge {bytes} {
    set flags [ntlm_number $bytes 20]
    set rows [list Target [ntlm_text $bytes 12 $flags] Flags [flag_names $flags] "Server challenge" "8 bytes"]
    set sections [list [list "NTLM CHALLENGE_MESSAGE" $rows]]
    if {!($flags & 0x800000)} { return $sections }
    return [lappend sections [list "The server's target information" [av_pairs [ntlm_field $bytes 40]]]]
}

proc decode::ntlm_authenticate {bytes} {
    set flags [ntlm_number $bytes 60]
    set response [ntlm_field $bytes 20]
    set rows [list User [ntlm_text $bytes 36 $flags] Domain [ntlm_text $bytes 28 $flags] \
        Workstation [ntlm_text $bytes 44 $flags] "NT response" [response_kind $response] \
        "LM response" "[string length [ntlm_field $bytes 12]] bytes" \
        "Session key" [expr {[ntlm_field $bytes 52] eq "" ? "none sent" : "16 bytes, encrypted"}] \
        MIC [expr {[has_mic $bytes] ? "present" : "none"}] Flags [flag_names $flags]]
    set sections [list [list "NTLM AUTHENTICATE_MESSAGE" $rows]]
    if {[string length $response] <= 44} { return $sections }
    return [lappend sections [list "In the client's response" [av_pairs [string range $response 44 end]]]]
}

proc decode::response_kind {response} {
    set size [string length $response]
    return [expr {$size == 0 ? "none" : "[expr {$size > 44 ? "NTLMv2" : "NTLMv1"}], $size bytes"}]
}

# Whether the fields leave room for the MIC at byte 72, and it is not all zeros.
proc decode::has_mic {bytes} {
    foreach at {12 20 28 36 44 52} {
        if {[ntlm_length $bytes $at] != 0 && [ntlm_number $bytes [expr {$at + 4}]] < 88} { return 0 }
    }
    return [regexp {[^\0]} [string range $bytes 72 87]]
}

# Whether a response is bound to a channel: its AV_PAIR is there and not all zeros. "" if it is no AUTHENTICATE_MESSAGE.
proc decode::ntlm_bound {token} {
    set at [string first "NTLMSSP\0\3\0\0\0" $token]
    if {$at < 0} { return "" }
    try {
        set pairs [av_pairs [string range [ntlm_field [string range $token $at end] 20] 44 end]]
    } trap {DECODE} {} {
        return 0
    }
    return [expr {[dict exists $pairs "Channel bindings"] && [dict get $pairs "Channel bindings"] ne "none"}]
}

proc decode::ntlm_number {bytes at} {
    if {[binary scan $bytes @${at}iu number] != 1} { bad "a message of NTLM that is cut off at byte $at" }
    return $number
}

proc decode::ntlm_length {bytes at} {
    if {[binary scan $bytes @${at}su length] != 1} { bad "a message of NTLM that is cut off at byte $at" }
    return $length
}

proc decode::ntlm_field {bytes at} {
    set length [ntlm_length $bytes $at]
    set offset [ntlm_number $bytes [expr {$at + 4}]]
    if {$length == 0} { return "" }
    if {$offset + $length > [string length $bytes]} { bad "a field of NTLM reaches beyond its message" }
    return [string range $bytes $offset [expr {$offset + $length - 1}]]
}

proc decode::ntlm_text {bytes at flags} {
    set field [ntlm_field $bytes $at]
    if {$flags & 1} { return [shown [utf16 $field]] }
    return [shown $field]
}

proc decode::flag_names {flags} {
    variable ntlm_flags
    set words {}
    for {set bit 0} {$bit < 32} {incr bit} {
        if {!($flags >> $bit & 1)} continue
        set name [lindex $ntlm_flags $bit]
        lappend words [expr {$name eq "" ? "bit $bit" : $name}]
    }
    return [join $words ", "]
}

proc decode::av_pairs {bytes} {
    variable av_names
    variable most_elements
    set rows {}
    set at 0
    for {set count 0} {$count < $most_elements} {incr count} {
        if {[binary scan $bytes "@${at} su su" id length] != 2} { bad "AV_PAIRs without an end" }
        incr at 4
        if {$id == 0} { return $rows }
        if {$at + $length > [string length $bytes]} { bad "an AV_PAIR reaches beyond its message" }
        set name [expr {[dict exists $av_names $id] ? [dict get $av_names $id] : "AV_PAIR $id"}]
        lappend rows $name [av_value $id [string range $bytes $at [expr {$at + $length - 1}]]]
        incr at $length
    }
    bad "more than $most_elements AV_PAIRs"
}

proc decode::av_value {id value} {
    switch $id {
        1 - 2 - 3 - 4 - 5 - 9 { return [shown [utf16 $value]] }
        6 { return [av_flags $value] }
        7 { return [file_time $value] }
        10 { return [expr {[regexp {[^\0]} $value] ? [binary encode hex [string range $value 0 31]] : "none"}] }
    }
    return "[string length $value] bytes"
}

proc decode::av_flags {value} {
    if {[binary scan $value iu flags] != 1} { return "[string length $value] bytes" }
    set words {}
    foreach {bit text} {1 "constrained account" 2 "the message has a MIC" 4 "target name not verified by the client"} {
        if {$flags & $bit} { lappend words $text }
    }
    return [expr {$words eq "" ? [format 0x%08x $flags] : [join $words ", "]}]
}

# 100 ns since 1601.
proc decode::file_time {value} {
    if {[binary scan $value wu ticks] != 1} { return "[string length $value] bytes" }
    set seconds [expr {$ticks / 10000000 - 11644473600}]
    if {$seconds < 0 || $seconds > 253402300799} { return $ticks }
    return [clock format $seconds -gmt 1 -format "%Y-%m-%d %H:%M:%S UTC"]
}

# ---- Text that the peer chose. ---------------------------------------------------------------------------------------

proc decode::utf16 {bytes} {
    variable most_characters
    binary scan [string range $bytes 0 [expr {2 * $most_characters + 1}]] su* codes
    return [join [lmap code $codes { format %c $code }] ""]
}

# Nothing that ends lines, changes the direction of writing or is no character; and not too much.
proc decode::shown {text} {
    variable most_characters
    set kept_out {[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufff0-\uffff]}
    set text [regsub -all $kept_out $text \ufffd]
    if {[string length $text] > $most_characters} { set text [string range $text 0 $most_characters-1]... }
    return [expr {$text eq "" ? "(empty)" : $text}]
}
