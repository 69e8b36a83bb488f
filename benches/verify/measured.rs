//! A run of the program, and what a number of them showed.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use aws_lc_rs::digest::{Context, SHA256};
use serde_json::{Value, json};

/// How often the memory of the program is looked at; what counts is the kernel's own peak.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A run of the program.
#[derive(Debug)]
pub(crate) struct Ran {
    seconds: f64,
    /// Most memory it had at once (`VmHWM`), in MiB.
    mebibytes: f64,
    said: String,
}

impl Ran {
    /// What the check came to.
    pub(crate) fn summary(&self) -> anyhow::Result<Value> {
        let last = self.said.lines().last().context("nothing was said")?;
        let value: Value = serde_json::from_str(last)?;
        Ok(value["summary"].clone())
    }
}

/// Runs `baton audit …` and waits for it. It has to be content.
pub(crate) fn run(program: &Path, connection: Option<&Path>, line: &[&str]) -> anyhow::Result<Ran> {
    let mut command = Command::new(program);
    command.arg("--json").env_remove("BATON_CONNECTION");
    if let Some(connection) = connection {
        command.arg("--connection").arg(connection);
    }
    command.arg("audit").args(line);
    let began = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        peak = peak.max(peak_kibibytes(&status));
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        std::thread::park_timeout(LOOK_EVERY);
    };
    let seconds = began.elapsed().as_secs_f64();
    let said = std::io::read_to_string(child.stdout.take().context("no output")?)?;
    anyhow::ensure!(
        ended.success(),
        "baton audit {line:?} ended with {ended}: {said}"
    );
    Ok(Ran {
        seconds,
        mebibytes: f64::from(peak) / 1024.0,
        said,
    })
}

/// 0 where the process has ended.
fn peak_kibibytes(status: &str) -> u32 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok());
    peak.unwrap_or(0)
}

/// Reads every file below and hashes it, in one thread; answers bytes and seconds.
pub(crate) fn hashed(folder: &Path) -> anyhow::Result<(u64, f64)> {
    let mut bytes = 0;
    let began = Instant::now();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let read = fs::read(path)?;
            let mut hash = Context::new(&SHA256);
            hash.update(&read);
            std::hint::black_box(hash.finish());
            bytes += u64::try_from(read.len())?;
        }
    }
    Ok((bytes, began.elapsed().as_secs_f64()))
}

/// One size of a ledger.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) entries: u64,
    pub(crate) rows: u64,
    /// Of bundles and tiles.
    pub(crate) bytes: u64,
    /// Seconds it takes to hash them.
    pub(crate) hashing: f64,
    pub(crate) export: Ran,
    pub(crate) offline: Ran,
    pub(crate) live: Ran,
}

impl Measured {
    fn cells(&self) -> [(&'static str, f64, usize); 10] {
        let each = |ran: &Ran| ran.seconds * 1e6 / float(self.entries);
        [
            ("entries", float(self.entries), 0),
            ("access rows", float(self.rows), 0),
            ("MiB", float(self.bytes) / 1_048_576.0, 0),
            ("offline, s", self.offline.seconds, 2),
            ("offline, \u{b5}s an entry", each(&self.offline), 2),
            ("offline, peak MiB", self.offline.mebibytes, 0),
            ("hashing alone, s", self.hashing, 2),
            ("ratio", self.hashing / self.offline.seconds, 3),
            ("live, s", self.live.seconds, 2),
            ("live, peak MiB", self.live.mebibytes, 0),
        ]
    }

    pub(crate) fn line(&self) -> String {
        let Self {
            entries,
            export,
            offline,
            live,
            ..
        } = self;
        format!(
            "{entries} entries: exported what was new in {:.1} s, checked in {:.1} s offline and \
             {:.1} s live",
            export.seconds, offline.seconds, live.seconds
        )
    }
}

/// Counts here are far below 2^52.
fn float(value: u64) -> f64 {
    u32::try_from(value).map_or_else(
        |_| f64::from(u32::try_from(value >> 16).unwrap_or(u32::MAX)) * 65_536.0,
        f64::from,
    )
}

/// A column a size.
pub(crate) fn table(all: &[Measured]) -> String {
    let mut text = String::new();
    let rows = all.first().map_or(0, |one| one.cells().len());
    for row in 0..rows {
        let mut line = String::new();
        for one in all {
            let (name, value, digits) = one.cells()[row];
            if line.is_empty() {
                line = format!("| {name} |");
            }
            let _ = write!(line, " {value:.digits$} |");
        }
        let _ = writeln!(text, "{line}");
        if row == 0 {
            let _ = writeln!(text, "|---|{}", "---|".repeat(all.len()));
        }
    }
    text
}

/// The same for machines.
pub(crate) fn json(all: &[Measured]) -> anyhow::Result<String> {
    let of = |one: &Measured| -> Value {
        let cells = one.cells().into_iter();
        cells
            .map(|(name, value, _)| (name.to_owned(), json!(value)))
            .collect()
    };
    let all: Vec<Value> = all.iter().map(of).collect();
    Ok(serde_json::to_string(&json!({ "verify": all }))?)
}

/// Writes one line, at once.
pub(crate) fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
