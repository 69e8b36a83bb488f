//! A file that is read from front to back, with a bar that shows how far.

use std::fs::File;
use std::io::{BufReader, Chain, Cursor, Read as _};
use std::path::Path;

use baton_formats::Refusal;
use baton_formats::detect::{self, Format};
use indicatif::{ProgressBar, ProgressBarIter};

use crate::output::{Output, Wrong};

/// What a reader of a format reads.
pub(crate) type Input = BufReader<Chain<Cursor<Vec<u8>>, ProgressBarIter<File>>>;

/// An opened file.
pub(crate) struct Source {
    /// As the user named it.
    pub(crate) name: String,
    /// What it is, or why nothing of it is read.
    pub(crate) format: Result<Format, Refusal>,
    pub(crate) input: Input,
    pub(crate) bar: ProgressBar,
}

impl Source {
    /// Opens a file and looks at its beginning.
    pub(crate) fn open(path: &Path, what: &'static str, output: Output) -> anyhow::Result<Self> {
        let (file, bytes) = open(path)?;
        let bar = output.file_bar(bytes, what);
        let mut file = bar.wrap_read(file);
        let mut head = Vec::new();
        let most = u64::try_from(detect::HEAD_BYTES)?;
        let unreadable = |error: std::io::Error| Wrong::unreadable(path, &error);
        file.by_ref()
            .take(most)
            .read_to_end(&mut head)
            .map_err(unreadable)?;
        let format = detect::detect(&head);
        let input = BufReader::new(Cursor::new(head).chain(file));
        Ok(Self {
            name: path.display().to_string(),
            format,
            input,
            bar,
        })
    }
}

/// Whether a file can be read; what is mistyped shows here, before anything is done. A pipe is only
/// looked at: who opens it and goes away again breaks it.
pub(crate) fn expect(path: &Path) -> Result<(), Wrong> {
    let about = std::fs::metadata(path).map_err(|error| Wrong::unreadable(path, &error))?;
    if about.is_file() || about.is_dir() {
        open(path)?;
    }
    Ok(())
}

/// Opens a file and says how long it is.
fn open(path: &Path) -> Result<(File, u64), Wrong> {
    let file = File::open(path).map_err(|error| Wrong::unreadable(path, &error))?;
    let about = file
        .metadata()
        .map_err(|error| Wrong::unreadable(path, &error))?;
    if about.is_dir() {
        return Err(Wrong(format!(
            "{} is a folder; give the files in it",
            path.display()
        )));
    }
    Ok((file, about.len()))
}

/// The civil date in London: offers and births lie before it.
pub(crate) fn today() -> jiff::civil::Date {
    baton_store::london_date(baton_store::Clock::System.now_us())
}
