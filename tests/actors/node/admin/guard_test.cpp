// Goal: with a token only who shows it passes, and without one no page of another site that a browser of this
// machine has open. Method: heads as browsers and programs send them, by cases.
#include "actors/node/admin/guard.hpp"

#include <gmock/gmock.h>

#include <map>

namespace sluice::node::admin {
namespace {

using net::http::method;
using fields = std::map<std::string, std::string>;

int status_of(const guard& at, method verb, const fields& sent) {
  const net::http::head_view head{verb, "/api/v1/destinations", {}, {}, [&](std::string_view name) {
                                    const auto found = sent.find(std::string(name));
                                    return found == sent.end() ? std::string_view()
                                                               : std::string_view(found->second);
                                  }};
  const auto refused = at.refuse(head);
  return refused ? refused->status : 200;
}

struct guard_case {
  const char* name;
  method verb;
  fields sent;
  int status;
};

TEST(admin_guard, on_loopback_knows_a_foreign_page) {
  const guard open({});
  const guard_case cases[] = {
      {"curl", method::post, {{"host", "127.0.0.1:8081"}}, 200},
      {"by name", method::post, {{"host", "LocalHost:8081"}}, 200},
      {"IPv6", method::post, {{"host", "[::1]:8081"}}, 200},
      {"IPv6 without a port", method::get, {{"host", "[::1]"}}, 200},
      {"a name that was made to point here", method::post, {{"host", "evil.example:8081"}}, 403},
      {"such a name reads", method::get, {{"host", "evil.example:8081"}}, 403},
      {"a name that looks like one of ours", method::get, {{"host", "127.evil.example"}}, 403},
      {"no Host", method::get, {}, 403},
      {"the dashboard itself",
       method::post,
       {{"host", "127.0.0.1:8081"}, {"origin", "http://127.0.0.1:8081"}, {"sec-fetch-site", "same-origin"}},
       200},
      {"typed by a person", method::post, {{"host", "127.0.0.1:8081"}, {"sec-fetch-site", "none"}}, 200},
      {"another site", method::post, {{"host", "127.0.0.1:8081"}, {"sec-fetch-site", "cross-site"}}, 403},
      {"another port of this host",
       method::post,
       {{"host", "127.0.0.1:8081"}, {"sec-fetch-site", "same-site"}},
       403},
      {"an old browser, another site",
       method::post,
       {{"host", "127.0.0.1:8081"}, {"origin", "https://evil.example"}},
       403},
      {"an old browser, another port",
       method::post,
       {{"host", "localhost:8081"}, {"origin", "http://localhost:9"}},
       403},
      {"a page without an origin", method::post, {{"host", "localhost:8081"}, {"origin", "null"}}, 403},
      {"another site reads: it may not see the answer",
       method::get,
       {{"host", "127.0.0.1:8081"}, {"sec-fetch-site", "cross-site"}},
       200},
  };
  for (const auto& c : cases) EXPECT_EQ(status_of(open, c.verb, c.sent), c.status) << c.name;
}

TEST(admin_guard, with_tokens_asks_for_one) {
  const guard closed({"first-token-0123", "other-token-0123"});
  const guard_case cases[] = {
      {"none", method::get, {{"host", "node.example"}}, 401},
      {"the first",
       method::get,
       {{"host", "node.example"}, {"authorization", "Bearer first-token-0123"}},
       200},
      {"the other",
       method::post,
       {{"host", "node.example"}, {"authorization", "bearer  other-token-0123"}},
       200},
      {"a wrong one",
       method::get,
       {{"host", "node.example"}, {"authorization", "Bearer first-token-0124"}},
       401},
      {"its beginning",
       method::get,
       {{"host", "node.example"}, {"authorization", "Bearer first-token-012"}},
       401},
      {"an empty one", method::get, {{"host", "node.example"}, {"authorization", "Bearer "}}, 401},
      {"another scheme",
       method::get,
       {{"host", "node.example"}, {"authorization", "Basic first-token-0123"}},
       401},
      {"loopback is no excuse", method::get, {{"host", "127.0.0.1"}}, 401},
      {"a foreign page that has it all the same",
       method::post,
       {{"host", "node.example"},
        {"authorization", "Bearer first-token-0123"},
        {"origin", "https://evil.example"}},
       403},
  };
  for (const auto& c : cases) EXPECT_EQ(status_of(closed, c.verb, c.sent), c.status) << c.name;
}

TEST(admin_guard, names_who_asks_without_the_secret) {
  const guard closed({"first-token-0123", "other-token-0123"});
  EXPECT_EQ(closed.who("10.1.2.3", "Bearer other-token-0123"), "10.1.2.3 (token 2)");
  EXPECT_EQ(closed.who("10.1.2.3", "Bearer wrong"), "10.1.2.3");
  EXPECT_EQ(guard({}).who("127.0.0.1", ""), "127.0.0.1");
  EXPECT_EQ(guard({}).who("", ""), "unknown");
}

}  // namespace
}  // namespace sluice::node::admin
