// Goal: no status of an endpoint's trouble condemns events. Method: every status there is, against the lists.
#include "actors/deliver/verdict.hpp"

#include <gtest/gtest.h>

#include <set>

namespace sluice::deliver {
namespace {

TEST(verdict, of_every_status) {
  const std::set<int> of_the_endpoint{401, 403, 404, 405, 407, 408, 410, 425, 429};
  for (int status = 100; status <= 599; ++status) {
    const int hundred = status / 100;
    const verdict expected = hundred == 2                                        ? verdict::delivered
                             : hundred == 4 && !of_the_endpoint.contains(status) ? verdict::events_condemned
                                                                                 : verdict::endpoint_failed;
    EXPECT_EQ(judge(status), expected) << status;
  }
}

TEST(verdict, of_statuses_that_matter_by_name) {
  EXPECT_EQ(judge(204), verdict::delivered);
  EXPECT_EQ(judge(302), verdict::endpoint_failed) << "a redirect is not followed, and condemns nothing";
  for (const int status : {400, 413, 415, 422}) EXPECT_EQ(judge(status), verdict::events_condemned) << status;
  for (const int status : {500, 502, 503, 504}) EXPECT_EQ(judge(status), verdict::endpoint_failed) << status;
}

TEST(verdict, of_numbers_that_are_no_status) {
  for (const int status : {-1, 0, 99, 600, 999}) EXPECT_EQ(judge(status), verdict::endpoint_failed) << status;
}

TEST(verdict, of_attempts) {
  using net::http::attempt, net::http::attempt_failure, net::http::reply;
  EXPECT_EQ(judge(attempt(reply{200, {}, {}})), verdict::delivered);
  EXPECT_EQ(judge(attempt(reply{422, {}, {}})), verdict::events_condemned);
  for (const bool sent : {false, true}) {
    const attempt none = tl::unexpected(attempt_failure{error{errc::timed_out, "no answer", {}, 0}, sent});
    EXPECT_EQ(judge(none), verdict::endpoint_failed) << "sent: " << sent;
  }
}

}  // namespace
}  // namespace sluice::deliver
