//! Simulated calls, one behaviour a module: what is sent, what is told and in which order, and what is heard.

#[path = "../common/mod.rs"]
mod common;

mod attributes;
mod auth_401_407;
mod basic_call;
mod call_cancelled;
mod call_rejected;
mod dtmf;
mod early_media;
mod forked_2xx_is_acked_and_ended;
mod glare_is_retried;
mod hold_refused_is_taken_back;
mod hold_unhold;
mod incoming_refused;
mod info_digits_queue;
mod invite_expires;
mod late_offer;
mod lossy_network;
mod lost_ack;
mod merged_request;
mod no_answer;
mod no_audio;
mod offerless_reinvite_on_hold;
mod peer_removes_audio;
mod record_route;
mod recording;
mod reinvite_never_answered;
mod remote_hold;
mod retransmitted_200;
mod routes_in_order;
mod same_seed_same_trace;
mod starts_on_hold;
mod stop_says_goodbye;
mod tcp_over_1300_octets;
mod two_calls;
mod uri_headers;
