// Goal: receivers that use the published libraries accept what is signed here. Method: vectors of the
// specification's libraries and of an independent implementation, and a table of secrets.
#include "net/signature/standard_webhooks.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/base64.hpp"

namespace sluice::net::signature {
namespace {

std::vector<secret> secrets(std::initializer_list<std::string_view> texts) {
  std::vector<secret> parsed;
  for (const auto text : texts) parsed.push_back(secret::parse(text).value());
  return parsed;
}

// The vector that the libraries of Standard Webhooks (and of Svix, where it comes from) test with.
TEST(standard_webhooks, agrees_with_the_published_vector) {
  EXPECT_EQ(sign(secrets({"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}), "msg_p5jXN8AQM9LWM0D4loKWxJek",
                 1614265330, R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

// Made with Python's hmac.
TEST(standard_webhooks, signs_what_is_empty_or_binary_too) {
  const auto raw = secrets({"sixteen bytes or"});
  EXPECT_EQ(sign(raw, "msg_1", 0, ""), "v1,lomQdjAStwVRda+21qfbtBgRNCEE/rtYtCf+w+vK+tA=");
  EXPECT_EQ(sign(raw, "msg_1", -1, std::string_view("\0\xff\n", 3)),
            "v1,tk8U6zlwmeRI5YyejVeizMCMTluf4ulXeUlhfRv+6pc=");
}

TEST(standard_webhooks, signs_with_every_secret_while_they_change) {
  const std::string_view older = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                         newer = "a text of its own, longer";
  const std::string both = sign(secrets({newer, older}), "msg_1", 1, "{}");
  EXPECT_EQ(both, sign(secrets({newer}), "msg_1", 1, "{}") + " " + sign(secrets({older}), "msg_1", 1, "{}"));
}

TEST(standard_webhooks, signs_the_id_the_time_and_the_body) {
  const auto with = secrets({"sixteen bytes or"});
  const std::string signature = sign(with, "msg_1", 1, "{}");
  EXPECT_NE(signature, sign(with, "msg_2", 1, "{}"));
  EXPECT_NE(signature, sign(with, "msg_1", 2, "{}"));
  EXPECT_NE(signature, sign(with, "msg_1", 1, "{ }"));
  EXPECT_NE(signature, sign(secrets({"sixteen bytes of"}), "msg_1", 1, "{}"));
}

TEST(standard_webhooks, recognises_what_the_same_secret_signed) {
  const auto mine = secrets({"sixteen bytes or"}), both = secrets({"sixteen bytes of", "sixteen bytes or"});
  const std::string one = sign(mine, "msg_1", 7, "{}"), two = sign(both, "msg_1", 7, "{}");
  const struct {
    const char* about;
    std::string_view id;
    std::int64_t timestamp;
    std::string_view body;
    std::string signatures;
    bool signed_by_me;
  } rows[] = {
      {"its own", "msg_1", 7, "{}", one, true},
      {"the second of two", "msg_1", 7, "{}", two, true},
      {"behind a version that is not known", "msg_1", 7, "{}", "v2,AAAA " + one, true},
      {"another id", "msg_2", 7, "{}", one, false},
      {"an id with a full stop, which could move the border", "msg_1.7", 7, "{}", one, false},
      {"another time", "msg_1", 8, "{}", one, false},
      {"another body", "msg_1", 7, "{ }", one, false},
      {"another secret's", "msg_1", 7, "{}", two.substr(0, two.find(' ')), false},
      {"a part", "msg_1", 7, "{}", one.substr(0, one.size() - 1), false},
      {"none", "msg_1", 7, "{}", "", false},
      {"spaces", "msg_1", 7, "{}", "   ", false},
      {"more than is looked at", "msg_1", 7, "{}", std::string(4096, ' ') + one, false},
  };
  for (const auto& row : rows)
    EXPECT_EQ(is_signed(mine[0], row.id, row.timestamp, row.body, row.signatures), row.signed_by_me)
        << row.about;
}

TEST(secret, is_base64_behind_its_prefix_or_the_text_itself) {
  for (const std::size_t bytes : {24U, 25U, 32U, 64U}) {
    const std::string key(bytes, '\xa5');
    const auto parsed = secret::parse("whsec_" + to_base64(key));
    ASSERT_TRUE(parsed) << bytes << ": " << parsed.error().detail;
    EXPECT_EQ(parsed->key(), key);
  }
  for (const std::size_t bytes : {16U, 256U}) {
    const std::string key(bytes, '~');
    const auto parsed = secret::parse(key);
    ASSERT_TRUE(parsed) << bytes << ": " << parsed.error().detail;
    EXPECT_EQ(parsed->key(), key);
  }
}

TEST(secret, is_refused_without_being_quoted) {
  const struct {
    std::string text, says;
  } rows[] = {
      {"", "short"},
      {std::string(15, 'x'), "short"},
      {std::string(257, 'x'), "long"},
      {"whsec_", "0 bytes"},
      {"whsec_" + to_base64(std::string(23, 'x')), "23 bytes"},
      {"whsec_" + to_base64(std::string(65, 'x')), "65 bytes"},
      {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "base64"},
      {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!", "base64"},
      {"whsec_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n", "base64"},
  };
  for (const auto& row : rows) {
    const auto parsed = secret::parse(row.text);
    ASSERT_FALSE(parsed) << row.text;
    EXPECT_NE(parsed.error().detail.find(row.says), std::string::npos) << parsed.error().detail;
    EXPECT_EQ(to_string(parsed.error()).find("xxx"), std::string::npos);
  }
}

}  // namespace
}  // namespace sluice::net::signature
