#!/usr/bin/env tclsh
# A client and a server of Kerberos in one process: the log-on, one message each way, and the reason where it fails.
#
#   tclsh kerberos_loop.tcl SPN ?USER DOMAIN PASSWORDFILE?
#
# The client has the tickets of the process (kinit), or logs on with the password; the server has the keys of the
# process's keytab (KRB5_KTNAME).

package require Tcl 8.6
package require twapi_crypto

if {[llength $argv] ni {1 4} || [string match -* [lindex $argv 0]]} {
    puts stderr "usage: kerberos_loop.tcl SPN ?USER DOMAIN PASSWORDFILE?"
    exit 2
}
lassign $argv target user domain password_file

set account {}
if {$user ne ""} {
    set file [open $password_file]
    set password [twapi::conceal [string trimright [read $file] \n]]
    close $file
    set account [list -credentials [twapi::sspi_winnt_identity_credentials $user $domain $password]]
}

try {
    set client_credential [twapi::sspi_acquire_credentials -package Kerberos -role client {*}$account]
    set server_credential [twapi::sspi_acquire_credentials -package Kerberos -role server]
    set client [twapi::sspi_client_context $client_credential -target $target -mutualauth 1 -integrity 1 \
        -confidentiality 1 -replaydetect 1 -sequencedetect 1]
    lassign [twapi::sspi_step $client] status request
    puts "the client sends an AP-REQ of [string length $request] bytes"
    set server [twapi::sspi_server_context $server_credential $request]
    lassign [twapi::sspi_step $server] status reply
    puts "the server answers with an AP-REP of [string length $reply] bytes: it has proved itself too"
    lassign [twapi::sspi_step $client $reply] status
    puts "both are $status; the client is [twapi::sspi_context_username $server]"
    lassign [twapi::sspi_encrypt $client "from the client"] trailer data padding
    puts "encrypted: [binary encode hex $data]"
    puts "decrypted: [twapi::sspi_decrypt $server $trailer $data $padding]"
    lassign [twapi::sspi_sign $server "from the server"] signature data
    puts "signature: [binary encode hex $signature]"
    twapi::sspi_verify_signature $client $signature $data
    puts "verified:  $data"
} trap {TWAPI_WIN32} {message} {
    puts "refused: $message"
    puts "reason:  [dict get [twapi::sspi_last_failure] -text]"
    exit 1
}
