// Takes secrets out of what a peer said, before anybody is shown it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::net::oauth2 {

/// As application/x-www-form-urlencoded has it.
std::string form_text(std::string_view text);

class redactor {
 public:
  /// From now on nothing is shown of `secret`, in any form that a peer may repeat it in: as it is, as a form,
  /// a URL or a JSON string has it, as base64. An empty one is none.
  void hide(const std::string& secret);

  /// The text with *** in the place of each.
  std::string clean(std::string text) const;

 private:
  std::vector<std::string> hidden_;  // the longest first: one may be part of another
};

/// The first bytes of a text, without secrets and with nothing in it that ends a line or drives a terminal.
std::string excerpt(std::string text, const redactor& secrets);

}  // namespace sluice::net::oauth2
