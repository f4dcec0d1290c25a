// The table of the admin API: which path and method is whose, and what is said to the rest.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "actors/node/admin/request.hpp"
#include "actors/node/admin/target.hpp"

namespace sluice::node::admin {

/// Filled before the first request; then immutable and thread-safe.
class route_table {
 public:
  /// `pattern`: `/api/v1/things/{name}/act`; a segment in braces is any one segment, which the handler finds
  /// in `names`, in their order. A GET answers HEAD too.
  void add(net::http::method verb, std::string_view pattern, handler what);

  /// 404 when no pattern fits, naming the nearest path; 405 with Allow when none has the method; 400 for a
  /// target that cannot be decoded. Null: `find` finds it.
  std::unique_ptr<net::http::response> refuse(net::http::method verb, std::string_view target) const;

  /// The handler with the request's `names` and `query` filled in; null when `refuse` refuses.
  const handler* find(net::http::method verb, std::string_view target, request& into) const;

 private:
  struct route {
    net::http::method verb;
    std::string pattern;
    std::vector<std::string> segments;  ///< `{…}`: any
    handler what;
  };
  std::vector<route> routes_;
};

}  // namespace sluice::node::admin
