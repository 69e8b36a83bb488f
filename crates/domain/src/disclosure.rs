//! What may be left out of an account that a parent or young person asked for, and by which law.
//!
//! A right of access (UK GDPR Article 15) gives way to these exemptions of the Data Protection Act
//! 2018 and to no others. Which of them holds is a decision of the controller's officer, line by
//! line; here stands which there are, and for whom.

/// Who asked for the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Somebody with parental responsibility.
    Parent,
    /// The learner, competent to ask.
    YoungPerson,
}

impl Audience {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Parent, Self::YoungPerson];

    /// The word in entries and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::YoungPerson => "young_person",
        }
    }

    /// The audience of that word.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// A ground on which something is left out.
#[derive(Debug, PartialEq, Eq)]
pub struct Exemption {
    /// The word in entries and on the command line.
    pub code: &'static str,
    /// Where it stands.
    pub provision: &'static str,
    /// When it holds.
    pub test: &'static str,
    /// Only against somebody who asks by parental responsibility.
    pub parents_only: bool,
}

macro_rules! exemptions {
    ($($code:literal, $parents_only:literal, $provision:literal: $test:literal;)+) => {
        /// Every one.
        pub const EXEMPTIONS: &[Exemption] = &[$(Exemption {
            code: $code,
            provision: $provision,
            test: $test,
            parents_only: $parents_only,
        }),+];
    };
}

exemptions! {
    "rights_of_others", false, "DPA 2018 Sch 2 para 16":
        "it would disclose another individual who has not agreed and to whom it is not reasonable \
         to disclose it";
    "crime", false, "DPA 2018 Sch 2 para 2":
        "it would be likely to prejudice the prevention or detection of crime";
    "legal_privilege", false, "DPA 2018 Sch 2 para 19":
        "legal professional privilege could be maintained";
    "serious_harm_health", false, "DPA 2018 Sch 3 para 5":
        "health data that would be likely to cause serious harm to somebody's health; a health \
         professional was asked (para 6)";
    "serious_harm_social_work", false, "DPA 2018 Sch 3 para 11":
        "social work data that would be likely to prejudice social work by causing serious harm to \
         somebody's health";
    "serious_harm_education", false, "DPA 2018 Sch 3 para 19":
        "education data that would be likely to cause serious harm to somebody's health";
    "child_abuse", true, "DPA 2018 Sch 3 para 21":
        "whether the child is, was or may be at risk of abuse, where telling is not in the child's \
         best interests";
    "adoption", false, "DPA 2018 Sch 4 para 3":
        "adoption records and reports";
    "not_personal_data", false, "UK GDPR Art 4(1)":
        "it is not about the learner";
}

impl Exemption {
    /// Who asked before, and for what, is about that person, too.
    pub const RIGHTS_OF_OTHERS: &'static Self = &EXEMPTIONS[0];

    /// The exemption of that word.
    pub fn find(code: &str) -> Option<&'static Self> {
        EXEMPTIONS.iter().find(|it| it.code == code)
    }

    /// Whether it can be held against this audience.
    pub fn binds(&self, audience: Audience) -> bool {
        audience == Audience::Parent || !self.parents_only
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_exemption_is_found_by_its_code_and_one_holds_against_parents_only() {
        for exemption in EXEMPTIONS {
            assert_eq!(Exemption::find(exemption.code), Some(exemption));
            assert!(exemption.binds(Audience::Parent));
        }
        assert_eq!(Exemption::RIGHTS_OF_OTHERS.code, "rights_of_others");
        let loose = EXEMPTIONS
            .iter()
            .filter(|it| !it.binds(Audience::YoungPerson));
        let loose: Vec<&str> = loose.map(|it| it.code).collect();
        assert_eq!(loose, ["child_abuse"]);
        for audience in Audience::ALL {
            assert_eq!(Audience::parse(audience.name()), Some(audience));
        }
    }
}
