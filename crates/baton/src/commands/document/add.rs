//! `baton document add`: a file is sent with a profile.
//!
//! JSON: `{"document": "settings/…/documents/…", "bytes": 12345}`; with `--dry-run`
//! `{"would_add": {"media_type": "…", "bytes": 12345, "chunks": 1}}`.

use std::path::PathBuf;

use baton_client::NewDocument;
use baton_domain::document::{DOCUMENT_BYTES_MAX, MediaType, chunks, takes};
use baton_domain::section::SectionKind;
use baton_wire::v1;
use clap::Args;
use serde_json::json;
use tokio::fs::File;

use super::told;
use crate::commands::show::kind;
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output, Wrong};

/// Arguments of `document add`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton document add plan.pdf --profile settings/stg_…/profiles/prf_… --kind ehc_plan \\
    --title 'Final EHC plan, February 2026'
  baton document add report.docx --profile settings/stg_…/profiles/prf_… --kind send \\
    --title 'Support plan' --dry-run

Broken off, run it again: it goes on where it was, and what stands is not added twice. At most 25 MiB:
PDF, DOCX, ODT, PNG, JPEG or plain text.")]
pub(super) struct AddArgs {
    /// The file.
    file: PathBuf,
    /// The profile, as `baton publish --json` printed it.
    #[arg(long)]
    profile: String,
    /// The section kind that decides who may see it.
    #[arg(long, value_parser = kind, value_name = "KIND")]
    kind: SectionKind,
    /// What it is called, one line.
    #[arg(long)]
    title: String,
    /// What sort of file it is; else its ending says so.
    #[arg(long, value_name = "TYPE")]
    media_type: Option<String>,
    /// Only look at the file; nothing is sent.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(
    args: AddArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let unreadable = |error| Wrong::unreadable(&args.file, &error);
    let mut file = File::open(&args.file).await.map_err(unreadable)?;
    let bytes = file.metadata().await.map_err(unreadable)?.len();
    let media = looked_through(&args, bytes)?;
    if args.dry_run {
        let json = json!({ "would_add": {
            "media_type": media.name(), "bytes": bytes, "chunks": chunks(bytes),
        }});
        output.result(&json, || {
            format!("would add {bytes} bytes of {}", media.name())
        });
        return Ok(Exit::Done);
    }
    let client = to.connect().await?;
    let document = NewDocument {
        profile: args.profile,
        kind: v1::SectionKind::from(args.kind),
        title: args.title,
        media_type: media.name().to_owned(),
    };
    let bar = output.file_bar(bytes, "sending");
    let added = client
        .add_document(document, &mut file, |sent, _| bar.set_position(sent))
        .await;
    bar.finish_and_clear();
    let name = added.map_err(told)?;
    let json = json!({ "document": name, "bytes": bytes });
    output.result(&json, || format!("added {name}"));
    Ok(Exit::Done)
}

/// Everything that can be seen to be wrong before anything is sent.
fn looked_through(args: &AddArgs, bytes: u64) -> Result<MediaType, Wrong> {
    let mut wrong = Vec::new();
    let ending = args.file.extension().and_then(|ending| ending.to_str());
    let media = match &args.media_type {
        Some(name) => MediaType::parse(name),
        None => ending.and_then(MediaType::of_ending),
    };
    if media.is_none() {
        let names: Vec<&str> = MediaType::ALL.iter().map(|media| media.name()).collect();
        wrong.push(format!(
            "its type is not taken; give --media-type with one of {}",
            names.join(", ")
        ));
    }
    if !(1..=DOCUMENT_BYTES_MAX).contains(&bytes) {
        wrong.push(format!(
            "it has {bytes} bytes; 1 to {DOCUMENT_BYTES_MAX} are taken"
        ));
    }
    if !takes(args.kind) {
        wrong.push(format!(
            "no documents go with {}; a support plan goes with send",
            args.kind
        ));
    }
    match (media, wrong.is_empty()) {
        (Some(media), true) => Ok(media),
        _ => Err(Wrong(format!(
            "{}: {}",
            args.file.display(),
            wrong.join("; ")
        ))),
    }
}
