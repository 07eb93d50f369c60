//! Reading an INVITE and writing a response to it, beside the other SIP crates for Rust.
//!
//! Every contender gets the same datagram, as its API wants it: sansip and ezk-sip-types shared [`Bytes`], as a receive
//! buffer is split into; the others a slice. (sansip is also measured with a copy of the slice made first.) All do the same work: the message, then Via, From, To, Call-ID,
//! CSeq and Contact as typed values; a 180 to it, with a To tag, in bytes. Each does so by its own public API, in the way
//! its documentation shows. The Contact has no `+sip.instance` (RFC 5626), because rsip cannot read one. `ezk-sip-types` builds no responses and rsip and rsipstack have no builder for one that is
//! comparable, so only rsiprtp is measured there.
//!
//! `cargo bench -p sansip-benches` first runs criterion's groups, then prints medians of interleaved runs, ratios and
//! allocations.
#![allow(clippy::print_stdout)] // The table is what it is for.
#![allow(missing_docs)] // criterion's macro makes undocumented functions.

use std::alloc::System;
use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use criterion::{Criterion, criterion_group};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const INVITE: &str = "INVITE sip:bob@biloxi.example.com;transport=udp SIP/2.0\r\n\
Via: SIP/2.0/UDP bigbox3.site3.atlanta.example.com:5060;branch=z9hG4bK77ef4c2312983.1;rport\r\n\
Via: SIP/2.0/UDP pc33.atlanta.example.com:5066;branch=z9hG4bKnashds8;received=192.0.2.1\r\n\
Max-Forwards: 69\r\n\
Record-Route: <sip:bigbox3.site3.atlanta.example.com;lr>\r\n\
From: \"Alice Liddell\" <sip:alice@atlanta.example.com>;tag=1928301774\r\n\
To: \"Bob\" <sip:bob@biloxi.example.com>\r\n\
Call-ID: a84b4c76e66710f2a9b3@pc33.atlanta.example.com\r\n\
CSeq: 314159 INVITE\r\n\
Contact: <sip:alice@192.0.2.1:5066;transport=udp>;expires=3600;q=0.5\r\n\
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, SUBSCRIBE, INFO, UPDATE, PRACK\r\n\
Supported: replaces, 100rel, timer, norefersub, outbound, gruu\r\n\
Session-Expires: 1800;refresher=uac\r\n\
User-Agent: Example Softphone 3.1.4 (Linux x86_64)\r\n\
Content-Type: application/sdp\r\n\
Content-Length: 303\r\n\
\r\n\
v=0\r\n\
o=alice 2890844526 2890844526 IN IP4 192.0.2.1\r\n\
s=-\r\n\
c=IN IP4 192.0.2.1\r\n\
t=0 0\r\n\
m=audio 49170 RTP/AVP 96 9 0 8 101\r\n\
a=rtpmap:96 opus/48000/2\r\n\
a=fmtp:96 useinbandfec=1\r\n\
a=rtpmap:9 G722/8000\r\n\
a=rtpmap:0 PCMU/8000\r\n\
a=rtpmap:8 PCMA/8000\r\n\
a=rtpmap:101 telephone-event/8000\r\n\
a=fmtp:101 0-16\r\n\
a=sendrecv\r\n";

mod sansip {
    use sansip_core::wire::sip::{Message, StatusCode};

    use super::{Bytes, black_box};

    pub(crate) fn parse(datagram: &Bytes) {
        read(datagram.clone());
    }

    pub(crate) fn copy_and_parse(datagram: &Bytes) {
        read(Bytes::copy_from_slice(datagram));
    }

    fn read(datagram: Bytes) {
        let message = Message::parse(datagram).unwrap();
        black_box(message.via().unwrap());
        black_box(message.from().unwrap());
        black_box(message.to().unwrap());
        black_box(message.call_id().unwrap());
        black_box(message.cseq().unwrap());
        black_box(message.contact().unwrap().unwrap());
        black_box(&message);
    }

    pub(crate) fn request() -> Message {
        Message::parse(Bytes::from_static(super::INVITE.as_bytes())).unwrap()
    }

    pub(crate) fn reply(request: &Message, out: &mut Vec<u8>) {
        out.clear();
        request.write_reply(StatusCode::RINGING, Some("8321234356"), |_| (), out);
        black_box(&out);
    }
}

mod rsip_peer {
    use rsip::prelude::*;

    use super::{Bytes, black_box};

    pub(crate) fn parse(datagram: &Bytes) {
        let message = rsip::SipMessage::try_from(&datagram[..]).unwrap();
        black_box(message.via_header().unwrap().typed().unwrap());
        black_box(message.from_header().unwrap().typed().unwrap());
        black_box(message.to_header().unwrap().typed().unwrap());
        black_box(message.call_id_header().unwrap());
        black_box(message.cseq_header().unwrap().typed().unwrap());
        black_box(message.contact_header().unwrap().typed().unwrap());
        black_box(&message);
    }
}

mod rsipstack_peer {
    use rsipstack::sip::SipMessage;
    use rsipstack::sip::prelude::*;

    use super::{Bytes, black_box};

    pub(crate) fn parse(datagram: &Bytes) {
        let message = SipMessage::try_from(&datagram[..]).unwrap();
        black_box(message.via_header().unwrap().typed().unwrap());
        black_box(message.from_header().unwrap().typed().unwrap());
        black_box(message.to_header().unwrap().typed().unwrap());
        black_box(message.call_id_header().unwrap());
        black_box(message.cseq_header().unwrap().typed().unwrap());
        black_box(message.contact_header().unwrap().typed().unwrap());
        black_box(&message);
    }
}

mod ezk_peer {
    use ezk_sip_types::header::typed::{CSeq, CallID, Contact, FromTo, Via};
    use ezk_sip_types::msg::{Line, MessageLine, PullParser};
    use ezk_sip_types::parse::Parse;
    use ezk_sip_types::{Headers, Name};

    use super::{Bytes, black_box};

    pub(crate) fn parse(datagram: &Bytes) {
        let mut lines = PullParser::new(datagram, 0);
        let first = std::str::from_utf8(lines.next().unwrap().unwrap()).unwrap();
        let start = MessageLine::parse(datagram)(first).unwrap().1;
        let mut headers = Headers::with_capacity(16);
        for line in &mut lines {
            let line = Line::parse(datagram, std::str::from_utf8(line.unwrap()).unwrap()).unwrap().1;
            headers.insert(line.name, line.value);
        }
        let body = datagram.slice(lines.head_end()..);
        black_box(headers.get_named::<Via>().unwrap());
        black_box(headers.get::<FromTo>(Name::FROM).unwrap());
        black_box(headers.get::<FromTo>(Name::TO).unwrap());
        black_box(headers.get_named::<CallID>().unwrap());
        black_box(headers.get_named::<CSeq>().unwrap());
        black_box(headers.get_named::<Contact>().unwrap());
        black_box((&start, &headers, &body));
    }
}

mod rsiprtp_peer {
    use rsiprtp::sip::parser::Request;
    use rsiprtp::sip::parser::typed::{CSeq, Contact, From, To, Via};
    use rsiprtp::sip::{SipMessage, SipRequest, SipResponse};

    use super::{Bytes, black_box};

    pub(crate) fn parse(datagram: &Bytes) {
        let message = Request::parse(datagram).unwrap();
        let value = |name| message.headers.get_first_value(name).unwrap();
        black_box(Via::parse(value("Via")).unwrap());
        black_box(From::parse(value("From")).unwrap());
        black_box(To::parse(value("To")).unwrap());
        black_box(value("Call-ID"));
        black_box(CSeq::parse(value("CSeq")).unwrap());
        black_box(Contact::parse(value("Contact")).unwrap());
        black_box(&message);
    }

    pub(crate) fn request() -> SipRequest {
        match SipMessage::parse(super::INVITE.as_bytes()).unwrap() {
            SipMessage::Request(request) => request,
            SipMessage::Response(_) => unreachable!("an INVITE"),
        }
    }

    pub(crate) fn response(request: &SipRequest) -> SipResponse {
        SipResponse::builder().status(180, "Ringing").from_request(request).to_tag("8321234356").build().unwrap()
    }

    pub(crate) fn reply(request: &SipRequest) {
        black_box(response(request).to_bytes());
    }
}

/// One piece of work under its name.
type Work<'a> = (&'a str, Box<dyn FnMut() + 'a>);

fn parsers() -> Vec<Work<'static>> {
    let datagram = Bytes::from(INVITE.as_bytes().to_vec());
    let work = |name, parse: fn(&Bytes)| -> Work<'static> {
        let datagram = datagram.clone();
        (name, Box::new(move || parse(black_box(&datagram))))
    };
    vec![
        work("sansip", sansip::parse),
        work("sansip, copied first", sansip::copy_and_parse),
        work("rsip", rsip_peer::parse),
        work("rsipstack", rsipstack_peer::parse),
        work("ezk-sip-types", ezk_peer::parse),
        work("rsiprtp", rsiprtp_peer::parse),
    ]
}

fn writers() -> Vec<Work<'static>> {
    let (ours, theirs) = (sansip::request(), rsiprtp_peer::request());
    let built = rsiprtp_peer::response(&theirs);
    let mut out = Vec::with_capacity(2048);
    vec![
        ("sansip, made and written", Box::new(move || sansip::reply(black_box(&ours), &mut out))),
        ("rsiprtp, made and written", Box::new(move || rsiprtp_peer::reply(black_box(&theirs)))),
        ("rsiprtp, only written", Box::new(move || drop(black_box(black_box(&built).to_bytes())))),
    ]
}

fn criterion_groups(criterion: &mut Criterion) {
    for (group, works) in [("sip_parse", parsers()), ("sip_reply", writers())] {
        let mut group = criterion.benchmark_group(group);
        for (name, mut work) in works {
            group.bench_function(name, |bencher| bencher.iter(&mut work));
        }
        group.finish();
    }
}

/// Medians of interleaved runs, in nanoseconds, so that a busy machine is busy for everyone.
fn medians(works: &mut [Work<'_>]) -> Vec<f64> {
    const ROUNDS: usize = 301;
    const RUNS: u32 = 200;
    let mut times = vec![Vec::with_capacity(ROUNDS); works.len()];
    for _ in 0..ROUNDS {
        for ((_, work), times) in works.iter_mut().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..RUNS {
                work();
            }
            times.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(RUNS));
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    times.into_iter().map(median).collect()
}

fn table(title: &str, mut works: Vec<Work<'_>>) {
    let times = medians(&mut works);
    println!("\n{title}");
    for ((name, work), time) in works.iter_mut().zip(&times) {
        let region = Region::new(ALLOCATOR);
        work();
        let change = region.change();
        let allocations = change.allocations + change.reallocations;
        println!("  {name:<26} {time:>8.0} ns {allocations:>4} allocations");
    }
    let mut fastest = f64::INFINITY;
    for ((name, _), time) in works.iter().zip(&times).filter(|((name, _), _)| !name.starts_with("sansip")) {
        println!("  sansip vs {name}: {:.1}x", time / times[0]);
        fastest = fastest.min(*time);
    }
    println!("  sansip vs fastest peer: {:.1}x", fastest / times[0]);
}

criterion_group!(groups, criterion_groups);

fn main() {
    groups();
    Criterion::default().configure_from_args().final_summary();
    table(&format!("INVITE of {} octets with six typed headers", INVITE.len()), parsers());
    table("180 (Ringing) to it", writers());
}
