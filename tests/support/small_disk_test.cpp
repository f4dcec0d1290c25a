// Goal: the small disk is as full as asked and empty again. Method: files on it, as a program meets it.
#include "tests/support/small_disk.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_dir.hpp"

namespace sluice::testing {
namespace {

/// Whether a file of that size finds room.
bool takes(const std::filesystem::path& where, std::size_t bytes) {
  std::ofstream out(where / "probe", std::ios::binary);
  out << std::string(bytes, 'x');
  out.close();
  const bool written = static_cast<bool>(out);
  std::filesystem::remove(where / "probe");
  return written;
}

TEST(small_disk, is_as_full_as_asked) {
  const temp_dir dir;
  const auto where = dir.path() / "disk";
  small_disk disk(where, 4 << 20);
  ASSERT_EQ(disk.available(), std::filesystem::space(where).capacity == 4 << 20);
  disk.fill(disk.available() ? 1 << 20 : std::filesystem::space(where).available);
  EXPECT_TRUE(takes(where, 1 << 19));
  EXPECT_EQ(takes(where, 3 << 20), !disk.available());
  disk.free_again();
  EXPECT_TRUE(takes(where, 3 << 20));
}

}  // namespace
}  // namespace sluice::testing
