// Goal: what a peer said is short and harmless where people read it. Method: cases.
#include "net/http/quoted.hpp"

#include <gtest/gtest.h>

namespace sluice::net::http {
namespace {

TEST(quoted, describes_an_answer_in_one_line) {
  EXPECT_EQ(describe_answer(503, ""), "answer 503");
  EXPECT_EQ(describe_answer(422, "e7 is wrong"), "answer 422: e7 is wrong");
  EXPECT_EQ(describe_answer(400, "a\r\nb\x1b[2Jc\xc3\xa9"), "answer 400: a  b [2Jc  ");
}

TEST(quoted, says_that_there_is_more_than_200_bytes) {
  EXPECT_EQ(excerpt(std::string(200, 'x')), std::string(200, 'x'));
  EXPECT_EQ(excerpt(std::string(201, 'x')), std::string(200, 'x') + "...");
}

}  // namespace
}  // namespace sluice::net::http
