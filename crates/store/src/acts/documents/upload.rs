//! A chunk of a document that was begun.

use baton_domain::act::{Caller, UploadChunk};
use baton_domain::entry::EntryKind;
use baton_domain::ids::DocumentId;
use baton_domain::section::SectionKind;

use super::super::{Prepare, Step, Turn};
use super::sealed::sha256;
use super::stage::{HASH, own_staged, unsaid};
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::{ChunkRow, StagedRow};
use crate::scene::Scene;
use crate::world::{Needs, Put as _};

/// A chunk that is staged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkStaged {
    /// How many are staged now.
    pub received: usize,
}

/// A chunk that is sealed, if it has a place.
#[derive(Debug)]
pub(crate) struct UploadStep {
    document: DocumentId,
    index: u32,
    sealed: Option<Vec<u8>>,
    hash: [u8; 32],
}

impl Prepare for UploadChunk {
    type Step = UploadStep;

    async fn prepare(self, ledger: &Inner, caller: &Caller) -> Result<Turn<UploadStep>, Refusal> {
        let of = ledger.staged(&self.document, caller).await?;
        let of = of.map(|row| row.of());
        let place = of.as_ref().and_then(|of| of.place(self.index.into()));
        let fits = place.filter(|place| u64::try_from(self.data.len()) == Ok(place.bytes));
        let mut sealed = None;
        if let Some((of, place)) = of.zip(fits)
            && let Some(opened) = ledger.open_document(&of).await?
        {
            sealed = Some(ledger.seal_chunk((&of, &opened.key), place, &self.data)?);
        }
        Ok(Turn::Decide(UploadStep {
            document: self.document,
            index: self.index,
            hash: sealed.as_deref().map_or([0; 32], sha256),
            sealed,
        }))
    }
}

impl Step for UploadStep {
    type Outcome = ChunkStaged;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::DocumentStaged
    }

    fn needs(&self, needs: &mut Needs) {
        needs.documents.insert(self.document.clone());
    }

    fn weight(&self) -> usize {
        self.sealed.as_ref().map_or(0, Vec::len)
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<ChunkStaged, Refusal> {
        scene.detail("document", self.document.as_str());
        let (staged, kind) = own_staged(scene, &self.document)?;
        let done = self.stage(scene, staged.clone(), kind);
        unsaid(scene, &staged.profile_id, done)
    }
}

impl UploadStep {
    fn stage(
        &self,
        scene: &mut Scene<'_>,
        mut staged: StagedRow,
        kind: SectionKind,
    ) -> Result<ChunkStaged, Refusal> {
        scene.addable(&staged.profile_id, kind)?;
        let at = usize::try_from(self.index).unwrap_or(usize::MAX);
        let at = at.saturating_mul(HASH);
        let place = staged.received.get_mut(at..at.saturating_add(HASH));
        let (Some(place), Some(sealed)) = (place, &self.sealed) else {
            return Err(Refusal::Failed("CHUNK_OUT_OF_PLACE"));
        };
        place.copy_from_slice(&self.hash);
        let received = staged.came().len();
        scene.world.put(ChunkRow {
            content_id: staged.content_id.clone(),
            idx: i64::from(self.index),
            sealed: sealed.clone(),
        });
        scene.world.put(staged);
        scene.world.write_unsaid();
        Ok(ChunkStaged { received })
    }
}
