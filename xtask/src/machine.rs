//! Looks at the machine.

use std::env;
use std::io::{IsTerminal as _, stdin};
use std::process::{Command, Stdio};

use crate::plan::{Machine, Manager, Need, Right};

/// What there is.
pub(crate) fn look() -> Machine {
    let missing = missing();
    // Only what is missing makes the rest worth a look.
    let (manager, right) = if missing.is_empty() { (None, Right::None) } else { (manager(), right()) };
    Machine { missing, manager, right }
}

/// Only Linux needs anything: macOS and Windows bring their sound libraries.
fn missing() -> Vec<Need> {
    if !cfg!(target_os = "linux") {
        return Vec::new();
    }
    // The name that the build itself uses.
    let pkg_config = env::var("PKG_CONFIG").unwrap_or_else(|_| "pkg-config".to_owned());
    if !succeeds(&pkg_config, &["--version"]) {
        return vec![Need::PkgConfig, Need::AlsaHeaders];
    }
    if succeeds(&pkg_config, &["--exists", "alsa"]) { Vec::new() } else { vec![Need::AlsaHeaders] }
}

fn manager() -> Option<Manager> {
    Manager::ALL.into_iter().find(|manager| on_path(manager.program()))
}

fn right() -> Right {
    if output("id", &["-u"]).as_deref() == Some("0") {
        Right::Root
    } else if !on_path("sudo") {
        Right::None
    } else if succeeds("sudo", &["-n", "true"]) {
        Right::Sudo
    } else if stdin().is_terminal() {
        Right::SudoAsks
    } else {
        Right::None
    }
}

fn on_path(program: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

fn succeeds(program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    let quiet = command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
