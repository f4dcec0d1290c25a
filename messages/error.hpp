// The one error vocabulary of the node. Every boundary returns one of these by value; nothing throws across
// one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// What went wrong, as far as a caller must tell cases apart. The detail is for people, the code for
/// programs.
enum class errc : std::uint8_t {
  not_json = 1,    ///< the body is not one JSON text (RFC 8259), or is deeper than the stated limit
  not_a_batch,     ///< well-formed JSON, but no batch of events
  too_large,       ///< a stated limit on bytes or number was passed; the detail names it
  unsupported,     ///< a media type, coding, format version or record type that this build does not know
  bad_request,     ///< malformed protocol text outside the body (head, URL, header value)
  overloaded,      ///< the in-flight limit is used up: try later
  starting,        ///< the node has not recovered its log yet
  stopping,        ///< the node is going away
  log_full,        ///< cursors pin every segment, or the disk has no room
  backlog_full,    ///< a destination that says `when_full: reject` is at its bound
  not_durable,     ///< the write or its sync failed: nothing of the batch may be relied on
  stage_died,      ///< the actor that held the batch ended before it answered
  timed_out,       ///< a stated time passed
  unreachable,     ///< name resolution, connection or TLS failed
  untrusted,       ///< TLS: the peer's certificate is not believed
  closed,          ///< the peer ended the connection
  io,              ///< a file operation failed; `sys` has errno, `place` the file
  no_space,        ///< ENOSPC or EDQUOT: may pass
  corrupt,         ///< stored bytes contradict their checksum or their format; `place` has file and offset
  locked,          ///< another process holds the resource
  invalid_config,  ///< a configuration value is wrong; `place` has file:line:column and path
  not_found,       ///< no such thing
  wrong_use,       ///< the command line does not make sense
  refused,         ///< a peer says no to what was asked of it: credentials, permissions, its own rules
};

/// Stable lower-case name of a code, for logs and problem documents.
constexpr std::string_view to_string(errc code) noexcept {
  switch (code) {
    case errc::not_json:
      return "not_json";
    case errc::not_a_batch:
      return "not_a_batch";
    case errc::too_large:
      return "too_large";
    case errc::unsupported:
      return "unsupported";
    case errc::bad_request:
      return "bad_request";
    case errc::overloaded:
      return "overloaded";
    case errc::starting:
      return "starting";
    case errc::stopping:
      return "stopping";
    case errc::log_full:
      return "log_full";
    case errc::backlog_full:
      return "backlog_full";
    case errc::not_durable:
      return "not_durable";
    case errc::stage_died:
      return "stage_died";
    case errc::timed_out:
      return "timed_out";
    case errc::unreachable:
      return "unreachable";
    case errc::untrusted:
      return "untrusted";
    case errc::closed:
      return "closed";
    case errc::io:
      return "io";
    case errc::no_space:
      return "no_space";
    case errc::corrupt:
      return "corrupt";
    case errc::locked:
      return "locked";
    case errc::invalid_config:
      return "invalid_config";
    case errc::not_found:
      return "not_found";
    case errc::wrong_use:
      return "wrong_use";
    case errc::refused:
      return "refused";
  }
  return "unknown";
}

/// An error as a value: what, where, and errno where the system said no.
struct error {
  errc code{};
  std::string detail;  ///< one sentence without a full stop, for people: what is wrong and what is allowed
  std::string place;   ///< `events[3].id (byte 1423)`, `file+offset`, `file:line:column: path`; empty if none
  int sys = 0;         ///< errno, or 0

  friend bool operator==(const error&, const error&) = default;
};

/// `place: detail`, or the detail alone.
inline std::string to_string(const error& e) {
  return e.place.empty() ? e.detail : e.place + ": " + e.detail;
}

}  // namespace sluice
