#include "peer/spnego_peer.hpp"

#include <algorithm>
#include <stdexcept>

namespace peer {

const Blob kSpnegoOid = {0x2B, 6, 1, 5, 5, 2};
const Blob kNtlmOid = {0x2B, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 0x0A};
const Blob kKerberosOid = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 1, 2, 2};
const Blob kMsKerberosOid = {0x2A, 0x86, 0x48, 0x82, 0xF7, 0x12, 1, 2, 2};
const Blob kNegoExOid = {0x2B, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 0x1E};

namespace {

enum Tag : std::uint8_t {
  kOctets = 4,
  kOid = 6,
  kEnumerated = 10,
  kText = 0x1B,
  kList = 0x30,
  kFrame = 0x60,
  kField = 0xA0
};

constexpr std::uint8_t field_tag(unsigned number) { return static_cast<std::uint8_t>(kField + number); }

Blob head(std::uint8_t tag, std::size_t length, unsigned length_bytes) {
  Blob out = {tag};
  if (length_bytes > 0) out.push_back(static_cast<std::uint8_t>(0x80 + length_bytes));
  for (unsigned i = std::max(length_bytes, 1U); i-- > 0;) out.push_back(static_cast<std::uint8_t>(length >> (8 * i)));
  return out;
}

// Bytes behind the first one that a length takes.
unsigned length_bytes(std::size_t length) { return length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : 3; }

Blob octets(unsigned number, View value) { return der(field_tag(number), {der(kOctets, {value})}); }

// The fields in a SEQUENCE in the choice's tag.
Blob lay_out(std::vector<Blob> fields, std::uint8_t choice, const Layout& layout) {
  if (layout.last_twice) fields.push_back(fields.back());
  if (layout.reversed) std::ranges::reverse(fields);
  if (layout.more) fields.push_back(*layout.more);
  Blob content;
  for (const Blob& field : fields) content = concat({content, field});
  if (!layout.long_lengths) return der(choice, {der(kList, {content})});
  return der(choice, {head(kList, content.size(), length_bytes(content.size()) + 1), content});
}

Blob damaged(Blob token, const Layout& layout) {
  if (layout.indefinite) {
    const std::size_t more_length_bytes = token[1] < 0x80 ? 0 : token[1] & 0x7FU;
    token = concat({Blob{token[0], 0x80}, View(token).subspan(2 + more_length_bytes), Blob(2)});
  }
  if (layout.trailing) token.push_back(0);
  if (layout.short_by_one) token.pop_back();
  return token;
}

Blob framed(const Blob& init, const Layout& layout) {
  return damaged(der(kFrame, {der(kOid, {layout.outer_oid.value_or(kSpnegoOid)}), init}), layout);
}

// The one element in a field's content; nothing where it is another.
std::optional<Element> only(View content, std::uint8_t tag) {
  const auto parts = elements(content);
  if (!parts || parts->size() != 1 || parts->front().tag != tag) return std::nullopt;
  return parts->front();
}

Blob blob(View view) { return {view.begin(), view.end()}; }

// Ends an honest conversation that cannot go on.
[[noreturn]] void stop(const char* why) { throw std::runtime_error(std::string("SPNEGO peer: ") + why); }

// mechListMIC by one end, or what it does in its place.
std::optional<Blob> make_mic(Mic kind, Session& session, View list, View token, Session other_end) {
  Blob mic = session.sign_mech_list(list);
  switch (kind) {
    case Mic::good:
      return mic;
    case Mic::none:
      return std::nullopt;
    case Mic::wrong:
      mic[7] ^= 0x10;
      return mic;
    case Mic::zero:
      return Blob(16, 0);
    case Mic::empty:
      return Blob{};
    case Mic::reversed:
      return other_end.sign_mech_list(list);
    case Mic::of_token:
      return blob(token);
  }
  stop("a MIC of no kind");
}

}  // namespace

Blob der(std::uint8_t tag, std::initializer_list<View> parts) {
  const Blob content = concat(parts);
  return concat({head(tag, content.size(), length_bytes(content.size())), content});
}

std::optional<std::vector<Element>> elements(View list) {
  std::vector<Element> found;
  while (!list.empty()) {
    if (list.size() < 2) return std::nullopt;
    std::size_t begin = 2, length = list[1];
    if (length >= 0x80) {
      const std::size_t count = length - 0x80;
      if (count == 0 || count > 3 || list.size() < 2 + count) return std::nullopt;
      length = 0;
      for (; begin < 2 + count; ++begin) length = length * 256 + list[begin];
    }
    if (length > list.size() - begin) return std::nullopt;
    found.push_back({list[0], list.first(begin + length), list.subspan(begin, length)});
    list = list.subspan(begin + length);
  }
  return found;
}

Blob type_list(const std::vector<Blob>& oids) {
  Blob list;
  for (const Blob& oid : oids) list = concat({list, der(kOid, {oid})});
  return der(kList, {list});
}

Blob write_init(View type_list_der, const std::optional<Blob>& token, const std::optional<Blob>& mic,
                const Layout& layout) {
  std::vector<Blob> fields = {der(field_tag(0), {type_list_der})};
  if (layout.req_flags) fields.push_back(der(field_tag(1), {Blob{3, 2, 1, 6}}));
  if (token) fields.push_back(octets(2, *token));
  if (mic) fields.push_back(octets(3, *mic));
  return framed(lay_out(std::move(fields), field_tag(0), layout), layout);
}

Blob write_hint(View type_list_der) {
  const std::string words = "not_defined_in_RFC4178@please_ignore";
  const Blob name = der(field_tag(0), {der(kText, {Blob(words.begin(), words.end())})});
  return framed(
      lay_out({der(field_tag(0), {type_list_der}), der(field_tag(3), {der(kList, {name})})}, field_tag(0), {}), {});
}

Blob write_resp(const Resp& resp, const Layout& layout) {
  std::vector<Blob> fields;
  if (resp.state) fields.push_back(der(field_tag(0), {Blob{kEnumerated, 1, *resp.state}}));
  if (resp.mechanism) fields.push_back(der(field_tag(1), {der(kOid, {*resp.mechanism})}));
  if (resp.token) fields.push_back(octets(2, *resp.token));
  if (resp.mic) fields.push_back(octets(3, *resp.mic));
  return damaged(lay_out(std::move(fields), field_tag(1), layout), layout);
}

std::optional<Init> read_init(View token) {
  const auto frame = only(token, kFrame);
  const auto parts = frame ? elements(frame->content) : std::nullopt;
  if (!parts || parts->size() != 2 || !std::ranges::equal((*parts)[0].content, kSpnegoOid)) return std::nullopt;
  const auto list = only((*parts)[1].content, kList);
  const auto fields = list ? elements(list->content) : std::nullopt;
  if (!fields) return std::nullopt;
  Init init;
  for (const Element& field : *fields) {
    const auto inner = elements(field.content);
    if (!inner || inner->size() != 1) return std::nullopt;
    const Element& value = inner->front();
    if (field.tag == field_tag(0)) {
      init.types_der = blob(value.whole);
      const auto oids = elements(value.content);
      if (!oids) return std::nullopt;
      for (const Element& oid : *oids) init.types.push_back(blob(oid.content));
    }
    if (field.tag == field_tag(2)) init.token = blob(value.content);
    if (field.tag == field_tag(3)) init.has_hints = value.tag == kList;
    if (field.tag == field_tag(3) && value.tag == kOctets) init.mic = blob(value.content);
  }
  return init;
}

std::optional<Resp> read_resp(View token) {
  const auto choice = only(token, field_tag(1));
  const auto list = choice ? only(choice->content, kList) : std::nullopt;
  const auto fields = list ? elements(list->content) : std::nullopt;
  if (!fields) return std::nullopt;
  Resp resp;
  for (const Element& field : *fields) {
    const auto inner = elements(field.content);
    if (!inner || inner->size() != 1) return std::nullopt;
    const View value = inner->front().content;
    if (field.tag == field_tag(0) && value.size() == 1) resp.state = value[0];
    if (field.tag == field_tag(1)) resp.mechanism = blob(value);
    if (field.tag == field_tag(2)) resp.token = blob(value);
    if (field.tag == field_tag(3)) resp.mic = blob(value);
  }
  return resp;
}

// ---- Client.

Blob SpnegoClient::init() {
  const SpnegoClientFaults& f = options_.faults;
  const Blob sent = type_list(options_.list);
  types_der_ = f.meant_list ? type_list(*f.meant_list) : sent;
  std::optional<Blob> token;
  const std::vector<Blob>& meant = f.meant_list ? *f.meant_list : options_.list;
  const bool ntlm_first = !meant.empty() && meant.front() == kNtlmOid;
  if (options_.optimistic) token = ntlm_first ? negotiate_ = ntlm_.negotiate() : text("a token of another mechanism");
  return write_init(sent, token, f.early_mic ? std::optional(Blob(16, 1)) : std::nullopt, f.init);
}

Blob SpnegoClient::answer(View reply) {
  const auto resp = read_resp(reply);
  if (!resp) stop("the reply is no NegTokenResp");
  if (resp->state == kReject) stop("rejected");
  if (resp->token) return authenticate(*resp);
  negotiate_ = ntlm_.negotiate();
  Resp out;
  if (options_.says_state) out.state = kIncomplete;
  out.token = negotiate_;
  return write_resp(out, {});
}

Blob SpnegoClient::authenticate(const Resp& reply) {
  const SpnegoClientFaults& f = options_.faults;
  Resp out;
  out.token = ntlm_.authenticate(*reply.token);
  session_ = ntlm_.session();
  if (f.raw_authenticate) return *out.token;
  if (f.init_again) return write_init(types_der_, *out.token, std::nullopt, f.init);
  out.mic = mic(*out.token);
  if (options_.says_state) out.state = kIncomplete;
  if (f.state) out.state = *f.state;
  if (f.no_token) out.token.reset();
  if (f.empty_token) out.token = Blob{};
  if (f.token_of_own) out.token = negotiate_;
  return write_resp(out, f.resp);
}

std::optional<Blob> SpnegoClient::mic(View token) {
  if ((ntlm_.flags() & (kSign | kSeal)) == 0) return std::nullopt;
  if (options_.faults.mic == Mic::none) return std::nullopt;
  sent_mic_ = true;
  return make_mic(options_.faults.mic, *session_, types_der_, token,
                  Session(ntlm_.exported_key(), ntlm_.flags(), false));
}

bool SpnegoClient::finish(View reply) {
  const auto resp = read_resp(reply);
  if (!resp || resp->state != kCompleted) return false;
  if (!resp->mic) return !sent_mic_;
  return session_->verify_mech_list(*resp->mic, types_der_);
}

// ---- Server.

Blob SpnegoServer::first(View token) {
  const auto init = read_init(token);
  if (!init || init->types.empty()) stop("the client's first token is no NegTokenInit");
  types_der_ = init->types_der;
  const SpnegoServerFaults& f = options_.faults;
  if (f.init_in_reply) return write_init(types_der_, Blob(8), std::nullopt, {});
  if (init->types.front() == kNtlmOid && init->token) return reply_with_challenge(*init->token);
  if (std::ranges::find(init->types, kNtlmOid) == init->types.end() && !f.mechanism) stop("NTLM is not offered");
  first_reply_ = false;
  Resp out;
  out.state = f.first_state.value_or(kRequestMic);
  out.mechanism = f.mechanism.value_or(kNtlmOid);
  return write_resp(out, f.first);
}

Blob SpnegoServer::challenge(View token) {
  const auto resp = read_resp(token);
  if (!resp || !resp->token) stop("no NEGOTIATE_MESSAGE came");
  return reply_with_challenge(*resp->token);
}

Blob SpnegoServer::reply_with_challenge(View negotiate) {
  const SpnegoServerFaults& f = options_.faults;
  const Blob challenge = ntlm_.challenge(negotiate);
  if (f.raw_challenge) return challenge;
  Resp out;
  if (options_.says_state) out.state = f.first_state.value_or(kIncomplete);
  if (first_reply_ && options_.says_mechanism) out.mechanism = f.mechanism.value_or(kNtlmOid);
  first_reply_ = false;
  if (!f.no_challenge) out.token = f.reflects ? blob(negotiate) : challenge;
  if (f.early_mic) out.mic = Blob(16, 1);
  if (f.mic == Mic::of_token) out.mic = out.token;
  return write_resp(out, f.first);
}

Blob SpnegoServer::last(View token) {
  const auto resp = read_resp(token);
  if (!resp || !resp->token) stop("no AUTHENTICATE_MESSAGE came");
  const SpnegoServerFaults& f = options_.faults;
  verdict_ = ntlm_.accept(*resp->token);
  session_ = ntlm_.session(verdict_);
  client_mic_there_ = resp->mic.has_value();
  client_mic_ok_ = resp->mic && session_->verify_mech_list(*resp->mic, types_der_);
  Resp out;
  out.state = f.last_state.value_or(verdict_.proof_ok ? kCompleted : kReject);
  out.mechanism = f.later_mechanism;
  out.mic = mic(*resp->token);
  if (f.token_at_end) out.token = text("one more");
  return write_resp(out, f.last);
}

std::optional<Blob> SpnegoServer::mic(View token) {
  if ((verdict_.flags & (kSign | kSeal)) == 0) return std::nullopt;
  if (!client_mic_there_ && !options_.always_mic) return std::nullopt;
  const Mic kind = options_.faults.mic == Mic::of_token ? Mic::good : options_.faults.mic;
  return make_mic(kind, *session_, types_der_, token, Session(verdict_.exported_key, verdict_.flags, true));
}

}  // namespace peer
