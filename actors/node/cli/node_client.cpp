#include "actors/node/cli/node_client.hpp"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <future>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "actors/node/cli/show.hpp"
#include "actors/node/config/loader.hpp"
#include "actors/node/config/units.hpp"

namespace sluice::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto answer_time = 30s;
constexpr std::size_t answer_bytes_max = 64u << 20;

/// Where a configured node serves its admin API, as a URL.
result<std::string> url_of(const config::config& of) {
  const auto& at = of.admin.listen ? *of.admin.listen : of.ingest.listen;
  if (!of.admin.listen && !config::is_loopback(at))
    return fail(errc::wrong_use, "this configuration has no admin listener; set admin.listen");
  if (!of.admin.listen && of.ingest.tls.enabled())
    return fail(errc::wrong_use,
                "the node's one listener speaks TLS; say where with --admin https://NAME:PORT");
  if (at.port == 0) return fail(errc::wrong_use, "its port is any free one; say which with --admin URL");
  // A listener on every address is on loopback too.
  const auto address = at.address == "0.0.0.0" ? "127.0.0.1" : at.address == "::" ? "::1" : at.address;
  return "http://" + config::print_endpoint({address, at.port});
}

/// What a problem document says, or the beginning of what is none.
std::string said_in(const net::http::reply& answer) {
  const auto document = nlohmann::json::parse(answer.body, nullptr, false);
  if (document.is_object() && document.contains("detail") && document["detail"].is_string())
    return document["detail"].get<std::string>();
  return answer.body.substr(0, 200);
}

}  // namespace

void add_node_address(CLI::App& to, node_address& into) {
  auto* const config =
      to.add_option("--config", into.config, "Configuration of the node, which says where it is")
          ->type_name("FILE");
  to.add_option("--admin", into.url, "Where its admin listener is; http://127.0.0.1:8080 unless said")
      ->type_name("URL")
      ->excludes(config);
}

std::string path_segment(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += hex[byte >> 4];
      out += hex[byte & 15];
    }
  }
  return out;
}

result<std::unique_ptr<node_client>> node_client::make(const node_address& where, std::ostream& err) {
  std::string url = where.url.empty() ? "http://127.0.0.1:8080" : where.url, token;
  if (!where.config.empty()) {
    const auto loaded = config::load(where.config, {});
    if (!loaded) {
      show_errors(err, loaded.error());
      return fail(errc::invalid_config, "the configuration is wrong", where.config);
    }
    auto of = url_of(*loaded);
    if (!of) return fail(of.error());
    url = *std::move(of);
    if (!loaded->admin.token.empty()) token = loaded->admin.token.front();
  }
  if (const char* const set = std::getenv("SLUICE_ADMIN_TOKEN"); set != nullptr && *set != '\0') token = set;
  auto origin = net::http::parse_url(url);
  if (!origin) return fail(errc::wrong_use, "--admin is no URL: " + origin.error().detail);
  net::http::client_options options;
  options.origin = *std::move(origin);
  options.request_time = answer_time;
  options.body_kept = options.body_read = answer_bytes_max;
  if (options.origin.tls) {
    auto believed = net::tls::client_context::make({});
    if (!believed) return fail(believed.error());
    options.tls = *std::move(believed);
  }
  return std::unique_ptr<node_client>(new node_client(std::move(options), std::move(token)));
}

node_client::node_client(net::http::client_options options, std::string token)
    : authority_(options.origin.authority()), token_(std::move(token)), client_(io_, std::move(options)) {}

result<std::string> node_client::get(std::string_view path) { return ask(net::http::method::get, path, {}); }

result<std::string> node_client::post(std::string_view path, std::string body) {
  return ask(net::http::method::post, path, std::move(body));
}

result<std::string> node_client::ask(net::http::method verb, std::string_view path, std::string body) {
  net::http::outgoing what;
  what.method = verb;
  what.target = path;
  if (body.empty()) what.content_type.clear();
  what.body = std::move(body);
  if (!token_.empty()) what.fields.emplace_back("Authorization", "Bearer " + token_);
  auto ended = std::make_shared<std::promise<net::http::attempt>>();
  auto answer = ended->get_future();
  client_.send(std::move(what), [ended](net::http::attempt how) { ended->set_value(std::move(how)); });
  const auto got = answer.get();  // the client bounds it in time
  if (!got) return fail(errc::unreachable, "no answer: " + got.error().why.detail, authority_);
  if (got->status / 100 == 2) return got->body;
  auto said = said_in(*got);
  if (got->status == 401) said += "; set SLUICE_ADMIN_TOKEN";
  return fail(errc::refused, std::move(said), authority_);
}

}  // namespace sluice::cli
