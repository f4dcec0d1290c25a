#include "actors/node/config/split_checks.hpp"

#include <algorithm>

#include "actors/node/config/keys.hpp"
#include "actors/node/config/paths.hpp"

namespace sluice::config {
namespace {

std::string member_path(const destination_options& d) { return in("destinations", d.name); }

void check_endpoints(reader& read, const destination_options& d) {
  const auto& all = d.split.endpoints;
  const std::string url = in(member_path(d), "url"), endpoints = in(member_path(d), "endpoints");
  if (!given(read, url) && all.empty() && !given(read, endpoints)) {
    read.complain(url, std::string("is missing; ")
                           .append(find_key("destinations.*.url")->allowed)
                           .append(", or several as `endpoints`"));
  } else if (given(read, url) && !all.empty()) {
    read.complain(url, "is there beside `endpoints`; one of the two");
  }
  if (all.size() > split_options::endpoints_max) {
    read.complain(endpoints, std::string("has ")
                                 .append(std::to_string(all.size()))
                                 .append(" URLs; at most ")
                                 .append(std::to_string(split_options::endpoints_max)));
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (std::find(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i), all[i]) !=
        all.begin() + static_cast<std::ptrdiff_t>(i))
      read.complain(endpoint_path(read, d, i),
                    "is there twice; each endpoint once, for each has its own rate");
  }
}

void check_concurrency(reader& read, const destination_options& d) {
  const std::string path = in(member_path(d), "concurrency");
  if (d.split.ordering == ordering::strict && d.split.requests() > 1) {
    read.complain(
        path,
        "is more than one request at once, which cannot keep the order of `ordering: strict`; 1, or "
        "ordering key or none");
  } else if (d.kind == destination_kind::nats && d.lane_count() > split_options::nats_lanes_max) {
    read.complain(path, std::string("is too large for kind nats; 1 to ")
                            .append(std::to_string(split_options::nats_lanes_max)));
  } else if (d.lane_count() > split_options::lanes_max) {
    read.complain(given(read, path) ? path : in(member_path(d), "endpoints"),
                  std::string("makes ")
                      .append(std::to_string(d.lane_count()))
                      .append(" requests at once with ")
                      .append(std::to_string(d.endpoint_count()))
                      .append(" endpoints; at most ")
                      .append(std::to_string(split_options::lanes_max))
                      .append(" together"));
  }
}

void check_key(reader& read, const destination_options& d) {
  const std::string path = in(member_path(d), "key");
  if (!given(read, path)) return;
  if (d.split.ordering == ordering::none) {
    read.complain(path, "is for ordering strict or key, where a key's events keep together; leave it out");
  } else if (d.lane_count() == 1) {
    read.complain(path, "has nothing to split: one endpoint and one request at a time; leave it out");
  }
}

}  // namespace

std::string endpoint_path(const reader& read, const destination_options& d, std::size_t at) {
  const std::string all = in(member_path(d), "endpoints");
  const std::string item = member_of(all, at);
  return given(read, item) ? item : all;
}

void check_split(reader& read, const destination_options& d) {
  check_endpoints(read, d);
  check_requests(read, d);
}

void check_requests(reader& read, const destination_options& d) {
  check_concurrency(read, d);
  check_key(read, d);
}

void check_lanes_of_all(reader& read) {
  std::size_t lanes = 0;
  for (const destination_options& d : read.all.destinations) lanes += d.lane_count();
  if (lanes <= lanes_max) return;
  read.complain("destinations", std::string("make ")
                                    .append(std::to_string(lanes))
                                    .append(" requests at once; at most ")
                                    .append(std::to_string(lanes_max))
                                    .append(" together"));
}

}  // namespace sluice::config
