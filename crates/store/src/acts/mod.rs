//! What each act needs, how it is decided, what it changes. One file per verb.
//!
//! A step never writes: it changes the world in memory, and only after everything that can refuse
//! has been asked. So a refused step has changed nothing, and a batch of steps fails only for
//! reasons of infrastructure.

mod agreements;
mod announce_expiry;
mod apart;
mod audit;
mod back_up;
mod bootstrap;
mod caretaker;
mod committed;
mod credentials;
mod cut;
mod delegations;
mod disclosure;
mod documents;
mod epochs;
mod erase;
mod expire;
mod family;
mod fetch;
mod forget;
mod hold;
mod import_setting;
mod lease;
mod log_key;
mod master_key;
mod merged;
mod move_summary;
mod opened;
mod peers;
mod plan;
mod policy_changes;
mod policy_set;
mod protection;
mod publish;
mod pull;
mod receipts;
mod received;
mod recipients;
mod redirect;
mod release;
mod replace_policies;
mod settings;
mod sharing;
mod sighting;
mod subscribe;
mod transitions;
mod who_saw;
mod whose;
mod withdraw;

use std::future::Future;

use baton_domain::act::{self, Caller, RequestId};
use baton_domain::entry::EntryKind;
use baton_domain::ids::ContentId;

pub use agreements::{AgreementView, AgreementsPage, WithoutAgreement};
#[cfg(test)]
pub(crate) use agreements::{OF_COUNCIL, WITHOUT};
pub(crate) use announce_expiry::AnnounceExpiry;
pub use audit::{AccessRows, Entries};
pub use bootstrap::Bootstrapped;
pub use credentials::{CredentialView, Issued};
pub(crate) use credentials::{certificate_digest, key_digest};
pub use delegations::DelegationView;
pub use documents::{
    ChunkStaged, DOCUMENT_LEASE, DocumentBegun, DocumentFault, DocumentLease, DocumentView,
    Documents, Downloaded, Finalised, RemovedDocument,
};
pub(crate) use documents::{FREED, RemoveFreed, STAGED_FOR, as_it_lies, sha256};
pub use epochs::Rotated;
pub(crate) use epochs::{DestroyEpochs, OpenEpoch};
pub use erase::{Erased, ErasedProfile};
pub(crate) use expire::{Below, EraseAgain, Expire};
pub use family::{FamilyAccessGiven, FamilyAccessView};
pub use fetch::Fetched;
pub use import_setting::ImportedSetting;
pub use log_key::LogKeyRotated;
pub use master_key::MasterKeyRotated;
pub use move_summary::{MoveSummary, Progress};
pub use opened::Section;
pub use peers::UnlinkedPeer;
pub use plan::Planned;
pub use policy_changes::{PolicyChange, PolicyChanges};
pub use protection::Guarded;
pub use publish::Published;
pub use pull::{Pulled, PulledItem, PulledWhat};
pub(crate) use recipients::{EndRecipients, OVER, is_final};
pub use recipients::{RecipientFault, RecipientSummary};
pub use redirect::Redirected;
pub(crate) use release::{Again, Release, SummariseRefusals, addressees};
pub use replace_policies::{POLICY_CHECK_MAX, POLICY_DIFFERENCES_MAX, PoliciesReplaced};
pub use settings::{SettingView, SettingsPage};
pub use sharing::{DecisionSummary, SharingRecorded};
pub use sighting::{Concerned, ShownItem, Sighting};
pub use subscribe::Subscribed;
pub use transitions::TransitionsPage;
pub use who_saw::Sightings;

use crate::backup::Leave;
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::ContentRow;
use crate::scene::Scene;
use crate::world::Needs;

/// An act as it is decided under the head lock.
pub(crate) trait Step: Send + Sync + 'static {
    /// What its caller gets.
    type Outcome: Send + 'static;

    /// Whether taking rights away is what it is for; a redirect names a new receiver besides. Such
    /// an act passes when the disk reserve is reached; no other does. There is no default: a new
    /// act has to say.
    const TAKES_AWAY: bool;

    /// Whether somebody may ask it at all who has an own record and nothing else: the register of settings
    /// is for every member, and a family is none. What they are shown is the policies' to say.
    const OF_A_RECORD: bool = false;

    /// What its entry is called when nothing in `decide` says otherwise.
    fn kind(&self) -> EntryKind;

    /// Facts it needs, besides those of its caller.
    fn needs(&self, needs: &mut Needs);

    /// Facts that depend on who asks.
    fn needs_of(&self, _caller: &Caller, _needs: &mut Needs) {}

    /// Checks the caller itself. Only bootstrap, whose caller is a one-time token, does otherwise.
    fn admit(&self, scene: &mut Scene<'_>) -> Result<(), Refusal> {
        scene.admit()?;
        if scene.own.is_some() && !Self::OF_A_RECORD {
            return Err(Refusal::Denied);
        }
        Ok(())
    }

    /// Decides, and changes the world. May run again when a batch is replayed.
    fn decide(&self, scene: &mut Scene<'_>) -> Result<Self::Outcome, Refusal>;

    /// Its idempotency key.
    fn request(&self) -> Option<Idempotent<'_>> {
        None
    }

    /// What a replay of the request id is answered from.
    fn remember(_outcome: &Self::Outcome) -> String {
        String::new()
    }

    /// The outcome again from what was remembered.
    fn recall(_remembered: &str) -> Option<Self::Outcome> {
        None
    }

    /// Sealed content to be inserted, unreferenced, before the head is locked.
    fn content(&self) -> Vec<ContentRow> {
        Vec::new()
    }

    /// Name of that content.
    fn content_id(&self) -> Option<&ContentId> {
        None
    }

    /// Bytes of that content: a batch is bounded by them.
    fn weight(&self) -> usize {
        0
    }
}

/// An idempotency key and what it stands for.
pub(crate) struct Idempotent<'a> {
    pub(crate) id: &'a RequestId,
    /// Keeps one method's ids apart from another's.
    pub(crate) method: &'static str,
    /// Everything that makes it the same request; digested under a key before it is stored.
    pub(crate) content: Vec<u8>,
}

/// What preparation made of an act.
pub(crate) enum Turn<S: Step> {
    /// To be decided.
    Decide(S),
    /// Nothing to show: no act, no entry.
    Nothing(S::Outcome),
}

/// Something that can be asked of the ledger.
#[expect(private_bounds, reason = "sealed: only the store says what an act is")]
pub trait Act: Prepare<Step: Step<Outcome = <Self as Act>::Outcome>> {
    /// What its caller gets.
    type Outcome: Send + 'static;
}

/// The texts acts find their candidates by, for the test that prepares every statement.
#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 12] = [
    OF_COUNCIL,
    WITHOUT,
    audit::ENTRIES,
    documents::CHUNK,
    credentials::OF_SETTING,
    ARRIVED,
    STIRRED,
    FEED,
    policy_changes::CHANGES,
    settings::PAGE,
    MOVES,
    SIGHTINGS,
];
#[cfg(test)]
pub(crate) use self::{
    lease::{ARRIVED, STIRRED},
    opened::PARTS,
    pull::FEED,
    transitions::PAGE as MOVES,
    who_saw::SIGHTINGS,
};

/// Every act, and what its caller gets.
macro_rules! acts {
    ($($act:ident => $outcome:ty,)+) => {$(
        impl Act for act::$act {
            type Outcome = $outcome;
        }
    )+};
}

acts! {
    Bootstrap => Bootstrapped,
    ImportSetting => ImportedSetting,
    ListSettings => SettingsPage,
    SetCaretaker => settings::SettingView,
    IssueCredential => Issued,
    ListCredentials => Vec<CredentialView>,
    RevokeCredential => CredentialView,
    AddDelegation => DelegationView,
    EndDelegation => DelegationView,
    ListDelegations => Vec<DelegationView>,
    SignAgreement => AgreementView,
    EndAgreement => AgreementView,
    ListAgreements => AgreementsPage,
    SendWithoutAgreement => Redirected,
    EndSendingWithoutAgreement => Redirected,
    Plan => Planned,
    Redirect => Redirected,
    RecordFact => Redirected,
    AddRecipient => Redirected,
    EndRecipient => Redirected,
    SetPlanCouncil => Redirected,
    RecordSharing => SharingRecorded,
    ListSharing => Vec<DecisionSummary>,
    AddFamilyAccess => FamilyAccessGiven,
    EndFamilyAccess => FamilyAccessView,
    ListFamilyAccess => Vec<FamilyAccessView>,
    GuardIdentity => Guarded,
    ReadmitIdentifiers => usize,
    ShowTransition => MoveSummary,
    ListTransitions => TransitionsPage,
    Publish => Published,
    Withdraw => (),
    Subscribe => Subscribed,
    Pull => Pulled,
    Fetch => Fetched,
    Acknowledge => (),
    Reject => (),
    ListEntries => Entries,
    ShowPolicySet => String,
    ReplacePolicySet => PoliciesReplaced,
    ListPolicyChanges => PolicyChanges,
    ListAccessRows => AccessRows,
    WhoSaw => Sightings,
    RecordDisclosure => (),
    RotateKeys => Rotated,
    Erase => Erased,
    CreateDocument => DocumentBegun,
    UploadChunk => ChunkStaged,
    FinaliseDocument => Finalised,
    ListDocuments => Documents,
    DownloadDocument => Downloaded,
    RemoveDocument => RemovedDocument,
    Hold => Redirected,
    Restrict => Redirected,
    LiftRestriction => Redirected,
    BackUp => Leave,
    RotateLogKey => LogKeyRotated,
    RotateMasterKey => MasterKeyRotated,
}

/// What the store knows of an act beside its value.
pub(crate) trait Prepare: Sized + Send + 'static {
    /// What is decided.
    type Step: Step;

    /// Everything that needs no lock: reading candidates, sealing.
    fn prepare(
        self,
        ledger: &Inner,
        caller: &Caller,
    ) -> impl Future<Output = Result<Turn<Self::Step>, Refusal>> + Send;

    /// Everything that may only happen once the entry is durable: opening content.
    fn finish(
        _ledger: &Inner,
        _outcome: &mut <Self::Step as Step>::Outcome,
    ) -> impl Future<Output = Result<(), Refusal>> + Send {
        async { Ok(()) }
    }
}

/// Acts that need no preparation.
macro_rules! direct {
    ($($act:ty),+ $(,)?) => {$(
        impl $crate::acts::Prepare for $act {
            type Step = Self;

            async fn prepare(
                self,
                _ledger: &$crate::ledger::Inner,
                _caller: &baton_domain::act::Caller,
            ) -> Result<$crate::acts::Turn<Self>, $crate::refusal::Refusal> {
                Ok($crate::acts::Turn::Decide(self))
            }
        }
    )+};
}
pub(crate) use direct;
