#include "tests/support/sandbox.hpp"

#include <csignal>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "tests/support/json_scan.hpp"
#include "tests/support/node.hpp"

namespace sluice::testing {
namespace {

constexpr milliseconds start_patience{60'000};
constexpr milliseconds stop_patience{20'000};
constexpr std::string_view last_line = "What happens here";
constexpr std::string_view api_path = "/api/v2/eventbridge/subscriptions";
constexpr const char* demo_credentials = "Basic c2FuZGJveC1jbGllbnQ6c2FuZGJveC1zZWNyZXQ=";

/// The port behind the last colon of `http://127.0.0.1:PORT/`.
std::uint16_t port_of(const std::string& url) {
  return static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
}

}  // namespace

sandbox::sandbox(std::vector<std::string> arguments, transport how) : arguments_(std::move(arguments)) {
  if (how == transport::tls) arguments_.insert(arguments_.end(), {"--tls", (dir_.path() / "tls").string()});
  start();
}

void sandbox::start() {
  child_.reset();
  for (const char* const said : {"stdout.log", "stderr.log"}) std::filesystem::remove(dir_.path() / said);
  std::vector<std::string> all{"sandbox", "--listen", "127.0.0.1:" + std::to_string(port_)};
  all.insert(all.end(), arguments_.begin(), arguments_.end());
  child_.emplace(
      command{sluice_binary(), std::move(all), {}, dir_.path() / "stdout.log", dir_.path() / "stderr.log"});
  const auto listens = [this] { return output().find(last_line) != std::string::npos; };
  if (!wait_until([&] { return listens() || !child_->running(); }, start_patience) || !listens())
    throw std::runtime_error("the sandbox does not listen; it said:\n" + output() + errors());
  read_addresses();
}

void sandbox::read_addresses() {
  constexpr std::string_view here = "listening on ", there = "receiver on ";
  receivers_.clear();
  std::istringstream lines(output());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(here)) url_ = line.substr(here.size());
    if (line.starts_with(there)) receivers_.push_back(port_of(line.substr(there.size())));
  }
  port_ = port_of(url_);
}

// TLS is curl's business: a client that the program under test has no part in.
http_answer sandbox::request(std::string_view method, std::string_view target, const http_fields& fields,
                             std::string_view body) const {
  if (!url_.starts_with("https:")) {
    http_peer peer(port_);
    return peer.request(method, target, fields, body);
  }
  const temp_dir dir;
  const std::string answer = (dir.path() / "answer").string();
  std::vector<std::string> call{"--silent",
                                "--show-error",
                                "--cacert",
                                authority(),
                                "--request",
                                std::string(method),
                                "--output",
                                answer,
                                "--write-out",
                                "%{http_code}",
                                url_ + std::string(target)};
  for (const auto& [name, value] : fields) call.insert(call.end(), {"--header", name + ": " + value});
  if (!body.empty()) call.insert(call.end(), {"--data-binary", std::string(body)});
  const finished done = run("/usr/bin/curl", call);
  if (done.how != exit_status{}) throw connection_lost("curl: " + done.errors);
  http_answer got;
  got.status = std::stoi(done.output);
  got.body = read_text(answer);
  return got;
}

std::string sandbox::token() const {
  const auto got =
      request("POST", "/oauth/token",
              {{"Authorization", demo_credentials}, {"Content-Type", "application/x-www-form-urlencoded"}},
              "grant_type=client_credentials");
  if (got.status != 200) throw std::runtime_error("no token: " + got.body);
  return json::text_of(got.body, "access_token");
}

http_answer sandbox::api(std::string_view token, std::string_view method, std::string_view target,
                         std::string_view body) const {
  http_fields fields{{"Authorization", "Bearer " + std::string(token)}};
  if (!body.empty()) fields.emplace_back("Content-Type", "application/json");
  return request(method, std::string(api_path).append(target), fields, body);
}

std::string sandbox::subscribe(std::string_view body) const {
  const auto made = api(token(), "POST", "", body);
  if (made.status != 200) throw std::runtime_error("not subscribed: " + made.body);
  return json::text_of(made.body, "id");
}

http_answer sandbox::control(std::string_view path, std::string_view body) const {
  return request("POST", "/sandbox/" + std::string(path), {{"Content-Type", "application/json"}}, body);
}

std::string sandbox::state() const { return request("GET", "/sandbox/state").body; }
std::string sandbox::ledger(std::size_t index) const { return get(receiver(index), "/ledger").body; }

exit_status sandbox::stop() {
  child_->signal(SIGTERM);
  const auto how = ended(stop_patience);
  if (!how) throw std::runtime_error("the sandbox does not stop; it said:\n" + errors());
  return *how;
}

}  // namespace sluice::testing
