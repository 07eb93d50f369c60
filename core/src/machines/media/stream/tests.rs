//! Streams that talk to each other over a link that loses, delays, doubles and reorders.

use std::vec;
use std::vec::Vec;

use super::super::codec::CodecKind;
use super::super::dtmf::DTMF_DURATION;
use super::super::jitter::JitterConfig;
use super::super::measure::{level_at, rms_dbov};
use super::super::tone::Sine;
use super::super::wav;
use super::*;
use crate::wire::rtp::{Header, RtcpPacket, TelephoneEvent};

const EVENTS: u8 = 101;

fn address(last: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, last], 4_000))
}

fn ms(n: u64) -> Instant {
    Instant::from_millis(n)
}

fn config(n: u8) -> AudioConfig {
    AudioConfig {
        ssrc: u32::from(n) * 1_000,
        first_sequence: 65_500,
        first_timestamp: u32::MAX - 20_000,
        cname: "test".into(),
        jitter: JitterConfig::default(),
        no_rtcp: false,
        wall_clock: None,
    }
}

fn stream(n: u8, format: Format) -> AudioStream {
    let mut stream = AudioStream::new(config(n), Rng::from_seed([n; 32]), ms(0));
    stream.set_format(ms(0), format);
    stream
}

fn pcmu(remote: u8) -> Format {
    Format::new(CodecKind::Pcmu, 0, address(remote)).with_telephone_event(EVENTS)
}

/// A one-way link.
struct Link {
    rng: Rng,
    loss: f64,
    duplication: f64,
    delay: Duration,
    jitter: Duration,
    from: SocketAddr,
    /// Arrival in microseconds, order of sending, packet.
    flying: Vec<(Instant, u64, AudioPacket)>,
    sent: u64,
}

impl Link {
    fn new(seed: u8, from: u8) -> Link {
        Link {
            rng: Rng::from_seed([seed; 32]),
            loss: 0.0,
            duplication: 0.0,
            delay: Duration::from_millis(30),
            jitter: Duration::ZERO,
            from: address(from),
            flying: Vec::new(),
            sent: 0,
        }
    }

    fn send(&mut self, now: Instant, packet: AudioPacket) {
        let copies = 1 + u64::from(self.rng.chance(self.duplication));
        for _ in 0..copies {
            if self.rng.chance(self.loss) {
                continue;
            }
            let at = now + self.delay + self.rng.duration(Duration::ZERO, self.jitter);
            self.sent += 1;
            self.flying.push((at, self.sent, packet.clone()));
        }
    }

    fn deliver(&mut self, now: Instant, to: &mut AudioStream) {
        self.flying.sort_by_key(|&(at, order, _)| (at, order));
        while let Some(&(at, _, _)) = self.flying.first().filter(|&&(at, _, _)| at <= now) {
            let (_, _, packet) = self.flying.remove(0);
            let from = if packet.rtcp { SocketAddr::new(self.from.ip(), self.from.port() + 1) } else { self.from };
            if packet.rtcp { to.on_rtcp(at, from, &packet.data) } else { to.on_rtp(at, from, &packet.data) }
        }
    }
}

/// Alice (address 1) talks to Bob (address 2).
struct Call {
    alice: AudioStream,
    bob: AudioStream,
    there: Link,
    back: Link,
    now: u64,
    tone: Sine,
    /// What Bob heard.
    heard: Vec<i16>,
    events: Vec<AudioEvent>,
}

impl Call {
    fn new(format: impl Fn(u8) -> Format) -> Call {
        Call {
            alice: stream(1, format(2)),
            bob: stream(2, format(1)),
            there: Link::new(3, 1),
            back: Link::new(4, 2),
            now: 0,
            tone: Sine::new(8_000, 440.0, 10_000.0),
            heard: Vec::new(),
            events: Vec::new(),
        }
    }

    /// 20 ms pass, in steps of one.
    fn frame(&mut self) {
        for step in 0..20 {
            self.now += 1;
            let now = ms(self.now);
            self.there.deliver(now, &mut self.bob);
            self.back.deliver(now, &mut self.alice);
            for stream in [&mut self.alice, &mut self.bob] {
                if stream.next_timeout() <= now {
                    stream.handle_timeout(now);
                }
            }
            if step == 5 {
                let mut frame = [0; 160];
                self.tone.fill(&mut frame);
                self.alice.push(now, &frame);
                self.bob.push(now, &[0; 160]);
            }
            if step == 13 {
                let mut frame = [0; 160];
                self.bob.pull(now, &mut frame);
                self.heard.extend(frame);
                self.alice.pull(now, &mut frame);
            }
            while let Some(packet) = self.alice.poll_transmit() {
                self.there.send(now, packet);
            }
            while let Some(packet) = self.bob.poll_transmit() {
                self.back.send(now, packet);
            }
            self.events.extend(core::iter::from_fn(|| self.bob.poll_event()));
        }
    }

    fn run(&mut self, seconds: u64) {
        for _ in 0..seconds * 50 {
            self.frame();
        }
    }

    fn digits(&self) -> (std::string::String, std::string::String) {
        let began = self.events.iter().filter_map(|e| if let AudioEvent::Dtmf(d) = e { Some(*d) } else { None });
        let ended = self
            .events
            .iter()
            .filter_map(|e| if let AudioEvent::DtmfEnded { digit, .. } = e { Some(*digit) } else { None });
        (began.collect(), ended.collect())
    }
}

/// The level of a 440 Hz sine with its peaks at 10,000.
const EXPECTED: f32 = -13.32;

#[test]
fn a_tone_goes_through_a_clean_link() {
    for codec in [CodecKind::Pcmu, CodecKind::Pcma] {
        let payload_type = codec.static_payload_type().unwrap();
        let mut call = Call::new(|remote| Format::new(codec, payload_type, address(remote)));
        call.run(10);
        let settled = &call.heard[8_000..];
        assert!((level_at(settled, 8_000, 440.0) - EXPECTED).abs() < 0.5, "{}", level_at(settled, 8_000, 440.0));
        let statistics = call.bob.statistics();
        assert_eq!((statistics.lost, statistics.late, statistics.concealed), (0, 0, Duration::ZERO));
        assert!(statistics.playout_delay < Duration::from_millis(50), "{statistics:?}");
        assert!((call.bob.levels().received - EXPECTED).abs() < 0.5, "{:?}", call.bob.levels());
        assert_eq!(call.events[0], AudioEvent::SourceSeen(address(1)));
        assert!(call.bob.received_anything() && call.bob.remote_source() == Some(address(1)));
    }
}

#[test]
fn a_tone_goes_through_a_bad_link() {
    let mut call = Call::new(pcmu);
    call.there.loss = 0.05;
    call.there.duplication = 0.05;
    call.there.jitter = Duration::from_millis(60);
    call.run(30);
    for second in 3..30 {
        let part = &call.heard[second * 8_000..(second + 1) * 8_000];
        assert!((rms_dbov(part) - EXPECTED).abs() < 1.0, "second {second}: {}", rms_dbov(part));
        // No drop-out: each tenth of a second sounds.
        for tenth in part.chunks(800) {
            assert!(rms_dbov(tenth) > EXPECTED - 6.0, "a drop-out in second {second}: {}", rms_dbov(tenth));
        }
    }
    let statistics = call.bob.statistics();
    assert!(statistics.duplicates > 20 && statistics.lost + statistics.duplicates as i64 > 40, "{statistics:?}");
    assert!((5..40).contains(&statistics.jitter.as_millis()), "{statistics:?}");
    assert!(statistics.playout_delay < Duration::from_millis(150), "{statistics:?}");
    let late = statistics.late as f64 / statistics.packets_received as f64;
    assert!(late < 0.02, "{statistics:?}");
}

#[test]
fn reports_tell_loss_jitter_and_round_trip() {
    let mut call = Call::new(pcmu);
    call.there.loss = 0.1;
    call.run(40);
    let remote = call.alice.statistics().remote.expect("a report came");
    assert!((4..18).contains(&remote.lost_percent), "{remote:?}");
    assert!(remote.lost > 50, "{remote:?}");
    let round_trip = remote.round_trip.unwrap().as_millis();
    assert!((58..=64).contains(&round_trip), "{remote:?}");
}

#[test]
fn when_the_network_calms_down_the_delay_shrinks() {
    let mut call = Call::new(pcmu);
    call.there.jitter = Duration::from_millis(120);
    call.run(10);
    let rough = call.bob.statistics().playout_delay;
    call.there.jitter = Duration::ZERO;
    call.run(40);
    let calm = call.bob.statistics().playout_delay;
    assert!(rough > Duration::from_millis(80), "{rough:?}");
    assert!(calm < Duration::from_millis(60), "{rough:?} became {calm:?}");
}

/// 30 virtual minutes with a sender whose clock is off by 500 ppm: the delay stays where it is, and the sound whole.
#[test]
fn drift_does_not_make_the_delay_grow() {
    for ppm in [500i64, -500] {
        let mut alice = stream(1, pcmu(2));
        let mut bob = stream(2, pcmu(1));
        let mut tone = Sine::new(8_000, 440.0, 10_000.0);
        let (mut longest, mut heard) = (Duration::ZERO, Vec::new());
        let frames = 30 * 60 * 50;
        let mut sent = 0i64;
        for n in 0..frames {
            let now = ms(n * 20);
            // Alice's frames are due a little too early, or too late.
            while sent * 20_000 * (1_000_000 - ppm) / 1_000_000 <= now.as_micros() as i64 {
                let mut frame = [0; 160];
                tone.fill(&mut frame);
                alice.push(now, &frame);
                while let Some(packet) = alice.poll_transmit() {
                    bob.on_rtp(now, address(1), &packet.data);
                }
                sent += 1;
            }
            let mut frame = [0; 160];
            bob.pull(now, &mut frame);
            if n > 500 {
                longest = longest.max(bob.statistics().playout_delay);
                heard.extend(frame);
            }
        }
        let statistics = bob.statistics();
        assert!(longest < Duration::from_millis(100), "{ppm} ppm: {longest:?} {statistics:?}");
        assert_eq!(statistics.discarded, 0, "{ppm}: {statistics:?}");
        assert!(statistics.concealed < Duration::from_secs(2), "{ppm}: {statistics:?}");
        for part in heard.chunks_exact(1_600) {
            assert!((rms_dbov(part) - EXPECTED).abs() < 1.5, "{ppm} ppm: {}", rms_dbov(part));
        }
    }
}

#[test]
fn packets_of_every_length_are_heard() {
    for ptime in [10, 20, 30, 40, 50, 60] {
        let mut call = Call::new(|remote| Format { ptime: Duration::from_millis(ptime), ..pcmu(remote) });
        call.run(6);
        let level = level_at(&call.heard[16_000..], 8_000, 440.0);
        assert!((level - EXPECTED).abs() < 0.5, "{ptime} ms: {level} {:?}", call.bob.statistics());
    }
    // And when it changes in mid-call.
    let mut call = Call::new(pcmu);
    for ptime in [60, 10, 30] {
        call.alice.set_format(ms(call.now), Format { ptime: Duration::from_millis(ptime), ..pcmu(2) });
        call.run(4);
        let second = &call.heard[call.heard.len() - 8_000..];
        assert!((rms_dbov(second) - EXPECTED).abs() < 0.5, "{ptime} ms: {}", rms_dbov(second));
    }
}

#[test]
fn a_stranger_is_not_heard() {
    let mut call = Call::new(pcmu);
    call.run(2);
    let genuine = call.alice.ssrc();
    let mut hijacker =
        AudioStream::new(AudioConfig { ssrc: genuine, ..config(9) }, Rng::from_seed([9; 32]), ms(call.now));
    hijacker.set_format(ms(call.now), pcmu(2));
    for _ in 0..200 {
        call.frame();
        hijacker.push(ms(call.now), &[12_000; 160]);
        while let Some(packet) = hijacker.poll_transmit() {
            call.bob.on_rtp(ms(call.now), address(66), &packet.data);
        }
    }
    assert_eq!(call.bob.remote_source(), Some(address(1)));
    assert!(call.bob.statistics().refused >= 199);
    let heard = &call.heard[8_000 * 3..];
    assert!((rms_dbov(heard) - EXPECTED).abs() < 0.5, "{}", rms_dbov(heard));
    assert!(!call.events.iter().any(|e| matches!(e, AudioEvent::SourceChanged(_))));
}

#[test]
fn a_peer_that_moves_is_followed() {
    let mut call = Call::new(pcmu);
    call.run(2);
    // Its NAT forgets it: silence for more than two seconds, then the same stream from elsewhere.
    let link = mem::replace(&mut call.there, Link { loss: 1.0, ..Link::new(5, 1) });
    call.run(3);
    call.there = Link { from: address(77), ..link };
    call.run(2);
    assert!(call.events.contains(&AudioEvent::SourceChanged(address(77))), "{:?}", call.events);
    assert_eq!(call.bob.remote_source(), Some(address(77)));
    let tail = &call.heard[call.heard.len() - 8_000..];
    assert!((rms_dbov(tail) - EXPECTED).abs() < 0.5);
    call.bob.push(ms(call.now), &[0; 160]);
    assert_eq!(call.bob.poll_transmit().unwrap().to, address(77));
}

#[test]
fn a_new_source_at_the_same_address_is_heard() {
    let mut call = Call::new(pcmu);
    call.run(3);
    let other = AudioConfig { ssrc: 0xabcd, first_sequence: 7, first_timestamp: 1 << 31, ..config(1) };
    call.alice = AudioStream::new(other, Rng::from_seed([8; 32]), ms(call.now));
    call.alice.set_format(ms(call.now), pcmu(2));
    call.run(3);
    assert_eq!(call.bob.remote_ssrc(), Some(0xabcd));
    let tail = &call.heard[call.heard.len() - 16_000..];
    assert!((rms_dbov(tail) - EXPECTED).abs() < 0.5);
    assert_eq!(call.bob.statistics().refused, 0);
}

#[test]
fn digits_go_through_a_bad_link_once_each() {
    for seed in 0..20 {
        let mut call = Call::new(pcmu);
        call.there = Link { loss: 0.25, duplication: 0.2, jitter: Duration::from_millis(30), ..Link::new(seed, 1) };
        call.run(1);
        for digit in "0123456789*#ABCD5500".chars() {
            call.alice.send_dtmf(digit, DTMF_DURATION).unwrap();
        }
        assert!(call.alice.is_sending_dtmf());
        call.run(10);
        assert!(!call.alice.is_sending_dtmf());
        let all = std::string::String::from("0123456789*#ABCD5500");
        assert_eq!(call.digits(), (all.clone(), all), "seed {seed}");
    }
}

#[test]
fn audio_is_silent_while_a_digit_is_sent_and_comes_back_without_delay() {
    let mut call = Call::new(pcmu);
    call.run(2);
    let before = call.bob.statistics();
    call.alice.send_dtmf('5', Duration::from_millis(400)).unwrap();
    let mut kinds = Vec::new();
    for _ in 0..100 {
        for (_, _, packet) in call.there.flying.iter().filter(|(_, _, packet)| !packet.rtcp) {
            let packet = Packet::parse(&packet.data).unwrap();
            if kinds.last().is_none_or(|&(sequence, ..): &(u16, u8, u32)| sequence != packet.header.sequence) {
                kinds.push((packet.header.sequence, packet.header.payload_type, packet.header.timestamp));
            }
        }
        call.frame();
    }
    kinds.sort_unstable();
    kinds.dedup();
    let runs: Vec<u8> = kinds.chunk_by(|a, b| a.1 == b.1).map(|run| run[0].1).collect();
    assert_eq!(runs, [0, EVENTS, 0], "nothing between the event's packets");
    let event = kinds.iter().find(|k| k.1 == EVENTS).unwrap().2;
    let after = kinds.iter().rfind(|k| k.1 == 0).unwrap().2;
    assert!(after.wrapping_sub(event) > 3_200, "timestamps go on");
    let statistics = call.bob.statistics();
    let grown = statistics.playout_delay.saturating_sub(before.playout_delay);
    assert!(grown <= Duration::from_millis(20), "{before:?} {statistics:?}");
    assert_eq!(call.digits().0, "5");
}

#[test]
fn hold_and_unhold() {
    let mut call = Call::new(pcmu);
    call.run(2);
    call.alice.set_format(ms(call.now), Format { sending: false, receiving: false, ..pcmu(2) });
    call.alice.send_dtmf('7', DTMF_DURATION).unwrap();
    let sent = call.alice.statistics().packets_sent;
    call.run(3);
    assert_eq!(call.alice.statistics().packets_sent, sent, "nothing is sent on hold");
    assert_eq!(rms_dbov(&call.heard[call.heard.len() - 8_000..]), -127.0);
    let mut out = [1; 160];
    call.alice.pull(ms(call.now), &mut out);
    assert_eq!(out, [0; 160]);
    call.alice.set_format(ms(call.now), pcmu(2));
    call.run(3);
    let tail = &call.heard[call.heard.len() - 8_000..];
    assert!((rms_dbov(tail) - EXPECTED).abs() < 0.5);
    assert_eq!(call.bob.statistics().lost, 0);
    assert_eq!(call.digits().0, "7", "the digit waited");
}

#[test]
fn mute_sends_silence() {
    let mut call = Call::new(pcmu);
    call.run(1);
    call.alice.set_muted(true);
    let sent = call.alice.statistics().packets_sent;
    call.run(2);
    assert!(call.alice.is_muted() && call.alice.statistics().packets_sent == sent + 100);
    assert!(rms_dbov(&call.heard[call.heard.len() - 8_000..]) < -70.0);
}

#[test]
fn a_recording_has_both_sides() {
    let mut call = Call::new(pcmu);
    call.run(1);
    assert!(call.bob.start_recording(ms(call.now), RecordingLayout::TwoChannels).is_none());
    let mut file = Vec::new();
    for _ in 0..150 {
        call.frame();
        while let Some(write) = call.bob.recorder_mut().unwrap().poll_write() {
            let at = write.offset as usize;
            file.resize(file.len().max(at + write.data.len()), 0);
            file[at..at + write.data.len()].copy_from_slice(&write.data);
        }
    }
    let (format, data) = wav::parse(&file).unwrap();
    assert_eq!((format.channels, data.len()), (2, 2 * 8_000 * 4), "two of three seconds are safe");
    let left: Vec<i16> = data.chunks_exact(4).map(|o| i16::from_le_bytes([o[0], o[1]])).collect();
    assert!((level_at(&left, 8_000, 440.0) - EXPECTED).abs() < 0.5);
    let recorder = call.bob.stop_recording().unwrap();
    assert_eq!(recorder.duration(), Duration::from_secs(3));
}

#[test]
fn an_echo_of_our_own_packets_is_heard() {
    let mut alice = stream(1, pcmu(2));
    let mut tone = Sine::new(8_000, 440.0, 10_000.0);
    let mut heard = Vec::new();
    let mut byes = 0;
    for n in 1..200 {
        let mut frame = [0; 160];
        tone.fill(&mut frame);
        alice.push(ms(n * 20), &frame);
        while let Some(packet) = alice.poll_transmit() {
            if packet.rtcp {
                byes += Compound::parse(&packet.data)
                    .unwrap()
                    .packets()
                    .filter(|p| matches!(p, RtcpPacket::Bye(_)))
                    .count();
            } else {
                alice.on_rtp(ms(n * 20), address(2), &packet.data);
            }
        }
        alice.pull(ms(n * 20), &mut frame);
        heard.extend(frame);
    }
    assert!((rms_dbov(&heard[8_000..]) - EXPECTED).abs() < 0.5);
    let events: Vec<AudioEvent> = core::iter::from_fn(|| alice.poll_event()).collect();
    assert_eq!(events, [AudioEvent::SsrcCollision, AudioEvent::SourceSeen(address(2))]);
    assert_eq!(byes, 1);
    assert_ne!(alice.ssrc(), 1_000);
}

#[test]
fn digits_wait_while_there_is_nowhere_to_send_them() {
    let nowhere = SocketAddr::from(([0, 0, 0, 0], 4_000));
    let mut alice = stream(1, Format { remote_rtp: nowhere, ..pcmu(2) });
    alice.send_dtmf('1', DTMF_DURATION).unwrap();
    for n in 0..1_000 {
        let now = ms(n * 20);
        if alice.next_timeout() <= now {
            alice.handle_timeout(now);
            assert!(alice.next_timeout() > now, "it would be called for ever");
        }
        alice.push(now, &[0; 160]);
        assert_eq!(alice.poll_transmit(), None);
    }
    alice.set_format(ms(20_000), pcmu(2));
    alice.handle_timeout(alice.next_timeout());
    assert_eq!(alice.poll_transmit().unwrap().to, address(2));
}

#[test]
fn goodbye_is_heard() {
    let mut call = Call::new(pcmu);
    call.run(1);
    call.alice.bye(ms(call.now));
    call.run(1);
    assert!(call.events.contains(&AudioEvent::PeerSaidBye));
    let mut silent = stream(1, pcmu(2));
    silent.bye(ms(1));
    assert_eq!(silent.poll_transmit(), None, "who never sent anything says no goodbye");
}

#[test]
fn nonsense_is_counted() {
    let mut bob = stream(2, pcmu(1));
    bob.on_rtp(ms(0), address(1), b"");
    bob.on_rtp(ms(0), address(1), b"hello");
    bob.on_rtp(ms(0), address(1), &[0x80; 2_000]);
    let header = Header { payload_type: 34, ..Header::default() };
    bob.on_rtp(ms(0), address(1), &header.to_octets());
    bob.on_rtcp(ms(0), address(1), &[0x80, 200, 0, 9]);
    bob.on_rtcp(ms(0), address(9), &[0x80, 201, 0, 1, 0, 0, 0, 1]);
    let statistics = bob.statistics();
    assert_eq!((statistics.malformed, statistics.unknown_payload, statistics.rtcp_refused), (3, 1, 2));
    assert!(!bob.received_anything());
    let mut out = [5; 160];
    bob.pull(ms(0), &mut out);
    assert_eq!(out, [0; 160]);
    // Three strangers take turns: no one sends two packets in sequence.
    for n in 0..30u16 {
        let header = Header { sequence: n * 7, ssrc: u32::from(n), ..Header::default() };
        let mut packet = header.to_octets().to_vec();
        packet.extend([0xff; 160]);
        bob.on_rtp(ms(1), address(3 + (n % 3) as u8), &packet);
    }
    assert!(!bob.received_anything());
}

#[test]
fn a_stream_before_its_negotiation_is_harmless() {
    let mut stream = AudioStream::new(config(1), Rng::from_seed([1; 32]), ms(0));
    stream.push(ms(0), &[1; 160]);
    let mut out = [1; 160];
    stream.pull(ms(0), &mut out);
    stream.on_rtp(ms(0), address(1), &[0x80; 172]);
    stream.handle_timeout(ms(1));
    stream.bye(ms(2));
    assert_eq!((out, stream.poll_transmit(), stream.next_timeout()), ([0; 160], None, Instant::NEVER));
    assert_eq!(stream.send_dtmf('1', DTMF_DURATION), Err(DtmfError::NotNegotiated));
    assert_eq!(stream.statistics(), AudioStatistics::default());
}

#[test]
fn codes_of_digits_arrive_as_sent() {
    let mut alice = stream(1, pcmu(2));
    alice.send_dtmf('#', DTMF_DURATION).unwrap();
    alice.handle_timeout(alice.next_timeout());
    let packet = core::iter::from_fn(|| alice.poll_transmit()).find(|p| !p.rtcp).unwrap();
    let packet = Packet::parse(&packet.data).unwrap();
    let event = TelephoneEvent::parse(packet.payload).unwrap();
    assert_eq!((packet.header.payload_type, packet.header.marker, event.event, event.end), (EVENTS, true, 11, false));
}

#[test]
fn any_packets_at_all_do_no_harm() {
    let mut rng = Rng::from_seed([42; 32]);
    let mut bob = stream(2, pcmu(1));
    let mut now = 0;
    for _ in 0..100_000 {
        now += rng.below(30_000);
        let at = Instant::from_micros(now);
        let payload_type = [0, 0, 0, 0, 13, EVENTS, 8][rng.below(7) as usize];
        let near = rng.chance(0.9);
        let header = Header {
            marker: rng.chance(0.1),
            payload_type,
            sequence: if near { (now / 20_000) as u16 } else { rng.u32() as u16 },
            timestamp: if rng.chance(0.9) { (now / 125) as u32 } else { rng.u32() },
            ssrc: if rng.chance(0.99) { 5 } else { rng.below(3) as u32 },
        };
        let mut packet = header.to_octets().to_vec();
        packet.extend(vec![rng.u32() as u8; rng.below(500) as usize]);
        bob.on_rtp(at, address(rng.below(3) as u8), &packet);
        if rng.chance(0.5) {
            let mut out = [0; 160];
            bob.pull(at, &mut out);
        }
        if bob.next_timeout() <= at {
            bob.handle_timeout(at);
        }
        while bob.poll_event().is_some() {}
        let statistics = bob.statistics();
        assert!(statistics.playout_delay < Duration::from_millis(700), "{statistics:?}");
    }
}
