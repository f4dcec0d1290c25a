// Keys of how the node proves to an HTTP destination who it is, and of how it knows any over the network.
#include "actors/node/config/key_makers.hpp"
#include "net/http/field.hpp"

namespace sluice::config {
namespace {

/// A text that stands in a field of a request's head.
value_type<std::string> field_text(std::size_t bytes, std::string what) {
  auto made = text_up_to(bytes, 1, std::move(what));
  made.parse = [parse = made.parse](std::string_view text) -> parsed<std::string> {
    if (!net::http::is_field_value(text))
      return tl::unexpected(std::string("has characters that no header may have"));
    return parse(text);
  };
  return made;
}

value_type<std::string> field_name() {
  auto made = text_up_to(64, 1, "a header's name");
  made.parse = [parse = made.parse](std::string_view text) -> parsed<std::string> {
    if (!net::http::is_field_name(text)) return tl::unexpected(std::string("is no name that HTTP allows"));
    return parse(text);
  };
  return made;
}

std::vector<key> proofs() {
  return {
      secret(leaf(
          "destinations.*.auth.bearer", field_text(8192, "a token"),
          [](const cursor& c) -> auto& { return c.destination->webhook.auth.bearer; },
          "Token of the header `Authorization: Bearer`; never shown.")),
      leaf(
          "destinations.*.auth.basic.user", field_text(256, "a name"),
          [](const cursor& c) -> auto& { return c.destination->webhook.auth.user; },
          "Name, without a colon."),
      secret(leaf(
          "destinations.*.auth.basic.password", text_up_to(1024, 1, "a password"),
          [](const cursor& c) -> auto& { return c.destination->webhook.auth.password; }, "Never shown.")),
      leaf(
          "destinations.*.auth.api_key.header", field_name(),
          [](const cursor& c) -> auto& { return c.destination->webhook.auth.api_key_header; },
          "Its name, as X-Api-Key."),
      secret(leaf(
          "destinations.*.auth.api_key.value", field_text(4096, "a key"),
          [](const cursor& c) -> auto& { return c.destination->webhook.auth.api_key; }, "Never shown.")),
      leaf(
          "destinations.*.auth.oauth2.token_url", http_url(),
          [](const cursor& c) -> auto& { return c.destination->webhook.auth.token_url; },
          "Where tokens are asked for: https, or http on loopback. `allow` and `tls` hold for it too."),
      leaf(
          "destinations.*.auth.oauth2.client_id", text_up_to(256, 1, "an OAuth client's id"),
          [](const cursor& c) -> auto& { return c.destination->webhook.auth.client.client_id; },
          "The client that asks."),
      secret(leaf(
          "destinations.*.auth.oauth2.client_secret", text_up_to(1024, 1, "an OAuth client's secret"),
          [](const cursor& c) -> auto& { return c.destination->webhook.auth.client.client_secret; },
          "Its secret; never shown.")),
      leaf(
          "destinations.*.auth.oauth2.scope", text_up_to(1024, 0, "OAuth scopes with a blank between them,"),
          [](const cursor& c) -> auto& { return c.destination->webhook.auth.client.scope; },
          "Scopes to ask for."),
  };
}

std::vector<key> certificates() {
  return {
      leaf(
          "destinations.*.tls.ca", path_text(),
          [](const cursor& c) -> auto& { return c.destination->tls.ca; },
          "PEM file of one more authority to trust, beside the system's."),
      leaf(
          "destinations.*.tls.certificate", path_text(),
          [](const cursor& c) -> auto& { return c.destination->tls.certificate; },
          "PEM file of the certificate to show, leaf first."),
      leaf(
          "destinations.*.tls.key", path_text(),
          [](const cursor& c) -> auto& { return c.destination->tls.key; },
          "PEM file of its key, without a pass phrase; nobody but owner and group may read it."),
  };
}

}  // namespace

std::vector<key> auth_keys() {
  std::vector<key> all = proofs();
  for (key& k : all) k.kinds = kind_bit(destination_kind::http);
  for (key& k : certificates()) all.push_back(only(over_network, std::move(k)));
  return all;
}

}  // namespace sluice::config
