// A subscription as the API shows it, and how it differs from what it shall be.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actors/subscription/settings.hpp"
#include "messages/result.hpp"

namespace sluice::subscription {

/// Members that the API does not show are empty or 0: of another destination type than http, for example,
/// there is no endpoint.
struct resource {
  std::string id;  ///< 1 … 128 of the characters that a path takes as they are
  std::string name;
  std::string endpoint;
  std::vector<std::string> sources;
  std::uint32_t retention_days = 0;
  std::string status;   ///< `active`, else it brings nothing
  std::string created;  ///< RFC 3339

  bool active() const;
  friend bool operator==(const resource&, const resource&) = default;
};

/// One page of the list.
struct page {
  std::vector<resource> entities;
  std::uint64_t count = 0;  ///< pages that there are, 0: not shown
  std::uint64_t total = 0;  ///< subscriptions that there are, 0: not shown
};

/// Whether an id may be put into a path.
bool is_id(std::string_view text);

/// Members that are not known are passed over; those that are must have their type. The error's place is the
/// member, as `entities[3].destination.endpoint`.
result<resource> parse_resource(std::string_view body);
result<page> parse_page(std::string_view body);

/// What is not as it is wanted, one text for people each; empty: all is well. Sources are compared as a set,
/// endpoints as URLs; what the API does not show cannot differ, save the endpoint and the sources.
std::vector<std::string> differences(const specification& wanted, const resource& found);

}  // namespace sluice::subscription
