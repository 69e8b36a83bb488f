//! Forgetting, and keeping from being forgotten.

use super::RequestId;
use crate::ids::TransitionId;
use crate::section::SectionKind;

/// How much goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extent {
    /// Everything of the learner: all moves the caller's setting planned for it, all versions, the
    /// identifiers, and what leads from an entry of the ledger back to the learner.
    Learner,
    /// The same of a learner who goes on under another identity: the numbers of this one lead to
    /// nobody from now on, and the caller's setting is refused what it would do by them.
    Identity,
    /// Everything of one move; with the last one the learner.
    Transition,
    /// One section kind of the caller's contribution to the move, in all its versions.
    Section(SectionKind),
}

macro_rules! reasons {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $reason:ident = $text:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $reason),+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$reason),+];

            /// The word in the entry.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$reason => $text),+ }
            }
        }
    };
}

reasons! {
    /// Why content is erased before its time. UK GDPR Article 17(1) has the first five.
    ErasureReason {
        /// (a) It is needed no more.
        NoLongerNeeded = "no_longer_needed";
        /// (b) Consent was withdrawn, and nothing else allows keeping it.
        ConsentWithdrawn = "consent_withdrawn";
        /// (c) The person objected, and nothing overrides that.
        Objection = "objection";
        /// (d) It should never have been processed.
        Unlawful = "unlawful";
        /// (e) A legal obligation.
        LegalObligation = "legal_obligation";
        /// It was about another learner, or sent by mistake.
        SentInError = "sent_in_error";
    }
}

reasons! {
    /// Why processing is restricted: UK GDPR Article 18(1).
    RestrictionReason {
        /// (a) The person says that it is wrong, and that is being looked into.
        AccuracyContested = "accuracy_contested";
        /// (b) It is unlawful, and the person wants it kept all the same.
        UnlawfulButKept = "unlawful_but_kept";
        /// (c) Only the person needs it, for a legal claim.
        LegalClaim = "legal_claim";
        /// (d) An objection is being weighed.
        ObjectionPending = "objection_pending";
    }
}

reasons! {
    /// Why nothing of a learner may be erased for now.
    HoldReason {
        /// A statutory inquiry asks for it to be kept.
        Inquiry = "inquiry";
        /// A claim is made or expected.
        LegalClaim = "legal_claim";
        /// Police or children's social care look into harm to the child.
        Investigation = "investigation";
        /// A complaint or a request of the person about this data is open.
        OpenRequest = "open_request";
    }
}

/// Erases content before its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erase {
    /// A move of the learner.
    pub transition: TransitionId,
    /// How much.
    pub extent: Extent,
    /// Why.
    pub reason: ErasureReason,
    /// Idempotency key.
    pub request: RequestId,
    /// Only tell what would go.
    pub validate_only: bool,
}

/// Restricts processing: receivers are shown nothing of the learner, nothing is published or erased,
/// until it is lifted. How far a move has come stays visible to the council, whose duty goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restrict {
    /// A move of the learner.
    pub transition: TransitionId,
    /// Why.
    pub reason: RestrictionReason,
    /// Idempotency key.
    pub request: RequestId,
}

/// Lifts a restriction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiftRestriction {
    /// A move of the learner.
    pub transition: TransitionId,
    /// Idempotency key.
    pub request: RequestId,
}

/// Puts a learner under a legal hold, or takes the hold away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// A move of the learner.
    pub transition: TransitionId,
    /// Why; none takes the hold away.
    pub reason: Option<HoldReason>,
    /// Idempotency key.
    pub request: RequestId,
}
