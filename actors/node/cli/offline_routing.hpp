// Events through the node's own decoder and rules, without a node.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/decode/decoder.hpp"
#include "actors/node/config/config.hpp"
#include "actors/route/router.hpp"
#include "actors/route/rule_set.hpp"
#include "messages/result.hpp"

namespace sluice::cli {

/// What the node would do with one event.
struct routed_event {
  std::string id, source;  ///< empty when quarantined
  quarantine why = quarantine::none;
  route::explanation decision;  ///< of a valid event
  std::vector<std::string> to;  ///< names, in order
};

class offline_routing {
 public:
  /// Of a configuration that was loaded without errors, which outlives this.
  explicit offline_routing(const config::config& of);

  /// `json` is a batch in any shape that the node accepts, or one plain event.
  result<std::vector<routed_event>> route(std::string_view json);

 private:
  const config::config& config_;
  std::shared_ptr<const route::rule_set> rules_;
  route::router router_;
  decode::decoder decoder_;
};

/// Runs the configuration's own tests. An error for each that did not go as it says: where it stands, where
/// its event went and where it should have gone.
std::vector<error> run_tests(const config::config& of);

}  // namespace sluice::cli
