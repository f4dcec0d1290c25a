// What decode costs an event: the whole of it for the bodies that senders post, and its parts. `an_event` is
// the figure to compare; bodies are made here, alike on every machine.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "actors/decode/decoder.hpp"
#include "actors/decode/identity.hpp"
#include "actors/decode/rfc3339.hpp"
#include "actors/decode/token_index.hpp"
#include "messages/batch.hpp"

namespace sluice::decode {
namespace {

identity_key bench_key() {
  identity_key::secret secret{};
  for (std::size_t i = 0; i < secret.size(); ++i) secret[i] = static_cast<std::byte>(i * 151 + 7);
  return identity_key(secret);
}

std::string uuid(std::uint64_t number) {
  const std::uint64_t mixed = number * 0x9e37'79b9'7f4a'7c15u;
  char text[40];
  std::snprintf(text, sizeof text, "%08x-%04x-4%03x-9%03x-%012llx", static_cast<unsigned>(mixed >> 32),
                static_cast<unsigned>(mixed >> 16 & 0xffff), static_cast<unsigned>(number & 0xfff),
                static_cast<unsigned>(mixed & 0xfff),
                static_cast<unsigned long long>(mixed >> 8 & 0xffff'ffff'ffff));
  return text;
}

/// About 550 bytes, of the form and size that Genesys Cloud's conversation events have.
std::string plain_event(std::uint64_t n) {
  static constexpr std::array kinds = {"start", "acd.start", "transcript", "user.end", "flow.outcome"};
  return R"({"id":")" + uuid(n) + R"(","source":"conversation:)" + kinds[n % kinds.size()] +
         R"(","timestamp":"2026-01-15T10:)" + std::to_string(10 + n % 50) +
         R"(:00.123Z","data":{"eventTime":)" + std::to_string(1768473000064 + n * 17) +
         R"(,"conversationId":")" + uuid(n / 4) + R"(","participantId":")" + uuid(n + 7'000'000) +
         R"(","mediaType":"VOICE","provider":"Edge","direction":"INBOUND","ani":"tel:+1415555)" +
         std::to_string(1000 + n % 9000) + R"(","confidence":0.)" + std::to_string(1000 + n % 9000) +
         R"(,"isFinal":true,"queueId":null,"note":"caller said \"hello\"","divisionId":")" + uuid(n % 9) +
         R"("},"metadata":{"region":"us-east-1","priority":")" + (n % 3 == 0 ? "high" : "normal") +
         R"(","organizationId":")" + uuid(1) + R"("}})";
}

std::string event_bridge_event(std::uint64_t n) {
  return R"({"version":"0","id":")" + uuid(n) +
         R"(","detail-type":"v2.conversations.{id}.transcription","source":"aws.partner/genesys.com/cloud/)" +
         uuid(1) +
         R"(/demo","account":"111122223333","time":"2026-01-15T10:42:11Z","region":"us-east-1","resources":[],"detail":)" +
         plain_event(n) + "}";
}

std::string batch_of(std::size_t events) {
  std::string body = R"({"events":[)";
  for (std::size_t i = 0; i < events; ++i) {
    if (i > 0) body += ',';
    body += plain_event(i);
  }
  return body + "]}";
}

void report(benchmark::State& state, std::size_t events, std::size_t bytes) {
  state.counters["an_event"] =
      benchmark::Counter(static_cast<double>(events),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["bytes"] = static_cast<double>(bytes) / static_cast<double>(events);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

/// `out` is made anew for each body, as it is for each request.
void decode_body(benchmark::State& state, const std::string& body, std::size_t events) {
  const std::string padded = body + std::string(body_padding, ' ');
  const auto text = std::string_view(padded).substr(0, body.size());
  decoder under_test({}, bench_key());
  for (auto _ : state) {
    decoded out;
    const auto said = under_test.decode(text, out);
    if (!said || out.entries.size() != events || out.quarantined != 0)
      return state.SkipWithError("not decoded");
    benchmark::DoNotOptimize(out.entries.data());
  }
  report(state, events, body.size());
}

void batch_of_100(benchmark::State& state) { decode_body(state, batch_of(100), 100); }
void batch_of_1(benchmark::State& state) { decode_body(state, batch_of(1), 1); }
void event_bridge_of_1(benchmark::State& state) { decode_body(state, event_bridge_event(1), 1); }

void token_index_of_100(benchmark::State& state) {
  const std::string body = batch_of(100);
  token_index tokens;
  for (auto _ : state) benchmark::DoNotOptimize(tokens.index(body));
  report(state, 100, body.size());
}

void identity_of_one(benchmark::State& state) {
  const identity_key key = bench_key();
  const std::string source = "conversation:transcript", id = uuid(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(key.event_identity(source, id));
    benchmark::DoNotOptimize(key.id_hash(id));
  }
  report(state, 1, source.size() + id.size());
}

void timestamp_of_one(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(parse_rfc3339("2026-01-15T10:42:11.123Z"));
  report(state, 1, 24);
}

BENCHMARK(batch_of_100);
BENCHMARK(batch_of_1);
BENCHMARK(event_bridge_of_1);
BENCHMARK(token_index_of_100);
BENCHMARK(identity_of_one);
BENCHMARK(timestamp_of_one);

}  // namespace
}  // namespace sluice::decode
