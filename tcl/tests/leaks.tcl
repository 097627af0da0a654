# Work of every kind, twenty times over, in interpreters that are deleted with everything still alive in them. To be run
# under AddressSanitizer or valgrind, which tell what is left; by itself it checks that the memory of the process stops
# growing.
#
#   valgrind --leak-check=full tclsh tcl/tests/leaks.tcl
#   LD_PRELOAD=$(gcc -print-file-name=libasan.so) TCLLIBPATH=build/sanitizers/tcl tclsh tcl/tests/leaks.tcl
package require Tcl 8.6-
set rounds [expr {$argc > 0 ? [lindex $argv 0] : 20}]

set work {
    package require twapi_crypto
    namespace path ::twapi
    interp bgerror {} {apply {{message options} {}}}

    proc converse {client server} {
        lassign [sspi_step $server] state token
        lassign [sspi_step $client $token] state token
        sspi_step $server $token
    }
    proc logon {clientcred servercred args} {
        set client [sspi_client_context $clientcred -confidentiality 1 -target http/server {*}$args]
        set server [sspi_server_context $servercred [lindex [sspi_step $client] 1] {*}$args]
        converse $client $server
        return [list $client $server]
    }
    proc answer {user domain} { return [list -password [conceal password] -account $user] }

    set cred [sspi_acquire_credentials -getexpiration]
    set cred [dict get $cred -handle]
    lassign [logon $cred $cred -channelbindings bound] client server
    foreach data [list {} x [string repeat data 100000]] {
        lassign [sspi_encrypt $client $data] token cipher padding
        catch {sspi_decrypt $server $token $cipher+ $padding}
        if {[sspi_decrypt $server $token $cipher $padding] ne $data} { error "another text came out" }
        lassign [sspi_sign $server $data] signature
        catch {sspi_verify_signature $client $signature other}
        sspi_verify_signature $client $signature $data
        catch {sspi_encrypt_stream $client $data}
        catch {sspi_decrypt_stream $client $data}
    }
    foreach query {sspi_context_features sspi_context_sizes sspi_context_username sspi_context_info
        sspi_remote_cert sspi_local_cert sspi_issuers_accepted_by_peer sspi_shutdown_context} {
        catch {$query $client}
        catch {$query $server}
    }
    sspi_enumerate_packages -all
    sspi_schannel_credentials -protocols tls1.2 -cipherstrength {128 256}
    catch {sspi_acquire_credentials -package Schannel -credentials [sspi_schannel_credentials]}
    catch {sspi_acquire_credentials -package Nonesuch}
    catch {sspi_client_context $cred -nonsense 1}
    catch {sspi_client_context $cred -alpn [list [string repeat x 300]]}
    catch {sspi_server_context $cred garbage}
    sspi_last_failure
    if {[reveal [conceal secret]] ne "secret"} { error "concealed and not revealed" }
    catch {reveal garbage}

    sspi_trace {set line}
    set carol [sspi_acquire_credentials -role client -credentials [sspi_winnt_identity_credentials carol DOM [conceal password]]]
    set hashed [sspi_acquire_credentials -role client -credentials [sspi_nthash_credentials carol DOM 8846f7eaee8fb117ad06bdd830b7586c]]
    set scripted [sspi_acquire_credentials -role server]
    sspi_account_source $scripted {callback answer}
    set failing [sspi_acquire_credentials -role server]
    sspi_account_source $failing {callback error failed}
    lassign [logon $carol $scripted] a b
    logon $hashed $scripted
    catch {logon $carol $failing}
    update
    sspi_delete_context $a
    sspi_free_credentials $carol
    set kept [list $client $server $b]
    logon $cred $cred
}

proc round {} {
    interp create child
    child eval [list set auto_path $::auto_path]
    child eval $::work
    set kept [child eval {set kept}]
    interp delete child
    foreach name $kept { catch {twapi::sspi_step $name} }
    update
}

# The resident memory in KiB; 0 where the system does not tell.
proc resident_kib {} {
    if {[catch {open /proc/self/status} status]} { return 0 }
    set found [regexp -inline {VmRSS:\s+(\d+)} [read $status]]
    close $status
    return [expr {$found eq "" ? 0 : [lindex $found 1]}]
}

for {set i 0} {$i < $rounds} {incr i} round
set before [resident_kib]
for {set i 0} {$i < $rounds} {incr i} round
set grown [expr {[resident_kib] - $before}]
puts "leaks: [expr {2 * $rounds}] rounds, memory grew by $grown KiB in the second half"
# A sanitizer keeps what was freed for a while; under one its own report counts. The first few rounds always grow.
if {$grown > 2000 && $rounds >= 20 && ![info exists env(LD_PRELOAD)]} {
    puts "leaks: FAILED, more than 2000 KiB"
    exit 1
}
