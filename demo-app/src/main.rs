//! The binary of the demonstration: reads the settings, starts the servers, says where to click,
//! and stops when it is told to.

use portcullis_demo::{
    demo::{Demo, ProviderCommand},
    settings::{Command, CommandLine, LoadError, RuntimeName, Settings, documentation},
    token::{Token, TokenCommand},
};
use portcullis_hyper::runtime::{Runtime, TokioRuntime};
use std::{
    error::Error,
    fmt,
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
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    prelude::*,
};

fn main() -> ExitCode {
    match CommandLine::from_process() {
        Ok(CommandLine { command: Some(Command::Explain(explain)), .. }) => {
            return ended(explain.run().map(|()| true));
        }
        Ok(CommandLine { command: Some(Command::Provider(provider)), .. }) => {
            log_to_stderr(Targets::new().with_default(LevelFilter::WARN));
            return started(provider_alone(provider));
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
    started(outcome)
}

/// The status of what runs until it is told to stop.
fn started(outcome: Result<(), Box<dyn Error>>) -> ExitCode {
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

/// Runs the provider for development until the process is told to stop.
fn provider_alone(command: ProviderCommand) -> Result<(), Box<dyn Error>> {
    tokio_runtime()?.block_on(async {
        let stop = told_to_stop()?;
        let provider = command.start(TokioRuntime::new()).await?;
        say(format_args!(
            "The provider for development is running. Stop it with Ctrl-C.\n\n{}\n",
            provider.registration
        ));
        stop.await;
        provider.stop().await;
        Ok(())
    })
}

/// Nobody may be reading; the servers run all the same.
fn say(what: fmt::Arguments<'_>) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{what}").and_then(|()| out.flush());
}

fn tokio_runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

fn on_tokio(settings: Settings) -> Result<(), Box<dyn Error>> {
    tokio_runtime()?.block_on(run(TokioRuntime::new(), settings))
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
    say(format_args!(
        "Portcullis is running on {name}. Stop it with Ctrl-C.\n\n{}\n",
        demo.addresses
    ));
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
