// The verbs of the protocol between actors. The only file of the vocabulary that knows CAF.
#pragma once

#include <caf/atom.hpp>

namespace sluice {

using attach_a = caf::atom_constant<caf::atom("attach")>;  ///< supervisor → producer: here is your consumer
using open_a = caf::atom_constant<caf::atom("open")>;      ///< producer → consumer: a new link
using push_a = caf::atom_constant<caf::atom("push")>;      ///< producer → consumer: a group, for one credit
using grant_a = caf::atom_constant<caf::atom("grant")>;    ///< consumer → producer: credit
using submit_a = caf::atom_constant<caf::atom("submit")>;  ///< socket side → ingest: the inbox holds requests
using durable_a = caf::atom_constant<caf::atom("durable")>;  ///< commit thread → checkpoint: a commit ended
using room_a = caf::atom_constant<caf::atom("room")>;        ///< log → checkpoint: ask again for a segment
using offer_a = caf::atom_constant<caf::atom("offer")>;  ///< deliver → checkpoint: make an offer durable
using offered_a = caf::atom_constant<caf::atom("offered")>;  ///< checkpoint → deliver: it is
using settle_a = caf::atom_constant<caf::atom("settle")>;    ///< deliver → checkpoint: an outcome
using settled_a = caf::atom_constant<caf::atom("settled")>;  ///< checkpoint → deliver: it is durable
using audited_a = caf::atom_constant<caf::atom("audited")>;  ///< audit → checkpoint: progress
using note_a = caf::atom_constant<caf::atom("note")>;        ///< subscription → checkpoint: keep its id
using order_a = caf::atom_constant<caf::atom("order")>;  ///< admin side → checkpoint: an operator's wish
using ready_a = caf::atom_constant<caf::atom("ready")>;  ///< log → reader: groups are there
using chunk_a = caf::atom_constant<caf::atom("chunk")>;  ///< log → reader: groups from the files
using written_a = caf::atom_constant<caf::atom("written")>;  ///< a stage's worker thread → the stage
using reply_a = caf::atom_constant<caf::atom("reply")>;      ///< HTTP client → deliver: an attempt ended
using relieve_a =
    caf::atom_constant<caf::atom("relieve")>;  ///< checkpoint → deliver: the backlog is over its bound
using tick_a = caf::atom_constant<caf::atom("tick")>;      ///< a stage to itself, later
using sample_a = caf::atom_constant<caf::atom("sample")>;  ///< checkpoint → telemetry: what a commit held
using scrape_a = caf::atom_constant<caf::atom("scrape")>;  ///< admin side → telemetry: render the metrics
using drain_a = caf::atom_constant<caf::atom("drain")>;    ///< supervisor → stage: finish, then tell

}  // namespace sluice
