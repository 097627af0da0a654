// Streams of records in memory: OpenSspiEncryptStream and OpenSspiDecryptStream where the system has them, otherwise
// record by record.
#pragma once

#include "opensspi/sspi.hpp"
#include "values.hpp"

namespace twapi {

// Room for the records of so much plain text, and for what the package owes the peer before.
std::size_t stream_room(const SecPkgContext_StreamSizes& sizes, std::size_t plain_bytes);

// The records of `plain` at the front of `out`, which has stream_room() bytes; gives their length.
opensspi::Expected<std::size_t> encrypt_stream(opensspi::Context& context, const SecPkgContext_StreamSizes& sizes,
                                               Bytes plain, MutableBytes out, ULONG qop = 0);

struct Decrypted {
  SECURITY_STATUS status = SEC_E_OK;  // OK, SEC_I_CONTEXT_EXPIRED, SEC_I_RENEGOTIATE, or negative for a bad record
  std::size_t used_bytes = 0;         // of the input; the rest is half a record, found no room, or is behind the end
  std::size_t plain_bytes = 0;        // at the front of `out`
};

// Decrypts the whole records of `input` into `out`, as far as it reaches: as much as the input is always enough. The
// two do not overlap.
Decrypted decrypt_stream(opensspi::Context& context, Bytes input, MutableBytes out);

}  // namespace twapi
