// Makes any text a URI reference, for attributes that have to be one.
#pragma once

#include <string>
#include <string_view>

namespace sluice::deliver {

/// `text`, with what RFC 3986 section 4.1 does not allow where it stands percent-encoded. A text that is a
/// reference already stays as it is; different texts that are none may become the same one only where they
/// differed in that. Empty stays empty, which is a reference too.
std::string uri_reference(std::string_view text);

}  // namespace sluice::deliver
