# A client for the suite whoami: examples/http_sspi.tcl told by its arguments what to do.
#
#   tclsh whoami_get.tcl HTTP_SSPI WORD VALUE ...
#
#   account DOMAIN:USER:PASSWORD   log on as; proxyaccount: to the proxy      roots FILE   a certificate to trust, PEM
#   get URL                        one line: the answer's status and its body's first line, or "error MESSAGE"
#   start URL                      the same with -command
#   OPTION VALUE                   an option of http_sspi::geturl, from here on
set words [lassign $argv file]
source $file
set options {-timeout 60000}

proc identity {text} {
    regexp {^([^:]*):([^:]*):(.*)$} $text -> domain user password
    return [twapi::sspi_winnt_identity_credentials $user $domain [twapi::conceal $password]]
}

proc trusting {file} {
    set in [open $file]
    set certificate [twapi::cert_import [read $in] -encoding pem]
    close $in
    set store [twapi::cert_temporary_store]
    twapi::cert_release [twapi::cert_store_add_certificate $store $certificate]
    return [twapi::sspi_acquire_credentials -package tls -role client \
        -credentials [twapi::sspi_schannel_credentials -rootstore $store]]
}

proc tell {token} {
    set body [lindex [split [http::data $token] \n] 0]
    puts "[http::status $token] [http::ncode $token] $body"
    http::cleanup $token
}

foreach {word value} $words {
    switch -glob $word {
        account { dict set options -credentials [expr {$value eq "" ? "" : [identity $value]}] }
        proxyaccount { dict set options -proxycredentials [identity $value] }
        roots { dict set options -tls [list -credentials [trusting $value]] }
        get {
            if {[catch { tell [http_sspi::geturl $value {*}$options] } message]} { puts "error $message" }
        }
        start {
            set command {apply {{token} { tell $token; set ::told 1 }}}
            puts "started <[http_sspi::geturl $value {*}$options -command $command]>"
            vwait told
        }
        default { dict set options $word $value }
    }
}
http_sspi::close_all
