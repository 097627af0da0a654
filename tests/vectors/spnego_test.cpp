// All of vectors/spnego.json, and the captures where their directory is given: parsed, and written again where the
// form is one that we write.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "negotiate/messages/tokens.hpp"
#include "support/vectors.hpp"

namespace opensspi::testing {
namespace {

using namespace negotiate;
using nlohmann::json;

// 1.3.6.1.5.5.2 from its DER content.
std::string dotted(Bytes oid) {
  std::string text;
  std::uint64_t arc = 0;
  bool first = true;
  for (const std::uint8_t byte : oid) {
    arc = (arc << 7) | (byte & 0x7F);
    if ((byte & 0x80) != 0) continue;
    if (first) text = std::to_string(arc / 40) + '.' + std::to_string(arc % 40);
    if (!first) text += '.' + std::to_string(arc);
    first = false;
    arc = 0;
  }
  return text;
}

const char* name_of(NegState state) {
  switch (state) {
    case NegState::accept_completed:
      return "accept-completed";
    case NegState::accept_incomplete:
      return "accept-incomplete";
    case NegState::reject:
      return "reject";
    case NegState::request_mic:
      return "request-mic";
  }
  return "";
}

void expect_octets(const json& parsed, const std::string& field, const std::optional<Bytes>& octets) {
  ASSERT_EQ(octets.has_value(), parsed.contains(field + "_len") || parsed.contains(field)) << field;
  if (!octets) return;
  if (parsed.contains(field)) {
    EXPECT_EQ(to_hex(*octets), parsed[field].get<std::string>());
    return;
  }
  EXPECT_EQ(octets->size(), parsed[field + "_len"].get<std::size_t>());
  const auto head = from_hex(parsed[field + "_head"].get<std::string>());
  EXPECT_EQ(to_hex(octets->first(std::min(octets->size(), head.size()))), to_hex(head));
}

void check_init(const json& parsed, Bytes token) {
  auto init = NegTokenInit::parse(token);
  ASSERT_TRUE(init) << init.error().detail;
  EXPECT_EQ(init->has_hints, parsed["type"] == "NegTokenInit2" && parsed.contains("negHints"));
  std::vector<std::string> mechanisms;
  for (const Bytes oid : init->mech_types) mechanisms.push_back(dotted(oid));
  EXPECT_EQ(mechanisms, parsed["mechTypes"].get<std::vector<std::string>>());
  EXPECT_EQ(to_hex(mech_type_list(init->mech_types)), to_hex(init->mech_types_der));
  if (parsed.contains("mechTypes_der")) {
    EXPECT_EQ(to_hex(init->mech_types_der), parsed["mechTypes_der"].get<std::string>());
  }
  expect_octets(parsed, "mechToken", init->mech_token);
  if (parsed.contains("reqFlags")) return;  // never written by us
  if (init->has_hints && !init->mech_token) {
    EXPECT_EQ(to_hex(NegTokenInit::serialize_hint(init->mech_types_der)), to_hex(token));
  }
  if (!init->has_hints) {
    EXPECT_EQ(to_hex(NegTokenInit::serialize(init->mech_types_der, init->mech_token)), to_hex(token));
  }
}

void check_resp(const json& parsed, Bytes token) {
  auto resp = NegTokenResp::parse(token);
  ASSERT_TRUE(resp) << resp.error().detail;
  ASSERT_EQ(resp->state.has_value(), parsed.contains("negState"));
  if (resp->state) {
    EXPECT_EQ(name_of(*resp->state), parsed["negState"].get<std::string>());
  }
  ASSERT_EQ(resp->supported_mech.has_value(), parsed.contains("supportedMech"));
  if (resp->supported_mech) {
    EXPECT_EQ(dotted(*resp->supported_mech), parsed["supportedMech"].get<std::string>());
  }
  expect_octets(parsed, "responseToken", resp->response_token);
  expect_octets(parsed, "mechListMIC", resp->mech_list_mic);
  EXPECT_EQ(to_hex(resp->serialize()), to_hex(token));
}

void check_tokens(const json& file) {
  for (const json& entry : file["tokens"]) {
    SCOPED_TRACE(entry["name"].get<std::string>());
    const ByteVector token = from_hex(entry["hex"].get<std::string>());
    const std::string type = entry["parsed"]["type"];
    if (type == "raw-NTLMSSP") {
      EXPECT_EQ(kind_of(token), Kind::raw_ntlm);
    } else if (type == "NegTokenResp") {
      EXPECT_EQ(kind_of(token), Kind::spnego_resp);
      check_resp(entry["parsed"], token);
    } else {
      EXPECT_EQ(kind_of(token), Kind::spnego_init);
      check_init(entry["parsed"], token);
    }
  }
}

TEST(SpnegoVectors, EveryTokenIsReadAndWrittenAsPublished) { check_tokens(vectors("spnego")); }

TEST(SpnegoVectors, WhatMustFailFails) {
  for (const json& entry : vectors("spnego")["must_fail"]) {
    SCOPED_TRACE(entry["name"].get<std::string>());
    EXPECT_FALSE(NegTokenInit::parse(from_hex(entry["hex"].get<std::string>())));
  }
}

TEST(SpnegoVectors, TheObjectIdentifiersAreTheSpecifications) {
  for (const auto& [name, oid] : vectors("spnego")["oids"].items()) {
    SCOPED_TRACE(name);
    const ByteVector der = from_hex(oid["der"].get<std::string>());
    EXPECT_EQ(dotted(Bytes(der).subspan(2)), oid["dotted"].get<std::string>());
  }
}

TEST(SpnegoCaptures, EveryTokenIsReadAndWrittenAsOnTheWire) {
  const char* directory = std::getenv("OPENSSPI_CAPTURES");
  if (directory == nullptr) GTEST_SKIP() << "OPENSSPI_CAPTURES does not name the directory of captures";
  std::ifstream file(std::string(directory) + "/spnego.json");
  ASSERT_TRUE(file) << "spnego.json cannot be read in " << directory;
  check_tokens(json::parse(file));
}

}  // namespace
}  // namespace opensspi::testing
