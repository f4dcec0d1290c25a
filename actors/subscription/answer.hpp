// What Genesys Cloud says when it says no, in a form that people can read and support can look up.
#pragma once

#include <string>
#include <string_view>

#include "net/http/client.hpp"
#include "net/oauth2/redactor.hpp"
#include "net/oauth2/token_cache.hpp"

namespace sluice::subscription {

/// The field that names a request to the platform's support; clients keep it.
inline constexpr const char* correlation_field = "inin-correlation-id";

/// `answer 503: the platform's message, or the first bytes of the body (correlation id …)`.
std::string describe(const net::http::reply& answer, const net::oauth2::redactor& secrets);

/// How tokens of the platform are asked for, and what is said where there is none.
net::oauth2::token_options tokens_for(net::oauth2::credentials who);

/// The permissions that a 403 says are missing; empty when it does not say.
std::string missing_permissions(const net::http::reply& answer, const net::oauth2::redactor& secrets);

}  // namespace sluice::subscription
