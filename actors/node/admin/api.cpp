#include "actors/node/admin/api.hpp"

#include <utility>

namespace sluice::node::admin {

std::unique_ptr<net::http::response> api::refuse(const net::http::head_view& head) const {
  if (auto refused = guard_.refuse(head)) return refused;
  return routes_.refuse(head.method, head.target);
}

void api::handle(net::http::request&& what, net::http::exchange&& to) const {
  if (what.body_size > body_bytes_max) {
    return to.respond(net::http::problem(
        413, "too large",
        "the body is larger than the limit of " + std::to_string(body_bytes_max) + " bytes"));
  }
  request asked;
  const handler* const found = routes_.find(what.method, what.target, asked);
  if (found == nullptr) return to.respond(net::http::problem(404, "not found", "no such path here"));
  asked.body = what.body();
  asked.who = guard_.who(what.peer, what.field("authorization"));
  // A copyable function has to hold what is move-only.
  (*found)(asked, [held = std::make_shared<net::http::exchange>(std::move(to))](net::http::response r) {
    held->respond(std::move(r));
  });
}

}  // namespace sluice::node::admin
