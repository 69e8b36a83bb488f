//! What a batch knows: the rows its acts need, fetched in a fixed number of statements, changed in
//! memory, written back set by set.

mod forget;
mod friends;
pub(crate) mod load;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use baton_domain::act::{Caller, Proof};
use baton_domain::entry::RowChange;
use baton_domain::ids::{
    CredentialId, DocumentId, LearnerId, ProfileId, SettingId, SubscriptionId, TransitionId,
};

use self::forget::Forgotten;
#[cfg(test)]
pub(crate) use self::forget::STATEMENTS as FORGETTING;
use crate::acts::certificate_digest;
use crate::engine::Tx;
use crate::engine::table::Table;
use crate::error::StoreError;
use crate::rows::{
    AboutRow, AgreementRow, ChunkRow, CredentialRow, DelegationRow, DocumentRow, EntryRow,
    ErasedRow, FeedRow, FriendRow, LearnerCodeRow, LearnerRow, LogKeyRow, PolicyChangeRow,
    PolicySetRow, ProfileRow, ReceiptRow, RecipientRow, ReleasedRow, RequestRow, SentWithoutRow,
    SettingCodeRow, SettingKeyRow, SettingRow, SharingRow, StagedRow, SubscriptionRow, TileRow,
    TransitionRow, VersionRow,
};

/// Keys of the facts a batch needs before it can decide.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a table that most acts do without, found by keys that are found first"
)]
pub(crate) struct Needs {
    pub(crate) requests: BTreeSet<String>,
    pub(crate) credentials: BTreeSet<CredentialId>,
    /// Who asks for whom: where the credential is another's, what that one was let do.
    pub(crate) callers: BTreeSet<(CredentialId, SettingId)>,
    /// Settings all of whose delegations are needed.
    pub(crate) delegators: BTreeSet<SettingId>,
    /// Digests of certificates that are to be issued: one may be in use.
    pub(crate) digests: BTreeSet<Vec<u8>>,
    pub(crate) settings: BTreeSet<SettingId>,
    /// Settings whose agreements are needed, besides those of the parties to the moves.
    pub(crate) parties: BTreeSet<SettingId>,
    /// Settings whose wards are needed.
    pub(crate) looked_after_by: BTreeSet<SettingId>,
    pub(crate) codes: BTreeSet<String>,
    /// Settings all of whose codes are needed, known by one of them.
    pub(crate) all_codes: bool,
    pub(crate) blinds: BTreeSet<String>,
    pub(crate) transitions: BTreeSet<TransitionId>,
    /// Learners all of whose moves are needed.
    pub(crate) learners: BTreeSet<LearnerId>,
    pub(crate) profiles: BTreeSet<ProfileId>,
    /// Documents, staged or not.
    pub(crate) documents: BTreeSet<DocumentId>,
    /// Settings everything that is staged by them is needed of.
    pub(crate) stagers: BTreeSet<SettingId>,
    pub(crate) subscriptions: BTreeSet<SubscriptionId>,
    /// Settings all of whose subscriptions are needed.
    pub(crate) subscribers: BTreeSet<SettingId>,
    /// The councils of the sending settings are needed too.
    pub(crate) councils: bool,
    /// Every version of the contributions, too.
    pub(crate) versions: bool,
    /// Accesses of families to the records of the learners, too.
    pub(crate) families: bool,
}

impl Needs {
    /// What finding out the rights of a caller takes.
    pub(crate) fn ask_as(&mut self, caller: &Caller) {
        self.credentials.insert(caller.credential.clone());
        self.settings.insert(caller.acting.clone());
        let pair = (caller.credential.clone(), caller.acting.clone());
        self.callers.insert(pair);
    }

    pub(crate) fn prove(&mut self, proof: &Proof) {
        if let Proof::Certificate(spki) = proof {
            self.digests.insert(certificate_digest(spki));
        }
    }
}

/// Rows of one table, by key.
#[derive(Debug)]
pub(crate) struct Rows<T: Table> {
    rows: HashMap<String, T>,
    dirty: BTreeSet<String>,
}

impl<T: Table> Default for Rows<T> {
    fn default() -> Self {
        Self {
            rows: HashMap::new(),
            dirty: BTreeSet::new(),
        }
    }
}

impl<T: Table> Rows<T> {
    fn load(&mut self, rows: Vec<T>) {
        for row in rows {
            self.rows.insert(row.key(), row);
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&T> {
        self.rows.get(key)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.rows.values()
    }

    fn put(&mut self, row: T) {
        let key = row.key();
        self.dirty.insert(key.clone());
        self.rows.insert(key, row);
    }

    fn remove(&mut self, gone: impl Fn(&T) -> bool) {
        self.rows.retain(|_, row| !gone(row));
    }

    /// Takes the changed rows out, in order of their keys.
    fn changed(&mut self) -> Vec<T> {
        std::mem::take(&mut self.dirty)
            .iter()
            .filter_map(|key| self.rows.remove(key))
            .collect()
    }
}

/// Declares the world's tables, and for each how it is put.
macro_rules! world {
    ($($field:ident: $row:ty),+ $(,)?) => {
        /// The facts of one batch and what it has changed so far.
        #[derive(Debug, Default)]
        pub(crate) struct World {
            $(pub(crate) $field: Rows<$row>,)+
            moves_of: HashMap<LearnerId, BTreeSet<TransitionId>>,
            profiles_of: HashMap<TransitionId, BTreeSet<ProfileId>>,
            recipients_of: HashMap<TransitionId, BTreeSet<SettingId>>,
            codes_of: HashMap<SettingId, BTreeSet<String>>,
            documents_of: HashMap<ProfileId, BTreeSet<DocumentId>>,
            changes: Vec<RowChange>,
            forgotten: Forgotten,
            /// Learners who may go where others go who are named beside them.
            arriving: BTreeSet<LearnerId>,
            /// Something is to be written though no entry says so.
            unsaid: bool,
        }

        $(impl Put<$row> for World {
            fn put(&mut self, row: $row) {
                if <$row as Table>::ACCESS {
                    self.changes.push(RowChange {
                        table: <$row as Table>::NAME,
                        key: row.key(),
                        commitment: row.commitment(),
                    });
                }
                self.index(&Indexed::from(&row));
                self.$field.put(row);
            }
        })+

        impl World {
            /// Writes every changed row, one or a few statements a table.
            pub(crate) async fn write(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
                $(
                    let rows = self.$field.changed();
                    if !rows.is_empty() {
                        tx.upsert(rows).await?;
                    }
                )+
                self.forgotten.write(tx).await
            }
        }
    };
}

/// Changing a row in the world: remembered, committed to in the entry, written with the batch.
pub(crate) trait Put<T> {
    fn put(&mut self, row: T);
}

world! {
    settings: SettingRow,
    codes: SettingCodeRow,
    keys: SettingKeyRow,
    credentials: CredentialRow,
    delegations: DelegationRow,
    agreements: AgreementRow,
    learners: LearnerRow,
    learner_codes: LearnerCodeRow,
    transitions: TransitionRow,
    recipients: RecipientRow,
    sharing: SharingRow,
    sent_without: SentWithoutRow,
    profiles: ProfileRow,
    versions: VersionRow,
    documents: DocumentRow,
    chunks: ChunkRow,
    staged: StagedRow,
    released: ReleasedRow,
    friends: FriendRow,
    receipts: ReceiptRow,
    feed: FeedRow,
    subscriptions: SubscriptionRow,
    requests: RequestRow,
    erased: ErasedRow,
    about: AboutRow,
    entries: EntryRow,
    log_keys: LogKeyRow,
    policy_sets: PolicySetRow,
    policy_changes: PolicyChangeRow,
    tiles: TileRow,
}

/// What of a row other rows are found by.
enum Indexed {
    Move(LearnerId, TransitionId),
    Profile(TransitionId, ProfileId),
    Recipient(TransitionId, SettingId),
    Code(SettingId, String),
    Document(ProfileId, DocumentId),
    Nothing,
}

macro_rules! not_indexed {
    ($($row:ty),+) => {
        $(impl From<&$row> for Indexed { fn from(_: &$row) -> Self { Self::Nothing } })+
    };
}
not_indexed!(
    SettingRow,
    SettingKeyRow,
    CredentialRow,
    DelegationRow,
    AgreementRow,
    SentWithoutRow,
    LearnerRow,
    LearnerCodeRow,
    VersionRow,
    ChunkRow,
    StagedRow,
    ReleasedRow,
    FriendRow,
    ReceiptRow,
    FeedRow,
    SubscriptionRow,
    RequestRow,
    SharingRow,
    ErasedRow,
    AboutRow,
    EntryRow,
    LogKeyRow,
    PolicySetRow,
    PolicyChangeRow,
    TileRow
);

impl From<&TransitionRow> for Indexed {
    fn from(row: &TransitionRow) -> Self {
        Self::Move(row.learner_id.clone(), row.id.clone())
    }
}
impl From<&ProfileRow> for Indexed {
    fn from(row: &ProfileRow) -> Self {
        Self::Profile(row.transition_id.clone(), row.id.clone())
    }
}
impl From<&RecipientRow> for Indexed {
    fn from(row: &RecipientRow) -> Self {
        Self::Recipient(row.transition_id.clone(), row.setting_id.clone())
    }
}
impl From<&SettingCodeRow> for Indexed {
    fn from(row: &SettingCodeRow) -> Self {
        Self::Code(row.setting_id.clone(), row.code.clone())
    }
}
impl From<&DocumentRow> for Indexed {
    fn from(row: &DocumentRow) -> Self {
        Self::Document(row.profile_id.clone(), row.id.clone())
    }
}

impl World {
    fn index(&mut self, row: &Indexed) {
        match row {
            Indexed::Move(learner, id) => {
                self.moves_of
                    .entry(learner.clone())
                    .or_default()
                    .insert(id.clone());
            }
            Indexed::Profile(transition, id) => {
                self.profiles_of
                    .entry(transition.clone())
                    .or_default()
                    .insert(id.clone());
            }
            Indexed::Recipient(transition, id) => {
                self.recipients_of
                    .entry(transition.clone())
                    .or_default()
                    .insert(id.clone());
            }
            Indexed::Code(setting, code) => {
                self.codes_of
                    .entry(setting.clone())
                    .or_default()
                    .insert(code.clone());
            }
            Indexed::Document(profile, id) => {
                self.documents_of
                    .entry(profile.clone())
                    .or_default()
                    .insert(id.clone());
            }
            Indexed::Nothing => {}
        }
    }

    /// All moves of a learner.
    pub(crate) fn moves_of(&self, learner: &LearnerId) -> impl Iterator<Item = &TransitionRow> {
        let ids = self.moves_of.get(learner).into_iter().flatten();
        ids.filter_map(|id| self.transitions.get(id.as_str()))
    }

    /// All contributions to a move, in order of their ids.
    pub(crate) fn profiles_of(&self, of: &TransitionId) -> impl Iterator<Item = &ProfileRow> {
        let ids = self.profiles_of.get(of).into_iter().flatten();
        ids.filter_map(|id| self.profiles.get(id.as_str()))
    }

    /// The learner a sender knows by an identifier.
    pub(crate) fn learner_of(&self, blind: &str, owner: &SettingId) -> Option<&LearnerId> {
        let known = self.learner_codes.get(&format!("{blind}/{owner}"))?;
        known.learner_id.as_ref()
    }

    /// Whether an identifier is of an identity that its sender put away.
    pub(crate) fn is_retired(&self, blind: &str, owner: &SettingId) -> bool {
        let known = self.learner_codes.get(&format!("{blind}/{owner}"));
        known.is_some_and(|row| row.learner_id.is_none())
    }

    /// All documents of a contribution, those too of which only the row is left.
    pub(crate) fn documents_of(&self, of: &ProfileId) -> impl Iterator<Item = &DocumentRow> {
        let ids = self.documents_of.get(of).into_iter().flatten();
        ids.filter_map(|id| self.documents.get(id.as_str()))
    }

    /// What is being sent for a contribution.
    pub(crate) fn staged_for<'a>(
        &'a self,
        of: &'a ProfileId,
    ) -> impl Iterator<Item = &'a StagedRow> {
        self.staged.iter().filter(|row| row.profile_id == *of)
    }

    /// Has what was put written although it makes no entry.
    pub(crate) fn write_unsaid(&mut self) {
        self.unsaid = true;
    }

    /// Whether there is something of that sort.
    pub(crate) fn has_unsaid(&self) -> bool {
        self.unsaid
    }

    /// Settings that stand to a move otherwise than as source or destination.
    pub(crate) fn recipients_of(&self, of: &TransitionId) -> impl Iterator<Item = &RecipientRow> {
        let ids = self.recipients_of.get(of).into_iter().flatten();
        ids.filter_map(move |id| self.recipients.get(&format!("{of}/{id}")))
    }

    /// How one setting stands to a move otherwise than as source or destination.
    pub(crate) fn recipient(
        &self,
        of: &TransitionId,
        setting: &SettingId,
    ) -> Option<&RecipientRow> {
        self.recipients.get(&format!("{of}/{setting}"))
    }

    /// What a setting lets a vendor do, or let it.
    pub(crate) fn delegation(&self, of: &SettingId, vendor: &SettingId) -> Option<&DelegationRow> {
        self.delegations.get(&format!("{of}/{vendor}"))
    }

    /// Codes a setting is known by, as they are looked up.
    pub(crate) fn codes_of(&self, setting: &SettingId) -> impl Iterator<Item = &str> {
        let codes = self.codes_of.get(setting).into_iter().flatten();
        codes.map(String::as_str)
    }

    /// Contributions to moves that were changed, and to the other moves of their learners, whose
    /// windows hang on them: someone may see them now who did not before.
    pub(crate) fn contributions_to_changed_moves(&self) -> Vec<ProfileId> {
        let changed = self
            .transitions
            .dirty
            .iter()
            .filter_map(|id| self.transitions.get(id));
        let learners: BTreeSet<&LearnerId> = changed.map(|row| &row.learner_id).collect();
        learners
            .into_iter()
            .flat_map(|learner| self.moves_of(learner))
            .flat_map(|row| self.profiles_of(&row.id))
            .map(|row| row.id.clone())
            .collect()
    }

    /// What is known of a learner may be shown where it was not before: whoever names them may be
    /// shown more.
    pub(crate) fn arrives(&mut self, learner: &LearnerId) {
        self.arriving.insert(learner.clone());
    }

    /// Such learners, and those whose moves to somewhere were changed.
    pub(crate) fn arriving(&self) -> Vec<LearnerId> {
        let changed = self.transitions.dirty.iter();
        let changed = changed.filter_map(|id| self.transitions.get(id));
        let going = changed.filter(|row| row.to_id.is_some());
        let mut all = self.arriving.clone();
        all.extend(going.map(|row| row.learner_id.clone()));
        all.into_iter().collect()
    }

    /// Settings whose agreement was changed, and those that look after another one since: somebody may
    /// see now what they share.
    pub(crate) fn changed_parties(&self) -> Vec<SettingId> {
        let signed = self.agreements.dirty.iter();
        let signed = signed.filter_map(|id| self.agreements.get(id));
        let signed = signed.map(|row| row.setting_id.clone());
        let wards = self.settings.dirty.iter();
        let carers = wards.filter_map(|ward| self.caretaker_of(ward).cloned());
        signed.chain(carers).collect()
    }

    /// Whether a credential was issued, changed or revoked, or all of a setting's ended.
    pub(crate) fn credentials_changed(&self) -> bool {
        !self.credentials.dirty.is_empty() || self.caretakers_changed()
    }

    /// Whether anything was handed over to a caretaker.
    pub(crate) fn caretakers_changed(&self) -> bool {
        let handed_over = |id: &String| self.caretaker_of(id).is_some();
        self.settings.dirty.iter().any(handed_over)
    }

    /// Who looks after what a setting left; none while it is there itself.
    pub(crate) fn caretaker_of(&self, setting: &str) -> Option<&SettingId> {
        self.settings.get(setting)?.caretaker_id.as_ref()
    }

    /// The setting a code stands for.
    pub(crate) fn setting_by_code(&self, code: &str) -> Option<&SettingRow> {
        let found = self.codes.get(code)?;
        self.settings.get(found.setting_id.as_str())
    }

    /// Number of access rows changed so far; what came after a mark is one act's.
    pub(crate) fn changes(&self) -> usize {
        self.changes.len()
    }

    /// Commitments to the access rows changed since the mark. A row changed twice counts once, as
    /// it stands.
    pub(crate) fn changes_since(&self, mark: usize) -> Vec<RowChange> {
        let mut last = BTreeMap::new();
        for change in &self.changes[mark..] {
            last.insert((change.table, change.key.clone()), change.clone());
        }
        last.into_values().collect()
    }
}

/// The code a council is found by, whatever register names it.
pub(crate) fn council_code(council: &str) -> String {
    format!("council:{council}")
}
