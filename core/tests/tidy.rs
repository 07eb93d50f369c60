//! The style of the house, as far as a machine can see it: floors, sizes, caps, documents. See `ARCHITECTURE.md`.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What each floor may name of `crate`. What stands beside the floors is open to those that need it, and no floor names a
/// higher one. `wire` has no state, no time and no chance. `error` is for the application, and knows its floor.
const WIRE: &[&str] = &["wire", "limits"];
const MACHINES: &[&str] = &["wire", "limits", "machines", "ids", "io", "rng", "time", "timers", "trace"];
const MIDDLEWARE: &[&str] =
    &["wire", "limits", "machines", "ids", "io", "rng", "time", "timers", "trace", "middleware", "error"];

const FLOORS: [(&str, &[&str]); 3] = [("wire", WIRE), ("machines", MACHINES), ("middleware", MIDDLEWARE)];

/// Lines of a file at most, without its tests.
const LONGEST_FILE: usize = 700;
/// Lines of a function at most.
const LONGEST_FUNCTION: usize = 70;
/// Files that may be longer, with the reason.
const LONG_FILES: &[(&str, &str)] = &[];
/// Functions that may be longer, with the reason: tables, as a rule.
const LONG_FUNCTIONS: &[(&str, &str)] = &[];

/// The folders with sources of ours.
const SOURCES: [&str; 7] =
    ["core/src", "host/src", "runtime-tokio/src", "runtime-async-std/src", "cli/src", "xtask/src", "benches"];
/// What is no text, or not ours.
const SKIPPED: [&str; 4] = ["target", ".git", "corpus", "Cargo.lock"];

#[test]
fn an_arrow_never_points_up() {
    let mut wrong = Vec::new();
    for (floor, allowed) in FLOORS {
        for file in rust_files(&core().join("src").join(floor)) {
            if is_tests(&file) {
                continue;
            }
            let code = code(&read(&file));
            let named = crate_names(&code);
            wrong.extend(
                named.iter().filter(|name| !allowed.contains(&name.as_str())).map(|name| (shown(&file), name.clone())),
            );
            // What climbs to the root by `super` is named by no `crate::`.
            let depth = module_depth(&file);
            assert!(longest_climb(&code) < depth, "{}: use crate::, so that floors can be seen", shown(&file));
        }
    }
    assert!(wrong.is_empty(), "a floor may not name these: {wrong:#?}");
}

#[test]
fn names_of_crate_are_found() {
    let code =
        "use crate::wire::sip; let x = $crate::agent::y(); use crate::{\n  io::Reply,\n  time,\n}; super::super::z";
    assert_eq!(crate_names(code).into_iter().collect::<Vec<_>>(), ["agent", "io", "time", "wire"]);
    assert_eq!(longest_climb(code), 2);
    assert_eq!(module_depth(&core().join("src/wire/sip/mod.rs")), 2);
    assert_eq!(module_depth(&core().join("src/wire/sip/uri.rs")), 3);
}

#[test]
fn files_and_functions_have_a_size_to_read() {
    let (mut files, mut functions) = (Vec::new(), Vec::new());
    for file in sources().into_iter().filter(|file| !is_tests(file)) {
        let text = read(&file);
        let length = without_tests(&text).len();
        if length > LONGEST_FILE && !LONG_FILES.iter().any(|(name, _)| *name == shown(&file)) {
            files.push((shown(&file), length));
        }
        for (name, length) in function_lengths(&text) {
            let full = format!("{}: {name}", shown(&file));
            if length > LONGEST_FUNCTION && !LONG_FUNCTIONS.iter().any(|(name, _)| *name == full) {
                functions.push((full, length));
            }
        }
    }
    assert!(files.is_empty(), "split these, or name them in LONG_FILES with the reason: {files:#?}");
    assert!(functions.is_empty(), "split these, or name them in LONG_FUNCTIONS with the reason: {functions:#?}");
}

#[test]
fn function_lengths_are_counted() {
    let text =
        "impl X {\n    pub(crate) fn one() {\n        a();\n    }\n}\n\nfn two(\n    a: u8,\n) -> u8 {\n    a\n}\n";
    assert_eq!(function_lengths(text), [("one".to_owned(), 3), ("two".to_owned(), 5)]);
}

#[test]
fn every_file_says_what_it_is() {
    let silent = |file: &Path| !is_tests(file) && !read(file).starts_with("//!");
    let silent: Vec<String> = sources().iter().filter(|file| silent(file)).map(|file| shown(file)).collect();
    assert!(silent.is_empty(), "these begin without //!: {silent:#?}");
}

#[test]
fn every_cap_has_a_reason_and_is_enforced() {
    let limits = core().join("src/limits.rs");
    let text = read(&limits);
    let lines: Vec<&str> = text.lines().collect();
    let others: Vec<String> =
        rust_files(&core().join("src")).iter().filter(|file| **file != limits).map(|file| code(&read(file))).collect();
    let mut caps = BTreeSet::new();
    for (number, line) in lines.iter().enumerate() {
        let Some(rest) = line.strip_prefix("pub const ") else { continue };
        let name = rest.split(':').next().unwrap_or_default();
        assert!(number > 0 && lines[number - 1].starts_with("/// "), "{name} says nothing");
        assert!(caps.insert(name), "{name} is there twice");
        assert!(others.iter().any(|code| words(code).any(|word| word == name)), "nobody enforces {name}");
    }
    assert!(caps.len() > 30, "the caps were found: {caps:?}");
}

#[test]
fn the_loop_of_the_readme_is_the_one_of_the_agent() {
    let agent = read(&core().join("src/agent/mod.rs"));
    let doc: Vec<&str> = agent.lines().filter_map(|line| line.strip_prefix("///")).collect();
    let doc: Vec<&str> = doc.into_iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    let ours = blocks(&doc).into_iter().find(|block| is_loop(block)).expect("agent/mod.rs shows the loop");
    let readme = read(&root().join("README.md"));
    let lines: Vec<&str> = readme.lines().collect();
    let theirs = blocks(&lines).into_iter().find(|block| is_loop(block)).expect("README.md shows the loop");
    assert_eq!(ours, theirs, "README.md and the documentation of UserAgent show different loops");
}

#[test]
fn the_compiler_proves_the_core_pure() {
    let lib = read(&core().join("src/lib.rs"));
    for attribute in ["#![no_std]", "#![forbid(unsafe_code)]", "#![deny(missing_docs)]"] {
        assert!(lib.lines().any(|line| line == attribute), "core/src/lib.rs does not say {attribute}");
    }
    for file in rust_files(&core().join("src")) {
        let text = read(&file);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (number, line) in lines.iter().enumerate() {
            let for_tests = number > 0 && lines[number - 1] == "#[cfg(test)]";
            assert!(!line.starts_with("extern crate std") || for_tests, "{}:{}", shown(&file), number + 1);
        }
    }
}

#[test]
fn no_file_knows_somebodys_machine() {
    // In two pieces each, so that this file is not found itself.
    let needles = [("/ho", "me/"), ("/ro", "ot/"), ("/wo", "rk/"), ("/Us", "ers/"), ("C:\\Us", "ers\\")];
    let mut found = Vec::new();
    for file in files(&root()) {
        // What is not UTF-8 is no text.
        let Ok(text) = fs::read_to_string(&file) else { continue };
        for (number, line) in text.lines().enumerate() {
            if needles.iter().any(|(one, two)| line.contains(&format!("{one}{two}"))) {
                found.push(format!("{}:{}: {line}", shown(&file), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

fn core() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn root() -> PathBuf {
    core().parent().expect("core/ lies in the project's folder").to_owned()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The name of a file within the project.
fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).to_string_lossy().replace('\\', "/")
}

/// Every file below a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if SKIPPED.contains(&name.as_str()) || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    files(folder).into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs")).collect()
}

fn sources() -> Vec<PathBuf> {
    SOURCES.iter().flat_map(|folder| rust_files(&root().join(folder))).collect()
}

/// A file that holds nothing but tests.
fn is_tests(file: &Path) -> bool {
    shown(file).split('/').any(|part| part == "tests" || part == "tests.rs")
}

/// The lines before the module of tests that a file ends with.
fn without_tests(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines
        .windows(2)
        .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{'));
    lines[..tests.unwrap_or(lines.len())].to_vec()
}

/// A file without its tests and without comments.
fn code(text: &str) -> String {
    let lines = without_tests(text).into_iter().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|character| !is_word(character))
}

/// What the code names directly below `crate::`.
fn crate_names(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => names.extend(heads_of_list(list)),
            None => names.extend(words(rest).next().map(str::to_owned)),
        }
    }
    names
}

/// The first names of a list that begins behind its brace.
fn heads_of_list(list: &str) -> Vec<String> {
    let (mut depth, mut heads, mut head) = (0, Vec::new(), String::new());
    let mut open = true;
    for character in list.chars() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                heads.push(std::mem::take(&mut head));
                open = true;
            }
            ':' if depth == 0 => open = false,
            _ if depth == 0 && open && is_word(character) => head.push(character),
            _ => {}
        }
    }
    heads.push(head);
    heads.retain(|head| !head.is_empty());
    heads
}

/// The most `super::` in a row.
fn longest_climb(code: &str) -> usize {
    let mut longest = 0;
    for (at, _) in code.match_indices("super::") {
        let mut rest = &code[at..];
        let mut climb = 0;
        while let Some(after) = rest.strip_prefix("super::") {
            rest = after;
            climb += 1;
        }
        longest = longest.max(climb);
    }
    longest
}

/// How many modules lie between `crate` and the inside of a file of the core.
fn module_depth(file: &Path) -> usize {
    let inside = file.strip_prefix(core().join("src")).unwrap_or(file);
    let folders = inside.components().count() - 1;
    if inside.file_stem().is_some_and(|stem| stem == "mod") { folders } else { folders + 1 }
}

/// The functions of a formatted file and how many lines each has.
fn function_lengths(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line.trim_start()) else { continue };
        let indent = line.len() - line.trim_start().len();
        let closing = format!("{}}}", " ".repeat(indent));
        // A declaration has no body, a short body no line of its own.
        let body = body_of(&lines, start, indent);
        if let Some(body) = body
            && let Some(length) = lines[body.clone()].iter().position(|line| *line == closing)
        {
            found.push((name.to_owned(), body.start - start + length + 1));
        }
    }
    found
}

/// The lines from the one that opens a function's body on; None if it has none.
fn body_of(lines: &[&str], start: usize, indent: usize) -> Option<Range<usize>> {
    for (number, line) in lines.iter().enumerate().skip(start) {
        if line.ends_with(';') || line.ends_with('}') {
            return None;
        }
        let same = line.len() - line.trim_start().len() == indent;
        if line.ends_with('{') && same {
            return Some(number..lines.len());
        }
    }
    None
}

fn function_name(line: &str) -> Option<&str> {
    let mut rest = line;
    loop {
        if let Some(after) = rest.strip_prefix("fn ") {
            return after.split(|character| !is_word(character)).next().filter(|name| !name.is_empty());
        }
        let word = rest.split(' ').next()?;
        let visibility = word == "pub" || word.starts_with("pub(") && word.ends_with(')');
        if !visibility && !["const", "async", "extern"].contains(&word) {
            return None;
        }
        rest = rest.get(word.len() + 1..)?;
    }
}

/// The blocks of Rust in a document, line by line, as they are compiled: without what hides lines.
fn blocks(lines: &[&str]) -> Vec<Vec<String>> {
    let mut blocks = Vec::new();
    let mut open: Option<(bool, Vec<String>)> = None;
    for line in lines {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.is_empty() || language.starts_with("rust"), Vec::new())),
            (Some(_), Some(_)) => blocks.extend(open.take().filter(|(rust, _)| *rust).map(|(_, block)| block)),
            (Some((_, block)), None) => block.push(line.strip_prefix("# ").unwrap_or(line).to_owned()),
            (None, None) => {}
        }
    }
    blocks
}

fn is_loop(block: &[String]) -> bool {
    let has = |text: &str| block.iter().any(|line| line.contains(text));
    has("UserAgent::new(") && has("agent.poll()")
}
