/* A client logs on to a server with NTLM, both in this program; then a message is encrypted, signed and tampered with.
 *
 *   cc -std=c11 ntlm_client_server.c $(pkg-config --cflags --libs opensspi) -o ntlm_client_server
 *   ./ntlm_client_server                              default credentials: the same user on the same computer
 *   ./ntlm_client_server plain:ACCOUNTS USER DOMAIN   an account; its password is read from standard input
 */
#include <opensspi/extra.h>
#include <opensspi/sspi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names here are ASCII. A program with other names converts from UTF-8 to UTF-16. */
#define NAME_UNITS 256
typedef SEC_WCHAR Name[NAME_UNITS];

/* The interface takes names as arrays that may be written to, though it does not write to them. */
static SEC_WCHAR package_name[] = NTLMSP_NAME;
static SEC_WCHAR target_name[] = u"example/localhost";

static void widen(const char* text, Name name) {
  size_t i = 0;
  for (; text[i] != '\0' && i + 1 < NAME_UNITS; ++i) name[i] = (SEC_WCHAR)(unsigned char)text[i];
  name[i] = 0;
}

static void print_name(const SEC_WCHAR* name) {
  for (; *name != 0; ++name) putchar(*name < 0x80 ? *name : '?');
}

/* Tells why the last call failed, to the owner of this program. */
static void explain(const char* what, SECURITY_STATUS status) {
  OPENSSPI_FAILURE failure = {.cbSize = sizeof failure};
  printf("%s: status 0x%08X", what, (unsigned)status);
  if (OpenSspiGetLastFailureW(&failure) == SEC_E_OK) {
    printf(": ");
    print_name(failure.Check);
    printf(": ");
    print_name(failure.Text);
  }
  putchar('\n');
}

static void check(const char* what, SECURITY_STATUS status) {
  if (status == SEC_E_OK || status == SEC_I_CONTINUE_NEEDED) return;
  explain(what, status);
  exit(1);
}

/* A memset of what is not read afterwards may be left out by a compiler; this may not. */
static void wipe(volatile char* memory, size_t size) {
  while (size > 0) memory[--size] = 0;
}

/* ---- Credentials. ----------------------------------------------------------------------------------------------- */

static CredHandle client_credential(const char* user, const char* domain) {
  SEC_WINNT_AUTH_IDENTITY_W identity = {.Flags = SEC_WINNT_AUTH_IDENTITY_ANSI}; /* bytes of UTF-8 */
  char password[256] = "";
  CredHandle credential;
  if (user != NULL && fgets(password, sizeof password, stdin) != NULL) password[strcspn(password, "\r\n")] = '\0';
  if (user != NULL) {
    identity.User = (USHORT*)(void*)(uintptr_t)user;
    identity.UserLength = (ULONG)strlen(user);
    identity.Domain = (USHORT*)(void*)(uintptr_t)domain;
    identity.DomainLength = (ULONG)strlen(domain);
    identity.Password = (USHORT*)(void*)password;
    identity.PasswordLength = (ULONG)strlen(password);
  }
  check("the client's credential",
        AcquireCredentialsHandleW(NULL, package_name, SECPKG_CRED_OUTBOUND, NULL, user == NULL ? NULL : &identity, NULL,
                                  NULL, &credential, NULL));
  wipe(password, sizeof password);
  return credential;
}

static CredHandle server_credential(const char* accounts) {
  CredHandle credential;
  Name source;
  check("the server's credential",
        AcquireCredentialsHandleW(NULL, package_name, SECPKG_CRED_INBOUND, NULL, NULL, NULL, NULL, &credential, NULL));
  if (accounts != NULL) {
    OPENSSPI_ACCOUNTS wanted = {.Source = source};
    widen(accounts, source);
    check("the account source",
          SetCredentialsAttributesW(&credential, OPENSSPI_CRED_ATTR_ACCOUNTS, &wanted, sizeof wanted));
  }
  return credential;
}

/* ---- The log-on. ------------------------------------------------------------------------------------------------ */

/* One end. Before its first step the handle of its context is not valid. */
typedef struct {
  int is_client;
  CredHandle credential;
  CtxtHandle context;
  SECURITY_STATUS status;
} End;

/* Takes the peer's token, empty for the client's first step, and gives the answer, to be freed by FreeContextBuffer. */
static SecBuffer step(End* end, SecBuffer received) {
  SecBuffer token = {0, SECBUFFER_TOKEN, NULL};
  SecBufferDesc in = {SECBUFFER_VERSION, 1, &received}, out = {SECBUFFER_VERSION, 1, &token};
  const int first = !SecIsValidHandle(&end->context);
  CtxtHandle* context = first ? NULL : &end->context;
  ULONG flags = 0;
  end->status = end->is_client
                    ? InitializeSecurityContextW(
                          &end->credential, context, target_name, ISC_REQ_CONFIDENTIALITY | ISC_REQ_ALLOCATE_MEMORY, 0,
                          SECURITY_NETWORK_DREP, first ? NULL : &in, 0, &end->context, &out, &flags, NULL)
                    : AcceptSecurityContext(&end->credential, context, &in, ASC_REQ_ALLOCATE_MEMORY,
                                            SECURITY_NETWORK_DREP, &end->context, &out, &flags, NULL);
  check(end->is_client ? "the client's step" : "the server's step", end->status);
  if (token.cbBuffer > 0)
    printf("%s: %u bytes\n", end->is_client ? "client to server" : "server to client", (unsigned)token.cbBuffer);
  return token;
}

static void log_on(End* client, End* server) {
  End* end = client;
  SecBuffer token = step(end, (SecBuffer){0, SECBUFFER_EMPTY, NULL});
  while (client->status != SEC_E_OK || server->status != SEC_E_OK) {
    SecBuffer answer;
    end = end == client ? server : client;
    answer = step(end, token);
    FreeContextBuffer(token.pvBuffer);
    token = answer;
  }
  FreeContextBuffer(token.pvBuffer);
}

static void tell_who(End* server) {
  SecPkgContext_NamesW names;
  SecPkgContext_Flags flags;
  check("the client's name", QueryContextAttributesW(&server->context, SECPKG_ATTR_NAMES, &names));
  check("the flags", QueryContextAttributesW(&server->context, SECPKG_ATTR_FLAGS, &flags));
  printf("the server knows the client as ");
  print_name(names.sUserName);
  printf(", messages can%s be encrypted\n", (flags.Flags & ASC_RET_CONFIDENTIALITY) != 0 ? "" : "not");
  FreeContextBuffer(names.sUserName);
}

/* ---- A message. ------------------------------------------------------------------------------------------------- */

static void send_message(End* client, End* server) {
  char text[] = "meet me at noon";
  unsigned char trailer[64];
  SecPkgContext_Sizes sizes;
  SecBuffer parts[2] = {{sizeof trailer, SECBUFFER_TOKEN, trailer}, {sizeof text, SECBUFFER_DATA, text}};
  SecBufferDesc message = {SECBUFFER_VERSION, 2, parts};
  char forged[sizeof text];
  SECURITY_STATUS status;

  check("the sizes", QueryContextAttributesW(&client->context, SECPKG_ATTR_SIZES, &sizes));
  if (sizes.cbSecurityTrailer > sizeof trailer) exit(1);
  parts[0].cbBuffer = sizes.cbSecurityTrailer;
  check("EncryptMessage", EncryptMessage(&client->context, 0, &message, 0));
  printf("encrypted: %s\n", memcmp(text, "meet", 4) != 0 ? "unreadable, with a trailer" : "no");

  /* What was changed on its way is refused, its data are zeroed, and the context goes on. */
  memcpy(forged, text, sizeof text);
  forged[0] = (char)(forged[0] ^ 1);
  parts[1].pvBuffer = forged;
  status = DecryptMessage(&server->context, &message, 0, NULL);
  if (status != SEC_E_MESSAGE_ALTERED) exit(1);
  explain("forged", status);

  parts[1].pvBuffer = text;
  check("DecryptMessage", DecryptMessage(&server->context, &message, 0, NULL));
  printf("decrypted: %s\n", text);
}

int main(int count, char** words) {
  const int explicit_account = count == 4;
  End client = {.is_client = 1}, server = {.is_client = 0};
  if (count != 1 && !explicit_account) {
    fprintf(stderr, "usage: %s [ACCOUNTS USER DOMAIN]\n", words[0]);
    return 2;
  }
  SecInvalidateHandle(&client.context);
  SecInvalidateHandle(&server.context);
  client.credential = client_credential(explicit_account ? words[2] : NULL, explicit_account ? words[3] : NULL);
  server.credential = server_credential(explicit_account ? words[1] : NULL);
  client.status = server.status = SEC_I_CONTINUE_NEEDED;

  log_on(&client, &server);
  tell_who(&server);
  send_message(&client, &server);

  DeleteSecurityContext(&client.context);
  DeleteSecurityContext(&server.context);
  FreeCredentialsHandle(&client.credential);
  FreeCredentialsHandle(&server.credential);
  return 0;
}
