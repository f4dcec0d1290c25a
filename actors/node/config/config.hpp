// What a node can be told, as plain values with the defaults of the contract. Where they come from (YAML,
// --set, the environment) is the loader's business.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/deliver/formats.hpp"
#include "actors/route/rule.hpp"
#include "actors/subscription/settings.hpp"
#include "net/address_guard/address_guard.hpp"
#include "net/oauth2/credentials.hpp"

namespace sluice::config {

inline constexpr std::uint64_t kib = 1024;
inline constexpr std::uint64_t mib = 1024 * kib;
inline constexpr std::uint64_t gib = 1024 * mib;

/// Numeric address and port; port 0 is any free one.
struct endpoint {
  std::string address;
  std::uint16_t port = 0;
  friend bool operator==(const endpoint&, const endpoint&) = default;
};

enum class invalid_event : std::uint8_t {
  quarantine,  ///< kept in the dead letters with its reason; the rest of the batch is taken
  reject,      ///< the whole batch is answered 400
};

/// Files of a listener's certificate chain (leaf first) and its key, both PEM; both empty: plain HTTP.
struct tls_options {
  std::string certificate;
  std::string key;

  bool enabled() const noexcept { return !certificate.empty(); }
};

struct ingest_options {
  endpoint listen{"127.0.0.1", 8080};
  std::uint64_t max_body = 8 * mib;
  std::uint32_t max_events = 10'000;
  std::uint64_t in_flight = 64 * mib;
  std::uint32_t connections = 2048;
  invalid_event on_invalid_event = invalid_event::quarantine;
  tls_options tls;
};

/// Empty: chosen from the processors at start.
struct scale_options {
  std::optional<std::uint32_t> io_threads, actor_threads, decoders, routers;
};

struct admin_options {
  static constexpr std::size_t tokens_max = 8;

  std::optional<endpoint> listen;  ///< empty: served by ingest.listen as long as that is loopback
  std::vector<std::string> token;  ///< any of them opens; none: whoever reaches the listener may
};

struct dedup_options {
  std::chrono::milliseconds window = std::chrono::hours(24);
  std::uint64_t max_ids = 4'000'000;
};

enum class commit_mode : std::uint8_t { fsync };
enum class kept_dropped : std::uint8_t { whole, identity };

struct checkpoint_options {
  std::string directory = "./data";
  commit_mode commit = commit_mode::fsync;
  std::uint64_t max_bytes = 20 * gib;
  std::chrono::milliseconds retention = std::chrono::hours(24);
  kept_dropped keep_dropped = kept_dropped::whole;
  std::uint64_t tail = 64 * mib;
  dedup_options dedup;

  /// Where the dead letters stand.
  std::string dead_letters() const { return directory + "/dead-letters"; }
};

/// A rule with its destinations by name.
struct route_options {
  std::string source;  ///< empty: any
  std::vector<std::pair<std::string, std::string>> metadata;
  std::vector<std::string> to;
};

enum class destination_kind : std::uint8_t { http, file, nats, discard };

struct retry_options {
  std::chrono::milliseconds initial{500};
  std::chrono::milliseconds max = std::chrono::seconds(60);
  std::chrono::milliseconds give_up_after =
      std::chrono::hours(24);  ///< `for`: age of the event since it was accepted
};

enum class backlog_full : std::uint8_t { dead_letter, reject, drop_oldest };

struct backlog_options {
  std::uint64_t max_bytes = 5 * gib;
  std::optional<std::uint64_t> max_events;           ///< empty: unlimited
  std::optional<std::chrono::milliseconds> max_age;  ///< since an event was accepted; empty: unlimited
  backlog_full when_full = backlog_full::dead_letter;
};

/// How the node proves who it is in a request's head; one kind of it, or none.
struct auth_options {
  std::string bearer;
  std::string user, password;  ///< RFC 7617
  std::string api_key_header, api_key;
  std::string token_url;  ///< OAuth 2.0, client credentials
  net::oauth2::credentials client{};
};

/// A destination over TLS: whom to believe beside the system's authorities, and the certificate to show. PEM
/// files; empty: none.
struct client_tls_options {
  std::string ca, certificate, key;
};

/// What an HTTP destination is sent, and how the node proves who it is.
struct webhook_options {
  static constexpr std::size_t headers_max = 32, sign_max = 8;

  deliver::format format = deliver::format::envelope;
  std::string type;  ///< of CloudEvents; empty: the usual one
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::string> sign;  ///< secrets as net::signature reads them
  auth_options auth{};
};

/// Where a NATS destination publishes, and how the node proves who it is: user and password, or token, or
/// credentials, or nothing.
struct nats_options {
  static constexpr std::size_t servers_max = 16;

  std::vector<std::string> servers;  ///< of one cluster, as net::nats::parse_address reads them
  std::string subject;               ///< as deliver::subject_template reads it
  std::string stream;                ///< empty: whichever has the subject
  std::string user, password, token;
  std::string credentials;            ///< file
  std::uint32_t max_in_flight = 256;  ///< events of one burst

  bool proves() const noexcept { return !user.empty() || !token.empty() || !credentials.empty(); }
};

/// In which order the events of a destination over the network arrive, when nothing fails for good.
enum class ordering : std::uint8_t {
  strict,  ///< each endpoint gets its events in the order of the log
  key,     ///< each key's events come in the order of the log
  none,
};

/// How the events of a destination over the network are split over endpoints and over requests at once.
struct split_options {
  static constexpr std::size_t endpoints_max = 16, lanes_max = 512, nats_lanes_max = 32;
  static constexpr std::uint32_t concurrency_unless_strict = 8;

  std::vector<std::string> endpoints;  ///< http: URLs; empty: destination_options::url alone
  config::ordering ordering = ordering::strict;
  std::optional<std::uint32_t> concurrency;  ///< requests in flight to each endpoint; empty: by the ordering
  std::string key = "source";                ///< `source`, or `metadata.NAME`

  std::uint32_t requests() const noexcept {
    return concurrency.value_or(ordering == ordering::strict ? 1 : concurrency_unless_strict);
  }
};

/// When the events of a request count against the rate for the last time.
enum class rate_counts : std::uint8_t { answer, arrival };

/// Where a new destination begins.
enum class begins : std::uint8_t {
  now,
  oldest,  ///< with the oldest event that the log retains whole
};

struct destination_options {
  static constexpr std::size_t allow_max = 64;

  std::string name;
  destination_kind kind = destination_kind::discard;
  std::string url{};                         ///< http
  std::string path{};                        ///< file
  std::optional<std::uint32_t> rate = 1000;  ///< events in any second at an endpoint; empty: unlimited
  std::uint32_t batch = 100;                 ///< http: events of one request
  std::uint64_t batch_bytes = 1 * mib;       ///< http: bytes of them, unless one alone is larger
  std::chrono::milliseconds linger{0};       ///< http: longest wait for a fuller batch
  std::chrono::milliseconds timeout = std::chrono::seconds(5);
  config::rate_counts rate_counts = rate_counts::answer;  ///< http
  begins from = begins::now;
  retry_options retry{};
  backlog_options backlog{};
  webhook_options webhook{};          ///< http
  nats_options nats{};                ///< nats
  client_tls_options tls{};           ///< over the network
  std::vector<net::network> allow{};  ///< over the network: ranges that it may be in beside the internet's
  split_options split{};              ///< over the network

  /// http and nats: it may be away, and what was sent to it may be on its way.
  bool over_network() const noexcept {
    return kind == destination_kind::http || kind == destination_kind::nats;
  }

  std::size_t endpoint_count() const noexcept { return split.endpoints.empty() ? 1 : split.endpoints.size(); }
  /// URL of endpoint `at`.
  const std::string& endpoint_url(std::size_t at) const {
    return split.endpoints.empty() ? url : split.endpoints[at];
  }
  /// Lanes that its events are split over; lane i sends to endpoint i % endpoint_count().
  std::size_t lane_count() const noexcept { return over_network() ? endpoint_count() * split.requests() : 1; }
};

struct dead_letter_options {
  std::uint64_t max_bytes = 2 * gib;
};

struct genesys_options {
  std::string region;               ///< empty: login_url and base_url are given
  std::string login_url, base_url;  ///< empty: the region's
  std::string ca;                   ///< file of one more authority; empty: the system's alone
  net::oauth2::credentials credentials{};
  std::chrono::milliseconds check_interval = std::chrono::seconds(60);
  subscription::specification subscription{};
};

enum class audit_event : std::uint8_t { routed, dropped, quarantined, delivered, dead_lettered };

struct audit_options {
  std::string path = "-";  ///< `-`: standard output
  std::uint64_t backlog = 1 * gib;
  std::vector<audit_event> events = {audit_event::routed, audit_event::dropped, audit_event::quarantined,
                                     audit_event::delivered, audit_event::dead_lettered};
};

struct shutdown_options {
  std::chrono::milliseconds timeout = std::chrono::seconds(10);
};

enum class log_level : std::uint8_t { debug, info, warn, error };
enum class log_format : std::uint8_t { json, text };

struct log_options {
  log_level level = log_level::info;
  log_format format = log_format::json;
};

/// An event and where it must go; nowhere: it must be dropped.
struct routing_test {
  std::string event;  ///< JSON
  std::vector<std::string> to;
  std::string place;  ///< file:line:column
};

struct config {
  ingest_options ingest;
  scale_options scale;
  admin_options admin;
  checkpoint_options checkpoint;
  route::match_mode match = route::match_mode::first;
  std::vector<route_options> routes;
  std::vector<destination_options> destinations;  ///< in the order of the file, names distinct
  dead_letter_options dead_letters;
  std::optional<genesys_options> genesys;  ///< empty: the node only listens
  audit_options audit;
  shutdown_options shutdown;
  log_options log;
  std::vector<routing_test> tests;

  /// Paths of the keys whose values are secrets or came from the environment or another file, sorted: never
  /// to be shown.
  std::vector<std::string> hidden;
  bool is_hidden(std::string_view path) const { return std::ranges::binary_search(hidden, path); }
};

/// Bounds that hold across keys.
inline constexpr std::size_t destinations_max = 256;
inline constexpr std::size_t lanes_max = 2048;  ///< of all destinations together
inline constexpr std::size_t rules_max = 1000;
inline constexpr std::size_t tests_max = 1000;
inline constexpr std::uint64_t segment_bytes = 64 * mib;
/// Of checkpoint.max_bytes: four segments and as much again for side files and what recovery copies.
inline constexpr std::uint64_t log_bytes_min = 8 * segment_bytes;

}  // namespace sluice::config
