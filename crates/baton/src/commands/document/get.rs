//! `baton document get`: a document is read into a file.
//!
//! JSON: `{"document": "…", "file": "plan.pdf", "bytes": 12345, "title": "…"}`.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use tokio::fs::File;

use super::told;
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output, Wrong};

/// Arguments of `document get`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton document get settings/stg_…/documents/doc_… --out plan.pdf
  baton document get settings/stg_…/documents/doc_… --out plan.pdf --force

The file is there whole or not at all, for you alone to read. It is what its sender sent: open it as
you would an attachment. That it was read is an entry of the ledger.")]
pub(super) struct GetArgs {
    /// The document, as `baton document list` printed it.
    name: String,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Take the place of a file that is there.
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(
    args: GetArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    if args.out.exists() && !args.force {
        let what = format!("{} is there already: add --force", args.out.display());
        return Err(Wrong(what).into());
    }
    let client = to.connect().await?;
    let part = Part::beside(&args.out)?;
    let mut file = File::from_std(part.file.try_clone()?);
    let bar = output.file_bar(0, "reading");
    let read = client
        .download_document(&args.name, &mut file, |came, all| {
            bar.set_length(all);
            bar.set_position(came);
        })
        .await;
    bar.finish_and_clear();
    let document = read.map_err(told)?;
    file.sync_all().await?;
    part.keep(&args.out)?;
    let json = json!({
        "document": document.name,
        "file": args.out.display().to_string(),
        "bytes": document.size_bytes,
        "title": document.title,
    });
    output.result(&json, || {
        let out = args.out.display();
        format!("{} bytes in {out}: {}", document.size_bytes, document.title)
    });
    Ok(Exit::Done)
}

/// A file that is not whole yet; it goes unless it is kept.
struct Part {
    file: fs::File,
    path: PathBuf,
}

impl Part {
    fn beside(out: &Path) -> anyhow::Result<Self> {
        let mut name = out.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let path = out.with_file_name(name);
        // One of an earlier run that was killed.
        let _ = fs::remove_file(&path);
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true).mode(0o600);
        let file = options
            .open(&path)
            .map_err(|error| Wrong(format!("{} cannot be written: {error}", path.display())))?;
        Ok(Self { file, path })
    }

    fn keep(self, out: &Path) -> std::io::Result<()> {
        fs::rename(&self.path, out)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
