// A client as one writes it for Windows in C++, with an explicit identity: it makes its first token.
#define SECURITY_WIN32
#include <security.h>

#include <cstdio>
#include <cstring>
#include <string>

static USHORT* text_of(std::u16string& text) { return reinterpret_cast<USHORT*>(text.data()); }

int main() {
  std::u16string user = u"alice", domain = u"EXAMPLE", password = u"correct horse", package = u"NTLM",
                 target = u"HTTP/localhost";
  SEC_WINNT_AUTH_IDENTITY identity{};
  identity.User = text_of(user);
  identity.UserLength = static_cast<ULONG>(user.size());
  identity.Domain = text_of(domain);
  identity.DomainLength = static_cast<ULONG>(domain.size());
  identity.Password = text_of(password);
  identity.PasswordLength = static_cast<ULONG>(password.size());
  identity.Flags = SEC_WINNT_AUTH_IDENTITY_UNICODE;

  CredHandle credential;
  CtxtHandle context;
  SecInvalidateHandle(&credential);
  SecInvalidateHandle(&context);
  TimeStamp expiry;
  SECURITY_STATUS status = AcquireCredentialsHandle(nullptr, package.data(), SECPKG_CRED_OUTBOUND, nullptr, &identity,
                                                    nullptr, nullptr, &credential, &expiry);
  if (FAILED(status) || !SecIsValidHandle(&credential))
    return std::printf("acquire: %08X\n", static_cast<unsigned>(status)), 1;

  SecBuffer token{0, SECBUFFER_TOKEN, nullptr};
  SecBufferDesc output{SECBUFFER_VERSION, 1, &token};
  ULONG attributes = 0;
  status =
      InitializeSecurityContext(&credential, nullptr, target.data(), ISC_REQ_ALLOCATE_MEMORY | ISC_REQ_CONFIDENTIALITY,
                                0, SECURITY_NATIVE_DREP, nullptr, 0, &context, &output, &attributes, &expiry);
  if (status != SEC_I_CONTINUE_NEEDED) return std::printf("step: %08X\n", static_cast<unsigned>(status)), 1;
  const bool is_ntlm = token.cbBuffer > 8 && std::memcmp(token.pvBuffer, "NTLMSSP", 8) == 0;
  FreeContextBuffer(token.pvBuffer);
  DeleteSecurityContext(&context);
  FreeCredentialsHandle(&credential);
  return is_ntlm && expiry.QuadPart != 0 ? 0 : 1;
}
