/* A program as one writes it for Windows: generic names, TEXT literals, no header of ours by name. It logs on to itself
 * with NTLM and the process's own identity, through the function table, then signs a message and has it verified. */
#define SECURITY_WIN32
#include <security.h>
#include <sspi.h>
#include <stdio.h>
#include <string.h>

static PSecurityFunctionTable sspi;

static int failed(const char* what, SECURITY_STATUS status) {
  fprintf(stderr, "%s: 0x%08lX\n", what, (unsigned long)(ULONG)status);
  return 0;
}

struct end {
  CredHandle credential;
  CtxtHandle context;
  BOOL has_context;
  BYTE token[4096];
  ULONG token_length;
  SECURITY_STATUS status;
};

static int acquire(struct end* end, ULONG use) {
  TimeStamp expiry;
  SECURITY_STATUS status =
      sspi->AcquireCredentialsHandle(NULL, TEXT("NTLM"), use, NULL, NULL, NULL, NULL, &end->credential, &expiry);
  end->has_context = FALSE;
  end->token_length = 0;
  return SUCCEEDED(status) ? 1 : failed("AcquireCredentialsHandle", status);
}

static int step(struct end* to, const struct end* from, BOOL server) {
  SecBuffer in = {from->token_length, SECBUFFER_TOKEN, (void*)from->token};
  SecBuffer out = {sizeof to->token, SECBUFFER_TOKEN, to->token};
  SecBufferDesc in_list = {SECBUFFER_VERSION, 1, &in};
  SecBufferDesc out_list = {SECBUFFER_VERSION, 1, &out};
  PCtxtHandle context = to->has_context ? &to->context : NULL;
  PSecBufferDesc input = from->token_length ? &in_list : NULL;
  ULONG attributes;
  TimeStamp expiry;
  if (server) {
    to->status = sspi->AcceptSecurityContext(&to->credential, context, input, ASC_REQ_INTEGRITY, SECURITY_NATIVE_DREP,
                                             &to->context, &out_list, &attributes, &expiry);
  } else {
    to->status =
        sspi->InitializeSecurityContext(&to->credential, context, NULL, ISC_REQ_INTEGRITY, 0, SECURITY_NATIVE_DREP,
                                        input, 0, &to->context, &out_list, &attributes, &expiry);
  }
  to->has_context = TRUE;
  to->token_length = out.cbBuffer;
  return FAILED(to->status) ? failed(server ? "AcceptSecurityContext" : "InitializeSecurityContext", to->status) : 1;
}

static int log_on(struct end* client, struct end* server) {
  int legs;
  for (legs = 0; legs < 8; ++legs) {
    if (!step(client, server, FALSE) || !step(server, client, TRUE)) return 0;
    if (client->status == SEC_E_OK && server->status == SEC_E_OK) return 1;
  }
  return failed("the log-on has no end", server->status);
}

static int sign_and_verify(struct end* client, struct end* server) {
  char text[] = "from one end to the other";
  BYTE signature[64];
  SecPkgContext_Sizes sizes;
  SecBuffer buffers[2];
  SecBufferDesc message = {SECBUFFER_VERSION, 2, buffers};
  ULONG quality;
  SECURITY_STATUS status = sspi->QueryContextAttributes(&client->context, SECPKG_ATTR_SIZES, &sizes);
  if (FAILED(status)) return failed("QueryContextAttributes", status);
  if (sizes.cbMaxSignature > sizeof signature) return failed("cbMaxSignature", (SECURITY_STATUS)sizes.cbMaxSignature);
  buffers[0].cbBuffer = sizes.cbMaxSignature;
  buffers[0].BufferType = SECBUFFER_TOKEN;
  buffers[0].pvBuffer = signature;
  buffers[1].cbBuffer = sizeof text;
  buffers[1].BufferType = SECBUFFER_DATA;
  buffers[1].pvBuffer = text;
  status = sspi->MakeSignature(&client->context, 0, &message, 0);
  if (FAILED(status)) return failed("MakeSignature", status);
  status = sspi->VerifySignature(&server->context, &message, 0, &quality);
  if (FAILED(status)) return failed("VerifySignature", status);
  text[0] = 'F';
  status = sspi->VerifySignature(&server->context, &message, 0, &quality);
  return status == SEC_E_OK ? failed("VerifySignature of a changed message", status) : 1;
}

int main(void) {
  static struct end client, server;
  PSecPkgInfo package;
  SECURITY_STATUS status;
  sspi = InitSecurityInterface();
  if (!sspi) return 1;
  status = QuerySecurityPackageInfo(TEXT("NTLM"), &package);
  if (FAILED(status)) return !failed("QuerySecurityPackageInfo", status);
  if (package->cbMaxToken > sizeof client.token) return !failed("cbMaxToken", (SECURITY_STATUS)package->cbMaxToken);
  FreeContextBuffer(package);
  if (!acquire(&client, SECPKG_CRED_OUTBOUND) || !acquire(&server, SECPKG_CRED_INBOUND)) return 1;
  if (!log_on(&client, &server) || !sign_and_verify(&client, &server)) return 1;
  DeleteSecurityContext(&client.context);
  DeleteSecurityContext(&server.context);
  FreeCredentialsHandle(&client.credential);
  FreeCredentialsHandle(&server.credential);
  puts("logged on, signed and verified");
  return 0;
}
