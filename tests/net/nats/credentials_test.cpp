// Goal: a .creds file gets in where its user may, and what is no such file is refused without a word of it.
// Method: files as nsc writes them and broken ones, and a real nats-server that trusts an operator made for
// the test.
#include "net/nats/credentials.hpp"

#include "tests/net/nats/nkeys.hpp"
#include "tests/net/nats/publisher_fixture.hpp"

namespace sluice::net::nats {
namespace {

using sluice::testing::temp_dir;
using sluice::testing::write_text;
using testing_support::creds_file;
using testing_support::nkey;

class nats_credentials_test : public nats_publisher_test {
 protected:
  std::string write(const std::string& text) {
    const auto file = directory_.path() / "user.creds";
    write_text(file, text);
    return file.string();
  }

 private:
  temp_dir directory_;
};

TEST_F(nats_credentials_test, are_read) {
  const nkey user(nkey::kind::user);
  const std::string text = creds_file("a.b-_.c", user.seed());
  std::string windows;
  for (const char c : text) windows.append(c == '\n' ? 1 : 0, '\r').append(1, c);
  for (const std::string& form : {text, windows}) {
    const auto read = read_credentials(write(form));
    ASSERT_TRUE(read) << to_string(read.error());
    EXPECT_EQ(read->jwt, "a.b-_.c");
    EXPECT_EQ(read->seed, user.seed());
    EXPECT_EQ(sign(read->seed, "nonce"), user.sign("nonce"));
  }
}

TEST_F(nats_credentials_test, are_refused) {
  const std::string seed = nkey(nkey::kind::user).seed(), good = creds_file("a.b.c", seed);
  std::string typo = seed;
  typo[10] = typo[10] == 'A' ? 'B' : 'A';
  const struct {
    const char* name;
    std::string text, part_of_detail;
  } rows[] = {
      {"empty", "", "no user JWT"},
      {"text", "hello", "no user JWT"},
      {"no seed", good.substr(0, good.find("****")), "no user seed"},
      {"no JWT", good.substr(good.find("****")), "no user JWT"},
      {"empty JWT", creds_file("", seed), "no user JWT"},
      {"JWT with a space", creds_file("a b", seed), "no user JWT"},
      {"not ended", good.substr(0, good.find("------END USER")), "no user seed"},
      {"a typing error", creds_file("a.b.c", typo), "no user seed"},
      {"cut off", creds_file("a.b.c", seed.substr(0, 50)), "no user seed"},
      {"small letters", creds_file("a.b.c", "suab" + seed.substr(4)), "no user seed"},
      {"an account's", creds_file("a.b.c", nkey(nkey::kind::account).seed()), "no user seed"},
      {"public key", creds_file("a.b.c", nkey(nkey::kind::user).public_text()), "no user seed"},
      {"larger than 64 KiB", good + std::string(70'000, ' '), "no user JWT"},
  };
  for (const auto& row : rows) {
    const auto read = read_credentials(write(row.text));
    ASSERT_FALSE(read) << row.name;
    EXPECT_EQ(read.error().code, errc::invalid_config) << row.name;
    EXPECT_NE(read.error().detail.find(row.part_of_detail), std::string::npos)
        << row.name << read.error().detail;
    EXPECT_EQ(to_string(read.error()).find(seed.substr(5, 20)), std::string::npos) << row.name;
  }
  EXPECT_FALSE(sign(typo, "nonce"));
}

TEST_F(nats_credentials_test, get_in_where_the_user_may) {
  const nkey op(nkey::kind::op), account(nkey::kind::account), system(nkey::kind::account),
      user(nkey::kind::user), stranger(nkey::kind::user);
  const auto account_jwt = [&](const nkey& of, const std::string& storage) {
    const std::string limits =
        R"("subs":-1,"data":-1,"payload":-1,"imports":-1,"exports":-1,"wildcards":true,)"
        R"("conn":-1,"leaf":-1)";
    return of.public_text() + ": " + op.jwt(of, R"("type":"account","limits":{)" + limits + storage + "}") +
           "\n";
  };
  const nats_server server(
      "operator: " + op.jwt(op, R"("type":"operator")") + "\nsystem_account: " + system.public_text() +
      "\nresolver: MEMORY\nresolver_preload: { " +
      account_jwt(account, R"(,"mem_storage":-1,"disk_storage":-1,"streams":-1,"consumer":-1)") +
      account_jwt(system, "") + " }\n");
  const std::string jwt = account.jwt(user, R"("type":"user","subs":-1,"data":-1,"payload":-1)");

  auto options = to(server);
  options.credentials = write(creds_file(jwt, user.seed()));
  nats_streams streams(server.port(), {.credentials = options.credentials});
  streams.make("EVENTS", "events.>");
  with(options);
  expect_stored(publish(numbered_up_to(3)));
  EXPECT_EQ(streams.read("EVENTS").size(), 3U);

  options.credentials = write(creds_file(jwt, stranger.seed()));
  with(options);
  const burst_end end = publish({numbered(4)});
  expect(kind::unknown, "Authorization Violation", end);
  EXPECT_FALSE(end.sent);
  EXPECT_EQ(end.of.at(0).why.find(jwt), std::string::npos);
}

}  // namespace
}  // namespace sluice::net::nats
