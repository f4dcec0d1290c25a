// What `sluice bench` prints: one table for people, one JSON object for scripts, ratios to an earlier object.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "benchmarks/load/sender.hpp"
#include "messages/result.hpp"

namespace sluice::cli {

/// One measurement and the load it was made with. What could not be measured is empty.
struct bench_figures {
  load::sender_options load;
  bool own_node = false;
  load::outcome outcome;
  double generator_cpu_seconds = 0;
  std::optional<double> node_cpu_seconds;
  std::optional<std::uint64_t> node_rss_peak_bytes;
  std::optional<std::uint64_t> commits;
};

/// Lines of a name and a value, each ended.
std::string table_of(const bench_figures& figures);

/// One object on one line, without its end of line. `ratios` (of `ratios_to`) is its last member when it is
/// not empty.
std::string json_of(const bench_figures& figures, std::string_view ratios = {});

/// This measurement divided by an earlier one, both as `json_of` wrote them, member by member: a JSON object
/// of those that both have. invalid_config when the earlier text has none of them.
result<std::string> ratios_to(std::string_view earlier, std::string_view now);

/// The ratios as lines of a name and a factor.
std::string table_of_ratios(std::string_view ratios);

}  // namespace sluice::cli
