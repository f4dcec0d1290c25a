#include "net/nats/publisher.hpp"

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

#include "messages/assert.hpp"
#include "net/http/quoted.hpp"
#include "net/nats/connection.hpp"
#include "net/nats/publish_answer.hpp"
#include "net/nats/wakeup.hpp"

namespace sluice::net::nats {
namespace {

using kind = acknowledgement::kind;
using std::chrono::steady_clock;
using time_point = steady_clock::time_point;

constexpr auto ping_interval =
    std::chrono::seconds(20);                         // of an idle connection, so that its loss is noticed
constexpr std::size_t queued_bytes_max = 256 * 1024;  // of a burst, encoded, before some must have gone

constexpr std::size_t subject_bytes_max =
    1024;  // a server ends a connection whose line is longer than it takes: 4096
constexpr std::size_t id_bytes_max = 1024;

/// Why a message can be sent to no server; empty: it can. What would end its line or address many subjects
/// must not come so far, and is refused here whoever let it.
std::string fault_of(const message& what) {
  const auto visible = [](char c) { return c > ' ' && c < 127; };
  const std::string& subject = what.subject;
  if (subject.empty() || subject.size() > subject_bytes_max)
    return "its subject is empty or longer than 1024 bytes";
  if (!std::ranges::all_of(subject, visible) || subject.find_first_of("*>") != subject.npos ||
      subject.front() == '.' || subject.back() == '.' || subject.find("..") != subject.npos)
    return "its subject is none to publish to: " + http::excerpt(subject);
  if (what.id.empty() || what.id.size() > id_bytes_max || !std::ranges::all_of(what.id, visible))
    return "its id is empty, longer than 1024 bytes or not printable ASCII";
  return {};
}

struct job {
  std::vector<message> burst;
  std::function<void(burst_end)> done;
};

}  // namespace

struct publisher::impl {
  explicit impl(publisher_options o) : options(std::move(o)), thread_([this] { run(); }) {
    SLUICE_ASSERT(!options.servers.empty());
  }
  ~impl();

  void publish(job what);

  const publisher_options options;

 private:
  enum class ending : std::uint8_t { complete, lost, timed_out, stopped };

  void run();
  std::optional<job> next();
  void idle();
  burst_end serve(const std::vector<message>& burst);
  bool connect(std::string& why);
  ending send(const std::vector<message>& burst, burst_end& end, time_point deadline);
  ending exchange(time_point deadline);
  void settle(const std::vector<message>& burst, ending how, burst_end& end);
  std::string explain(ending how) const;
  bool stopping();

  std::mutex guard_;  // of job_, busy_, stopping_ and what wakes the thread for them
  std::optional<job> job_;
  bool busy_ = false, stopping_ = false;
  wakeup wake_;  // set: a job came, or the thread shall end

  // The thread's own:
  std::unique_ptr<connection> connection_;
  std::size_t server_ = 0;  // the one that was last good, or is tried
  std::thread thread_;
};

publisher::impl::~impl() {
  {
    const std::lock_guard held(guard_);
    stopping_ = true;
    wake_.set();
  }
  thread_.join();
}

void publisher::impl::publish(job what) {
  const std::lock_guard held(guard_);
  SLUICE_ASSERT(!busy_ && !stopping_);
  busy_ = true;
  job_ = std::move(what);
  wake_.set();
}

void publisher::impl::run() {
  while (auto what = next()) {
    burst_end end = serve(what->burst);
    {
      const std::lock_guard held(guard_);
      busy_ = false;
    }
    what->done(std::move(end));
  }
}

/// Nothing when the thread shall end. A job that is there is done before.
std::optional<job> publisher::impl::next() {
  for (;;) {
    {
      const std::lock_guard held(guard_);
      if (job_) {
        if (!stopping_) wake_.clear();
        return std::exchange(job_, std::nullopt);
      }
      if (stopping_) return std::nullopt;
    }
    idle();
  }
}

/// Until the thread is woken, or the connection has said something or nothing for long.
void publisher::impl::idle() {
  if (connection_ == nullptr) return wake_.wait();
  switch (connection_->exchange(steady_clock::now() + ping_interval)) {
    case transport::moved::bytes:
    case transport::moved::woken:
      break;
    case transport::moved::timed_out:
      if (!connection_->ping()) connection_.reset();
      break;
    case transport::moved::lost:
      connection_.reset();
      break;
  }
}

bool publisher::impl::stopping() {
  const std::lock_guard held(guard_);
  return stopping_;
}

burst_end publisher::impl::serve(const std::vector<message>& burst) {
  burst_end end;
  end.of.resize(burst.size());
  bool has_any = false;
  for (std::size_t i = 0; i < burst.size(); ++i) {
    if (std::string fault = fault_of(burst[i]); fault.empty()) {
      has_any = true;
    } else {
      end.of[i] = {kind::refused, std::move(fault)};
    }
  }
  if (!has_any) return end;
  if (std::string why; !connect(why)) {
    for (acknowledgement& one : end.of)
      if (one.how == kind::unknown) one.why = why;
    return end;
  }
  const ending how = send(burst, end, steady_clock::now() + options.timeout);
  settle(burst, how, end);
  if (how != ending::complete) connection_.reset();
  return end;
}

/// Beginning with the server that was last good.
bool publisher::impl::connect(std::string& why) {
  while (connection_ != nullptr) {  // what came since is taken in: it may be the connection's end
    const auto how = connection_->exchange(steady_clock::now());
    if (how == transport::moved::lost) connection_.reset();
    if (how == transport::moved::timed_out) return true;
    if (how == transport::moved::woken) break;
  }
  for (std::size_t tried = 0; tried < options.servers.size() && !stopping(); ++tried) {
    auto made = connection::open(options.servers[server_], options, wake_);
    if (made) {
      connection_ = *std::move(made);
      return true;
    }
    why.append(why.empty() ? "" : "; ").append(to_string(made.error()));
    server_ = (server_ + 1) % options.servers.size();
  }
  if (stopping()) why = explain(ending::stopped);
  return false;
}

publisher::impl::ending publisher::impl::send(const std::vector<message>& burst, burst_end& end,
                                              time_point deadline) {
  inbox& answers = connection_->answers();
  const std::uint64_t first = connection_->begin(burst.size());
  for (std::size_t i = 0; i < burst.size(); ++i) {
    if (end.of[i].how == kind::unknown && !connection_->takes(burst[i]))
      end.of[i] = {kind::refused, "the message is larger than the server's max_payload of " +
                                      std::to_string(connection_->payload_bytes_max()) + " bytes"};
    if (end.of[i].how == kind::refused) {
      answers.expect_nothing(first + i);
      continue;
    }
    connection_->publish(burst[i], first + i);
    end.sent = true;
    while (connection_->queued() > queued_bytes_max)
      if (const ending how = exchange(deadline); how != ending::complete) return how;
  }
  while (!answers.is_complete())
    if (const ending how = exchange(deadline); how != ending::complete) return how;
  return ending::complete;
}

/// Complete: something has gone or come.
publisher::impl::ending publisher::impl::exchange(time_point deadline) {
  switch (connection_->exchange(deadline)) {
    case transport::moved::bytes:
      return steady_clock::now() < deadline ? ending::complete : ending::timed_out;
    case transport::moved::timed_out:
      return ending::timed_out;
    case transport::moved::woken:
      return ending::stopped;
    case transport::moved::lost:
      break;
  }
  return ending::lost;
}

void publisher::impl::settle(const std::vector<message>& burst, ending how, burst_end& end) {
  const std::string otherwise = explain(how);
  for (std::size_t i = 0; i < burst.size(); ++i) {
    acknowledgement& its = end.of[i];
    if (its.how == kind::refused) continue;
    if (const auto& came = connection_->answers().at(i); !came) {
      its.why = otherwise;
    } else if (came->nobody) {
      its = no_stream_listens(burst[i].subject);
    } else {
      its = read_publish_answer(came->text, options.stream);
    }
  }
}

std::string publisher::impl::explain(ending how) const {
  std::string why;
  const std::string server = options.servers[server_].authority();
  switch (how) {
    case ending::complete:
      return {};
    case ending::stopped:
      return "publishing was ended before an answer came";
    case ending::timed_out:
      why = "no answer from the NATS server " + server + " within " +
            std::to_string(options.timeout.count()) + " ms";
      break;
    case ending::lost:
      why = "the connection with the NATS server " + server + " was lost before an answer came";
      break;
  }
  if (const std::string said = connection_->complaint(); !said.empty()) why += ": " + said;
  return why;
}

publisher::publisher(publisher_options options) : impl_(std::make_unique<impl>(std::move(options))) {}

publisher::~publisher() = default;

void publisher::publish(std::vector<message> burst, std::function<void(burst_end)> done) {
  impl_->publish({std::move(burst), std::move(done)});
}

}  // namespace sluice::net::nats
