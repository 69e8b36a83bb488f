//! Classes, forms and key groups: which learners of a sending setting a contributor works on.
//!
//! Who belongs to which is the sender's own affair and stands with the planned move. There is no
//! register of groups: a group is whatever moves bear its code.

use std::collections::BTreeSet;
use std::fmt;

use crate::ids::IdError;

/// What a setting calls a class, form, registration group or key group: `6B`, `OAK`, `KEY 3`.
///
/// 1 to 16 letters, digits, spaces and `- . / & ' ( )`, upper case, no space at either end. It names
/// a group and no person; since nobody can check that, entries, logs and errors do not repeat it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupCode(String);

impl GroupCode {
    /// Most characters of one.
    pub const CHARACTERS_MAX: usize = 16;

    /// Reads a code; case and spaces around it do not tell groups apart.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let code = text.trim().to_uppercase();
        if !(1..=Self::CHARACTERS_MAX).contains(&code.chars().count()) {
            return Err(IdError::Length);
        }
        let may_stand = |c: char| c.is_alphanumeric() || " -./&'()".contains(c);
        if code.chars().all(may_stand) {
            Ok(Self(code))
        } else {
            Err(IdError::Character)
        }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Says that there is one: it may be a teacher's name all the same.
impl fmt::Debug for GroupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GroupCode({} characters)", self.0.chars().count())
    }
}

/// The groups a contributor works on; none named is every learner of its setting.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Groups(BTreeSet<GroupCode>);

impl Groups {
    /// Most groups of one credential.
    pub const MAX: usize = 20;
    /// Every learner of the setting.
    pub const EVERYBODY: Self = Self(BTreeSet::new());

    /// Whether none is named.
    pub fn is_everybody(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a learner of this group is among them. A learner of no group is in nobody's.
    pub fn include(&self, group: Option<&str>) -> bool {
        self.is_everybody() || group.is_some_and(|code| self.0.iter().any(|own| own.0 == code))
    }

    /// Whether whoever works on these works on all of those.
    pub fn cover(&self, those: &Self) -> bool {
        self.is_everybody() || !those.is_everybody() && those.0.is_subset(&self.0)
    }

    /// The codes, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &GroupCode> {
        self.0.iter()
    }

    /// As a row keeps them. No code has a comma.
    pub fn to_text(&self) -> String {
        let codes: Vec<&str> = self.iter().map(GroupCode::as_str).collect();
        codes.join(",")
    }

    /// From such a row; none if it is not one. Whoever reads it must not take that for everybody.
    pub fn from_text(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::EVERYBODY);
        }
        text.split(',')
            .map(|code| GroupCode::parse(code).ok())
            .collect()
    }
}

impl FromIterator<GroupCode> for Groups {
    fn from_iter<I: IntoIterator<Item = GroupCode>>(codes: I) -> Self {
        Self(codes.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn groups(codes: &[&str]) -> Groups {
        codes.iter().map(|c| GroupCode::parse(c).unwrap()).collect()
    }

    #[test]
    fn a_code_is_short_of_one_case_and_has_no_separator() {
        assert_eq!(GroupCode::parse(" 6b ").unwrap().as_str(), "6B");
        assert_eq!(
            GroupCode::parse("Dosbarth ŵ").unwrap().as_str(),
            "DOSBARTH Ŵ"
        );
        for text in ["", "  ", "a class of 17 cha"] {
            assert_eq!(GroupCode::parse(text), Err(IdError::Length), "{text}");
        }
        for text in ["6,7", "6\n7", "6\u{200b}B", "=6", "6;7"] {
            assert_eq!(GroupCode::parse(text), Err(IdError::Character), "{text}");
        }
    }

    #[test]
    fn debug_does_not_repeat_it() {
        assert!(!format!("{:?}", groups(&["OAK"])).contains("OAK"));
    }

    #[test]
    fn a_learner_of_no_group_is_in_nobodys() {
        assert!(Groups::EVERYBODY.include(None) && Groups::EVERYBODY.include(Some("6B")));
        let own = groups(&["6A", "6B"]);
        assert!(own.include(Some("6B")));
        assert!(!own.include(Some("6C")) && !own.include(None));
    }

    #[test]
    fn a_row_that_is_none_is_not_everybody() {
        assert_eq!(Groups::from_text(""), Some(Groups::EVERYBODY));
        assert_eq!(Groups::from_text(","), None);
        assert_eq!(Groups::from_text("6A,"), None);
    }

    fn any_groups() -> impl Strategy<Value = Groups> {
        prop::collection::btree_set("[A-C][1-3]", 0..4)
            .prop_map(|codes| codes.iter().map(|c| GroupCode::parse(c).unwrap()).collect())
    }

    proptest! {
        #[test]
        fn a_row_is_read_as_it_was_written(of in any_groups()) {
            prop_assert_eq!(Groups::from_text(&of.to_text()), Some(of));
        }

        #[test]
        fn to_cover_is_to_include_whatever_the_others_include(
            (of, those) in (any_groups(), any_groups())
        ) {
            let learners = (b'A'..=b'D').flat_map(|a| (b'1'..=b'4').map(move |b| [a, b]));
            let learners = learners.map(|code| String::from_utf8(code.to_vec()).unwrap());
            let learners: Vec<Option<String>> = learners.map(Some).chain([None]).collect();
            let all = learners.iter().map(Option::as_deref);
            let covers = all.clone().all(|group| !those.include(group) || of.include(group));
            prop_assert_eq!(of.cover(&those), covers);
        }
    }
}
