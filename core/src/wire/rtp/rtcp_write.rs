//! Writes RTCP packets one after the other into a buffer: a compound packet (RFC 3550 6.1).

use super::{ReportBlock, SdesItem, SenderInfo, VERSION, WriteError, packet_type};

/// Writes a compound packet into a buffer that the caller brings.
///
/// A packet that does not fit leaves the ones before it whole: [`RtcpWriter::len`] then ends after them.
#[derive(Debug)]
pub struct RtcpWriter<'b> {
    out: &'b mut [u8],
    /// Where the next packet begins.
    len: usize,
    /// Where the next octet goes.
    at: usize,
}

impl<'b> RtcpWriter<'b> {
    /// A writer that starts at the beginning of `out`.
    pub fn new(out: &'b mut [u8]) -> RtcpWriter<'b> {
        RtcpWriter { out, len: 0, at: 0 }
    }

    /// Octets of the whole packets written so far.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if no packet was written.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an SR (RFC 3550 6.4.1); at most 31 blocks.
    pub fn sender_report(&mut self, ssrc: u32, info: &SenderInfo, blocks: &[ReportBlock]) -> Result<(), WriteError> {
        self.begin(packet_type::SR, blocks.len())?;
        self.put(&ssrc.to_be_bytes())?;
        self.put(&info.ntp.to_be_bytes())?;
        for value in [info.rtp_timestamp, info.packets, info.octets] {
            self.put(&value.to_be_bytes())?;
        }
        self.blocks(blocks)?;
        self.end()
    }

    /// Adds an RR (RFC 3550 6.4.2); at most 31 blocks.
    pub fn receiver_report(&mut self, ssrc: u32, blocks: &[ReportBlock]) -> Result<(), WriteError> {
        self.begin(packet_type::RR, blocks.len())?;
        self.put(&ssrc.to_be_bytes())?;
        self.blocks(blocks)?;
        self.end()
    }

    /// Adds an SDES packet (RFC 3550 6.5); at most 31 chunks, texts of at most 255 octets, no item of type 0.
    pub fn source_description(&mut self, chunks: &[(u32, &[SdesItem<'_>])]) -> Result<(), WriteError> {
        self.begin(packet_type::SDES, chunks.len())?;
        for (ssrc, items) in chunks {
            self.put(&ssrc.to_be_bytes())?;
            for item in *items {
                let length = u8::try_from(item.text.len()).map_err(|_| WriteError::TooLarge("SDES text"))?;
                if item.kind == 0 {
                    return Err(WriteError::TooLarge("SDES item type"));
                }
                self.put(&[item.kind, length])?;
                self.put(item.text)?;
            }
            self.put(&[0])?;
            self.pad()?;
        }
        self.end()
    }

    /// Adds a BYE (RFC 3550 6.6); at most 31 sources, a reason of at most 255 octets.
    pub fn bye(&mut self, ssrcs: &[u32], reason: Option<&[u8]>) -> Result<(), WriteError> {
        self.begin(packet_type::BYE, ssrcs.len())?;
        for ssrc in ssrcs {
            self.put(&ssrc.to_be_bytes())?;
        }
        if let Some(reason) = reason {
            let length = u8::try_from(reason.len()).map_err(|_| WriteError::TooLarge("BYE reason"))?;
            self.put(&[length])?;
            self.put(reason)?;
            self.pad()?;
        }
        self.end()
    }

    /// Adds an APP (RFC 3550 6.7); `data` is a multiple of four octets.
    pub fn application(&mut self, subtype: u8, ssrc: u32, name: [u8; 4], data: &[u8]) -> Result<(), WriteError> {
        self.begin(packet_type::APP, usize::from(subtype))?;
        self.put(&ssrc.to_be_bytes())?;
        self.put(&name)?;
        self.put(data)?;
        self.end()
    }

    /// Adds a packet of any type; `count` is 0-31, `body` a multiple of four octets.
    pub fn unknown(&mut self, kind: u8, count: u8, body: &[u8]) -> Result<(), WriteError> {
        self.begin(kind, usize::from(count))?;
        self.put(body)?;
        self.end()
    }

    fn blocks(&mut self, blocks: &[ReportBlock]) -> Result<(), WriteError> {
        for block in blocks {
            let lost = block.cumulative_lost.clamp(-(1 << 23), (1 << 23) - 1) as u32 & 0x00ff_ffff;
            let second = u32::from(block.fraction_lost) << 24 | lost;
            let rest = [block.highest_sequence, block.jitter, block.last_sr, block.delay_since_last_sr];
            for value in [block.ssrc, second].into_iter().chain(rest) {
                self.put(&value.to_be_bytes())?;
            }
        }
        Ok(())
    }

    fn begin(&mut self, kind: u8, count: usize) -> Result<(), WriteError> {
        let count = u8::try_from(count).ok().filter(|&c| c < 32).ok_or(WriteError::TooLarge("RTCP count"))?;
        self.at = self.len;
        self.put(&[VERSION << 6 | count, kind, 0, 0])
    }

    /// Fills the length in: 32-bit words less one (RFC 3550 6.4.1).
    fn end(&mut self) -> Result<(), WriteError> {
        let octets = self.at - self.len;
        if !octets.is_multiple_of(4) {
            return Err(WriteError::TooLarge("RTCP data that is no multiple of four octets"));
        }
        let words = u16::try_from(octets / 4 - 1).map_err(|_| WriteError::TooLarge("RTCP packet"))?;
        self.out[self.len + 2..self.len + 4].copy_from_slice(&words.to_be_bytes());
        self.len = self.at;
        Ok(())
    }

    fn pad(&mut self) -> Result<(), WriteError> {
        while !(self.at - self.len).is_multiple_of(4) {
            self.put(&[0])?;
        }
        Ok(())
    }

    fn put(&mut self, part: &[u8]) -> Result<(), WriteError> {
        let available = self.out.len() - self.at;
        let place = self.out.get_mut(self.at..self.at + part.len());
        let place = place.ok_or(WriteError::NoSpace { needed: part.len(), available })?;
        place.copy_from_slice(part);
        self.at += part.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Compound, sdes};
    use super::*;

    #[test]
    fn what_does_not_fit_leaves_the_rest_whole() {
        let mut out = [0; 20];
        let mut writer = RtcpWriter::new(&mut out);
        writer.receiver_report(1, &[]).unwrap();
        let cname = [SdesItem { kind: sdes::CNAME, text: b"somebody@example" }];
        assert!(matches!(writer.source_description(&[(1, &cname)]), Err(WriteError::NoSpace { .. })));
        assert_eq!(writer.len(), 8);
        writer.bye(&[1], None).unwrap();
        let n = writer.len();
        assert_eq!(Compound::parse(&out[..n]).unwrap().packets().count(), 2);
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        let mut out = [0; 2_000];
        let mut writer = RtcpWriter::new(&mut out);
        assert_eq!(writer.receiver_report(1, &[ReportBlock::default(); 32]), Err(WriteError::TooLarge("RTCP count")));
        assert_eq!(writer.bye(&[1], Some(&[b'x'; 256])), Err(WriteError::TooLarge("BYE reason")));
        assert!(writer.application(0, 1, *b"test", &[1]).is_err());
        assert!(writer.is_empty());
    }
}
