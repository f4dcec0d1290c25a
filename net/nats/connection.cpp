#include "net/nats/connection.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include "net/nats/credentials.hpp"
#include "net/nats/publisher.hpp"
#include "net/tls/context.hpp"

namespace sluice::net::nats {
namespace {

using std::chrono::steady_clock;

constexpr int pings_out_max = 2;
constexpr std::string_view pong = "PONG\r\n";

struct addresses_freed {
  void operator()(addrinfo* what) const noexcept { ::freeaddrinfo(what); }
};

result<std::vector<ip_address>> resolve(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  if (ip_address::parse(host)) wanted.ai_flags = AI_NUMERICHOST;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  const std::unique_ptr<addrinfo, addresses_freed> all(found);
  if (failed != 0) return fail(errc::unreachable, "cannot resolve " + host + ": " + ::gai_strerror(failed));
  std::vector<ip_address> addresses;
  for (const addrinfo* one = all.get(); one != nullptr; one = one->ai_next) {
    if (one->ai_family == AF_INET) {
      ip_address::v4_bytes bytes;
      std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in*>(one->ai_addr)->sin_addr, bytes.size());
      addresses.emplace_back(bytes);
    } else if (one->ai_family == AF_INET6) {
      ip_address::v6_bytes bytes;
      std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6*>(one->ai_addr)->sin6_addr,
                  bytes.size());
      addresses.emplace_back(bytes);
    }
  }
  return addresses;
}

result<std::vector<ip_address>> open_addresses(const server_address& server,
                                               const std::optional<address_guard>& guard) {
  auto addresses = resolve(server.host);
  if (!addresses || !guard) return addresses;
  std::string first;  // why there was none
  std::erase_if(*addresses, [&](const ip_address& one) {
    auto why = guard->refuse(one);
    if (why && first.empty()) first = *std::move(why);
    return why.has_value();
  });
  if (addresses->empty()) return fail(errc::refused, server.authority() + " must not be reached: " + first);
  return addresses;
}

/// That nobody else answers to.
result<std::string> reply_prefix() {
  unsigned char bytes[16];
  if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
    return fail(errc::io, "the system gives no random bytes");
  std::string text = "_INBOX.";
  for (const unsigned char byte : bytes)
    text.append({"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]});
  return text.append(".");
}

}  // namespace

result<std::unique_ptr<connection>> connection::open(const server_address& server,
                                                     const publisher_options& options, const wakeup& wake) {
  std::unique_ptr<connection> made(new connection);
  made->stream_ = options.stream;
  made->secrets_.hide(options.password);
  made->secrets_.hide(options.token);
  if (auto connected = made->connect(server, options, wake); !connected) {
    error why = std::move(connected).error();
    why.detail = oauth2::excerpt(why.detail, made->secrets_);
    return fail(std::move(why));
  }
  return made;
}

result<void> connection::connect(const server_address& server, const publisher_options& options,
                                 const wakeup& wake) {
  if (server.tls || !options.ca.empty() || !options.certificate.empty()) {
    if (auto loaded = load_tls(options); !loaded) return loaded;
  }
  const auto addresses = open_addresses(server, options.guard);
  if (!addresses) return fail(addresses.error());
  const auto deadline = steady_clock::now() + options.timeout;
  const auto about = [&](error why) {
    if (why.code == errc::timed_out)
      why.detail = "no answer within " + std::to_string(options.timeout.count()) + " ms";
    if (why.place.empty())
      why.detail = "no connection with the NATS server " + server.authority() + ": " + why.detail;
    return fail(std::move(why));
  };
  auto connected = transport::connect(*addresses, server.port, deadline, wake);
  if (!connected) return about(std::move(connected).error());
  bytes_ = *std::move(connected);
  if (auto greeted = greet(server, options, deadline); !greeted) return about(std::move(greeted).error());
  return {};
}

result<void> connection::load_tls(const publisher_options& options) {
  if (tls_ != nullptr) return {};
  std::vector<std::string> authorities;
  if (!options.ca.empty()) authorities.push_back(options.ca);
  auto loaded = tls::client_context::make(authorities, {options.certificate, options.key});
  if (!loaded) return fail(std::move(loaded).error());
  tls_ = *std::move(loaded);
  return {};
}

result<void> connection::greet(const server_address& server, const publisher_options& options,
                               time_point deadline) {
  if (auto heard = await(operation::kind::info, deadline); !heard) return heard;
  if (!info_.headers)
    return fail(errc::unsupported, "it has no headers, so no message ids; NATS 2.2 has them");
  const bool has_tls = server.tls || info_.tls_required;
  if (server.tls && !info_.tls_required && !info_.tls_available)
    return fail(errc::unreachable, "it offers no TLS");
  if (has_tls) {
    // What stands before the handshake would count as if it had come after it.
    if (!in_.empty()) return fail(errc::bad_request, "it does not wait for TLS");
    if (auto loaded = load_tls(options); !loaded) return loaded;
    if (auto secured = bytes_->secure(tls_, server.host, deadline); !secured) {
      error why = std::move(secured).error();
      if (why.code == errc::untrusted)
        why.detail = "TLS does not trust it: " + why.detail;
      else if (why.code == errc::unreachable)
        why.detail = "no TLS: " + why.detail;
      return fail(std::move(why));
    }
  }
  return sign_in(options, has_tls, deadline);
}

result<void> connection::sign_in(const publisher_options& options, bool has_tls, time_point deadline) {
  identity who{options.user, options.password, options.token, {}, {}};
  if (!options.credentials.empty()) {
    auto read = read_credentials(options.credentials);
    if (!read) return fail(std::move(read).error());
    auto signature = sign(read->seed, info_.nonce);
    if (!signature) return fail(std::move(signature).error());
    who.jwt = std::move(read->jwt);
    who.signature = *std::move(signature);
    secrets_.hide(read->seed);
    secrets_.hide(who.jwt);
  }
  auto prefix = reply_prefix();
  if (!prefix) return fail(std::move(prefix).error());
  prefix_ = *std::move(prefix);
  out_ += connect_line(who, has_tls);
  out_.append("SUB ").append(prefix_).append("* 1\r\nPING\r\n");
  return await(operation::kind::pong, deadline);
}

result<void> connection::await(operation::kind what, time_point deadline) {
  awaited_ = what;
  for (;;) {
    take_in();
    if (broken_) return fail(*std::exchange(broken_, std::nullopt));
    if (!complaint_.empty()) return fail(errc::refused, "it says " + complaint_);
    if (!awaited_) return {};
    switch (bytes_->exchange(out_, in_, deadline)) {
      case transport::moved::bytes:
        break;
      case transport::moved::timed_out:
        return fail(errc::timed_out, "no answer in time");
      case transport::moved::woken:
        return fail(errc::stopping, "the wait was ended");
      case transport::moved::lost:
        return fail(errc::closed, bytes_->why());
    }
    if (steady_clock::now() >= deadline) return fail(errc::timed_out, "no answer in time");
  }
}

std::uint64_t connection::begin(std::size_t count) {
  complaint_.clear();
  return answers_.begin(count);
}

bool connection::takes(const message& what) const {
  return std::cmp_less_equal(payload_bytes(what, stream_), info_.payload_bytes_max);
}

void connection::publish(const message& what, std::uint64_t number) {
  append_publish(out_, what, prefix_ + std::to_string(number), stream_);
}

transport::moved connection::exchange(time_point deadline) {
  const transport::moved how = bytes_->exchange(out_, in_, deadline);
  if (how == transport::moved::lost && complaint_.empty()) complaint_ = bytes_->why();
  take_in();
  if (!broken_) return how;
  complaint_ = broken_->detail;
  return transport::moved::lost;
}

bool connection::ping() {
  if (pings_out_ == pings_out_max) return false;
  ++pings_out_;
  out_ += "PING\r\n";
  return true;
}

std::string connection::complaint() const { return oauth2::excerpt(complaint_, secrets_); }

/// While a greeting is awaited only up to it: what follows may be TLS.
void connection::take_in() {
  std::size_t taken = 0;
  while (!broken_) {
    const auto said = read_operation(std::string_view(in_).substr(taken));
    if (!said) broken_ = said.error();
    if (!said || !*said) break;
    const bool greeting = awaited_ == operation::kind::info;
    take_in(**said);
    taken += (*said)->bytes;
    if (greeting) break;
  }
  in_.erase(0, taken);
}

void connection::take_in(const operation& said) {
  if (awaited_ == said.what) awaited_.reset();
  switch (said.what) {
    case operation::kind::info:
      if (auto info = read_info(said.text)) {
        info_ = *std::move(info);
      } else {
        broken_ = std::move(info).error();
      }
      break;
    case operation::kind::message: {
      const std::string_view suffix = said.subject.substr(std::min(prefix_.size(), said.subject.size()));
      std::uint64_t number = 0;
      const auto read = std::from_chars(suffix.data(), suffix.data() + suffix.size(), number);
      if (read.ec == std::errc() && read.ptr == suffix.data() + suffix.size())
        answers_.answered(number, {said.no_responders, std::string(said.text)});
      break;
    }
    case operation::kind::ping:
      if (!out_.ends_with(pong)) out_ += pong;  // one is enough, however many wait
      break;
    case operation::kind::pong:
      pings_out_ = 0;
      break;
    case operation::kind::error:
      complaint_ = said.text;
      break;
    case operation::kind::ok:
      break;
  }
}

}  // namespace sluice::net::nats
