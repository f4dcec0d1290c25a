// A server of ours over TLS with a certificate that a throw-away authority made.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "net/tls/authority.hpp"
#include "net/tls/context.hpp"
#include "tests/net/http/application.hpp"
#include "tests/support/temp_dir.hpp"

namespace sluice::net::tls::testing_support {

class tls_files {
 public:
  explicit tls_files(const std::string& name = "sluice test authority") : authority_(*authority::make(name)) {
    EXPECT_TRUE(write_pem(ca(), authority_.certificate(), false));
  }
  const authority& issuer() const noexcept { return authority_; }
  std::string file(const std::string& name) const { return (directory_.path() / name).string(); }
  std::string ca() const { return file("ca.pem"); }

  /// What a server shows; its files are NAME.pem and NAME.key.
  std::shared_ptr<const server_context> server(const certificate_wish& wish,
                                               const std::string& name = "server") {
    const auto made = authority_.issue(wish);
    EXPECT_TRUE(made) << to_string(made.error());
    EXPECT_TRUE(write_pem(file(name + ".pem"), made->certificate, false));
    EXPECT_TRUE(write_pem(file(name + ".key"), made->key, true));
    const auto loaded = server_context::load(file(name + ".pem"), file(name + ".key"));
    EXPECT_TRUE(loaded) << to_string(loaded.error());
    return *loaded;
  }
  /// A client that believes this authority.
  std::shared_ptr<const client_context> client() const { return *client_context::make({ca()}); }

 private:
  sluice::testing::temp_dir directory_;
  authority authority_;
};

inline certificate_wish for_loopback() {
  certificate_wish wish;
  wish.names = {"localhost", "127.0.0.1"};
  return wish;
}

/// The http tests' application behind TLS.
class tls_server_test : public ::testing::Test {
 protected:
  void serve(const certificate_wish& wish = for_loopback(),
             const std::function<void(http::server_options&)>& change = {}) {
    node_ = std::make_unique<http::testing_support::node>([&](http::server_options& options) {
      options.tls = files_.server(wish);
      if (change) change(options);
    });
  }
  std::uint16_t port() const { return node_->port(); }

  tls_files files_;
  std::unique_ptr<http::testing_support::node> node_;
};

}  // namespace sluice::net::tls::testing_support
