//! Recording a session's sound to a WAV file (`SPEC` 1.7).

use alloc::format;
use alloc::string::{String, ToString};

use super::{Asked, Cx, Effect, Session, notify};
use crate::ids::FileId;
use crate::io::{Reply, Request};
use crate::machines::media::recorder::RecordingLayout;
use crate::machines::media::stream::AudioStream;
use crate::middleware::notification::SessionNotification;
use crate::middleware::session::Direction;

/// ```text
/// Waiting (on hold) -> Opening -> Running -> Closing -> gone
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
    state: State,
}

impl Session {
    pub(super) fn begin_recording(&mut self, cx: &mut Cx<'_, Effect>, file_name: Option<String>) {
        let file_name = self.recording_path(cx, file_name);
        self.recording_file_name = Some(file_name.clone());
        self.recording = Some(Recording { file: cx.ids.file(), file_name, state: State::Waiting });
        self.open_recording(cx);
    }

    /// Opens the file, unless the session is on hold: then both notifications wait for unhold.
    fn open_recording(&mut self, cx: &mut Cx<'_, Effect>) {
        let on_hold = self.is_on_hold();
        let Some(recording) = self.recording.as_mut().filter(|r| r.state == State::Waiting && !on_hold) else { return };
        recording.state = State::Opening;
        let (file, path) = (recording.file, recording.file_name.clone());
        notify(cx, SessionNotification::WillStartRecordingAudio { file_name: path.clone() });
        cx.out.put(Effect::Ask(Asked::RecordingCreate, Request::CreateFile { file, path }));
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
        let Some(recording) = &mut self.recording else { return };
        match (asked, reply) {
            (Asked::RecordingCreate, Reply::Done) => {
                recording.state = State::Running;
                let file_name = recording.file_name.clone();
                let (layout, on_hold) = (self.recording_layout(), self.is_on_hold());
                if let Some(stream) = self.audio_stream() {
                    stream.start_recording(cx.now, layout);
                    if let Some(recorder) = stream.recorder_mut().filter(|_| on_hold) {
                        recorder.pause();
                    }
                }
                notify(cx, SessionNotification::DidStartRecordingAudio { file_name });
                self.write_recording(cx);
            }
            (Asked::RecordingCreate, Reply::Failed(failure)) => {
                self.lose_recording(cx, format!("cannot open the file: {failure}"));
            }
            (Asked::RecordingWrite, Reply::Failed(failure)) => {
                let file = recording.file;
                cx.out.put(Effect::Ask(Asked::Nothing, Request::CloseFile { file }));
                self.lose_recording(cx, format!("cannot write to the file: {failure}"));
            }
            _ => {}
        }
    }

    fn lose_recording(&mut self, cx: &mut Cx<'_, Effect>, error: String) {
        if let Some(stream) = self.audio_stream() {
            stream.stop_recording();
        }
        if let Some(recording) = self.recording.take() {
            let file_name = recording.file_name;
            self.recording_file_name = None;
            notify(cx, SessionNotification::DidStopRecordingAudio { file_name, error: Some(error) });
        }
    }

    /// Stops a recording; what was heard up to now is in the file.
    pub(super) fn end_recording(&mut self, cx: &mut Cx<'_, Effect>) {
        let Some(recording) = &mut self.recording else { return };
        let file_name = recording.file_name.clone();
        notify(cx, SessionNotification::WillStopRecordingAudio { file_name: file_name.clone() });
        if recording.state != State::Waiting {
            let file = recording.file;
            if let Some(recorder) = self.audio.as_mut().and_then(|leg| leg.stream.recorder_mut()) {
                recorder.finish();
            }
            self.write_recording(cx);
            if let Some(leg) = &mut self.audio {
                leg.stream.stop_recording();
            }
            cx.out.put(Effect::Ask(Asked::Nothing, Request::CloseFile { file }));
        }
        self.recording = None;
        self.recording_file_name = None;
        notify(cx, SessionNotification::DidStopRecordingAudio { file_name, error: None });
    }

    /// Hands what the recorder has gathered to the file.
    pub(super) fn write_recording(&mut self, cx: &mut Cx<'_, Effect>) {
        let Some(file) = self.recording.as_ref().map(|recording| recording.file) else { return };
        let Some(recorder) = self.audio.as_mut().and_then(|leg| leg.stream.recorder_mut()) else { return };
        while let Some(write) = recorder.poll_write() {
            let request = Request::WriteFile { file, offset: write.offset, data: write.data };
            cx.out.put(Effect::Ask(Asked::RecordingWrite, request));
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
        assert!(is_absolute("/a") && is_absolute("C:\\a") && !is_absolute("a/b"));
    }
}
