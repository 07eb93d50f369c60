//! The committed fuzz corpora, replayed without a fuzzer: each file through its body, then seeded mutations of it.

use std::any::Any;
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use sansip_core::fuzzing::{rtp, sdp, sip};
use sansip_core::rng::Rng;

/// How many mutations of each file are tried.
const MUTATIONS: u32 = 2_000;
/// Most changes of one mutation.
const CHANGES: u64 = 6;
/// Longest input: what a mutation adds beyond is cut off.
const LONGEST: usize = 16 * 1024;
/// Octets that mean something in one of the formats.
const TELLING: &[u8] = b"\r\n \t\"<>;:,=@%(){}[]\\/*?&.+-0169azAZ\x00\x01\x1f\x7f\x80\xa0\xbf\xc3\xff";

/// What a fuzz target does with its input.
type Body = fn(&[u8]);

/// Each target's name, which is its shim's and its corpus's, and its body.
const TARGETS: [(&str, Body); 7] = [
    ("sip_message", sip::message),
    ("sip_stream", sip::stream),
    ("sip_uri", sip::uri),
    ("sdp_session", sdp::session),
    ("rtp_packet", rtp::packet),
    ("rtcp", rtp::rtcp),
    ("telephone_event", rtp::telephone_event),
];

#[test]
fn sip_message() {
    replay("sip_message");
}

#[test]
fn sip_stream() {
    replay("sip_stream");
}

#[test]
fn sip_uri() {
    replay("sip_uri");
}

#[test]
fn sdp_session() {
    replay("sdp_session");
}

#[test]
fn rtp_packet() {
    replay("rtp_packet");
}

#[test]
fn rtcp() {
    replay("rtcp");
}

#[test]
fn telephone_event() {
    replay("telephone_event");
}

#[test]
fn every_target_has_a_shim_and_a_corpus() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let shims =
        names(&fuzz().join("fuzz_targets")).into_iter().filter_map(|name| Some(name.strip_suffix(".rs")?.to_owned()));
    assert_eq!(shims.collect::<BTreeSet<_>>(), targets, "fuzz/fuzz_targets and TARGETS differ");
    assert_eq!(names(&fuzz().join("corpus")), targets, "fuzz/corpus and TARGETS differ");
    let manifest = read_text(&fuzz().join("Cargo.toml"));
    for target in &targets {
        assert!(manifest.contains(&format!("name = \"{target}\"\n")), "fuzz/Cargo.toml names no {target}");
    }
}

#[test]
fn mutations_are_repeatable_and_differ() {
    let files = vec![b"one of two".to_vec(), b"the other".to_vec()];
    let run = || {
        let mut rng = Rng::from_seed([1; 32]);
        (0..100).map(|_| mutated(&files[0], &files, &mut rng)).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
    assert!(run().into_iter().collect::<BTreeSet<_>>().len() > 80);
}

/// Every file of a target's corpus, as it is and mutated.
fn replay(target: &str) {
    let (_, body) = TARGETS.iter().find(|(name, _)| *name == target).expect("the target has a body");
    let folder = fuzz().join("corpus").join(target);
    let files: Vec<(String, Vec<u8>)> =
        names(&folder).into_iter().map(|name| (name.clone(), read(&folder.join(name)))).collect();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    let contents: Vec<Vec<u8>> = files.iter().map(|(_, data)| data.clone()).collect();
    for (name, data) in &files {
        run(*body, data, &format!("{target}/{name}"));
        let mut rng = Rng::from_seed([0; 32]).fork(&format!("{target}/{name}"));
        for number in 1..=MUTATIONS {
            let input = mutated(data, &contents, &mut rng);
            run(*body, &input, &format!("{target}/{name}, mutation {number}"));
        }
    }
}

/// Runs a body; a panic says which input caused it.
fn run(body: fn(&[u8]), data: &[u8], what: &str) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| body(data))) {
        panic!("{what}: {}\nthe input is b\"{}\"", words(&*panic), data.escape_ascii());
    }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words")
}

/// `data` with some changes, parts of other files among them.
fn mutated(data: &[u8], others: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut data = data.to_vec();
    for _ in 0..=rng.below(CHANGES) {
        change(&mut data, others, rng);
    }
    data.truncate(LONGEST);
    data
}

fn change(data: &mut Vec<u8>, others: &[Vec<u8>], rng: &mut Rng) {
    let range = some_range(data.len(), rng);
    let at = range.start;
    match rng.below(10) {
        0 | 1 => data.insert(at, telling(rng)),
        2 if at < data.len() => data[at] ^= 1u8 << rng.below(8),
        3 | 4 if at < data.len() => data[at] = telling(rng),
        5 => drop(data.drain(range)),
        6 => {
            let again = data[range].to_vec();
            data.splice(at..at, again);
        }
        7 => {
            let other = &others[index(others.len(), rng)];
            let part = other[some_range(other.len(), rng)].to_vec();
            data.splice(at..at, part);
        }
        8 => data.truncate(at),
        _ => {
            let numbers: [&[u8]; 6] = [b"0", b"-1", b"255", b"65536", b"4294967296", b"99999999999999999999"];
            data.splice(range, numbers[index(numbers.len(), rng)].iter().copied());
        }
    }
}

/// A range within `0..=length`: short as a rule.
fn some_range(length: usize, rng: &mut Rng) -> std::ops::Range<usize> {
    let start = index(length + 1, rng);
    let longest = if rng.chance(0.8) { 8 } else { length };
    start..length.min(start + index(longest + 1, rng))
}

fn telling(rng: &mut Rng) -> u8 {
    TELLING[index(TELLING.len(), rng)]
}

fn index(length: usize, rng: &mut Rng) -> usize {
    rng.below(length as u64) as usize
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

/// The names in a folder, in order.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("the folder can be read").file_name().into_string();
    entries.map(|entry| name(entry).expect("file names are UTF-8")).collect()
}

fn read(file: &Path) -> Vec<u8> {
    fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn read_text(file: &Path) -> String {
    String::from_utf8(read(file)).expect("it is UTF-8")
}
