# The pages: HTML with its style inside, nothing from elsewhere, no script. Whatever a client or a domain may have
# chosen goes through `text`.

namespace eval page {
    variable style [apply {{file} {
        set in [open $file]
        set content [read $in]
        close $in
        return $content
    }} [file join [file dirname [info script]] page.css]]
}

proc page::text {value} {
    return [string map {& &amp; < &lt; > &gt; \" &quot; ' &#39;} [decode::shown $value]]
}

# nonce: of the Content-Security-Policy, which allows this style and no other.
proc page::document {title nonce body} {
    variable style
    return "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<title>[text $title]</title>
<style nonce=\"$nonce\">
$style</style>
</head>
<body>
$body<footer>A page of <b>whoami</b>, an example of opensspi. It is made anew for each request, holds no secret and is
not kept by your browser.</footer>
</body>
</html>
"
}

# For who has not logged on, or was refused: nothing about why, which is for the owner of the server.
proc page::please {schemes nonce} {
    set list [join [lmap scheme $schemes { string cat "<span class=\"chip\">" [text $scheme] "</span>" }] " "]
    return [document "Log on, please" $nonce "<header>
<p class=\"eyebrow\">Who are you?</p>
<h1>Log on, please</h1>
<p class=\"lead\">This page is for who can say who they are. It takes</p>
<p class=\"chips\">$list</p>
<p class=\"note\">If your browser asked you for a name and a password and you gave them, they were not right.</p>
</header>
"]
}

# who: Logon's. exchange: Logon's. transport: a dict of secure, policy and cipher.
proc page::who {who exchange transport nonce} {
    set package [dict get $who -package]
    set body "<header>
<p class=\"eyebrow\">You are</p>
<h1>[name [dict get $who -name]]</h1>
<p class=\"chips\">[badge $package accent][badge [dict get $transport shown]][badge [count_text $exchange]]</p>
<p class=\"lead\">[summary $who]</p>
</header>
<main>
<section class=\"cards\">
<article class=\"card\"><h2>Who vouches for you</h2>[rows [identity_rows $who]]</article>
<article class=\"card\"><h2>By which package</h2>[rows [package_rows $who]]
<h3>Flags of the context</h3>[flags $who]</article>
<article class=\"card\"><h2>The connection</h2>[rows [connection_rows $who $transport]]</article>
</section>
<section class=\"exchange\">
<h2>How it went</h2>
<p class=\"note\">Each message of the log-on in its order, and what is in its token.</p>
[diagram $exchange]
</section>
</main>
"
    return [document [dict get $who -name] $nonce $body]
}

# The domain paler than the name.
proc page::name {name} {
    if {[regexp {^([^\\]+\\)(.+)$} $name -> domain account]} {
        return "<span class=\"domain\">[text $domain]</span><wbr>[text $account]"
    }
    if {[regexp {^([^@]+)(@.+)$} $name -> account domain]} {
        return "[text $account]<wbr><span class=\"domain\">[text $domain]</span>"
    }
    return [text $name]
}

proc page::badge {value {kind ""}} { return "<span class=\"chip $kind\">[text $value]</span>" }

proc page::count_text {exchange} {
    set count 0
    foreach entry $exchange { if {[dict get $entry token] ne ""} { incr count } }
    return "$count token[expr {$count == 1 ? "" : "s"}]"
}

proc page::summary {who} {
    switch [dict get $who -package] {
        Kerberos {
            return "You showed a <b>Kerberos ticket</b>. No password travelled, and this server asked nobody."
        }
        NTLM {
            return "You answered an <b>NTLM challenge</b>. Your password did not travel; a proof that you know it did."
        }
    }
    return "You logged on by [text [dict get $who -package]]."
}

# ---- What is known of the log-on. ------------------------------------------------------------------------------------

proc page::identity_rows {who} {
    set rows {}
    foreach {key label} {-account Account -domain "Domain or realm"} {
        if {[dict exists $who $key]} { lappend rows $label [dict get $who $key] }
    }
    if {[dict exists $who -source]} { lappend rows "Vouched for by" [source_text [dict get $who -source]] }
    if {[dict exists $who -sids] && [dict get $who -sids] ne ""} { lappend rows SID [lindex [dict get $who -sids] 0] }
    if {[dict exists $who -expiration]} { lappend rows "Good until" [until_text [dict get $who -expiration]] }
    return $rows
}

proc page::package_rows {who} {
    return [list Package [dict get $who -package] "HTTP scheme" [dict get $who -scheme] \
        "Why not another" [why_not_another $who]]
}

# Only the kind: a path is no business of the client's.
proc page::source_text {source} {
    switch -glob $source {
        plain:* - smbpasswd:* { return "a file of accounts" }
        winbind { return "the domain, through winbind" }
        self { return "the same user on this computer" }
        callback { return "the server's own table" }
        Kerberos { return "a ticket of the realm's KDC" }
    }
    return [lindex [split $source :] 0]
}

proc page::until_text {ticks} {
    if {$ticks >= 0x7fffffffffffffff} { return "the connection ends" }
    return [clock format [expr {$ticks / 10000000 - 11644473600}] -gmt 1 -format "%Y-%m-%d %H:%M UTC"]
}

proc page::why_not_another {who} {
    if {[dict get $who -scheme] eq "NTLM"} {
        return "Your client took the scheme NTLM, in which nothing else can be offered. Kerberos comes with Negotiate."
    }
    if {![dict exists $who -fallback] || [dict get $who -fallback] eq ""} {
        return "[dict get $who -package] is the first choice, and it was taken."
    }
    return [join [lmap part [split [dict get $who -fallback] \;] { string trim $part }] ".\n"].
}

proc page::flags {who} {
    set flags [expr {[dict exists $who -flags] ? [dict get $who -flags] : ""}]
    if {$flags eq ""} { return "<p>None: your client asked for a log-on and nothing else.</p>" }
    return "<p class=\"chips\">[join [lmap flag $flags { badge $flag }] " "]</p>"
}

proc page::connection_rows {who transport} {
    set rows [list Transport [dict get $transport cipher] "Bound to it" [binding_text $who $transport]]
    if {[dict exists $who -clienttarget] && [dict get $who -clienttarget] ne ""} {
        lappend rows "Meant for" [dict get $who -clienttarget]
    }
    if {[dict exists $who -encryptionalgorithm]} {
        lappend rows "Session key" "[dict get $who -keybits] bits, [dict get $who -encryptionalgorithm]"
    }
    return $rows
}

proc page::binding_text {who transport} {
    if {![dict get $transport secure]} { return "no: plain HTTP has nothing to bind to" }
    switch [dict get $transport policy] {
        require { return "yes, to this server's certificate; this server insists" }
        off { return "not looked at" }
    }
    switch [dict get $who -bound] {
        1 { return "yes, to this server's certificate" }
        0 { return "no: your client sent no channel bindings, and this server tolerates that" }
    }
    return "to this server's certificate, if your client sent bindings: Kerberos encrypts them"
}

proc page::rows {rows} {
    set html ""
    foreach {label value} $rows { append html "<div><dt>[text $label]</dt><dd>[text $value]</dd></div>\n" }
    return "<dl>\n$html</dl>"
}

# ---- The sequence diagram: two life lines, an arrow for each message, its token below it. ----------------------------

proc page::diagram {exchange} {
    set html "<div class=\"heads\"><span>Your client</span><span>This server</span></div>\n<ol class=\"lines\">\n"
    set number 0
    foreach entry $exchange { append html [message [incr number] $entry] }
    return "$html</ol>"
}

proc page::message {number entry} {
    dict with entry {}
    set what [expr {$scheme eq "" ? "" : " <span class=\"scheme\">[text $scheme]</span>"}]
    set html "<li class=\"$way\">
<div class=\"label\"><span class=\"number\">$number</span> <b>[text $line]</b>$what</div>
<div class=\"arrow\"></div>\n"
    if {$token ne ""} { append html [token_card $token] }
    return "$html</li>\n"
}

proc page::token_card {token} {
    set first 1
    set html "<div class=\"token\">\n"
    foreach section [dict get $token sections] {
        lassign $section heading fields
        set size [expr {$first ? "<span class=\"size\">[text [dict get $token size]]</span>" : ""}]
        append html "<h3>[text $heading]$size</h3>\n[token_rows $fields]\n"
        set first 0
    }
    return "$html</div>\n"
}

# Lists of flags are long and of one kind: small print.
proc page::token_rows {fields} {
    set html ""
    foreach {label value} $fields {
        if {$label eq "Flags" && [string match *,* $value]} {
            set words [lmap word [split $value ,] { string cat <code> [text [string trim $word]] </code> }]
            append html "<div class=\"wide\"><dt>Flags</dt><dd class=\"flags\">[join $words { }]</dd></div>\n"
        } else {
            append html "<div><dt>[text $label]</dt><dd>[text $value]</dd></div>\n"
        }
    }
    return "<dl>\n$html</dl>"
}
