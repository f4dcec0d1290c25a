#include "net/nats/connection.hpp"

#include <nats/nats.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "messages/json_string.hpp"
#include "net/nats/handshake_limit.hpp"
#include "net/nats/publisher.hpp"
#include "net/oauth2/redactor.hpp"
#include "net/origin.hpp"
#include "net/tls/context.hpp"

namespace sluice::net::nats {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* what) const noexcept {
    Free(what);
  }
};
using options_ptr = std::unique_ptr<natsOptions, freed_by<natsOptions_Destroy>>;
using connection_ptr = std::unique_ptr<natsConnection, freed_by<natsConnection_Destroy>>;
using subscription_ptr = std::unique_ptr<natsSubscription, freed_by<natsSubscription_Destroy>>;
using message_ptr = std::unique_ptr<natsMsg, freed_by<natsMsg_Destroy>>;
using addrinfo_ptr = std::unique_ptr<addrinfo, freed_by<::freeaddrinfo>>;

constexpr std::int64_t ping_interval_ms = 20'000;  // of an idle connection, so that its loss is noticed
constexpr int pings_out_max = 2;
constexpr int waiting_answers_max = 64 * 1024, waiting_bytes_max = 64 * 1024 * 1024;  // for their callback

milliseconds left_until(steady_clock::time_point deadline) {
  return std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
}

/// libnats puts texts between quotes into the JSON of CONNECT as they are.
std::string as_json_text(std::string_view text) {
  std::string quoted;
  append_json_string(quoted, text);
  return quoted.substr(1, quoted.size() - 2);
}

/// What this thread's last call said of itself, without the line of libnats's source that it begins with.
std::string describe(natsStatus status) {
  const std::string known = natsStatus_GetText(status);
  const char* const last = nats_GetLastError(nullptr);
  std::string_view said = last == nullptr ? "" : last;
  if (const auto end = said.find("): "); said.starts_with('(') && end != said.npos)
    said.remove_prefix(end + 3);
  return said.empty() || said == known ? known : known + ": " + std::string(said);
}

result<std::vector<ip_address>> resolve(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_ADDRCONFIG;
  if (ip_address::parse(host)) wanted.ai_flags = AI_NUMERICHOST;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found);
  const addrinfo_ptr all(found);
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

void on_answer(natsConnection*, natsSubscription*, natsMsg* came, void* closure) noexcept {
  const message_ptr what(came);
  const auto to = inbox::find(closure);
  if (to == nullptr) return;
  const std::string_view subject = natsMsg_GetSubject(what.get());
  const std::string_view suffix = subject.substr(subject.rfind('.') + 1);
  std::uint64_t number = 0;
  const auto read = std::from_chars(suffix.data(), suffix.data() + suffix.size(), number);
  if (read.ec != std::errc() || read.ptr != suffix.data() + suffix.size()) return;
  if (natsMsg_IsNoResponders(what.get())) return to->answered(number, {true, {}});
  const int bytes = std::max(natsMsg_GetDataLength(what.get()), 0);
  to->answered(number, {false, std::string(natsMsg_GetData(what.get()), static_cast<std::size_t>(bytes))});
}

void take_complaint(natsConnection* on, inbox& to) {
  const char* text = nullptr;
  const natsStatus status = natsConnection_GetLastError(on, &text);
  if (text != nullptr && *text != '\0') {
    to.complain(text);
  } else if (status != NATS_OK) {
    to.complain(natsStatus_GetText(status));
  }
}

/// Without one libnats writes to standard error.
void on_error(natsConnection* on, natsSubscription*, natsStatus, void* closure) noexcept {
  if (const auto of = inbox::find(closure)) take_complaint(on, *of);
}

void on_closed(natsConnection* on, void* closure) noexcept {
  const auto of = inbox::find(closure);
  if (of == nullptr) return;
  take_complaint(on, *of);
  of->lost();
}

/// The files are looked at here, because libnats does not say what is wrong with them.
result<void> check_files(const publisher_options& options) {
  std::vector<std::string> authorities;
  if (!options.ca.empty()) authorities.push_back(options.ca);
  if (auto made = tls::client_context::make(authorities, {options.certificate, options.key}); !made)
    return fail(std::move(made).error());
  return {};
}

}  // namespace

struct connection::impl {
  std::shared_ptr<inbox> answers = inbox::make();
  std::string stream;
  oauth2::redactor secrets;
  std::string inbox_prefix;  // ends with a dot
  connection_ptr nats;
  subscription_ptr subscription;

  result<void> connect(const server_address& server, const publisher_options& options);

 private:
  natsStatus prepare(natsOptions* to, const server_address& server, const publisher_options& options);
  natsStatus connect_to(natsOptions* with, const ip_address& address, std::uint16_t port,
                        steady_clock::time_point deadline);
  natsStatus listen();
};

natsStatus connection::impl::prepare(natsOptions* to, const server_address& server,
                                     const publisher_options& options) {
  const auto unless_empty = [](const std::string& text, auto&& set) {
    return text.empty() ? NATS_OK : set(text.c_str());
  };
  const auto steps = {
      natsOptions_SetName(to, "sluice"),
      natsOptions_SetAllowReconnect(to, false),
      natsOptions_SetIgnoreDiscoveredServers(to, true),
      natsOptions_SetWriteDeadline(to, options.timeout.count()),
      natsOptions_SetPingInterval(to, ping_interval_ms),
      natsOptions_SetMaxPingsOut(to, pings_out_max),
      natsOptions_SetErrorHandler(to, on_error, answers->handle()),
      natsOptions_SetClosedCB(to, on_closed, answers->handle()),
      // A server may also ask for TLS without tls://.
      server.tls ? natsOptions_SetSecure(to, true) : NATS_OK,
      natsOptions_SetExpectedHostname(to, server.host.c_str()),
      unless_empty(options.ca,
                   [&](const char* file) { return natsOptions_LoadCATrustedCertificates(to, file); }),
      unless_empty(
          options.certificate,
          [&](const char* file) { return natsOptions_LoadCertificatesChain(to, file, options.key.c_str()); }),
      unless_empty(as_json_text(options.user),
                   [&](const char* user) {
                     return natsOptions_SetUserInfo(to, user, as_json_text(options.password).c_str());
                   }),
      unless_empty(as_json_text(options.token),
                   [&](const char* text) { return natsOptions_SetToken(to, text); }),
      unless_empty(
          options.credentials,
          [&](const char* file) { return natsOptions_SetUserCredentialsFromFiles(to, file, nullptr); }),
  };
  const auto bad = std::ranges::find_if(steps, [](natsStatus s) { return s != NATS_OK; });
  return bad == steps.end() ? NATS_OK : *bad;
}

natsStatus connection::impl::connect_to(natsOptions* with, const ip_address& address, std::uint16_t port,
                                        steady_clock::time_point deadline) {
  const std::string url = "nats://" + authority_text(address.text(), port, 0);
  natsStatus status = natsOptions_SetURL(with, url.c_str());
  if (status == NATS_OK)
    status = natsOptions_SetTimeout(with, std::max<std::int64_t>(left_until(deadline).count(), 1));
  if (status != NATS_OK) return status;
  const handshake_limit limit(deadline);
  natsConnection* made = nullptr;
  status = natsConnection_Connect(&made, with);
  nats.reset(made);
  return status;
}

natsStatus connection::impl::listen() {
  natsInbox* unique = nullptr;
  natsStatus status = natsInbox_Create(&unique);
  if (status != NATS_OK) return status;
  inbox_prefix.assign(unique).append(".");
  natsInbox_Destroy(unique);
  natsSubscription* made = nullptr;
  status =
      natsConnection_Subscribe(&made, nats.get(), (inbox_prefix + "*").c_str(), on_answer, answers->handle());
  subscription.reset(made);
  if (status != NATS_OK) return status;
  return natsSubscription_SetPendingLimits(made, waiting_answers_max, waiting_bytes_max);
}

result<void> connection::impl::connect(const server_address& server, const publisher_options& options) {
  if (auto good = check_files(options); !good) return good;
  const auto addresses = open_addresses(server, options.guard);
  if (!addresses) return fail(addresses.error());

  natsOptions* made = nullptr;
  natsStatus status = natsOptions_Create(&made);
  const options_ptr with(made);
  if (status == NATS_OK) status = prepare(made, server, options);
  if (status != NATS_OK) return fail(errc::invalid_config, "NATS cannot be used: " + describe(status));

  const auto deadline = steady_clock::now() + options.timeout;
  for (const ip_address& address : *addresses) {
    status = connect_to(made, address, server.port, deadline);
    if (status == NATS_OK || status == NATS_CONNECTION_AUTH_FAILED || steady_clock::now() >= deadline) break;
  }
  const std::string with_server = " with the NATS server " + server.authority();
  if (status != NATS_OK && steady_clock::now() >= deadline)
    return fail(errc::timed_out,
                "no connection" + with_server + " within " + std::to_string(options.timeout.count()) + " ms");
  switch (status) {
    case NATS_OK:
      break;
    case NATS_NO_SERVER:
      return fail(errc::unreachable, "no connection" + with_server + ": nobody listens there");
    case NATS_CONNECTION_AUTH_FAILED:
      return fail(errc::refused, "no credentials that count" + with_server + ": " + describe(status));
    case NATS_SECURE_CONNECTION_WANTED:
      return fail(errc::unreachable, "no TLS" + with_server + ": it offers none");
    case NATS_SSL_ERROR:
      return fail(errc::untrusted, "no TLS" + with_server + ": " + describe(status));
    default:
      return fail(errc::unreachable, "no connection" + with_server + ": " + describe(status));
  }
  if (natsConnection_HasHeaderSupport(nats.get()) != NATS_OK)
    return fail(errc::unsupported,
                "no headers" + with_server + ", so no message ids; NATS 2.2 or newer has them");
  status = listen();
  if (status != NATS_OK) return fail(errc::unreachable, "no inbox" + with_server + ": " + describe(status));
  return {};
}

connection::connection(std::unique_ptr<impl> i) : impl_(std::move(i)) {}

connection::~connection() { close(); }

result<std::shared_ptr<connection>> connection::open(const server_address& server,
                                                     const publisher_options& options) {
  auto made = std::make_unique<impl>();
  made->stream = options.stream;
  made->secrets.hide(options.password);
  made->secrets.hide(options.token);
  if (auto connected = made->connect(server, options); !connected) {
    error why = std::move(connected).error();
    why.detail = oauth2::excerpt(why.detail, made->secrets);
    return fail(std::move(why));
  }
  return std::shared_ptr<connection>(new connection(std::move(made)));
}

inbox& connection::answers() noexcept { return *impl_->answers; }

bool connection::is_open() const {
  return !impl_->answers->is_lost() && natsConnection_Status(impl_->nats.get()) == NATS_CONN_STATUS_CONNECTED;
}

std::string connection::complaint() const {
  return oauth2::excerpt(impl_->answers->complaint(), impl_->secrets);
}

std::int64_t connection::payload_bytes_max() const { return natsConnection_GetMaxPayload(impl_->nats.get()); }

connection::put connection::publish(const message& what, std::uint64_t number) {
  if (what.body.size() > static_cast<std::size_t>(payload_bytes_max())) return put::too_large;
  const std::string reply = impl_->inbox_prefix + std::to_string(number);
  natsMsg* made = nullptr;
  natsStatus status = natsMsg_Create(&made, what.subject.c_str(), reply.c_str(), what.body.data(),
                                     static_cast<int>(what.body.size()));
  const message_ptr out(made);
  if (status == NATS_OK) status = natsMsgHeader_Set(made, "Nats-Msg-Id", what.id.c_str());
  if (status == NATS_OK && !impl_->stream.empty())
    status = natsMsgHeader_Set(made, "Nats-Expected-Stream", impl_->stream.c_str());
  if (status == NATS_OK) status = natsConnection_PublishMsg(impl_->nats.get(), made);
  if (status == NATS_MAX_PAYLOAD) return put::too_large;
  return status == NATS_OK ? put::queued : put::failed;
}

bool connection::flush(steady_clock::time_point deadline) {
  const auto left = left_until(deadline);
  return left.count() > 0 && natsConnection_FlushTimeout(impl_->nats.get(), left.count()) == NATS_OK;
}

void connection::release_thread() noexcept { nats_ReleaseThreadMemory(); }

void connection::close() { natsConnection_Close(impl_->nats.get()); }

}  // namespace sluice::net::nats
