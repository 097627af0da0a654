"""Chromium's part of the suite whoami."""

from whoami_chromium import Chromium
from whoami_world import *

WHO = DOMAIN + "\\" + USER


def run(tap, site, strict, without_ticket):
    if not shutil.which("chromium"):
        tap.skip("Chromium", "not here: chromium")
        return
    with_ticket = {**ENVIRONMENT}
    for kind in ("http", "https"):
        url = getattr(site, kind) + "/"
        tap.run(f"Chromium with a ticket over {kind}", lambda: kerberos(url, with_ticket, kind))
        tap.run(f"Chromium by NTLM over {kind}", lambda: ntlm(url, without_ticket, kind))
    tap.run("Chromium by NTLM over https, bindings required", lambda: ntlm(strict.https + "/", without_ticket, "https"))
    # Chromium for Linux binds NTLM to the channel, and Kerberos not.
    tap.run("Chromium with a ticket over https is refused where bindings are required",
            lambda: unbound(strict, with_ticket))
    tap.run("Chromium with a wrong password is not let in", lambda: refused(site.https + "/", without_ticket))


def lacks(html, *texts):
    absent = [text for text in texts if text not in html]
    return None if not absent else f"the page has no {absent}: {html[html.find('<body>'):]}"


def kerberos(url, environment, kind):
    with Chromium(environment) as chromium:
        html = chromium.open(url)
        return lacks(html, ">alice<", "@OPENSSPI.TEST", ">Kerberos<", "SPNEGO NegTokenInit", "Kerberos AP-REQ",
                     "HTTP/localhost", kind.upper()) or looks(chromium)


def ntlm(url, environment, kind):
    with Chromium(environment) as chromium:
        html = chromium.open(url, WHO, PASSWORD)
        bound = "yes, to this server's certificate" if kind == "https" else "plain HTTP has nothing to bind to"
        fault = lacks(html, "EXAMPLE\\", ">alice<", "NTLM CHALLENGE_MESSAGE", "NTLM AUTHENTICATE_MESSAGE",
                      "the message has a MIC", bound)
        if fault:
            return fault
        again = chromium.open(url)  # the connection, or the browser's memory, has the log-on
        return lacks(again, "EXAMPLE\\", ">alice<") or looks(chromium)


def refused(url, environment):
    with Chromium(environment) as chromium:
        html = chromium.open(url, WHO, "wrong")
        if "alice" in html:
            return html[-3000:]
        return lacks(html, "Log on, please") or (None if len(chromium.asked) == 2 else f"asked {chromium.asked}")


def unbound(strict, environment):
    before = len(strict.log)
    with Chromium(environment) as chromium:
        fault = lacks(chromium.open(strict.https + "/"), "Log on, please")
    log = "".join(strict.said(before, lambda lines: "the client sent none" in "".join(lines)))
    return fault or (None if "the client sent none" in log else log)


def looks(chromium):
    """The style is applied, and nothing is wider than the window, on a desktop and on a phone."""
    for width in (1280, 390, 320):
        chromium.shape(width)
        wide = chromium.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            return f"at a width of {width} the page is {wide} wide"
    sizes = chromium.evaluate("[getComputedStyle(document.querySelector('.lines')).listStyleType,"
                              " document.querySelectorAll('.arrow').length]")
    return None if sizes[0] == "none" and sizes[1] >= 2 else f"the diagram has no style, or no arrows: {sizes}"
