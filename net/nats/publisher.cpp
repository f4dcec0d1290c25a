#include "net/nats/publisher.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "messages/assert.hpp"
#include "net/nats/connection.hpp"
#include "net/nats/publish_answer.hpp"

namespace sluice::net::nats {
namespace {

using kind = acknowledgement::kind;
using std::chrono::steady_clock;

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
    return "its subject is none to publish to: " + printable(subject);
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
  void run();
  burst_end serve(const std::vector<message>& burst);
  bool connect(std::string& why);
  bool send(const std::vector<message>& burst, std::uint64_t first, steady_clock::time_point deadline,
            burst_end& end);
  void settle(const std::vector<message>& burst, inbox::ending how, burst_end& end);
  std::string explain(inbox::ending how) const;
  void drop();
  bool stopping();

  std::mutex guard_;
  std::condition_variable changed_;
  std::optional<job> job_;
  bool busy_ = false, stopping_ = false;
  std::shared_ptr<connection> connection_;  // changed by the thread under guard_, so that ~impl may close it
  std::size_t server_ = 0;                  // the one that was last good, or is tried
  std::thread thread_;
};

publisher::impl::~impl() {
  std::shared_ptr<connection> open;
  {
    const std::lock_guard held(guard_);
    stopping_ = true;
    open = connection_;
  }
  changed_.notify_all();
  if (open != nullptr) {
    open->answers().stop();
    open->close();
  }
  thread_.join();
}

void publisher::impl::publish(job what) {
  {
    const std::lock_guard held(guard_);
    SLUICE_ASSERT(!busy_ && !stopping_);
    busy_ = true;
    job_ = std::move(what);
  }
  changed_.notify_all();
}

void publisher::impl::run() {
  for (;;) {
    job next;
    {
      std::unique_lock held(guard_);
      changed_.wait(held, [this] { return job_ || stopping_; });
      if (!job_) break;
      next = *std::exchange(job_, std::nullopt);
    }
    burst_end end = serve(next.burst);
    {
      const std::lock_guard held(guard_);
      busy_ = false;
    }
    next.done(std::move(end));
  }
  drop();
  connection::release_thread();
}

bool publisher::impl::stopping() {
  const std::lock_guard held(guard_);
  return stopping_;
}

burst_end publisher::impl::serve(const std::vector<message>& burst) {
  burst_end end;
  end.of.resize(burst.size());
  std::size_t sendable = 0;
  for (std::size_t i = 0; i < burst.size(); ++i) {
    if (std::string fault = fault_of(burst[i]); fault.empty()) {
      ++sendable;
    } else {
      end.of[i] = {kind::refused, std::move(fault)};
    }
  }
  if (sendable == 0) return end;
  if (std::string why; !connect(why)) {
    for (acknowledgement& one : end.of)
      if (one.how == kind::unknown) one.why = why;
    return end;
  }
  const auto deadline = steady_clock::now() + options.timeout;
  inbox& answers = connection_->answers();
  const std::uint64_t first = answers.begin(burst.size());
  auto how = inbox::ending::lost;
  if (send(burst, first, deadline, end)) how = answers.wait(deadline);
  settle(burst, how, end);
  if (how != inbox::ending::complete) drop();
  return end;
}

/// Beginning with the server that was last good.
bool publisher::impl::connect(std::string& why) {
  if (connection_ != nullptr && connection_->is_open()) return true;
  drop();
  for (std::size_t tried = 0; tried < options.servers.size(); ++tried) {
    if (stopping()) break;
    auto made = connection::open(options.servers[server_], options);
    if (made) {
      const std::lock_guard held(guard_);
      if (stopping_) break;
      connection_ = *std::move(made);
      return true;
    }
    why.append(why.empty() ? "" : "; ").append(to_string(made.error()));
    server_ = (server_ + 1) % options.servers.size();
  }
  if (why.empty()) why = explain(inbox::ending::stopped);
  return false;
}

/// False when the connection broke.
bool publisher::impl::send(const std::vector<message>& burst, std::uint64_t first,
                           steady_clock::time_point deadline, burst_end& end) {
  inbox& answers = connection_->answers();
  for (std::size_t i = 0; i < burst.size(); ++i) {
    if (end.of[i].how == kind::refused) {
      answers.expect_no_answer(first + i);
      continue;
    }
    switch (connection_->publish(burst[i], first + i)) {
      case connection::put::queued:
        end.sent = true;
        break;
      case connection::put::too_large:
        answers.expect_no_answer(first + i);
        end.of[i] = {kind::refused, "the message is larger than the server's max_payload of " +
                                        std::to_string(connection_->payload_bytes_max()) + " bytes"};
        break;
      case connection::put::failed:
        end.sent = true;
        return false;
    }
    if (steady_clock::now() >= deadline) return true;
  }
  if (!end.sent) return true;
  connection_->flush(deadline);  // when it cannot, the answers do not come either
  return true;
}

void publisher::impl::settle(const std::vector<message>& burst, inbox::ending how, burst_end& end) {
  const std::string otherwise = explain(how);
  const auto answers = connection_->answers().take();
  for (std::size_t i = 0; i < burst.size(); ++i) {
    acknowledgement& its = end.of[i];
    if (its.how == kind::refused) continue;
    if (!answers[i]) {
      its.why = otherwise;
    } else if (answers[i]->nobody) {
      its = no_stream_listens(burst[i].subject);
    } else {
      its = read_publish_answer(answers[i]->text, options.stream);
    }
  }
}

std::string publisher::impl::explain(inbox::ending how) const {
  std::string why;
  const std::string server = options.servers[server_].authority();
  switch (how) {
    case inbox::ending::complete:
      return {};
    case inbox::ending::stopped:
      return "publishing was ended before an answer came";
    case inbox::ending::timed_out:
      why = "no answer from the NATS server " + server + " within " +
            std::to_string(options.timeout.count()) + " ms";
      break;
    case inbox::ending::lost:
      why = "the connection with the NATS server " + server + " was lost before an answer came";
      break;
  }
  if (const std::string said = connection_->complaint(); !said.empty()) why += ": " + said;
  return why;
}

void publisher::impl::drop() {
  std::shared_ptr<connection> old;
  {
    const std::lock_guard held(guard_);
    old.swap(connection_);
  }
}

publisher::publisher(publisher_options options) : impl_(std::make_unique<impl>(std::move(options))) {}

publisher::~publisher() = default;

void publisher::publish(std::vector<message> burst, std::function<void(burst_end)> done) {
  impl_->publish({std::move(burst), std::move(done)});
}

}  // namespace sluice::net::nats
