//! Every table, once: what a row means, by which columns it is found, whether it decides access.

use baton_domain::ids::{
    Alias, ContentId, CredentialId, DocumentId, LearnerId, ProfileId, SettingId, SubscriptionId,
    TransitionId, WatchId,
};

use crate::engine::table::table;
use crate::peers::Places;
use crate::said::Decisions;
use crate::standing::Standing;

table! {
    /// A key that signs checkpoints from the second on, by number, and the note by which the one
    /// before it hands over. Kept for good.
    LogKeyRow in "log_key" key(number) by() access(false) {
        number: i64,
        handover: String,
    }
}

table! {
    /// An entry of the ledger. `body` is dropped at the end of its retention; `leaf` stays, so
    /// proofs go on.
    EntryRow in "entry" key(position) by(position) access(false) {
        position: i64,
        body: Option<Vec<u8>>,
        leaf: Vec<u8>,
    }
}

table! {
    /// Hash of 256 neighbours one level below; level 0 is the `leaf` column of the entries.
    TileRow in "tile" key(level, idx) by() access(false) {
        level: i64,
        idx: i64,
        hash: Vec<u8>,
    }
}

table! {
    /// Entries that name a learner, by alias.
    AboutRow in "about" key(alias, position) by() access(false) {
        alias: Alias,
        position: i64,
        /// 1 where the entry says nothing of the learner but what is kept apart.
        apart: i64,
    }
}

table! {
    /// A setting. The salt keeps the name of a childminder from being guessed from the entry.
    SettingRow in "setting" key(id) by(id) access(true) {
        id: SettingId,
        kind: i64,
        name: String,
        council: String,
        town: String,
        state: i64,
        salt: Vec<u8>,
        /// Who looks after what it left. Set once it has closed, and never taken away: none of its
        /// credentials is good for anything then.
        caretaker_id: Option<SettingId>,
    }
}

table! {
    /// A code a setting is known by, as `scheme:value`.
    SettingCodeRow in "setting_code" key(code) by(code, setting_id) access(true) {
        code: String,
        setting_id: SettingId,
    }
}

table! {
    /// A setting's key of one epoch, wrapped under that epoch of the ring. Never changed.
    SettingKeyRow in "setting_key" key(setting_id, epoch) by(setting_id) access(false) once(true) {
        setting_id: SettingId,
        epoch: i64,
        wrapped: Vec<u8>,
    }
}

table! {
    /// What a caller proves itself with: hash of its public key, or keyed hash of its API key.
    CredentialRow in "credential" key(id) by(id, digest, setting_id, learner_id) access(true) {
        id: CredentialId,
        setting_id: SettingId,
        label: String,
        roles: i64,
        /// Bits of the section kinds a contributor fills.
        kinds: i64,
        /// Codes of the groups it works on, joined by commas; empty: every learner of its setting.
        learner_groups: String,
        /// Whose record it is for; of a setting's own people none.
        learner_id: Option<LearnerId>,
        /// Who that is, as [`baton_domain::sharing::Giver`] numbers it; 0: one of the setting's people.
        person: i64,
        /// Kinds that are left out of it, each with the exemption, joined by commas.
        left_out: String,
        assurance: i64,
        digest: Vec<u8>,
        /// Before it the credential proves nothing; 0: in force since it was issued.
        starts_us: i64,
        /// From it on it proves nothing.
        expires_us: i64,
        /// See [`credential_state`].
        state: i64,
    }
}

table! {
    /// What a setting lets a vendor do in its place. One a vendor: what is given again stands in its
    /// place.
    DelegationRow in "delegation" key(setting_id, vendor_id) by(setting_id) access(true) {
        setting_id: SettingId,
        vendor_id: SettingId,
        /// Bits of the roles the vendor has.
        roles: i64,
        /// Bits of the scopes.
        scopes: i64,
        /// Bits of the section kinds.
        kinds: i64,
        /// First and last day, `CCYY-MM-DD`.
        first_day: String,
        last_day: String,
        /// 1 once somebody ended it.
        ended: i64,
    }
}

table! {
    /// The framework agreement as a setting signed it. What is signed again stands in its place.
    AgreementRow in "agreement" key(setting_id) by(setting_id) access(true) {
        setting_id: SettingId,
        /// Which text.
        version: String,
        /// SHA-256 of it.
        digest: Vec<u8>,
        /// First and last day, `CCYY-MM-DD`.
        first_day: String,
        last_day: Option<String>,
        /// 1 where the council recorded what was signed on paper.
        recorded: i64,
        /// 1 once somebody ended it.
        ended: i64,
    }
}

/// What a credential can still do.
pub(crate) mod credential_state {
    /// In force until it expires.
    pub(crate) const LIVE: i64 = 1;
    /// Revoked.
    pub(crate) const REVOKED: i64 = 2;
    /// The one-time token of `init`: makes the first officer and nothing else.
    pub(crate) const ONE_TIME: i64 = 3;
}

table! {
    /// A learner: identifiers and policy facts, sealed under the keeper's key.
    LearnerRow in "learner" key(id) by(id, alias) access(false) {
        id: LearnerId,
        alias: Alias,
        owner_id: SettingId,
        /// Whose key `wrapped` is under: the owner's, or once that has closed its caretaker's.
        keeper_id: SettingId,
        /// Of the keeper's key that `wrapped` is under.
        epoch: i64,
        wrapped: Vec<u8>,
        sealed: Vec<u8>,
    }
}

table! {
    /// Blind index: keyed digest of an identifier, in hexadecimal, and who knows the learner by it.
    /// Every sender has a learner of its own, so that no import is answered, or spoilt, by what
    /// another one knows.
    LearnerCodeRow in "learner_code" key(blind, owner_id) by(blind) access(false) {
        blind: String,
        owner_id: SettingId,
        /// None: a number of an identity that was put away. It leads to nobody, and is refused.
        learner_id: Option<LearnerId>,
    }
}

table! {
    /// A move. `facts` are the bits of [`fact`].
    TransitionRow in "transition" key(id) by(id, learner_id) access(true) {
        id: TransitionId,
        learner_id: LearnerId,
        route: String,
        academic_year: i64,
        from_id: SettingId,
        to_id: Option<SettingId>,
        council_id: Option<SettingId>,
        /// The council that keeps the learner's EHC plan, through its caseworkers.
        plan_council_id: Option<SettingId>,
        offer_date: Option<String>,
        accepted: i64,
        start_date: Option<String>,
        facts: i64,
        /// Class, form or key group at the sender.
        learner_group: Option<String>,
    }
}

/// Bits of a move's `facts`.
pub(crate) mod fact {
    /// The final EHC plan names the destination.
    pub(crate) const PLAN_NAMES_SETTING: i64 = 1;
    /// The young person released the profile.
    pub(crate) const PERSON_RELEASED: i64 = 1 << 1;
    /// A best-interests decision stands in for that.
    pub(crate) const BEST_INTERESTS: i64 = 1 << 2;
    /// The learner is enrolled with the destination.
    pub(crate) const ENROLLED: i64 = 1 << 3;
    /// A DSL of the source released the child protection note to its own setting's SENCO.
    pub(crate) const NOTE_RELEASED_AT_SOURCE: i64 = 1 << 4;
    /// Acceptance is recorded by the council that loaded the move.
    pub(crate) const ACCEPTANCE_RECORDED: i64 = 1 << 5;
    /// A DSL of the destination released the note to its own setting's SENCO.
    pub(crate) const NOTE_RELEASED_AT_DESTINATION: i64 = 1 << 6;
    /// The council has loaded an offer.
    pub(crate) const OFFER_LOADED: i64 = 1 << 7;
    /// The destination was taken away: naming one again is a redirect.
    pub(crate) const DESTINATION_REMOVED: i64 = 1 << 8;
    /// Nothing of the learner may be erased. One move says it for all of the learner's.
    pub(crate) const HELD: i64 = 1 << 9;
    /// Nothing of the learner may be processed but kept. One move says it for all.
    pub(crate) const RESTRICTED: i64 = 1 << 10;
    /// What was known of the move is erased; the row tells that there was one.
    pub(crate) const ERASED: i64 = 1 << 11;
    /// The receivers were told by when the content will be gone.
    pub(crate) const EXPIRY_ANNOUNCED: i64 = 1 << 12;
    /// The day they were told is the one of a move nobody has taken over: it stands.
    pub(crate) const ANNOUNCED_AS_OPEN: i64 = 1 << 13;
    /// The receivers of what is kept apart were told by when it will be gone. Told by itself: when
    /// others are told must not hang on it.
    pub(crate) const APART_ANNOUNCED: i64 = 1 << 16;
}

table! {
    /// A setting that stands to a move otherwise than as its source or destination.
    RecipientRow in "recipient" key(transition_id, setting_id) by(transition_id) access(true) {
        transition_id: TransitionId,
        setting_id: SettingId,
        /// 1 former, 2 further, 3 provisional, 4 dual.
        relation: i64,
        /// Bits of the section kinds a further recipient gets.
        kinds: i64,
        /// First and last day it was named for, `CCYY-MM-DD`.
        first_day: Option<String>,
        last_day: Option<String>,
        /// Why, as the contract numbers it; 0 where nobody is named any more.
        purpose: i64,
        /// 1 once its DSL released the child protection note to its own SENCO.
        note_released: i64,
        /// 1 where what it gets, or got last, is of class R and nothing else.
        apart: i64,
    }
}

table! {
    /// What people decided about sharing a move.
    SharingRow in "sharing" key(transition_id) by(transition_id) access(true) {
        transition_id: TransitionId,
        decisions: Decisions,
    }
}

table! {
    /// Why a move goes to a setting though one of the two has not signed.
    SentWithoutRow in "sent_without" key(transition_id, setting_id) by(transition_id) access(true) {
        transition_id: TransitionId,
        setting_id: SettingId,
        /// As the contract numbers it; 0 where none was given, or nothing is known of the move any more.
        reason: i64,
        /// 1 once it was taken back.
        ended: i64,
        /// The same of a recipient of class R alone: it is for what is kept apart, and known to those alone
        /// who know of that.
        apart_reason: i64,
        apart_ended: i64,
    }
}

table! {
    /// One setting's contribution to one move, at its current version. What it has of class R is a
    /// contribution of its own, with an id and versions of its own.
    ProfileRow in "profile" key(id) by(id, transition_id) access(true) {
        id: ProfileId,
        transition_id: TransitionId,
        setting_id: SettingId,
        /// 1: the contribution of class R. Whoever may see nothing of it does not learn of it.
        apart: i64,
        version: i64,
        /// See [`profile_state`].
        state: i64,
        level: i64,
        /// Bits of the kinds that stand: those of `sections`.
        kinds: i64,
        /// Of the cover of this version, and of the sections it brought.
        content_id: ContentId,
        /// Which version brought each section that stands, and where it lies.
        sections: Standing,
        /// Length of all its sections together: what a turn that carries content can hold.
        bytes: i64,
        /// The entry that published this version; its commitment is what the cover is opened
        /// against.
        position: i64,
        published_us: i64,
    }
}

/// What became of a contribution.
pub(crate) mod profile_state {
    /// A version stands.
    pub(crate) const PUBLISHED: i64 = 1;
    /// Withdrawn.
    pub(crate) const WITHDRAWN: i64 = 2;
    /// All its content is gone for good.
    pub(crate) const ERASED: i64 = 3;
}

table! {
    /// A version that was published, current or not.
    VersionRow in "version" key(profile_id, version) by(profile_id) access(false) {
        profile_id: ProfileId,
        version: i64,
        content_id: ContentId,
        level: i64,
        /// Bits of the kinds this version brought, less those that were erased since.
        sent: i64,
        position: i64,
        published_us: i64,
    }
}

table! {
    /// One sealed section of one version; kind 0 is the cover (signatory). Or title and hash of a
    /// document under its kind: the key is that of its chunks too.
    ContentRow in "content" key(content_id, kind) by(content_id) access(false) {
        content_id: ContentId,
        kind: i64,
        owner_id: SettingId,
        /// Whose key `wrapped` is under: the owner's, or once that has closed its caretaker's.
        keeper_id: SettingId,
        /// Of the keeper's key that `wrapped` is under.
        epoch: i64,
        wrapped: Vec<u8>,
        sealed: Vec<u8>,
    }
}

table! {
    /// A file that goes with a contribution. What is left of one that was removed or erased says
    /// only that there was one.
    DocumentRow in "document" key(id) by(id, profile_id) access(true) {
        id: DocumentId,
        profile_id: ProfileId,
        /// Of the row with its title and key, and of its chunks.
        content_id: ContentId,
        /// The section kind that decides who may see it.
        kind: i64,
        /// See [`document_state`].
        state: i64,
        media: i64,
        bytes: i64,
        /// SHA-256 over what lies sealed of it: title, then chunks in order.
        sealed: Vec<u8>,
        /// Keyed digest of everything that makes it the same file.
        digest: Vec<u8>,
        /// The entry that added it; its commitments are what it is opened against.
        position: i64,
        added_us: i64,
    }
}

/// What became of a document.
pub(crate) mod document_state {
    /// Whoever may see its kind may see it.
    pub(crate) const STANDING: i64 = 1;
    /// Taken out of everybody's sight with its contribution.
    pub(crate) const HIDDEN: i64 = 2;
    /// Taken back by its sender: it is gone.
    pub(crate) const REMOVED: i64 = 3;
    /// Gone with what it went with.
    pub(crate) const ERASED: i64 = 4;
    /// Taken back by its sender, and kept by a legal hold: it goes when that is lifted.
    pub(crate) const TAKEN_BACK: i64 = 5;
}

impl DocumentRow {
    /// Whether there is more of it than the row.
    pub(crate) fn is_kept(&self) -> bool {
        matches!(
            self.state,
            document_state::STANDING | document_state::HIDDEN | document_state::TAKEN_BACK
        )
    }
}

table! {
    /// A sealed chunk of a document, staged or not.
    ChunkRow in "chunk" key(content_id, idx) by() access(false) {
        content_id: ContentId,
        idx: i64,
        sealed: Vec<u8>,
    }
}

table! {
    /// A document that is being sent. Not part of the ledger.
    StagedRow in "staged" key(id) by(id, profile_id, setting_id) access(false) {
        id: DocumentId,
        profile_id: ProfileId,
        setting_id: SettingId,
        credential_id: CredentialId,
        content_id: ContentId,
        kind: i64,
        media: i64,
        bytes: i64,
        digest: Vec<u8>,
        /// SHA-256 of each sealed chunk, one after the other; zeros where none came yet.
        received: Vec<u8>,
        begun_us: i64,
    }
}

table! {
    /// A contribution was put into a receiver's feed.
    ReleasedRow in "released" key(profile_id, setting_id) by(profile_id) access(false) {
        profile_id: ProfileId,
        setting_id: SettingId,
        position: i64,
        /// Bits of the other children it was shown with, or shown less since.
        peers: i64,
        /// 1 where for want of an agreement the receiver was told of less than there would be: it has
        /// to be told once both have signed.
        short: i64,
    }
}

table! {
    /// Which learners a contribution names: how it is found again when one of them goes where it
    /// goes. What decides stands in the contribution's row; rows left of an earlier version find
    /// it in vain.
    FriendRow in "friend" key(profile_id, place) by(learner_id) access(false) {
        profile_id: ProfileId,
        place: i64,
        /// That named it last.
        version: i64,
        learner_id: LearnerId,
    }
}

impl ReleasedRow {
    /// Position of a row that holds no more: the receiver was closed.
    pub(crate) const CLOSED: i64 = -1;
    /// Position of a row whose receiver was told that it is not available: it has to be told when
    /// it is.
    pub(crate) const HIDDEN: i64 = -2;

    /// Whether the receiver still has the contribution before it.
    pub(crate) fn holds(&self) -> bool {
        self.position != Self::CLOSED
    }

    /// Whether the receiver, if it may see the contribution, knows or will find it in its feed.
    pub(crate) fn is_told(&self) -> bool {
        self.position >= 0
    }

    /// Whether the receiver was told that it is not available.
    pub(crate) fn is_hidden(&self) -> bool {
        self.position == Self::HIDDEN
    }

    /// The other children it was shown with.
    pub(crate) fn peers(&self) -> Places {
        Places::of_bits(self.peers)
    }
}

table! {
    /// How far a receiver has come with a contribution.
    ReceiptRow in "receipt" key(profile_id, setting_id) by(profile_id) access(false) {
        profile_id: ProfileId,
        setting_id: SettingId,
        version: i64,
        /// See [`receipt_state`].
        state: i64,
        reason: i64,
        position: i64,
    }
}

/// How far a receiver has come with a version, in order.
pub(crate) mod receipt_state {
    /// A pull named it.
    pub(crate) const DELIVERED: i64 = 1;
    /// Content was fetched.
    pub(crate) const OPENED: i64 = 2;
    /// Taken over.
    pub(crate) const ACKNOWLEDGED: i64 = 3;
    /// Sent back.
    pub(crate) const REJECTED: i64 = 4;
}

table! {
    /// What an entry put before a setting; one may put several things there.
    FeedRow in "feed" key(addressee, position, item) by() access(false) {
        addressee: SettingId,
        position: i64,
        /// Counts what the entry put before this setting, from 0.
        item: i64,
        /// See [`feed_kind`].
        kind: i64,
        /// Who of the setting is told of it. See [`apart`].
        apart: i64,
        profile_id: ProfileId,
        transition_id: TransitionId,
        point: i64,
        academic_year: i64,
    }
}

/// Why something stands in a feed.
pub(crate) mod feed_kind {
    /// A version was published or became visible.
    pub(crate) const PROFILE: i64 = 1;
    /// The contribution was withdrawn or the move redirected away.
    pub(crate) const CLOSED: i64 = 2;
    /// The content will be gone soon.
    pub(crate) const EXPIRES: i64 = 3;
}

/// Who of a setting is told of something in its feed.
pub(crate) mod apart {
    /// Whoever may subscribe.
    pub(crate) const NOT: i64 = 0;
    /// Safeguarding leads: it is of a contribution of class R.
    pub(crate) const LEAD: i64 = 1;
    /// The same, and the SENCO: it has a note that a lead of the setting had released.
    pub(crate) const RELEASED: i64 = 2;
}

table! {
    /// A named subscription. The cursor is the client's.
    SubscriptionRow in "subscription" key(id) by(id, setting_id) access(false) {
        id: SubscriptionId,
        setting_id: SettingId,
        name: String,
        point: i64,
        academic_year: i64,
    }
}

table! {
    /// The watch that a subscription is read by; none after a single turn ended it. Not part of the
    /// ledger.
    LeaseRow in "lease" key(subscription_id) by(subscription_id) access(false) {
        subscription_id: SubscriptionId,
        watch_id: Option<WatchId>,
    }
}

table! {
    /// A request id that was used: keyed digest of setting, method and id.
    RequestRow in "request" key(key) by(key) access(false) {
        key: String,
        digest: Vec<u8>,
        position: i64,
        time_us: i64,
        roles: i64,
        kinds: i64,
        learner_groups: String,
        /// The vendor that made it for the setting.
        vendor_id: Option<SettingId>,
        /// What the vendor was let do then: bits of the scopes, from bit 8 on those of the kinds.
        mandate: i64,
        /// How sure we were of who made it.
        assurance: i64,
        answer: String,
    }
}

impl RequestRow {
    /// In place of the answer, once what it was about is erased.
    pub(crate) const ERASED: &'static str = "ERASED";
}

table! {
    /// What was erased, so that it is erased again when an older copy of the database is put back.
    /// The same list lies with the keys; `id` is a line of it.
    ErasedRow in "erased" key(id) by(id) access(false) {
        id: String,
        term: i64,
        position: i64,
        /// 1 once the files of the database were cleared of it.
        scrubbed: i64,
    }
}

table! {
    /// That another policy set came into force, as the entry at this position says. Kept for good.
    PolicyChangeRow in "policy_change" key(position) by() access(false) {
        position: i64,
        time_us: i64,
        credential_id: CredentialId,
        setting_id: SettingId,
        /// Hash of the set before it.
        replaced: String,
        hash: String,
        reason: String,
        /// 1 once nobody is left who sees more by it and was not told.
        told: i64,
    }
}

table! {
    /// A policy set by its hash. Kept for good: entries name it.
    PolicySetRow in "policy_set" key(hash) by(hash) access(false) {
        hash: String,
        body: String,
    }
}
