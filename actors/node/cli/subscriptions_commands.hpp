// What the subcommands of `sluice subscriptions` do, from their options to their exit code.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace sluice::cli {

struct subscription_options {
  std::string config;
  /// On top of the configuration's own.
  std::optional<std::string> name, endpoint;
  std::vector<std::string> sources;
  std::optional<std::uint32_t> retention_days;

  std::string id;  ///< of an existing one, instead of its name
  std::uint32_t rate = 0;
  std::vector<std::string> rates;  ///< SOURCE or SOURCE=RATE
  bool apply = false, yes = false, json = false, dry_run = false;
};

struct streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool terminal = false;  ///< `in` is a person's
};

int create_subscription(const subscription_options& given, const streams& with);
int list_subscriptions(const subscription_options& given, const streams& with);
int show_subscription(const subscription_options& given, const streams& with);
/// 1 when something is not as it is wanted.
int verify_subscription(const subscription_options& given, const streams& with);
int delete_subscription(const subscription_options& given, const streams& with);
int plan_subscriptions(const subscription_options& given, const streams& with);

}  // namespace sluice::cli
