// The configurations that most tests of the program run with, and how many rounds a build affords.
#pragma once

#include <string>
#include <string_view>

#include "tests/support/batches.hpp"

namespace sluice::testing {

#ifdef SLUICE_SANITIZED
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

/// Numbers for the binary as it is shipped, and smaller ones where a sanitizer makes it slow.
constexpr int rounds(int shipped, int under_sanitizer) { return sanitized ? under_sanitizer : shipped; }

inline constexpr std::string_view node_base = R"(
ingest: { listen: "127.0.0.1:{port}" }
checkpoint: { directory: "{dir}/data", max_bytes: 1GiB }
audit: { path: "{dir}/audit.jsonl" }
)";

/// Both destinations of the default rules are files: `{dir}/warehouse.jsonl` and `{dir}/dashboard.jsonl`.
inline std::string file_node() {
  return std::string(node_base) + std::string(default_routes) + R"(
destinations:
  analytics-warehouse: { kind: file, path: "{dir}/warehouse.jsonl", rate: unlimited }
  realtime-dashboard: { kind: file, path: "{dir}/dashboard.jsonl", rate: unlimited }
)";
}

/// The warehouse is a webhook on port `{receiver}`, retried soon; `more` are further keys of it, beginning
/// with a comma where there are any. The dashboard takes everything and keeps nothing.
inline std::string webhook_node(const std::string& more = "") {
  return std::string(node_base) + std::string(default_routes) + R"(
destinations:
  analytics-warehouse: { kind: http, url: "http://127.0.0.1:{receiver}/hook", allow: [127.0.0.0/8], retry: { initial: 50ms, max: 300ms, for: 1h })" +
         more + R"( }
  realtime-dashboard: { kind: discard }
)";
}

}  // namespace sluice::testing
