//! The words a rule may use: closed lists, each with the name that policies,
//! entries and schema spell it by.

use crate::opening::OpeningRule;

/// Declares a closed list of words. The list is written once and gives the
/// order (`ALL`), the spelling (`name`), the way back (`parse`) and the number
/// the packed tuple uses (`index`), so that none of them can disagree.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$word_doc])* #[serde(rename = $text)] $word,)+
        }

        impl $name {
            /// Every word, in order.
            pub const ALL: &'static [Self] = &[$(Self::$word),+];

            /// The spelling in policies, entries and schema.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$word => $text,)+ }
            }

            /// The word of that exact spelling, if there is one.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$word),)+ _ => None }
            }

            /// The place in [`Self::ALL`].
            pub const fn index(self) -> usize {
                self as usize
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}
pub(super) use vocabulary;

vocabulary! {
    /// How the acting setting (or person) stands to what is asked about. Found
    /// from facts under the head lock, never claimed by the caller.
    Relation {
        /// It wrote the contribution, or will: the sending side of this learner.
        Source = "source",
        /// It looks after what a closed setting left: this contribution among it.
        Caretaker = "caretaker",
        /// The one setting the transition goes to.
        NamedDestination = "named_destination",
        /// Named beside the destination with a subset of kinds. That the kind asked
        /// for is in the subset is part of the fact: outside it the relation is `None`.
        FurtherRecipient = "further_recipient",
        /// One of several schools an EHC plan may still name.
        Provisional = "provisional",
        /// Registered together with another setting (dual registration, trial move).
        Dual = "dual",
        /// Was a destination and no longer is.
        Former = "former",
        /// The council that keeps this learner's EHC plan, through its caseworkers.
        CouncilCaseworker = "council_caseworker",
        /// The council the settings or the learner belong to.
        Council = "council",
        /// The learner.
        SelfPerson = "self",
        /// Someone with parental responsibility.
        Family = "family",
        /// A stranger.
        None = "none",
    }
}

impl Relation {
    /// Whether it is on the sending side: the setting that wrote, or who looks after what it left.
    pub const fn sends(self) -> bool {
        matches!(self, Self::Source | Self::Caretaker)
    }

    /// Whether it is the learner, or somebody of the family, with the own record.
    pub const fn is_own(self) -> bool {
        matches!(self, Self::SelfPerson | Self::Family)
    }

    /// Whether it is on the receiving side of a transition that is still its own,
    /// so that the opening rule decides from when and until when.
    pub const fn receives(self) -> bool {
        matches!(
            self,
            Self::NamedDestination | Self::FurtherRecipient | Self::Provisional | Self::Dual
        )
    }
}

vocabulary! {
    /// What the learner or family decided about sharing with this recipient.
    SharingDecision {
        /// Nobody decided anything, or an objection stands and it goes on; the lawful basis is
        /// not consent, so this is the usual state.
        Undecided = "undecided",
        /// Refused; or law asks for a consent, and there is none.
        Refused = "refused",
        /// Agreed, where law asks for an agreement.
        Allowed = "allowed",
    }
}

vocabulary! {
    /// Where the learner stands on the two age lines of the law.
    AgeStage {
        /// Before the 16th birthday.
        Under16 = "under_16",
        /// From the 16th birthday: the council instruction is the young person's own.
        From16 = "from_16",
        /// From the day after the last Friday in June of that school year, and no earlier than the
        /// birthday: SEND decisions too.
        PostCompulsory = "post_compulsory",
    }
}

vocabulary! {
    /// Whether the caller is the setting itself or a vendor acting for it.
    Delegation {
        /// The setting's own credential or person.
        Direct = "direct",
        /// A vendor whose delegation covers this.
        Vendor = "vendor",
        /// A vendor whose delegation does not cover this, or has run out.
        VendorWithoutThis = "vendor_without_this",
    }
}

vocabulary! {
    /// How sure we are who is calling.
    Assurance {
        /// Possession of a registered private key.
        Certificate = "certificate",
        /// Possession of an API key: whoever copied it has it too.
        Key = "key",
        /// A person with a second factor.
        PersonSecondFactor = "person_second_factor",
    }
}

vocabulary! {
    /// The routes, grouped by the rule that opens them.
    RouteGroup {
        /// Opens on offer day.
        Coordinated = "coordinated",
        /// Opens when the final plan names the placement.
        EhcPlan = "ehc_plan",
        /// Opens with each accepted offer.
        Post16 = "post_16",
        /// Opens on the agreed start date.
        InYear = "in_year",
        /// Opens when the person releases it, or in their recorded best interests.
        Adult = "adult",
    }
}

impl From<OpeningRule> for RouteGroup {
    fn from(rule: OpeningRule) -> Self {
        match rule {
            OpeningRule::Coordinated(_) => Self::Coordinated,
            OpeningRule::EhcPlan => Self::EhcPlan,
            OpeningRule::AcceptedOffer => Self::Post16,
            OpeningRule::AgreedStart => Self::InYear,
            OpeningRule::Release => Self::Adult,
        }
    }
}
