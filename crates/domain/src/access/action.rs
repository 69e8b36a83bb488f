//! What can be asked of the ledger, and which facts each answer may depend on.

use std::ops::BitOr;

use super::vocabulary::{Relation, vocabulary};
use crate::section::SectionKind;

vocabulary! {
    /// One thing that can be asked. Every act of the ledger names exactly one.
    Action {
        /// Plan a transition and name its destination.
        Plan = "plan",
        /// Load an offer of a place.
        Offer = "offer",
        /// Change or revoke a destination.
        Redirect = "redirect",
        /// Write and publish one section kind of a contribution.
        Publish = "publish",
        /// Take a published contribution back.
        Withdraw = "withdraw",
        /// See one section kind: by fetch, or inlined in a pull.
        Read = "read",
        /// See a feed item as such: that it exists and whom it is about.
        Receive = "receive",
        /// Confirm what was received or, as former receiver, say what became of it.
        Acknowledge = "acknowledge",
        /// Send back what is not for this setting, with a reason.
        Reject = "reject",
        /// Keep a named subscription to the setting's own feed.
        Subscribe = "subscribe",
        /// See how far a transition is, no content.
        Status = "status",
        /// Register settings, their members and roles.
        ManageSettings = "manage_settings",
        /// Issue and revoke credentials, and end delegations.
        ManageCredentials = "manage_credentials",
        /// Record that the young person releases the profile to an adult service.
        RecordPersonReleased = "record_person_released",
        /// Record a best-interests decision that stands in for that release.
        RecordBestInterests = "record_best_interests",
        /// Record that the learner enrolled, which closes the other offers.
        RecordEnrolled = "record_enrolled",
        /// Let the own SENCO see the child protection note.
        ReleaseChildProtectionNote = "release_child_protection_note",
        /// Append `released` entries for what the clock opened.
        Release = "release",
        /// List who saw a contribution.
        WhoSaw = "who_saw",
        /// Record that an account of who saw was given to a parent or the young person.
        Disclose = "disclose",
        /// Read entries of the own ledger.
        ReadAudit = "read_audit",
        /// Erase the content of a contribution before its time.
        Erase = "erase",
        /// Open the next key epoch, and destroy those past their retention.
        ManageKeys = "manage_keys",
        /// Keep what is held about a learner from being erased, and end that.
        Hold = "hold",
        /// Restrict the processing of what is held about a learner, and end that.
        Restrict = "restrict",
        /// Copy the whole ledger, sealed as it is, to where the service's configuration says.
        BackUp = "back_up",
        /// Erase one section kind of a contribution before its time.
        EraseSection = "erase_section",
        /// Name a further recipient for one section kind.
        NameFurtherRecipient = "name_further_recipient",
        /// Name another setting the learner is registered with, one an EHC plan may still name,
        /// or the council that keeps the plan.
        NameOtherSetting = "name_other_setting",
        /// End that a setting is a recipient beside the destination, and know who is one.
        EndRecipient = "end_recipient",
        /// Put another policy set into force, for all.
        ReplacePolicies = "replace_policies",
        /// Let a vendor act for the setting, and see whom it lets.
        Delegate = "delegate",
        /// Record what a learner, or somebody for the learner, decided about sharing, and know it.
        RecordSharing = "record_sharing",
        /// Say what must not be written of a learner whose identity is protected, and retire the
        /// numbers of an identity that was put away.
        Protect = "protect",
        /// Sign the framework agreement for a setting, or record that it was signed; end it.
        SignAgreement = "sign_agreement",
        /// Send a move to a setting without the framework agreement, with a reason; take that back.
        SendWithoutAgreement = "send_without_agreement",
        /// Let the learner, or who has parental responsibility, see the own record; end it, know it.
        GiveFamilyAccess = "give_family_access",
    }
}

/// A set of dimensions of the tuple, beside action and roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dimensions(u16);

impl Dimensions {
    /// None beside action and roles.
    pub const NONE: Self = Self(0);
    /// How the caller stands to what is asked about.
    pub const RELATION: Self = Self(1);
    /// The section kind, and with it its class.
    pub const KIND: Self = Self(1 << 1);
    /// Whether the kind is assigned to this contributor.
    pub const FILLED: Self = Self(1 << 2);
    /// Where the opening rule stands.
    pub const WINDOW: Self = Self(1 << 3);
    /// Whether a sharing agreement is in force.
    pub const AGREEMENT: Self = Self(1 << 4);
    /// What learner or family decided about sharing.
    pub const SHARING: Self = Self(1 << 5);
    /// The learner's age stage.
    pub const AGE: Self = Self(1 << 6);
    /// Direct or by a vendor, and how sure we are of the caller. Every action
    /// depends on it: no delegation reaches beyond its scopes.
    pub const CHANNEL: Self = Self(1 << 7);
    /// Whether a legal hold keeps the content.
    pub const LEGAL_HOLD: Self = Self(1 << 8);
    /// Whether a DSL released the child protection note.
    pub const NOTE_RELEASED: Self = Self(1 << 9);
    /// The group of the route.
    pub const ROUTE: Self = Self(1 << 10);

    /// Every one.
    pub const ALL: Self = Self((1 << 11) - 1);

    /// Whether all of the other set is in this one.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn within(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What is left once relation and kind are known. A dimension that means
    /// nothing for them (the opening window of the own contribution, the release
    /// of a note that is not asked for) must not tell two tuples apart, or the
    /// space grows by cells that cannot occur.
    #[must_use]
    pub const fn narrowed(self, relation: Relation, kind: Option<SectionKind>) -> Self {
        let always = Self::RELATION
            .and(Self::KIND)
            .and(Self::CHANNEL)
            .and(Self::LEGAL_HOLD);
        let meaningful = match relation {
            // Age and route are about releases; what was written they neither open nor close.
            Relation::Source if kind.is_some() => always.and(Self::FILLED).and(Self::NOTE_RELEASED),
            // These see no content, by law, whatever else is the case.
            Relation::Caretaker | Relation::Council if kind.is_some() => always,
            Relation::Source => always
                .and(Self::FILLED)
                .and(Self::NOTE_RELEASED)
                .and(Self::AGE)
                .and(Self::ROUTE),
            Relation::Caretaker => always.and(Self::AGE).and(Self::ROUTE),
            relation if relation.receives() => always
                .and(Self::WINDOW)
                .and(Self::AGREEMENT)
                .and(Self::SHARING)
                .and(Self::NOTE_RELEASED)
                .and(Self::ROUTE),
            Relation::CouncilCaseworker | Relation::Council => {
                always.and(Self::SHARING).and(Self::AGE).and(Self::ROUTE)
            }
            Relation::SelfPerson | Relation::Family => always.and(Self::SHARING).and(Self::AGE),
            // A worker of an adult service answers on the way to it only.
            Relation::Former if kind.is_none() => always.and(Self::ROUTE),
            _ => always,
        };
        match kind {
            Some(SectionKind::ChildProtectionNote) => self.within(meaningful),
            _ => self.within(meaningful).without(Self::NOTE_RELEASED),
        }
    }
}

impl BitOr for Dimensions {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.and(other)
    }
}

impl Action {
    /// The facts this action's rules may look at. The policy schema declares the
    /// same ones, so a policy that reaches for another is refused.
    pub const fn dimensions(self) -> Dimensions {
        use Dimensions as D;
        let own = match self {
            Self::Plan | Self::Offer | Self::Redirect | Self::NameOtherSetting => {
                D::RELATION.and(D::ROUTE)
            }
            Self::NameFurtherRecipient => D::RELATION.and(D::KIND),
            Self::Publish => D::RELATION.and(D::KIND).and(D::FILLED),
            Self::Withdraw
            | Self::ManageSettings
            | Self::ManageCredentials
            | Self::WhoSaw
            | Self::Hold
            | Self::Restrict
            | Self::Disclose
            | Self::EndRecipient
            | Self::Delegate
            | Self::RecordSharing
            | Self::Protect
            | Self::SignAgreement
            | Self::SendWithoutAgreement
            | Self::GiveFamilyAccess => D::RELATION,
            Self::Read => D::RELATION
                .and(D::KIND)
                .and(D::FILLED)
                .and(D::WINDOW)
                .and(D::AGREEMENT)
                .and(D::SHARING)
                .and(D::AGE)
                .and(D::NOTE_RELEASED)
                .and(D::ROUTE),
            Self::Receive | Self::Acknowledge | Self::Reject | Self::RecordEnrolled => {
                D::RELATION.and(D::WINDOW).and(D::ROUTE)
            }
            Self::ReleaseChildProtectionNote => D::RELATION.and(D::WINDOW),
            Self::Status => D::RELATION
                .and(D::WINDOW)
                .and(D::SHARING)
                .and(D::AGE)
                .and(D::ROUTE),
            Self::RecordPersonReleased | Self::RecordBestInterests => {
                D::RELATION.and(D::AGE).and(D::ROUTE)
            }
            Self::Erase => D::RELATION.and(D::LEGAL_HOLD),
            Self::EraseSection => D::RELATION.and(D::KIND).and(D::LEGAL_HOLD),
            Self::Subscribe
            | Self::Release
            | Self::ReadAudit
            | Self::ManageKeys
            | Self::BackUp
            | Self::ReplacePolicies => D::NONE,
        };
        own.and(D::CHANNEL)
    }
}
