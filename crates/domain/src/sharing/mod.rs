//! What people decided about sharing: who said what, towards whom, about which section kinds, and
//! which of it counts.
//!
//! Like [`crate::opening`], nothing here decides *who* may read. It finds one fact of the policy
//! tuple, [`SharingDecision`], and whether somebody was the one to say it.

mod basis;
mod law;
mod rules;

use jiff::civil::Date;

pub use basis::{Controller, LawfulBasis, lawful_basis};
pub use law::{NotStopped, beyond, consent_asked, goes_on_in_part, not_stopped};
pub(crate) use rules::capacity_faults;
pub use rules::{Ages, DECISIONS_MAX, Fault, faults};

use crate::access::SharingDecision;
use crate::route::SettingKind;
use crate::section::{KindSet, SectionKind};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $number:literal $text:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$word_doc])* $word = $number),+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$word),+];

            /// The word in entries and on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$word => $text),+ }
            }

            /// The number in the contract and in rows.
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// The word of that number, if there is one.
            pub fn from_number(number: i64) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| i64::from(word.number()) == number)
            }
        }
    )+};
}

words! {
    /// Who said it. Never a name.
    Giver {
        /// The learner.
        Learner = 1 "learner",
        /// Somebody with parental responsibility.
        Parent = 2 "parent",
        /// Who decides for a learner of 16 or more that lacks capacity for this decision.
        Representative = 3 "representative",
    }

    /// By which right it was theirs to say.
    Basis {
        /// From 16: presumed to have capacity (Mental Capacity Act 2005 s1).
        OwnDecision = 1 "own_decision",
        /// Under 16, and found to understand what is decided.
        CompetentChild = 2 "competent_child",
        /// Children Act 1989 s3.
        ParentalResponsibility = 3 "parental_responsibility",
        /// A deputy of the Court of Protection or an attorney (Mental Capacity Act 2005 s9, s16).
        DeputyOrAttorney = 4 "deputy_or_attorney",
        /// A best-interests decision (Mental Capacity Act 2005 s4).
        BestInterests = 5 "best_interests",
    }

    /// Towards which class of receivers: as the consents of college forms have it.
    Toward {
        /// Nurseries, childminders, schools, colleges, training providers.
        Education = 1 "education",
        /// Health services.
        Health = 2 "health",
        /// Adult social care.
        AdultSocialCare = 3 "adult_social_care",
        /// Councils, as officers and where they are recipients.
        Council = 4 "council",
        /// Who has parental responsibility and looks at the record. No setting is of it.
        Family = 5 "family",
    }

    /// What was said.
    Said {
        /// Agreed, or consented where law asks for that.
        Allowed = 1 "allowed",
        /// Refused.
        Refused = 2 "refused",
        /// It may go on, but an objection stands.
        Objection = 3 "objection",
        /// What was said before is taken back: nothing is decided.
        Withdrawn = 4 "withdrawn",
    }
}

impl Toward {
    /// The class a setting is of, if it receives at all.
    pub const fn of(kind: SettingKind) -> Option<Self> {
        Some(match kind {
            SettingKind::Nursery
            | SettingKind::Childminder
            | SettingKind::School
            | SettingKind::College
            | SettingKind::TrainingProvider => Self::Education,
            SettingKind::HealthService => Self::Health,
            SettingKind::AdultSocialCare => Self::AdultSocialCare,
            SettingKind::Council => Self::Council,
            // What it is sent is the setting's it acts for.
            SettingKind::Vendor => return None,
        })
    }
}

/// One decision. Which setting it names, if any, its holder knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decision {
    /// Who said it.
    pub giver: Giver,
    /// By which right.
    pub basis: Basis,
    /// Towards whom.
    pub toward: Toward,
    /// About what; empty: everything.
    pub kinds: KindSet,
    /// What.
    pub said: Said,
    /// When, a civil date in London.
    pub said_on: Date,
    /// When capacity for this decision was assessed, where that is its basis.
    pub assessed_on: Option<Date>,
}

impl Decision {
    fn reaches(&self, toward: Toward, kind: Option<SectionKind>) -> bool {
        let about = kind.is_some_and(|kind| self.kinds.contains(kind));
        self.toward == toward && (self.kinds.is_empty() || about)
    }
}

/// A decision among all of a move, in the order they were recorded.
#[derive(Clone, Copy, Debug)]
struct Candidate<'a> {
    decision: &'a Decision,
    /// It names this setting, and no other one.
    named: bool,
    place: usize,
}

impl Candidate<'_> {
    fn when(&self) -> (Date, usize) {
        (self.decision.said_on, self.place)
    }

    /// Whether it speaks of this setting and this kind as expressly as another one.
    fn is_as_precise_as(&self, other: &Self) -> bool {
        let listed = |one: &Self| !one.decision.kinds.is_empty();
        (self.named || !other.named) && (listed(self) || !listed(other))
    }

    fn level(&self) -> (bool, bool) {
        (self.named, !self.decision.kinds.is_empty())
    }

    fn refuses(&self) -> bool {
        self.decision.said == Said::Refused
    }

    /// Whether it takes a refusal back: said later, of the same or of something narrower.
    fn lifts(&self, refusal: &Self) -> bool {
        !self.refuses() && self.when() > refusal.when() && self.is_as_precise_as(refusal)
    }
}

/// The decision that counts for one setting and one kind, of those that name no other setting, in the
/// order they were recorded; with each, whether it names this one. No kind: whatever is sent.
///
/// A refusal stands until it is taken back of the same or of something narrower: a form that allows
/// "education" does not open what was refused to one college. What the learner said counts before
/// what a parent said: a parent does not take back what a competent child refused.
pub fn standing<'a>(
    all: impl Iterator<Item = (&'a Decision, bool)>,
    toward: Toward,
    kind: Option<SectionKind>,
) -> Option<&'a Decision> {
    let all: Vec<Candidate<'a>> = all
        .enumerate()
        .filter(|(_, (decision, _))| decision.reaches(toward, kind))
        .map(|(place, (decision, named))| Candidate {
            decision,
            named,
            place,
        })
        .collect();
    let side = |parent: bool| {
        let of = all
            .iter()
            .filter(|one| (one.decision.giver == Giver::Parent) == parent);
        counts(&of.copied().collect::<Vec<_>>())
    };
    side(false).or_else(|| side(true))
}

fn counts<'a>(all: &[Candidate<'a>]) -> Option<&'a Decision> {
    // What was said last of each level stands for it, or nothing if that was taken back.
    let last = |one: &&Candidate<'_>| {
        let newer =
            |other: &Candidate<'_>| other.level() == one.level() && other.when() > one.when();
        !all.iter().any(newer) && one.decision.said != Said::Withdrawn
    };
    let live: Vec<Candidate<'a>> = all.iter().filter(last).copied().collect();
    let stands = |one: &&Candidate<'_>| one.refuses() && !live.iter().any(|other| other.lifts(one));
    let refusal = live.iter().find(stands);
    let others = live.iter().filter(|one| !one.refuses());
    let found = refusal.or_else(|| others.max_by_key(|one| one.when()));
    found.map(|one| one.decision)
}

/// What the policies are told about one setting and one kind.
///
/// What a refusal cannot stop is as if nobody had refused it; what law asks consent for is as if
/// refused until there is one.
pub fn sharing<'a>(
    all: impl Iterator<Item = (&'a Decision, bool)>,
    toward: Toward,
    kind: Option<SectionKind>,
) -> SharingDecision {
    let said = standing(all, toward, kind).map(|one| one.said);
    match (said, kind) {
        (Some(Said::Allowed), _) => SharingDecision::Allowed,
        (_, Some(kind)) if not_stopped(toward, kind).is_some() => SharingDecision::Undecided,
        (Some(Said::Refused), _) => SharingDecision::Refused,
        (_, Some(kind)) if consent_asked(toward, kind).is_some() => SharingDecision::Refused,
        _ => SharingDecision::Undecided,
    }
}

/// Whether a kind goes to one setting in part only: it was refused, alone or with others, and law keeps
/// a refusal from stopping some of its fields and no more.
pub fn in_part<'a>(
    all: impl Iterator<Item = (&'a Decision, bool)>,
    toward: Toward,
    kind: SectionKind,
) -> bool {
    let cut = not_stopped(toward, kind).is_some_and(|one| one.fields.is_some());
    cut && standing(all, toward, Some(kind)).is_some_and(|one| one.said == Said::Refused)
}

#[cfg(test)]
mod tests;
