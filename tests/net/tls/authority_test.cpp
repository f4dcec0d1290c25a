// Goal: what the throw-away authority writes is what others can read again. Method: write, load, issue anew.
#include "net/tls/authority.hpp"

#include <sys/stat.h>

#include "tests/net/tls/openssl_client.hpp"
#include "tests/net/tls/tls_fixture.hpp"

namespace sluice::net::tls {
namespace {

using namespace testing_support;

TEST(tls_authority, goes_on_after_it_was_stored) {
  const sluice::testing::temp_dir directory;
  const auto certificate = (directory.path() / "ca.pem").string(),
             key = (directory.path() / "ca.key").string();
  const auto made = authority::make("stored");
  ASSERT_TRUE(made);
  ASSERT_TRUE(write_pem(certificate, made->certificate(), false));
  ASSERT_TRUE(write_pem(key, made->key(), true));
  const auto loaded = authority::load(certificate, key);
  ASSERT_TRUE(loaded) << to_string(loaded.error());
  EXPECT_EQ(loaded->certificate(), made->certificate());
  EXPECT_TRUE(loaded->issue(for_loopback()));
}

TEST(tls_authority, keeps_a_key_to_its_owner_even_over_a_file_that_was_open) {
  const sluice::testing::temp_dir directory;
  const auto file = (directory.path() / "a.key").string();
  sluice::testing::write_text(file, "old");
  ASSERT_EQ(::chmod(file.c_str(), 0666), 0);
  ASSERT_TRUE(write_pem(file, "new", true));
  struct stat seen {};
  ASSERT_EQ(::stat(file.c_str(), &seen), 0);
  EXPECT_EQ(seen.st_mode & 0777, 0600u);
  EXPECT_EQ(sluice::testing::read_text(file), "new");
}

TEST(tls_authority, refuses_names_that_would_be_several) {
  const auto made = authority::make("strict");
  ASSERT_TRUE(made);
  for (const std::string name : {"", "a,DNS:b", "a b", "a\nb"}) {
    certificate_wish wish;
    wish.names = {name};
    EXPECT_FALSE(made->issue(wish)) << name;
  }
  EXPECT_FALSE(made->issue({}));
}

TEST(tls_authority, names_a_file_it_cannot_use) {
  const sluice::testing::temp_dir directory;
  const auto none = (directory.path() / "none.pem").string();
  const auto loaded = authority::load(none, none);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().place, none);
  EXPECT_FALSE(write_pem((directory.path() / "no" / "such.pem").string(), "x", false));
}

}  // namespace
}  // namespace sluice::net::tls
