// Goal: slices are cut where the value ends, whatever stands in it. Method: small documents with brackets in
// strings.
#include "tests/support/json_scan.hpp"

#include <gmock/gmock.h>

namespace sluice::testing::json {
namespace {

using ::testing::ElementsAre;

TEST(json_scan, cuts_events_out_of_every_kind_of_document) {
  EXPECT_THAT(events(R"( {"x":1, "events" : [ {"a":"]}"} , {"b":[1,{}]},7 ] } )"),
              ElementsAre(R"({"a":"]}"})", R"({"b":[1,{}]})", "7"));
  EXPECT_THAT(events(R"([{"a":1},{"b":2}])"), ElementsAre(R"({"a":1})", R"({"b":2})"));
  EXPECT_THAT(events("\n{\"id\":\"x\"}\n"), ElementsAre(R"({"id":"x"})"));
  EXPECT_THAT(events(R"({"events":[]})"), ElementsAre());
}

TEST(json_scan, unescapes_texts) {
  EXPECT_EQ(text(R"("a\"\\\/\n\u00e9\ud83d\ude00\u20ac")"), "a\"\\/\n\xc3\xa9\xf0\x9f\x98\x80\xe2\x82\xac");
  EXPECT_EQ(text_of(R"({"id":"7","n":8})", "id"), "7");
  EXPECT_EQ(text_of(R"({"id":"7","n":8})", "n"), "");
}

TEST(json_scan, keeps_everything_but_line_ends) { EXPECT_EQ(one_line("{\r\n \"a\":\t1}"), "{   \"a\":\t1}"); }

TEST(json_scan, complains_of_a_document_that_breaks_off) {
  EXPECT_THROW(events(R"({"events":[{"a":1})"), std::runtime_error);
}

}  // namespace
}  // namespace sluice::testing::json
