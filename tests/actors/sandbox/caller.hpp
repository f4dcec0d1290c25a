// A client of the emulated platform for tests: logs in, asks, and waits for the answer.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/sandbox/cloud.hpp"
#include "actors/sandbox/json.hpp"
#include "net/http/client.hpp"

namespace sluice::sandbox {

/// Blocking; each request on a connection of its own.
class caller {
 public:
  using fields = std::vector<std::pair<std::string, std::string>>;

  explicit caller(std::string url, const std::string& authority = {}) : url_(std::move(url)) {
    if (!authority.empty()) believed_ = net::tls::client_context::make({authority}).value();
  }

  net::http::attempt send(net::http::method verb, const std::string& target, std::string body = {},
                          fields more = {}, std::string type = "application/json") {
    net::http::client_options options;
    options.origin = net::http::parse_url(url_).value();
    options.tls = believed_;
    options.keep = {"inin-correlation-id"};
    net::http::client one(loops_, std::move(options));
    std::promise<net::http::attempt> came;
    one.send({verb, target, std::move(type), std::move(more), std::move(body)},
             [&](net::http::attempt how) { came.set_value(std::move(how)); });
    return came.get_future().get();  // the client gives up after 10 s
  }

  /// Notes the token for `ask`.
  void log_in(const std::string& credentials = "aWQ6c2VjcmV0") {  // id:secret
    const auto how = send(net::http::method::post, std::string(token_path), "grant_type=client_credentials",
                          {{"Authorization", "Basic " + credentials}}, "application/x-www-form-urlencoded");
    ASSERT_TRUE(how) << to_string(how.error().why);
    token_ = text_of(parse_json(how->body).value_or(json()), "access_token");
    ASSERT_FALSE(token_.empty()) << how->body;
  }

  net::http::reply ask(net::http::method verb, const std::string& target, const json& body = {}) {
    auto how =
        send(verb, target, body.is_null() ? "" : to_text(body), {{"Authorization", "Bearer " + token_}});
    EXPECT_TRUE(how) << target << ": " << (how ? "" : to_string(how.error().why));
    return how.value_or(net::http::reply{});
  }
  /// Subscribes and returns the id.
  std::string subscribe(const json& body) {
    const auto made = ask(net::http::method::post, std::string(subscriptions_path), body);
    EXPECT_EQ(made.status, 200) << made.body;
    return text_of(parse_json(made.body).value_or(json()), "id");
  }
  json state() {
    const auto how = send(net::http::method::get, "/sandbox/state");
    return how ? parse_json(how->body).value_or(json()) : json();
  }
  net::http::reply control(const std::string& path, const json& body) {
    return ask(net::http::method::post, "/sandbox/" + path, body);
  }

 private:
  const std::string url_;
  net::runtime loops_{1};
  std::shared_ptr<const net::tls::client_context> believed_;
  std::string token_;
};

inline json subscription_to(std::uint16_t port, const std::string& name = "n") {
  return {
      {"name", name},
      {"destination", {{"type", "http"}, {"endpoint", "http://127.0.0.1:" + std::to_string(port) + "/in"}}},
      {"filter", {{"eventSources", {"conversation:transcript", "interaction:analytics"}}}},
      {"retentionPeriodDays", 30}};
}

}  // namespace sluice::sandbox
