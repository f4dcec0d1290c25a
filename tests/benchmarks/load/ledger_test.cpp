// Goal: the ledger's lines are in the file when a call returns, in the stated form.
// Method: write, read the file back.
#include "benchmarks/load/ledger.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace sluice::load {
namespace {

constexpr std::string_view stamp = "2026-01-15T10:30:00.000Z";

std::string content_of(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

TEST(Ledger, WritesALineAnEventAndAppendsToWhatIsThere) {
  const std::string file = ::testing::TempDir() + "/ledger_test.txt";
  std::filesystem::remove(file);
  batch_options options;
  options.events = 2;
  batch_maker maker(options);
  maker.next(stamp);
  std::string expected;
  const auto name = [&](std::size_t i) {
    return std::string(maker.event(i).id) + " " + std::string(maker.event(i).source);
  };
  {
    auto book = ledger::open(file);
    ASSERT_TRUE(book) << to_string(book.error());
    ASSERT_TRUE(book->offered(maker));
    expected = "offered " + name(0) + "\noffered " + name(1) + "\n";
    EXPECT_EQ(content_of(file), expected);
  }
  auto book = ledger::open(file);
  ASSERT_TRUE(book) << to_string(book.error());
  for (const auto& [said, word] :
       {std::pair{promise::accepted, "accepted"}, std::pair{promise::duplicate, "duplicate"},
        std::pair{promise::mixed, "mixed"}, std::pair{promise::unstated, "unstated"}}) {
    ASSERT_TRUE(book->acked(maker, said));
    expected += "acked " + name(0) + " " + word + "\nacked " + name(1) + " " + word + "\n";
    EXPECT_EQ(content_of(file), expected);
  }
}

TEST(Ledger, SaysWhenTheFileCannotBeOpenedOrWritten) {
  const auto book = ledger::open("/nowhere/at/all");
  ASSERT_FALSE(book);
  EXPECT_EQ(book.error().code, errc::io);
  EXPECT_EQ(book.error().place, "/nowhere/at/all");

  auto full = ledger::open("/dev/full");
  ASSERT_TRUE(full);
  batch_maker maker(batch_options{});
  maker.next(stamp);
  const auto written = full->offered(maker);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().place, "/dev/full");
}

}  // namespace
}  // namespace sluice::load
