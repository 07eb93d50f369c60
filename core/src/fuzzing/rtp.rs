//! Fuzz bodies for RTP, RTCP and telephone-events.

use alloc::vec;

use crate::wire::rtp::{Compound, Packet, RtcpPacket, TelephoneEvent};

/// Any octets as an RTP packet: no panic; what parses is written back and parses equal.
pub fn packet(data: &[u8]) {
    let Ok(packet) = Packet::parse(data) else { return };
    assert_eq!(packet.len(), data.len(), "every octet has its place");
    let mut out = vec![0; packet.len()];
    let written = packet.write(&mut out).expect("what was parsed can be written");
    assert_eq!(written, data.len());
    assert_eq!(Packet::parse(&out), Ok(packet));
    assert_eq!(packet.csrcs.iter().count(), packet.csrcs.len());
}

/// Any octets as RTCP: no panic; every view of what parses can be walked.
pub fn rtcp(data: &[u8]) {
    let Ok(compound) = Compound::parse(data) else { return };
    let mut packets = 0;
    for packet in compound.packets() {
        packets += 1;
        match packet {
            RtcpPacket::SenderReport(report) => assert_eq!(report.blocks.iter().count(), report.blocks.len()),
            RtcpPacket::ReceiverReport(report) => assert_eq!(report.blocks.iter().count(), report.blocks.len()),
            RtcpPacket::SourceDescription(chunks) => {
                let items: usize = chunks.iter().map(|chunk| chunk.items().count()).sum();
                assert!(items <= data.len() / 2, "an item takes two octets at least");
            }
            RtcpPacket::Bye(bye) => assert!(bye.ssrcs.iter().count() < 32),
            RtcpPacket::Application(application) => assert!(application.subtype < 32),
            RtcpPacket::Unknown(unknown) => assert!(unknown.body.len() < data.len()),
        }
    }
    assert!(packets > 0, "a compound packet is never empty");
}

/// Any octets as a telephone-event: what parses is written back; only the reserved bit may differ.
pub fn telephone_event(data: &[u8]) {
    let Ok(event) = TelephoneEvent::parse(data) else { return };
    let octets = event.to_octets();
    assert_eq!(TelephoneEvent::parse(&octets), Ok(event));
    if let Some(digit) = event.digit() {
        assert_eq!(TelephoneEvent::code_of(digit), Some(event.event));
    }
}
