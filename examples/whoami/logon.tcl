# Windows Integrated Authentication on one connection: the Authorization headers in, the WWW-Authenticate headers out.
#
# NTLM logs on a connection, not a request, and Negotiate may hold NTLM: so the state belongs to the connection, and
# ends with it. One Logon for each connection.

package require twapi_crypto

oo::class create Logon {
    # credentials: a dict from scheme (Negotiate, NTLM), the better first, to a server's credential. bindings: options
    # of sspi_server_context that bind the log-on to the TLS channel; empty over plain HTTP.
    constructor {credentials bindings} {
        my variable Credentials Bindings Context Scheme Legs Who Exchange Finished
        set Credentials $credentials
        set Bindings $bindings
        set Context ""
        set Scheme ""
        set Legs 0
        set Who {}
        set Exchange {}
        set Finished 0
    }

    destructor { my Drop }

    # Takes a request's Authorization header, or "" if it has none. What it says of the user is forgotten first, so that
    # no path of an error leaves somebody logged on. Gives a dict: token, for the client; failure, why it was refused,
    # for the owner of the server.
    method take {request header} {
        my variable Context Scheme Who Finished
        if {$header eq ""} {
            # In the middle of a log-on a request without a token gives it up.
            if {$Context ne ""} { my Drop }
            my Note to-server $request "" ""
            return [dict create token "" failure ""]
        }
        set Who {}
        try {
            lassign [my Split $header] scheme token
            my Note to-server $request $scheme $token
            return [dict create token [my Step $scheme $token] failure ""]
        } trap {LOGON} {message} {
            my Drop
            return [dict create token "" failure $message]
        } trap {TWAPI_WIN32} {message} {
            set reason [dict get [twapi::sspi_last_failure] -text]
            my Drop
            return [dict create token "" failure "$message ($reason)"]
        }
    }

    # Who is logged on: a dict of sspi_context_info, with -scheme and -bound beside it; empty for nobody.
    method who {} {
        my variable Who
        if {[dict exists $Who -expiration] && [dict get $Who -expiration] < [my Now]} { set Who {} }
        return $Who
    }

    # Nobody any more.
    method forget {} {
        my variable Who
        set Who {}
    }

    # The WWW-Authenticate headers of an answer 401.
    method challenges {token} {
        my variable Credentials Scheme
        if {$token ne ""} { return [list "$Scheme [binary encode base64 $token]"] }
        return [dict keys $Credentials]
    }

    # What the server answers, for the record: called before the answer is written, so that a page can show itself.
    method answered {status token} {
        my variable Context Credentials Scheme Finished Who
        set scheme [expr {$token ne "" ? $Scheme : $Who eq "" ? "offers [join [dict keys $Credentials] { or }]" : ""}]
        my Note to-client $status $scheme $token
        # The record of a log-on is complete with the answer that lets the client in.
        if {$Context eq "" && $Who ne {}} { set Finished 1 }
    }

    # The tokens of the last log-on: a list of dicts with way, line, scheme, token (decode::token) and size.
    method exchange {} {
        my variable Exchange
        return $Exchange
    }

    method Split {header} {
        my variable Credentials
        if {![regexp {^([A-Za-z]+) +([A-Za-z0-9+/]+={0,2})$} $header -> scheme encoded]} {
            throw LOGON "the Authorization header is not a scheme and a token in base64"
        }
        foreach known [dict keys $Credentials] {
            if {[string equal -nocase $known $scheme]} {
                try {
                    return [list $known [binary decode base64 -strict $encoded]]
                } on error {} {
                    throw LOGON "the token of the Authorization header is not base64"
                }
            }
        }
        throw LOGON "the scheme is none of [join [dict keys $Credentials] {, }]"
    }

    # One step; gives the token for the client.
    method Step {scheme token} {
        my variable Credentials Bindings Context Scheme Legs Who
        set more {}
        if {$Context eq ""} {
            set Scheme $scheme
            set Legs 0
            set Context [twapi::sspi_server_context [dict get $Credentials $scheme] $token {*}$Bindings]
        } elseif {$scheme ne $Scheme} {
            throw LOGON "the scheme changed from $Scheme to $scheme"
        } else {
            set more [list $token]
        }
        if {[incr Legs] > 6} { throw LOGON "a log-on of more than 6 tokens" }
        lassign [twapi::sspi_step $Context {*}$more] status reply
        if {$status ne "continue"} { my Established $token }
        return $reply
    }

    method Established {token} {
        my variable Context Scheme Who
        set who [twapi::sspi_context_info $Context]
        dict set who -name [twapi::sspi_context_username $Context]
        dict set who -scheme $Scheme
        dict set who -bound [decode::ntlm_bound $token]
        if {[dict exists $who -anonymous] && [dict get $who -anonymous]} { throw LOGON "the log-on is anonymous" }
        my Drop
        set Who $who
    }

    method Drop {} {
        my variable Context
        if {$Context ne ""} { twapi::sspi_delete_context $Context }
        set Context ""
    }

    # The record holds one log-on: a request after it begins a new one only if it has a token.
    method Note {way line scheme token} {
        my variable Exchange Finished
        if {$Finished} {
            if {$token eq ""} return
            set Exchange {}
            set Finished 0
        }
        # A client chooses the line, and may make each as long as a head may be.
        set entry [dict create way $way line [string range $line 0 299] scheme $scheme token {}]
        if {$token ne ""} { dict set entry token [decode::token $token] }
        lappend Exchange $entry
        if {[llength $Exchange] > 16} { set Exchange [lrange $Exchange end-15 end] }
    }

    # 100 ns since 1601, as -expiration has them.
    method Now {} { expr {([clock seconds] + 11644473600) * 10000000} }
}
