// Keys of what an HTTP destination is sent, and of how the node proves who it is.
#include "actors/deliver/request_maker.hpp"
#include "actors/node/config/key_makers.hpp"
#include "net/address_guard/address_guard.hpp"
#include "net/http/field.hpp"
#include "net/signature/standard_webhooks.hpp"

namespace sluice::config {
namespace {

using deliver::format;

constexpr std::size_t header_value_bytes_max = 4096;

value_type<std::string> signing_secret() {
  return {"whsec_ and base64 of 24 to 64 bytes, or a text of 16 to 256 bytes",
          [](std::string_view text) -> parsed<std::string> {
            const auto secret = net::signature::secret::parse(text);
            if (!secret) return tl::unexpected(secret.error().detail);
            return std::string(text);
          },
          [](const std::string& text) { return text; }};
}

value_type<net::network> network() {
  return {"an IP address, or a range of them as 10.0.0.0/8 or fd00::/8",
          [](std::string_view text) -> parsed<net::network> {
            auto read = net::parse_network(text);
            if (!read) return tl::unexpected(read.error().detail);
            return *read;
          },
          [](const net::network& range) { return range.text(); }};
}

std::optional<std::string> wrong_header(const webhook_options& w, std::string_view name,
                                        std::string_view value) {
  if (w.headers.size() == webhook_options::headers_max)
    return "is one too many, " + std::to_string(webhook_options::headers_max) + " is the most";
  if (!net::http::is_field_name(name)) return "is for no name that HTTP allows";
  if (!deliver::is_free_field(name)) return "is for a header that the node writes itself";
  if (!net::http::is_field_value(value)) return "has control characters";
  if (value.size() > header_value_bytes_max) return "is too long";
  if (std::ranges::any_of(w.headers, [&](const auto& h) { return net::http::same_name(h.first, name); }))
    return "is for a header that is there already";
  return std::nullopt;
}

key headers() {
  key k;
  k.path = "destinations.*.headers";
  k.form = shape::string_map;
  k.allowed = "a map of at most " + std::to_string(webhook_options::headers_max) +
              " names and values of up to " + std::to_string(header_value_bytes_max) + " bytes";
  k.doc = "Headers that each request has beside the node's own; their values are never shown.";
  k.set = [](const cursor& c, std::string_view name, std::string_view text) -> std::optional<std::string> {
    webhook_options& w = c.destination->webhook;
    if (auto wrong = wrong_header(w, name, text)) return wrong;
    w.headers.emplace_back(name, text);
    return std::nullopt;
  };
  k.clear = [](const cursor& c) { c.destination->webhook.headers.clear(); };
  return k;
}

}  // namespace

std::vector<key> http_keys() {
  std::vector<key> all = {
      leaf(
          "destinations.*.format",
          choice<format>({{"envelope", format::envelope},
                          {"event", format::event},
                          {"cloudevents", format::cloudevents},
                          {"cloudevents_batch", format::cloudevents_batch}}),
          [](const cursor& c) -> auto& { return c.destination->webhook.format; },
          "What a request's body is: a batch in its envelope, an event as it came, or CloudEvents 1.0."),
      leaf(
          "destinations.*.type", text_up_to(256, 1, "a type of events"),
          [](const cursor& c) -> auto& { return c.destination->webhook.type; },
          "Type of the CloudEvents; sluice.event, or an EventBridge event's detail-type, unless said."),
      secret(headers()),
      secret(list_of(
          "destinations.*.sign", signing_secret(),
          [](const cursor& c) -> auto& { return c.destination->webhook.sign; },
          "Secrets that each request is signed with as Standard Webhooks has it; two while they change.")),
      list_of(
          "destinations.*.allow", network(), [](const cursor& c) -> auto& { return c.destination->allow; },
          "Ranges that it may be in although they are no public ones: this host, private networks."),
  };
  for (key& k : all) k.kinds = kind_bit(destination_kind::http);
  all.back().kinds = over_network;
  return all;
}

}  // namespace sluice::config
