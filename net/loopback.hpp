// Which hosts are this machine: where no TLS is needed, and where what is open to all may listen.
#pragma once

#include <string_view>

namespace sluice::net {

/// Whether `host`, a name or an address without brackets, can only mean this machine: `localhost` in any
/// case, 127.0.0.0/8 in dotted decimal, ::1. Nothing is looked up; an IPv4 address that is written as IPv6 is
/// none.
bool is_loopback(std::string_view host) noexcept;

}  // namespace sluice::net
