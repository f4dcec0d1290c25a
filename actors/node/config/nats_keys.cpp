// Keys of a destination in a JetStream stream.
#include "actors/deliver/subject_template.hpp"
#include "actors/node/config/key_makers.hpp"
#include "net/nats/address.hpp"

namespace sluice::config {
namespace {

value_type<std::string> server() {
  return {
      "nats://HOST[:PORT] or tls://HOST[:PORT]",
      [](std::string_view text) -> parsed<std::string> {
        const auto address = net::nats::parse_address(text);
        if (!address)
          return tl::unexpected(std::string("is no address of a server: ").append(address.error().detail));
        return std::string(text);
      },
      [](const std::string& text) { return text; }};
}

value_type<std::string> subject() {
  return {"literal tokens with the places {source}, {id} and {metadata.NAME} in them, as events.{source}",
          [](std::string_view text) -> parsed<std::string> {
            const auto made = deliver::subject_template::parse(text);
            if (!made) return tl::unexpected(made.error().detail);
            return std::string(text);
          },
          [](const std::string& text) { return text; }};
}

value_type<std::string> stream() {
  auto made = text_up_to(255, 1, "a stream's name");
  made.parse = [parse = made.parse](std::string_view text) -> parsed<std::string> {
    if (text.find_first_of(" .*>/\\") != text.npos)
      return tl::unexpected(std::string("has a character that no stream's name has"));
    return parse(text);
  };
  return made;
}

}  // namespace

std::vector<key> nats_keys() {
  std::vector<key> all = {
      required(list_of(
          "destinations.*.servers", server(),
          [](const cursor& c) -> auto& { return c.destination->nats.servers; },
          "Servers of one cluster; the next is tried where one is away.")),
      required(leaf(
          "destinations.*.subject", subject(),
          [](const cursor& c) -> auto& { return c.destination->nats.subject; },
          "Subject of each event. What an event says is percent-encoded in its place, so that it stays one "
          "token.")),
      leaf(
          "destinations.*.stream", stream(),
          [](const cursor& c) -> auto& { return c.destination->nats.stream; },
          "Stream that must store the events; whichever has the subject unless said."),
      leaf(
          "destinations.*.max_in_flight", count_between<std::uint32_t>(1, 1000),
          [](const cursor& c) -> auto& { return c.destination->nats.max_in_flight; },
          "Most events that wait for their acknowledgement at once, at most `rate`; 1 keeps their order in "
          "the stream also where one fails."),
      leaf(
          "destinations.*.user", text_up_to(256, 1, "a name"),
          [](const cursor& c) -> auto& { return c.destination->nats.user; }, "Who the node is."),
      secret(leaf(
          "destinations.*.password", text_up_to(1024, 1, "a password"),
          [](const cursor& c) -> auto& { return c.destination->nats.password; }, "Never shown.")),
      secret(leaf(
          "destinations.*.token", text_up_to(1024, 1, "a token"),
          [](const cursor& c) -> auto& { return c.destination->nats.token; },
          "Instead of a user; never shown.")),
      leaf(
          "destinations.*.credentials", path_text(),
          [](const cursor& c) -> auto& { return c.destination->nats.credentials; },
          "Instead of a user: a .creds file, with a JWT and its seed."),
  };
  for (key& k : all) k.kinds = kind_bit(destination_kind::nats);
  return all;
}

}  // namespace sluice::config
