// Goal: one seed draws one world, and what is drawn has the shape it should. Method: the same seed twice, and
// shapes over many draws; times against known ones.
#include "actors/sandbox/dice.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "actors/sandbox/time.hpp"

namespace sluice::sandbox {
namespace {

TEST(dice, draw_the_same_again_from_one_seed_and_stream) {
  dice a(7, 1), b(7, 1), other_stream(7, 2), other_seed(8, 1);
  const std::string first = a.uuid();
  EXPECT_EQ(first, b.uuid());
  EXPECT_NE(first, other_stream.uuid());
  EXPECT_NE(first, other_seed.uuid());
}

TEST(dice, make_uuids_of_version_4_that_differ) {
  const std::regex form("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  dice random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = random.uuid();
    EXPECT_TRUE(std::regex_match(id, form)) << id;
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(dice, stay_within_their_bounds) {
  dice random(3);
  std::set<std::size_t> faces;
  for (int i = 0; i < 1000; ++i) {
    const double share = random.fraction();
    EXPECT_TRUE(share >= 0 && share < 1) << share;
    faces.insert(random.below(6));
    EXPECT_FALSE(random.chance(0));
    EXPECT_TRUE(random.chance(1));
  }
  EXPECT_EQ(faces, (std::set<std::size_t>{0, 1, 2, 3, 4, 5}));
}

TEST(time_text, is_rfc_3339_with_milliseconds) {
  using std::chrono::milliseconds;
  EXPECT_EQ(rfc3339(milliseconds(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(milliseconds(1'768'473'000'007)), "2026-01-15T10:30:00.007Z");
  EXPECT_EQ(rfc3339(milliseconds(951'827'696'999)), "2000-02-29T12:34:56.999Z");
}

}  // namespace
}  // namespace sluice::sandbox
