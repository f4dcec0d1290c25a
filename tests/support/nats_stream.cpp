#include "tests/support/nats_stream.hpp"

#include <nats/nats.h>

#include <algorithm>
#include <stdexcept>

namespace sluice::testing {
namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* what) const noexcept {
    Free(what);
  }
};

void check(natsStatus status, const std::string& what) {
  if (status == NATS_OK) return;
  const char* const said = nats_GetLastError(nullptr);
  throw std::runtime_error(what + ": " + natsStatus_GetText(status) + ": " + (said == nullptr ? "" : said));
}

constexpr jsErrCode no_message = static_cast<jsErrCode>(10037);

}  // namespace

struct nats_streams::state {
  std::unique_ptr<natsOptions, freed_by<natsOptions_Destroy>> options;
  std::unique_ptr<natsConnection, freed_by<natsConnection_Destroy>> connection;
  std::unique_ptr<jsCtx, freed_by<jsCtx_Destroy>> streams;

  std::unique_ptr<jsStreamInfo, freed_by<jsStreamInfo_Destroy>> info(const std::string& name) {
    jsStreamInfo* found = nullptr;
    check(js_GetStreamInfo(&found, streams.get(), name.c_str(), nullptr, nullptr), "stream " + name);
    return std::unique_ptr<jsStreamInfo, freed_by<jsStreamInfo_Destroy>>(found);
  }
  template <class Visit>
  void each(const std::string& name, Visit visit) {
    const auto known = info(name);
    for (std::uint64_t sequence = std::max<std::uint64_t>(known->State.FirstSeq, 1);
         sequence <= known->State.LastSeq; ++sequence) {
      natsMsg* read = nullptr;
      jsErrCode code{};
      const natsStatus status = js_GetMsg(&read, streams.get(), name.c_str(), sequence, nullptr, &code);
      if (status != NATS_OK && code == no_message) continue;
      check(status, "message " + std::to_string(sequence));
      const std::unique_ptr<natsMsg, freed_by<natsMsg_Destroy>> message(read);
      visit(read);
    }
  }
};

nats_streams::nats_streams(std::uint16_t port, const nats_login& login) : state_(std::make_unique<state>()) {
  natsOptions* options = nullptr;
  check(natsOptions_Create(&options), "options");
  state_->options.reset(options);
  check(natsOptions_SetURL(options, ("nats://127.0.0.1:" + std::to_string(port)).c_str()), "URL");
  if (!login.user.empty())
    check(natsOptions_SetUserInfo(options, login.user.c_str(), login.password.c_str()), "user");
  if (!login.token.empty()) check(natsOptions_SetToken(options, login.token.c_str()), "token");
  if (!login.credentials.empty())
    check(natsOptions_SetUserCredentialsFromFiles(options, login.credentials.c_str(), nullptr),
          "credentials");
  if (!login.ca.empty()) {
    check(natsOptions_SetSecure(options, true), "TLS");
    check(natsOptions_LoadCATrustedCertificates(options, login.ca.c_str()), login.ca);
  }
  if (!login.certificate.empty())
    check(natsOptions_LoadCertificatesChain(options, login.certificate.c_str(), login.key.c_str()),
          login.certificate);
  natsConnection* connection = nullptr;
  check(natsConnection_Connect(&connection, options), "connecting");
  state_->connection.reset(connection);
  jsCtx* streams = nullptr;
  check(natsConnection_JetStream(&streams, connection, nullptr), "JetStream");
  state_->streams.reset(streams);
}

nats_streams::~nats_streams() = default;

void nats_streams::make(const std::string& name, const std::string& subject,
                        const nats_stream_limits& limits) {
  jsStreamConfig wish;
  check(jsStreamConfig_Init(&wish), "configuration");
  const char* subjects[] = {subject.c_str()};
  wish.Name = name.c_str();
  wish.Subjects = subjects;
  wish.SubjectsLen = 1;
  wish.MaxMsgs = limits.messages_max;
  wish.MaxMsgSize = limits.message_bytes_max;
  wish.Discard = limits.discard_new ? js_DiscardNew : js_DiscardOld;
  wish.Duplicates = std::chrono::nanoseconds(limits.duplicate_window).count();
  check(js_AddStream(nullptr, state_->streams.get(), &wish, nullptr, nullptr), "making the stream " + name);
}

void nats_streams::empty(const std::string& name) {
  check(js_PurgeStream(state_->streams.get(), name.c_str(), nullptr, nullptr), "emptying the stream " + name);
}

std::uint64_t nats_streams::count(const std::string& name) { return state_->info(name)->State.Msgs; }

std::vector<std::chrono::nanoseconds> nats_streams::times(const std::string& name) {
  std::vector<std::chrono::nanoseconds> all;
  state_->each(name, [&](natsMsg* message) { all.emplace_back(natsMsg_GetTime(message)); });
  return all;
}

std::vector<nats_stored> nats_streams::read(const std::string& name) {
  std::vector<nats_stored> all;
  state_->each(name, [&](natsMsg* message) {
    const char* id = nullptr;
    natsMsgHeader_Get(message, "Nats-Msg-Id", &id);
    all.push_back(
        {natsMsg_GetSubject(message), id == nullptr ? "" : id,
         std::string(natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message)))});
  });
  return all;
}

}  // namespace sluice::testing
