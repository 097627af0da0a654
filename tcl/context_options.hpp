// What a context can be asked for. The booleans are also what sspi_context_features reports, since the interface has
// the same bits for what is asked and what was granted; requests are not, as its fields are TWAPI's.
#pragma once

#include "options.hpp"

namespace twapi {

inline constexpr const char* kDataRepresentations[] = {"network", "native", nullptr};
inline constexpr const char* kBindingPolicies[] = {"off", "allowmissing", "require", nullptr};
enum class BindingPolicy { off, allow_missing, require };

inline constexpr Option kClientContextOptions[] = {
    {"-target", Kind::name, 0, nullptr, "service principal name, or the server's host name for TLS"},
    {"-datarep", Kind::choice, 0, kDataRepresentations, "data representation on the target"},
    {"-confidentiality", Kind::boolean, ISC_REQ_CONFIDENTIALITY, nullptr, "messages can be encrypted"},
    {"-connection", Kind::boolean, ISC_REQ_CONNECTION, nullptr, "the context does not format messages"},
    {"-delegate", Kind::boolean, ISC_REQ_DELEGATE, nullptr, "the server can act as the client towards other servers"},
    {"-extendederror", Kind::boolean, ISC_REQ_EXTENDED_ERROR, nullptr, "the peer is told of errors"},
    {"-identify", Kind::boolean, ISC_REQ_IDENTIFY, nullptr, "the server can identify the client, not act as it"},
    {"-integrity", Kind::boolean, ISC_REQ_INTEGRITY, nullptr, "messages can be signed"},
    {"-manualvalidation", Kind::boolean, ISC_REQ_MANUAL_CRED_VALIDATION, nullptr,
     "the caller checks the server's certificate, not the package"},
    {"-mutualauth", Kind::boolean, ISC_REQ_MUTUAL_AUTH, nullptr, "the server must prove itself too"},
    {"-replaydetect", Kind::boolean, ISC_REQ_REPLAY_DETECT, nullptr, "replayed messages are detected"},
    {"-sequencedetect", Kind::boolean, ISC_REQ_SEQUENCE_DETECT, nullptr, "messages out of sequence are detected"},
    {"-stream", Kind::boolean, ISC_REQ_STREAM, nullptr, "a connection of bytes, not of messages"},
    {"-usesessionkey", Kind::boolean, ISC_REQ_USE_SESSION_KEY, nullptr, "a new session key is negotiated"},
    {"-usesuppliedcreds", Kind::boolean, ISC_REQ_USE_SUPPLIED_CREDS, nullptr,
     "the package uses the credentials given and looks for no others"},
    {"-channelbindings", Kind::bytes, 0, nullptr,
     "the channel below that the log-on is bound to: \"tls-server-end-point:\" and its hash"},
    {"-alpn", Kind::text, 0, nullptr, "application protocols to offer over TLS, in order of preference"},
    {"-nointegrity", Kind::request, ISC_REQ_NO_INTEGRITY, nullptr,
     "messages are neither signed nor encrypted, also where the package would agree on that unasked"},
    {"-datagram", Kind::request, ISC_REQ_DATAGRAM, nullptr, "messages may be lost and come in any order"},
    kEndOfOptions};

inline constexpr Option kServerContextOptions[] = {
    {"-datarep", Kind::choice, 0, kDataRepresentations, "data representation on the target"},
    {"-confidentiality", Kind::boolean, ASC_REQ_CONFIDENTIALITY, nullptr, "messages can be encrypted"},
    {"-connection", Kind::boolean, ASC_REQ_CONNECTION, nullptr, "the context does not format messages"},
    {"-delegate", Kind::boolean, ASC_REQ_DELEGATE, nullptr, "the server can act as the client towards other servers"},
    {"-extendederror", Kind::boolean, ASC_REQ_EXTENDED_ERROR, nullptr, "the peer is told of errors"},
    {"-identify", Kind::boolean, ASC_REQ_IDENTIFY, nullptr, "the server can identify the client, not act as it"},
    {"-integrity", Kind::boolean, ASC_REQ_INTEGRITY, nullptr, "messages can be signed"},
    {"-mutualauth", Kind::boolean, ASC_REQ_MUTUAL_AUTH, nullptr,
     "both ends are authenticated; TLS asks for a certificate"},
    {"-replaydetect", Kind::boolean, ASC_REQ_REPLAY_DETECT, nullptr, "replayed messages are detected"},
    {"-sequencedetect", Kind::boolean, ASC_REQ_SEQUENCE_DETECT, nullptr, "messages out of sequence are detected"},
    {"-stream", Kind::boolean, ASC_REQ_STREAM, nullptr, "a connection of bytes, not of messages"},
    {"-channelbindings", Kind::bytes, 0, nullptr,
     "the channel below that the log-on is bound to: \"tls-server-end-point:\" and its hash"},
    {"-bindingpolicy", Kind::choice, 0, kBindingPolicies,
     "off, allowmissing (a client may send none), require (the default with -channelbindings)"},
    {"-alpn", Kind::text, 0, nullptr, "application protocols to accept over TLS, in order of preference"},
    {"-datagram", Kind::request, ASC_REQ_DATAGRAM, nullptr, "messages may be lost and come in any order"},
    kEndOfOptions};

}  // namespace twapi
