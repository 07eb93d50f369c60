//! The files an agent writes: each has a worker that carries its operations out in order, off the runtime's own threads.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use sansip_core::agent::Input;
use sansip_core::ids::{FileId, RequestId};
use sansip_core::io::{IoFailure, IoFailureKind, Reply};

use crate::driver::failure::failed;
use crate::driver::promise::{Broken, blocking};
use crate::driver::queue::{Queue, Refused};
use crate::driver::shared::{Shared, State};

/// Operations that may wait for one file. A recording writes about two a second, so this is more than a minute of a
/// disk that stands still.
const WAITING: usize = 256;

/// One thing to do with a file, and the request it answers.
pub(crate) enum Operation {
    Write { offset: u64, data: Bytes },
    Close,
}

type Operations = Queue<(RequestId, Operation)>;

/// Where a file's operations are handed in. Dropped, it lets the worker do what waits, and end.
pub(crate) struct Worker {
    operations: Arc<Operations>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.operations.close();
    }
}

impl State {
    pub(crate) fn create_file(
        &mut self,
        shared: &Arc<Shared>,
        request: RequestId,
        id: FileId,
        path: String,
        replace: bool,
    ) {
        let operations = Arc::new(Queue::new(WAITING));
        self.files.insert(id, Worker { operations: operations.clone() });
        shared.open_files.change(|open| *open += 1);
        let shared_then = shared.clone();
        shared.spawn(async move {
            work(&shared_then, request, path, replace, &operations).await;
            give_up(&shared_then, id, &operations);
            shared_then.open_files.change(|open| *open -= 1);
        });
    }

    /// Hands an operation to the file's worker; the reply if that cannot be done.
    pub(crate) fn file_operation(&mut self, request: RequestId, id: FileId, operation: Operation) -> Option<Reply> {
        let last = matches!(operation, Operation::Close);
        let Some(worker) = self.files.get(&id) else {
            return Some(Reply::Failed(IoFailure::new(IoFailureKind::NotFound, format!("there is no {id}"))));
        };
        let handed = hand(worker, request, operation);
        if last {
            // The worker sees the end of its queue after what is in it.
            self.files.remove(&id);
        }
        handed
    }
}

fn hand(worker: &Worker, request: RequestId, operation: Operation) -> Option<Reply> {
    let text = match worker.operations.offer((request, operation)) {
        Ok(()) => return None,
        Err(Refused::Full) => "the disk is too slow",
        Err(Refused::Closed) => "the file is not open",
    };
    Some(Reply::Failed(IoFailure::new(IoFailureKind::Other, text)))
}

/// The worker has ended: with its file closed as a rule, but it may also be that the file could not be created, or that the
/// work was broken off. Then the file is forgotten, and what was handed in meanwhile is answered.
fn give_up(shared: &Arc<Shared>, id: FileId, operations: &Operations) {
    shared.lock().files.remove(&id);
    operations.close();
    while let Some((request, _)) = operations.try_next() {
        let error = IoFailure::new(IoFailureKind::Other, "the file is not open");
        shared.input(Input::Reply(request, Reply::Failed(error)));
    }
}

async fn work(shared: &Arc<Shared>, request: RequestId, path: String, replace: bool, operations: &Operations) {
    let mut file = match blocking(&*shared.runtime, move || create(Path::new(&path), replace)).come().await {
        Ok(Ok(file)) => {
            shared.input(Input::Reply(request, Reply::Done));
            file
        }
        Ok(Err(error)) => return shared.input(Input::Reply(request, failed(&error))),
        Err(broken) => return shared.input(Input::Reply(request, broken_off(broken))),
    };
    // A write that failed: the file takes no more, so that its header never speaks of what is not there.
    let mut broken: Option<Reply> = None;
    while let Some((request, operation)) = operations.next().await {
        if let (Some(reply), Operation::Write { .. }) = (&broken, &operation) {
            shared.input(Input::Reply(request, reply.clone()));
            continue;
        }
        let is_write = matches!(operation, Operation::Write { .. });
        let (back, result) = match blocking(&*shared.runtime, move || carry_out(file, operation)).come().await {
            Ok(done) => done,
            Err(broken) => return shared.input(Input::Reply(request, broken_off(broken))),
        };
        file = back;
        let reply = result.map_or_else(|error| failed(&error), |()| Reply::Done);
        if is_write && reply != Reply::Done {
            broken = Some(reply.clone());
        }
        shared.input(Input::Reply(request, reply));
    }
}

fn broken_off(broken: Broken) -> Reply {
    Reply::Failed(IoFailure::new(IoFailureKind::Other, broken.to_string()))
}

fn create(path: &Path, replace: bool) -> io::Result<File> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    match replace {
        true => File::create(path),
        false => File::create_new(path),
    }
}

fn carry_out(mut file: File, operation: Operation) -> (File, io::Result<()>) {
    let result = match operation {
        Operation::Write { offset, data } => write_at(&mut file, offset, &data),
        Operation::Close => sync(&file),
    };
    (file, result)
}

fn write_at(file: &mut File, offset: u64, data: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(data)
}

/// Waits for the disk. Pipes and devices such as `/dev/null` cannot wait, and need not.
fn sync(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_land_at_their_offsets_in_folders_made_for_them() {
        let root = std::env::temp_dir().join(format!("sansip-files-{}", std::process::id()));
        let path = root.join("alice@example.com/a.wav");
        let file = create(&path, true).unwrap();
        let write = |file, offset, data: &'static [u8]| {
            let (file, result) = carry_out(file, Operation::Write { offset, data: Bytes::from_static(data) });
            result.unwrap();
            file
        };
        let file = write(write(write(file, 0, b"headDATA"), 8, b"MORE"), 0, b"HEAD");
        carry_out(file, Operation::Close).1.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"HEADDATAMORE");
        std::fs::remove_dir_all(root).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_file_under_a_file_is_an_error() {
        let error = create(Path::new("/dev/null/a.wav"), true).unwrap_err();
        assert!(!error.to_string().is_empty());
    }

    /// `/dev/full` is Linux's disk that is always full.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_no_space() {
        let file = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let (_, result) = carry_out(file, Operation::Write { offset: 0, data: Bytes::from_static(b"x") });
        assert!(matches!(failed(&result.unwrap_err()), Reply::Failed(f) if f.kind == IoFailureKind::NoSpace));
    }
}
