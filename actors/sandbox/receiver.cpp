#include "actors/sandbox/receiver.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string_view>
#include <utility>

namespace sluice::sandbox {
namespace {

using net::http::exchange;
using net::http::method;
using net::http::problem;
using net::http::response;

bool signed_lately(const net::http::request& what, const net::signature::secret& by) {
  constexpr std::int64_t tolerance = 5 * 60;  // seconds, as Standard Webhooks 1.0 has it
  const std::string_view text = what.field("webhook-timestamp");
  std::int64_t timestamp = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), timestamp);
  if (ec != std::errc() || end != text.data() + text.size()) return false;
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  return timestamp > now - tolerance && timestamp < now + tolerance &&
         is_signed(by, what.field("webhook-id"), timestamp, what.body(), what.field("webhook-signature"));
}

/// The same events at every receiver and in every run.
bool condemns(const receiver_manner& how, identity what) {
  return static_cast<double>(what >> 32) < how.condemn * 4294967296.0;
}

}  // namespace

result<std::unique_ptr<receiver>> receiver::open(net::runtime& loops, net::byte_budget& budget,
                                                 clockwork& clock, receiver_options options,
                                                 std::uint64_t seed, std::uint64_t number) {
  std::unique_ptr<receiver> made(new receiver(clock, options, seed, number));
  net::http::server_options listening;
  listening.port = options.port;
  listening.keep = {"webhook-id", "webhook-timestamp", "webhook-signature"};
  auto opened = net::http::server::listen(loops, std::move(listening), budget, *made);
  if (!opened) return fail(opened.error());
  made->on_air_ = std::move(*opened);
  made->on_air_->start();
  return made;
}

receiver::receiver(clockwork& clock, const receiver_options& options, std::uint64_t seed,
                   std::uint64_t number)
    : clock_(clock), shape_(options.shape), secret_(options.secret), inside_(options.manner, seed, number) {}

receiver::~receiver() { on_air_.reset(); }

void receiver::behave(const receiver_manner& how) {
  inside_.with([&](state& s) { s.manner = how; });
}
receiver_manner receiver::manner() {
  return inside_.with([](const state& s) { return s.manner; });
}
received_counts receiver::counts() {
  return inside_.with([](const state& s) { return s.ledger.counts(); });
}

std::unique_ptr<response> receiver::refuse(const net::http::head_view& head) {
  if (head.method == method::post || (head.method == method::get && head.target == "/ledger")) return nullptr;
  response r = problem(405, "method not allowed", "a receiver takes POST, and GET /ledger");
  r.fields.emplace_back("Allow", "POST");
  return std::make_unique<response>(std::move(r));
}

void receiver::handle(net::http::request&& what, exchange&& to) {
  if (what.method == method::post) return take(what, std::move(to));
  response r;
  r.body = to_text(to_json(counts()), 2) + "\n";
  to.respond(std::move(r));
}

bool receiver::condemn(state& s, const std::vector<received_event>& events) {
  bool any = false;
  for (const received_event& event : events) {
    if (!condemns(s.manner, event.what)) continue;
    s.ledger.condemn(event.what);
    any = true;
  }
  return any;
}

void receiver::take(const net::http::request& what, exchange&& to) {
  if (secret_ && !signed_lately(what, *secret_)) {
    inside_.with([](state& s) { s.ledger.refuse(); });
    return to.respond(problem(401, "not signed", "this receiver takes what its secret signed lately"));
  }
  const auto events = read_events(what.body(), shape_);
  if (!events) {
    inside_.with([](state& s) { s.ledger.refuse(); });
    return to.respond(problem(400, "no events", to_string(events.error())));
  }
  const std::string_view webhook_id = what.field("webhook-id");
  response r;
  r.body = R"({"noted":true})";
  std::chrono::milliseconds delay{0};
  exchange given_up;  // hung up after the lock
  const bool hangs = inside_.with([&](state& s) {
    const treatment how = s.random.chance(s.manner.hang)   ? treatment::hung
                          : s.random.chance(s.manner.fail) ? treatment::failed
                          : condemn(s, *events)            ? treatment::condemned
                                                           : treatment::taken;
    s.ledger.request(*events, how, webhook_id, what.body(), clock_.now());
    if (how == treatment::condemned) r = problem(422, "condemned", "an event in here is never taken");
    if (how == treatment::failed) {
      r = problem(s.manner.status, "failure", "this failure was asked for");
      if (s.manner.retry_after > 0)
        r.fields.emplace_back("Retry-After", std::to_string(s.manner.retry_after));
    }
    delay = s.manner.delay;
    if (how != treatment::hung) return false;
    s.hung.push_back(std::move(to));
    if (s.hung.size() > hung_max) {
      given_up = std::move(s.hung.front());
      s.hung.pop_front();
    }
    return true;
  });
  if (given_up) given_up.hang_up();
  if (hangs) return;
  if (delay.count() == 0) return to.respond(std::move(r));
  clock_.at(clock_.now() + delay,
            [to = std::make_shared<exchange>(std::move(to)), r = std::make_shared<response>(std::move(r))] {
              to->respond(std::move(*r));
            });
}

}  // namespace sluice::sandbox
