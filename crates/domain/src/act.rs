//! What can be asked of the ledger. An act is a value: decoded at the edge, complete, and holding
//! nothing that the caller could not say. Roles, relations and windows are facts, and facts are
//! read where the act is decided.

mod agreements;
mod delegations;
mod documents;
mod erasure;
mod family;
mod policies;
mod protection;
mod recipients;
mod sharing;

use std::ops::Range;

use bytes::Bytes;
use jiff::civil::Date;

use crate::access::Grant;
use crate::agreement::Signed;
use crate::calendar::AcademicYear;
use crate::disclosure::{Audience, Exemption};
use crate::group::GroupCode;
use crate::ids::{
    Alias, CredentialId, LearnerIdentifier, ProfileId, SettingId, SettingIdentifier,
    SubscriptionId, TransitionId, Upn, WatchId,
};
use crate::recipient::Days;
use crate::route::{Point, Route, SettingKind};
use crate::section::{KindSet, SectionKind};

pub use agreements::{
    EndAgreement, EndSendingWithoutAgreement, ListAgreements, Parties, SendWithoutAgreement,
    SignAgreement,
};
pub use delegations::{AddDelegation, EndDelegation, ListDelegations};
pub use documents::{
    CreateDocument, DownloadDocument, FinaliseDocument, ListDocuments, RemoveDocument, UploadChunk,
};
pub use erasure::{
    Erase, ErasureReason, Extent, Hold, HoldReason, LiftRestriction, Restrict, RestrictionReason,
};
pub use family::{AddFamilyAccess, EndFamilyAccess, ListFamilyAccess};
pub use policies::{ListPolicyChanges, NewPolicies, ReplacePolicySet};
pub use protection::{GuardIdentity, ReadmitIdentifiers};
pub use recipients::{AddRecipient, EndRecipient, SetPlanCouncil};
pub use sharing::{ListSharing, RecordSharing};

/// Who asks, as authentication found it, and for which setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The credential that was proved.
    pub credential: CredentialId,
    /// The acting setting the request names. Whether the credential is of it is decided inside.
    pub acting: SettingId,
}

/// An idempotency key: the caller's, never derived from content.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId(String);

impl RequestId {
    /// Greatest length in bytes.
    pub const BYTES_MAX: usize = 64;

    /// 1 to 64 visible ASCII characters; a UUID fits.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty()
            && text.len() <= Self::BYTES_MAX
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    /// The id of one item of a call that has one id for all.
    #[must_use]
    pub fn item(&self, index: usize) -> Self {
        Self(format!("{}#{index}", self.0))
    }

    /// As given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A setting as an import or bootstrap states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingDraft {
    /// What it is.
    pub kind: SettingKind,
    /// Display name.
    pub name: String,
    /// Three-digit council code, or empty.
    pub council: String,
    /// Town, or empty.
    pub town: String,
    /// Whether it is open in its register.
    pub open: bool,
    /// Codes it is known by, at least one.
    pub codes: Vec<SettingIdentifier>,
}

/// What a new credential is proved by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A certificate with this SHA-256 over its public key.
    Certificate([u8; 32]),
    /// An API key that the ledger makes.
    NewKey,
}

/// Makes the council and its first officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bootstrap {
    /// The council.
    pub council: SettingDraft,
    /// What it signed, if it did.
    pub signed: Option<Signed>,
    /// What the officer proves itself by.
    pub proof: Proof,
}

/// Adds or updates one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportSetting {
    /// The setting.
    pub setting: SettingDraft,
    /// What it signed at joining, if it did; none takes nothing away.
    pub signed: Option<Signed>,
    /// Idempotency key.
    pub request: RequestId,
    /// Only tell what would be done.
    pub validate_only: bool,
}

/// Closes a setting, and has another one look after what it left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetCaretaker {
    /// The one that has closed.
    pub setting: SettingId,
    /// Who looks after what it left.
    pub caretaker: SettingId,
    /// It has closed though the register has it as open.
    pub still_open: bool,
    /// Idempotency key.
    pub request: RequestId,
}

/// Shows a page of settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListSettings {
    /// Only ids after this one.
    pub after: Option<SettingId>,
    /// Most to show.
    pub limit: usize,
    /// Only the setting with this code.
    pub code: Option<SettingIdentifier>,
}

/// Issues a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueCredential {
    /// For whom.
    pub setting: SettingId,
    /// Label.
    pub label: String,
    /// At least one role, and the kinds a contributor fills.
    pub grant: Grant,
    /// What it is proved by.
    pub proof: Proof,
    /// First and last day of the membership it stands for; none: from now on, until it expires.
    pub days: Days,
    /// Days until it expires, where there is no last day.
    pub lifetime_days: u32,
    /// Idempotency key.
    pub request: RequestId,
}

/// Shows the credentials of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCredentials {
    /// Whose.
    pub setting: SettingId,
}

/// Revokes a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeCredential {
    /// Whose.
    pub setting: SettingId,
    /// Which.
    pub credential: CredentialId,
    /// Idempotency key.
    pub request: RequestId,
}

/// Plans one move, or changes its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The sending setting.
    pub from: SettingIdentifier,
    /// The learner, by at least one identifier.
    pub learner: Vec<LearnerIdentifier>,
    /// The receiving setting, if known.
    pub to: Option<SettingIdentifier>,
    /// The route.
    pub route: &'static Route,
    /// The academic year the learner leaves in.
    pub academic_year: AcademicYear,
    /// What is known of the offer.
    pub offer: Offer,
    /// Start date both heads agreed.
    pub start_date: Option<Date>,
    /// The final EHC plan names the receiver.
    pub final_plan_names_receiver: bool,
    /// Class, form or key group at the sender; none: as it was.
    pub group: Option<GroupCode>,
    /// Idempotency key.
    pub request: RequestId,
}

/// An offer of a place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offer {
    /// When it was made.
    pub date: Option<Date>,
    /// Whether it was accepted, where that is recorded.
    pub accepted: Option<bool>,
}

/// Gives a move another destination, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The move.
    pub transition: TransitionId,
    /// The new destination.
    pub to: Option<SettingIdentifier>,
    /// What is known of the new offer.
    pub offer: Offer,
    /// Idempotency key.
    pub request: RequestId,
}

/// A fact about a move that its source records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// The young person released the profile.
    PersonReleased,
    /// A best-interests decision stands in for that.
    BestInterests,
    /// Enrolled with the destination.
    Enrolled,
    /// A DSL released the child protection note.
    NoteReleased,
}

/// Records a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordFact {
    /// The move.
    pub transition: TransitionId,
    /// The fact.
    pub fact: Fact,
    /// Idempotency key.
    pub request: RequestId,
}

/// Shows one move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowTransition {
    /// The move.
    pub transition: TransitionId,
}

/// Shows a page of moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListTransitions {
    /// Only ids after this one.
    pub after: Option<TransitionId>,
    /// Most to show.
    pub limit: usize,
    /// Only this point.
    pub point: Option<Point>,
    /// Only this year.
    pub academic_year: Option<AcademicYear>,
    /// Only without a destination.
    pub no_destination: bool,
}

/// Which move a publish is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// By its id.
    Transition(TransitionId),
    /// The one planned move of the caller for this learner.
    Learner {
        /// Identifiers, at least one.
        identifiers: Vec<LearnerIdentifier>,
        /// Its point.
        point: Point,
        /// Its year.
        academic_year: AcademicYear,
    },
}

/// What sections state of who a learner was: of one whose identity is protected nothing may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Former {
    /// Former pupil numbers.
    pub upns: Vec<Upn>,
    /// There are former names.
    pub names: bool,
}

/// Publishes the next version of the caller's contribution: the kinds it sends and takes away are
/// changed, and no others. Kinds of class R make a contribution of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    /// The move.
    pub target: Target,
    /// Level, as the contract numbers it; 0: that which stands.
    pub level: u8,
    /// The sections as they were received.
    pub sections: Vec<(SectionKind, Bytes)>,
    /// Kinds that are taken away.
    pub removes: KindSet,
    /// Who signed it off.
    pub signatory: String,
    /// Date of birth, where the identity section gives one: the age rules hang on it.
    pub born: Option<Date>,
    /// The numbers the identity section states of the learner, former ones left out: they must be
    /// those of the learner the move is of.
    pub stated: Vec<LearnerIdentifier>,
    /// What the sections state of who the learner was.
    pub former: Former,
    /// Other children the section `relationships` names, in order.
    pub peers: Vec<NamedPeer>,
    /// Idempotency key.
    pub request: RequestId,
}

/// Another child that the section `relationships` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPeer {
    /// Where its record lies in the bytes of the section, from its tag to its end.
    pub record: Range<usize>,
    /// By what the sender names it. All of them have to lead to the same child; none leads nowhere.
    pub identifiers: Vec<LearnerIdentifier>,
}

/// Opens the next key epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotateKeys {
    /// Idempotency key.
    pub request: RequestId,
}

/// Copies the ledger to where the service's configuration says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackUp {
    /// The database.
    pub content: bool,
    /// The key ring.
    pub keys: bool,
    /// Why it cannot be done now, a code of the contract. Who may not ask is not told.
    pub hindrance: Option<&'static str>,
}

/// Puts another key for checkpoints in the place of the one in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotateLogKey {
    /// Idempotency key.
    pub request: RequestId,
}

/// Has the ring of keys sealed under another master key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotateMasterKey {
    /// The new key, sealed under the one in force.
    pub sealed: Vec<u8>,
    /// Fingerprint of the new key.
    pub fingerprint: String,
    /// Only try it.
    pub validate_only: bool,
}

/// Takes a contribution back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdraw {
    /// The contribution.
    pub profile: ProfileId,
    /// Idempotency key.
    pub request: RequestId,
}

/// Makes a named subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribe {
    /// Its name.
    pub name: String,
    /// Only this point.
    pub point: Option<Point>,
    /// Only this year.
    pub academic_year: Option<AcademicYear>,
    /// Idempotency key.
    pub request: RequestId,
}

/// How a turn stands to the lease of its subscription, which one watch has at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lease {
    /// A turn by itself, by another consumer than a watch that has the lease: that one ends.
    Break,
    /// The first turn of a watch, which takes the lease: an earlier watch ends.
    Take,
    /// A further turn of a watch, shown only while it has the lease.
    Hold(WatchId),
    /// A further look of a call that has broken the lease and waits: what came since may be.
    Leave,
}

/// A place in a setting's feed: before an item of an entry. An entry may put several items before
/// one setting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedPlace {
    /// Position of the entry.
    pub position: u64,
    /// Which of its items for this setting, from 0.
    pub item: u32,
}

/// Before the first item of an entry.
impl From<u64> for FeedPlace {
    fn from(position: u64) -> Self {
        Self { position, item: 0 }
    }
}

/// One turn of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// Only what comes from here on.
    pub from: FeedPlace,
    /// Most items.
    pub limit: usize,
    /// Give the sections too.
    pub inline: bool,
    /// How it stands to the lease.
    pub lease: Lease,
}

/// Reads a contribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// The contribution.
    pub profile: ProfileId,
    /// Only these kinds; empty: all there are for the caller.
    pub kinds: KindSet,
}

/// The receiver took a version over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledge {
    /// The contribution.
    pub profile: ProfileId,
    /// Its version.
    pub version: u32,
    /// Idempotency key.
    pub request: RequestId,
}

/// The receiver sends a version back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The contribution.
    pub profile: ProfileId,
    /// Its version.
    pub version: u32,
    /// Why, as the contract numbers it.
    pub reason: u8,
    /// Idempotency key.
    pub request: RequestId,
}

/// Shows entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEntries {
    /// First position.
    pub start: u64,
    /// Most to show.
    pub limit: usize,
}

/// Shows the policies of a hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowPolicySet {
    /// Hash of the set, as entries name it.
    pub hash: String,
}

/// Shows commitments of access rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListAccessRows {
    /// Only rows after this table and key.
    pub after: Option<(String, String)>,
    /// Most to show.
    pub limit: usize,
}

/// Which learner is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// The one of this move.
    Move(TransitionId),
    /// The one entries name so.
    Alias(Alias),
    /// Whoever is known by this: each sender has a learner of its own.
    Known(LearnerIdentifier),
}

/// Tells who was shown what of a learner, in all its moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhoSaw {
    /// The learner.
    pub whose: Whose,
    /// First position to tell of.
    pub start: u64,
    /// Most sightings wanted.
    pub limit: usize,
}

/// Records that an account of who saw was given out. The account itself is not kept here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordDisclosure {
    /// The learner.
    pub whose: Whose,
    /// To whom.
    pub audience: Audience,
    /// Salted SHA-256 of the text that was given.
    pub commitment: [u8; 32],
    /// Lines the text has.
    pub lines: u32,
    /// Lines that were left out, by exemption; each exemption once.
    pub withheld: Vec<(&'static Exemption, u32)>,
    /// Idempotency key.
    pub request: RequestId,
}
