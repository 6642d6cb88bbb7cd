//! The binary of the demonstration: reads the settings, starts the servers, says where to click,
//! and stops when it is told to.

use portcullis_demo::{
    demo::Demo,
    settings::{Command, CommandLine, LoadError, RuntimeName, Settings, documentation},
    token::{Token, TokenCommand},
};
use portcullis_hyper::runtime::{Runtime, TokioRuntime};
use std::{
    error::Error,
    future::Future,
    io::{self, Write as _},
    process::{self, ExitCode},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};
use tokio::sync::Notify;
use tracing_subscriber::{filter::Targets, prelude::*};

fn main() -> ExitCode {
    match CommandLine::from_process() {
        Ok(CommandLine { command: Some(Command::Explain(explain)), .. }) => {
            return ended(explain.run().map(|()| true));
        }
        Ok(CommandLine { command: Some(Command::Token(token)), .. }) => {
            let Token { command: TokenCommand::Verify(verify) } = token;
            return ended(verify.run());
        }
        Ok(CommandLine { command: Some(Command::Settings), .. }) => {
            let page = documentation();
            return ended(io::stdout().lock().write_all(page.as_bytes()).map(|()| true));
        }
        Ok(CommandLine { command: None, .. }) => {}
        Err(error) => error.exit(),
    }
    let settings = match Settings::from_process() {
        Ok(settings) => settings,
        Err(LoadError::CommandLine(error)) => error.exit(),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    log_to_stderr(settings.log.clone());
    for note in &settings.notes {
        tracing::warn!("{note}");
    }
    let outcome = match settings.runtime {
        RuntimeName::Hyper => on_tokio(settings),
        RuntimeName::Smol => on_smol(settings),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Portcullis did not start: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The status of a command: 0 where all was good, 1 where not, 2 where it could not be done.
fn ended(outcome: Result<bool, impl Error>) -> ExitCode {
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn log_to_stderr(filter: Targets) {
    let format = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_filter(filter);
    tracing_subscriber::registry().with(format).init();
}

fn on_tokio(settings: Settings) -> Result<(), Box<dyn Error>> {
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    tokio.block_on(run(TokioRuntime::new(), settings))
}

fn on_smol(settings: Settings) -> Result<(), Box<dyn Error>> {
    let beside = thread::available_parallelism().map_or(0, |threads| threads.get() - 1);
    portcullis_smol::block_on(beside, async |runtime| run(runtime, settings).await)
}

/// Runs the demonstration on either runtime until the process is told to stop.
async fn run<R: Runtime>(runtime: R, settings: Settings) -> Result<(), Box<dyn Error>> {
    let stop = told_to_stop()?;
    let name = settings.runtime;
    let demo = Demo::start(runtime, settings).await?;
    let mut out = io::stdout().lock();
    // Nobody may be reading; the servers run all the same.
    let _ = writeln!(
        out,
        "Portcullis is running on {name}. Stop it with Ctrl-C.\n\n{}\n",
        demo.addresses
    )
    .and_then(|()| out.flush());
    drop(out);
    stop.await;
    demo.stop().await;
    Ok(())
}

/// Ends when the process gets SIGINT or SIGTERM. A second one does not wait for anything.
fn told_to_stop() -> Result<impl Future<Output = ()>, ctrlc::Error> {
    let told = Arc::new(Notify::new());
    let heard = told.clone();
    let again = AtomicBool::new(false);
    ctrlc::set_handler(move || {
        if again.swap(true, Ordering::Relaxed) {
            process::exit(1);
        }
        told.notify_one();
    })?;
    Ok(async move { heard.notified().await })
}
