//! `baton document`: files that go with a profile.

mod add;
mod get;
mod list;
mod remove;

use baton_client::{ClientError, DocumentError};
use clap::{Args, Subcommand};

use crate::connection::ConnectionArgs;
use crate::output::{Broken, Exit, Output};

/// Arguments of `document`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton document add plan.pdf --profile settings/stg_…/profiles/prf_… --kind ehc_plan \\
    --title 'Final EHC plan, February 2026'
  baton document list settings/stg_…/profiles/prf_…
  baton document get settings/stg_…/documents/doc_… --out plan.pdf
  baton document remove settings/stg_…/documents/doc_…

Whoever may see the section kind of the profile may see the document. docs/documents.md has types
and limits.")]
pub(crate) struct DocumentArgs {
    #[command(subcommand)]
    command: DocumentCommand,
}

/// What can be done with documents.
#[derive(Debug, Subcommand)]
enum DocumentCommand {
    /// Send a file with a profile of your setting.
    Add(add::AddArgs),
    /// The documents of a profile that you may see.
    List(list::ListArgs),
    /// Read a document into a file.
    Get(get::GetArgs),
    /// Take a document back.
    Remove(remove::RemoveArgs),
}

pub(crate) async fn run(
    args: DocumentArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    match args.command {
        DocumentCommand::Add(args) => add::run(args, to, output).await,
        DocumentCommand::List(args) => list::run(args, to, output).await,
        DocumentCommand::Get(args) => get::run(args, to, output).await,
        DocumentCommand::Remove(args) => remove::run(args, to, output).await,
    }
}

/// The error as the program tells it: what the service said as such, the rest in its own words.
fn told(error: DocumentError) -> anyhow::Error {
    match error {
        DocumentError::Client(error) => ClientError::into(error),
        other => Broken(other.to_string()).into(),
    }
}
