//! The bytes of a ledger entry.
//!
//! An entry is what an act leaves behind: who asked for what, what was decided and by which
//! policies, and a commitment to everything it changed. Its bytes are
//! `baton/entry/v1\n` and RFC 8785 JSON, at most 16 KiB, stored and hashed as they are. Kinds and
//! fields are only ever added; a golden file pins every kind. Entries are pseudonymous: a learner
//! stands under a random alias whose meaning lies in an erasable row.

use std::collections::BTreeMap;

use crate::access::Tuple;
use crate::ids::{CredentialId, LedgerId, SettingId};
use crate::log::canonical::Json;
use crate::section::KindSet;

/// First bytes of every entry.
pub const PREFIX: &[u8] = b"baton/entry/v1\n";
/// Greatest size of an entry in bytes.
pub const ENTRY_BYTES_MAX: usize = 16 * 1024;
/// Most items one showing entry names.
pub const ITEMS_MAX: usize = 64;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)+) => {
        /// What kind of act an entry stands for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EntryKind { $($(#[$doc])* $kind),+ }

        impl EntryKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The word in the entry.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name),+ }
            }

            /// The kind of that word; none if this version does not know it.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$kind),)+ _ => None }
            }
        }
    };
}

kinds! {
    /// The first entry of a ledger.
    LedgerCreated = "ledger_created",
    /// The first entry after a restore; names the checkpoint it goes on from.
    TermOpened = "term_opened",
    /// The council and its first officer were made from the one-time token.
    Bootstrapped = "bootstrapped",
    /// A setting was added, changed or found the same.
    SettingImported = "setting_imported",
    /// A page of settings was shown.
    SettingsListed = "settings_listed",
    /// A credential was issued.
    CredentialIssued = "credential_issued",
    /// Credentials of a setting were shown.
    CredentialsListed = "credentials_listed",
    /// A credential was revoked.
    CredentialRevoked = "credential_revoked",
    /// A setting let a vendor act for it, or changed what it lets it do.
    DelegationAdded = "delegation_added",
    /// A vendor acts for a setting no more.
    DelegationEnded = "delegation_ended",
    /// Whom a setting lets act for it was shown.
    DelegationsListed = "delegations_listed",
    /// A setting signed the framework agreement, or its council recorded that it did.
    AgreementSigned = "agreement_signed",
    /// A setting's framework agreement counts no more.
    AgreementEnded = "agreement_ended",
    /// It was shown who has signed.
    AgreementsListed = "agreements_listed",
    /// A setting closed, and another one looks after what it left; all credentials of the first end.
    CaretakerSet = "caretaker_set",
    /// A move was planned, or its plan changed.
    Planned = "planned",
    /// A move got another destination, or none.
    Redirected = "redirected",
    /// A setting was named a recipient beside the destination, or what it gets was changed.
    RecipientAdded = "recipient_added",
    /// Recipients are none any more: by somebody's act, or their last day is over.
    RecipientEnded = "recipient_ended",
    /// The council that keeps the learner's EHC plan was named, or is none any more.
    PlanCouncilSet = "plan_council_set",
    /// What a learner, or somebody for the learner, decided about sharing was recorded.
    SharingRecorded = "sharing_recorded",
    /// The decisions of a move were shown.
    SharingListed = "sharing_listed",
    /// Somebody of a family was let see a learner's record.
    FamilyAccessAdded = "family_access_added",
    /// They see it no more.
    FamilyAccessEnded = "family_access_ended",
    /// Who of a family sees a learner's record was shown.
    FamilyAccessListed = "family_access_listed",
    /// What must not be written of a learner was said. Which learner stands in no entry.
    IdentityGuarded = "identity_guarded",
    /// Numbers of an identity that was put away may be used again.
    IdentifiersReadmitted = "identifiers_readmitted",
    /// The sending head recorded why a move goes to a setting without the framework agreement.
    SentWithoutAgreement = "sent_without_agreement",
    /// That was taken back.
    SendingWithoutEnded = "sending_without_ended",
    /// A fact that a release depends on was recorded.
    FactRecorded = "fact_recorded",
    /// The progress of one move was shown.
    TransitionShown = "transition_shown",
    /// A page of moves was shown.
    TransitionsListed = "transitions_listed",
    /// A version was published.
    Published = "published",
    /// A publish found its content standing already.
    Unchanged = "unchanged",
    /// A contribution was withdrawn.
    Withdrawn = "withdrawn",
    /// A subscription was made.
    Subscribed = "subscribed",
    /// A turn of a subscription showed items.
    Pulled = "pulled",
    /// Content was read.
    Fetched = "fetched",
    /// A receiver took a version over.
    Acknowledged = "acknowledged",
    /// A receiver sent a version back.
    Rejected = "rejected",
    /// A version became visible to a receiver after it was published.
    Released = "released",
    /// Entries were shown.
    EntriesListed = "entries_listed",
    /// The policies of a hash were shown.
    PolicySetShown = "policy_set_shown",
    /// Commitments of access rows were shown.
    AccessRowsListed = "access_rows_listed",
    /// Somebody asked who saw a learner's record.
    WhoSawAsked = "who_saw_asked",
    /// An answer to a request for access was given out.
    DisclosureRecorded = "disclosure_recorded",
    /// Receivers were told by when a move's content will be gone.
    ExpiryAnnounced = "expiry_announced",
    /// Calls beyond a caller's refusal rate, counted.
    RefusalsSummarised = "refusals_summarised",
    /// A key epoch came into force.
    EpochOpened = "epoch_opened",
    /// Key epochs are destroyed; nothing was left under them.
    EpochsDestroyed = "epochs_destroyed",
    /// What would be erased was asked for; nothing was.
    ErasurePreviewed = "erasure_previewed",
    /// Content was erased before its time.
    Erased = "erased",
    /// The time of a move's content was over, and it was erased.
    Expired = "expired",
    /// Content that was erased came back with an older copy of the database, and was erased again.
    ErasedAgain = "erased_again",
    /// A learner was put under a legal hold, or the hold was taken away.
    HoldChanged = "hold_changed",
    /// The processing of a learner's data was restricted.
    Restricted = "restricted",
    /// A restriction was lifted.
    RestrictionLifted = "restriction_lifted",
    /// Files of the database were cleared of what was erased.
    StorageScrubbed = "storage_scrubbed",
    /// Bodies of entries past their retention were dropped; their hashes stay.
    BodiesDropped = "bodies_dropped",
    /// The whole ledger, or its keys, are about to be copied where backups lie.
    BackedUp = "backed_up",
    /// Part of a document was to be staged and was refused; what is staged makes no entry.
    DocumentStaged = "document_staged",
    /// A document was added to a contribution.
    DocumentAdded = "document_added",
    /// The documents of a contribution were shown by their titles.
    DocumentsListed = "documents_listed",
    /// A document was read, from a chunk on.
    DocumentDownloaded = "document_downloaded",
    /// A document was taken back.
    DocumentRemoved = "document_removed",
    /// Another key signs checkpoints from here on; the one before it goes on for a while.
    LogKeyChanged = "log_key_changed",
    /// The ring of keys is about to be sealed under another master key, or that was tried.
    MasterKeyChanged = "master_key_changed",
    /// Another policy set decides from the next entry on.
    PolicyReplaced = "policy_replaced",
    /// A policy set was held against the laws and compared with the one in force; nothing changed.
    PolicyChecked = "policy_checked",
    /// When and by whom policy sets were replaced was shown.
    PolicyChangesListed = "policy_changes_listed",
}

/// Who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryCaller {
    /// The credential that was shown.
    pub credential: CredentialId,
    /// The setting it acts for.
    pub setting: SettingId,
    /// The vendor it is of, where it acts for a setting by delegation.
    pub vendor: Option<SettingId>,
}

/// What was asked of the policies, and their answers. One act asks the same of many section
/// kinds: the question stands once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The question, less the section kind.
    pub tuple: Tuple,
    /// The answers that were given.
    pub answers: Vec<Answer>,
}

/// One answer, for all kinds that got the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The kinds it was asked for; empty where a kind plays no part.
    pub kinds: KindSet,
    /// Whether it was allowed.
    pub allowed: bool,
    /// Policies that decided, or `default_deny`.
    pub policies: Vec<String>,
}

/// How the act ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Done.
    Done,
    /// Refused by policy, or there is no such thing: outside the two look the same.
    Denied,
    /// Allowed, but the state of things forbids it; the reason is a code of the contract.
    Failed(&'static str),
}

/// A change of one access row, by commitment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    /// Table of the row.
    pub table: &'static str,
    /// Key of the row.
    pub key: String,
    /// Commitment to the row as it stands after the act.
    pub commitment: [u8; 32],
}

/// One entry before it is bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The ledger.
    pub ledger: LedgerId,
    /// The term of the ledger; a restore opens the next one.
    pub term: u64,
    /// Index of the entry, from 0.
    pub position: u64,
    /// Ledger time, microseconds since 1970 UTC.
    pub time_us: i64,
    /// Who asked; none for what the service does by itself.
    pub caller: Option<EntryCaller>,
    /// What kind of act.
    pub kind: EntryKind,
    /// How it ended.
    pub verdict: Verdict,
    /// Keyed digest of the caller's request id.
    pub request: Option<[u8; 16]>,
    /// What was asked of the policies, and answered.
    pub decisions: Vec<Decision>,
    /// Hash of the policy set that answered, hexadecimal.
    pub policy_set: String,
    /// What the act was about, in words of its kind.
    pub detail: BTreeMap<String, Json>,
    /// Access rows it changed.
    pub rows: Vec<RowChange>,
}

impl Entry {
    /// The bytes that are stored and hashed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = object([
            ("ledger", text(self.ledger.as_str())),
            ("term", number(self.term)),
            ("position", number(self.position)),
            ("time_us", Json::Int(self.time_us)),
            ("kind", text(self.kind.name())),
            ("policy_set", text(&self.policy_set)),
        ]);
        match self.verdict {
            Verdict::Done => insert(&mut body, "verdict", text("done")),
            Verdict::Denied => insert(&mut body, "verdict", text("denied")),
            Verdict::Failed(reason) => {
                insert(&mut body, "verdict", text("failed"));
                insert(&mut body, "reason", text(reason));
            }
        }
        if let Some(caller) = &self.caller {
            let mut who = object([
                ("credential", text(caller.credential.as_str())),
                ("setting", text(caller.setting.as_str())),
            ]);
            if let Some(vendor) = &caller.vendor {
                insert(&mut who, "vendor", text(vendor.as_str()));
            }
            insert(&mut body, "caller", Json::Obj(who));
        }
        if let Some(request) = &self.request {
            insert(&mut body, "request", hex(request));
        }
        if !self.decisions.is_empty() {
            let decisions = self.decisions.iter().map(Decision::json).collect();
            insert(&mut body, "decisions", Json::Arr(decisions));
        }
        if !self.detail.is_empty() {
            insert(&mut body, "detail", Json::Obj(self.detail.clone()));
        }
        if !self.rows.is_empty() {
            let rows = self.rows.iter().map(RowChange::json).collect();
            insert(&mut body, "rows", Json::Arr(rows));
        }
        [PREFIX, &Json::Obj(body).to_bytes()].concat()
    }
}

impl Decision {
    /// Bytes it takes in an entry, less its answers.
    pub fn bytes(&self) -> usize {
        Self {
            answers: Vec::new(),
            ..self.clone()
        }
        .json()
        .to_bytes()
        .len()
            + 1
    }

    fn json(&self) -> Json {
        Json::Obj(object([
            ("tuple", tuple_json(&self.tuple)),
            (
                "answers",
                Json::Arr(self.answers.iter().map(Answer::json).collect()),
            ),
        ]))
    }
}

impl Answer {
    /// Bytes it takes in an entry, whatever kinds are still added to it.
    pub fn bytes_max(&self) -> usize {
        Self {
            kinds: KindSet::ALL,
            ..self.clone()
        }
        .json()
        .to_bytes()
        .len()
            + 1
    }

    fn json(&self) -> Json {
        Json::Obj(object([
            ("kinds", Json::Int(i64::from(self.kinds.bits()))),
            ("allowed", Json::Bool(self.allowed)),
            (
                "policies",
                Json::Arr(self.policies.iter().map(|p| text(p)).collect()),
            ),
        ]))
    }
}

impl RowChange {
    fn json(&self) -> Json {
        Json::Obj(object([
            ("table", text(self.table)),
            ("key", text(&self.key)),
            ("commitment", hex(&self.commitment)),
        ]))
    }
}

/// The tuple as entries spell it, less the section kind, which stands beside it.
fn tuple_json(tuple: &Tuple) -> Json {
    let mut spelled = serde_json::to_value(tuple).map_or(Json::Null, from_serde);
    if let Json::Obj(words) = &mut spelled {
        words.remove("kind");
    }
    spelled
}

/// Numbers of a tuple are none but small integers.
fn from_serde(value: serde_json::Value) -> Json {
    match value {
        serde_json::Value::Null => Json::Null,
        serde_json::Value::Bool(value) => Json::Bool(value),
        serde_json::Value::Number(value) => Json::Int(value.as_i64().unwrap_or_default()),
        serde_json::Value::String(value) => Json::Str(value),
        serde_json::Value::Array(values) => Json::Arr(values.into_iter().map(from_serde).collect()),
        serde_json::Value::Object(members) => Json::object(
            members
                .into_iter()
                .map(|(name, value)| (name, from_serde(value))),
        ),
    }
}

/// A text as JSON.
pub fn text(value: &str) -> Json {
    Json::Str(value.to_owned())
}

/// A count or position as JSON; above 2^53, which no ledger reaches, it stops there.
pub fn number(value: u64) -> Json {
    Json::Int(i64::try_from(value).unwrap_or(i64::MAX).min(1 << 53))
}

/// Bytes as lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> Json {
    use std::fmt::Write as _;
    Json::Str(bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    }))
}

/// An object from pairs.
pub fn object<const N: usize>(pairs: [(&str, Json); N]) -> BTreeMap<String, Json> {
    pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn insert(body: &mut BTreeMap<String, Json>, key: &str, value: Json) {
    body.insert(key.to_owned(), value);
}
