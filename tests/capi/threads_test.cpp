// Threads: each with contexts of its own on shared credentials, all on one context, and one that deletes what the
// others use. Run under ThreadSanitizer too.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "ntlm_pair.hpp"

namespace {

using namespace capi;
using Role = End::Role;

constexpr int kThreads = 6;

template <typename Work>
void in_threads(Work&& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([&work, i] { work(i); });
  for (std::thread& thread : threads) thread.join();
}

class Threads : public testing::Test {
 protected:
  Credential alice_{&kAlice};
  Credential bob_{&kBob};
  Credential accounts_{nullptr};
};

TEST_F(Threads, OwnContextsOnSharedCredentials) {
  std::atomic<int> done{0};
  in_threads([&](int thread) {
    Credential& credential = thread % 2 == 0 ? alice_ : bob_;
    for (int round = 0; round < 20; ++round) {
      End client(Role::kClient, credential, kClientSeal), server(Role::kServer, accounts_, kServerAny);
      if (log_on(client, server) != SEC_E_OK) continue;
      const Blob text = bytes("thread " + std::to_string(thread));
      const Message message = client.seal({text});
      const bool right = server.unseal(message.token, message.data).data[0] == text &&
                         server.text(SECPKG_ATTR_NAMES) == (thread % 2 == 0 ? u"EXAMPLE\\alice" : u"EXAMPLE\\bob");
      done += right ? 1 : 0;
    }
  });
  EXPECT_EQ(done, kThreads * 20);
}

std::uint32_t number_of(const Blob& token) {
  std::uint32_t number = 0;
  for (std::size_t at = 16; at-- > 12;) number = number << 8 | token[at];
  return number;
}

// Messages of several threads on one context are one sequence.
TEST_F(Threads, AllOnOneContext) {
  End client(Role::kClient, alice_, kClientSeal), server(Role::kServer, accounts_, kServerAny);
  ASSERT_EQ(log_on(client, server), SEC_E_OK);
  constexpr int kEach = 100;
  std::mutex mutex;
  std::vector<Message> sent;
  in_threads([&](int thread) {
    for (int i = 0; i < kEach; ++i) {
      Message message = client.seal({bytes("from thread " + std::to_string(thread))});
      const std::scoped_lock lock(mutex);
      sent.push_back(std::move(message));
    }
  });
  std::ranges::sort(sent, {}, [](const Message& message) { return number_of(message.token); });
  ASSERT_EQ(sent.size(), static_cast<std::size_t>(kThreads * kEach));
  for (std::size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ(number_of(sent[i].token), i);
    EXPECT_EQ(server.unseal(sent[i].token, sent[i].data).status, SEC_E_OK);
  }
}

TEST_F(Threads, OneDeletesWhatTheOthersUse) {
  for (int round = 0; round < 30; ++round) {
    End client(Role::kClient, alice_, kClientSeal), server(Role::kServer, accounts_, kServerAny);
    ASSERT_EQ(log_on(client, server), SEC_E_OK);
    CtxtHandle handle = *client.get();
    std::atomic<int> deleted{0};
    in_threads([&](int thread) {
      for (int i = 0; i < 30; ++i) {
        if (thread == 0 && i == 10) deleted += DeleteSecurityContext(&handle) == SEC_E_OK ? 1 : 0;
        Blob token(16), data = bytes("data");
        SecBuffer buffers[2] = {{16, SECBUFFER_TOKEN, token.data()}, {4, SECBUFFER_DATA, data.data()}};
        SecBufferDesc list{SECBUFFER_VERSION, 2, buffers};
        const SECURITY_STATUS status = MakeSignature(&handle, 0, &list, 0);
        EXPECT_TRUE(status == SEC_E_OK || status == SEC_E_INVALID_HANDLE) << status;
        SecPkgContext_NamesW names{};
        if (QueryContextAttributesW(&handle, SECPKG_ATTR_NAMES, &names) == SEC_E_OK) FreeContextBuffer(names.sUserName);
      }
    });
    EXPECT_EQ(deleted, 1);
    EXPECT_EQ(DeleteSecurityContext(&handle), SEC_E_INVALID_HANDLE);
  }
}

TEST_F(Threads, DeletedOnceByAll) {
  for (int round = 0; round < 100; ++round) {
    End client(Role::kClient, alice_, 0);
    ASSERT_EQ(client.step({}), SEC_I_CONTINUE_NEEDED);
    CtxtHandle handle = *client.get();
    std::atomic<int> deleted{0};
    in_threads([&](int) { deleted += DeleteSecurityContext(&handle) == SEC_E_OK ? 1 : 0; });
    EXPECT_EQ(deleted, 1);
  }
}

TEST_F(Threads, EachHasALastFailureOfItsOwn) {
  std::atomic<int> right{0};
  in_threads([&](int thread) {
    for (int i = 0; i < 50; ++i) {
      const bool even = thread % 2 == 0;
      CtxtHandle none{};
      if (even)
        DeleteSecurityContext(&none);
      else
        FreeContextBuffer(&none);
      OPENSSPI_FAILURE failure{};
      failure.cbSize = sizeof failure;
      OpenSspiGetLastFailureW(&failure);
      right += failure.Status == (even ? SEC_E_INVALID_HANDLE : SEC_E_INVALID_PARAMETER) ? 1 : 0;
    }
  });
  EXPECT_EQ(right, kThreads * 50);
}

TEST_F(Threads, ListenersComeAndGo) {
  static std::atomic<int> lines{0};
  lines = 0;
  in_threads([&](int thread) {
    for (int i = 0; i < 20; ++i) {
      if (thread == 0) OpenSspiSetTrace(i % 2 == 0 ? +[](void*, const char*) { ++lines; } : nullptr, nullptr);
      End client(Role::kClient, alice_, 0), server(Role::kServer, accounts_, kServerAny);
      EXPECT_EQ(log_on(client, server), SEC_E_OK);
    }
  });
  OpenSspiSetTrace(nullptr, nullptr);
  const int heard = lines;
  End client(Role::kClient, alice_, 0);
  EXPECT_EQ(client.step({}), SEC_I_CONTINUE_NEEDED);
  EXPECT_EQ(lines, heard);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // their own locks are not free in the child

// What every program does, each piece of it with a lock of the interface.
bool uses_the_interface() {
  char16_t package[] = u"NTLM";
  PSecPkgInfoW info = nullptr;
  CredHandle credential{};
  return QuerySecurityPackageInfoW(package, &info) == SEC_E_OK && FreeContextBuffer(info) == SEC_E_OK &&
         AcquireCredentialsHandleW(nullptr, package, SECPKG_CRED_INBOUND, nullptr, nullptr, nullptr, nullptr,
                                   &credential, nullptr) == SEC_E_OK &&
         FreeCredentialsHandle(&credential) == SEC_E_OK;
}

TEST_F(Threads, AForkedChildFindsEveryLockFree) {
  ASSERT_TRUE(uses_the_interface());
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&over] {
      while (!over) uses_the_interface();
    });
  }
  int good = 0;
  for (int i = 0; i < 50; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);
      _exit(uses_the_interface() ? 0 : 1);
    }
    int status = 0;
    if (waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0) ++good;
    if (WIFSIGNALED(status)) break;  // one that waits for ever is enough
  }
  over = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 50);
}

#endif

}  // namespace
