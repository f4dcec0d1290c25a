// What Genesys Cloud says when it says no, in a form that people can read and support can look up.
#pragma once

#include <string>
#include <string_view>

#include "actors/subscription/redactor.hpp"
#include "net/http/client.hpp"

namespace sluice::subscription {

/// The field that names a request to the platform's support; clients keep it.
inline constexpr const char* correlation_field = "inin-correlation-id";

/// The first bytes of a text, without secrets and with nothing in it that ends a line or drives a terminal.
std::string excerpt(std::string text, const redactor& secrets);

/// `answer 503: the platform's message, or the first bytes of the body (correlation id …)`.
std::string describe(const net::http::reply& answer, const redactor& secrets);

/// The permissions that a 403 says are missing; empty when it does not say.
std::string missing_permissions(const net::http::reply& answer, const redactor& secrets);

}  // namespace sluice::subscription
