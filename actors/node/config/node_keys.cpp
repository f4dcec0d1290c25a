// Keys of the node itself: what it takes in, how it keeps it, how it speaks of it.
#include "actors/node/config/key_makers.hpp"

namespace sluice::config {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

value_type<std::optional<endpoint>> optional_listen_address() {
  return {
      listen_address().allowed,
      [](std::string_view text) -> parsed<std::optional<endpoint>> {
        return parse_endpoint(text).map([](endpoint at) { return std::optional<endpoint>(std::move(at)); });
      },
      [](const std::optional<endpoint>& at) { return at ? print_endpoint(*at) : std::string(); }};
}

value_type<std::string> token() {
  constexpr std::size_t least = 16, most = 256;
  return {range_text(std::to_string(least), std::to_string(most)).append(" characters without spaces"),
          [](std::string_view text) -> parsed<std::string> {
            if (text.size() < least) return tl::unexpected(std::string("is too short to be a secret"));
            if (text.size() > most) return tl::unexpected(std::string("is too long"));
            if (!std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; }))
              return tl::unexpected(std::string("has characters that a header field's token cannot have"));
            return std::string(text);
          },
          [](const std::string& text) { return text; }};
}

}  // namespace

std::vector<key> node_keys() {
  const auto threads = count_or("auto", 1, 256);
  return {
      leaf(
          "ingest.listen", listen_address(), [](const cursor& c) -> auto& { return c.all.ingest.listen; },
          "Address of the ingestion listener; port 0 takes any free one."),
      leaf(
          "ingest.max_body", size_between(1 * kib, 32 * mib),
          [](const cursor& c) -> auto& { return c.all.ingest.max_body; },
          "Largest body of a request; a larger one is answered 413."),
      leaf(
          "ingest.max_events", count_between<std::uint32_t>(1, 100'000),
          [](const cursor& c) -> auto& { return c.all.ingest.max_events; },
          "Most events of one batch; more are answered 413."),
      leaf(
          "ingest.in_flight", size_between(1 * mib, 16 * gib),
          [](const cursor& c) -> auto& { return c.all.ingest.in_flight; },
          "Bytes of requests that may be under way at once, at least max_body; beyond it the answer is 429."),
      leaf(
          "ingest.connections", count_between<std::uint32_t>(1, 100'000),
          [](const cursor& c) -> auto& { return c.all.ingest.connections; }, "Most connections at once."),
      leaf(
          "ingest.on_invalid_event",
          choice<invalid_event>(
              {{"quarantine", invalid_event::quarantine}, {"reject", invalid_event::reject}}),
          [](const cursor& c) -> auto& { return c.all.ingest.on_invalid_event; },
          "What becomes of an event that is JSON but no valid event: kept in the dead letters, or its batch "
          "answered 400."),
      leaf(
          "ingest.tls.certificate", path_text(),
          [](const cursor& c) -> auto& { return c.all.ingest.tls.certificate; },
          "PEM file of the listener's certificate, its chain behind it; with it the listener speaks TLS "
          "alone."),
      leaf(
          "ingest.tls.key", path_text(), [](const cursor& c) -> auto& { return c.all.ingest.tls.key; },
          "PEM file of the certificate's key, not readable by everybody."),
      leaf(
          "scale.io_threads", threads, [](const cursor& c) -> auto& { return c.all.scale.io_threads; },
          "Threads that serve sockets; auto: half of the processors, rounded up."),
      leaf(
          "scale.actor_threads", threads, [](const cursor& c) -> auto& { return c.all.scale.actor_threads; },
          "Threads that run actors; auto: half of the processors, rounded up."),
      leaf(
          "scale.decoders", threads, [](const cursor& c) -> auto& { return c.all.scale.decoders; },
          "Actors that decode batches; auto: as many as actor_threads."),
      leaf(
          "scale.routers", threads, [](const cursor& c) -> auto& { return c.all.scale.routers; },
          "Actors that route batches; auto: one for every two actor_threads."),
      leaf(
          "admin.listen", optional_listen_address(),
          [](const cursor& c) -> auto& { return c.all.admin.listen; },
          "Address of the admin listener; without it ingest.listen serves it too, as long as that is "
          "loopback."),
      secret(list_of(
          "admin.token", token(), [](const cursor& c) -> auto& { return c.all.admin.token; },
          "What Authorization: Bearer must show on the admin listener, any of them, two while they change; "
          "needed off loopback.")),
      leaf(
          "checkpoint.directory", path_text(),
          [](const cursor& c) -> auto& { return c.all.checkpoint.directory; },
          "Directory of the log; one process at a time."),
      leaf(
          "checkpoint.commit", choice<commit_mode>({{"fsync", commit_mode::fsync}}),
          [](const cursor& c) -> auto& { return c.all.checkpoint.commit; },
          "When a batch counts as kept: after fdatasync."),
      leaf(
          "checkpoint.max_bytes", size_between(log_bytes_min, disk_bytes_max),
          [](const cursor& c) -> auto& { return c.all.checkpoint.max_bytes; },
          "Bytes that the log may take on disk; one segment of reserve comes on top, and what is copied for "
          "destinations that are behind, within their backlog."),
      leaf(
          "checkpoint.retention", duration_between(seconds(0), hours(24 * 365)),
          [](const cursor& c) -> auto& { return c.all.checkpoint.retention; },
          "How long what is settled stays for replay and explain; max_bytes goes before it."),
      leaf(
          "checkpoint.keep_dropped",
          choice<kept_dropped>({{"whole", kept_dropped::whole}, {"identity", kept_dropped::identity}}),
          [](const cursor& c) -> auto& { return c.all.checkpoint.keep_dropped; },
          "What the log keeps of events that no rule wanted: all of it, or id, source and metadata."),
      leaf(
          "checkpoint.tail", size_between(1 * mib, 16 * gib),
          [](const cursor& c) -> auto& { return c.all.checkpoint.tail; },
          "Newest part of the log that stays in memory for its readers."),
      leaf(
          "checkpoint.dedup.window", duration_between(seconds(1), hours(24 * 30)),
          [](const cursor& c) -> auto& { return c.all.checkpoint.dedup.window; },
          "How long an event's identity is remembered, in time that the node runs."),
      leaf(
          "checkpoint.dedup.max_ids", count_between<std::uint64_t>(1000, 1U << 30U),
          [](const cursor& c) -> auto& { return c.all.checkpoint.dedup.max_ids; },
          "Most identities remembered; beyond it the oldest leaves early."),
      leaf(
          "match",
          choice<route::match_mode>({{"first", route::match_mode::first}, {"all", route::match_mode::all}}),
          [](const cursor& c) -> auto& { return c.all.match; },
          "Whether an event goes where its first matching rule says, or where any does."),
      leaf(
          "dead_letters.max_bytes", size_between(64 * mib, disk_bytes_max),
          [](const cursor& c) -> auto& { return c.all.dead_letters.max_bytes; },
          "Bytes that the dead letters may take on disk."),
      leaf(
          "audit.path", path_text(), [](const cursor& c) -> auto& { return c.all.audit.path; },
          "File that gets a JSON line for each decision; - is standard output."),
      leaf(
          "audit.backlog", size_between(64 * mib, disk_bytes_max),
          [](const cursor& c) -> auto& { return c.all.audit.backlog; },
          "How far the audit may lag behind the log, in bytes of it, before batches are answered 503."),
      list_of(
          "audit.events",
          choice<audit_event>({{"routed", audit_event::routed},
                               {"dropped", audit_event::dropped},
                               {"quarantined", audit_event::quarantined},
                               {"delivered", audit_event::delivered},
                               {"dead_lettered", audit_event::dead_lettered}}),
          [](const cursor& c) -> auto& { return c.all.audit.events; }, "Decisions that get a line."),
      leaf(
          "shutdown.timeout", duration_between(seconds(1), hours(1)),
          [](const cursor& c) -> auto& { return c.all.shutdown.timeout; },
          "How long a stop may take until what is under way is left to the log."),
      leaf(
          "log.level",
          choice<log_level>({{"debug", log_level::debug},
                             {"info", log_level::info},
                             {"warn", log_level::warn},
                             {"error", log_level::error}}),
          [](const cursor& c) -> auto& { return c.all.log.level; }, "Least severity that is written."),
      leaf(
          "log.format", choice<log_format>({{"json", log_format::json}, {"text", log_format::text}}),
          [](const cursor& c) -> auto& { return c.all.log.format; },
          "Form of the node's own log lines on standard error."),
  };
}

}  // namespace sluice::config
