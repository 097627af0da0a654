#!/usr/bin/env tclsh
# A web server that tells its visitors who they are: Windows Integrated Authentication over HTTP and HTTPS, and a page
# with everything that is to be known about the log-on.
#
#   tclsh whoami.tcl ?OPTION VALUE ...?
#
#   -http PORT           plain HTTP at this port; 0 takes a free one. The default, if -https is not given either
#   -https PORT          HTTPS at this port
#   -address ADDRESS     where to listen: 127.0.0.1, if not given
#   -accounts SOURCE     where NTLM looks accounts up: plain:PATH (a file with lines DOMAIN:user:password that nobody
#                        else may read), smbpasswd:PATH, winbind; if not given, as opensspi.conf says, which is the
#                        user who runs the server
#   -schemes LIST        of Negotiate and NTLM, the better first: "Negotiate NTLM", if not given
#   -certificate FILE    PFX with certificate and private key; if not given, one is made on the spot
#   -passwordfile FILE   whose first line is the password of -certificate
#   -names LIST          names for the certificate that is made: "localhost 127.0.0.1", if not given
#   -export FILE         writes the certificate there (PEM), for clients to trust
#   -bindings POLICY     what a log-on over HTTPS must be bound to the channel: allowmissing (the default: clients may
#                        send no bindings, wrong ones are refused), require, off
#   -limits LIST         names and values in place of those in http.tcl, such as {connections 100 request 5000}
#
# Kerberos takes the keys of HTTP/host from the keytab of krb5.conf, or the one that KRB5_KTNAME names.

package require Tcl 8.6
package require twapi_crypto
foreach file {decode logon http page tls} { source [file join [file dirname [info script]] $file.tcl] }

# What serves one connection.
oo::class create Whoami {
    # shared: a dict of credentials (scheme to credential) and policy. channel: the connection's.
    constructor {shared secure channel} {
        my variable Shared Secure Channel Logon
        set Shared $shared
        set Secure $secure
        set Channel $channel
        my Begin
    }

    destructor {
        my variable Logon
        if {[info exists Logon]} { $Logon destroy }
    }

    method Begin {} {
        my variable Shared Secure Channel Logon
        set bindings [expr {$Secure ? [tls::bindings $Channel [dict get $Shared policy]] : ""}]
        set Logon [Logon new [dict get $Shared credentials] $bindings]
    }

    # HTTP's side: see http.tcl.
    method answer {request} {
        my variable Logon
        set path [dict get $request path]
        if {$path eq "/favicon.ico"} { return [my Plain "404 Not Found"] }
        if {[dict get $request method] ni {GET HEAD POST}} {
            return [my Plain "405 Method Not Allowed" {Allow "GET, HEAD, POST"}]
        }
        set header [dict get $request header]
        set authorization [expr {[dict exists $header authorization] ? [dict get $header authorization] : ""}]
        set outcome [$Logon take "[dict get $request method] $path" $authorization]
        if {[dict get $outcome failure] ne ""} { http_server::say "refused: [dict get $outcome failure]" }
        set answer [my Page $path [dict get $outcome token]]
        # RFC 4559 section 6: a proxy may send the requests of several people over one connection. A log-on that took a
        # single token holds for its request, and no other. Not every proxy says Via; some tell whom they speak for.
        if {[dict exists $header via] || [dict exists $header forwarded] || [dict exists $header x-forwarded-for]} {
            $Logon destroy
            my Begin
        }
        return $answer
    }

    method Page {path token} {
        my variable Logon
        set who [$Logon who]
        if {$who eq ""} {
            $Logon answered "401 Unauthorized" $token
            set headers {}
            foreach challenge [$Logon challenges $token] { lappend headers WWW-Authenticate $challenge }
            return [my Html "401 Unauthorized" $headers [list page::please [$Logon challenges ""]]]
        }
        # What the last token of the log-on says to the client.
        set headers [expr {$token eq "" ? "" : [list WWW-Authenticate [lindex [$Logon challenges $token] 0]]}]
        if {$path eq "/name"} {
            $Logon answered "200 OK" $token
            return [my Plain "200 OK" $headers "[dict get $who -name] [dict get $who -package]\n"]
        }
        if {$path ne "/"} {
            $Logon answered "404 Not Found" $token
            return [my Plain "404 Not Found" $headers]
        }
        $Logon answered "200 OK, this page" $token
        return [my Html "200 OK" $headers [list page::who $who [$Logon exchange] [my Transport]]]
    }

    method Transport {} {
        my variable Shared Secure Channel
        if {!$Secure} { return [dict create secure 0 shown HTTP policy off cipher "HTTP, in the clear"] }
        return [dict create secure 1 shown HTTPS policy [dict get $Shared policy] cipher [tls::cipher $Channel]]
    }

    method Plain {status {headers {}} {body ""}} {
        if {$body eq ""} { set body "$status\n" }
        lappend headers Content-Type "text/plain; charset=utf-8" {*}[my Guards "default-src 'none'"]
        return [dict create status $status headers $headers body [encoding convertto utf-8 $body]]
    }

    method Html {status headers command} {
        set nonce [my Nonce]
        set body [{*}$command $nonce]
        lappend headers Content-Type "text/html; charset=utf-8" {*}[my Guards \
            "default-src 'none'; style-src 'nonce-$nonce'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"]
        return [dict create status $status headers $headers body [encoding convertto utf-8 $body]]
    }

    method Guards {policy} {
        return [list Content-Security-Policy $policy Cache-Control no-store X-Content-Type-Options nosniff \
            Referrer-Policy no-referrer X-Frame-Options DENY Cross-Origin-Resource-Policy same-origin \
            Vary Authorization]
    }

    method Nonce {} {
        set in [open /dev/urandom rb]
        set bytes [read $in 16]
        close $in
        return [binary encode base64 $bytes]
    }
}

# ---- Start. ----------------------------------------------------------------------------------------------------------

# tls: the credential for HTTPS; "" for HTTP.
proc accept {shared tls channel address port} {
    http_server::accept [list open_connection $shared $tls] $channel $address:$port
}

proc open_connection {shared tls channel} {
    if {$tls ne ""} { set channel [http_server::secured $channel $tls] }
    return [list $channel [Whoami new $shared [expr {$tls ne ""}] $channel]]
}

proc usage {why} {
    puts stderr "whoami: $why\nTry: tclsh [info script] --help"
    exit 2
}

# The comment at the top of this file.
proc help {} {
    set in [open [info script]]
    gets $in
    while {[gets $in line] >= 0 && [string match #* $line]} { puts [string range $line 2 end] }
    close $in
    exit 0
}

proc parse_options {words} {
    set options {-http "" -https "" -address 127.0.0.1 -accounts "" -schemes {Negotiate NTLM} -certificate ""
        -passwordfile "" -names {localhost 127.0.0.1} -export "" -bindings allowmissing -limits ""}
    if {"--help" in $words || "-h" in $words} help
    foreach {name value} $words {
        if {![dict exists $options $name]} {
            usage "there is no option $name; there are [join [dict keys $options] {, }]"
        }
        dict set options $name $value
    }
    if {[llength $words] % 2} { usage "[lindex $words end] has no value" }
    if {[dict get $options -http] eq "" && [dict get $options -https] eq ""} { dict set options -http 0 }
    foreach name {-http -https} {
        set port [dict get $options $name]
        if {$port ne "" && !([string is digit -strict $port] && $port < 65536)} { usage "$name $port is no port" }
    }
    if {[dict get $options -bindings] ni {allowmissing require off}} {
        usage "-bindings [dict get $options -bindings] is none of allowmissing, require, off"
    }
    foreach {name value} [dict get $options -limits] {
        if {![dict exists $http_server::limit $name] || ![string is integer -strict $value]} {
            usage "-limits: $name $value is none of [join [dict keys $http_server::limit] {, }] with a number"
        }
        dict set http_server::limit $name $value
    }
    foreach scheme [dict get $options -schemes] {
        if {$scheme ni {Negotiate NTLM}} { usage "-schemes: $scheme is neither Negotiate nor NTLM" }
    }
    return $options
}

# The schemes and their credentials. A host without NTLM (FIPS mode) has Negotiate with Kerberos all the same.
proc acquire {schemes accounts} {
    set credentials {}
    foreach scheme $schemes {
        try {
            set credential [twapi::sspi_acquire_credentials -package $scheme -role server]
            if {$accounts ne ""} { twapi::sspi_account_source $credential $accounts }
            dict set credentials $scheme $credential
        } trap {TWAPI_WIN32} {message} {
            puts "no $scheme: $message ([dict get [twapi::sspi_last_failure] -text])"
        }
    }
    if {$credentials eq ""} { error "none of the schemes $schemes can be used here" }
    return $credentials
}

proc first_line {file} {
    if {$file eq ""} { return "" }
    set in [open $file]
    gets $in line
    close $in
    return $line
}

proc listen {options} {
    set shared [dict create policy [dict get $options -bindings] \
        credentials [acquire [dict get $options -schemes] [dict get $options -accounts]]]
    set address [dict get $options -address]
    foreach scheme {http https} {
        set port [dict get $options -$scheme]
        if {$port eq ""} continue
        set tls [expr {$scheme eq "https" ? [tls_credential $options] : ""}]
        set listener [socket -server [list accept $shared $tls] -myaddr $address $port]
        puts "listening on $scheme://$address:[lindex [chan configure $listener -sockname] 2]/"
    }
}

proc tls_credential {options} {
    return [tls::credential [dict get $options -certificate] [first_line [dict get $options -passwordfile]] \
        [dict get $options -names] [dict get $options -export]]
}

# Whatever goes wrong outside of a request.
proc background_error {message details} { http_server::say "background: $message" }
interp bgerror {} background_error

fconfigure stdout -buffering line
set options [parse_options $argv]
try {
    listen $options
} trap TWAPI_WIN32 {message} {
    puts stderr "whoami: $message ([dict get [twapi::sspi_last_failure] -text])"
    exit 1
} on error {message} {
    puts stderr "whoami: $message"
    exit 1
}
vwait forever
