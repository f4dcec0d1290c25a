// Goal: a wrong file is named, with what is wrong about it. Method: a table of certificates and keys.
#include "net/tls/context.hpp"

#include <sys/stat.h>

#include "tests/net/tls/tls_fixture.hpp"

namespace sluice::net::tls {
namespace {

using namespace testing_support;

struct row {
  const char* name;
  const char* certificate;
  const char* key;
  errc code;
  const char* place;  ///< the file that is at fault
  const char* says;
};

TEST(tls_context, names_the_file_that_is_wrong) {
  tls_files files;
  files.server(for_loopback(), "good");
  files.server(for_loopback(), "other");
  sluice::testing::write_text(files.file("text.pem"), "no PEM at all\n");
  sluice::testing::write_text(files.file("empty.pem"), "");
  sluice::testing::write_text(files.file("open.key"), sluice::testing::read_text(files.file("good.key")));
  ASSERT_EQ(::chmod(files.file("open.key").c_str(), 0644), 0);
  ASSERT_EQ(::chmod(files.file("text.pem").c_str(), 0600), 0);
  ASSERT_EQ(::chmod(files.file("empty.pem").c_str(), 0600), 0);
  const row rows[] = {
      {"no certificate", "absent.pem", "good.key", errc::io, "absent.pem", "cannot be read"},
      {"no key", "good.pem", "absent.key", errc::io, "absent.key", "cannot be read"},
      {"text as certificate", "text.pem", "good.key", errc::invalid_config, "text.pem", "no PEM chain"},
      {"empty certificate", "empty.pem", "good.key", errc::invalid_config, "empty.pem", "no PEM chain"},
      {"text as key", "good.pem", "text.pem", errc::invalid_config, "text.pem", "no PEM key"},
      {"another's key", "good.pem", "other.key", errc::invalid_config, "other.key", "is not the key of"},
      {"a key for everybody", "good.pem", "open.key", errc::invalid_config, "open.key", "0640"},
  };
  for (const row& r : rows) {
    const auto made = server_context::load(files.file(r.certificate), files.file(r.key));
    ASSERT_FALSE(made) << r.name;
    EXPECT_EQ(to_string(made.error().code), to_string(r.code)) << r.name;
    EXPECT_EQ(made.error().place, files.file(r.place)) << r.name;
    EXPECT_NE(made.error().detail.find(r.says), std::string::npos) << r.name << ": " << made.error().detail;
  }
}

TEST(tls_context, of_a_client_names_an_authority_that_is_none) {
  tls_files files;
  sluice::testing::write_text(files.file("text.pem"), "no PEM at all\n");
  for (const std::string name : {"absent.pem", "text.pem"}) {
    const auto made = client_context::make({files.file(name)});
    ASSERT_FALSE(made) << name;
    EXPECT_EQ(made.error().place, files.file(name));
  }
}

}  // namespace
}  // namespace sluice::net::tls
