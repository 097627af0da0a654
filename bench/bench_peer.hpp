// One implementation under measurement, as a process that answers lines, so that run_ntlm can interleave several:
//   handshake MS       handshakes, both ends, per second of CPU time, over MS milliseconds
//   sign SIZE MS       pairs of signing and verifying SIZE bytes, per second of CPU time
//   seal SIZE MS       pairs of sealing and unsealing
//   memory PAIRS       bytes of resident memory for each of the contexts of PAIRS established pairs
//   allocations SIZE   calls of malloc, calloc, realloc and their kind in 1000 sign pairs and 1000 seal pairs
// An answer is a number, or "none": not offered by this implementation.
#pragma once

#include <malloc.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace bench {

// A wrong answer would make a fast one worthless.
[[noreturn]] inline void die(const char* what, long status) {
  std::fprintf(stderr, "%s: status 0x%08lX\n", what, static_cast<unsigned long>(status) & 0xFFFFFFFFUL);
  std::exit(1);
}
inline void expect(bool condition, const char* what, long status = 0) {
  if (!condition) die(what, status);
}

class Subject {
 public:
  virtual ~Subject() = default;
  virtual void handshake() {}
  virtual bool has_handshake() const { return true; }
  virtual bool has_seal() const { return true; }
  // Makes an established pair and keeps it until the end.
  virtual void keep_pair() {}
  // The message is `buffer`, which is as before afterwards.
  virtual void sign_pair(std::vector<std::uint8_t>& buffer) = 0;
  virtual void seal_pair(std::vector<std::uint8_t>& buffer) = 0;
  virtual std::optional<std::uint64_t> allocations() const { return std::nullopt; }
};

inline double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Calls of `work` per second of CPU time. The clock is read once a batch, a batch takes about a millisecond.
template <typename Work>
double rate(double ms, Work work) {
  work();
  std::uint64_t batch = 1, count = 0;
  for (double start = cpu_seconds(); batch < (1U << 20); batch *= 2) {
    for (std::uint64_t i = 0; i < batch; ++i) work();
    const double now = cpu_seconds();
    if (now - start > 1e-3) break;
    start = now;
  }
  const double start = cpu_seconds();
  double elapsed = 0;
  while (elapsed < ms * 1e-3) {
    for (std::uint64_t i = 0; i < batch; ++i) work();
    count += batch;
    elapsed = cpu_seconds() - start;
  }
  return static_cast<double>(count) / elapsed;
}

inline std::vector<std::uint8_t> message_of(std::size_t size) {
  std::vector<std::uint8_t> message(size);
  std::uint32_t x = 2463534242U;
  for (std::uint8_t& byte : message) {
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    byte = static_cast<std::uint8_t>(x);
  }
  return message;
}

// Touched memory, not what was asked of malloc: a peer asks for five times what it uses.
inline std::size_t resident_bytes() {
  std::size_t total_pages = 0, resident_pages = 0;
  std::ifstream("/proc/self/statm") >> total_pages >> resident_pages;
  return resident_pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

inline double bytes_per_context(Subject& subject, std::size_t pairs) {
  subject.keep_pair();  // what is made once for all
  malloc_trim(0);       // so that new contexts take new pages
  const std::size_t before = resident_bytes();
  for (std::size_t i = 0; i < pairs; ++i) subject.keep_pair();
  return static_cast<double>(resident_bytes() - before) / static_cast<double>(2 * pairs);
}

inline std::optional<double> measure(Subject& subject, const std::string& verb, std::size_t size, double ms) {
  std::vector<std::uint8_t> message = message_of(size);
  const auto sign = [&] { subject.sign_pair(message); };
  const auto seal = [&] { subject.seal_pair(message); };
  if (verb == "sign") return rate(ms, sign);
  if (verb == "seal" && subject.has_seal()) return rate(ms, seal);
  if (verb == "handshake" && subject.has_handshake()) return rate(ms, [&] { subject.handshake(); });
  if (verb == "memory" && subject.has_handshake()) {
    return bytes_per_context(subject, size);
  }
  if (verb == "allocations" && subject.allocations()) {
    sign();
    seal();
    const std::uint64_t before = *subject.allocations();
    for (int i = 0; i < 1000; ++i) sign();
    for (int i = 0; i < 1000; ++i) seal();
    return static_cast<double>(*subject.allocations() - before);
  }
  return std::nullopt;
}

// Answers line by line. `answer` takes the verb and the stream with what stands behind it.
template <typename Answer>
int answer_lines(Answer answer) {
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream in(line);
    std::string verb;
    in >> verb;
    if (const std::optional<double> value = answer(verb, in)) {
      std::printf("%.1f\n", *value);
    } else {
      std::printf("none\n");
    }
    std::fflush(stdout);
  }
  return 0;
}

inline int serve(Subject& subject) {
  return answer_lines([&](const std::string& verb, std::istream& in) {
    std::size_t size = 0;
    double ms = 0;
    if (verb != "handshake") in >> size;
    in >> ms;
    return measure(subject, verb, size, ms);
  });
}

inline constexpr char kDomain[] = "EXAMPLE";
inline constexpr char kUser[] = "alice";
inline constexpr char kPassword[] = "Passw0rd!";
// MD4 of the password in UTF-16LE.
inline constexpr std::uint8_t kNtHash[16] = {0xfc, 0x52, 0x5c, 0x96, 0x83, 0xe8, 0xfe, 0x06,
                                             0x70, 0x95, 0xba, 0x2d, 0xdc, 0x97, 0x18, 0x89};

}  // namespace bench
