/* A TLS client and a server as one writes them for Windows: the server's certificate comes from the personal store, the
 * client trusts a store made from it, a record travels each way, and the client closes. No header of ours by name. */
#define SECURITY_WIN32
#include <security.h>
#include <wincrypt.h>
/* Windows' schannel.h wants wincrypt.h before it. */
#include <schannel.h>
#include <stdio.h>
#include <string.h>

struct end {
  BOOL server, begun;
  CredHandle credential;
  CtxtHandle context;
  SECURITY_STATUS status;
  BYTE input[32768]; /* from the peer, not used so far */
  DWORD input_length;
};

static int failed(const char* what, unsigned long status) {
  fprintf(stderr, "%s: 0x%08lX\n", what, status);
  return 0;
}

static int acquire(struct end* end, PCCERT_CONTEXT certificate, HCERTSTORE roots) {
  SCHANNEL_CRED data = {0};
  TimeStamp expiry;
  data.dwVersion = SCHANNEL_CRED_VERSION;
  data.cCreds = end->server ? 1 : 0;
  data.paCred = &certificate;
  data.hRootStore = end->server ? NULL : roots;
  data.dwFlags = end->server ? 0 : SCH_CRED_AUTO_CRED_VALIDATION | SCH_CRED_NO_DEFAULT_CREDS;
  end->status = AcquireCredentialsHandle(NULL, UNISP_NAME, end->server ? SECPKG_CRED_INBOUND : SECPKG_CRED_OUTBOUND,
                                         NULL, &data, NULL, NULL, &end->credential, &expiry);
  return SUCCEEDED(end->status) ? 1 : failed("AcquireCredentialsHandle", (unsigned long)(ULONG)end->status);
}

/* One step; what is said to the peer is put behind what the peer has not used yet. */
static int step(struct end* end, struct end* peer) {
  SecBuffer in[2] = {{end->input_length, SECBUFFER_TOKEN, end->input}, {0, SECBUFFER_EMPTY, NULL}};
  SecBuffer out = {0, SECBUFFER_TOKEN, NULL};
  SecBufferDesc in_list = {SECBUFFER_VERSION, 2, in}, out_list = {SECBUFFER_VERSION, 1, &out};
  WCHAR target[] = L"localhost";
  ULONG attributes = 0;
  TimeStamp expiry;
  PCtxtHandle context = end->begun ? &end->context : NULL;
  PSecBufferDesc input = end->input_length ? &in_list : NULL;
  if (end->server) {
    end->status = AcceptSecurityContext(&end->credential, context, input, ASC_REQ_STREAM | ASC_REQ_ALLOCATE_MEMORY, 0,
                                        &end->context, &out_list, &attributes, &expiry);
  } else {
    end->status = InitializeSecurityContext(&end->credential, context, target, ISC_REQ_STREAM | ISC_REQ_ALLOCATE_MEMORY,
                                            0, 0, input, 0, &end->context, &out_list, &attributes, &expiry);
  }
  if (FAILED(end->status)) return failed("handshake", (unsigned long)(ULONG)end->status);
  end->begun = TRUE;
  if (in[1].BufferType == SECBUFFER_EXTRA) {
    memmove(end->input, end->input + end->input_length - in[1].cbBuffer, in[1].cbBuffer);
    end->input_length = in[1].cbBuffer;
  } else {
    end->input_length = 0;
  }
  if (out.cbBuffer != 0) {
    memcpy(peer->input + peer->input_length, out.pvBuffer, out.cbBuffer);
    peer->input_length += out.cbBuffer;
  }
  if (out.pvBuffer != NULL) FreeContextBuffer(out.pvBuffer);
  return 1;
}

static int shake_hands(struct end* client, struct end* server) {
  client->status = server->status = SEC_I_CONTINUE_NEEDED;
  while (client->status != SEC_E_OK || server->status != SEC_E_OK) {
    struct end* next = server->input_length != 0 && server->status != SEC_E_OK ? server : client;
    if (!step(next, next == client ? server : client)) return 0;
  }
  return 1;
}

static int send_text(struct end* from, struct end* to, const char* text) {
  SecPkgContext_StreamSizes sizes;
  const DWORD length = (DWORD)strlen(text);
  BYTE* record = to->input + to->input_length;
  if (QueryContextAttributes(&from->context, SECPKG_ATTR_STREAM_SIZES, &sizes) != SEC_E_OK) return failed("sizes", 0);
  memcpy(record + sizes.cbHeader, text, length);
  {
    SecBuffer buffers[4] = {{sizes.cbHeader, SECBUFFER_STREAM_HEADER, record},
                            {length, SECBUFFER_DATA, record + sizes.cbHeader},
                            {sizes.cbTrailer, SECBUFFER_STREAM_TRAILER, record + sizes.cbHeader + length},
                            {0, SECBUFFER_EMPTY, NULL}};
    SecBufferDesc list = {SECBUFFER_VERSION, 4, buffers};
    const SECURITY_STATUS status = EncryptMessage(&from->context, 0, &list, 0);
    if (FAILED(status)) return failed("EncryptMessage", (unsigned long)(ULONG)status);
    to->input_length += buffers[0].cbBuffer + buffers[1].cbBuffer + buffers[2].cbBuffer;
  }
  return 1;
}

/* Goes over records without data (tickets) to the text that is due. */
static int receive_text(struct end* end, const char* due) {
  BYTE* at = end->input;
  DWORD left = end->input_length;
  while (left != 0) {
    SecBuffer buffers[4] = {
        {left, SECBUFFER_DATA, at}, {0, SECBUFFER_EMPTY, NULL}, {0, SECBUFFER_EMPTY, NULL}, {0, SECBUFFER_EMPTY, NULL}};
    SecBufferDesc list = {SECBUFFER_VERSION, 4, buffers};
    const SECURITY_STATUS status = DecryptMessage(&end->context, &list, 0, NULL);
    if (FAILED(status)) return failed("DecryptMessage", (unsigned long)(ULONG)status);
    left = buffers[3].BufferType == SECBUFFER_EXTRA ? buffers[3].cbBuffer : 0;
    at = (BYTE*)buffers[3].pvBuffer;
    if (buffers[1].cbBuffer == 0) continue;
    end->input_length = 0;
    if (left != 0) return failed("bytes behind the text", left);
    return buffers[1].cbBuffer == strlen(due) && memcmp(buffers[1].pvBuffer, due, strlen(due)) == 0
               ? 1
               : failed("another text", 0);
  }
  return failed("no text", 0);
}

static struct end client, server;

int main(void) {
  WCHAR name[64];
  const HCERTSTORE personal = CertOpenSystemStore(0, TEXT("MY"));
  const HCERTSTORE roots = CertOpenStore(CERT_STORE_PROV_MEMORY, 0, 0, 0, NULL);
  PCCERT_CONTEXT certificate;
  if (personal == NULL || roots == NULL) return failed("CertOpenStore", GetLastError()), 1;
  if (CertFindCertificateInStore(personal, X509_ASN_ENCODING, 0, CERT_FIND_SUBJECT_STR, TEXT("nobody"), NULL) != NULL ||
      GetLastError() != (DWORD)CRYPT_E_NOT_FOUND) {
    return failed("a certificate that nobody has", GetLastError()), 1;
  }
  certificate =
      CertFindCertificateInStore(personal, X509_ASN_ENCODING, 0, CERT_FIND_SUBJECT_STR, TEXT("localhost"), NULL);
  if (certificate == NULL) return failed("CertFindCertificateInStore", GetLastError()), 1;
  CertGetNameString(certificate, CERT_NAME_SIMPLE_DISPLAY_TYPE, 0, NULL, name, 64);
  if (memcmp(name, L"localhost", 10 * sizeof(WCHAR)) != 0) return failed("CertGetNameString", 0), 1;
  if (!CertAddCertificateContextToStore(roots, certificate, CERT_STORE_ADD_ALWAYS, NULL)) return 1;

  server.server = TRUE;
  if (!acquire(&client, certificate, roots) || !acquire(&server, certificate, roots)) return 1;
  if (!shake_hands(&client, &server)) return 1;
  if (!send_text(&client, &server, "to the server") || !receive_text(&server, "to the server")) return 1;
  if (!send_text(&server, &client, "to the client") || !receive_text(&client, "to the client")) return 1;
  puts("TLS as on Windows");

  DeleteSecurityContext(&client.context);
  DeleteSecurityContext(&server.context);
  FreeCredentialsHandle(&client.credential);
  FreeCredentialsHandle(&server.credential);
  CertFreeCertificateContext(certificate);
  CertCloseStore(roots, 0);
  CertCloseStore(personal, 0);
  return 0;
}
