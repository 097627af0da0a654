/* A program of bytes as one writes it for Windows, built without UNICODE: generic names and A functions by turns, an
 * explicit identity, channel bindings, an impersonation that is tried. It logs on with NTLM and seals messages. */
#define SECURITY_WIN32
#include <security.h>
#include <sspi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static PSecurityFunctionTable sspi;
static ULONG max_token;

static int failed(const char* what, SECURITY_STATUS status) {
  fprintf(stderr, "%s: 0x%08lX\n", what, (unsigned long)(ULONG)status);
  return 0;
}

static void set_buffer(SecBuffer* buffer, ULONG type, void* at, ULONG size) {
  buffer->BufferType = type;
  buffer->pvBuffer = at;
  buffer->cbBuffer = size;
}

static void set_list(SecBufferDesc* list, SecBuffer* buffers, ULONG count) {
  list->ulVersion = SECBUFFER_VERSION;
  list->cBuffers = count;
  list->pBuffers = buffers;
}

static int find_package(LPCTSTR wanted) {
  PSecPkgInfo packages;
  ULONG count, i;
  SECURITY_STATUS status = EnumerateSecurityPackages(&count, &packages);
  if (status != SEC_E_OK) return failed("EnumerateSecurityPackages", status);
  for (i = 0; i < count; ++i) {
    if (strcmp(packages[i].Name, wanted) == 0) max_token = packages[i].cbMaxToken;
  }
  FreeContextBuffer(packages);
  return max_token != 0 ? 1 : failed("no such package", SEC_E_SECPKG_NOT_FOUND);
}

/* With an identity of bytes; nobody answers for it, so that its first token is all there is to see. */
static int first_token_of_an_identity(void) {
  static unsigned char user[] = "alice", domain[] = "EXAMPLE", password[] = "Passw0rd!";
  static char package[] = "NTLM", target[] = "HTTP/server";
  SEC_WINNT_AUTH_IDENTITY identity;
  SecPkgCredentials_Names names;
  CredHandle credential;
  CtxtHandle context;
  TimeStamp expiry;
  ULONG attributes;
  SecBuffer token;
  SecBufferDesc output;
  SECURITY_STATUS status;
  memset(&identity, 0, sizeof identity);
  identity.User = user;
  identity.UserLength = (ULONG)strlen((char*)user);
  identity.Domain = domain;
  identity.DomainLength = (ULONG)strlen((char*)domain);
  identity.Password = password;
  identity.PasswordLength = (ULONG)strlen((char*)password);
  identity.Flags = SEC_WINNT_AUTH_IDENTITY_ANSI;
  status =
      AcquireCredentialsHandleA(NULL, package, SECPKG_CRED_OUTBOUND, NULL, &identity, NULL, NULL, &credential, &expiry);
  if (status != SEC_E_OK) return failed("AcquireCredentialsHandleA", status);
  status = QueryCredentialsAttributes(&credential, SECPKG_CRED_ATTR_NAMES, &names);
  if (status != SEC_E_OK) return failed("QueryCredentialsAttributes", status);
  if (strcmp(names.sUserName, "EXAMPLE\\alice") != 0) return failed(names.sUserName, 0);
  FreeContextBuffer(names.sUserName);
  set_buffer(&token, SECBUFFER_EMPTY, NULL, 0);
  set_list(&output, &token, 1);
  status = InitializeSecurityContextA(&credential, NULL, target, ISC_REQ_ALLOCATE_MEMORY | ISC_REQ_CONFIDENTIALITY, 0,
                                      SECURITY_NATIVE_DREP, NULL, 0, &context, &output, &attributes, &expiry);
  if (status != SEC_I_CONTINUE_NEEDED) return failed("InitializeSecurityContextA", status);
  if (token.BufferType != SECBUFFER_TOKEN || memcmp(token.pvBuffer, "NTLMSSP", 8) != 0) return failed("the token", 0);
  FreeContextBuffer(token.pvBuffer);
  DeleteSecurityContext(&context);
  FreeCredentialsHandle(&credential);
  return 1;
}

struct end {
  CredHandle credential;
  CtxtHandle context;
  BOOL begun;
  SECURITY_STATUS status;
  BYTE* token;
  ULONG token_length;
};

static int acquire(struct end* end, ULONG use) {
  TimeStamp expiry;
  SECURITY_STATUS status =
      sspi->AcquireCredentialsHandle(NULL, TEXT("NTLM"), use, NULL, NULL, NULL, NULL, &end->credential, &expiry);
  memset(&end->context, 0, sizeof end->context);
  end->begun = FALSE;
  end->token = (BYTE*)malloc(max_token);
  end->token_length = 0;
  return status == SEC_E_OK && end->token != NULL ? 1 : failed("AcquireCredentialsHandle", status);
}

struct bindings {
  SEC_CHANNEL_BINDINGS head;
  char data[32];
};

static int step(struct end* to, const struct end* from, BOOL server) {
  static struct bindings bindings;
  SecBuffer in[2], out;
  SecBufferDesc input, output;
  ULONG attributes;
  TimeStamp expiry;
  PCtxtHandle context = to->begun ? &to->context : NULL;
  strcpy(bindings.data, "tls-server-end-point:0123456789");
  bindings.head.cbApplicationDataLength = (ULONG)strlen(bindings.data);
  bindings.head.dwApplicationDataOffset = sizeof bindings.head;
  set_buffer(&in[0], SECBUFFER_CHANNEL_BINDINGS, &bindings, sizeof bindings);
  set_buffer(&in[1], SECBUFFER_TOKEN, from->token, from->token_length);
  set_buffer(&out, SECBUFFER_TOKEN, to->token, max_token);
  set_list(&input, in, from->token_length != 0 ? 2 : 1);
  set_list(&output, &out, 1);
  to->status = server
                   ? AcceptSecurityContext(&to->credential, context, &input, ASC_REQ_CONFIDENTIALITY,
                                           SECURITY_NATIVE_DREP, &to->context, &output, &attributes, &expiry)
                   : InitializeSecurityContext(&to->credential, context, TEXT("HTTP/server"),
                                               ISC_REQ_CONFIDENTIALITY | ISC_REQ_MUTUAL_AUTH, 0, SECURITY_NATIVE_DREP,
                                               &input, 0, &to->context, &output, &attributes, &expiry);
  if (to->status == SEC_I_COMPLETE_NEEDED || to->status == SEC_I_COMPLETE_AND_CONTINUE) {
    if (CompleteAuthToken(&to->context, &output) != SEC_E_OK) return failed("CompleteAuthToken", to->status);
  }
  to->begun = TRUE;
  to->token_length = out.cbBuffer;
  return to->status >= 0 ? 1 : failed(server ? "AcceptSecurityContext" : "InitializeSecurityContext", to->status);
}

static int log_on(struct end* client, struct end* server) {
  int legs;
  for (legs = 0; legs < 8; ++legs) {
    if (!step(client, server, FALSE) || !step(server, client, TRUE)) return 0;
    if (client->status == SEC_E_OK && server->status == SEC_E_OK) return 1;
  }
  return failed("the log-on has no end", server->status);
}

/* One run of bytes that begins with the trailer, as SASL sends it. */
static int seal_and_open(struct end* from, struct end* to) {
  static const char text[] = "from one end to the other";
  BYTE message[256];
  SecPkgContext_Sizes sizes;
  SecBuffer buffers[2];
  SecBufferDesc list;
  ULONG quality, trailer;
  SECURITY_STATUS status = QueryContextAttributes(&from->context, SECPKG_ATTR_SIZES, &sizes);
  if (status != SEC_E_OK) return failed("QueryContextAttributes", status);
  memcpy(message + sizes.cbSecurityTrailer, text, sizeof text);
  set_buffer(&buffers[0], SECBUFFER_TOKEN, message, sizes.cbSecurityTrailer);
  set_buffer(&buffers[1], SECBUFFER_DATA, message + sizes.cbSecurityTrailer, sizeof text);
  set_list(&list, buffers, 2);
  status = EncryptMessage(&from->context, 0, &list, 0);
  if (status != SEC_E_OK) return failed("EncryptMessage", status);
  trailer = buffers[0].cbBuffer;
  set_buffer(&buffers[0], SECBUFFER_STREAM, message, trailer + buffers[1].cbBuffer);
  set_buffer(&buffers[1], SECBUFFER_DATA, NULL, 0);
  status = DecryptMessage(&to->context, &list, 0, &quality);
  if (status != SEC_E_OK) return failed("DecryptMessage", status);
  return buffers[1].cbBuffer == sizeof text && memcmp(buffers[1].pvBuffer, text, sizeof text) == 0
             ? 1
             : failed("another text", 0);
}

/* A server that goes on as itself where it cannot be its client. */
static int serve(struct end* server) {
  SecPkgContext_Names names;
  HANDLE token = NULL;
  SECURITY_STATUS status = ImpersonateSecurityContext(&server->context);
  if (status == SEC_E_OK) {
    RevertSecurityContext(&server->context);
  } else if (status != SEC_E_UNSUPPORTED_FUNCTION) {
    return failed("ImpersonateSecurityContext", status);
  }
  if (QuerySecurityContextToken(&server->context, &token) == SEC_E_OK) return 1;
  status = QueryContextAttributes(&server->context, SECPKG_ATTR_NAMES, &names);
  if (status != SEC_E_OK) return failed("SECPKG_ATTR_NAMES", status);
  if (strchr(names.sUserName, '\\') == NULL) return failed(names.sUserName, 0);
  FreeContextBuffer(names.sUserName);
  return 1;
}

int main(void) {
  static struct end client, server;
  sspi = InitSecurityInterface();
  if (sspi == NULL || !find_package(TEXT("NTLM")) || !first_token_of_an_identity()) return 1;
  if (!acquire(&client, SECPKG_CRED_OUTBOUND) || !acquire(&server, SECPKG_CRED_INBOUND)) return 1;
  if (!log_on(&client, &server) || !seal_and_open(&client, &server) || !serve(&server)) return 1;
  DeleteSecurityContext(&client.context);
  DeleteSecurityContext(&server.context);
  FreeCredentialHandle(&client.credential);
  FreeCredentialHandle(&server.credential);
  free(client.token);
  free(server.token);
  puts("logged on, sealed and opened");
  return 0;
}
