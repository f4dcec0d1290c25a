// Events by the seed: ids, sources, metadata and a text of random letters.
#include "tests/support/batches.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace sluice::testing {
namespace {

struct sort_of_event {
  std::string_view source, metadata;
};

sort_of_event sort_for(std::string_view destination) {
  if (destination == warehouse)
    return {"conversation:transcript", R"({"region":"us-east-1","priority":"normal"})"};
  if (destination == dashboard)
    return {"interaction:analytics", R"({"region":"eu-west-1","priority":"high"})"};
  return {"user:presence", R"({"region":"us-east-1"})"};
}

}  // namespace

std::string envelope(const std::vector<made_event>& events) {
  std::string body = R"({"events":[)";
  for (const made_event& e : events) body.append(e.json).push_back(',');
  if (!events.empty()) body.pop_back();
  return body.append("]}");
}

batch_maker::batch_maker(std::uint64_t seed, unsigned sender, std::size_t text_bytes)
    : random_(seed * 1000003 + sender), text_bytes_(text_bytes) {
  char text[40];
  std::snprintf(text, sizeof text, "%08llx-%u-", static_cast<unsigned long long>(seed & 0xffffffff), sender);
  prefix_ = text;
}

made_batch batch_maker::next(std::size_t events) {
  static constexpr std::array<std::string_view, 4> shares{warehouse, warehouse, dashboard, ""};
  std::vector<made_event> all;
  for (std::size_t i = 0; i < events; ++i) all.push_back(make(shares[random_() % shares.size()]));
  return finish(std::move(all));
}

made_batch batch_maker::next_for(std::string_view destination, std::size_t events) {
  std::vector<made_event> all;
  for (std::size_t i = 0; i < events; ++i) all.push_back(make(destination));
  return finish(std::move(all));
}

made_event batch_maker::make(std::string_view destination) {
  char number[24];
  std::snprintf(number, sizeof number, "%09llu", static_cast<unsigned long long>(sequence_++));
  made_event e{prefix_ + number, destination, {}};
  const auto [source, metadata] = sort_for(destination);
  e.json.append(R"({"id":")").append(e.id).append(R"(","source":")").append(source);
  e.json.append(R"(","timestamp":"2026-01-15T10:30:00.000Z","data":{"text":")");
  for (std::size_t i = 0; i < text_bytes_; ++i) e.json.push_back(static_cast<char>('a' + random_() % 26));
  e.json.append(R"("},"metadata":)").append(metadata).push_back('}');
  return e;
}

made_batch batch_maker::finish(std::vector<made_event> events) {
  made_batch batch{prefix_ + "batch-" + std::to_string(number_++), std::move(events), {}};
  batch.body = envelope(batch.events);
  return batch;
}

std::uint64_t draw_seed(std::string_view test) {
  const char* given = std::getenv("SLUICE_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::printf("%.*s: SLUICE_SEED=%llu\n", static_cast<int>(test.size()), test.data(),
              static_cast<unsigned long long>(seed));
  return seed;
}

}  // namespace sluice::testing
