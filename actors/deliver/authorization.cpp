#include "actors/deliver/authorization.hpp"

#include <utility>

namespace sluice::deliver {
namespace {

using net::http::attempt;
using net::http::outgoing;
using net::oauth2::token_cache;

/// Whether people will read what the answer says: then its secrets have to go.
bool is_read(const attempt& how) noexcept { return how && (how->status < 200 || how->status > 299); }

}  // namespace

std::shared_ptr<token_source> token_source::make(options from) {
  return std::shared_ptr<token_source>(new token_source(std::move(from)));
}

token_source::token_source(options from) : options_(std::move(from)), cache_(options_.tokens) {}

void token_source::ask(std::function<void(const result<std::string>&)> done) {
  outgoing request;
  result<std::string> token;
  bool fetches = false;
  {
    const std::lock_guard held(mutex_);
    const auto now = options_.now();
    const auto advice = cache_.ask(now);
    fetches = advice == token_cache::advice::fetch;
    if (fetches) request = cache_.request();
    if (cache_.has_token(now)) {
      token = cache_.token();
    } else {
      waiting_.push_back(std::exchange(done, nullptr));
    }
  }
  if (fetches) {
    options_.fetch(std::move(request), [self = weak_from_this()](const attempt& how) {
      if (const auto there = self.lock()) there->fetched(how);
    });
  }
  if (done) done(token);
}

void token_source::fetched(const attempt& how) {
  decltype(waiting_) told;
  result<std::string> token;
  {
    const std::lock_guard held(mutex_);
    const auto now = options_.now();
    const auto came = cache_.fetched(how, now);
    if (cache_.has_token(now)) {
      token = cache_.token();
    } else {
      token = fail(came ? error{errc::refused, "the token was over when it came", {}} : came.error());
    }
    told.swap(waiting_);
  }
  for (const auto& one : told) one(token);
}

void token_source::refused(const std::string& token) {
  const std::lock_guard held(mutex_);
  cache_.refused(token);
}

net::oauth2::redactor token_source::secrets() const {
  const std::lock_guard held(mutex_);
  return cache_.secrets();
}

sender authorized(sender to, std::shared_ptr<token_source> from) {
  return [to = std::move(to), from = std::move(from)](outgoing what, std::function<void(attempt)> done) {
    // Who waits stands in the source, and must not keep it.
    from->ask([to, weak = std::weak_ptr(from), what = std::move(what),
               done = std::move(done)](const result<std::string>& token) mutable {
      if (!token) return done(tl::unexpected(net::http::attempt_failure{token.error(), false}));
      what.fields.emplace_back("Authorization", "Bearer " + *token);
      to(std::move(what), [weak, token = *token, done = std::move(done)](attempt how) {
        const auto source = weak.lock();
        if (source && how && how->status == 401) source->refused(token);
        if (is_read(how)) {
          auto secrets = source ? source->secrets() : net::oauth2::redactor();
          secrets.hide(token);  // the source may have a newer one by now
          how->body = secrets.clean(std::move(how->body));
        }
        done(std::move(how));
      });
    });
  };
}

sender discreet(sender to, net::oauth2::redactor secrets) {
  // Shared: senders are copied with each request that waits.
  return [to = std::move(to), secrets = std::make_shared<const net::oauth2::redactor>(std::move(secrets))](
             outgoing what, std::function<void(attempt)> done) {
    to(std::move(what), [secrets, done = std::move(done)](attempt how) {
      if (is_read(how)) how->body = secrets->clean(std::move(how->body));
      done(std::move(how));
    });
  };
}

}  // namespace sluice::deliver
