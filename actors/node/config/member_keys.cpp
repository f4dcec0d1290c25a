// Keys of rules, tests and destinations.
#include "actors/deliver/rate_window.hpp"
#include "actors/node/config/key_makers.hpp"
#include "net/http/client.hpp"

namespace sluice::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr kind_set http_only = kind_bit(destination_kind::http);
constexpr kind_set all_but_discard = over_network | kind_bit(destination_kind::file);

value_type<std::string> destination_name() { return text_up_to(64, 1, "a name of a destination"); }

}  // namespace

value_type<std::string> http_url() {
  return {"http[s]://HOST[:PORT][/PATH][?QUERY]",
          [](std::string_view text) -> parsed<std::string> {
            const auto url = net::http::parse_url(text);
            if (!url)
              return tl::unexpected(std::string("is not a URL to send to: ").append(url.error().detail));
            return std::string(text);
          },
          [](const std::string& text) { return text; }};
}

std::vector<key> route_keys() {
  key metadata;
  metadata.path = "routes[].metadata";
  metadata.form = shape::string_map;
  metadata.allowed = "a map of strings";
  metadata.doc = "Members that the event's metadata must have, with these values.";
  metadata.set = [](const cursor& c, std::string_view name,
                    std::string_view text) -> std::optional<std::string> {
    c.route->metadata.emplace_back(name, text);
    return std::nullopt;
  };
  metadata.clear = [](const cursor& c) { c.route->metadata.clear(); };

  key event;
  event.path = "tests[].event";
  event.form = shape::json;
  event.allowed = "an event as a map";
  event.doc = "An event as it would be sent.";
  event.required = true;
  event.set = [](const cursor& c, std::string_view, std::string_view text) -> std::optional<std::string> {
    c.test->event = text;
    return std::nullopt;
  };
  return {
      leaf(
          "routes[].source", text_up_to(1024, 0, "an RE2 pattern"),
          [](const cursor& c) -> auto& { return c.route->source; },
          "RE2 pattern that must be found in the event's source; empty fits any."),
      std::move(metadata),
      required(list_of(
          "routes[].to", destination_name(), [](const cursor& c) -> auto& { return c.route->to; },
          "Destinations that get the event.")),
      std::move(event),
      required(list_of(
          "tests[].to", destination_name(), [](const cursor& c) -> auto& { return c.test->to; },
          "Destinations that it must go to; [] when it must be dropped.")),
  };
}

std::vector<key> destination_keys() {
  const auto kinds = choice<destination_kind>({{"http", destination_kind::http},
                                               {"file", destination_kind::file},
                                               {"nats", destination_kind::nats},
                                               {"discard", destination_kind::discard}});
  const auto wait = duration_between(milliseconds(10), hours(24));
  return {
      required(leaf(
          "destinations.*.kind", kinds, [](const cursor& c) -> auto& { return c.destination->kind; },
          "How it is reached; discard takes everything and delivers nowhere.")),
      only(http_only,
           leaf(
               "destinations.*.url", http_url(), [](const cursor& c) -> auto& { return c.destination->url; },
               "Where batches are posted; it, or `endpoints`.")),
      only(kind_bit(destination_kind::file), required(leaf(
                                                 "destinations.*.path", path_text(),
                                                 [](const cursor& c) -> auto& { return c.destination->path; },
                                                 "File that gets one event a line."))),
      leaf(
          "destinations.*.from", choice<begins>({{"now", begins::now}, {"oldest", begins::oldest}}),
          [](const cursor& c) -> auto& { return c.destination->from; },
          "Where it begins when it is new: with what comes from now on, or with the oldest event that the "
          "log still has whole; the start copies those first."),
      leaf(
          "destinations.*.rate", count_or("unlimited", 1, deliver::rate_window::rate_max),
          [](const cursor& c) -> auto& { return c.destination->rate; },
          "Most events in any second, at each endpoint where there are several; http: 1 to 1000."),
      only(http_only,
           leaf(
               "destinations.*.rate_counts",
               choice<rate_counts>({{"answer", rate_counts::answer}, {"arrival", rate_counts::arrival}}),
               [](const cursor& c) -> auto& { return c.destination->rate_counts; },
               "When a receiver counts an event at the latest: as it answers, or, of use where answers take "
               "long, as the request reaches its socket.")),
      only(http_only,
           leaf(
               "destinations.*.batch", count_between<std::uint32_t>(1, 1000),
               [](const cursor& c) -> auto& { return c.destination->batch; },
               "Most events of one request, at most `rate`; the smaller of 100 and `rate` unless said.")),
      only(http_only, leaf(
                          "destinations.*.batch_bytes", size_between(1 * kib, 16 * mib),
                          [](const cursor& c) -> auto& { return c.destination->batch_bytes; },
                          "Most bytes of events in one request; an event that is larger goes alone.")),
      only(http_only, leaf(
                          "destinations.*.linger", duration_between(milliseconds(0), seconds(60)),
                          [](const cursor& c) -> auto& { return c.destination->linger; },
                          "How long an event may wait for a fuller batch; 0s sends what is there.")),
      only(over_network,
           leaf(
               "destinations.*.timeout", duration_between(milliseconds(100), std::chrono::minutes(5)),
               [](const cursor& c) -> auto& { return c.destination->timeout; },
               "How long an attempt may take.")),
      only(all_but_discard, leaf(
                                "destinations.*.retry.initial", wait,
                                [](const cursor& c) -> auto& { return c.destination->retry.initial; },
                                "Wait after the first failure; it doubles with each further one.")),
      only(all_but_discard, leaf(
                                "destinations.*.retry.max", wait,
                                [](const cursor& c) -> auto& { return c.destination->retry.max; },
                                "Longest wait between two attempts.")),
      only(over_network, leaf(
                             "destinations.*.retry.for", duration_between(seconds(1), hours(24 * 30)),
                             [](const cursor& c) -> auto& { return c.destination->retry.give_up_after; },
                             "Age at which an event goes to the dead letters.")),
      leaf(
          "destinations.*.backlog.max_bytes", size_between(64 * mib, disk_bytes_max),
          [](const cursor& c) -> auto& { return c.destination->backlog.max_bytes; },
          "Bytes that its unsettled events may hold: its share of the log, and what was copied from segments "
          "that are gone."),
      leaf(
          "destinations.*.backlog.max_events",
          or_word("unlimited", count_between<std::uint64_t>(1, 1'000'000'000'000)),
          [](const cursor& c) -> auto& { return c.destination->backlog.max_events; },
          "Unsettled events that it may hold."),
      leaf(
          "destinations.*.backlog.max_age",
          or_word("unlimited", duration_between(seconds(1), hours(24 * 365))),
          [](const cursor& c) -> auto& { return c.destination->backlog.max_age; },
          "How long after it was accepted an unsettled event may stay in it."),
      leaf(
          "destinations.*.backlog.when_full",
          choice<backlog_full>({{"dead_letter", backlog_full::dead_letter},
                                {"reject", backlog_full::reject},
                                {"drop_oldest", backlog_full::drop_oldest}}),
          [](const cursor& c) -> auto& { return c.destination->backlog.when_full; },
          "What gives way when its backlog is full: its events, the batches that bring more (503), or its "
          "oldest events."),
  };
}

}  // namespace sluice::config
