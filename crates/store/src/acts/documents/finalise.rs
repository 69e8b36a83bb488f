//! Making a document of what was staged: the act.

use aws_lc_rs::digest::{Context, SHA256};
use baton_domain::act::{Caller, FinaliseDocument};
use baton_domain::document::MediaType;
use baton_domain::entry::{EntryKind, hex, number};
use baton_domain::ids::DocumentId;
use baton_domain::log::canonical::Json;
use baton_domain::section::KindSet;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::super::cut::Changed;
use super::super::{Idempotent, Prepare, Step, Turn};
use super::sealed::{Opened, as_it_lies};
use super::stage::own_staged;
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::{DocumentRow, StagedRow, document_state};
use crate::scene::Scene;
use crate::world::{Needs, Put as _};

/// Files looked through at once: a small call asks for up to 25 MiB to be opened and hashed.
static CHECKS: Semaphore = Semaphore::const_new(2);

/// What is wrong with what was staged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentFault {
    /// A chunk did not come.
    Missing(u32),
    /// A chunk cannot be read, or came again meanwhile.
    Unreadable(u32),
    /// It does not begin as files of its type do.
    NotOfType,
    /// It is another file than was announced.
    Differs,
}

/// A document that was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finalised {
    /// Its id.
    pub document: DocumentId,
}

/// What was staged, looked through.
#[derive(Debug)]
struct Checked {
    /// As it stood then: what came since was not looked at.
    received: Vec<u8>,
    cover: [u8; 32],
    hashes: Vec<[u8; 32]>,
    sealed: [u8; 32],
    faults: Vec<DocumentFault>,
}

/// A document to be made.
#[derive(Debug)]
pub(crate) struct FinaliseStep {
    act: FinaliseDocument,
    /// None where nothing is staged, as when it is finalised already.
    checked: Option<Checked>,
}

impl Prepare for FinaliseDocument {
    type Step = FinaliseStep;

    async fn prepare(self, ledger: &Inner, caller: &Caller) -> Result<Turn<FinaliseStep>, Refusal> {
        let mut checked = None;
        let one = CHECKS.acquire().await.map_err(|_| Refusal::Internal)?;
        if let Some(row) = ledger.staged(&self.document, caller).await?
            && let Some(opened) = ledger.open_document(&row.of()).await?
        {
            checked = Some(ledger.check_staged(&row, &opened).await?);
        }
        drop(one);
        Ok(Turn::Decide(FinaliseStep { act: self, checked }))
    }
}

impl Inner {
    /// Opens every chunk once, one after the other.
    async fn check_staged(&self, row: &StagedRow, opened: &Opened) -> Result<Checked, Refusal> {
        let of = row.of();
        let (mut faults, mut hashes) = (Vec::new(), Vec::new());
        let (mut whole, came) = (Context::new(&SHA256), row.came());
        for index in 0..of.chunks() {
            let place = of.place(index).ok_or(Refusal::Internal)?;
            let said = u32::try_from(index).map_err(|_| Refusal::Internal)?;
            if !came.contains(&said) {
                faults.push(DocumentFault::Missing(said));
                continue;
            }
            let Some(chunk) = self.open_chunk((&of, &opened.key), place).await? else {
                faults.push(DocumentFault::Unreadable(said));
                continue;
            };
            let at = usize::try_from(index).map_err(|_| Refusal::Internal)?;
            if row.received.chunks(32).nth(at) != Some(&chunk.lies) {
                faults.push(DocumentFault::Unreadable(said));
                continue;
            }
            let media = MediaType::from_number(row.media);
            if index == 0 && !media.is_some_and(|media| media.fits(&chunk.data)) {
                faults.push(DocumentFault::NotOfType);
            }
            whole.update(&chunk.data);
            hashes.push(chunk.lies);
        }
        let all = u64::try_from(hashes.len()) == Ok(of.chunks());
        if all && whole.finish().as_ref() != opened.facts.sha256 {
            faults.push(DocumentFault::Differs);
        }
        Ok(Checked {
            received: row.received.clone(),
            cover: opened.cover,
            sealed: as_it_lies([&opened.lies].into_iter().chain(&hashes)),
            hashes,
            faults,
        })
    }
}

impl Step for FinaliseStep {
    type Outcome = Finalised;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::DocumentAdded
    }

    fn needs(&self, needs: &mut Needs) {
        needs.documents.insert(self.act.document.clone());
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        Some(Idempotent {
            id: &self.act.request,
            method: "document",
            content: self.act.document.as_str().as_bytes().to_vec(),
        })
    }

    fn remember(outcome: &Finalised) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<Finalised> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Finalised, Refusal> {
        scene.detail("document", self.act.document.as_str());
        let (staged, kind) = own_staged(scene, &self.act.document)?;
        scene.detail("profile", staged.profile_id.as_str());
        let found = scene.contribution(&staged.profile_id);
        if let Ok((profile, row, _)) = &found {
            scene.tell_of(row, profile);
        }
        let (profile, row) = scene.addable(&staged.profile_id, kind)?;
        let bytes = u64::try_from(staged.bytes).map_err(|_| Refusal::Internal)?;
        scene.has_room_for(&profile.id, bytes)?;
        let checked = self.checked.as_ref().ok_or(Refusal::Denied)?;
        let mut faults = checked.faults.clone();
        let hashes = |row: &[u8]| row.chunks(32).map(<[u8]>::to_vec).collect::<Vec<_>>();
        let (now, then) = (hashes(&staged.received), hashes(&checked.received));
        let again = now.iter().zip(&then).zip(0..);
        let again = again.filter(|((now, then), _)| now != then);
        faults.extend(again.map(|(_, index)| DocumentFault::Unreadable(index)));
        if !faults.is_empty() {
            return Err(Refusal::Unfit(faults));
        }
        scene.detail("kinds", KindSet::of(&[kind]).bits());
        let media = MediaType::from_number(staged.media).ok_or(Refusal::Internal)?;
        scene.detail("media_type", media.name());
        let draft = &mut scene.draft.detail;
        draft.insert("bytes".to_owned(), number(bytes));
        let chunks = checked.hashes.iter().map(|hash| hex(hash)).collect();
        draft.insert("chunks".to_owned(), Json::Arr(chunks));
        draft.insert("cover".to_owned(), hex(&checked.cover));
        scene.world.put(DocumentRow {
            id: staged.id.clone(),
            profile_id: staged.profile_id.clone(),
            content_id: staged.content_id.clone(),
            kind: staged.kind,
            state: document_state::STANDING,
            media: staged.media,
            bytes: staged.bytes,
            sealed: checked.sealed.to_vec(),
            digest: staged.digest.clone(),
            position: scene.position,
            added_us: scene.time_us,
        });
        scene.world.end_staging(&staged.id);
        scene.forget_answers_of_hidden((&row, &profile), kind);
        for to in scene.told_of_change(&row, &profile, Changed::by_documents(kind)) {
            scene.release_more(&row, &profile, &to);
        }
        Ok(Finalised {
            document: staged.id,
        })
    }
}
