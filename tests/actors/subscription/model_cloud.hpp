// Genesys Cloud as the tests of this stage need it: tokens, subscriptions and whatever can go wrong on the
// way there and back. Names need not be unique here, so that nobody but the code under test prevents a second
// one.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/subscription/outside.hpp"
#include "actors/subscription/resource.hpp"
#include "actors/subscription/settings.hpp"

namespace sluice::subscription::testing {

/// What becomes of one request.
struct fate {
  enum class kind : std::uint8_t {
    answer,       ///< not carried out; `reply` comes back
    lost_answer,  ///< carried out; no answer comes back
    lost,         ///< not carried out, but sent; no answer comes back
    late,         ///< no answer comes back; carried out at the next `arrive`
    not_sent,     ///< no connection
    untrusted,    ///< the certificate is not believed
    garbled,      ///< carried out; `reply` comes back instead of the answer
  };
  kind what = kind::answer;
  net::http::reply reply = {};
};

net::http::reply answer(int status, std::string body = {}, std::string retry_after = {});
fate answered(int status, std::string body = {}, std::string retry_after = {});
fate lost_answer();
fate lost();
fate late();
fate not_sent();
fate untrusted();
fate garbled(std::string body);

/// Where both hosts are, and a client that they know.
settings known_settings();

class model_cloud {
 public:
  net::http::attempt take(host at, const net::http::outgoing& what);

  /// Of the next request to that host which this concerns: `GET`, or `PUT`, or "" for any.
  void next(host at, std::string method, fate what) {
    script_.push_back({at, std::move(method), std::move(what)});
  }
  void always(std::function<std::optional<fate>(host, const net::http::outgoing&)> decide) {
    decide_ = std::move(decide);
  }
  /// What is late is carried out.
  void arrive();

  resource& add(resource what);  ///< id and date are made when they are empty
  resource* named(const std::string& name);
  std::size_t count(const std::string& name) const;

  std::vector<resource> subscriptions;
  std::vector<std::string> log;  ///< `POST /oauth/token`, in order
  bool unique_names = false;
  bool refuses_put = false;
  /// What the API makes of what it was told.
  std::function<void(resource&)> shapes;
  std::uint64_t tokens_given = 0;
  double token_life = 86'400;
  /// Called after each request that was carried out.
  std::function<void()> changed;

 private:
  struct scripted {
    host at{};
    std::string method;
    fate what;
  };

  std::optional<fate> fate_of(host at, const net::http::outgoing& what);
  net::http::reply carry_out(host at, const net::http::outgoing& what);
  net::http::reply token(const net::http::outgoing& what);
  net::http::reply api(const net::http::outgoing& what);
  net::http::reply page(const std::string& query) const;
  net::http::reply put(const std::string& body, resource& into);

  std::deque<scripted> script_;
  std::vector<std::pair<host, net::http::outgoing>> late_;
  std::function<std::optional<fate>(host, const net::http::outgoing&)> decide_;
  std::uint64_t made_ = 0;
};

}  // namespace sluice::subscription::testing
