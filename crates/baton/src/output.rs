//! What is printed, where, and how the program ends. Results go to standard output, prose and
//! progress to standard error, so that a pipe only ever sees results.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Duration;

use baton_client::{ClientError, ConnectError};
use baton_server::{ConfigError, TlsError};
use baton_store::StoreError;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything was done.
    Done,
    /// Some items were refused; the rest was done.
    SomeRefused,
    /// What was asked makes no sense.
    Usage,
    /// No connection, or not allowed.
    NotAllowed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::SomeRefused => 1,
            Exit::Usage => 2,
            Exit::NotAllowed => 3,
        })
    }
}

/// Something that was asked for and makes no sense; the text says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Wrong(pub(crate) String);

impl Wrong {
    /// A file that was named and cannot be read.
    pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Self {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            io::ErrorKind::PermissionDenied => "it may not be read by you".to_owned(),
            kind => kind.to_string(),
        };
        Self(format!("{} cannot be read: {why}", path.display()))
    }
}

/// A check that failed as a whole; the text says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Broken(pub(crate) String);

/// The exit an error leads to.
pub(crate) fn exit_of(error: &anyhow::Error) -> Exit {
    if error.is::<Wrong>() || is_of_configuration(error) {
        return Exit::Usage;
    }
    if error.is::<Broken>() {
        return Exit::SomeRefused;
    }
    match error.downcast_ref::<ClientError>() {
        Some(
            ClientError::Invalid(_)
            | ClientError::Unfit(_)
            | ClientError::PolicySet(_)
            | ClientError::Conflict
            | ClientError::Failed { .. },
        ) => Exit::SomeRefused,
        _ => Exit::NotAllowed,
    }
}

/// What the operator wrote or named wrongly: nothing was tried with it yet.
fn is_of_configuration(error: &anyhow::Error) -> bool {
    error.is::<ConfigError>()
        || error.is::<TlsError>()
        || matches!(
            error.downcast_ref::<StoreError>(),
            Some(StoreError::NoLedger(_) | StoreError::LedgerExists | StoreError::KeyFileMode(_))
        )
}

/// Where results and prose go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
}

/// What to do about a result that was lost on its way out, as on a full disk.
static LOST: OnceLock<&str> = OnceLock::new();

/// What to do about most results.
const AGAIN: &str = "run it again for what it says";

/// Writes a result. A reader that went away ends nothing: the work is done all the same.
fn put(line: &str, if_lost: &'static str) {
    let mut out = io::stdout().lock();
    let written = writeln!(out, "{}", harmless(line)).and_then(|()| out.flush());
    if written.is_err_and(|error| error.kind() != io::ErrorKind::BrokenPipe) {
        LOST.get_or_init(|| if_lost);
    }
}

/// Writes prose, which nobody needs to hear.
fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", harmless(text));
}

/// Text without what a terminal obeys or what turns the order of letters around: names come from
/// files and from others. Such characters can only stand inside the texts of a JSON value, where
/// the same escape means the same character.
fn harmless(text: &str) -> Cow<'_, str> {
    let obeyed = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(obeyed) {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if obeyed(c) {
            let _ = write!(plain, "\\u{:04x}", u32::from(c));
        } else {
            plain.push(c);
        }
    }
    plain.into()
}

#[expect(clippy::unused_self, reason = "whoever prints was handed the right to")]
impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// One result: a JSON value on a line, or its text for people.
    pub(crate) fn result(self, json: &Value, text: impl FnOnce() -> String) {
        self.result_once(json, text, AGAIN);
    }

    /// One result of what cannot be asked for again, and what to do if it was lost.
    pub(crate) fn result_once(
        self,
        json: &Value,
        text: impl FnOnce() -> String,
        if_lost: &'static str,
    ) {
        let line = if self.json { json.to_string() } else { text() };
        put(&line, if_lost);
    }

    /// A result that is its own text in both modes.
    pub(crate) fn text(self, text: &str) {
        put(text, AGAIN);
    }

    /// One line of a stream, which has to arrive before the next one is taken.
    pub(crate) fn line(self, line: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{}", harmless(line)).and_then(|()| out.flush())
    }

    /// One result of which people only want to hear in the sum at the end.
    pub(crate) fn machine(self, json: &Value) {
        if self.json {
            put(&json.to_string(), AGAIN);
        }
    }

    /// Prose for people.
    pub(crate) fn say(self, text: &str) {
        tell(text);
    }

    /// How the program ends when the work ended so: results that nobody got are not done.
    pub(crate) fn end(self, exit: Exit) -> Exit {
        let Some(next) = LOST.get() else {
            return exit;
        };
        tell(&format!(
            "baton: results could not be written to standard output: is its disk full? What was \
             asked for was carried out; {next}."
        ));
        match exit {
            Exit::Done => Exit::SomeRefused,
            exit => exit,
        }
    }

    /// Asks for a yes before something that cannot be taken back.
    pub(crate) fn confirm(self, question: &str) -> anyhow::Result<()> {
        if !std::io::stdin().is_terminal() {
            return Err(Wrong("nobody can be asked here: add --yes if you are sure".into()).into());
        }
        let _ = write!(io::stderr().lock(), "{} [y/N] ", harmless(question));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        match answer.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Wrong("nothing was done".to_owned()).into()),
        }
    }

    /// What went wrong, all the way down, and in JSON mode once more for machines.
    pub(crate) fn problem(self, error: &anyhow::Error) {
        if self.json {
            let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
            put(&serde_json::json!({ "error": chain }).to_string(), AGAIN);
        }
        tell(&format!("baton: {error:#}"));
        let Some(error) = error.downcast_ref::<ClientError>() else {
            return;
        };
        for violation in error.violations() {
            tell(&format!(
                "  {}: {} ({})",
                violation.field, violation.description, violation.rule
            ));
        }
        self.advise(error);
    }

    /// What to do next, for people.
    pub(crate) fn advise(self, error: &ClientError) {
        if let Some(advice) = advice(error) {
            self.say(advice);
        }
    }

    /// A bar for work of a known length; none where nobody watches.
    pub(crate) fn bar(self, length: u64, what: &'static str) -> ProgressBar {
        bar(length, what, "{msg:12} {wide_bar} {pos}/{len} {eta}")
    }

    /// For work whose length nobody knows; nothing where nobody watches.
    pub(crate) fn spinner(self, what: &'static str) -> ProgressBar {
        let spinner = bar(0, what, "{spinner} {msg} {elapsed}");
        spinner.enable_steady_tick(Duration::from_millis(100));
        spinner
    }

    /// The same for a file that is read.
    pub(crate) fn file_bar(self, bytes: u64, what: &'static str) -> ProgressBar {
        bar(
            bytes,
            what,
            "{msg:12} {wide_bar} {bytes}/{total_bytes} {eta}",
        )
    }
}

fn bar(length: u64, what: &'static str, template: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length).with_message(what);
    ProgressStyle::with_template(template).map_or(bar.clone(), |style| bar.with_style(style))
}

/// What to do next, where that does not stand in the error itself.
fn advice(error: &ClientError) -> Option<&'static str> {
    Some(match error {
        ClientError::NotAuthenticated => {
            "The credential is unknown, expired or revoked: ask whoever gave it to you for a new one."
        }
        ClientError::Denied => {
            "Check the name, which begins with your own setting as your own lists print it, and that \
             your credential has a role that may do this; the service does not tell the two apart."
        }
        ClientError::TakenOver => {
            "Only one of them can go on under this name: stop the other one, or give this one a \
             name of its own (--name)."
        }
        ClientError::OutcomeUnknown { .. } | ClientError::Deadline | ClientError::Lost => {
            "Run the same command again: what was done already is not done twice."
        }
        ClientError::Full { .. }
        | ClientError::RateLimited { .. }
        | ClientError::Unavailable { .. } => "Wait a moment and run the same command again.",
        ClientError::Connect(ConnectError::Unreachable) => {
            "Check the url in the connection file, and that `baton serve` runs there. On its own \
             machine `--folder` goes in without the network."
        }
        ClientError::Connect(ConnectError::Tls) => {
            "Check that the service's certificate in the connection file is the one it shows, and \
             names the host of the url."
        }
        ClientError::Failed {
            incident: Some(_), ..
        } => "Tell the operator the time of this; the service's log says more.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_no_orders_to_a_terminal_and_json_keeps_it() {
        let name = "a\u{1b}]0;b\u{7}c\u{9b}2Jd\u{202e}e\r\nf";
        let plain = harmless(name);
        assert_eq!(plain, "a\\u001b]0;b\\u0007c\\u009b2Jd\\u202ee\\u000d\nf");
        let json = serde_json::json!({ name: name }).to_string();
        let line = harmless(&json);
        assert!(!line.contains(['\u{9b}', '\u{202e}']), "{line}");
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read[name], name);
        let plain = "Zoë O’Neill, 東京, سارة\n\ttwo lines";
        assert!(matches!(harmless(plain), Cow::Borrowed(it) if it == plain));
    }
}
