#!/usr/bin/env tclsh
# A client logs on to a server with NTLM, both in one script; then messages go encrypted one way and signed the other.
#
# There is no account to set up: both ends use the default credentials, which prove that they run as the same user on
# the same computer. examples/ntlm_tcp.tcl has the two ends in two processes, and an account with a password.

package require twapi_crypto

set client_credential [twapi::sspi_acquire_credentials -role client]
set server_credential [twapi::sspi_acquire_credentials -role server]

# The log-on: three tokens. In real life each travels over a network.
set client [twapi::sspi_client_context $client_credential -confidentiality 1]
lassign [twapi::sspi_step $client] status token
set server [twapi::sspi_server_context $server_credential $token]
lassign [twapi::sspi_step $server] status token
lassign [twapi::sspi_step $client $token] status token
lassign [twapi::sspi_step $server $token] status
puts "log-on: $status, and the server knows the client as [twapi::sspi_context_username $server]"

lassign [twapi::sspi_encrypt $client "meet me at noon"] trailer sealed padding
puts "on its way: [binary encode hex $sealed]"
puts "decrypted:  [twapi::sspi_decrypt $server $trailer $sealed $padding]"

lassign [twapi::sspi_sign $server "I shall be there"] signature text
twapi::sspi_verify_signature $client $signature $text
puts "signed:     $text"

lassign [twapi::sspi_sign $server "Bring the blue folder"] signature text
if {[catch {twapi::sspi_verify_signature $client $signature "Bring the red folder"} message]} {
    puts "forged:     $message"
}

foreach context [list $client $server] { twapi::sspi_delete_context $context }
foreach credential [list $client_credential $server_credential] { twapi::sspi_free_credentials $credential }
