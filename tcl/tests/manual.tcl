# The client and the server of the manual of TWAPI's SSPI module, written as an application would write them, and what
# the manual says of every package that signs and encrypts messages. Used by manual.test, and against a KDC by
# tests/interop/tcl_kerberos.tcl.

# ---- Two applications with a network between them: coroutines, and a queue of messages for each. ----
namespace eval wire {
    variable queue
    variable longest 0
    proc send {to message} {
        variable queue
        variable longest
        lappend queue($to) $message
        set longest [expr {max($longest, [string length $message])}]
    }
    proc receive {me} {
        variable queue
        while {[llength $queue($me)] == 0} { yield waiting }
        set queue($me) [lassign $queue($me) message]
        return $message
    }
}

# The loop of the manual: send what a step gives, and step with the answer, for as long as the status is continue.
proc authenticate {me peer context} {
    lassign [twapi::sspi_step $context] status output leftover
    while {1} {
        if {$output ne ""} { wire::send $peer $output }
        if {$status ne "continue"} { return [list $status $context $leftover] }
        lassign [twapi::sspi_step $context [wire::receive $me]] status output leftover
    }
}
proc client_application {credentials options} {
    set context [twapi::sspi_client_context $credentials {*}$options]
    lappend ::conversation $context
    set ::ended(client) [authenticate client server $context]
}
proc server_application {credentials options} {
    set context [twapi::sspi_server_context $credentials [wire::receive server] {*}$options]
    lappend ::conversation $context
    set ::ended(server) [authenticate server client $context]
}

# Lets both run until both have ended: {CLIENT SERVER LEFTOVER}; an error of either deletes the contexts and goes on up.
# LEFTOVER: what the client has received behind its last step.
proc applications {clientcred clientoptions servercred serveroptions} {
    array unset ::ended
    array set ::wire::queue {client {} server {}}
    set ::conversation {}
    try {
        coroutine the_client client_application $clientcred $clientoptions
        coroutine the_server server_application $servercred $serveroptions
        for {set turns 0} {[array size ::ended] < 2} {incr turns} {
            if {$turns > 20} { error "the applications wait for each other" }
            foreach end {the_client the_server} {
                if {[llength [info commands $end]]} { $end }
            }
        }
    } on error {message details} {
        foreach context $::conversation { twapi::sspi_delete_context $context }
        return -options $details $message
    } finally {
        foreach end {the_client the_server} { catch {rename $end {}} }
    }
    foreach end {client server} {
        if {[lindex $::ended($end) 0] ne "done"} { error "the $end is [lindex $::ended($end) 0]" }
    }
    return [list [lindex $::ended(client) 1] [lindex $::ended(server) 1] \
        [lindex $::ended(client) 2][join $::wire::queue(client) {}]]
}

# Credentials of a package, for one script.
proc with_credentials {package options script} {
    upvar 1 clientcred clientcred servercred servercred
    set options [dict merge {-client {} -server {}} $options]
    set clientcred [twapi::sspi_acquire_credentials -package $package -role client {*}[dict get $options -client]]
    try {
        set servercred [twapi::sspi_acquire_credentials -package $package -role server {*}[dict get $options -server]]
        try { uplevel 1 $script } finally { twapi::sspi_free_credentials $servercred }
    } finally {
        twapi::sspi_free_credentials $clientcred
    }
}

# A conversation of a package with default credentials, for one script: in client and server are its contexts.
proc conversing {package clientoptions serveroptions script} {
    upvar 1 client client server server leftover leftover
    with_credentials $package {} {
        lassign [applications $clientcred $clientoptions $servercred $serveroptions] client server leftover
    }
    try { uplevel 1 $script } finally { disconnect [list $client $server] }
}

# What asking for one thing alone grants: the features of both ends that are 1.
proc granted {package target option {more {}}} {
    conversing $package [list -target $target {*}$more $option 1] {} {
        lmap context [list $client $server] {
            lsort [dict keys [dict filter [dict remove [twapi::sspi_context_features $context] -raw] value 1]]
        }
    }
}

# ---- What the manual says of packages that sign and encrypt messages. ----
# package: as for -package; inside: the package that does the work; target: of a service with default credentials.
proc message_package_tests {id package inside target} {
    set all [list -target $target -confidentiality 1 -integrity 1 -replaydetect 1 -sequencedetect 1]

    test manual-$id-loop "$package: the loops of the manual log a client on" -body {
        conversing $package $all {} {
            list [dict get [twapi::sspi_context_info $client] -package] [dict get [twapi::sspi_context_info $server] -package] \
                $leftover
        }
    } -result [list $inside $inside {}]

    test manual-$id-sign "$package: signatures of both ends, verified; a mask comes back" -body {
        conversing $package $all {} {
            lmap {from to} [list $client $server $server $client] {
                set signed [twapi::sspi_sign $from "pay 10"]
                lassign $signed signature data
                list [llength $signed] $data [string is integer -strict [twapi::sspi_verify_signature $to $signature $data]]
            }
        }
    } -result {{2 {pay 10} 1} {2 {pay 10} 1}}

    test manual-$id-forged "$package: a signature that is not of this data is a Tcl error" -body {
        conversing $package $all {} {
            lassign [twapi::sspi_sign $client "pay 10"] signature data
            failure {twapi::sspi_verify_signature $server $signature "pay 99"}
        }
    } -result $::ALTERED

    test manual-$id-encrypt "$package: what is encrypted is hidden, three elements, and decrypts on the other end" -body {
        conversing $package $all {} {
            lmap {from to} [list $client $server $server $client] {
                set sealed [twapi::sspi_encrypt $from "the plain text of a message"]
                list [llength $sealed] [string match "*plain*" [join $sealed {}]] [twapi::sspi_decrypt $to {*}$sealed]
            }
        }
    } -result {{3 0 {the plain text of a message}} {3 0 {the plain text of a message}}}

    test manual-$id-parts "$package: each of the three elements is needed" -body {
        conversing $package $all {} {
            lassign [twapi::sspi_encrypt $client "a message"] token data padding
            list [catch {twapi::sspi_decrypt $server {} $data $padding}] \
                [catch {twapi::sspi_decrypt $server $token [flip $data 0] $padding}] \
                [catch {twapi::sspi_decrypt $server $token {} $padding}] \
                [twapi::sspi_decrypt $server $token $data $padding]
        }
    } -result {1 1 1 {a message}}

    test manual-$id-features "$package: a keyed list of booleans; what was asked for and granted is in it, on both ends" -body {
        conversing $package $all {} {
            lmap context [list $client $server] {
                set features [twapi::sspi_context_features $context]
                set wrong [lmap field {-confidentiality -connection -delegate -extendederror -integrity -mutualauth
                    -replaydetect -sequencedetect -stream} {
                    if {[dict get $features $field] in {0 1}} continue
                    set field
                }]
                list $wrong [lmap field {-confidentiality -integrity -replaydetect -sequencedetect -stream} {
                    dict get $features $field
                }]
            }
        }
    } -result {{{} {1 1 1 1 0}} {{} {1 1 1 1 0}}}

    test manual-$id-sizes "$package: no token, signature or trailer is larger than the sizes say" -body {
        set ::wire::longest 0
        conversing $package $all {} {
            set sizes [twapi::sspi_context_sizes $client]
            lassign [twapi::sspi_sign $client [string repeat x 1000]] signature
            lassign [twapi::sspi_encrypt $client [string repeat x 1000]] token data padding
            list [dict keys $sizes] [expr {$::wire::longest > 0 && $::wire::longest <= [dict get $sizes -maxtoken]}] \
                [expr {[string length $signature] <= [dict get $sizes -maxsig]}] \
                [expr {[string length $token] <= [dict get $sizes -trailersize]}] \
                [expr {[string length $padding] <= [dict get $sizes -blocksize]}]
        }
    } -result {{-maxtoken -maxsig -blocksize -trailersize} 1 1 1 1}

    test manual-$id-sequence "$package: replayed and reordered messages are noticed where that was asked for" -body {
        conversing $package $all {} {
            set one [twapi::sspi_encrypt $client one]
            set plain [twapi::sspi_decrypt $server {*}$one]
            set replayed [failure {twapi::sspi_decrypt $server {*}$one}]
            twapi::sspi_encrypt $client two
            set early [failure {twapi::sspi_decrypt $server {*}[twapi::sspi_encrypt $client three]}]
            list $plain [expr {$replayed eq $::OUT_OF_SEQUENCE}] [expr {$early eq $::OUT_OF_SEQUENCE}]
        }
    } -result {one 1 1}

    test manual-$id-username "$package: both ends name the client" -body {
        conversing $package $all {} {
            list [expr {[twapi::sspi_context_username $client] ne ""}] \
                [string equal [twapi::sspi_context_username $client] [twapi::sspi_context_username $server]]
        }
    } -result {1 1}

    test manual-$id-shutdown "$package: sspi_shutdown_context is not needed, and changes nothing" -body {
        conversing $package $all {} {
            set nothing [twapi::sspi_shutdown_context $client]
            list $nothing [twapi::sspi_decrypt $server {*}[twapi::sspi_encrypt $client still]]
        }
    } -result {{} still}

    test manual-$id-tls "$package: certificates, issuers and streams are of other packages" -body {
        conversing $package $all {} {
            lmap words {{sspi_remote_cert $client} {sspi_local_cert $server} {sspi_issuers_accepted_by_peer $client}
                {sspi_encrypt_stream $client data}} {
                expr {[failure twapi::$words] eq $::UNSUPPORTED}
            }
        }
    } -result {1 1 1 1}

    test manual-$id-after "$package: what is left of data after the log-on comes back as the third element" -body {
        conversing $package $all {} { twapi::sspi_step $server "application data" }
    } -result {done {} {application data}}

    test manual-$id-deleted "$package: a deleted context and freed credentials are gone" -body {
        with_credentials $package {} {
            lassign [applications $clientcred $all $servercred {}] client server
            twapi::sspi_delete_context $client
            set gone [catch {twapi::sspi_sign $client data}]
            disconnect [list $server]
            set freed [twapi::sspi_acquire_credentials -package $package -role client]
            twapi::sspi_free_credentials $freed
            list $gone [expr {[failure {twapi::sspi_client_context $freed -target $target}] eq $::INVALID_HANDLE}]
        }
    } -result {1 1}

    test manual-$id-garbage "$package: a log-on that fails is a Tcl exception" -body {
        with_credentials $package {} {
            list [lindex [failure {twapi::sspi_server_context $servercred "no token, but long enough for one"}] 1 0] \
                [lindex [failure {
                    set client [twapi::sspi_client_context $clientcred {*}$all -mutualauth 1]
                    try { twapi::sspi_step $client "no token either" } finally { twapi::sspi_delete_context $client }
                }] 1 0]
        }
    } -result {TWAPI_WIN32 TWAPI_WIN32}

    foreach datarep {network native} {
        test manual-$id-datarep-$datarep "$package: -datarep $datarep" -body {
            conversing $package [list -target $target -datarep $datarep -confidentiality 1] [list -datarep $datarep] {
                twapi::sspi_decrypt $server {*}[twapi::sspi_encrypt $client data]
            }
        } -result data
    }

    foreach option {-confidentiality -connection -delegate -extendederror -integrity -mutualauth -replaydetect
        -sequencedetect -stream} {
        test manual-$id-server$option "$package: a server may ask for $option" -body {
            conversing $package $all [list $option 1] { twapi::sspi_decrypt $server {*}[twapi::sspi_encrypt $client data] }
        } -result data
    }

    test manual-$id-connection "$package: a server that asks for a connection has one" -body {
        conversing $package [concat $all {-connection 1}] {-connection 1} {
            lmap context [list $client $server] { dict get [twapi::sspi_context_features $context] -connection }
        }
    } -result {1 1}

    foreach {role words} {client {-role client} outbound {-role outbound} server {-role server} inbound {-role inbound}
        both {-role both} default {}} {
        set acts [dict get {client client outbound client server server inbound server both both default both} $role]
        test manual-$id-role-$role "$package: credentials with '$words' act as $acts" -body {
            set cred [twapi::sspi_acquire_credentials -package $package {*}$words]
            with_credentials $package {} {
                set first [twapi::sspi_client_context $clientcred -target $target]
                lassign [twapi::sspi_step $first] status token
                twapi::sspi_delete_context $first
                set can {}
                foreach {end make} {client {twapi::sspi_client_context $cred -target $target}
                    server {twapi::sspi_server_context $cred $token}} {
                    if {![catch $make made]} {
                        lappend can $end
                        twapi::sspi_delete_context $made
                    }
                }
            }
            twapi::sspi_free_credentials $cred
            set can
        } -result [expr {$acts eq "both" ? {client server} : $acts}]
    }
}

# An account: log-on with the concealed and the plain password, and the wrong one. user, domain, password: of the client;
# server: a script run with the server's credentials in servercred; named: what the server calls the client.
proc account_tests {id package target user domain password server named} {
    foreach {form given} [list concealed [twapi::conceal $password] plain $password] {
        test manual-$id-account-$form "$package: explicit credentials, the password $form" -body {
            set identity [twapi::sspi_winnt_identity_credentials $user $domain $given]
            with_credentials $package [list -client [list -credentials $identity]] {
                eval $server
                lassign [applications $clientcred [list -target $target -integrity 1] $servercred {}] client end
                set name [twapi::sspi_context_username $end]
                disconnect [list $client $end]
                set name
            }
        } -result $named
    }
    test manual-$id-account-wrong "$package: a wrong password is a Tcl exception" -body {
        set identity [twapi::sspi_winnt_identity_credentials $user $domain [twapi::conceal "not $password"]]
        with_credentials $package [list -client [list -credentials $identity]] {
            eval $server
            failure {applications $clientcred [list -target $target -integrity 1] $servercred {}}
        }
    } -result $::LOGON_DENIED
}
