# Kerberos from Tcl, and Negotiate with Kerberos inside. Run by tcl_kerberos.sh, which has started a KDC: the process has
# tickets of alice and the service's keys.
set tests [file normalize [file join [file dirname [info script]] .. .. tcl tests]]
source [file join $tests support.tcl]
source [file join $tests manual.tcl]
configure {*}$argv

message_package_tests kerberos Kerberos Kerberos HTTP/localhost
message_package_tests negotiate-kerberos Negotiate Kerberos HTTP/localhost
foreach {id package} {kerberos Kerberos negotiate-kerberos Negotiate} {
    account_tests $id $package HTTP/localhost bob OPENSSPI.TEST Passw0rd! {} bob@OPENSSPI.TEST
}

test manual-kerberos-default-credentials "without -credentials, those whose tickets the process has" -body {
    conversing Kerberos {-target HTTP/localhost} {} { twapi::sspi_context_username $server }
} -result alice@OPENSSPI.TEST

foreach {number principal} {1 alice 2 alice@OPENSSPI.TEST} {
    test manual-kerberos-principal-$number "-principal $principal" -body {
        with_credentials Kerberos [list -client [list -principal $principal]] {
            lassign [applications $clientcred {-target HTTP/localhost} $servercred {}] client server
            set name [twapi::sspi_context_username $server]
            disconnect [list $client $server]
            set name
        }
    } -result alice@OPENSSPI.TEST
}

test manual-kerberos-principal-other "-principal of whom there is no ticket" -body {
    with_credentials Kerberos {-client {-principal bob}} {
        lindex [failure {twapi::sspi_client_context $clientcred -target HTTP/localhost}] 1 1
    }
} -result -2146893042

foreach {name principal state} {own HTTP/localhost done other nobody/localhost refused} {
    test manual-kerberos-principal-server-$name "-principal of a server: $principal" -body {
        with_credentials Kerberos [list -server [list -principal $principal]] {
            if {[catch {applications $clientcred {-target HTTP/localhost} $servercred {}} pair]} {
                string cat refused
            } else {
                disconnect [lrange $pair 0 1]
                string cat done
            }
        }
    } -result $state
}

test manual-kerberos-expiration "-getexpiration: the end of the tickets, units of 100 ns since 1601" -body {
    set result [twapi::sspi_acquire_credentials -package Kerberos -role client -getexpiration]
    twapi::sspi_free_credentials [dict get $result -handle]
    set line [lindex [regexp -inline -line {^.*krbtgt/OPENSSPI.TEST@.*$} [exec env LC_ALL=C TZ=UTC klist]] 0]
    set end [clock scan [join [lrange $line 2 3]] -format "%m/%d/%y %H:%M:%S" -gmt 1]
    expr {[dict get $result -expiration] / 10000000 - 11644473600 - $end}
} -result 0

# A service's commonest mistake: its keytab is root's. Root itself can be kept from reading it, too.
test kerberos-unreadable-keytab "a keytab that the process may not read" -setup {
    set keytab [file join $::env(OPENSSPI_KDC) unreadable.keytab]
    file copy [file join $::env(OPENSSPI_KDC) service.keytab] $keytab
    file attributes $keytab -permissions 0
    set script [makeFile {
        package require twapi_crypto
        set client [twapi::sspi_acquire_credentials -package Kerberos -role client]
        set token [lindex [twapi::sspi_step [twapi::sspi_client_context $client -target HTTP/localhost]] 1]
        set ::env(KRB5_KTNAME) FILE:[lindex $argv 0]
        set server [twapi::sspi_acquire_credentials -package Kerberos -role server]
        catch {twapi::sspi_server_context $server $token}
        set failure [twapi::sspi_last_failure]
        puts "[dict get $failure -name] [dict get $failure -text]"
    } unreadable.tcl]
    set rights -dac_override,-dac_read_search
    set without [expr {[exec id -u] == 0 ? [list setpriv --inh-caps=$rights --bounding-set=$rights] : {}}]
} -body {
    exec {*}$without [info nameofexecutable] $script $keytab
} -cleanup {
    file delete $keytab
} -match glob -result {SEC_E_NO_CREDENTIALS *unreadable.keytab: Permission denied; this process may not read the keytab*}

# What asking for one thing alone grants. Windows' default is that messages can be signed and encrypted; who asks for
# integrity alone gets that.
test manual-grants-kerberos-integrity "Kerberos: what -integrity alone grants" -body {
    granted Kerberos HTTP/localhost -integrity
} -result {-integrity -integrity}
set always {-confidentiality -integrity}
foreach {option target client server} {
    -confidentiality HTTP/localhost {} {}
    -mutualauth HTTP/localhost -mutualauth -mutualauth
    -replaydetect HTTP/localhost -replaydetect -replaydetect
    -sequencedetect HTTP/localhost -sequencedetect -sequencedetect
    -connection HTTP/localhost -connection {}
    -extendederror HTTP/localhost -extendederror -extendederror
    -identify HTTP/localhost -identify -identify
    -stream HTTP/localhost {} {}
    -delegate deleg/localhost {} {}
} {
    test manual-grants-kerberos$option "Kerberos: what $option alone grants" -body {
        granted Kerberos $target $option
    } -result [list [lsort [concat $always $client]] [lsort [concat $always $server]]]
}

# ---- -nointegrity and -datagram, which are ours. ----
foreach package {Kerberos Negotiate} {
    test nointegrity-$package "$package: -nointegrity takes back what is agreed on unasked" -body {
        granted $package HTTP/localhost -nointegrity {-mutualauth 1}
    } -result {-mutualauth -mutualauth}
}

test nointegrity-sequence "-nointegrity contradicts -sequencedetect" -body {
    with_credentials Kerberos {} {
        failure {twapi::sspi_client_context $clientcred -target HTTP/localhost -nointegrity 1 -sequencedetect 1}
    }
} -result $::UNSUPPORTED

test datagram-kerberos "-datagram: messages may come in any order, but once" -body {
    set options {-datagram 1 -confidentiality 1 -sequencedetect 1 -mutualauth 1}
    conversing Kerberos [concat {-target HTTP/localhost} $options] {-datagram 1} {
        set sealed [lmap text {one two three} { twapi::sspi_encrypt $client $text }]
        set plain [lmap i {2 0 1} { twapi::sspi_decrypt $server {*}[lindex $sealed $i] }]
        list $plain [expr {[failure {twapi::sspi_decrypt $server {*}[lindex $sealed 1]}] eq $::OUT_OF_SEQUENCE}] \
            [expr {"datagram" in [dict get [twapi::sspi_context_info $server] -flags]}]
    }
} -result {{three one two} 1 1}

foreach {number qop size} {1 0 -trailersize 2 0x80000001 -maxsig} {
    test gss-wrap-$number "a message in one piece, as gss_wrap makes it, cut by $size" -body {
        conversing Kerberos {-target HTTP/localhost -confidentiality 1 -mutualauth 1} {} {
            lmap text [list {} hello [string repeat \xe9\x00 50000]] {
                set whole [join [twapi::sspi_encrypt $client $text -qop $qop] ""]
                set cut [dict get [twapi::sspi_context_sizes $server] $size]
                string equal $text [twapi::sspi_decrypt $server [string range $whole 0 $cut-1] [string range $whole $cut end] ""]
            }
        }
    } -result {1 1 1}
}

test manual-delegate "-delegate with -mutualauth: the server can act as the client" -body {
    granted Kerberos deleg/localhost -delegate {-mutualauth 1}
} -result [lrepeat 2 {-confidentiality -delegate -integrity -mutualauth}]

test manual-delegate-alone "-delegate without -mutualauth delegates nothing" -body {
    granted Kerberos deleg/localhost -delegate
} -result [lrepeat 2 {-confidentiality -integrity}]

test manual-usesessionkey "-usesessionkey: the ticket is made with a new session key, not with the service's own" -body {
    conversing Kerberos {-target alice@OPENSSPI.TEST -usesessionkey 1 -mutualauth 1} {} {
        list [dict get [twapi::sspi_context_features $client] -usesessionkey] \
            [twapi::sspi_decrypt $server {*}[twapi::sspi_encrypt $client data]]
    }
} -result {1 data}

test manual-target "-target: a service that is not known" -body {
    with_credentials Kerberos {} {
        list [lindex [failure {twapi::sspi_client_context $clientcred -target nosuch/localhost}] 1 1] \
            [lindex [failure {twapi::sspi_client_context $clientcred}] 1 1]
    }
} -result {-2146893053 -2146893053}

test manual-extendederror "-extendederror: the client is told why it was refused" -body {
    with_credentials Kerberos [list -server {-principal deleg/localhost}] {
        lmap told {1 0} {
            set client [twapi::sspi_client_context $clientcred -target HTTP/localhost -extendederror $told -mutualauth 1]
            catch {twapi::sspi_server_context $servercred [lindex [twapi::sspi_step $client] 1] -extendederror $told} \
                message options
            set owed [expr {[dict exists $options -sspitoken] && [dict get $options -sspitoken] ne ""}]
            if {$owed} { set heard [lindex [failure {twapi::sspi_step $client [dict get $options -sspitoken]}] 1 0] }
            twapi::sspi_delete_context $client
            list $owed [expr {$owed ? $heard : ""}]
        }
    }
} -result {{1 TWAPI_WIN32} {0 {}}}

# ---- -packagelist, which is ours. ----
proc chosen {list {target HTTP/localhost}} {
    with_credentials Negotiate [list -client [list -packagelist $list]] {
        lassign [applications $clientcred [list -target $target -integrity 1] $servercred {}] client server
        set package [dict get [twapi::sspi_context_info $server] -package]
        disconnect [list $client $server]
        return $package
    }
}
foreach {number list package} {1 {} Kerberos 2 !NTLM Kerberos 3 !ntlm Kerberos 4 !Kerberos NTLM 5 Kerberos,NTLM Kerberos
    6 NTLM,Kerberos NTLM 7 kerberos Kerberos 8 { NTLM } NTLM 9 NTLM NTLM} {
    test packagelist-kerberos-$number "-packagelist '$list': $package" -body { chosen $list } -result $package
}

test packagelist-kerberos-never "!NTLM: no way to the service is no reason for NTLM" -body {
    list [chosen {} HTTP/192.0.2.1] [lindex [failure {chosen !NTLM HTTP/192.0.2.1}] 1 1] \
        [dict get [twapi::sspi_last_failure] -text]
} -match glob -result {NTLM -2146893042 {*Kerberos: the target is an IP address*}}

test packagelist-kerberos-server "a server that leaves a package out refuses who has no other" -body {
    with_credentials Negotiate {-client {-packagelist NTLM} -server {-packagelist !NTLM}} {
        lindex [failure {applications $clientcred {-target HTTP/localhost -integrity 1} $servercred {}}] 1 0
    }
} -result TWAPI_WIN32

test packagelist-kerberos-account "with an account" -body {
    set identity [twapi::sspi_winnt_identity_credentials bob OPENSSPI.TEST [twapi::conceal Passw0rd!]]
    with_credentials Negotiate [list -client [list -credentials $identity -packagelist !NTLM]] {
        lassign [applications $clientcred {-target HTTP/localhost} $servercred {}] client server
        set name [twapi::sspi_context_username $server]
        disconnect [list $client $server]
        set name
    }
} -result bob@OPENSSPI.TEST

finish
