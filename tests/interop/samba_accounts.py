"""The accounts of the test's domain, written into its database before the domain controller starts.

    samba_accounts.py FOLDER    the keytab of the service goes to FOLDER/service.keytab

Users have the password Passw0rd!. alice and bob log on; disabled, expired (the account), stale (the password has
expired), change (the password must be changed first) and locked do not. bob may also say robert@people.test. websvc is the account of HTTP/web.example.test.
"""

import sys
import time

import ldb
from samba import dckeytab  # noqa: F401  (gives Net its export_keytab)
from samba.auth import system_session
from samba.credentials import Credentials
from samba.net import Net
from samba.param import LoadParm
from samba.samdb import SamDB

PASSWORD = "Passw0rd!"
# What samba's own tools use to write an attribute that the password code owns.
BYPASS_PASSWORD_CODE = "local_oid:1.3.6.1.4.1.7165.4.3.12:0"
LONG_AGO = 116444736000000000  # 1970

parameters = LoadParm()
parameters.load_default()
database = SamDB(session_info=system_session(), lp=parameters)


def change(user, attribute, value, controls=()):
    found = database.search(expression=f"(sAMAccountName={user})", attrs=[])[0]
    message = ldb.Message(found.dn)
    message[attribute] = ldb.MessageElement(value if isinstance(value, list) else str(value), ldb.FLAG_MOD_REPLACE, attribute)
    database.modify(message, controls=list(controls))


for user in ("alice", "bob", "disabled", "expired", "stale", "change", "locked", "websvc"):
    database.newuser(user, PASSWORD)

database.disable_account("(sAMAccountName=disabled)")
change("expired", "accountExpires", LONG_AGO)
change("stale", "pwdLastSet", LONG_AGO, [BYPASS_PASSWORD_CODE])
change("change", "pwdLastSet", 0)
now = int(time.time()) * 10000000 + LONG_AGO
change("locked", "lockoutTime", now, [BYPASS_PASSWORD_CODE])

# Without encryption types of its own a service gets tickets of RC4 only: 8 and 16 are those of AES-SHA1.
change("websvc", "msDS-SupportedEncryptionTypes", 8 + 16)
change("websvc", "servicePrincipalName", "HTTP/web.example.test")
# What the domain controller registers of itself some time after its start.
change("DC1$", "servicePrincipalName",
       [service + "/dc1.example.test" for service in ("HOST", "ldap", "cifs")] + ["HOST/DC1"])
# A name to log on with that is of no realm; and an entry of more than 64 KiB.
change("bob", "userPrincipalName", "robert@people.test")
change("bob", "jpegPhoto", "y" * 200000)
administrator = Credentials()
administrator.set_kerberos_state(False)
Net(administrator, parameters).export_keytab(keytab=sys.argv[1] + "/service.keytab", principal="HTTP/web.example.test")
