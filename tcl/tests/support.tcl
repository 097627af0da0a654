# What the test files share.
package require Tcl 8.6-
package require tcltest 2.3
namespace import -force ::tcltest::*

# A directory of its own for each file of tests, gone when they are done; threads are given that of their file.
if {![info exists ::scratch]} {
    set ::scratch [file join [expr {[info exists ::env(TMPDIR)] ? $::env(TMPDIR) : "/tmp"}] opensspi-tcl-[pid]-[clock microseconds]]
    file mkdir $::scratch
    file attributes $::scratch -permissions 0700
}
configure -tmpdir $::scratch

proc finish {} {
    uplevel #0 {tcltest::cleanupTests}
    file delete -force $::scratch
}

# An empty configuration: what this machine has configured must not decide a test. Before the package reads it.
set ::configuration [makeFile {} opensspi-test.conf]
set ::env(OPENSSPI_CONFIG) $::configuration
set ::env(OPENSSPI_MY) [file join $::scratch my]
foreach name {OPENSSPI_ACCOUNTS OPENSSPI_REQUIRE_MIC OPENSSPI_NTLM_DISABLED OPENSSPI_FIPS OPENSSPI_TRACE} {
    unset -nocomplain ::env($name)
}
package require twapi_crypto

# The result and the errorCode of a script that must fail.
proc failure {script} {
    if {![catch {uplevel 1 $script} result options]} {
        error "no error but: $result"
    }
    return [list $result [dict get $options -errorcode]]
}

# The error of a status: its words and errorCode.
proc status {code message} {
    return [list $message [list TWAPI_WIN32 $code $message]]
}

proc bad_argument {message} {
    return [list $message [list TWAPI BADARGS $message]]
}

proc toolkit {code text} {
    set messages {
        1 {Invalid or badly formatted arguments specified.}
        3 {Extra arguments specified.}
        4 {Incorrect number of arguments.}
        14 {Unsupported type, format or function.}
        16 {Type of pointer does not match registered type.}
        17 {Pointer is not registered. Probably invalid or already freed.}
        18 {Pointer is NULL.}
    }
    set message [dict get $messages $code]
    return [list [expr {$text eq "" ? $message : $text}] [list TWAPI $code $message]]
}

set INVALID_HANDLE [status -2146893055 {The handle specified is invalid}]
set UNSUPPORTED [status -2146893054 {The function requested is not supported}]
set NO_PACKAGE [status -2146893051 {The requested security package does not exist}]
set INVALID_TOKEN [status -2146893048 {The token supplied to the function is invalid}]
set LOGON_DENIED [status -2146893044 {The logon attempt failed}]
set ALTERED [status -2146893041 {The message or signature supplied for verification has been altered}]
set OUT_OF_SEQUENCE [status -2146893040 {The message supplied for verification is out of sequence}]
set BAD_BINDINGS [status -2146892986 {Client's supplied SSPI channel bindings were incorrect.}]
set INTERNAL [status -2146893052 {The Local Security Authority cannot be contacted}]

# Steps both ends until both are done, as an application does: what one gives out the other takes in.
proc converse {client server {token {}}} {
    lassign [twapi::sspi_step $server] serverstate token
    set clientstate continue
    for {set leg 0} {$leg < 10 && ($clientstate ne "done" || $serverstate ne "done")} {incr leg} {
        lassign [twapi::sspi_step $client $token] clientstate token
        if {$token eq "" && $serverstate eq "done"} break
        lassign [twapi::sspi_step $server $token] serverstate token
    }
    return [list $clientstate $serverstate]
}

# Two contexts that trust each other: {CLIENT SERVER}. Options: -client, -server, -credentials, -source.
proc connect {args} {
    set options [dict merge {-client {-confidentiality 1 -integrity 1} -server {} -credentials {} -source {}} $args]
    dict with options {}
    set clientcred [twapi::sspi_acquire_credentials -role client -credentials ${-credentials}]
    set servercred [twapi::sspi_acquire_credentials -role server]
    try {
        if {${-source} ne ""} {
            twapi::sspi_account_source $servercred ${-source}
        }
        set client [twapi::sspi_client_context $clientcred {*}${-client}]
        lassign [twapi::sspi_step $client] state token
        set server [twapi::sspi_server_context $servercred $token {*}${-server}]
        converse $client $server
        return [list $client $server]
    } on error {message details} {
        foreach context {client server} {
            if {[info exists $context]} { twapi::sspi_delete_context [set $context] }
        }
        return -options $details $message
    } finally {
        twapi::sspi_free_credentials $clientcred
        twapi::sspi_free_credentials $servercred
    }
}

proc disconnect {pair} {
    foreach context $pair { twapi::sspi_delete_context $context }
}

# Runs a script with a pair in client and server; `maker` makes it of the options.
proc with_pair_of {maker options script} {
    upvar 1 client client server server
    lassign [uplevel #0 [list $maker {*}$options]] client server
    try {
        uplevel 1 $script
    } finally {
        disconnect [list $client $server]
    }
}
proc with_pair {options script} { tailcall with_pair_of connect $options $script }

proc flip {bytes index} {
    binary scan [string index $bytes $index] cu byte
    return [string replace $bytes $index $index [binary format cu [expr {$byte ^ 1}]]]
}

# A file of accounts that only its owner reads.
proc account_file {lines} {
    set path [makeFile [join $lines \n] accounts-[incr ::account_files]]
    file attributes $path -permissions 0600
    return $path
}
