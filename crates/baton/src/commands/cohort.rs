//! `baton cohort`: who moves from where to where.
//!
//! JSON of `import`: for every refused row `{"file": "…", "line": 12, "record": "cohort row",
//! "refused": {…}}` (see [`Refused`]), for every other one `{"file": "…",
//! "line": 13, "transition": "settings/…/transitions/…", "changed": true}`, then `{"summary":
//! {"changed": 1, "unchanged": 0, "refused": 0, "dry_run": false}}`. A dry run knows nothing of
//! changes: its summary has `readable` instead of the first two.

use std::path::PathBuf;

use anyhow::Context as _;
use baton_client::Client;
use baton_formats::cohort::{Cohort, PlannedRow, write_template};
use baton_formats::detect::Format;
use baton_wire::v1;
use clap::{Args, Subcommand};
use serde_json::json;

use super::batch;
use super::refused::Refused;
use super::source::{Source, today};
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output, Wrong};

/// Arguments of `cohort`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton cohort template > leavers.csv
  baton cohort import leavers.csv")]
pub(crate) struct CohortArgs {
    #[command(subcommand)]
    command: CohortCommand,
}

/// What can be done with cohorts.
#[derive(Debug, Subcommand)]
enum CohortCommand {
    /// Load planned moves from a CSV file; moves that are known are brought up to date.
    Import(ImportArgs),
    /// Print an empty cohort list with its columns and one example.
    #[command(after_help = "\
Examples:
  baton cohort template > leavers.csv")]
    Template,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton cohort template > leavers.csv       then fill it in
  baton cohort import leavers.csv --dry-run
  baton cohort import leavers.csv

One row is one move. Rows that cannot be used are listed with their line and every problem; the
others are loaded. The same file again changes nothing.")]
struct ImportArgs {
    /// The list, CSV; `baton cohort template` prints its columns.
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// Only read the file and list its problems; nothing is sent.
    #[arg(long)]
    dry_run: bool,
}

pub(crate) async fn run(
    args: CohortArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    match args.command {
        CohortCommand::Import(args) => import(args, to, output).await,
        CohortCommand::Template => {
            let mut text = Vec::new();
            write_template(&mut text)?;
            let text = String::from_utf8(text).context("the template is no text")?;
            output.result(&json!({ "template": text }), || text.trim_end().to_owned());
            Ok(Exit::Done)
        }
    }
}

async fn import(args: ImportArgs, to: &ConnectionArgs, output: Output) -> anyhow::Result<Exit> {
    let source = Source::open(&args.file, "planning", output)?;
    match &source.format {
        Ok(Format::Cohort) => {}
        Ok(_) => {
            let say = "is no cohort list; `baton cohort template` prints one";
            return Err(Wrong(format!("{} {say}", source.name)).into());
        }
        Err(refusal) => return Err(Wrong(format!("{}: {refusal}", source.name)).into()),
    }
    let cohort = Cohort::open(source.input, today())
        .map_err(|refusal| Wrong(format!("{}: {refusal}", source.name)))?;
    for column in &cohort.header().unknown {
        output.say(&format!("{}: the column {column} is not read", source.name));
    }
    let client = if args.dry_run {
        None
    } else {
        Some(to.connect().await?)
    };
    let mut import = Import {
        name: source.name,
        bar: source.bar,
        output,
        tally: Tally::default(),
    };
    let mut rows = Vec::with_capacity(batch::ITEMS_MAX);
    for row in cohort {
        match row {
            Ok(row) => rows.push(row),
            Err(problem) => {
                import.refuse(problem.line, &problem.record, &Refused::by_reader(&problem));
            }
        }
        if rows.len() == batch::ITEMS_MAX {
            import.send(client.as_ref(), &mut rows).await?;
        }
    }
    import.send(client.as_ref(), &mut rows).await?;
    Ok(import.finish(args.dry_run))
}

struct Import {
    name: String,
    bar: indicatif::ProgressBar,
    output: Output,
    tally: Tally,
}

#[derive(Debug, Default)]
struct Tally {
    changed: u64,
    unchanged: u64,
    refused: u64,
    readable: u64,
}

impl Import {
    async fn send(
        &mut self,
        client: Option<&Client>,
        rows: &mut Vec<PlannedRow>,
    ) -> anyhow::Result<()> {
        let rows = std::mem::take(rows);
        self.tally.readable += u64::try_from(rows.len())?;
        let Some(client) = client.filter(|_| !rows.is_empty()) else {
            return Ok(());
        };
        let moves: Vec<_> = rows.iter().map(|row| row.transition.clone()).collect();
        let answers = batch::settle(&moves, async |transitions| {
            let request = v1::PlanTransitionsRequest {
                transitions,
                ..Default::default()
            };
            let told = client.plan_transitions(request).await?.transitions;
            let read = |mut item: v1::PlannedTransitionOutcome| {
                let error = item.error.take();
                batch::answer(item.transition.map(|row| (row, item.changed)), error)
            };
            Ok(told.into_iter().map(read).collect())
        })
        .await?;
        for (row, answer) in rows.iter().zip(answers) {
            match answer {
                Ok((transition, changed)) => {
                    let count = if changed {
                        &mut self.tally.changed
                    } else {
                        &mut self.tally.unchanged
                    };
                    *count += 1;
                    let json = json!({
                        "file": self.name, "line": row.line, "transition": transition.name,
                        "changed": changed,
                    });
                    self.output.machine(&json);
                }
                Err(error) => {
                    let refused = Refused::by_service(&error, "transitions[].");
                    self.refuse(row.line, "cohort row", &refused);
                }
            }
        }
        Ok(())
    }

    fn refuse(&mut self, line: u64, record: &str, refused: &Refused) {
        self.tally.refused += 1;
        let json = json!({ "file": self.name, "line": line, "record": record, "refused": refused });
        let place = format!("{} line {line}", self.name);
        self.bar
            .suspend(|| self.output.result(&json, || refused.told(&place)));
    }

    fn finish(self, dry_run: bool) -> Exit {
        self.bar.finish_and_clear();
        let Tally {
            changed,
            unchanged,
            refused,
            readable,
        } = self.tally;
        let json = if dry_run {
            json!({ "readable": readable, "refused": refused, "dry_run": true })
        } else {
            json!({
                "changed": changed, "unchanged": unchanged, "refused": refused, "dry_run": false,
            })
        };
        self.output.result(&json!({ "summary": json }), || {
            match (dry_run, changed, refused) {
                (true, ..) => format!("{readable} could be sent, {refused} not"),
                (false, 0, 0) => format!("nothing changed: {unchanged} known already"),
                (false, ..) => {
                    format!("{changed} new or changed, {unchanged} unchanged, {refused} refused")
                }
            }
        });
        if refused == 0 {
            Exit::Done
        } else {
            Exit::SomeRefused
        }
    }
}
