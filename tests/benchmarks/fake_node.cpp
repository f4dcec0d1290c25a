// A stand-in for the node in the tests of `sluice bench`: called as the real one is, it serves what a
// measurement needs. What it should do wrong is told with --set fake=WHAT: crash (at start), unready (for
// ever), deaf (to SIGTERM), fail (exit code 5).
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/benchmarks/peer.hpp"

using sluice::test::answer_with;
using sluice::test::peer_reply;
using sluice::test::peer_request;

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  const auto has = [&](const std::string& word) {
    return std::find(arguments.begin(), arguments.end(), word) != arguments.end();
  };
  if (arguments.size() < 3 || arguments[0] != "run" || arguments[1] != "--config") return 2;
  if (has("fake=crash")) {
    std::fputs("cannot start: told so\n", stderr);
    return 3;
  }
  std::ifstream file(arguments[2]);
  const std::string configuration{std::istreambuf_iterator<char>(file), {}};
  const std::string key = "listen: \"127.0.0.1:";
  const auto at = configuration.find(key);
  if (at == std::string::npos) return 78;

  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
  int asked = 0;
  int commits = 100;
  const sluice::test::peer server(
      [&](const peer_request& r) {
        if (r.path == "/readyz") {
          const bool is_ready = !has("fake=unready") && ++asked > 2;
          return peer_reply{answer_with(is_ready ? 200 : 503, "")};
        }
        if (r.path == "/metrics") {
          return peer_reply{answer_with(200,
                                        "# TYPE sluice_commit_duration_seconds histogram\n"
                                        "sluice_commit_duration_seconds_count " +
                                            std::to_string(commits) + "\n")};
        }
        ++commits;
        return peer_reply{answer_with(
            200, R"({"status":"accepted","accepted":10,"duplicates":0,"dropped":0,"quarantined":0})")};
      },
      static_cast<std::uint16_t>(std::stoi(configuration.substr(at + key.size()))));
  int received = 0;
  do {
    sigwait(&wanted, &received);
  } while (has("fake=deaf"));
  return has("fake=fail") ? 5 : 0;
}
