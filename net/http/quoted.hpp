// What a peer said, as logs, reasons and errors repeat it.
#pragma once

#include <string>
#include <string_view>

namespace sluice::net::http {

/// The first 200 bytes, with nothing in them that ends a line or drives a terminal; `...` where there is
/// more.
std::string excerpt(std::string_view said);

/// `answer 503`, and where there is a body `: ` and its excerpt.
std::string describe_answer(int status, std::string_view body);

}  // namespace sluice::net::http
