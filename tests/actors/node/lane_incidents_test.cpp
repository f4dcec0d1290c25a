// Goal: an endpoint's incident is said once when it begins and once when it is over, not once a lane.
#include "actors/node/lane_incidents.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace sluice::node {
namespace {

using ::testing::ElementsAre;

struct lane_incidents_test : ::testing::Test {
  std::vector<std::string> said;
  lane_incidents of{[this](const std::string& what) { said.push_back(what); }};
};

TEST_F(lane_incidents_test, says_what_several_lanes_meet_once_and_the_end_with_the_last) {
  of.tell(0, "refused");
  of.tell(4, "refused");
  of.tell(8, "timed out");
  of.tell(0, "");
  of.tell(8, "");
  EXPECT_THAT(said, ElementsAre("refused", "timed out"));
  of.tell(4, "");
  EXPECT_THAT(said, ElementsAre("refused", "timed out", ""));
  of.tell(4, "");
  of.tell(0, "refused");
  EXPECT_THAT(said, ElementsAre("refused", "timed out", "", "refused")) << "another incident";
}

TEST_F(lane_incidents_test, says_what_changes_for_one_lane) {
  of.tell(0, "refused");
  of.tell(0, "answer 503");
  of.tell(0, "refused");
  EXPECT_THAT(said, ElementsAre("refused", "answer 503", "refused"));
}

TEST_F(lane_incidents_test, does_not_wait_for_a_lane_that_began_anew) {
  of.tell(0, "refused");
  of.tell(4, "refused");
  of.forget(0);
  of.tell(4, "");
  EXPECT_THAT(said, ElementsAre("refused", ""));
}

}  // namespace
}  // namespace sluice::node
