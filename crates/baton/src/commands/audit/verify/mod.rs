//! The whole ledger, checked here: every byte hashed again, every position, the tree and its tiles,
//! the signature of the checkpoint, every decision against the policies, and on request the access
//! rows against a fold of the entries. From a service, or from an exported folder without one.
//!
//! Kinds of fault: those of the tree (`missing`, `out_of_order`, `leaf`, `empty`, `not_covered`,
//! `root`), `tile` and `bundle` (files or stored hashes that are not what the entries make),
//! `emptied` (an entry without a
//! body, and the ledger did not say that it dropped it), `checkpoint` (an earlier one of the folder), `handover` (keys that changed and an entry that does
//! not say so, or the other way round), `said` (an entry contradicts its place), `decision`
//! (the policies answer otherwise than an entry says), `policy_set` (policies that are gone or not
//! those of their hash), `row_changed`, `row_unknown` and `row_missing` (access rows), `rows` (the
//! file of the access rows), `marker` (the folder says that it is another ledger's).

pub(in crate::commands::audit) mod decisions;
mod fold;
mod marks;
mod source;
mod walk;

use std::path::PathBuf;

use anyhow::Context as _;
use baton_client::Client;
use baton_domain::log::Checkpoint;
use baton_domain::log::handover::lineage;
use baton_domain::log::note::VerifierKey;
use baton_wire::v1;
use clap::Args;
use serde_json::json;

use super::entries::hex;
use super::layout::{self, Folder, Marker, SMALL_MAX};
use super::trust::{self, Witnesses};
use crate::output::{Broken, Exit, Output, Wrong};
use fold::Rows;
use marks::Marks;
use source::Source;
use walk::Walk;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton audit verify                                  the ledger of the service
  baton audit verify --state
  baton audit verify ledger-2026 --state              an export, without any service
  baton audit verify --key 'baton.ledger/ldg_…/1+…' --json | tail -1

Without --key the key is the one the service names, or that lies in the folder: then this shows that
the ledger agrees with itself, not that it is the one you saw before. Ends with 1 if anything is
wrong.")]
pub(crate) struct VerifyArgs {
    /// A folder that `baton audit export` wrote; else the service is asked.
    #[arg(value_name = "FOLDER")]
    pub(super) export: Option<PathBuf>,
    /// Also compare the access rows (settings, credentials, moves, contributions) with what the
    /// entries made of them.
    #[arg(long)]
    state: bool,
    /// The ledger's key, as the council publishes it (C2SP vkey). An earlier one will do: the keys
    /// after it are those that were handed over to.
    #[arg(long, value_parser = key, value_name = "VKEY")]
    key: Option<VerifierKey>,
    #[command(flatten)]
    witnesses: Witnesses,
}

/// Something that is wrong with a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: &'static str,
    /// Where, or from where on; of a row, the last entry about it.
    pub(crate) position: Option<u64>,
    pub(crate) message: String,
}

/// What was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) ledger: String,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) key: VerifierKey,
    /// Entries whose bodies were dropped; their leaf hashes were checked.
    pub(crate) dropped: u64,
    /// Access rows that were compared.
    pub(crate) rows: Option<u64>,
    /// Of these, those that only a dropped entry can account for.
    pub(crate) unproved: u64,
    /// Number of faults; each was told when it was found.
    pub(crate) faults: u64,
    /// What witnesses vouch for, where that was asked.
    pub(crate) cosigned: Option<Cosigned>,
}

/// A checkpoint with enough cosignatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cosigned {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) witnesses: usize,
}

impl Cosigned {
    /// A note of this ledger that the witnesses asked for have cosigned.
    fn of(
        witnesses: &Witnesses,
        note: &[u8],
        keys: &[VerifierKey],
        now: &Checkpoint,
    ) -> anyhow::Result<Self> {
        let text = String::from_utf8_lossy(note);
        if text.is_empty() {
            let say = "no checkpoint of this ledger is cosigned by any witness".to_owned();
            return Err(Broken(say).into());
        }
        let cosigners = witnesses.demand(&text)?;
        let opened = Checkpoint::open(note, keys).ok();
        let opened = opened.filter(|it| it.origin == now.origin && it.size <= now.size);
        let checkpoint = opened.ok_or_else(|| {
            Broken("what the witnesses cosigned is not of this ledger and term".to_owned())
        })?;
        Ok(Self {
            checkpoint,
            witnesses: cosigners,
        })
    }
}

pub(super) async fn run(args: VerifyArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    args.witnesses.check()?;
    let report = verify(client, (args.key, &args.witnesses), args.state, output).await?;
    Ok(conclude(&report, output))
}

/// Checks an export.
pub(super) async fn run_offline(
    args: VerifyArgs,
    export: PathBuf,
    output: Output,
) -> anyhow::Result<Exit> {
    args.witnesses.check()?;
    let folder = Folder::at(&export);
    let signed = folder.read(layout::CHECKPOINT, SMALL_MAX)?;
    let signed = signed.ok_or_else(|| {
        Wrong(format!(
            "{} holds no exported ledger, or one that was broken off: there is no checkpoint",
            export.display()
        ))
    })?;
    let keys = match args.key {
        Some(key) => {
            let notes = folder.handovers()?;
            lineage(&key, notes.iter().map(Vec::as_slice))
        }
        None => folder.keys()?,
    };
    let checkpoint = Checkpoint::open(&signed, &keys).map_err(|error| {
        Broken(format!(
            "the checkpoint of the folder does not hold: {error}"
        ))
    })?;
    let key = keys.iter().rfind(|key| key.name() == checkpoint.origin);
    let key = key.context("a checkpoint that holds has a key")?.clone();
    let ledger = ledger_of(&checkpoint.origin).to_owned();
    let (mut marks, mut faults) = Marks::of(&folder, &checkpoint, &keys, args.state)?;
    let notes = folder.handovers()?;
    marks.hand_over(&checkpoint.origin, notes.iter().map(Vec::as_slice));
    let mut cosigned = None;
    if args.witnesses.are_asked() {
        let note = folder.read(layout::COSIGNED, SMALL_MAX)?.unwrap_or(signed);
        cosigned = Some(Cosigned::of(&args.witnesses, &note, &keys, &checkpoint)?);
    }
    marks.expect(cosigned.as_ref().map(|it| it.checkpoint.clone()));
    let marker = Marker::of(&ledger, &checkpoint.origin).to_bytes()?;
    if folder.read(layout::MARKER, SMALL_MAX)?.as_ref() != Some(&marker) {
        faults.push(Fault {
            kind: "marker",
            position: None,
            message: format!("{} does not name this ledger", layout::MARKER),
        });
    }
    let mut rows = args.state.then(Rows::default);
    let mut walk = Walk::new(Source::Folder(folder), ledger.clone(), output);
    walk.tell_all(&faults);
    let outcome = walk.whole(&checkpoint, rows.as_mut(), &mut marks).await?;
    walk.tell_all(marks.finish().as_slice());
    walk.emptied();
    let report = Report {
        ledger,
        checkpoint,
        key,
        dropped: outcome.dropped,
        rows: args.state.then_some(marks.compared),
        unproved: rows.map_or(0, |rows| rows.unproved()),
        faults: walk.faults(),
        cosigned,
    };
    Ok(conclude(&report, output))
}

/// The ledger in an origin.
fn ledger_of(origin: &str) -> &str {
    origin.split('/').nth(1).unwrap_or_default()
}

/// Tells the sum.
fn conclude(report: &Report, output: Output) -> Exit {
    let whole = report.faults == 0;
    let Report {
        ledger,
        checkpoint,
        key,
        dropped,
        rows,
        unproved,
        faults,
        cosigned,
    } = report;
    let json = json!({
        "cosigned": cosigned.as_ref().map(|it| json!({
            "witnesses": it.witnesses, "size": it.checkpoint.size,
        })),
        "ledger": ledger, "origin": checkpoint.origin, "key": key.to_string(),
        "size": checkpoint.size, "root": hex(checkpoint.root.as_bytes()), "dropped": dropped,
        "access_rows": rows, "unproved_rows": unproved, "faults": faults, "verified": whole,
    });
    output.result(&json!({ "summary": json }), || {
        let rows = match (rows, unproved) {
            (None, _) => String::new(),
            (Some(rows), 0) => format!("; {rows} access rows are what the entries made of them"),
            (Some(rows), n) => format!(
                "; {rows} access rows compared, {n} of them differ in a way that only a dropped \
                 entry can account for"
            ),
        };
        let dropped = match dropped {
            0 => String::new(),
            n => format!(", {n} of them by their leaf hash alone"),
        };
        let cosigned = match cosigned {
            None => String::new(),
            Some(it) => format!(
                "; {} of the witnesses cosigned the first {} entries",
                it.witnesses, it.checkpoint.size
            ),
        };
        if whole {
            format!(
                "{} holds: {} entries{dropped} hashed again, positions without a gap, tiles, root \
                 and signature of the checkpoint, every decision as the policies answer it{rows}\
                 {cosigned}",
                checkpoint.origin, checkpoint.size
            )
        } else {
            format!(
                "{} DOES NOT HOLD: {faults} faults in {} entries",
                checkpoint.origin, checkpoint.size
            )
        }
    });
    if whole { Exit::Done } else { Exit::SomeRefused }
}

/// Checks the whole ledger a client speaks to, access rows too.
pub(crate) async fn whole(client: &Client, output: Output) -> anyhow::Result<Report> {
    verify(client, (None, &Witnesses::default()), true, output).await
}

/// Checks the ledger a client speaks to, telling every fault as it is found.
async fn verify(
    client: &Client,
    (held, witnesses): (Option<VerifierKey>, &Witnesses),
    state: bool,
    output: Output,
) -> anyhow::Result<Report> {
    let newest = client
        .get_checkpoint(v1::GetCheckpointRequest::default())
        .await?;
    let keys = trust::keys(&newest, held)?;
    let key = trust::in_force(&keys)?;
    let checkpoint = open(&newest, &keys)?;
    let mut marks = Marks::default();
    let notes = newest.handovers.iter().map(String::as_bytes);
    marks.hand_over(&checkpoint.origin, notes);
    let mut cosigned = None;
    if witnesses.are_asked() {
        let note = newest.cosigned_checkpoint.as_bytes();
        cosigned = Some(Cosigned::of(witnesses, note, &keys, &checkpoint)?);
    }
    marks.expect(cosigned.as_ref().map(|it| it.checkpoint.clone()));
    let mut rows = state.then(Rows::default);
    let mut walk = Walk::new(Source::Service(client), newest.ledger_id.clone(), output);
    let outcome = walk.whole(&checkpoint, rows.as_mut(), &mut marks).await?;
    walk.tell_all(marks.finish().as_slice());
    let compared = match (&mut rows, outcome.frontier) {
        (Some(rows), Some(frontier)) => Some(walk.state(client, rows, frontier, &keys).await?),
        // A fold of a ledger with holes says nothing; the holes were told.
        _ => None,
    };
    walk.emptied();
    Ok(Report {
        ledger: newest.ledger_id,
        checkpoint,
        key,
        dropped: outcome.dropped,
        rows: compared,
        unproved: rows.map_or(0, |rows| rows.unproved()),
        faults: walk.faults(),
        cosigned,
    })
}

/// A checkpoint whose signature holds.
pub(super) fn open(
    newest: &v1::GetCheckpointResponse,
    keys: &[VerifierKey],
) -> anyhow::Result<Checkpoint> {
    let signed = newest.checkpoint.as_bytes();
    Checkpoint::open(signed, keys).map_err(|error| {
        let held = keys.first().map_or("", VerifierKey::name);
        let names = newest.verifier_key.split('+').next().unwrap_or_default();
        let advice = if names == held {
            "Keep what you have of this ledger and tell the council".to_owned()
        } else {
            format!(
                "The service signs as {names} now: if the council says that this is right, as \
                 after a restore, take its new key"
            )
        };
        let say = format!("the newest checkpoint does not hold under the key of {held}: {error}.");
        Broken(format!("{say} {advice}")).into()
    })
}

pub(super) fn key(text: &str) -> Result<VerifierKey, String> {
    text.parse()
        .map_err(|_| "a C2SP verifier key, name+id+key".to_owned())
}
