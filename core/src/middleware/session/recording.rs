//! Recording a session's sound to a WAV file (`SPEC` 1.7).

use alloc::format;
use alloc::string::{String, ToString};

use super::{Asked, Cx, Effect, Session, notify};
use crate::ids::FileId;
use crate::io::{IoFailure, IoFailureKind, Reply, Request};
use crate::machines::media::recorder::{RecorderState, RecordingLayout};
use crate::machines::media::stream::AudioStream;
use crate::middleware::notification::SessionNotification;
use crate::middleware::session::Direction;

/// ```text
/// Waiting (on hold) -> Opening -> Running -> Closing -> gone
///                         |                     ^
///                         +---------------------+  (stopped before it was open)
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Asked for while on hold.
    Waiting,
    /// The file is being opened.
    Opening,
    Running,
}

#[derive(Debug)]
pub(super) struct Recording {
    file: FileId,
    file_name: String,
    /// The name is ours: one that is taken is followed by another, not overwritten.
    named_by_us: bool,
    names_tried: u32,
    state: State,
}

/// A recording that was stopped and whose last octets are on their way to the disk.
#[derive(Debug)]
pub(super) struct Closing {
    file: FileId,
    file_name: String,
    error: Option<String>,
    /// DidStop was told with the session's end, which does not wait for the disk.
    told: bool,
}

/// How many names of the form `….wav`, `…-2.wav`, `…-3.wav` are tried.
const NAMES: u32 = 99;

impl Session {
    pub(super) fn begin_recording(&mut self, cx: &mut Cx<'_, Effect>, file_name: Option<String>) {
        let named_by_us = file_name.is_none();
        let file_name = self.recording_path(cx, file_name);
        self.recording_file_name = Some(file_name.clone());
        let file = cx.ids.file();
        self.recording = Some(Recording { file, file_name, named_by_us, names_tried: 1, state: State::Waiting });
        self.open_recording(cx);
    }

    /// Opens the file, unless the session is on hold: then both notifications wait for unhold.
    fn open_recording(&mut self, cx: &mut Cx<'_, Effect>) {
        let on_hold = self.is_on_hold();
        let Some(recording) = self.recording.as_mut().filter(|r| r.state == State::Waiting && !on_hold) else { return };
        recording.state = State::Opening;
        let file_name = recording.file_name.clone();
        notify(cx, SessionNotification::WillStartRecordingAudio { file_name });
        self.create_recording(cx);
    }

    fn create_recording(&self, cx: &mut Cx<'_, Effect>) {
        let Some(recording) = &self.recording else { return };
        let (file, path, replace) = (recording.file, recording.file_name.clone(), !recording.named_by_us);
        cx.out.put(Effect::Ask(Asked::RecordingCreate(file), Request::CreateFile { file, path, replace }));
    }

    /// Hold began or ended.
    pub(super) fn pause_recording(&mut self, cx: &mut Cx<'_, Effect>) {
        let on_hold = self.is_on_hold();
        if let Some(recorder) = self.audio_stream().and_then(AudioStream::recorder_mut) {
            match on_hold {
                true => recorder.pause(),
                false => recorder.resume(cx.now),
            }
        }
        self.open_recording(cx);
    }

    pub(super) fn on_recording_reply(&mut self, cx: &mut Cx<'_, Effect>, asked: Asked, reply: Reply) {
        let (Asked::RecordingCreate(file) | Asked::RecordingWrite(file) | Asked::RecordingClose(file)) = asked else {
            return;
        };
        if self.closing.iter().any(|closing| closing.file == file) {
            return self.on_closing_reply(cx, file, asked, reply);
        }
        if self.recording.as_ref().is_none_or(|recording| recording.file != file) {
            return;
        }
        match (asked, reply) {
            (Asked::RecordingCreate(_), Reply::Done) => self.on_recording_open(cx),
            (Asked::RecordingCreate(_), Reply::Failed(failure)) => self.on_recording_not_open(cx, &failure),
            (Asked::RecordingWrite(_), Reply::Failed(failure)) => {
                self.lose_recording(cx, format!("cannot write to the file: {failure}"));
            }
            _ => {}
        }
    }

    fn on_recording_open(&mut self, cx: &mut Cx<'_, Effect>) {
        let (layout, on_hold) = (self.recording_layout(), self.is_on_hold());
        let Some(recording) = &mut self.recording else { return };
        recording.state = State::Running;
        let file_name = recording.file_name.clone();
        if let Some(stream) = self.audio_stream() {
            stream.start_recording(cx.now, layout);
            if let Some(recorder) = stream.recorder_mut().filter(|_| on_hold) {
                recorder.pause();
            }
        }
        notify(cx, SessionNotification::DidStartRecordingAudio { file_name });
        self.write_recording(cx);
    }

    fn on_recording_not_open(&mut self, cx: &mut Cx<'_, Effect>, failure: &IoFailure) {
        let Some(recording) = &mut self.recording else { return };
        let taken = failure.kind == IoFailureKind::AlreadyExists;
        if taken && recording.named_by_us && recording.names_tried < NAMES {
            recording.names_tried += 1;
            recording.file_name = renumbered(&recording.file_name, recording.names_tried);
            self.recording_file_name = Some(recording.file_name.clone());
            return self.create_recording(cx);
        }
        let file_name = recording.file_name.clone();
        self.recording = None;
        self.recording_file_name = None;
        let error = Some(format!("cannot open the file: {failure}"));
        notify(cx, SessionNotification::DidStopRecordingAudio { file_name, error });
    }

    /// The recording cannot go on: what is in the file stays.
    fn lose_recording(&mut self, cx: &mut Cx<'_, Effect>, error: String) {
        if let Some(leg) = &mut self.audio {
            leg.stream.stop_recording();
        }
        self.recording_file_name = None;
        if let Some(Recording { file, file_name, .. }) = self.recording.take() {
            cx.out.put(Effect::Ask(Asked::Nothing, Request::CloseFile { file }));
            notify(cx, SessionNotification::DidStopRecordingAudio { file_name, error: Some(error) });
        }
    }

    /// Stops a recording. DidStop comes when the file is closed; at the end of the session or of its sound
    /// (`at_once`), which wait for no disk, it comes now, and once more if the last octets cannot be written.
    pub(super) fn end_recording(&mut self, cx: &mut Cx<'_, Effect>, at_once: bool) {
        let Some(recording) = &self.recording else { return };
        let (file, file_name, state) = (recording.file, recording.file_name.clone(), recording.state);
        self.recording_file_name = None;
        if state == State::Waiting {
            // Nothing was told of it yet.
            self.recording = None;
            return;
        }
        notify(cx, SessionNotification::WillStopRecordingAudio { file_name: file_name.clone() });
        if let Some(recorder) = self.audio.as_mut().and_then(|leg| leg.stream.recorder_mut()) {
            recorder.finish();
        }
        self.write_recording(cx);
        if let Some(leg) = &mut self.audio {
            leg.stream.stop_recording();
        }
        self.recording = None;
        let error = (state == State::Opening).then(|| "it was stopped before the file was open".to_string());
        if at_once {
            let file_name = file_name.clone();
            notify(cx, SessionNotification::DidStopRecordingAudio { file_name, error: error.clone() });
        }
        self.closing.push(Closing { file, file_name, error, told: at_once });
        cx.out.put(Effect::Ask(Asked::RecordingClose(file), Request::CloseFile { file }));
    }

    /// The session's end waits for no disk: recordings that were stopped and are still being closed are told now.
    pub(super) fn tell_closing(&mut self, cx: &mut Cx<'_, Effect>) {
        for closing in self.closing.iter_mut().filter(|closing| !closing.told) {
            closing.told = true;
            let (file_name, error) = (closing.file_name.clone(), closing.error.clone());
            notify(cx, SessionNotification::DidStopRecordingAudio { file_name, error });
        }
    }

    fn on_closing_reply(&mut self, cx: &mut Cx<'_, Effect>, file: FileId, asked: Asked, reply: Reply) {
        let Some(at) = self.closing.iter().position(|closing| closing.file == file) else { return };
        if let Reply::Failed(failure) = reply {
            self.closing[at].error.get_or_insert_with(|| format!("cannot write to the file: {failure}"));
        }
        if asked != Asked::RecordingClose(file) {
            return;
        }
        let Closing { file_name, error, told, .. } = self.closing.remove(at);
        if !told || error.is_some() {
            notify(cx, SessionNotification::DidStopRecordingAudio { file_name, error });
        }
        self.go_if_over(cx);
    }

    /// Hands what the recorder has gathered to the file.
    pub(super) fn write_recording(&mut self, cx: &mut Cx<'_, Effect>) {
        let Some(file) = self.recording.as_ref().map(|recording| recording.file) else { return };
        let Some(recorder) = self.audio.as_mut().and_then(|leg| leg.stream.recorder_mut()) else { return };
        while let Some(write) = recorder.poll_write() {
            let request = Request::WriteFile { file, offset: write.offset, data: write.data };
            cx.out.put(Effect::Ask(Asked::RecordingWrite(file), request));
        }
        if recorder.state() == RecorderState::Stopped {
            self.lose_recording(cx, "the file is as long as it can be".to_string());
        }
    }

    fn recording_layout(&self) -> RecordingLayout {
        if self.settings.audio.record_stereo { RecordingLayout::TwoChannels } else { RecordingLayout::Mixed }
    }

    /// `<recordings_directory>/<account id>/YYYYmmdd-HHMMSS-user@host-incoming|outgoing.wav`; an absolute name wins.
    fn recording_path(&self, cx: &mut Cx<'_, Effect>, file_name: Option<String>) -> String {
        if let Some(name) = file_name.as_ref().filter(|name| is_absolute(name)) {
            return name.clone();
        }
        let name = file_name.unwrap_or_else(|| {
            let time = self.wall.civil(cx.now);
            let peer = self.remote_uri.as_ref().map_or("unknown", |uri| user_at_host(uri));
            let direction = match self.direction {
                Some(Direction::Incoming) => "incoming",
                _ => "outgoing",
            };
            format!(
                "{:04}{:02}{:02}-{:02}{:02}{:02}-{}-{direction}.wav",
                time.year,
                time.month,
                time.day,
                time.hour,
                time.minute,
                time.second,
                safe(peer),
            )
        });
        format!("{}/{}/{name}", self.settings.audio.recordings_directory, safe(self.account.id()))
    }
}

/// `a.wav`, or `a-2.wav`, as `a-3.wav`.
fn renumbered(file_name: &str, number: u32) -> String {
    let stem = file_name.strip_suffix(".wav").unwrap_or(file_name);
    let before = format!("-{}", number - 1);
    let stem = if number > 2 { stem.strip_suffix(&before).unwrap_or(stem) } else { stem };
    format!("{stem}-{number}.wav")
}

fn is_absolute(path: &str) -> bool {
    let drive = path.as_bytes().get(1) == Some(&b':');
    path.starts_with(['/', '\\']) || drive
}

/// `user@host` of a SIP URI: what stands after the scheme and before port, parameters and headers.
fn user_at_host(uri: &str) -> &str {
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    rest.split([';', '?']).next().unwrap_or(rest)
}

/// A file name out of what a peer may have chosen: nothing in it leads to another folder.
fn safe(name: &str) -> String {
    let safe: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '@' | '.' | '-' | '_' | '+') { c } else { '_' })
        .take(100)
        .collect();
    match safe.trim_start_matches('.') {
        "" => "unknown".to_string(),
        name => name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        assert_eq!(safe("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(safe("bob@example.com:5060"), "bob@example.com_5060");
        assert_eq!(safe("..."), "unknown");
        assert_eq!(user_at_host("sip:bob@example.com;transport=tcp"), "bob@example.com");
        assert_eq!(renumbered("x/call.wav", 2), "x/call-2.wav");
        assert_eq!(renumbered("x/call-2.wav", 3), "x/call-3.wav");
        assert!(is_absolute("/a") && is_absolute("C:\\a") && !is_absolute("a/b"));
    }
}
