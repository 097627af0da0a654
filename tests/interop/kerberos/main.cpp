// Runs the tests and prints them as the Test Anything Protocol has it.
#include <gtest/gtest.h>

#include <cstdio>

namespace {

class TapPrinter : public ::testing::EmptyTestEventListener {
 public:
  void OnTestPartResult(const ::testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::string text = std::string(result.file_name() == nullptr ? "" : result.file_name()) + ":" +
                       std::to_string(result.line_number()) + "\n" + result.message();
    details_ += "# ";
    for (const char c : text) {
      details_ += c;
      if (c == '\n') details_ += "# ";
    }
    details_ += '\n';
  }
  void OnTestEnd(const ::testing::TestInfo& test) override {
    ++count_;
    const bool passed = test.result()->Passed() || test.result()->Skipped();
    std::printf("%s %d - %s.%s%s\n%s", passed ? "ok" : "not ok", count_, test.test_suite_name(), test.name(),
                test.result()->Skipped() ? " # SKIP does not apply" : "", details_.c_str());
    std::fflush(stdout);
    details_.clear();
  }
  void OnTestProgramEnd(const ::testing::UnitTest&) override { std::printf("1..%d\n", count_); }

 private:
  int count_ = 0;
  std::string details_;
};

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  auto& listeners = ::testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  listeners.Append(new TapPrinter);
  return RUN_ALL_TESTS();
}
