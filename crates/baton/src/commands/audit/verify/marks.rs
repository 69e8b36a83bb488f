//! What a folder says of earlier sizes: the checkpoints it had, and the access rows as they were
//! read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use baton_domain::log::handover::Handover;
use baton_domain::log::note::VerifierKey;
use baton_domain::log::{Checkpoint, Hash};
use baton_wire::v1;
use serde::Deserialize;
use serde_json::Value;

use super::Fault;
use super::fold::{Rows, unhex};
use super::source::Found;
use crate::commands::audit::entries::said;
use crate::commands::audit::layout::{self, Folder, SMALL_MAX};

/// Longest line of access rows, in bytes.
const LINE_MAX: u64 = 16 * 1024;
/// Most rows of a page.
const PAGE_MAX: usize = 10_000;

/// What is to be looked at on the way, in the order of the sizes.
#[derive(Debug, Default)]
pub(super) struct Marks {
    checkpoints: Vec<Checkpoint>,
    pages: Option<Pages>,
    /// Hand-overs between the keys of this term, by the entry that has to say so.
    handovers: BTreeMap<u64, Handover>,
    origin: String,
    /// Rows compared so far.
    pub(super) compared: u64,
}

/// Access rows, page after page.
#[derive(Debug)]
struct Pages {
    lines: BufReader<File>,
    next: Option<Page>,
}

#[derive(Debug)]
struct Page {
    size: u64,
    last: bool,
    rows: Vec<v1::AccessRow>,
}

#[derive(Deserialize)]
struct Head {
    page: HeadOfPage,
}

#[derive(Deserialize)]
struct HeadOfPage {
    tree_size: u64,
    rows: usize,
    last: bool,
}

#[derive(Deserialize)]
struct Line {
    table: String,
    key: String,
    commitment: String,
}

fn broken(message: String) -> Fault {
    Fault {
        kind: "rows",
        position: None,
        message,
    }
}

impl Marks {
    /// Those of a folder; with them what cannot be read.
    pub(super) fn of(
        folder: &Folder,
        now: &Checkpoint,
        keys: &[VerifierKey],
        state: bool,
    ) -> anyhow::Result<(Self, Vec<Fault>)> {
        let (mut marks, mut faults) = (Self::default(), Vec::new());
        for name in names(&folder.path(layout::CHECKPOINTS)) {
            let path = format!("{}/{name}", layout::CHECKPOINTS);
            let bytes = folder.read(&path, SMALL_MAX)?.unwrap_or_default();
            let opened = Checkpoint::open(&bytes, keys).ok();
            // The newest one is written before it is the folder's own.
            let opened = opened.filter(|it| it.size.to_string() == name && it.origin == now.origin);
            match opened {
                Some(earlier) if (1..=now.size).contains(&earlier.size) => {
                    marks.checkpoints.push(earlier);
                }
                Some(_) => {}
                None => faults.push(Fault {
                    kind: "checkpoint",
                    position: None,
                    message: format!("{path} does not hold under the ledger's key"),
                }),
            }
        }
        // The first of them is the last of the list.
        marks
            .checkpoints
            .sort_by_key(|it| std::cmp::Reverse(it.size));
        if state {
            let path = folder.path(&layout::access_rows(now.size));
            match Pages::open(&path) {
                Ok(pages) => marks.pages = Some(pages),
                Err(message) => faults.push(broken(message)),
            }
        }
        Ok((marks, faults))
    }

    /// How the keys of this term handed over to one another.
    pub(super) fn hand_over<'a>(
        &mut self,
        origin: &str,
        notes: impl IntoIterator<Item = &'a [u8]>,
    ) {
        let read = notes.into_iter().filter_map(Handover::of_itself);
        self.handovers = read.map(|it| (it.entry, it)).collect();
        origin.clone_into(&mut self.origin);
    }

    /// What an entry says of the keys, and the hand-over that belongs to it: neither is believed
    /// without the other.
    pub(super) fn heard(&mut self, found: &Found) -> Option<Fault> {
        let expected = self.handovers.remove(&found.position);
        let body = found.body.as_deref()?;
        let said = said(body)?;
        let text = |path: &str| {
            said.pointer(path)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let done = text("/kind") == "log_key_changed" && text("/verdict") == "done";
        let (old, new) = (text("/detail/old_key"), text("/detail/new_key"));
        let of_term = new.split('+').next() == Some(&self.origin);
        let message = match expected {
            Some(it)
                if done && (it.old.to_string(), it.new.to_string()) == (old.into(), new.into()) =>
            {
                return None;
            }
            Some(_) => "a key handed over here, and the entry does not say so",
            None if done && of_term => "a key handed over here, and there is no hand-over of it",
            None => return None,
        };
        Some(Fault {
            kind: "handover",
            position: Some(found.position),
            message: message.to_owned(),
        })
    }

    /// A checkpoint that witnesses vouch for, to be met on the way.
    pub(super) fn expect(&mut self, cosigned: Option<Checkpoint>) {
        self.checkpoints.extend(cosigned.filter(|it| it.size > 0));
        self.checkpoints
            .sort_by_key(|it| std::cmp::Reverse(it.size));
    }

    /// What is wrong at a size that was just reached.
    pub(super) fn reached(
        &mut self,
        size: u64,
        root: impl Fn() -> Option<Hash>,
        mut rows: Option<&mut Rows>,
    ) -> Vec<Fault> {
        let mut faults = Vec::new();
        while let Some(earlier) = self.checkpoints.pop_if(|it| it.size <= size) {
            if root().is_some_and(|root| root != earlier.root) {
                faults.push(Fault {
                    kind: "checkpoint",
                    position: None,
                    message: format!(
                        "the checkpoint of {size} entries that was held before is of another \
                         history"
                    ),
                });
            }
        }
        let due = |page: &mut Page| page.size <= size;
        while let Some(pages) = &mut self.pages
            && let Some(page) = pages.next.take_if(due)
        {
            if page.size != size {
                faults.push(broken(format!(
                    "a page of rows of {} comes late",
                    page.size
                )));
            }
            if let Some(rows) = rows.as_deref_mut() {
                self.compared += page.rows.len() as u64;
                faults.extend(rows.compare(&page.rows, page.last));
            }
            if page.last {
                self.pages = None;
            } else if let Err(message) = pages.turn() {
                faults.push(broken(message));
                self.pages = None;
            }
        }
        faults
    }

    /// What is still due when everything was read.
    pub(super) fn finish(&self) -> Option<Fault> {
        if let Some(position) = self.handovers.keys().next() {
            return Some(Fault {
                kind: "handover",
                position: Some(*position),
                message: "a key handed over in an entry beyond the checkpoint".to_owned(),
            });
        }
        let left = self.pages.as_ref()?.next.as_ref()?;
        Some(broken(format!(
            "access rows were read at {} entries, beyond the checkpoint",
            left.size
        )))
    }
}

impl Pages {
    fn open(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| {
            format!(
                "the access rows cannot be read ({}): {}",
                path.display(),
                error.kind()
            )
        })?;
        let mut pages = Self {
            lines: BufReader::new(file),
            next: None,
        };
        pages.turn()?;
        Ok(pages)
    }

    fn turn(&mut self) -> Result<(), String> {
        let page = self
            .page()
            .ok_or("the access rows are cut short or damaged")?;
        self.next = Some(page);
        Ok(())
    }

    fn page(&mut self) -> Option<Page> {
        let Head { page: head } = serde_json::from_str(&self.line()?).ok()?;
        if head.rows > PAGE_MAX {
            return None;
        }
        let mut rows = Vec::with_capacity(head.rows);
        for _ in 0..head.rows {
            let line: Line = serde_json::from_str(&self.line()?).ok()?;
            rows.push(v1::AccessRow {
                table: line.table,
                key: line.key,
                commitment: unhex(&line.commitment)?.to_vec().into(),
            });
        }
        // Nothing comes after the end.
        if head.last && self.line().is_some() {
            return None;
        }
        Some(Page {
            size: head.tree_size,
            last: head.last,
            rows,
        })
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let mut some = (&mut self.lines).take(LINE_MAX);
        some.read_line(&mut line).ok().filter(|read| *read > 0)?;
        Some(line)
    }
}

/// Names of the files in a folder; none where it cannot be read.
fn names(folder: &Path) -> Vec<String> {
    let there = folder.read_dir().into_iter().flatten().flatten();
    let names = there.filter_map(|file| file.file_name().into_string().ok());
    // What a write left behind when it was broken off.
    names
        .filter(|name| Path::new(name).extension() != Some("new".as_ref()))
        .collect()
}
