//! The one program: runs the service, speaks to one, and shows in a minute what Baton does.

mod args;
mod commands;
mod connection;
mod demo;
mod folder;
mod output;
mod panics;
mod pki;

use std::process::ExitCode;

use clap::Parser as _;
use mimalloc::MiMalloc;

use args::{Args, Command};
use connection::ConnectionArgs;
use output::{Exit, Output};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    let output = Output::new(args.json);
    let done = start(args, output);
    let exit = done.unwrap_or_else(|error| {
        output.problem(&error);
        output::exit_of(&error)
    });
    output.end(exit).into()
}

fn start(args: Args, output: Output) -> anyhow::Result<Exit> {
    panics::say_only_where();
    // A core dump of a process that holds keys is a leak. Where it cannot be switched off the
    // program still runs.
    let _ = rustix::process::setrlimit(
        rustix::process::Resource::Core,
        rustix::process::Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    );
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("TLS was set up twice"))?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run(args, output))
}

async fn run(args: Args, output: Output) -> anyhow::Result<Exit> {
    let Args {
        connection: mut to,
        command,
        ..
    } = args;
    if let Command::Keys(keys) = &command {
        to.config = keys.config().map(Into::into);
    }
    let files_only = matches!(&command, Command::Policy(policy) if !policy.asks_the_service());
    let opened = match command {
        _ if files_only => None,
        // These are about a folder themselves, and not callers.
        Command::Demo(_)
        | Command::Init(_)
        | Command::Serve(_)
        | Command::Restore(_)
        | Command::Witness(_) => None,
        _ => to.open(output).await?,
    };
    let done = carry_out(command, &to, output).await;
    if let Some(running) = opened {
        running.stop().await;
    }
    done
}

async fn carry_out(command: Command, to: &ConnectionArgs, output: Output) -> anyhow::Result<Exit> {
    match command {
        Command::Demo(demo) => Box::pin(demo::run(demo, output)).await,
        Command::Init(init) => commands::init::run(init, to, output).await,
        Command::Serve(serve) => commands::serve::run(serve, to, output).await,
        Command::Settings(settings) => commands::settings::run(settings, to, output).await,
        Command::Credentials(credentials) => {
            commands::credentials::run(credentials, to, output).await
        }
        Command::Agreement(agreement) => commands::agreement::run(agreement, to, output).await,
        Command::Delegations(delegations) => {
            commands::delegations::run(delegations, to, output).await
        }
        Command::Cohort(cohort) => commands::cohort::run(cohort, to, output).await,
        Command::Publish(publish) => commands::publish::run(publish, to, output).await,
        Command::Subscribe(subscribe) => commands::subscribe::run(subscribe, to, output).await,
        Command::Show(show) => commands::show::run(show, to, output).await,
        Command::Keys(keys) => commands::keys::run(keys, to, output).await,
        Command::Document(document) => commands::document::run(document, to, output).await,
        Command::Withdraw(withdraw) => commands::withdraw::run(withdraw, to, output).await,
        Command::Erase(erase) => commands::erase::run(erase, to, output).await,
        Command::Hold(hold) => commands::hold::run(hold, to, output).await,
        Command::Restrict(restrict) => commands::restrict::run(restrict, to, output).await,
        Command::Protect(protect) => commands::protect::run(protect, to, output).await,
        Command::Sharing(sharing) => commands::sharing::run(sharing, to, output).await,
        Command::Family(family) => commands::family::run(family, to, output).await,
        Command::Recipients(recipients) => commands::recipients::run(recipients, to, output).await,
        Command::Redirect(redirect) => commands::redirect::run(redirect, to, output).await,
        Command::Status(status) => commands::status::run(status, to, output).await,
        Command::Backup(backup) => commands::backup::run(backup, to, output).await,
        Command::Restore(restore) => commands::restore::run(restore, to, output).await,
        Command::Policy(policy) => commands::policy::run(policy, to, output).await,
        Command::Witness(witness) => commands::witness::run(witness, output).await,
        Command::Audit(audit) => commands::audit::run(audit, to, output).await,
    }
}
