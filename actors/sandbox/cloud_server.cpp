#include "actors/sandbox/cloud_server.hpp"

#include <utility>

namespace sluice::sandbox {
namespace {

using net::http::exchange;
using net::http::method;
using net::http::problem;
using net::http::request;
using net::http::response;

constexpr std::string_view control_prefix = "/sandbox/";
constexpr std::string_view status_prefix = "/sandbox/subscriptions/";
constexpr std::string_view status_suffix = "/status";

response json_answer(const json& body) {
  response r;
  r.body = to_text(body, 2) + "\n";
  return r;
}

response wrong(const error& why) { return problem(400, "wrong", to_string(why)); }

response not_allowed(std::string allowed) {
  response r = problem(405, "method not allowed", "this path takes " + allowed);
  r.fields.emplace_back("Allow", std::move(allowed));
  return r;
}

/// The id of `/sandbox/subscriptions/{id}/status`; empty for another path.
std::string_view status_id(std::string_view path) {
  if (!path.starts_with(status_prefix) || !path.ends_with(status_suffix)) return {};
  path.remove_prefix(status_prefix.size());
  return path.size() > status_suffix.size() ? path.substr(0, path.size() - status_suffix.size())
                                            : std::string_view();
}

}  // namespace

cloud_server::cloud_server(guarded<cloud>& of, clockwork& clock, control_hooks hooks,
                           std::function<void(const std::string&)> said)
    : cloud_(of), clock_(clock), hooks_(std::move(hooks)), said_(std::move(said)) {}

std::unique_ptr<response> cloud_server::refuse(const net::http::head_view& head) {
  const auto path = head.target.substr(0, head.target.find('?'));
  if (cloud::serves(path) || path.starts_with(control_prefix)) return nullptr;
  return std::make_unique<response>(
      problem(404, "not found", "here are /oauth/token, /api/v2/eventbridge/subscriptions and /sandbox/"));
}

void cloud_server::handle(request&& what, exchange&& to) {
  if (what.path().starts_with(control_prefix)) return to.respond(control(what));
  const std::string authorization(what.field("authorization"));
  outcome made = cloud_.with([&](cloud& c) {
    return c.take({what.method, what.target, authorization, what.content_type, what.body()}, clock_.now());
  });
  said_(std::string(to_string(what.method)) + " " + what.target + " " + std::to_string(made.answer.status) +
        (made.lost ? ", its answer lost" : ""));
  auto answer = [to = std::make_shared<exchange>(std::move(to)),
                 made = std::make_shared<outcome>(std::move(made))] {
    made->lost ? to->hang_up() : to->respond(std::move(made->answer));
  };
  made.delay.count() > 0 ? clock_.at(clock_.now() + made.delay, std::move(answer)) : answer();
}

response cloud_server::control(const request& what) {
  const auto path = what.path();
  if (path == "/sandbox/state") return what.method == method::get ? state() : not_allowed("GET");
  if (path == "/sandbox/faults" && what.method == method::del) {
    cloud_.with([](cloud& c) { c.faults().clear(); });
    return json_answer({{"faults_waiting", 0}});
  }
  const auto id = status_id(path);
  if (path != "/sandbox/faults" && path != "/sandbox/sender" && id.empty())
    return problem(404, "not found",
                   "control is /sandbox/state, /sandbox/faults, /sandbox/sender and "
                   "/sandbox/subscriptions/{id}/status");
  if (what.method != method::post) return not_allowed(path == "/sandbox/faults" ? "POST, DELETE" : "POST");
  const auto body = parse_json(what.body());
  if (!body) return problem(400, "wrong", "the body must be JSON");
  if (path == "/sandbox/faults") return add_fault(*body);
  return id.empty() ? steer(*body) : set_status(id, *body);
}

response cloud_server::state() {
  json all = cloud_.with([](const cloud& c) { return c.state(); });
  hooks_.add_state(all);
  return json_answer(all);
}

response cloud_server::steer(const json& how) {
  const auto done = hooks_.steer(how);
  return done ? state() : wrong(done.error());
}

response cloud_server::add_fault(const json& from) {
  auto made = parse_fault(from);
  if (!made) return wrong(made.error());
  return cloud_.with([&](cloud& c) {
    if (!c.faults().add(std::move(*made)))
      return problem(409, "too many", "at most 1000 faults wait; DELETE /sandbox/faults forgets them");
    return json_answer({{"faults_waiting", c.faults().size()}});
  });
}

response cloud_server::set_status(std::string_view id, const json& wanted) {
  const std::string status = text_of(wanted, "status");
  if (status != "active" && status != "inactive")
    return problem(400, "wrong", "status: must be \"active\" or \"inactive\"");
  return cloud_.with([&](cloud& c) {
    if (!c.subscriptions().set_active(id, status == "active"))
      return problem(404, "not found", "there is no subscription of this id");
    return json_answer(to_json(*c.subscriptions().find(id)));
  });
}

}  // namespace sluice::sandbox
