#include "actors/deliver/request_maker.hpp"

#include <algorithm>

#include "net/http/field.hpp"

namespace sluice::deliver {

bool is_free_field(std::string_view name) {
  static constexpr std::string_view taken[] = {"authorization",
                                               "connection",
                                               "content-encoding",
                                               "content-length",
                                               "content-type",
                                               "expect",
                                               "host",
                                               "idempotency-key",
                                               "keep-alive",
                                               "proxy-authorization",
                                               "proxy-connection",
                                               "te",
                                               "trailer",
                                               "transfer-encoding",
                                               "upgrade",
                                               "webhook-id",
                                               "webhook-signature",
                                               "webhook-timestamp"};
  return std::ranges::none_of(taken, [&](std::string_view t) { return net::http::same_name(t, name); });
}

net::http::outgoing request_maker::make(const std::string& id, std::span<const std::string_view> events,
                                        std::int64_t unix_seconds) {
  net::http::outgoing out;
  out.content_type = content_type(form_.format);
  out.body = bodies_.make(id, events);
  out.fields = form_.fields;
  out.fields.emplace_back("webhook-id", id);
  out.fields.emplace_back("Idempotency-Key", id);
  if (form_.secrets.empty()) return out;
  out.fields.emplace_back("webhook-timestamp", std::to_string(unix_seconds));
  out.fields.emplace_back("webhook-signature",
                          net::signature::sign(form_.secrets, id, unix_seconds, out.body));
  return out;
}

}  // namespace sluice::deliver
