//! A disk in memory, which can fail as disks do.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::ids::FileId;
use crate::io::{IoFailure, IoFailureKind, Reply};

/// The longest file, in octets: an agent that writes beyond is told that the disk is full.
const LONGEST_FILE: u64 = 1 << 28;

/// The files of a [`Host`](super::Host).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Disk {
    files: BTreeMap<String, Vec<u8>>,
    open: BTreeMap<FileId, String>,
    create_fails: Option<IoFailure>,
    free: Option<u64>,
    /// Files of which a write failed: they take no more.
    broken: BTreeSet<FileId>,
}

impl Disk {
    /// Every later attempt to create a file fails so; `None` ends that.
    pub fn fail_create(&mut self, failure: Option<IoFailure>) {
        self.create_fails = failure;
    }

    /// The disk is full when files have grown by this many octets more.
    pub fn disk_full_after(&mut self, octets: u64) {
        self.free = Some(octets);
    }

    /// The content of a file.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// The paths of all files, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// How many files are open.
    pub fn open_files(&self) -> usize {
        self.open.len()
    }

    pub(super) fn create(&mut self, file: FileId, path: String, replace: bool) -> Reply {
        if let Some(failure) = &self.create_fails {
            return Reply::Failed(failure.clone());
        }
        if !replace && self.files.contains_key(&path) {
            return Reply::Failed(IoFailure::new(IoFailureKind::AlreadyExists, "file exists"));
        }
        self.files.insert(path.clone(), Vec::new());
        self.open.insert(file, path);
        Reply::Done
    }

    pub(super) fn write(&mut self, file: FileId, offset: u64, data: &Bytes) -> Reply {
        let content = self.open.get(&file).and_then(|path| self.files.get_mut(path));
        let Some(content) = content else {
            return Reply::Failed(IoFailure::new(IoFailureKind::NotFound, "file is not open"));
        };
        let end = offset.saturating_add(data.len() as u64);
        let growth = end.saturating_sub(content.len() as u64);
        if end > LONGEST_FILE || self.free.is_some_and(|free| free < growth) {
            self.broken.insert(file);
        }
        if self.broken.contains(&file) {
            return Reply::Failed(IoFailure::new(IoFailureKind::NoSpace, "no space left on device"));
        }
        if let Some(free) = &mut self.free {
            *free -= growth;
        }
        let (offset, end) = (offset as usize, end as usize);
        if content.len() < end {
            content.resize(end, 0);
        }
        content[offset..end].copy_from_slice(data);
        Reply::Done
    }

    pub(super) fn close(&mut self, file: FileId) -> Reply {
        self.broken.remove(&file);
        match self.open.remove(&file) {
            Some(_) => Reply::Done,
            None => Reply::Failed(IoFailure::new(IoFailureKind::NotFound, "file is not open")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_patch_and_grow_until_the_disk_is_full() {
        let mut disk = Disk::default();
        let file = FileId::from_number(1);
        assert_eq!(disk.create(file, "a.wav".into(), true), Reply::Done);
        disk.disk_full_after(10);
        assert_eq!(disk.write(file, 0, &Bytes::from_static(b"headdata")), Reply::Done);
        assert_eq!(disk.write(file, 0, &Bytes::from_static(b"HEAD")), Reply::Done);
        let full = disk.write(file, 8, &Bytes::from_static(b"more"));
        assert!(matches!(full, Reply::Failed(IoFailure { kind: IoFailureKind::NoSpace, .. })));
        assert_eq!(disk.file("a.wav"), Some(&b"HEADdata"[..]));
        assert_eq!((disk.open_files(), disk.close(file), disk.open_files()), (1, Reply::Done, 0));
    }

    #[test]
    fn a_file_that_cannot_be_created_is_not_there() {
        let mut disk = Disk::default();
        let failure = IoFailure::new(IoFailureKind::PermissionDenied, "no");
        disk.fail_create(Some(failure.clone()));
        assert_eq!(disk.create(FileId::from_number(1), "a.wav".into(), true), Reply::Failed(failure));
        assert_eq!(disk.paths().count(), 0);
    }
}
