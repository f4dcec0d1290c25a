// Certificates to try TLS with: an authority that is made here, one certificate for the sandbox and one for
// the node's listener.
#pragma once

#include <string>

#include "messages/result.hpp"

namespace sluice::sandbox {

struct tls_files {
  std::string authority;                   ///< `ca.pem`: what the node has to believe
  std::string certificate, key;            ///< `sandbox.pem`, `sandbox.key`
  std::string node_certificate, node_key;  ///< `node.pem`, `node.key`
  bool made = false;                       ///< now; else they were there
};

/// Those in `directory`, made when none of them is there (the directory too), for localhost, 127.0.0.1 and
/// ::1. Some of them without the others are an error: the authority's own key is not kept, so nothing can be
/// added.
result<tls_files> prepare_tls(const std::string& directory);

}  // namespace sluice::sandbox
