//! Other rules while everybody works: who may put them into force, what is refused, what they change
//! and from which entry on.

mod kept;
mod program;
mod race;
mod shown;
mod wrong;

use baton_domain::access::{PolicyText, Tuple};
use baton_wire::status::Reason;
use baton_wire::v1::{self, Role};
use serde_json::Value;

use crate::harness::*;

/// The shipped policies with one policy more.
fn with(policy: &str) -> String {
    let shipped = PolicyText::shipped();
    let files = shipped.files().chain([("local.cedar", policy)]);
    PolicyText::of(files).unwrap().canonical()
}

fn hash(text: &str) -> String {
    PolicyText::from_canonical(text).unwrap().hash()
}

/// SENCOs are shown a little less.
fn without_send() -> String {
    with(
        r#"@id("no_send_for_now") forbid (principal, action == Action::"read", resource)
        when { context.relation == Relation::"named_destination" && context.kind == Kind::"send" };"#,
    )
}

fn asked(who: &Caller, text: &str, expected: &str) -> v1::ReplacePolicySetRequest {
    v1::ReplacePolicySetRequest {
        parent: who.setting.clone(),
        text: text.to_owned(),
        expected_hash: expected.to_owned(),
        reason: "Agreed by the board".to_owned(),
        request_id: fresh(),
        ..Default::default()
    }
}

impl Caller {
    async fn replace(
        &self,
        request: v1::ReplacePolicySetRequest,
    ) -> Answer<v1::ReplacePolicySetResponse> {
        let answer = self.policies().replace_policy_set(request).await;
        answer.map(tonic::Response::into_inner)
    }

    async fn in_force(&self) -> v1::GetPolicyInForceResponse {
        let parent = self.setting.clone();
        let asked = v1::GetPolicyInForceRequest { parent };
        let told = self.policies().get_policy_in_force(asked).await;
        told.unwrap().into_inner()
    }

    async fn policy_changes(&self, start: i64) -> Answer<v1::ListPolicyChangesResponse> {
        let request = v1::ListPolicyChangesRequest {
            parent: self.setting.clone(),
            start,
            page_size: 1,
        };
        let told = self.policies().list_policy_changes(request).await;
        told.map(tonic::Response::into_inner)
    }
}

/// Every decision of an entry once more, by the policies of a text.
fn is_decided_by(entry: &Line, set: &baton_domain::access::PolicySet) {
    assert_eq!(entry.text("policy_set"), set.hash());
    for decision in entry.array("decisions") {
        let decision: Value = serde_json::from_slice(&decision.to_bytes()).unwrap();
        for answer in decision["answers"].as_array().unwrap() {
            let bits = u32::try_from(answer["kinds"].as_u64().unwrap()).unwrap();
            let kinds = baton_domain::section::KindSet::try_from(bits).unwrap();
            let mut kinds: Vec<_> = kinds.iter().map(Some).collect();
            if kinds.is_empty() {
                kinds.push(None);
            }
            for kind in kinds {
                let tuple = Tuple::of_decision(&decision["tuple"], kind).unwrap();
                assert_eq!(answer["allowed"], set.decide(&tuple).allowed, "{entry:?}");
            }
        }
    }
}

on_both_engines! {
    async fn another_set_decides_from_the_next_entry_on_and_the_old_one_is_put_back_by_its_hash(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let name = sender.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        let officer = &exchange.officer;
        let shipped = receiver.in_force().await;
        assert_eq!(shipped.hash, PolicyText::shipped().hash());
        assert_eq!(shipped.text, PolicyText::shipped().canonical());
        let whole = receiver.get(&name).await.unwrap();
        assert!(whole.content.unwrap().send.is_some());

        // Tried first: told what it would change, and nothing changes.
        let strict = without_send();
        let before = exchange.size();
        let tried = officer.replace(v1::ReplacePolicySetRequest {
            validate_only: true,
            ..asked(officer, &strict, &shipped.hash)
        }).await.unwrap();
        assert!(!tried.replaced);
        assert_eq!((tried.hash.clone(), tried.previous_hash), (hash(&strict), shipped.hash.clone()));
        assert!(!tried.differences.is_empty());
        for one in &tried.differences {
            let of = (one.action.as_str(), one.relation.as_str(), one.kind.as_str(), one.gained);
            assert_eq!(of, ("read", "named_destination", "send", 0));
            assert!(one.lost > 0 && one.lost < one.circumstances);
        }
        assert_eq!(exchange.size(), before + 1, "trying is an entry");
        assert_eq!(receiver.in_force().await.hash, shipped.hash);

        let request = asked(officer, &strict, &shipped.hash);
        let done = officer.replace(request.clone()).await.unwrap();
        assert!(done.replaced);
        assert_eq!(done.differences, tried.differences);
        let switch = done.receipt.unwrap().position;
        assert_eq!(receiver.in_force().await.hash, hash(&strict));
        let less = receiver.get(&name).await.unwrap().content.unwrap();
        assert!(less.send.is_none() && less.identity.is_some());

        // The same request again is the first one, and not another change.
        let again = officer.replace(request.clone()).await.unwrap();
        assert!(again.receipt.unwrap().replayed && again.replaced);
        let other = v1::ReplacePolicySetRequest { reason: "Something else".to_owned(), ..request };
        assert_eq!(refused(officer.replace(other).await).reason, Reason::RequestIdConflict);
        // Whoever compared with a set that is gone compares again.
        let late = officer.replace(asked(officer, &with("// as it was\n"), &shipped.hash)).await;
        assert_eq!(refused(late).reason, Reason::PolicySetChanged);
        // What is in force already is not put there again.
        let same = officer.replace(asked(officer, &strict, &hash(&strict))).await.unwrap();
        assert!(!same.replaced && same.differences.is_empty());

        // Back, by the hash alone.
        let back = officer.replace(v1::ReplacePolicySetRequest {
            hash: shipped.hash.clone(),
            ..asked(officer, "", &hash(&strict))
        }).await.unwrap();
        let returned = back.receipt.unwrap().position;
        assert!(receiver.get(&name).await.unwrap().content.unwrap().send.is_some());

        let sets = [&shipped.text, &strict].map(|text| {
            baton_domain::access::PolicySet::parse(PolicyText::from_canonical(text).unwrap()).unwrap()
        });
        for (position, entry) in exchange.lines(0).await.iter().enumerate() {
            let position = i64::try_from(position).unwrap();
            let strict = position > switch && position <= returned;
            is_decided_by(entry, &sets[usize::from(strict)]);
            let (kind, verdict) = entry.said();
            if position == switch || position == returned {
                assert_eq!((kind, verdict), ("policy_replaced", "done"));
                assert_eq!(entry.text("detail/reason"), "Agreed by the board");
                assert_eq!(entry.text("detail/old"), entry.text("policy_set"));
            } else {
                assert!((kind, verdict) != ("policy_replaced", "done"), "at {position}");
            }
        }

        // The history says the same, a page a change.
        let auditor = exchange.person(&exchange.primary, &[Role::Auditor]).await;
        let first = auditor.policy_changes(0).await.unwrap();
        let second = auditor.policy_changes(first.next_start).await.unwrap();
        let told: Vec<_> = [first.changes, second.changes.clone()].concat();
        let told: Vec<_> = told.iter().map(|it| (it.position, it.previous_hash.as_str(), it.hash.as_str())).collect();
        let strict = hash(&strict);
        assert_eq!(told, [(switch, shipped.hash.as_str(), strict.as_str()),
            (returned, strict.as_str(), shipped.hash.as_str())]);
        assert_eq!(second.changes[0].credential, officer.credential);
        assert_eq!(second.changes[0].reason, "Agreed by the board");
        let end = auditor.policy_changes(second.next_start).await.unwrap();
        assert_eq!((end.changes, end.next_start), (Vec::new(), 0));
    }

    async fn a_set_that_was_replaced_is_in_force_after_a_restart(exchange) {
        let strict = without_send();
        let officer = exchange.officer.clone();
        let expected = PolicyText::shipped().hash();
        officer.replace(asked(&officer, &strict, &expected)).await.unwrap();
        exchange.stop().await;
        exchange.start(false).await.unwrap();
        assert_eq!(exchange.officer.in_force().await.hash, hash(&strict));
        exchange.officer.policy_changes(0).await.unwrap();
        let last = exchange.lines(0).await.pop().unwrap();
        assert_eq!(last.text("policy_set"), hash(&strict));
    }
}
