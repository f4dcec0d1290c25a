// Checks of how a destination is told who the node is, and of the files that say whom to believe.
#pragma once

#include "actors/node/config/reader.hpp"

namespace sluice::config {

void check_auth(reader& read, const destination_options& d);

/// The files are read here already, so that a wrong one is a mistake of the configuration and not of the
/// start. `spoken`: the destination is reached by `scheme` somewhere, else the files have no use.
void check_client_tls(reader& read, const destination_options& d, std::string_view scheme, bool spoken);

/// `path` names a file of which `why` is said; the file's name is shown unless it came from outside the
/// configuration.
void complain_of_file(reader& read, const std::string& path, const error& why);

}  // namespace sluice::config
