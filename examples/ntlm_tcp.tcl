#!/usr/bin/env tclsh
# A server and its clients in processes of their own: a log-on with NTLM over TCP, then a file that travels signed and
# once more encrypted, to the server and back.
#
#   tclsh ntlm_tcp.tcl server ?-port N? ?-accounts SOURCE? ?-save DIRECTORY? ?-clients N?
#   tclsh ntlm_tcp.tcl client -port N ?-user NAME -domain NAME -passwordfile FILE? ?-save DIRECTORY? ?-tamper 1? FILE
#
# Without -accounts and -user both ends use the default credentials: the same user on the same computer. SOURCE is for
# example plain:/srv/accounts, a file with lines DOMAIN:user:password. -save keeps what arrived; -clients ends the
# server after so many; -tamper sends each first message with one bit changed before the true one.
#
# On the wire everything is a frame: four bytes of length, then so many bytes. A real server would serve several
# clients at once and would not wait for a silent one; http_ntlm.tcl shows how.

package require Tcl 8.6
package require twapi_crypto

set piece_bytes 65536            ;# of a file in one message
set most_bytes 131072            ;# in one frame; a peer that announces more is not waited for

# ---- Frames. --------------------------------------------------------------------------------------------------------

proc put_frames {channel args} {
    foreach content $args { puts -nonewline $channel [binary format I [string length $content]]$content }
    flush $channel
}

proc get_frame {channel} {
    set length [get_exactly $channel 4]
    binary scan $length Iu length
    if {$length > $::most_bytes} { throw FRAME "the peer announces $length bytes; at most $::most_bytes are taken" }
    return [get_exactly $channel $length]
}

proc get_exactly {channel length} {
    set content [read $channel $length]
    if {[string length $content] < $length} { throw CLOSED "the peer closed the connection" }
    return $content
}

# ---- The log-on. ----------------------------------------------------------------------------------------------------

# Both ends: give the peer each token, take its answer, until the package is done.
proc log_on {context channel} {
    lassign [twapi::sspi_step $context] status token
    while {1} {
        if {$token ne ""} { put_frames $channel $token }
        if {$status eq "done"} return
        lassign [twapi::sspi_step $context [get_frame $channel]] status token
    }
}

proc features {context} {
    set names {}
    foreach {name value} [twapi::sspi_context_features $context] {
        if {$name ne "-raw" && $value} { lappend names [string range $name 1 end] }
    }
    return [join $names ", "]
}

# Why the last call failed; for the owner of this process, not for the peer.
proc reason {message} {
    set failure [twapi::sspi_last_failure]
    return "$message ([dict get $failure -check]: [dict get $failure -text])"
}

# ---- Messages: {sign SIGNATURE DATA} or {seal TRAILER DATA PADDING}, a frame each. ----------------------------------

proc protect {context way data} {
    if {$way eq "sign"} { return [list sign {*}[twapi::sspi_sign $context $data]] }
    return [list seal {*}[twapi::sspi_encrypt $context $data]]
}

# Waits for a message and gives {WAY DATA}. What was tampered with raises an error and leaves the context usable.
proc get_message {context channel} {
    set way [get_frame $channel]
    switch $way {
        sign {
            set signature [get_frame $channel]
            set data [get_frame $channel]
            twapi::sspi_verify_signature $context $signature $data
        }
        seal {
            lassign [list [get_frame $channel] [get_frame $channel] [get_frame $channel]] trailer sealed padding
            set data [twapi::sspi_decrypt $context $trailer $sealed $padding]
        }
        default { throw FRAME "the peer sends neither sign nor seal" }
    }
    return [list $way $data]
}

# ---- The server. ----------------------------------------------------------------------------------------------------

proc serve {credential channel peer save} {
    fconfigure $channel -translation binary
    set context [twapi::sspi_server_context $credential [get_frame $channel]]
    try {
        log_on $context $channel
        set info [twapi::sspi_context_info $context]
        puts "$peer logged on as [twapi::sspi_context_username $context], vouched for by [dict get $info -source]"
        puts "$peer features: [features $context]"
        put_frames $channel {*}[protect $context sign "Welcome, [twapi::sspi_context_username $context]"]
        while {1} {
            try {
                lassign [get_message $context $channel] way data
            } trap {TWAPI_WIN32} {message} {
                puts "$peer sent a message that was refused: [reason $message]"
                put_frames $channel {*}[protect $context sign refused]
                continue
            } trap {CLOSED} {} {
                break
            }
            keep $save received.$way $data
            put_frames $channel {*}[protect $context $way $data]
        }
    } finally {
        twapi::sspi_delete_context $context
    }
    puts "$peer has gone"
}

proc run_server {port accounts save clients} {
    set credential [twapi::sspi_acquire_credentials -package NTLM -role server]
    if {$accounts ne ""} { twapi::sspi_account_source $credential $accounts }
    set ::waiting {}
    set listener [socket -server {apply {{channel address port} {
        lappend ::waiting $channel $address:$port
    }}} -myaddr 127.0.0.1 $port]
    puts "listening on 127.0.0.1 port [lindex [fconfigure $listener -sockname] 2]"
    for {set served 0} {$clients == 0 || $served < $clients} {incr served} {
        while {[llength $::waiting] == 0} { vwait ::waiting }
        set ::waiting [lassign $::waiting channel peer]
        try {
            serve $credential $channel $peer $save
        } trap {TWAPI_WIN32} {message} {
            puts "$peer was refused: [reason $message]"
        } on error {message} {
            puts "$peer: $message"
        } finally {
            close $channel
        }
    }
    close $listener
    twapi::sspi_free_credentials $credential
}

# ---- The client. ----------------------------------------------------------------------------------------------------

proc client_credential {user domain password_file} {
    if {$user eq ""} { return [twapi::sspi_acquire_credentials -package NTLM -role client] }
    set file [open $password_file]
    set password [twapi::conceal [gets $file]]
    close $file
    set account [twapi::sspi_winnt_identity_credentials $user $domain $password]
    return [twapi::sspi_acquire_credentials -package NTLM -role client -credentials $account]
}

proc changed_bit {data} {
    binary scan $data cu first
    return [binary format c [expr {$first ^ 1}]][string range $data 1 end]
}

# Sends the file piece by piece; each comes back under the server's own key.
proc exchange {context channel way content save tamper} {
    for {set at 0} {$at < [string length $content]} {incr at $::piece_bytes} {
        set piece [string range $content $at [expr {$at + $::piece_bytes - 1}]]
        set message [protect $context $way $piece]
        if {$at == 0 && $way eq "seal"} {
            puts "encrypted: \"[regsub -all {[^ -~]} [string range $piece 0 15] .]\" goes as\
                      [binary encode hex [string range [lindex $message 2] 0 15]] ..."
        }
        if {$tamper && $at == 0} {
            put_frames $channel {*}[lreplace $message 2 2 [changed_bit [lindex $message 2]]]
            puts "with one bit changed: [lindex [get_message $context $channel] 1]"
        }
        put_frames $channel {*}$message
        lassign [get_message $context $channel] -> returned
        if {$returned ne $piece} { error "the server returned something else" }
        keep $save returned.$way $returned
    }
    puts "[dict get {sign signed seal encrypted} $way] there and back: [string length $content] bytes in\
              [expr {($at + $::piece_bytes - 1) / $::piece_bytes}] messages each way"
}

proc run_client {port user domain password_file save tamper path} {
    set file [open $path rb]
    set content [read $file]
    close $file
    set credential [client_credential $user $domain $password_file]
    set channel [socket 127.0.0.1 $port]
    fconfigure $channel -translation binary
    set context [twapi::sspi_client_context $credential -target ntlm_tcp/127.0.0.1 -confidentiality 1]
    log_on $context $channel
    # The package cannot tell a client whether it was let in: the server's first signed message does.
    lassign [get_message $context $channel] -> welcome
    puts "the server says: $welcome"
    puts "features: [features $context]"
    foreach way {sign seal} { exchange $context $channel $way $content $save $tamper }
    close $channel
    twapi::sspi_delete_context $context
    twapi::sspi_free_credentials $credential
}

# ---- Start. ---------------------------------------------------------------------------------------------------------

proc keep {directory name data} {
    if {$directory eq ""} return
    set file [open [file join $directory $name] ab]
    puts -nonewline $file $data
    close $file
}

proc usage {} {
    puts stderr "usage: tclsh ntlm_tcp.tcl server ?-port N? ?-accounts SOURCE? ?-save DIRECTORY? ?-clients N?"
    puts stderr "       tclsh ntlm_tcp.tcl client -port N ?-user NAME -domain NAME -passwordfile FILE?\
                    ?-save DIRECTORY? ?-tamper 1? FILE"
    exit 2
}

set options {-port 0 -accounts "" -clients 0 -user "" -domain "" -passwordfile "" -save "" -tamper 0}
set rest [lassign $argv role]
while {[dict exists $options [lindex $rest 0]] && [llength $rest] > 1} {
    set rest [lassign $rest name value]
    dict set options $name $value
}
fconfigure stdout -buffering line
dict with options {}
try {
    if {$role eq "server" && [llength $rest] == 0} {
        run_server ${-port} ${-accounts} ${-save} ${-clients}
    } elseif {$role eq "client" && [llength $rest] == 1} {
        run_client ${-port} ${-user} ${-domain} ${-passwordfile} ${-save} ${-tamper} [lindex $rest 0]
    } else {
        usage
    }
} trap {CLOSED} {message} {
    puts stderr "$message: it did not let us in, and tells no client why"
    exit 1
} trap {TWAPI_WIN32} {message} {
    puts stderr [reason $message]
    exit 1
} on error {message} {
    puts stderr $message
    exit 1
}
