//! The pace of a device that is not there.

use std::time::Duration;

/// Frames that are made up for after a pause; what is older is forgotten.
const BACKLOG: u32 = 5;

/// Lets through one frame per frame's time.
#[derive(Debug)]
pub(crate) struct Pacer {
    frame: Duration,
    next: Option<Duration>,
}

impl Pacer {
    pub(crate) fn new(frame: Duration) -> Pacer {
        Pacer { frame, next: None }
    }

    /// Whether another frame is due at `now`. A timer that comes up to half a frame early still finds one.
    pub(crate) fn due(&mut self, now: Duration) -> bool {
        let next = *self.next.get_or_insert(now);
        if now + self.frame / 2 < next {
            return false;
        }
        let oldest = now.saturating_sub(self.frame * BACKLOG);
        self.next = Some(next.max(oldest) + self.frame);
        true
    }

    /// Forgets the past: the next frame is due when it is asked for.
    pub(crate) fn restart(&mut self) {
        self.next = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(20);

    #[test]
    fn a_second_has_fifty_frames_however_often_it_is_asked() {
        let mut pacer = Pacer::new(FRAME);
        let frames = (0..1_000).filter(|&ms| pacer.due(Duration::from_millis(ms))).count();
        assert!((50..=51).contains(&frames), "{frames}");
    }

    #[test]
    fn a_timer_that_jitters_finds_a_frame_each_time() {
        let mut pacer = Pacer::new(FRAME);
        assert!((0..100u64).all(|i| pacer.due(Duration::from_millis(i * 20 + 100 - i % 7))));
    }

    #[test]
    fn a_pause_is_not_made_up_for_in_full() {
        let mut pacer = Pacer::new(FRAME);
        assert!(pacer.due(Duration::ZERO));
        let now = Duration::from_secs(60);
        let burst = (0..100).take_while(|_| pacer.due(now)).count();
        assert!(burst <= BACKLOG as usize + 1, "{burst}");
        pacer.restart();
        assert!(pacer.due(now) && !pacer.due(now));
    }
}
