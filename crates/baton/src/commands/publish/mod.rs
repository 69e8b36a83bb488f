//! `baton publish`: profiles out of files.
//!
//! JSON, a line for each record: `{"file": "…", "line": 3, "record": "record 3", "profile":
//! "settings/…/profiles/…", "version": 1, "changed": true}`, or `{"file": "…", "line": 3, "record":
//! "record 3", "refused": {…}}` (see [`Refused`]); a file of which nothing
//! is read is `{"file": "…", "refused": {…}}`. Then `{"summary": {"published": 1, "unchanged": 0,
//! "refused": 0, "dry_run": false}}`. A dry run has `"missing_core": ["content.…"]` instead
//! of profile, version and changed, and in its summary `"publishable"` instead of the first two. Where
//! other children are named whom nobody outside is shown, the line has `"notices": [{"field":
//! "content.relationships.peers[0]", "rule": "peer.unknown", "message": "…"}]`.

mod fitting;
mod reader;
mod record;
mod send;

use std::path::PathBuf;

use baton_domain::calendar::AcademicYear;
use baton_domain::route::Point;
use baton_domain::section::SectionKind;
use clap::Args;

use super::refused::Refused;
use super::show::kind;
use super::source::{self, Source, today};
use super::status::{point, year};
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};
use reader::Reader;
use record::{Occasion, Seen};
use send::Outbox;

/// Arguments of `publish`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton publish leavers.ndjson --signatory 'Head teacher, A. Example'
  baton publish leavers.ndjson --signatory 'Head teacher, A. Example' --dry-run
  baton publish 3513948_CTF_3514898_001.xml --signatory 'Head teacher, A. Example' \\
    --point primary-to-secondary
  baton publish *.json --signatory 'Manager' --json > report.ndjson
  baton publish leavers.ndjson --signatory 'Head teacher, A. Example' --remove relationships

A file is contract records in JSON (one a line, one array, or one object) or a Common Transfer
File; its content decides, not its name. A record that cannot be published is listed with every
problem and its rule; the others are published. The same file again changes nothing.

A record changes only the kinds it sends or takes away; what others of the setting sent stands.
Kinds of class R (family_and_agencies, child_protection_note) come in records of their own.")]
pub(crate) struct PublishArgs {
    /// Files of profiles.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Role and name of who signed the profiles off, one line; a record that names its own keeps it.
    #[arg(long, value_name = "ROLE AND NAME")]
    signatory: String,
    /// The point of the move, for records that do not say: early-years-to-primary,
    /// primary-to-secondary, secondary-to-post-16 or post-16-to-adult.
    #[arg(long, value_parser = point)]
    point: Option<Point>,
    /// The academic year the learners leave in, by its first calendar year, for records that do
    /// not say.
    #[arg(long, value_parser = year)]
    year: Option<AcademicYear>,
    /// A section kind taken away with every record, e.g. health; give it several times for several.
    /// Kinds that a record does not send and that are not taken away stand as they are.
    #[arg(long = "remove", value_parser = kind, value_name = "KIND")]
    removes: Vec<SectionKind>,
    /// Publish nothing; list every problem, and core questions without value or answer.
    #[arg(long)]
    dry_run: bool,
}

pub(crate) async fn run(
    args: PublishArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let occasion = Occasion {
        point: args.point,
        year: args.year,
        signatory: args.signatory,
        removes: args.removes,
        today: today(),
    };
    for path in &args.files {
        source::expect(path)?;
    }
    let client = to.connect().await?;
    let mut outbox = Outbox::to(client, args.dry_run, output);
    let mut seen = Seen::default();
    for path in &args.files {
        let source = Source::open(path, "publishing", output)?;
        let (name, bar) = (source.name.clone(), source.bar.clone());
        let mut reader = match Reader::open(source, &occasion) {
            Ok(reader) => reader,
            Err(refused) => {
                outbox.refuse_file(&name, &refused);
                continue;
            }
        };
        outbox.begin(&name, bar);
        while let Some(record) = reader.next() {
            let fresh = record
                .submission
                .and_then(|one| seen.first_time(&name, &record.place, one));
            match fresh {
                Ok(submission) => Box::pin(outbox.put(record.place, submission)).await?,
                Err(refused) => outbox.refuse(&record.place, &refused),
            }
        }
        Box::pin(outbox.send()).await?;
        outbox.end(&reader.left_out());
    }
    Ok(outbox.finish())
}
