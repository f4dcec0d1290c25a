// Goal: half-written ends of files are left out. Method: a file with one.
#include "tests/support/delivered.hpp"

#include <gmock/gmock.h>

#include "tests/support/temp_dir.hpp"

namespace sluice::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(delivered, takes_complete_lines_only) {
  const temp_dir dir;
  write_text(dir.path() / "d", "{\"id\":\"a\"}\n{\"source\":\"s\",\"id\":\"b\"}\n{\"id\":\"c\"");
  EXPECT_THAT(delivered_ids(dir.path() / "d"), ElementsAre("a", "b"));
  EXPECT_THAT(delivered_ids(dir.path() / "missing"), IsEmpty());
}

TEST(delivered, takes_audit_lines_of_one_action) {
  const temp_dir dir;
  write_text(dir.path() / "a",
             "{\"eventId\":\"a\",\"action\":\"routed\"}\n{\"eventId\":\"b\",\"action\":\"dropped\"}\n");
  EXPECT_THAT(audited_ids(dir.path() / "a", "dropped"), ElementsAre("b"));
}

}  // namespace
}  // namespace sluice::testing
