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
    # Certificates, stores, TLS contexts and channels, most of them still there when the interpreter ends.
    set ca [cert_create_self_signed "CN=leaks CA" -purpose ca]
    set certificate [cert_create CN=leaks.test "" $ca -purpose server -altnames {{dns leaks.test}}]
    set store [cert_temporary_store]
    cert_release [cert_store_add_certificate $store $ca]
    set pfx [cert_store_export_pfx $store [conceal secret] -exportprivatekeys 1]
    set copy [cert_temporary_store -pfx $pfx -password [conceal secret]]
    cert_store_iterate $copy handle { cert_info $handle }
    catch {cert_store_find_certificate $copy nonsense {} [cert_store_enum_contents $copy]}
    catch {cert_import garbage}
    catch {cert_property $ca nonsense}
    cert_tls_verify $certificate -server leaks.test -hstore $store -revocationcheck none -trustedroots [list $ca]
    set chain [cert_chain_build $certificate -hstore $store -revocationcheck none]
    set servercred [sspi_acquire_credentials -package tls -role server -credentials [sspi_schannel_credentials -certificates [list $certificate]]]
    set clientcred [sspi_acquire_credentials -package tls -role client -credentials [sspi_schannel_credentials -rootstore $store]]
    set tlsclient [sspi_client_context $clientcred -target leaks.test]
    set tlsserver [sspi_server_context $servercred [lindex [sspi_step $tlsclient] 1]]
    set token [lindex [sspi_step $tlsclient [lindex [sspi_step $tlsserver] 1]] 1]
    sspi_decrypt_stream $tlsclient [lindex [sspi_step $tlsserver $token] 1]
    sspi_decrypt_stream $tlsserver [sspi_encrypt_stream $tlsclient [string repeat x 100000]]
    sspi_remote_cert $tlsclient
    catch {sspi_client_context $clientcred}

    proc accepted {chan addr port} {
        fconfigure $chan -blocking 0
        fileevent $chan readable [list set ::heard $chan]
    }
    set listener [tls_socket -server accepted -credentials $servercred -myaddr 127.0.0.1 0]
    set port [lindex [fconfigure $listener -sockname] 2]
    set channel [tls_socket -async -credentials $clientcred -peersubject leaks.test 127.0.0.1 $port]
    fconfigure $channel -blocking 0
    while {![tls_handshake $channel]} { update }
    puts $channel hello
    flush $channel
    vwait heard
    gets $heard
    fconfigure $channel -context
    set refused [tls_socket -async -peersubject leaks.test 127.0.0.1 $port]
    fconfigure $refused -blocking 0
    catch {while {![tls_handshake $refused]} { update }}
    set denied [tls_socket -async -verifier {expr 0;#} -peersubject leaks.test 127.0.0.1 $port]
    fconfigure $denied -blocking 0
    catch {while {![tls_handshake $denied]} { update }}
    set unfinished [tls_socket -async -credentials $clientcred -peersubject leaks.test 127.0.0.1 $port]

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
