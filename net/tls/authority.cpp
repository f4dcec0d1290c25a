#include "net/tls/authority.hpp"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "net/tls/context_impl.hpp"

namespace sluice::net::tls {
namespace {

using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
using number_ptr = std::unique_ptr<BIGNUM, freed_by<BN_free>>;

constexpr int serial_bits = 127;  // RFC 5280 section 4.1.2.2: positive, at most 20 bytes
constexpr auto authority_life = std::chrono::hours(24 * 365);

tl::unexpected<error> cannot(const char* what) {
  return fail(errc::io, std::string(what).append(": ").append(take_reason("OpenSSL does not say why")));
}

std::string text_of(BIO* from) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(from, &bytes);
  return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

std::string pem(X509* certificate) {
  const bio_ptr to(BIO_new(BIO_s_mem()));
  return to && PEM_write_bio_X509(to.get(), certificate) == 1 ? text_of(to.get()) : std::string();
}

std::string pem(EVP_PKEY* key) {
  const bio_ptr to(BIO_new(BIO_s_mem()));
  return to && PEM_write_bio_PrivateKey(to.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1
             ? text_of(to.get())
             : std::string();
}

bool add_extension(X509* to, X509* issuer, int which, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  const extension_ptr made(X509V3_EXT_conf_nid(nullptr, &context, which, value.c_str()));
  return made && X509_add_ext(to, made.get(), -1) == 1;
}

bool draw_serial(X509* of) {
  const number_ptr number(BN_new());
  return number && BN_rand(number.get(), serial_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(of)) != nullptr;
}

bool set_life(X509* of, std::chrono::hours from, std::chrono::hours to) {
  const auto seconds = [](std::chrono::hours h) {
    return static_cast<long>(std::chrono::duration_cast<std::chrono::seconds>(h).count());
  };
  return X509_gmtime_adj(X509_getm_notBefore(of), seconds(from)) != nullptr &&
         X509_gmtime_adj(X509_getm_notAfter(of), seconds(to)) != nullptr;
}

/// A certificate with everything but its extensions, issuer and signature.
certificate_ptr begin(EVP_PKEY* key, const std::string& common_name, std::chrono::hours from,
                      std::chrono::hours to) {
  certificate_ptr made(X509_new());
  if (!made || X509_set_version(made.get(), X509_VERSION_3) != 1 || !draw_serial(made.get()) ||
      !set_life(made.get(), from, to) || X509_set_pubkey(made.get(), key) != 1)
    return nullptr;
  const auto* text = reinterpret_cast<const unsigned char*>(common_name.data());
  const int added = X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8, text,
                                               static_cast<int>(common_name.size()), -1, 0);
  return added == 1 ? std::move(made) : nullptr;
}

bool is_address(const std::string& name) {
  boost::system::error_code not_numeric;
  boost::asio::ip::make_address(name, not_numeric);
  return !not_numeric;
}

/// `DNS:localhost,IP:127.0.0.1`. The names are checked: a comma would begin another one.
result<std::string> alternative_names(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) {
    if (name.empty() || name.find_first_of(", \t\r\n") != std::string::npos)
      return fail(errc::bad_request, "`" + name + "` is no name for a certificate");
    all.append(all.empty() ? "" : ",").append(is_address(name) ? "IP:" : "DNS:").append(name);
  }
  return all;
}

}  // namespace

struct authority::impl {
  key_ptr key;
  certificate_ptr certificate;
};

authority::authority(std::unique_ptr<impl> i, std::string certificate, std::string key) noexcept
    : impl_(std::move(i)), certificate_(std::move(certificate)), key_(std::move(key)) {}
authority::authority(authority&&) noexcept = default;
authority& authority::operator=(authority&&) noexcept = default;
authority::~authority() = default;

result<authority> authority::make(const std::string& common_name) {
  auto made = std::make_unique<impl>();
  made->key.reset(EVP_EC_gen("P-256"));
  if (!made->key) return cannot("no key can be made");
  made->certificate = begin(made->key.get(), common_name, std::chrono::hours(-1), authority_life);
  X509* const own = made->certificate.get();
  if (own == nullptr || X509_set_issuer_name(own, X509_get_subject_name(own)) != 1 ||
      !add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !add_extension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !add_extension(own, own, NID_subject_key_identifier, "hash") ||
      X509_sign(own, made->key.get(), EVP_sha256()) == 0)
    return cannot("no authority can be made");
  auto certificate = pem(own), key = pem(made->key.get());
  if (certificate.empty() || key.empty()) return cannot("no authority can be written");
  return authority(std::move(made), std::move(certificate), std::move(key));
}

result<authority> authority::load(const std::string& certificate_file, const std::string& key_file) {
  auto made = std::make_unique<impl>();
  const bio_ptr from(BIO_new_file(certificate_file.c_str(), "r"));
  if (from) made->certificate.reset(PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr));
  if (!made->certificate)
    return fail(errc::invalid_config, "is no PEM certificate: " + take_reason("unreadable"),
                certificate_file);
  const bio_ptr key_from(BIO_new_file(key_file.c_str(), "r"));
  if (key_from) made->key.reset(PEM_read_bio_PrivateKey(key_from.get(), nullptr, no_pass_phrase, nullptr));
  if (!made->key)
    return fail(errc::invalid_config, "is no PEM key without a pass phrase: " + take_reason("unreadable"),
                key_file);
  if (X509_check_private_key(made->certificate.get(), made->key.get()) != 1)
    return fail(errc::invalid_config,
                "is not the key of " + certificate_file + ": " + take_reason("they differ"), key_file);
  auto certificate = pem(made->certificate.get()), key = pem(made->key.get());
  return authority(std::move(made), std::move(certificate), std::move(key));
}

result<issued> authority::issue(const certificate_wish& wish) const {
  if (wish.names.empty()) return fail(errc::bad_request, "a certificate needs a name");
  const auto names = alternative_names(wish.names);
  if (!names) return fail(names.error());
  const key_ptr key(EVP_EC_gen("P-256"));
  if (!key) return cannot("no key can be made");
  const auto made = begin(key.get(), wish.names.front(), wish.valid_from, wish.valid_to);
  X509* const leaf = made.get();
  X509* const by = impl_->certificate.get();
  if (leaf == nullptr || X509_set_issuer_name(leaf, X509_get_subject_name(by)) != 1 ||
      !add_extension(leaf, by, NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(leaf, by, NID_key_usage, "critical,digitalSignature") ||
      !add_extension(leaf, by, NID_ext_key_usage, wish.for_clients ? "clientAuth" : "serverAuth") ||
      !add_extension(leaf, by, NID_subject_alt_name, *names) ||
      !add_extension(leaf, by, NID_authority_key_identifier, "keyid") ||
      X509_sign(leaf, impl_->key.get(), EVP_sha256()) == 0)
    return cannot("no certificate can be made");
  issued out{pem(leaf), pem(key.get())};
  if (out.certificate.empty() || out.key.empty()) return cannot("no certificate can be written");
  return out;
}

result<void> write_pem(const std::string& file, const std::string& text, bool secret) {
  // A new file under another name first: an old one with a wider mode never holds the key.
  const std::string next = file + ".new";
  ::unlink(next.c_str());
  const int descriptor =
      ::open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, secret ? 0600 : 0644);
  int sys = descriptor < 0 ? errno : 0;
  std::size_t written = 0;
  while (sys == 0 && written < text.size()) {
    const auto n = ::write(descriptor, text.data() + written, text.size() - written);
    if (n >= 0)
      written += static_cast<std::size_t>(n);
    else if (errno != EINTR)
      sys = errno;
  }
  if (descriptor >= 0 && ::close(descriptor) != 0 && sys == 0) sys = errno;
  if (sys == 0 && ::rename(next.c_str(), file.c_str()) != 0) sys = errno;
  if (sys == 0) return {};
  return fail(errc::io, std::string("cannot be written: ").append(std::strerror(sys)), file, sys);
}

}  // namespace sluice::net::tls
