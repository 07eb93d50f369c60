//! `cargo xtask demo` and `cargo xtask test`: install what the build needs and is not there, then run the demo or the
//! tests. It has no dependencies, so that it builds where nothing else does yet.

mod machine;
mod plan;

use std::env;
use std::io::{self, Write as _};
use std::process::{Command, ExitCode, ExitStatus};

use plan::{Line, Plan, Task, cargo_line, plan, turns_sound_off};

const HELP: &str = "\
cargo xtask demo [ARGS]   places a call to itself over real sockets, and says whether the sound came through
cargo xtask test [ARGS]   runs all tests that need nothing but this machine
cargo xtask help          this text

Both first install what the build needs and is not there: on Linux pkg-config and ALSA's headers, with your package
manager, as root or with sudo. Where that cannot be done they say what to install, and go on without a sound card.
ARGS go to `sansip demo` and to `cargo test`.
";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.split_first().map(|(task, rest)| (task.as_str(), rest)) {
        Some(("demo", rest)) => run(Task::Demo, rest),
        Some(("test", rest)) => run(Task::Test, rest),
        Some(("help" | "--help" | "-h", _)) | None => match io::stdout().write_all(HELP.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Some((other, _)) => {
            eprint!("xtask: there is no task {other:?}.\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}

fn run(task: Task, args: &[String]) -> ExitCode {
    let sound = turns_sound_off(task, args) || prepare();
    let line = cargo_line(task, sound, args);
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    eprintln!("xtask: {cargo} {}", line.join(" "));
    match Command::new(&cargo).args(&line).status() {
        Ok(status) => exit_code(status),
        Err(error) => {
            eprintln!("xtask: cannot run {cargo}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Installs what is missing, and says whether there will be a sound card.
fn prepare() -> bool {
    match plan(&machine::look()) {
        Plan::Build => true,
        Plan::WithoutSound(say) => {
            eprintln!("xtask: {say}");
            false
        }
        Plan::Install(lines) => {
            eprintln!("xtask: some packages are missing; installing them with");
            lines.iter().for_each(|line| eprintln!("  {}", line.join(" ")));
            let installed = install(&lines) && machine::look().missing.is_empty();
            if !installed {
                eprintln!("xtask: they could not be installed. Until they are: no sound card.");
            }
            installed
        }
    }
}

/// Runs `lines` in turn and says whether the last, which installs, succeeded: lists that cannot be refreshed may do.
fn install(lines: &[Line]) -> bool {
    let mut succeeded = false;
    for line in lines {
        let Some((program, args)) = line.split_first() else { continue };
        succeeded = match Command::new(program).args(args).status() {
            Ok(status) => status.success(),
            Err(error) => {
                eprintln!("xtask: cannot run {program}: {error}");
                false
            }
        };
    }
    succeeded
}

/// The child's own exit code; 1 where a signal ended it.
fn exit_code(status: ExitStatus) -> ExitCode {
    match status.code().map(u8::try_from) {
        Some(Ok(code)) => ExitCode::from(code),
        _ => ExitCode::FAILURE,
    }
}
