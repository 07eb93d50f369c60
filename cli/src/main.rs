//! The program `sansip`: places and answers SIP calls.

#![forbid(unsafe_code)]

mod answer;
mod call;
mod demo;
mod describe;
mod devices;
mod exit;
mod keys;
mod measure;
mod options;
mod phone;
mod plan;
mod setup;
mod status;
mod terminal;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use exit::Failure;
use options::{Cli, Command};

/// How long a resolver or a disk may keep the program from leaving.
const LINGER: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let cli = Cli::parse();
    terminal::restore_on_panic();
    let result = run(cli);
    terminal::restore();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("sansip: {}", terminal::printable(&failure.to_string()));
            ExitCode::from(failure.code())
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Local(format!("the system gives no threads: {error}")))?;
    let result = runtime.block_on(async {
        match cli.command {
            Command::Call(options) => call::run(options).await,
            Command::Answer(options) => answer::run(options).await,
            Command::Devices => devices::list().await,
            Command::Demo(options) => demo::run(options).await,
        }
    });
    runtime.shutdown_timeout(LINGER);
    result
}
