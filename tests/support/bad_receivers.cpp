// What each of them does to whoever sends to it.
#include "tests/support/bad_receivers.hpp"

namespace sluice::testing {

bad_receivers::bad_receivers() {
  hanging().answer_with([](const delivery&, std::size_t) { return reply{.how = reply::manner::hang}; });
  trickling().answer_with([](const delivery&, std::size_t) {
    return reply{.delay = milliseconds(1000), .how = reply::manner::trickle};
  });
  flooding().answer_with(
      [](const delivery&, std::size_t) { return reply{.status = 500, .how = reply::manner::flood}; });
  flapping().answer_with([this](const delivery&, std::size_t number) {
    return reply{.status = !healed_ && number % 2 == 0 ? 503 : 200, .delay = milliseconds(20)};
  });
  for (receiver* each : {&hanging(), &trickling(), &flooding(), &flapping()}) each->start();
}

void bad_receivers::heal() {
  healed_ = true;
  for (receiver* each : {&hanging(), &trickling(), &flooding()})
    each->answer_with([](const delivery&, std::size_t) { return reply{}; });
  dead().start();
}

std::string node_with_neighbours(const receiver& healthy, bad_receivers* bad) {
  std::string rule = "match: all\nroutes:\n  - { source: \"^conversation:\", to: [ healthy";
  std::string destinations = "destinations:\n";
  const auto add = [&](const std::string& name, const receiver& at) {
    destinations +=
        "  " + name + ": { kind: http, url: \"http://127.0.0.1:" + std::to_string(at.port()) +
        "/\", batch: 50, timeout: 1s, retry: { initial: 50ms, max: 300ms }, allow: 127.0.0.0/8 }\n";
  };
  add("healthy", healthy);
  for (std::size_t i = 0; bad != nullptr && i < bad_receivers::count; ++i) {
    const std::string name = "bad" + std::to_string(i);
    rule += ", " + name;
    add(name, bad->all()[i]);
  }
  return "ingest: { listen: \"127.0.0.1:{port}\" }\n"
         "checkpoint: { directory: \"{dir}/data\", max_bytes: 1GiB }\n"
         "audit: { path: \"{dir}/audit.jsonl\" }\n" +
         rule + " ] }\n" + destinations;
}

}  // namespace sluice::testing
