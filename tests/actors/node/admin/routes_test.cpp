// Goal: a path and a method find the one handler that is theirs with the names in the path, and everything
// else is told what it could have been. Method: a small table, by cases.
#include "actors/node/admin/routes.hpp"

#include <gmock/gmock.h>

#include "actors/node/admin/target.hpp"

namespace sluice::node::admin {
namespace {

using net::http::method;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

route_table small_table() {
  route_table routes;
  const auto says = [](std::string text) {
    return at_once([text = std::move(text)](const request& what) {
      net::http::response r;
      r.body = text;
      for (const auto& name : what.names) r.body += " " + name;
      return r;
    });
  };
  routes.add(method::get, "/api/v1/things", says("list"));
  routes.add(method::get, "/api/v1/things/{name}", says("show"));
  routes.add(method::del, "/api/v1/things/{name}", says("remove"));
  routes.add(method::post, "/api/v1/things/{name}/{part}/paint", says("paint"));
  return routes;
}

struct found_case {
  method verb;
  const char* target;
  const char* says;
};

TEST(admin_routes, find_the_handler_and_the_names_in_the_path) {
  const auto routes = small_table();
  const found_case cases[] = {
      {method::get, "/api/v1/things", "list"},       {method::head, "/api/v1/things?x=1", "list"},
      {method::get, "/api/v1/things/a", "show a"},   {method::get, "/api/v1/things/a%2Fb%20c", "show a/b c"},
      {method::del, "/api/v1/things/a", "remove a"}, {method::post, "/api/v1/things/a/b/paint", "paint a b"},
  };
  for (const auto& c : cases) {
    request what;
    EXPECT_EQ(routes.refuse(c.verb, c.target), nullptr) << c.target;
    const handler* const found = routes.find(c.verb, c.target, what);
    ASSERT_NE(found, nullptr) << c.target;
    std::string said;
    (*found)(what, [&](net::http::response r) { said = r.body; });
    EXPECT_EQ(said, c.says) << c.target;
  }
}

struct refused_case {
  method verb;
  const char* target;
  int status;
  const char* detail;
  const char* allow;
};

TEST(admin_routes, tell_what_there_is_instead) {
  const auto routes = small_table();
  const refused_case cases[] = {
      {method::get, "/api/v1/thing", 404, "no such path here; /api/v1/things is one", ""},
      {method::get, "/completely/different/from/all/of/them", 404, "no such path here", ""},
      {method::get, "/api/v1/things//x/paint", 404, "no such path here", ""},
      {method::get, "/api/v1/things/a/b/paint/more", 404, "no such path here", ""},
      {method::post, "/api/v1/things", 405, "GET, HEAD", "GET, HEAD"},
      {method::put, "/api/v1/things/a", 405, "GET, HEAD, DELETE", "GET, HEAD, DELETE"},
      {method::get, "/api/v1/things/a/b/paint", 405, "POST", "POST"},
      {method::get, "/api/v1/things/%4", 400, "percent-encoding", ""},
      {method::get, "/api/v1/things/%zz", 400, "percent-encoding", ""},
      {method::get, "/api/v1/things/a%00", 400, "percent-encoding", ""},
  };
  for (const auto& c : cases) {
    const auto refused = routes.refuse(c.verb, c.target);
    ASSERT_NE(refused, nullptr) << c.target;
    EXPECT_EQ(refused->status, c.status) << c.target;
    EXPECT_EQ(refused->content_type, "application/problem+json");
    EXPECT_THAT(refused->body, HasSubstr(c.detail)) << c.target;
    std::string allow;
    for (const auto& [name, value] : refused->fields)
      if (name == "Allow") allow = value;
    EXPECT_EQ(allow, c.allow) << c.target;
    request what;
    EXPECT_EQ(routes.find(c.verb, c.target, what), nullptr) << c.target;
  }
}

TEST(admin_routes, take_a_query_apart) {
  const auto at = parse_target("/a/b?limit=10&name=a%26b&flag&=lost&empty=");
  ASSERT_TRUE(at);
  EXPECT_THAT(at->segments, ElementsAre("a", "b"));
  EXPECT_THAT(at->query,
              ElementsAre(Pair("limit", "10"), Pair("name", "a&b"), Pair("flag", ""), Pair("empty", "")));
  request what;
  what.query = at->query;
  EXPECT_EQ(what.parameter("name"), "a&b");
  EXPECT_EQ(what.parameter("other"), std::nullopt);
}

}  // namespace
}  // namespace sluice::node::admin
