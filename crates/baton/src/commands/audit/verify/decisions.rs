//! Every decision once more, from the question in the entry and the policies it names.

use std::collections::HashMap;
use std::sync::Arc;

use baton_domain::access::{Decider, PolicySet, PolicyText, Tuple};
use baton_domain::entry::EntryKind;
use baton_domain::section::{KindSet, SectionKind};
use serde::Deserialize;
use serde_json::Value;

use crate::commands::audit::said::Said;

/// Policy sets held at once; a ledger has a few a year.
const SETS_MAX: usize = 16;

/// A question as an entry has it, and the answers it says were given.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::commands::audit) struct Decision {
    tuple: Value,
    answers: Vec<Answer>,
}

/// One answer, for all kinds that got it.
#[derive(Debug, Clone, Deserialize)]
struct Answer {
    kinds: u32,
    allowed: bool,
    policies: Vec<String>,
}

/// The policies that were met so far.
#[derive(Debug, Default)]
pub(in crate::commands::audit) struct Decisions {
    /// By hash; none where there are no such policies.
    sets: HashMap<String, Option<Decider>>,
    /// The set that decides the next entry, as the entries say; none where that cannot be known.
    next: Option<String>,
}

impl Decisions {
    /// Whether the policies of a hash are still to be brought.
    pub(in crate::commands::audit) fn wants(&self, hash: &str) -> bool {
        !self.sets.contains_key(hash)
    }

    /// Takes the policies of a hash over; answers what is wrong with them.
    pub(in crate::commands::audit) fn learn(
        &mut self,
        hash: &str,
        text: Option<&str>,
    ) -> Option<String> {
        if self.sets.len() >= SETS_MAX {
            self.sets.clear();
        }
        let (set, fault) = match text.map(|text| load(hash, text)) {
            Some(Ok(set)) => (Some(Decider::new(Arc::new(set))), None),
            Some(Err(fault)) => (None, Some(fault)),
            None => (None, Some("is not there".to_owned())),
        };
        self.sets.insert(hash.to_owned(), set);
        fault.map(|fault| format!("policy set {hash} {fault}"))
    }

    /// Whether an entry was decided by the policies that the entries before it put into force. What
    /// is changed beside the ledger is found so.
    pub(in crate::commands::audit) fn follows(&mut self, said: &Said) -> Option<&'static str> {
        let set = &said.policy_set;
        let same = self.next.as_ref().is_none_or(|next| next == set);
        let replaced = EntryKind::parse(&said.kind) == Some(EntryKind::PolicyReplaced);
        let new = said.detail.new.as_ref();
        let new = new.filter(|_| replaced && said.verdict == "done");
        self.next = Some(new.unwrap_or(set).clone());
        (!same).then_some("was decided by policies that no entry put into force")
    }

    /// An entry came by that says nothing any more.
    pub(in crate::commands::audit) fn gap(&mut self) {
        self.next = None;
    }

    /// What the policies answer otherwise than an entry says; none where they could not be had.
    pub(in crate::commands::audit) fn check(
        &self,
        hash: &str,
        decisions: &[Decision],
    ) -> Option<String> {
        let decider = self.sets.get(hash)?.as_ref()?;
        decisions
            .iter()
            .find_map(|decision| contradiction(decider, decision))
    }
}

fn contradiction(decider: &Decider, decision: &Decision) -> Option<String> {
    for answer in &decision.answers {
        let Ok(kinds) = KindSet::try_from(answer.kinds) else {
            return Some("decides about a section kind this version does not know".to_owned());
        };
        let mut asked: Vec<Option<SectionKind>> = kinds.iter().map(Some).collect();
        if asked.is_empty() {
            asked.push(None);
        }
        for kind in asked {
            let Ok(tuple) = Tuple::of_decision(&decision.tuple, kind) else {
                return Some("asks the policies what this version cannot ask".to_owned());
            };
            let verdict = decider.decide(&tuple);
            if verdict.allowed != answer.allowed || *verdict.policies != *answer.policies {
                let of = kind.map_or(String::new(), |kind| format!(" for {kind}"));
                let word = |allowed| if allowed { "allowed" } else { "denied" };
                return Some(format!(
                    "says {} by {}{of}, but the policies say {} by {}",
                    word(answer.allowed),
                    answer.policies.join(", "),
                    word(verdict.allowed),
                    verdict.policies.join(", ")
                ));
            }
        }
    }
    None
}

/// The shipped set is known to keep the laws; any other is walked in full, which takes seconds.
fn load(hash: &str, text: &str) -> Result<PolicySet, String> {
    let read = PolicyText::from_canonical(text)
        .ok()
        .filter(|read| read.canonical() == text && read.hash() == hash)
        .ok_or("does not hash to its name")?;
    if read == PolicyText::shipped() {
        return PolicySet::shipped().map_err(|error| format!("cannot be loaded: {error}"));
    }
    PolicySet::parse(read).map_err(|error| format!("cannot be loaded: {error}"))
}

#[cfg(test)]
mod tests {
    use baton_domain::access::{Action, Delegation, Facts, Role, RoleSet};
    use serde_json::json;

    use super::*;

    fn shipped() -> (String, Decisions) {
        let (hash, mut decisions) = (PolicyText::shipped().hash(), Decisions::default());
        assert!(decisions.wants(&hash));
        let text = PolicyText::shipped().canonical();
        assert_eq!(decisions.learn(&hash, Some(&text)), None);
        assert!(!decisions.wants(&hash));
        (hash, decisions)
    }

    fn decision(allowed: bool, policies: &[&str], role: Role) -> Decision {
        let facts = Facts {
            delegation: Delegation::Direct,
            ..Facts::about(Action::ReadAudit, [role].into_iter().collect::<RoleSet>())
        };
        let tuple = serde_json::to_value(Tuple::new(facts)).unwrap();
        let answer = json!({ "kinds": 0, "allowed": allowed, "policies": policies });
        serde_json::from_value(json!({ "tuple": tuple, "answers": [answer] })).unwrap()
    }

    #[test]
    fn an_answer_that_the_policies_give_is_right_and_any_other_is_told() {
        let (hash, decisions) = shipped();
        let right = [
            decision(true, &["auditor_reads_ledger"], Role::Auditor),
            decision(false, &["default_deny"], Role::Publisher),
        ];
        assert_eq!(decisions.check(&hash, &right), None);
        for wrong in [
            decision(true, &["auditor_reads_ledger"], Role::Publisher),
            decision(false, &["default_deny"], Role::Auditor),
            decision(true, &["another_policy"], Role::Auditor),
        ] {
            let told = decisions.check(&hash, &[wrong]).unwrap();
            assert!(told.contains("but the policies"), "{told}");
        }
        let mut strange = decision(true, &["auditor_reads_ledger"], Role::Auditor);
        strange.tuple["colour"] = json!("green");
        assert!(decisions.check(&hash, &[strange]).is_some());
    }

    #[test]
    fn policies_have_to_be_those_of_the_hash() {
        let text = PolicyText::shipped().canonical();
        let (hash, mut decisions) = (PolicyText::shipped().hash(), Decisions::default());
        let changed = text.replacen("auditor", "sweeper", 1);
        let fault = decisions.learn(&hash, Some(&changed)).unwrap();
        assert!(fault.contains("does not hash"), "{fault}");
        let fault = decisions.learn(&"0".repeat(64), None).unwrap();
        assert!(fault.contains("is not there"), "{fault}");
    }
}
