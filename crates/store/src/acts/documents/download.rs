//! Reading a document: one act, then chunk after chunk for as long as the reader may see it.

use std::time::Duration;

use baton_domain::act::{Caller, DownloadDocument};
use baton_domain::entry::EntryKind;
use baton_domain::section::KindSet;
use bytes::Bytes;

use super::super::{Prepare, Step, Turn};
use super::committed::{Committed, incident};
use super::list::DocumentView;
use crate::ledger::{Inner, Ledger};
use crate::refusal::Refusal;
use crate::rows::receipt_state;
use crate::scene::{Moment, Scene};
use crate::world::Needs;

/// How long chunks are given after the act.
pub const DOCUMENT_LEASE: Duration = Duration::from_mins(10);

/// A document that may be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// What it is.
    pub document: DocumentView,
    /// By which its chunks are asked for; there once the act is entered.
    pub lease: Option<DocumentLease>,
}

/// Leave to read the chunks of one document, for a while. Only an act gives one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentLease {
    view: DocumentView,
    committed: Committed,
    until_us: i64,
}

impl DocumentLease {
    /// How many chunks there are.
    pub fn chunks(&self) -> u64 {
        self.view.of().chunks()
    }

    /// The last moment chunks are given, microseconds UTC.
    pub fn until_us(&self) -> i64 {
        self.until_us
    }
}

impl Prepare for DownloadDocument {
    type Step = Self;

    async fn prepare(self, _ledger: &Inner, _caller: &Caller) -> Result<Turn<Self>, Refusal> {
        Ok(Turn::Decide(self))
    }

    async fn finish(ledger: &Inner, shown: &mut Downloaded) -> Result<(), Refusal> {
        let view = &mut shown.document;
        ledger.open_title(view).await?;
        let committed = ledger.committed(&view.row).await?;
        let committed = committed.ok_or_else(|| incident(&view.row, "its entry is not there"))?;
        let lasts_us = i64::try_from(DOCUMENT_LEASE.as_micros()).unwrap_or_default();
        shown.lease = Some(DocumentLease {
            view: view.clone(),
            committed,
            until_us: ledger.clock.now_us().saturating_add(lasts_us),
        });
        Ok(())
    }
}

impl Step for DownloadDocument {
    type Outcome = Downloaded;
    const TAKES_AWAY: bool = false;
    const OF_A_RECORD: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::DocumentDownloaded
    }

    fn needs(&self, needs: &mut Needs) {
        needs.documents.insert(self.document.clone());
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Downloaded, Refusal> {
        let caller = scene.caller.ok_or(Refusal::Denied)?;
        scene.detail("document", self.document.as_str());
        let readable = scene.readable(&self.document);
        let known = scene.world.documents.get(self.document.as_str());
        if let Some(known) = known.map(|known| known.profile_id.clone()) {
            scene.detail("profile", known.as_str());
            if let Ok((profile, row, _)) = scene.contribution(&known) {
                scene.tell_of(&row, &profile);
            }
        }
        let (document, profile, _) = readable?;
        let view = DocumentView::new(&document, &profile.setting_id)?;
        let last = view.of().chunks().saturating_sub(1);
        if u64::from(self.from) > last {
            return Err(Refusal::PastLast(last));
        }
        scene.detail("kinds", KindSet::of(&[view.kind]).bits());
        scene.detail("from_chunk", self.from);
        if profile.setting_id != caller.acting {
            scene.receive(&profile, &caller.acting, receipt_state::OPENED);
        }
        Ok(Downloaded {
            document: view,
            lease: None,
        })
    }
}

impl Ledger {
    /// A chunk of a document that was shown by an act. Whether its reader may still see it is looked
    /// at again: what was withdrawn, redirected or erased meanwhile ends here.
    pub async fn chunk(
        &self,
        caller: &Caller,
        lease: &DocumentLease,
        index: u64,
    ) -> Result<Bytes, Refusal> {
        let (inner, of) = (self.inner(), lease.view.of());
        if inner.clock.now_us() > lease.until_us {
            return Err(Refusal::Unavailable);
        }
        inner.may_still_read(caller, lease).await?;
        let place = of.place(index).ok_or(Refusal::Internal)?;
        let mut chunk = None;
        if let Some(opened) = inner.open_document(&of).await? {
            chunk = inner.open_chunk((&of, &opened.key), place).await?;
        }
        let whole = chunk.filter(|chunk| lease.committed.holds_chunk(index, &chunk.lies));
        match whole {
            Some(chunk) => Ok(Bytes::from(chunk.data)),
            None => {
                // It may have been erased since.
                inner.may_still_read(caller, lease).await?;
                let what = "a chunk is not what its entry says";
                Err(incident(&lease.view.row, what))
            }
        }
    }
}

impl Inner {
    async fn may_still_read(&self, caller: &Caller, lease: &DocumentLease) -> Result<(), Refusal> {
        let mut needs = Needs::default();
        needs.ask_as(caller);
        needs.documents.insert(lease.view.document.clone());
        let mut world = self.look(&needs).await?;
        let decider = self.decider_now().await?;
        let with = (&self.keys, &*decider);
        let moment = Moment::now(&self.clock);
        let mut scene = Scene::new(&mut world, with, Some(caller), moment);
        scene.admit()?;
        scene.readable(&lease.view.document).map(drop)
    }
}
