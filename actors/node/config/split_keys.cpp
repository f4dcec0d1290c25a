// Keys of how events of a destination over the network are split over endpoints and over requests at once.
#include "actors/node/config/key_makers.hpp"

namespace sluice::config {
namespace {

constexpr std::string_view metadata_prefix = "metadata.";
constexpr std::size_t member_bytes_max = 256;

value_type<std::string> split_key() {
  const std::string allowed = std::string("source, or metadata.NAME with a name of 1 to ")
                                  .append(std::to_string(member_bytes_max))
                                  .append(" bytes");
  return {allowed,
          [](std::string_view text) -> parsed<std::string> {
            if (text == "source") return std::string(text);
            if (!text.starts_with(metadata_prefix))
              return tl::unexpected(std::string("is no member of an event that has a fixed place"));
            const std::size_t name = text.size() - metadata_prefix.size();
            if (name == 0) return tl::unexpected(std::string("has no name"));
            if (name > member_bytes_max) return tl::unexpected(std::string("is too long"));
            return std::string(text);
          },
          [](const std::string& text) { return text; }};
}

}  // namespace

std::vector<key> split_keys() {
  std::vector<key> all = {
      list_of(
          "destinations.*.endpoints", http_url(),
          [](const cursor& c) -> auto& { return c.destination->split.endpoints; },
          "Where batches are posted instead of `url`: 1 to 16 URLs that share the events, each with its own "
          "rate. One that is down holds up its own share alone."),
      leaf(
          "destinations.*.ordering",
          choice<ordering>({{"strict", ordering::strict}, {"key", ordering::key}, {"none", ordering::none}}),
          [](const cursor& c) -> auto& { return c.destination->split.ordering; },
          "What arrives in the order in which it was accepted: everything that goes to an endpoint, all "
          "events "
          "of a key, or nothing."),
      leaf(
          "destinations.*.key", split_key(),
          [](const cursor& c) -> auto& { return c.destination->split.key; },
          "What endpoints and, with ordering key, requests share the events by; an event without the member "
          "goes by its source."),
      leaf(
          "destinations.*.concurrency", count_or("auto", 1, split_options::lanes_max),
          [](const cursor& c) -> auto& { return c.destination->split.concurrency; },
          "Requests in flight to each endpoint, together at most 512 (nats: bursts, each on a connection of "
          "its own, at most 32); auto: 1 with ordering strict, else 8."),
  };
  for (key& k : all) k.kinds = over_network;
  all.front().kinds = kind_bit(destination_kind::http);
  return all;
}

}  // namespace sluice::config
