// SPNEGO's tokens: what is read lies inside of the input, obeys the bounds, and is read again as the same once written.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "negotiate/messages/tokens.hpp"
#include "wire/der.hpp"

using namespace opensspi;
using namespace opensspi::negotiate;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void require_inside(Bytes part, Bytes whole) {
  if (part.empty()) return;
  require(part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

bool same(const std::optional<Bytes>& a, const std::optional<Bytes>& b) {
  return a.has_value() == b.has_value() && (!a || std::ranges::equal(*a, *b));
}

void read_init(Bytes token) {
  const auto init = NegTokenInit::parse(token);
  if (!init) {
    require(init.error().status == Status::invalid_token && !init.error().detail.empty());
    return;
  }
  require(kind_of(token) == Kind::spnego_init);
  require(!init->mech_types.empty() && init->mech_types.size() <= 64);
  require_inside(init->mech_types_der, token);
  for (const Bytes oid : init->mech_types) require_inside(oid, init->mech_types_der);
  if (init->mech_token) require_inside(*init->mech_token, token);
  if (init->mech_list_mic) require_inside(*init->mech_list_mic, token);
  require(std::ranges::equal(mech_type_list(init->mech_types), init->mech_types_der));  // DER has one form only
  const ByteVector written = NegTokenInit::serialize(init->mech_types_der, init->mech_token);
  const auto again = NegTokenInit::parse(written);
  require(again && same(again->mech_token, init->mech_token));
  require(std::ranges::equal(again->mech_types_der, init->mech_types_der));
}

void read_resp(Bytes token) {
  const auto resp = NegTokenResp::parse(token);
  if (!resp) {
    require(resp.error().status == Status::invalid_token && !resp.error().detail.empty());
    return;
  }
  require(kind_of(token) == Kind::spnego_resp);
  require(std::ranges::equal(resp->serialize(), token));  // every field of it is one that we write
}

// Reads whatever elements there are, down to a depth that no token of ours has.
void read_der(Bytes input, int depth) {
  wire::DerReader reader(input);
  for (std::size_t left = input.size(); depth > 0 && reader.ok() && !reader.empty(); --left) {
    require(left > 0);  // each element takes a byte at least
    const std::uint8_t tag = input[0];
    const Bytes whole = reader.element(tag, "element");
    if (!reader.ok()) break;
    require_inside(whole, input);
    wire::DerReader again(whole);
    const Bytes content = again.content(tag, "element");
    require(again.ok() && again.empty());
    require(std::ranges::equal(wire::der_element(tag, {content}), whole));  // lengths have one form only
    read_der(content, depth - 1);
    input = input.subspan(whole.size());
  }
  if (!reader.ok()) require(!reader.why().empty() && reader.content(0x30, "after a failure").empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes token(data, size);
  kind_of(token);
  read_init(token);
  read_resp(token);
  read_der(token, 12);
  return 0;
}
