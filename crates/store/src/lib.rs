//! What is kept: the only crate with SQL, keys and commit.
//!
//! Its whole way in is [`Ledger::act`]: a caller asks, the act is decided under the head lock with
//! the facts of that moment, and its outcome leaves after its entry is durable. There is no
//! repository to fetch from and no connection to borrow. Beside the door stand only what is public
//! by design (checkpoints and proofs) and finding out who calls.

mod acts;
mod authenticate;
mod backup;
mod batch;
mod bodies;
mod clock;
mod cosigned;
mod engine;
mod erasure;
mod error;
mod folder;
mod handover;
mod head;
mod job;
mod keys;
mod learner;
mod ledger;
mod log_keys;
mod open;
mod own_record;
mod peers;
mod policies;
mod proofs;
mod refusal;
mod remainder;
mod reserve;
mod rotation;
mod rows;
mod said;
mod scene;
mod scrub;
mod setting_keys;
mod standing;
mod sweeper;
mod view;
mod world;

pub use acts::{
    AccessRows, Act, AgreementView, AgreementsPage, Bootstrapped, ChunkStaged, Concerned,
    CredentialView, DOCUMENT_LEASE, DecisionSummary, DelegationView, DocumentBegun, DocumentFault,
    DocumentLease, DocumentView, Documents, Downloaded, Entries, Erased, ErasedProfile,
    FamilyAccessGiven, FamilyAccessView, Fetched, Finalised, Guarded, ImportedSetting, Issued,
    LogKeyRotated, MasterKeyRotated, MoveSummary, POLICY_CHECK_MAX, POLICY_DIFFERENCES_MAX,
    Planned, PoliciesReplaced, PolicyChange, PolicyChanges, Progress, Published, Pulled,
    PulledItem, PulledWhat, RecipientFault, RecipientSummary, Redirected, RemovedDocument, Rotated,
    Section, SettingView, SettingsPage, SharingRecorded, ShownItem, Sighting, Sightings,
    Subscribed, TransitionsPage, UnlinkedPeer, WithoutAgreement,
};
pub use authenticate::{Known, Presented};
pub use backup::{
    BackedUp, BackupError, Checked, ContentBackup, KeyBackup, Leave, Progress as BackupProgress,
    Restore, Restored, Shelf, Stage as BackupStage, Watcher,
};
pub use clock::{Clock, london_date};
pub use error::StoreError;
pub use keys::{MasterHandover, MasterKey};
pub use ledger::{Done, Ledger, QUEUE_ACTS_MAX, Receipt};
pub use log_keys::Newest;
pub use open::{OneTimeToken, Place, holds_database, holds_ledger, is_unfinished};
pub use proofs::Proof;
pub use refusal::{PolicyFault, Refusal};
pub use reserve::{DiskReserve, TAKING_BURST};
pub use rotation::{Epoch, Rotation};
