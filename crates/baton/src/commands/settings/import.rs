//! The public register, row by row, in batches.

use std::path::PathBuf;

use baton_client::Client;
use baton_domain::ids::LaCode;
use baton_formats::detect::Format;
use baton_formats::gias::{Register, RegisterRow};
use baton_wire::v1;
use clap::Args;
use serde_json::json;

use super::send;
use crate::commands::agreement::AtJoining;
use crate::commands::batch;
use crate::commands::credentials::la_code;
use crate::commands::refused::Refused;
use crate::commands::source::Source;
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output, Wrong};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton settings import --gias edubasealldata.csv
  baton settings import --gias edubasealldata.csv --council 351 --council 352
  baton settings import --gias edubasealldata.csv --dry-run
  baton settings import --gias members.csv --agreement-text framework.pdf \
    --agreement-version 2026.1

The file is \"all establishment data\" of get-information-schools.service.gov.uk, as it is
downloaded. The same file again changes nothing. With the agreement it
is recorded of every setting of the file that has signed nothing before: give one of those that signed.")]
pub(super) struct ImportArgs {
    /// The register, CSV.
    #[arg(long, value_name = "FILE")]
    gias: PathBuf,
    /// Only establishments of this council, three digits; may be given again.
    #[arg(long = "council", value_name = "CODE", value_parser = la_code)]
    councils: Vec<LaCode>,
    #[command(flatten)]
    joining: AtJoining,
    /// Only tell what would be done.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(
    args: ImportArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let source = Source::open(&args.gias, "importing", output)?;
    match source.format {
        Ok(Format::Register) => {}
        Ok(_) => {
            let say = "is not the schools register; it needs columns such as URN and LA (code)";
            return Err(Wrong(format!("{} {say}", source.name)).into());
        }
        Err(refusal) => return Err(Wrong(format!("{}: {refusal}", source.name)).into()),
    }
    let register = Register::open(source.input)
        .map_err(|refusal| Wrong(format!("{}: {refusal}", source.name)))?;
    for column in &register.header().missing {
        output.say(&format!(
            "{}: no column {column}; what it says stays blank",
            source.name
        ));
    }
    let signed = args.joining.signed()?;
    let client = to.connect().await?;
    let with = (signed.as_ref(), args.dry_run);
    let mut import = Import {
        name: source.name,
        bar: source.bar,
        output,
        tally: Tally::default(),
    };
    let mut rows = Vec::with_capacity(batch::ITEMS_MAX);
    for row in register {
        match row {
            Ok(row) if !chosen(&args.councils, &row) => import.tally.passed_over += 1,
            Ok(row) => match setting(&row) {
                Some(setting) => rows.push((row, setting)),
                None => {
                    let why = format!("type {} is newer than this program", row.type_code);
                    import.refuse(row.line, &urn(&row), &Refused::whole(why));
                }
            },
            Err(problem) => {
                import.refuse(problem.line, &problem.record, &Refused::by_reader(&problem));
            }
        }
        if rows.len() == batch::ITEMS_MAX {
            import.send(&client, &mut rows, with).await?;
        }
    }
    import.send(&client, &mut rows, with).await?;
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
    created: u64,
    updated: u64,
    unchanged: u64,
    refused: u64,
    passed_over: u64,
}

impl Import {
    async fn send(
        &mut self,
        client: &Client,
        rows: &mut Vec<(RegisterRow, v1::Setting)>,
        with: (Option<&v1::SignedAgreement>, bool),
    ) -> anyhow::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let (rows, settings): (Vec<_>, Vec<_>) = rows.drain(..).unzip();
        let answers = send(client, &settings, with).await?;
        for (row, answer) in rows.iter().zip(answers) {
            match answer.map(|imported| imported.outcome()) {
                Ok(v1::ImportOutcome::Created) => self.tally.created += 1,
                Ok(v1::ImportOutcome::Updated) => self.tally.updated += 1,
                Ok(_) => self.tally.unchanged += 1,
                Err(error) => {
                    let refused = Refused::by_service(&error, "settings[].");
                    self.refuse(row.line, &urn(row), &refused);
                }
            }
        }
        Ok(())
    }

    fn refuse(&mut self, line: u64, record: &str, refused: &Refused) {
        self.tally.refused += 1;
        let json = json!({ "file": self.name, "line": line, "record": record, "refused": refused });
        let place = format!("{} line {line}, {record}", self.name);
        self.bar
            .suspend(|| self.output.result(&json, || refused.told(&place)));
    }

    fn finish(self, dry_run: bool) -> Exit {
        self.bar.finish_and_clear();
        let Tally {
            created,
            updated,
            unchanged,
            refused,
            passed_over,
        } = self.tally;
        let json = json!({
            "created": created, "updated": updated, "unchanged": unchanged, "refused": refused,
            "passed_over": passed_over, "dry_run": dry_run,
        });
        self.output.result(&json!({ "summary": json }), || {
            let head = if dry_run { "this would be done: " } else { "" };
            let said = match (created, updated, refused) {
                (0, 0, 0) => format!("nothing changed: {unchanged} known already"),
                _ => format!(
                    "{created} created, {updated} updated, {unchanged} unchanged, {refused} refused"
                ),
            };
            let passed = match passed_over {
                0 => String::new(),
                n => format!(", {n} of other councils passed over"),
            };
            format!("{head}{said}{passed}")
        });
        if refused == 0 {
            Exit::Done
        } else {
            Exit::SomeRefused
        }
    }
}

fn chosen(councils: &[LaCode], row: &RegisterRow) -> bool {
    councils.is_empty() || councils.contains(&row.la)
}

fn urn(row: &RegisterRow) -> String {
    format!("URN {}", row.urn)
}

/// A row as the contract carries it; none for a type nobody here knows.
fn setting(row: &RegisterRow) -> Option<v1::Setting> {
    let identifier = |scheme: &str, value: String| v1::SettingIdentifier {
        scheme: scheme.to_owned(),
        value,
    };
    let mut identifiers = vec![identifier("gias", row.urn.to_string())];
    let open = row.status.is_open();
    let state = if open {
        v1::SettingState::Open
    } else {
        v1::SettingState::Closed
    };
    // A school that became an academy passed these two on: they name its successor now.
    if open {
        identifiers.extend(
            row.laestab()
                .map(|it| identifier("laestab", it.to_string())),
        );
        identifiers.extend(
            row.ukprn
                .as_ref()
                .map(|it| identifier("ukprn", it.to_string())),
        );
    }
    Some(v1::Setting {
        name: String::new(),
        kind: v1::SettingKind::from(row.kind()?).into(),
        display_name: row.name.clone(),
        council: row.council().map_or_else(String::new, ToString::to_string),
        identifiers,
        town: row.town.clone().unwrap_or_default(),
        state: state.into(),
        ..Default::default()
    })
}
