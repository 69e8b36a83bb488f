//! What is erased is gone for everyone, and every proof taken before still holds.

use std::num::NonZeroU16;

use baton_domain::log::note::VerifierKey;
use baton_domain::log::{Checkpoint, Hash, verify_inclusion};
use baton_wire::status::Reason;
use baton_wire::v1::{self, ItemKind, Role, SectionKind};

use crate::harness::*;

/// The tables that hold anything of a learner.
const OF_LEARNERS: [&str; 7] = [
    "learner",
    "learner_code",
    "about",
    "version",
    "content",
    "receipt",
    "released",
];

/// Rows of each of them.
async fn rows(exchange: &Exchange) -> Vec<(&'static str, i64)> {
    let mut rows = Vec::new();
    for table in OF_LEARNERS {
        let sql = format!("SELECT count(*) FROM {table}");
        rows.push((table, exchange.home.count(&sql).await));
    }
    rows
}

/// A proof that an entry stands in the tree of the newest checkpoint.
async fn prove(caller: &Caller, receipt: &v1::Receipt) {
    let request = v1::GetCheckpointRequest {
        parent: caller.setting.clone(),
    };
    let newest = caller
        .audit()
        .get_checkpoint(request)
        .await
        .unwrap()
        .into_inner();
    let key: VerifierKey = newest.verifier_key.parse().unwrap();
    let newest = Checkpoint::open(newest.checkpoint.as_bytes(), &[key]).unwrap();
    let request = v1::GetInclusionProofRequest {
        parent: caller.setting.clone(),
        position: receipt.position,
        tree_size: i64::try_from(newest.size).unwrap(),
    };
    let proof = caller
        .audit()
        .get_inclusion_proof(request)
        .await
        .unwrap()
        .into_inner();
    let hash = |bytes: &[u8]| Hash::try_from(bytes).unwrap();
    let hashes: Vec<Hash> = proof.hashes.iter().map(|it| hash(it)).collect();
    let position = u64::try_from(receipt.position).unwrap();
    let leaf = hash(&receipt.leaf_hash);
    verify_inclusion(&leaf, position, newest.size, &hashes, &newest.root)
        .expect("a proof taken before still holds");
}

on_both_engines! {
    async fn an_erased_learner_is_gone_for_everyone_and_proofs_go_on(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let before = rows(exchange).await;
        let id = fresh();
        let first = sender.publish_as(&id, submission(&of, typical(1, of.point))).await.unwrap();
        sender.publish(submission(&of, typical(2, of.point))).await.unwrap();
        let seen = receiver.await_item(&subscription, "").await.unwrap();
        receiver.get(&first.name).await.unwrap();
        receiver.acknowledge(&first.name, 2).await.unwrap();
        let published = first.receipt.clone().unwrap();

        let mut dry = sender.erasure(&of.name);
        dry.validate_only = true;
        let would = sender.erase(dry).await.unwrap();
        assert_eq!(would.profiles.len(), 1, "{would:?}");
        receiver.get(&first.name).await.expect("nothing was erased by asking");

        let erased = sender.erase(sender.erasure(&of.name)).await.unwrap();
        assert_eq!(erased.transitions, would.transitions);
        assert_eq!(erased.profiles, would.profiles, "the dry run told what would go");
        assert_eq!(erased.receivers.as_slice(), std::slice::from_ref(&of.to.name), "Article 19");
        assert!(!erased.more);

        let closed = receiver.await_item(&subscription, &seen.token).await.unwrap();
        assert_eq!(closed.items[0].kind(), ItemKind::Closed, "receivers are told");
        for denied in [
            receiver.get(&first.name).await.map(drop),
            sender.get(&first.name).await.map(drop),
            receiver.transition(&of.name).await.map(drop),
            receiver.acknowledge(&first.name, 2).await.map(drop),
            exchange.officer.transition(&of.name).await.map(drop),
        ] {
            assert_eq!(refused(denied).reason, Reason::PermissionDenied);
        }
        let left = sender.transition(&of.name).await.unwrap();
        assert_eq!(left.state(), v1::TransitionState::Erased);
        assert_eq!((left.learner.len(), left.to.as_str()), (0, ""), "that there was one, no more");
        assert_eq!(sender.list_transitions().await.unwrap(), []);
        let late = receiver.pull(&subscription, "").await.unwrap();
        assert!(late.items.iter().all(|item| item.kind() != ItemKind::Profile), "{late:?}");

        let mut expected = before.clone();
        for (table, count) in &mut expected {
            // Planned by the council, and asked about since by its own request.
            *count = if *table == "about" { 0 } else { *count };
            *count = if table.starts_with("learner") { 0 } else { *count };
        }
        assert_eq!(rows(exchange).await, expected, "no row of the learner is left");

        let replayed = sender.publish_as(&id, submission(&of, typical(1, of.point))).await;
        assert_eq!(refused(replayed).reason, Reason::Erased, "request ids outlive what they did");
        let other = sender.publish_as(&id, submission(&of, typical(3, of.point))).await;
        assert_eq!(refused(other).reason, Reason::RequestIdConflict);
        let again = sender.publish(submission(&of, typical(4, of.point))).await;
        assert_eq!(refused(again).reason, Reason::Erased);
        let again = sender.erase(sender.erasure(&of.name)).await;
        assert_eq!(refused(again).reason, Reason::Erased);

        prove(&receiver, &published).await;
        exchange.verify_all().await;
    }

    async fn what_is_published_and_erased_in_one_commit_leaves_nothing(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let held = exchange.home.hold().await;
        let mut pairs = tokio::task::JoinSet::new();
        for seed in 2..10 {
            let (publish, erase) = (sender.clone(), sender.clone());
            let (next, name) = (submission(&of, typical(seed, of.point)), of.name.clone());
            pairs.spawn(async move {
                let kind = erase.erase_kind(&name, SectionKind::Health);
                tokio::join!(publish.publish(next), kind)
            });
        }
        // Nothing is decided while it is held, and this comes after them.
        let mut late = tonic::Request::new(sender.erasure(&of.name));
        late.set_timeout(std::time::Duration::from_secs(2));
        let unanswered = sender.erasure_calls().erase(late).await.unwrap_err();
        let code = unanswered.code();
        assert!(matches!(code, tonic::Code::DeadlineExceeded | tonic::Code::Cancelled), "{code}");
        held.release().await;
        for (published, _) in pairs.join_all().await {
            if published.is_err() {
                assert_eq!(refused(published).reason, Reason::Erased, "it came last");
            }
        }
        assert_eq!(sender.transition(&of.name).await.unwrap().state(), v1::TransitionState::Erased);
        for table in ["content", "version"] {
            let left = format!("SELECT count(*) FROM {table}");
            assert_eq!(exchange.home.count(&left).await, 0, "{table}");
        }
        exchange.verify_all().await;
    }

    async fn what_is_published_after_its_only_kind_was_erased_stays(exchange) {
        let of = exchange.open_move().await;
        let dsl = exchange.person(&of.from, &[Role::Dsl]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let health = |seed| v1::Sections {
            health: typical(seed, of.point).health,
            ..Default::default()
        };
        let first = dsl.publish(submission(&of, health(1))).await.unwrap();
        // In whatever order and commits they come.
        for seed in 2..20 {
            let (erased, next) = tokio::join!(
                dsl.erase_kind(&of.name, SectionKind::Health),
                dsl.publish(submission(&of, health(seed))),
            );
            let (erased, next) = (erased.unwrap(), next.unwrap());
            let (erased, position) = (erased.receipt.unwrap().position, next.receipt.unwrap().position);
            let left = receiver.get(&next.name).await;
            if position > erased {
                assert_ne!(next.name, first.name, "another contribution");
                assert!(left.unwrap().content.unwrap().health.is_some());
            } else {
                refused(left);
                dsl.publish(submission(&of, health(100 + seed))).await.unwrap();
            }
        }
        assert_eq!(
            refused(dsl.erase_kind(&of.name, SectionKind::Send).await).reason,
            Reason::NothingToErase,
        );
        exchange.verify_all().await;
    }

    async fn a_move_that_was_erased_can_be_planned_again(exchange) {
        let mut plan = exchange.plan_of(v1::Point::PrimaryToSecondary);
        let of = exchange.planned_as(plan.clone()).await;
        plan.academic_year += 1;
        (plan.offer_date, plan.acceptance) = (String::new(), 0);
        let other = exchange.planned_as(plan).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let mut one = sender.erasure(&of.name);
        one.extent = v1::ErasureExtent::Transition.into();
        sender.erase(one).await.unwrap();
        let again = exchange.officer.plan(vec![v1::PlannedTransition {
            learner: of.learner.clone(),
            ..exchange.plan_of(of.point)
        }]).await.unwrap().remove(0).transition.unwrap();
        assert_ne!(under("", &again.name), under("", &of.name));
        let of = Move { name: again.name, ..of };
        sender.publish(submission(&of, typical(2, of.point))).await.expect("a move like any other");
        assert_eq!(sender.transition(&other.name).await.unwrap().learner, other.learner);
    }

    async fn who_had_it_and_lost_it_is_told_of_too_and_sees_nothing_while_it_is_restricted(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let former = exchange.person(&of.to, &[Role::Senco]).await;
        let published = sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        former.get(&published.name).await.unwrap();
        exchange.officer.redirect(&of.name, &exchange.academy, "2026-03-02").await.unwrap();
        former.transition(&of.name).await.expect("a former receiver knows that it was closed");
        sender.restrict(&of.name).await.unwrap();
        assert_eq!(refused(former.transition(&of.name).await).reason, Reason::PermissionDenied);
        exchange.officer.transition(&of.name).await.expect("the council's duty goes on");
        sender.lift(&of.name).await.unwrap();
        former.transition(&of.name).await.unwrap();
        let erased = sender.erase(sender.erasure(&of.name)).await.unwrap();
        assert!(erased.receivers.contains(&of.to.name), "{:?}", erased.receivers);
    }

    async fn bodies_of_old_entries_are_dropped_and_proofs_go_on(exchange) {
        exchange.stop().await;
        exchange.home.bodies_kept = NonZeroU16::new(1);
        exchange.start(false).await.unwrap();
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let published = sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        sender.hold(&of.name, v1::HoldReason::LegalClaim).await.unwrap();
        let receipt = published.receipt.unwrap();

        let size = exchange.size();
        exchange.hand.send_replace(at("2027-04-01T12:00:00Z"));
        assert_eq!(exchange.bodies_dropped(size).await, receipt.position, "what content needs stays");
        sender.get(&published.name).await.expect("it is opened against its entry");
        sender.hold(&of.name, v1::HoldReason::Unspecified).await.unwrap();

        let size = exchange.size();
        exchange.hand.send_replace(at("2027-04-02T12:00:00Z"));
        assert!(exchange.bodies_dropped(size).await > receipt.position);
        prove(&sender, &receipt).await;
        exchange.verify_entries().await;
    }

    async fn an_erasure_asked_twice_is_done_once_and_answered_twice(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let request = sender.erasure(&of.name);
        let first = sender.erase(request.clone()).await.unwrap();
        let second = sender.erase(request.clone()).await.unwrap();
        assert_eq!(first.profiles, second.profiles);
        assert!(second.receipt.unwrap().replayed);
        let other = v1::EraseRequest { reason: v1::ErasureReason::Unlawful.into(), ..request };
        assert_eq!(refused(sender.erase(other).await).reason, Reason::RequestIdConflict);
    }

    async fn all_moves_of_a_learner_go_and_nobody_elses(exchange) {
        let mut plan = exchange.plan_of(v1::Point::PrimaryToSecondary);
        let of = exchange.planned_as(plan.clone()).await;
        let other = exchange.open_move().await;
        plan.academic_year += 1;
        plan.offer_date = String::new();
        plan.acceptance = v1::AcceptanceState::Unspecified.into();
        let next_year = exchange.planned_as(plan).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        for (of, seed) in [(&of, 1), (&other, 2), (&next_year, 3)] {
            sender.publish(submission(of, typical(seed, of.point))).await.unwrap();
        }
        let mut one = sender.erasure(&next_year.name);
        one.extent = v1::ErasureExtent::Transition.into();
        assert_eq!(sender.erase(one).await.unwrap().transitions.len(), 1);
        let left = sender.transition(&of.name).await.unwrap();
        assert_eq!(left.learner, of.learner, "one move went, the learner is known still");
        assert_eq!(sender.erase(sender.erasure(&of.name)).await.unwrap().transitions.len(), 1);
        let left = sender.list_transitions().await.unwrap();
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(left[0].learner, other.learner, "another learner has lost nothing");
        let kept = sender.get(&sender.publish(submission(&other, typical(9, other.point))).await.unwrap().name);
        assert!(kept.await.unwrap().content.is_some());

        let again = exchange.officer.plan(vec![v1::PlannedTransition {
            learner: of.learner.clone(),
            ..exchange.plan_of(of.point)
        }]).await.unwrap().remove(0);
        let again = again.transition.expect("a learner of that number may come again");
        assert_ne!(under("", &again.name), under("", &of.name), "as somebody new");
    }

    async fn one_section_kind_goes_in_all_versions_and_the_rest_stays(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let first = sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        sender.publish(submission(&of, typical(2, of.point))).await.unwrap();
        let seen = receiver.await_item(&subscription, "").await.unwrap();
        let all = kinds(&receiver.get(&first.name).await.unwrap());
        assert!(all.contains(&"health".to_owned()));

        let erased = sender.erase_kind(&of.name, SectionKind::Health).await.unwrap();
        assert_eq!(erased.transitions, [] as [String; 0]);
        assert_eq!(erased.profiles[0].kinds, [i32::from(SectionKind::Health)]);
        let left: Vec<String> = all.into_iter().filter(|kind| kind != "health").collect();
        assert_eq!(kinds(&receiver.get(&first.name).await.unwrap()), left);
        let again = receiver.await_item(&subscription, &seen.token).await.unwrap();
        assert_eq!(the_profile(&again.items).version, 2, "put before the receiver again");
        let rows = format!("SELECT count(*) FROM content WHERE kind = {}", i32::from(SectionKind::Health));
        assert_eq!(exchange.home.count(&rows).await, 0, "of the first version too");

        let anew = sender.publish(submission(&of, typical(2, of.point))).await.unwrap();
        assert_eq!(anew.version, 3, "the same content is a new version now");
        assert!(kinds(&receiver.get(&first.name).await.unwrap()).contains(&"health".to_owned()));
        exchange.verify_all().await;
    }

    async fn who_may_not_write_a_kind_does_not_learn_from_erasing_whether_it_was_there(exchange) {
        let (with, without) = (exchange.open_move().await, exchange.open_move().await);
        let head = exchange.person(&with.from, &[Role::Publisher]).await;
        let dsl = exchange.person(&with.from, &[Role::Dsl]).await;
        let note = v1::Sections {
            child_protection_note: Some(complete_note(&with)),
            ..Default::default()
        };
        dsl.publish(submission(&with, note)).await.unwrap();
        head.publish(submission(&with, typical(1, with.point))).await.unwrap();
        head.publish(submission(&without, typical(2, without.point))).await.unwrap();
        for of in [&with, &without] {
            let told = refused(head.erase_kind(&of.name, SectionKind::ChildProtectionNote).await);
            assert_eq!(told.reason, Reason::PermissionDenied);
        }
        let of_learner = head.erase(v1::EraseRequest { validate_only: true, ..head.erasure(&with.name) });
        let mut shown = of_learner.await.unwrap().profiles;
        assert_eq!(shown.len(), 1, "nor that it is a contribution of its own");
        let shown = shown.remove(0).kinds;
        assert!(!shown.contains(&SectionKind::ChildProtectionNote.into()), "{shown:?}");
        let gone = dsl.erase_kind(&with.name, SectionKind::ChildProtectionNote).await.unwrap();
        assert_eq!(gone.profiles[0].kinds, [i32::from(SectionKind::ChildProtectionNote)]);
    }

    async fn under_a_legal_hold_nothing_is_erased(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let senco = exchange.person(&of.from, &[Role::Senco]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let published = sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        refused(senco.hold(&of.name, v1::HoldReason::Inquiry).await);
        refused(receiver.hold(&of.name, v1::HoldReason::Inquiry).await);
        let held = sender.hold(&of.name, v1::HoldReason::Inquiry).await.unwrap();
        assert!(held.legal_hold);
        for request in [
            sender.erasure(&of.name),
            v1::EraseRequest { validate_only: true, ..sender.erasure(&of.name) },
        ] {
            assert_eq!(refused(sender.erase(request).await).reason, Reason::LegalHold);
        }
        let kind = sender.erase_kind(&of.name, SectionKind::Health).await;
        assert_eq!(refused(kind).reason, Reason::LegalHold);
        let other = senco.erase(senco.erasure(&of.name)).await;
        assert_eq!(refused(other).reason, Reason::PermissionDenied, "not told why");
        receiver.get(&published.name).await.expect("nobody sees more or less");
        let seen = receiver.transition(&of.name).await.unwrap();
        assert!(!seen.legal_hold && seen.kept_until.is_empty(), "no affair of the receiver");

        let freed = sender.hold(&of.name, v1::HoldReason::Unspecified).await.unwrap();
        assert!(!freed.legal_hold);
        sender.erase(sender.erasure(&of.name)).await.unwrap();
    }

    async fn while_processing_is_restricted_receivers_see_nothing_and_nothing_is_published(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let published = sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let seen = receiver.await_item(&subscription, "").await.unwrap();
        let mut watch = receiver.watch(&subscription, &seen.token).await.unwrap();

        assert!(sender.restrict(&of.name).await.unwrap().restricted);
        let hidden = loop {
            let turn = watch.message().await.unwrap().unwrap();
            if let [item] = turn.items.as_slice() {
                break (item.clone(), turn.token.clone());
            }
        };
        assert_eq!(hidden.0.kind(), ItemKind::NotAvailable, "on open streams at once");
        for denied in [
            receiver.get(&published.name).await.map(drop),
            receiver.transition(&of.name).await.map(drop),
        ] {
            assert_eq!(refused(denied).reason, Reason::PermissionDenied);
        }
        sender.get(&published.name).await.expect("the source sees what it has to check");
        let next = sender.publish(submission(&of, typical(2, of.point))).await;
        assert_eq!(refused(next).reason, Reason::ProcessingRestricted);
        let erased = sender.erase(sender.erasure(&of.name)).await;
        assert_eq!(refused(erased).reason, Reason::ProcessingRestricted, "to erase is to process");

        assert!(!sender.lift(&of.name).await.unwrap().restricted);
        let back = receiver.await_item(&subscription, &hidden.1).await.unwrap();
        assert_eq!(the_profile(&back.items).version, 1);
        receiver.get(&published.name).await.expect("as before");
    }

    async fn what_was_erased_is_erased_again_from_an_older_copy(exchange) {
        let (of, part, other) = (exchange.open_move().await, exchange.open_move().await, exchange.open_move().await);
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let name = sender.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        let partly = sender.publish(submission(&part, typical(2, part.point))).await.unwrap().name;
        let whole = sender.publish(submission(&other, typical(3, other.point))).await.unwrap().name;
        // Of two moves of a learner one goes, of which nothing was published.
        let mut plan = exchange.plan_of(v1::Point::PrimaryToSecondary);
        plan.learner.clone_from(&other.learner);
        (plan.academic_year, plan.offer_date, plan.acceptance) = (plan.academic_year + 1, String::new(), 0);
        let single = exchange.planned_as(plan).await;
        exchange.stop().await;
        exchange.home.copy().await;
        exchange.start(false).await.unwrap();
        let sender = sender.at(&exchange.door);
        sender.erase(sender.erasure(&of.name)).await.unwrap();
        sender.erase_kind(&part.name, SectionKind::Health).await.unwrap();
        let mut one = sender.erasure(&single.name);
        one.extent = v1::ErasureExtent::Transition.into();
        sender.erase(one).await.unwrap();
        exchange.stop().await;
        exchange.home.put_back().await;

        exchange.start(true).await.unwrap();
        let (sender, receiver) = (sender.at(&exchange.door), receiver.at(&exchange.door));
        assert_eq!(refused(receiver.get(&name).await).reason, Reason::PermissionDenied);
        assert_eq!(sender.transition(&of.name).await.unwrap().state(), v1::TransitionState::Erased);
        let left = kinds(&receiver.get(&partly).await.unwrap());
        assert!(!left.contains(&"health".to_owned()), "{left:?}");
        assert!(kinds(&receiver.get(&whole).await.unwrap()).contains(&"health".to_owned()));
        let single = sender.transition(&single.name).await.unwrap();
        assert_eq!((single.state(), single.to.as_str()), (v1::TransitionState::Erased, ""));
        let again = async |exchange: &Exchange| {
            let lines = exchange.lines(0).await;
            lines.iter().filter(|line| line.said().0 == "erased_again").count()
        };
        assert_eq!(again(exchange).await, 1);
        exchange.verify_all().await;
        exchange.stop().await;
        exchange.start(false).await.unwrap();
        assert_eq!(again(exchange).await, 1, "nothing is left to do");
    }
}

/// A note that a DSL may publish.
fn complete_note(of: &Move) -> v1::ChildProtectionNote {
    let bytes = complete(7, &of.learner);
    let sections: v1::Sections = prost::Message::decode(bytes).unwrap();
    sections.child_protection_note.unwrap()
}
