//! Beginning a document. Sending one is no act and makes no entry: nobody can read what is staged. Who
//! may not do it is refused by an entry as anywhere.

use std::time::Duration;

use baton_domain::act::{Caller, CreateDocument};
use baton_domain::document::CHUNK_BYTES;
use baton_domain::entry::EntryKind;
use baton_domain::ids::{ContentId, DocumentId, ProfileId};
use baton_domain::section::SectionKind;

use super::super::apart::is_restricted;
use super::super::opened::seal_section;
use super::super::settings::random_id;
use super::super::{Prepare, Step, Turn};
use super::chunks::signed;
use super::kind;
use super::sealed::{Facts, Of};
use crate::engine::value::Column as _;
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::{ContentRow, StagedRow, document_state};
use crate::scene::Scene;
use crate::world::{Needs, Put as _};

/// How long something may be staged before it is deleted.
pub(crate) const STAGED_FOR: Duration = Duration::from_hours(24);
/// Documents and bytes one credential may have staged.
const OF_CREDENTIAL: (usize, u64) = (16, 128 * CHUNK_BYTES);
/// The same of one setting.
const OF_SETTING: (usize, u64) = (64, 512 * CHUNK_BYTES);
/// Bytes of a hash of `received`.
pub(super) const HASH: usize = 32;

/// A document that is being sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentBegun {
    /// Its id.
    pub document: DocumentId,
    /// Chunks that came already.
    pub received: Vec<u32>,
    /// It stands already; there is nothing to send.
    pub standing: bool,
}

impl StagedRow {
    /// Where its things lie.
    pub(super) fn of(&self) -> Of {
        Of {
            owner: self.setting_id.clone(),
            content: self.content_id.clone(),
            kind: self.kind,
            bytes: u64::try_from(self.bytes).unwrap_or_default(),
        }
    }

    /// Chunks that came.
    pub(super) fn came(&self) -> Vec<u32> {
        let hashes = self.received.chunks(HASH).zip(0..);
        let came = hashes.filter(|(hash, _)| hash.iter().any(|byte| *byte != 0));
        came.map(|(_, index)| index).collect()
    }
}

/// A document whose title is sealed.
#[derive(Debug)]
pub(crate) struct CreateStep {
    act: CreateDocument,
    id: DocumentId,
    content: ContentId,
    /// None for a setting that is not there.
    row: Option<ContentRow>,
    digest: [u8; 32],
}

impl Prepare for CreateDocument {
    type Step = CreateStep;

    async fn prepare(self, ledger: &Inner, caller: &Caller) -> Result<Turn<CreateStep>, Refusal> {
        let content = random_id(ContentId::from_bytes)?;
        let number = self.kind.number();
        let facts = Facts {
            title: self.title.clone(),
            sha256: self.sha256,
        };
        let facts = serde_json::to_vec(&facts).map_err(|_| Refusal::Internal)?;
        let row = match ledger.sealing_key(&caller.acting).await? {
            Some(key) => {
                let names = (&caller.acting, &content, i64::from(number));
                Some(seal_section(&ledger.keys, &key, names, &facts)?.0)
            }
            None => None,
        };
        let parts: [&[u8]; 5] = [
            self.profile.as_str().as_bytes(),
            &[number, self.media.number()],
            self.title.as_bytes(),
            &self.bytes.to_be_bytes(),
            &self.sha256,
        ];
        Ok(Turn::Decide(CreateStep {
            id: random_id(DocumentId::from_bytes)?,
            digest: ledger.keys.blind("document", &parts),
            content,
            row,
            act: self,
        }))
    }
}

impl Step for CreateStep {
    type Outcome = DocumentBegun;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::DocumentStaged
    }

    fn needs(&self, needs: &mut Needs) {
        needs.profiles.insert(self.act.profile.clone());
    }

    fn needs_of(&self, caller: &Caller, needs: &mut Needs) {
        needs.stagers.insert(caller.acting.clone());
    }

    fn content(&self) -> Vec<ContentRow> {
        self.row.clone().into_iter().collect()
    }

    fn content_id(&self) -> Option<&ContentId> {
        Some(&self.content)
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<DocumentBegun, Refusal> {
        let begun = self.begin(scene);
        let refused = begun.is_err();
        let begun = unsaid(scene, &self.act.profile, begun);
        if refused && is_restricted(self.act.kind) {
            // To whichever contribution: what was tried is told to who may know of class R.
            scene.tell_apart();
        }
        begun
    }
}

/// What is staged makes no entry; that it was refused does.
pub(super) fn unsaid<T>(
    scene: &mut Scene<'_>,
    profile: &ProfileId,
    done: Result<T, Refusal>,
) -> Result<T, Refusal> {
    if done.is_ok() {
        scene.draft.silent = true;
        return done;
    }
    scene.detail("profile", profile.as_str());
    let found = scene.world.profiles.get(profile.as_str());
    let found = found.and_then(|found| {
        let row = scene.world.transitions.get(found.transition_id.as_str());
        Some((row?.clone(), found.clone()))
    });
    if let Some((row, profile)) = found {
        scene.tell_of(&row, &profile);
    }
    done
}

impl CreateStep {
    fn begin(&self, scene: &mut Scene<'_>) -> Result<DocumentBegun, Refusal> {
        let caller = scene.caller.ok_or(Refusal::Denied)?;
        let (profile, row) = scene.addable(&self.act.profile, self.act.kind)?;
        scene.refuse_title(&row.learner_id, &self.act.title)?;
        if self.row.is_none() {
            return Err(Refusal::Denied);
        }
        if let Some(known) = self.known(scene, &profile.id) {
            scene.draft.unwanted.push(self.content.clone());
            return Ok(known);
        }
        scene.has_room_for(&profile.id, self.act.bytes)?;
        self.may_stage(scene, caller)?;
        let chunks = usize::try_from(self.of(caller).chunks()).unwrap_or(usize::MAX);
        scene.world.put(StagedRow {
            id: self.id.clone(),
            profile_id: profile.id,
            setting_id: caller.acting.clone(),
            credential_id: caller.credential.clone(),
            content_id: self.content.clone(),
            kind: i64::from(self.act.kind.number()),
            media: i64::from(self.act.media.number()),
            bytes: signed(self.act.bytes),
            digest: self.digest.to_vec(),
            received: vec![0; chunks * HASH],
            begun_us: scene.time_us,
        });
        scene.world.write_unsaid();
        Ok(DocumentBegun {
            document: self.id.clone(),
            received: Vec::new(),
            standing: false,
        })
    }

    /// The same document, if it stands or was begun.
    fn known(&self, scene: &Scene<'_>, profile: &ProfileId) -> Option<DocumentBegun> {
        let mut standing = scene.world.documents_of(profile);
        let same = standing
            .find(|row| row.state == document_state::STANDING && row.digest == self.digest)
            .map(|row| DocumentBegun {
                document: row.id.clone(),
                received: Vec::new(),
                standing: true,
            });
        let mut begun = scene.world.staged_for(profile);
        let begun = begun.find(|row| row.digest == self.digest);
        same.or(begun.map(|row| DocumentBegun {
            document: row.id.clone(),
            received: row.came(),
            standing: false,
        }))
    }

    fn of(&self, caller: &Caller) -> Of {
        Of {
            owner: caller.acting.clone(),
            content: self.content.clone(),
            kind: i64::from(self.act.kind.number()),
            bytes: self.act.bytes,
        }
    }

    /// Whether another document may be staged. What is announced counts, not what came of it.
    fn may_stage(&self, scene: &Scene<'_>, caller: &Caller) -> Result<(), Refusal> {
        let (mut of_credential, mut of_setting) = ((1, self.act.bytes), (1, self.act.bytes));
        for row in scene.world.staged.iter() {
            if row.setting_id != caller.acting {
                continue;
            }
            let bytes = u64::try_from(row.bytes).unwrap_or_default();
            of_setting = (of_setting.0 + 1, of_setting.1 + bytes);
            if row.credential_id == caller.credential {
                of_credential = (of_credential.0 + 1, of_credential.1 + bytes);
            }
        }
        let beyond = |(rows, bytes): (usize, u64), (rows_max, bytes_max): (usize, u64)| {
            rows > rows_max || bytes > bytes_max
        };
        if beyond(of_credential, OF_CREDENTIAL) || beyond(of_setting, OF_SETTING) {
            return Err(Refusal::Failed("TOO_MUCH_STAGED"));
        }
        Ok(())
    }
}

impl Inner {
    /// What is staged by a setting under an id; others' is not there.
    pub(super) async fn staged(
        &self,
        id: &DocumentId,
        caller: &Caller,
    ) -> Result<Option<StagedRow>, Refusal> {
        let key = vec![id.clone().into_value()];
        let rows: Vec<StagedRow> = self.db.once().await?.rows_by("id", key).await?;
        let own = |row: &StagedRow| row.setting_id == caller.acting;
        Ok(rows.into_iter().find(own))
    }
}

/// What the caller's setting has staged under an id, and its kind.
pub(super) fn own_staged(
    scene: &Scene<'_>,
    id: &DocumentId,
) -> Result<(StagedRow, SectionKind), Refusal> {
    let acting = scene.caller.map(|caller| &caller.acting);
    let staged = scene.world.staged.get(id.as_str());
    let own = staged.filter(|row| Some(&row.setting_id) == acting);
    let own = own.and_then(|row| Some((row.clone(), kind(row.kind)?)));
    own.ok_or(Refusal::Denied)
}
