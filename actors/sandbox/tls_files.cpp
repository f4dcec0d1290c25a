#include "actors/sandbox/tls_files.hpp"

#include <chrono>
#include <filesystem>
#include <system_error>

#include "net/tls/authority.hpp"

namespace sluice::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours lifetime{24 * 365};

result<void> issue(const net::tls::authority& by, const std::string& certificate, const std::string& key) {
  net::tls::certificate_wish wish;
  wish.names = {"localhost", "127.0.0.1", "::1"};
  wish.valid_to = lifetime;
  const auto made = by.issue(wish);
  if (!made) return fail(made.error());
  if (auto done = net::tls::write_pem(key, made->key, true); !done) return done;
  return net::tls::write_pem(certificate, made->certificate, false);
}

result<void> make(const tls_files& files) {
  const auto by = net::tls::authority::make("sluice sandbox");
  if (!by) return fail(by.error());
  if (auto done = issue(*by, files.certificate, files.key); !done) return done;
  if (auto done = issue(*by, files.node_certificate, files.node_key); !done) return done;
  return net::tls::write_pem(files.authority, by->certificate(), false);
}

}  // namespace

result<tls_files> prepare_tls(const std::string& directory) {
  std::error_code ec;
  fs::create_directories(directory, ec);
  if (ec) return fail(errc::io, "cannot be made: " + ec.message(), directory, ec.value());
  const auto at = [&](const char* name) { return (fs::path(directory) / name).string(); };
  tls_files files{at("ca.pem"), at("sandbox.pem"), at("sandbox.key"), at("node.pem"), at("node.key")};
  std::size_t present = 0;
  std::string absent;
  for (const auto* file :
       {&files.authority, &files.certificate, &files.key, &files.node_certificate, &files.node_key}) {
    if (fs::exists(*file, ec))
      ++present;
    else
      absent = *file;
  }
  if (absent.empty()) return files;
  if (present > 0)
    return fail(errc::not_found, "is missing beside the others; remove them all to have them made again",
                absent);
  if (auto done = make(files); !done) return fail(done.error());
  files.made = true;
  return files;
}

}  // namespace sluice::sandbox
