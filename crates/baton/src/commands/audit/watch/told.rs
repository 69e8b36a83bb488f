//! What a watch tells, line by line. A line has to arrive before the next one is taken: a slow reader
//! slows the watch, and one that went away ends it.

use std::io::ErrorKind;

use serde_json::Value;

use super::ocsf::{self, Origin};
use crate::commands::audit::seen::Seen;
use crate::commands::audit::words::{act, listed, london, who};
use crate::output::{Broken, Exit, Output};

/// Everything was said; nothing more is to come.
#[derive(Debug, thiserror::Error)]
#[error("the watch ended")]
pub(super) struct Ended;

/// What was told so far.
#[derive(Debug)]
pub(super) struct Told {
    output: Output,
    faults: u64,
}

/// Something that is wrong with the ledger.
#[derive(Debug)]
pub(super) struct Fault {
    /// As `audit verify` names it, and `set_back` and `consistency` besides.
    pub(super) kind: &'static str,
    pub(super) position: Option<u64>,
    pub(super) message: String,
}

impl Told {
    pub(super) fn new(output: Output) -> Self {
        Self { output, faults: 0 }
    }

    /// How the program ends.
    pub(super) fn exit(&self) -> Exit {
        if self.faults == 0 {
            Exit::Done
        } else {
            Exit::SomeRefused
        }
    }

    pub(super) fn entry(
        &self,
        seen: &Seen,
        said: &Value,
        origin: &Origin<'_>,
    ) -> anyhow::Result<()> {
        if self.output.is_json() {
            return self.put(&ocsf::event(seen, said, origin).to_string());
        }
        self.put(&words(seen))
    }

    /// Something that does not end the watch.
    pub(super) fn fault(&mut self, fault: &Fault, origin: &Origin<'_>) -> anyhow::Result<()> {
        self.faults += 1;
        if self.output.is_json() {
            return self.put(&ocsf::finding(fault, origin).to_string());
        }
        self.put(&format!("FAULT: {}", fault.message))
    }

    /// Something after which nothing can be trusted.
    pub(super) fn last(&mut self, fault: &Fault, origin: &Origin<'_>) -> anyhow::Error {
        match self.fault(fault, origin) {
            Ok(()) => Ended.into(),
            Err(error) => error,
        }
    }

    fn put(&self, line: &str) -> anyhow::Result<()> {
        self.output.line(line).map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Ended.into(),
            kind => Broken(format!("what the ledger says could not be written: {kind}")).into(),
        })
    }
}

/// "3 June 2025 14:05:07  entry 1042  the SENCO credential crd_… of settings/stg_… opened …".
fn words(seen: &Seen) -> String {
    let entry = format!("entry {}", seen.position);
    if seen.dropped {
        return format!("{entry}  (its body was dropped at the end of its retention)");
    }
    let time = london(seen.time_us).strftime("%-d %B %Y %H:%M:%S");
    let about = match seen.learners.as_slice() {
        [] => String::new(),
        learners => format!(", about {}", listed(learners)),
    };
    format!(
        "{time}  {entry}  {} {}{about}",
        who(seen.who.as_ref()),
        act(seen)
    )
}
