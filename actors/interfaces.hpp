// Every actor of the node and every message it takes, in the order in which a batch meets them.
//
//   socket ──submit──▶ ingest ──push──▶ decode ×N ──push──▶ route ×N ──push──▶ checkpoint ──▶ log
//                         ◀──grant──      ◀──grant──          ◀──grant──       │   ▲   ▲
//                                                         sample ▼  offered,   │   │   │ offer, settle
//                                                        telemetry  settled ◀──┘   │   │
//                        log ──ready, chunk──▶ audit ──audited─────────────────────┘   │
//                        log ──ready, chunk──▶ deliver (one a lane) ───────────────────┘
//                        subscription ──note───────────────────────────────────────────┤
//                        admin API ──order─────────────────────────────────────────────┘
//   supervisor ──attach──▶ ingest, decode, route;  it alone restarts
//
// A message between stages carries a group: everything that came since the producer's last turn. Nothing here
// is a request: what must be answered travels with its completion (messages/batch.hpp), so no death leaves
// anybody waiting.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "actors/checkpoint/delivery_messages.hpp"
#include "actors/checkpoint/order.hpp"
#include "actors/credit.hpp"
#include "messages/atoms.hpp"
#include "messages/batch.hpp"

namespace sluice {

struct commit_result;
using commit_result_ptr = std::shared_ptr<commit_result>;
struct log_chunk;
using log_chunk_ptr = std::shared_ptr<log_chunk>;
struct attempt_result;
using attempt_result_ptr = std::shared_ptr<attempt_result>;
struct burst_result;
using burst_result_ptr = std::shared_ptr<burst_result>;
struct work_result;
using work_result_ptr = std::shared_ptr<work_result>;
struct commit_sample;
using commit_sample_ptr = std::shared_ptr<commit_sample>;
struct scrape_request;
using scrape_request_ptr = std::shared_ptr<scrape_request>;

}  // namespace sluice

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::batch_group_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::commit_result_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::log_chunk_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::attempt_result_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::burst_result_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::work_result_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::commit_sample_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::scrape_request_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::checkpoint::outcome_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::checkpoint::offer_head)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::checkpoint::relief)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::checkpoint::order_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::target)

namespace sluice {

/// The PRODUCER protocol: the upper end of a link.
using producer_actor = caf::typed_actor<
    // The consumer has room for so many more groups. An unknown epoch is ignored.
    caf::reacts_to<grant_a, epoch, std::uint32_t>>;

/// The CONSUMER protocol: the lower end of a link.
using consumer_actor = caf::typed_actor<
    // A new link: the consumer monitors the producer and grants its window.
    caf::reacts_to<open_a, epoch, producer_actor>,
    // A group, against one credit. Of a link that is gone it is taken as well, but earns no credit.
    caf::reacts_to<push_a, epoch, batch_group_ptr>>;

/// The INGEST actor: takes requests from the sockets' inbox, groups them, hands them to the decoders.
using ingest_actor = producer_actor::extend<
    // The inbox holds requests; sent once by whoever found it empty.
    caf::reacts_to<submit_a>,
    // A decoder, new or again. One that died is forgotten by itself.
    caf::reacts_to<attach_a, epoch, consumer_actor>>;

/// The DECODE and the ROUTE actor: both take groups, do their part on each batch, hand the group on.
using relay_actor = consumer_actor::extend<caf::reacts_to<grant_a, epoch, std::uint32_t>,
                                           caf::reacts_to<attach_a, epoch, consumer_actor>>;

/// A DELIVER actor: one lane of a destination, reading the log by its own cursor.
using deliver_actor = caf::typed_actor<
    // Groups are there behind what it read (its wake), or were read from the files.
    caf::reacts_to<ready_a>, caf::reacts_to<chunk_a, log_chunk_ptr>,
    // Its offer is durable: the attempt may begin.
    caf::reacts_to<offered_a, std::uint64_t>,
    // Its outcome is durable.
    caf::reacts_to<settled_a>,
    // Its worker thread finished a write, its HTTP client an attempt, its publisher a burst.
    caf::reacts_to<written_a, work_result_ptr>, caf::reacts_to<reply_a, attempt_result_ptr>,
    caf::reacts_to<reply_a, burst_result_ptr>,
    // The backlog is over its bound, or an operator gives it up: acts between attempts.
    caf::reacts_to<relieve_a, checkpoint::relief>,
    // It is time for the next step; or the destination goes on after a pause.
    caf::reacts_to<tick_a>,
    // Finish the attempt under way, see its outcome durable, take nothing new, end.
    caf::reacts_to<drain_a>>;

/// The AUDIT actor: one line an event and action, from the log by its own cursor.
using audit_actor = caf::typed_actor<caf::reacts_to<ready_a>, caf::reacts_to<chunk_a, log_chunk_ptr>,
                                     caf::reacts_to<written_a, work_result_ptr>,
                                     // Enough was gathered since the last write.
                                     caf::reacts_to<tick_a>,
                                     // Write what the log holds, then end.
                                     caf::reacts_to<drain_a>>;

/// The TELEMETRY actor: owns the metrics registry.
using telemetry_actor = caf::typed_actor<
    // What one or more commits held; grants the next one by `grant`.
    caf::reacts_to<sample_a, commit_sample_ptr>,
    // Render the metrics into the request's exchange.
    caf::reacts_to<scrape_a, scrape_request_ptr>>;

/// The CHECKPOINT actor: decides duplicates, builds groups, has them committed, answers.
using checkpoint_actor = consumer_actor::extend<
    // The commit thread wrote and synced a group, or could not.
    caf::reacts_to<durable_a, commit_result_ptr>,
    // A segment may have become ready.
    caf::reacts_to<room_a>,
    // Make an offer durable, at once; answered by `offered`.
    caf::reacts_to<offer_a, checkpoint::offer_head, deliver_actor>,
    // Note an outcome with the next commit, within 100 ms; answered by `settled`.
    caf::reacts_to<settle_a, checkpoint::outcome_ptr, deliver_actor>,
    // The actor that serves a lane now, for `relieve`.
    caf::reacts_to<attach_a, target, deliver_actor>,
    // Backlogs have an age: look at it, again and again.
    caf::reacts_to<relieve_a>,
    // Audit has written everything up to a group and a position into so many bytes; rides along with the next
    // commit.
    caf::reacts_to<audited_a, group_number, position, std::uint64_t>,
    // Keep the id of the subscription that events come from, at once; empty: none any more. At most
    // checkpoint::subscription_bytes_max bytes.
    caf::reacts_to<note_a, std::string>,
    // An operator's order: durable, then carried out, then answered.
    caf::reacts_to<order_a, checkpoint::order_ptr>,
    // The telemetry actor, new or again; and: it took the last sample.
    caf::reacts_to<attach_a, telemetry_actor>, caf::reacts_to<grant_a, epoch, std::uint32_t>,
    caf::reacts_to<tick_a>,
    // Commit what waits, audit progress included, then end.
    caf::reacts_to<drain_a>>;

/// The SUBSCRIPTION actor: sees to it that the subscription at the sender is there, active and points here.
using subscription_actor = caf::typed_actor<
    // Its HTTP client ended an attempt.
    caf::reacts_to<reply_a, attempt_result_ptr>,
    // It is time: for the next step, or the next look.
    caf::reacts_to<tick_a>>;

/// The SUPERVISOR actor: makes, links and restarts every other one.
using supervisor_actor = caf::typed_actor<
    // End the subscription and the deliveries, then the audit, then the checkpoint, then everything else;
    // then end.
    caf::reacts_to<drain_a>>;

}  // namespace sluice
