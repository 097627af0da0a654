// One implementation of TLS as a process that answers lines "VERB SIZE MS", so that run_tls can interleave several:
//   handshake, resumed               handshakes of TLS 1.3, both ends, per second of CPU time (SIZE is of no account)
//   encrypt, encrypt_in_place,       MB (10^6 bytes) of plain text per second of CPU time, SIZE bytes to a call, in
//   decrypt, decrypt_in_place        records of 16 KiB
//   memory                           bytes of memory in use for each of SIZE idle pairs
// An answer is a number, or "none": not offered by this implementation.
#pragma once

#include <malloc.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <span>

#include "bench_peer.hpp"

namespace bench {

using Buffer = std::vector<std::uint8_t>;

inline constexpr std::size_t kRecordPlain = 16384;
inline constexpr char kTlsSuite[] = "TLS_AES_128_GCM_SHA256";
inline constexpr char kTlsGroup[] = "X25519";
inline constexpr char kTlsName[] = "bench.example";

// Room for the records of so much plain text.
inline std::size_t records_room(std::size_t size) { return size + (size / kRecordPlain + 1) * 64; }

using Verb = std::function<double(std::size_t size, double ms)>;
using Verbs = std::map<std::string, Verb>;

// MB/s of `work`, which deals with `size` bytes a call.
template <typename Work>
double mb_rate(std::size_t size, double ms, Work work) {
  return rate(ms, work) * static_cast<double>(size) / 1e6;
}

// MB/s of opening what was encrypted in order: `make(i)` fills the place i, for which no time counts; `open(i)` deals
// with it. The best batch counts, as for tls_bench.tcl, which has no other clock for so short a time.
template <typename Make, typename Open>
double opening_rate(std::size_t size, double ms, std::size_t places, Make make, Open open) {
  double elapsed = 0, best = 1e9;
  while (elapsed < ms * 1e-3) {
    for (std::size_t i = 0; i < places; ++i) make(i);
    const double start = cpu_seconds();
    for (std::size_t i = 0; i < places; ++i) open(i);
    const double batch = cpu_seconds() - start;
    elapsed += batch;
    best = std::min(best, batch);
  }
  return static_cast<double>(places) * static_cast<double>(size) / best / 1e6;
}
inline std::size_t places_for(std::size_t size) { return std::clamp<std::size_t>((1U << 20) / size, 4, 4096); }

// Bytes of the heap in use for each of `pairs` idle pairs.
template <typename Make>
double bytes_per_pair(std::size_t pairs, Make make) {
  const auto first = make();  // what is made once for all
  std::vector<decltype(make())> held;
  held.reserve(pairs);
  const auto in_use = [] {
    const struct mallinfo2 now = mallinfo2();
    return now.uordblks + now.hblkhd;
  };
  const std::size_t before = in_use();
  for (std::size_t i = 0; i < pairs; ++i) held.push_back(make());
  return static_cast<double>(in_use() - before) / static_cast<double>(pairs);
}

inline int serve(const Verbs& verbs) {
  return answer_lines([&](const std::string& verb, std::istream& in) -> std::optional<double> {
    std::size_t size = 0;
    double ms = 0;
    in >> size >> ms;
    const auto found = verbs.find(verb);
    if (found == verbs.end()) return std::nullopt;
    return found->second(size, ms);
  });
}

}  // namespace bench
