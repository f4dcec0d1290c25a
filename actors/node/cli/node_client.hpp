// What subcommands speak to a running node with: one request at a time over its admin API.
#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

#include "messages/result.hpp"
#include "net/http/client.hpp"
#include "net/runtime.hpp"

namespace CLI {
class App;
}

namespace sluice::cli {

/// Where the node is, as a command line says it.
struct node_address {
  std::string config;  ///< file of the node's configuration, empty: none
  std::string url;     ///< of the admin listener, empty: the configuration's, or the usual one
};
/// The options --config and --admin, one or none of which may be given.
void add_node_address(CLI::App& to, node_address& into);

/// Of one thread; waits for every answer, at most half a minute.
class node_client {
 public:
  /// The token is that of the environment variable SLUICE_ADMIN_TOKEN, else the configuration's first. A
  /// configuration that is wrong is shown on `err` and makes errc::invalid_config.
  static result<std::unique_ptr<node_client>> make(const node_address& where, std::ostream& err);

  /// The body of a 2xx answer to a request for a path that begins with /. Other answers are errc::refused
  /// with what the node says; none is errc::unreachable.
  result<std::string> get(std::string_view path);
  result<std::string> post(std::string_view path, std::string body = {});

 private:
  node_client(net::http::client_options options, std::string token);
  result<std::string> ask(net::http::method verb, std::string_view path, std::string body);

  const std::string authority_;
  const std::string token_;
  net::runtime io_{1};
  net::http::client client_;
};

/// `text` as one segment of a path.
std::string path_segment(std::string_view text);

}  // namespace sluice::cli
