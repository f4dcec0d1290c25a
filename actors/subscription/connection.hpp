// How a client has to be made for Genesys Cloud: a page of subscriptions is large, an answer may take its
// time, and what support asks for stands in a field.
#pragma once

#include <memory>
#include <string>

#include "messages/result.hpp"
#include "net/http/client.hpp"
#include "net/tls/context.hpp"

namespace sluice::subscription {

/// For one of the two hosts. `origin` is an URL without a path.
result<net::http::client_options> connection_to(const std::string& origin,
                                                std::shared_ptr<const net::tls::client_context> authorities);

}  // namespace sluice::subscription
