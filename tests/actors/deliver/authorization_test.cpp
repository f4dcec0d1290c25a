// Goal: a destination's requests carry a token, asked for once for all lanes, renewed in time and after a
// refusal; and what a peer repeats of a secret goes no further. Method: senders that note what they are sent,
// answered by hand, under a clock by hand.
#include "actors/deliver/authorization.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <optional>

namespace sluice::deliver {
namespace {

using namespace std::chrono_literals;
using net::http::attempt;
using net::http::outgoing;
using net::http::reply;
using ::testing::HasSubstr;
using ::testing::Not;

attempt answer(int status, std::string body = {}) { return reply{status, {}, std::move(body), {}}; }

/// Answers when the test says so.
struct peer {
  struct asked {
    outgoing what;
    std::function<void(attempt)> done;
  };
  std::deque<asked> open;

  sender as_sender() {
    return [this](outgoing what, std::function<void(attempt)> done) {
      open.push_back({std::move(what), std::move(done)});
    };
  }
  void reply(attempt how) {
    ASSERT_FALSE(open.empty());
    const asked first = std::move(open.front());
    open.pop_front();
    first.done(std::move(how));
  }
};

std::string authorization_of(const outgoing& what) {
  for (const auto& [name, value] : what.fields)
    if (name == "Authorization") return value;
  return {};
}

class authorized_sender : public ::testing::Test {
 protected:
  authorized_sender() {
    token_source::options options;
    options.tokens.who = {"an-id", "a secret of the client", ""};
    options.tokens.keys = "destinations.a.auth.oauth2.";
    options.fetch = login_.as_sender();
    options.now = [this] { return now_; };
    tokens_ = token_source::make(std::move(options));
    send_ = authorized(there_.as_sender(), tokens_);
  }
  void post(const std::string& body) {
    outgoing what;
    what.body = body;
    send_(std::move(what), [this](attempt how) { ended_.push_back(std::move(how)); });
  }
  void give_token(const std::string& token) {
    login_.reply(answer(200, R"({"access_token":")" + token + R"(","expires_in":3600})"));
  }

  std::chrono::nanoseconds now_ = 1h;
  peer login_, there_;
  std::shared_ptr<token_source> tokens_;
  sender send_;
  std::vector<attempt> ended_;
};

TEST_F(authorized_sender, fetches_one_token_for_all_who_ask_at_once) {
  for (const auto* body : {"1", "2", "3"}) post(body);
  EXPECT_TRUE(there_.open.empty()) << "nothing goes without a token";
  ASSERT_EQ(login_.open.size(), 1U);
  EXPECT_EQ(login_.open[0].what.body, "grant_type=client_credentials");
  give_token("one");
  ASSERT_EQ(there_.open.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(authorization_of(there_.open[i].what), "Bearer one");
    EXPECT_EQ(there_.open[i].what.body, std::to_string(i + 1));
  }
  for (int i = 0; i < 3; ++i) there_.reply(answer(200));
  EXPECT_EQ(ended_.size(), 3U);
  post("4");
  EXPECT_TRUE(login_.open.empty()) << "it is still good";
  EXPECT_EQ(there_.open.size(), 1U);
}

TEST_F(authorized_sender, renews_before_the_end_without_a_wait) {
  post("1");
  give_token("one");
  there_.reply(answer(200));
  now_ += 56min;
  post("2");
  ASSERT_EQ(there_.open.size(), 1U) << "the old one serves meanwhile";
  EXPECT_EQ(authorization_of(there_.open[0].what), "Bearer one");
  give_token("two");
  there_.reply(answer(200));
  post("3");
  EXPECT_EQ(authorization_of(there_.open[0].what), "Bearer two");
}

TEST_F(authorized_sender, asks_anew_after_a_401_and_only_once_for_all_lanes) {
  post("1");
  give_token("one");
  post("2");
  there_.reply(answer(401));
  there_.reply(answer(401));
  ASSERT_EQ(ended_.size(), 2U);
  EXPECT_EQ(ended_[0]->status, 401) << "the schedule decides when it is tried again";
  post("1");
  post("2");
  EXPECT_EQ(login_.open.size(), 1U);
  give_token("two");
  ASSERT_EQ(there_.open.size(), 2U);
  there_.reply(answer(200));
  there_.reply(answer(200));
  EXPECT_EQ(ended_[3]->status, 200);
}

TEST_F(authorized_sender, without_a_token_fails_as_the_endpoint_and_sends_nothing) {
  post("1");
  post("2");
  login_.reply(
      answer(401, R"({"error":"invalid_client","error_description":"a secret of the client is wrong"})"));
  EXPECT_TRUE(there_.open.empty());
  ASSERT_EQ(ended_.size(), 2U);
  for (const attempt& how : ended_) {
    ASSERT_FALSE(how);
    EXPECT_FALSE(how.error().sent) << "it takes nothing of the rate";
    EXPECT_THAT(how.error().why.detail, HasSubstr("destinations.a.auth.oauth2.client_secret"));
    EXPECT_THAT(how.error().why.detail, Not(HasSubstr("a secret of the client")));
  }
  post("3");
  EXPECT_EQ(login_.open.size(), 1U) << "the next attempt tries again";
}

TEST_F(authorized_sender, passes_on_that_the_token_host_is_away) {
  post("1");
  login_.reply(
      tl::unexpected(net::http::attempt_failure{{errc::unreachable, "connection refused", {}}, true}));
  ASSERT_EQ(ended_.size(), 1U);
  ASSERT_FALSE(ended_[0]);
  EXPECT_FALSE(ended_[0].error().sent) << "what was sent went to another host";
  EXPECT_EQ(ended_[0].error().why.detail, "connection refused");
}

TEST_F(authorized_sender, shows_no_token_that_a_peer_repeats) {
  post("1");
  give_token("a-token-of-ours");
  there_.reply(answer(500, "who is Bearer a-token-of-ours?"));
  EXPECT_EQ(ended_.at(0)->body, "who is Bearer ***?");
}

TEST_F(authorized_sender, shows_no_token_either_that_was_replaced_meanwhile) {
  post("1");
  give_token("a-token-of-ours");
  there_.reply(answer(200));
  now_ += 56min;
  post("2");
  give_token("another-token");
  there_.reply(answer(500, "who is a-token-of-ours?"));
  EXPECT_EQ(ended_.at(1)->body, "who is ***?");
}

TEST_F(authorized_sender, is_not_kept_by_those_who_wait) {
  post("1");
  const std::weak_ptr watched(tokens_);
  tokens_.reset();
  send_ = nullptr;
  EXPECT_TRUE(watched.expired());
  give_token("one");
  EXPECT_TRUE(there_.open.empty());
}

TEST(discreet_sender, cleans_what_people_will_read) {
  peer there;
  net::oauth2::redactor secrets;
  secrets.hide("hunter2");
  const sender send = discreet(there.as_sender(), secrets);
  std::vector<attempt> ended;
  const auto note = [&](attempt how) { ended.push_back(std::move(how)); };
  for (int i = 0; i < 3; ++i) send({}, note);
  there.reply(answer(403, "hunter2 and aHVudGVyMg== are wrong"));
  there.reply(answer(200, "hunter2"));
  there.reply(tl::unexpected(net::http::attempt_failure{{errc::unreachable, "gone", {}}, true}));
  EXPECT_EQ(ended[0]->body, "*** and *** are wrong");
  EXPECT_EQ(ended[1]->body, "hunter2") << "nobody reads it";
  EXPECT_EQ(ended[2].error().why.detail, "gone");
}

}  // namespace
}  // namespace sluice::deliver
