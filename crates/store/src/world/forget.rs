//! What a batch takes out for good. It goes after everything else of the batch is written, so that
//! nothing an earlier act of the same batch put there is left.

use baton_domain::ids::{Alias, ContentId, DocumentId, LearnerId, ProfileId, SettingId};
use baton_domain::section::SectionKind;

use super::World;
use crate::engine::Tx;
use crate::engine::value::{Column as _, Value};
use crate::error::StoreError;
use crate::rows::{
    AboutRow, ChunkRow, ContentRow, ErasedRow, FriendRow, LearnerCodeRow, LearnerRow, ReceiptRow,
    ReleasedRow, RequestRow, StagedRow, VersionRow,
};

const CONTENT: &str = "DELETE FROM content WHERE content_id IN \
     (SELECT content_id FROM version WHERE profile_id = $1)";
const SECTION: &str = "DELETE FROM content WHERE kind = $1 AND content_id IN \
     (SELECT content_id FROM version WHERE profile_id = $2 AND version <= $3)";
const SECTION_OF_VERSIONS: &str = "UPDATE version SET sent = sent - $1 \
     WHERE profile_id = $2 AND version <= $3 AND sent & $4 <> 0";
const FRIENDS_OF_VERSIONS: &str = "DELETE FROM friend WHERE profile_id = $1 AND version <= $2";
/// Whoever named the learner names nobody any more.
const NAMED: &str = "DELETE FROM friend WHERE learner_id = $1";
/// Before the next: what is of nobody stays. Of which scheme a line is it does not tell.
const RETIRED: &str =
    "UPDATE learner_code SET learner_id = NULL WHERE learner_id = $1 AND blind <> $2";
const READMITTED: &str =
    "DELETE FROM learner_code WHERE blind = $1 AND owner_id = $2 AND learner_id IS NULL";
const CODES: &str = "DELETE FROM learner_code WHERE learner_id = $1";
/// The request that erases is not about the learner any more: it is answered as before.
const REQUESTS: &str = "UPDATE request SET answer = $1 WHERE position <> $2 AND position IN \
     (SELECT position FROM about WHERE alias = $3)";
const SCRUBBED: &str = "UPDATE erased SET scrubbed = 1 WHERE scrubbed = 0 AND position < $1";

/// The texts, for the test that prepares every statement.
#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 10] = [
    CONTENT,
    SECTION,
    SECTION_OF_VERSIONS,
    FRIENDS_OF_VERSIONS,
    NAMED,
    RETIRED,
    READMITTED,
    CODES,
    REQUESTS,
    SCRUBBED,
];

/// Rows that go with this batch.
#[derive(Debug, Default)]
pub(super) struct Forgotten {
    profiles: Vec<ProfileId>,
    /// A kind of all versions up to one.
    sections: Vec<(ProfileId, i64, i64)>,
    learners: Vec<(LearnerId, Alias, i64)>,
    /// Learners whose numbers lead to nobody from now on, save the one the setting itself gave.
    retired: Vec<(LearnerId, String)>,
    /// Numbers, by their lines in the index, that are of nobody and may be used again.
    readmitted: Vec<(String, SettingId)>,
    /// Documents of which title, key and chunks go.
    documents: Vec<ContentId>,
    /// Documents that are staged no more, whatever became of them.
    staged: Vec<DocumentId>,
    /// What lies in the list of what was erased.
    noted: Vec<ErasedRow>,
    /// The files are clear of what was erased before this position.
    scrubbed: Option<i64>,
}

impl World {
    /// Every version of a contribution goes, and how far its receivers came with it. What versions
    /// this very batch made is written first: content is found by them.
    pub(crate) fn forget_profile(&mut self, id: &ProfileId) {
        self.receipts.remove(|row| row.profile_id == *id);
        self.released.remove(|row| row.profile_id == *id);
        self.friends.remove(|row| row.profile_id == *id);
        self.forgotten.profiles.push(id.clone());
    }

    /// One kind of a contribution goes, in its versions up to one.
    pub(crate) fn forget_section(&mut self, id: &ProfileId, kind: i64, version: i64) {
        self.forgotten.sections.push((id.clone(), kind, version));
    }

    /// Title, key and chunks of a document go. What this very batch staged of it is written first.
    pub(crate) fn forget_document(&mut self, content: &ContentId) {
        self.forgotten.documents.push(content.clone());
    }

    /// A document is staged no more.
    pub(crate) fn end_staging(&mut self, id: &DocumentId) {
        self.staged.remove(|row| row.id == *id);
        self.forgotten.staged.push(id.clone());
    }

    /// The identifiers of a learner go, and the way from the entries to it; what this very batch put
    /// on that way is written first, since requests are found by it. Request ids stay known, save
    /// that of the act at this position without their answers.
    pub(crate) fn forget_learner(&mut self, learner: &LearnerRow, position: i64) {
        let (id, alias) = (learner.id.clone(), learner.alias.clone());
        self.learners.remove(|row| row.id == id);
        self.learner_codes
            .remove(|row| row.learner_id.as_ref() == Some(&id));
        self.forgotten.learners.push((id, alias, position));
    }

    /// A learner's numbers lead to nobody from now on, for later acts of this batch neither; the one
    /// its setting gave it is not among them, and may be used for who the learner is now.
    pub(crate) fn retire(&mut self, learner: &LearnerId, own: &str) {
        let of_it = |row: &&LearnerCodeRow| row.learner_id.as_ref() == Some(learner);
        let known = self.learner_codes.iter().filter(of_it);
        let numbers: Vec<_> = known.filter(|row| row.blind != own).cloned().collect();
        for row in numbers {
            super::Put::put(
                self,
                LearnerCodeRow {
                    learner_id: None,
                    ..row
                },
            );
        }
        self.forgotten
            .retired
            .push((learner.clone(), own.to_owned()));
    }

    /// A number that is of nobody may be used again.
    pub(crate) fn readmit(&mut self, blind: &str, owner: &SettingId) {
        let this = |row: &LearnerCodeRow| {
            row.blind == blind && row.owner_id == *owner && row.learner_id.is_none()
        };
        self.learner_codes.remove(this);
        let line = (blind.to_owned(), owner.clone());
        self.forgotten.readmitted.push(line);
    }

    /// Remembers what was erased, for the list beside the keys.
    pub(crate) fn note_erased(&mut self, row: ErasedRow) {
        self.forgotten.noted.push(row.clone());
        super::Put::put(self, row);
    }

    /// The files are clear of what was erased before a position.
    pub(crate) fn scrubbed_below(&mut self, position: i64) {
        self.forgotten.scrubbed = Some(position);
    }

    /// What this batch erased.
    pub(crate) fn take_noted(&mut self) -> Vec<ErasedRow> {
        std::mem::take(&mut self.forgotten.noted)
    }
}

impl Forgotten {
    pub(super) async fn write(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for (profile, kind, version) in &self.sections {
            let of = || vec![profile.clone().into_value(), (*version).into_value()];
            let args = [vec![(*kind).into_value()], of()].concat();
            tx.execute(SECTION, args).await?;
            let bit: i64 = 1 << kind;
            let bit = || vec![bit.into_value()];
            tx.execute(SECTION_OF_VERSIONS, [bit(), of(), bit()].concat())
                .await?;
            if *kind == i64::from(SectionKind::Relationships.number()) {
                tx.execute(FRIENDS_OF_VERSIONS, of()).await?;
            }
        }
        for profile in &self.profiles {
            tx.execute(CONTENT, vec![profile.clone().into_value()])
                .await?;
        }
        let profiles = || -> Vec<Value> {
            let ids = self.profiles.iter().cloned();
            ids.map(ProfileId::into_value).collect()
        };
        tx.delete::<VersionRow>(profiles()).await?;
        tx.delete::<ReceiptRow>(profiles()).await?;
        tx.delete::<ReleasedRow>(profiles()).await?;
        tx.delete::<FriendRow>(profiles()).await?;
        let documents = || -> Vec<Value> {
            let ids = self.documents.iter().cloned();
            ids.map(ContentId::into_value).collect()
        };
        tx.delete::<ChunkRow>(documents()).await?;
        tx.delete::<ContentRow>(documents()).await?;
        let staged = self.staged.iter().cloned();
        tx.delete::<StagedRow>(staged.map(DocumentId::into_value).collect())
            .await?;
        for (learner, own) in &self.retired {
            let args = vec![learner.clone().into_value(), own.clone().into_value()];
            tx.execute(RETIRED, args).await?;
        }
        for (blind, owner) in &self.readmitted {
            let args = vec![blind.clone().into_value(), owner.clone().into_value()];
            tx.execute(READMITTED, args).await?;
        }
        for (learner, alias, position) in &self.learners {
            let args = vec![
                Value::Text(Some(RequestRow::ERASED.to_owned())),
                (*position).into_value(),
                alias.clone().into_value(),
            ];
            tx.execute(REQUESTS, args).await?;
            tx.delete::<AboutRow>(vec![alias.clone().into_value()])
                .await?;
            tx.execute(NAMED, vec![learner.clone().into_value()])
                .await?;
            tx.execute(CODES, vec![learner.clone().into_value()])
                .await?;
            tx.delete::<LearnerRow>(vec![learner.clone().into_value()])
                .await?;
        }
        if let Some(position) = self.scrubbed {
            tx.execute(SCRUBBED, vec![position.into_value()]).await?;
        }
        Ok(())
    }
}
