#include "net/nats/publish_answer.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "net/http/quoted.hpp"

namespace sluice::net::nats {
namespace {

using nlohmann::json;
using kind = acknowledgement::kind;

struct meaning {
  std::int64_t error;
  kind how;
  std::string_view what;
};

/// JetStream's err_code (nats-server, server/errors.json) where there is more to say than its description.
constexpr meaning meanings[] = {
    {10023, kind::unknown, "the server has no resources for it"},
    {10028, kind::unknown, "the server has no memory for it"},
    {10039, kind::unknown, "JetStream is not enabled for the account"},
    {10047, kind::unknown, "the server has no storage for it"},
    {10054, kind::refused, "the message is larger than the stream's max_msg_size"},
    {10060, kind::unknown, "the subject goes into another stream than the expected one"},
    {10076, kind::unknown, "JetStream is not enabled"},
    {10077, kind::unknown, "the stream is full or could not store it"},
    {10097, kind::refused, "the message's headers are larger than JetStream takes"},
    {10109, kind::unknown, "the stream is sealed"},
    {10118, kind::unknown, "the stream is offline"},
    {10122, kind::unknown, "the stream is full"},
};

const json* member(const json& of, const char* name) {
  if (!of.is_object()) return nullptr;
  const auto found = of.find(name);
  return found == of.end() || found->is_null() ? nullptr : &*found;
}

std::int64_t number(const json& of, const char* name) {
  const json* const found = member(of, name);
  return found != nullptr && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

std::string text(const json& of, const char* name) {
  const json* const found = member(of, name);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

acknowledgement read_error(const json& error) {
  const std::int64_t code = number(error, "err_code");
  acknowledgement read{kind::unknown, "the stream does not take it"};
  for (const meaning& known : meanings)
    if (known.error == code) read = {known.how, std::string(known.what)};
  if (const std::string said = text(error, "description"); !said.empty())
    read.why += ": " + http::excerpt(said);
  const std::int64_t shown = code != 0 ? code : number(error, "code");
  if (shown != 0) read.why += " (error " + std::to_string(shown) + ")";
  return read;
}

}  // namespace

acknowledgement read_publish_answer(std::string_view answer, std::string_view stream) {
  const json read =
      answer.size() > answer_bytes_max ? json() : json::parse(answer.begin(), answer.end(), nullptr, false);
  if (const json* const error = member(read, "error")) return read_error(*error);
  const std::string name = text(read, "stream");
  if (name.empty() || number(read, "seq") <= 0)
    return {kind::unknown, "what answers for the subject is no stream: " + http::excerpt(answer)};
  if (!stream.empty() && name != stream)
    return {kind::unknown, "stored in the stream " + http::excerpt(name) + " instead of the expected one"};
  return {kind::stored, {}};
}

acknowledgement no_stream_listens(std::string_view subject) {
  return {kind::unknown, "no stream listens on the subject " + http::excerpt(subject)};
}

}  // namespace sluice::net::nats
