// A blocking client that sends bytes as they are given and believes nothing: tests of the server speak
// through it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::net::http::testing_support {

/// What a server said. `status` 0: the connection ended, or nothing came within the deadline of 20 s.
struct answer {
  int status = 0;
  std::string head;
  std::string body;
  bool says(std::string_view field_line) const;  ///< the head has this line, as `Name: value`
};

class raw_client {
 public:
  explicit raw_client(std::uint16_t port);
  ~raw_client();
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  static bool can_connect(std::uint16_t port);

  void send(std::string_view bytes);  ///< as far as the server takes them
  /// The next answer; `without_body`: to HEAD, whose Content-Length counts nothing that follows.
  answer receive(bool without_body = false);
  answer ask(std::string_view bytes) { return send(bytes), receive(); }
  /// Whether the server ends the connection; whatever it still says before is kept in `rest`.
  bool ended(std::string* rest = nullptr);
  void half_close();

 private:
  bool fill();  ///< reads some more; false at the end or the deadline

  int socket_ = -1;
  bool at_end_ = false;
  std::string unread_;
};

std::string post(std::string_view path, std::string_view body, std::string_view more_fields = "");
std::string get(std::string_view path, std::string_view more_fields = "");

}  // namespace sluice::net::http::testing_support
