//! Who saw a learner: found by a number, told to those who may ask and to nobody else, and what is
//! given out to the family leaves its entry.

use baton_wire::v1::{self, Point, Role};

use crate::harness::*;

impl Caller {
    async fn ask(&self, request: v1::WhoSawRequest) -> Answer<v1::WhoSawResponse> {
        let request = v1::WhoSawRequest {
            parent: self.setting.clone(),
            ..request
        };
        Ok(self.audit().who_saw(request).await?.into_inner())
    }

    async fn who_saw_by(&self, id: &v1::LearnerIdentifier) -> Answer<Vec<v1::Sighting>> {
        let learner = Some(id.clone());
        let request = v1::WhoSawRequest {
            learner,
            ..Default::default()
        };
        Ok(self.ask(request).await?.sightings)
    }

    async fn disclose(
        &self,
        request: v1::RecordDisclosureRequest,
    ) -> Answer<v1::RecordDisclosureResponse> {
        let request = v1::RecordDisclosureRequest {
            parent: self.setting.clone(),
            ..request
        };
        Ok(self.audit().record_disclosure(request).await?.into_inner())
    }
}

/// A child whom two senders know by the same number, and the two moves.
async fn known_twice(exchange: &Exchange) -> (v1::LearnerIdentifier, Move, Move) {
    let first = exchange.open_move().await;
    let number = first.learner[0].clone();
    let later = v1::PlannedTransition {
        learner: vec![number.clone()],
        ..exchange.plan_of(Point::SecondaryToPost16)
    };
    let later = exchange.planned_as(later).await;
    (number, first, later)
}

fn given(transition: String) -> v1::RecordDisclosureRequest {
    v1::RecordDisclosureRequest {
        transition,
        audience: v1::DisclosureAudience::Parent.into(),
        commitment: vec![0xd1; 32].into(),
        lines: 12,
        withheld: vec![v1::WithheldLines {
            exemption: "child_abuse".to_owned(),
            lines: 2,
        }],
        request_id: fresh(),
        ..Default::default()
    }
}

on_both_engines! {
    async fn of_a_turn_that_showed_both_who_may_not_know_of_class_r_is_told_the_rest(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let lead = exchange.person(&of.from, &[Role::Dsl, Role::Publisher]).await;
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        lead.publish(submission(&of, crate::recipients::restricted())).await.unwrap();
        let reader = exchange.person(&of.to, &[Role::Dsl]).await;
        let subscription = reader.subscribe().await.unwrap();
        let turn = reader.pull(&subscription, "").await.unwrap();
        assert_eq!(turn.items.len(), 2, "one turn with both");
        for (who, items) in [(&sender, 1), (&lead, 2)] {
            let all = who.who_saw(&of.name).await.unwrap();
            let shown: Vec<_> = all.iter().filter(|one| !one.items.is_empty()).collect();
            let [shown] = shown.as_slice() else { panic!("one turn showed something: {all:?}") };
            assert_eq!(shown.items.len(), items, "{shown:?}");
            let note = shown.kinds.iter().any(|kind| kind == "child_protection_note");
            assert_eq!(note, items == 2, "{shown:?}");
        }
    }

    async fn by_a_number_everyone_is_told_of_the_records_they_may_ask_for(exchange) {
        let (number, first, later) = known_twice(exchange).await;
        let auditor = Setting { name: exchange.officer.setting.clone(), ..first.to.clone() };
        let auditor = exchange.person(&auditor, &[Role::Auditor]).await;
        let primary = exchange.person(&first.from, &[Role::Publisher]).await;
        let secondary = exchange.person(&later.from, &[Role::Publisher]).await;
        let elsewhere = exchange.person(&exchange.elsewhere, &[Role::Publisher]).await;
        primary.publish(submission(&first, typical(1, first.point))).await.unwrap();
        secondary.publish(submission(&later, typical(2, later.point))).await.unwrap();
        let acts = |seen: &[v1::Sighting]| -> Vec<(String, String)> {
            seen.iter().map(|it| (it.act.clone(), it.setting.clone())).collect()
        };
        let of = |act: &str, setting: &str| (act.to_owned(), setting.to_owned());
        let (council, one, two) = (&exchange.officer.setting, &first.from.name, &later.from.name);

        let all = auditor.who_saw_by(&number).await.unwrap();
        assert_eq!(acts(&all), [
            of("planned", council), of("planned", council),
            of("published", one), of("published", two),
        ]);
        assert!(all.is_sorted_by_key(|it| it.position));
        let own = primary.who_saw_by(&number).await.unwrap();
        assert_eq!(acts(&own), [
            of("planned", council), of("published", one), of("who_saw_asked", council),
        ]);
        let other = secondary.who_saw_by(&number).await.unwrap();
        assert_eq!(acts(&other), [
            of("planned", council), of("published", two), of("who_saw_asked", council),
        ]);

        // A stranger is told the same of this child as of one nobody knows.
        let nobody = upn(exchange.number());
        let stranger = refused(elsewhere.who_saw_by(&number).await);
        assert_eq!(stranger, refused(elsewhere.who_saw_by(&nobody).await));
        let former = v1::LearnerIdentifier { scheme: "former_upn".to_owned(), ..number.clone() };
        assert_eq!(stranger, refused(primary.who_saw_by(&former).await), "it leads to nobody");
        let asked = auditor.who_saw_by(&number).await.unwrap();
        let refused = asked.iter().filter(|it| !it.allowed);
        let by: Vec<_> = refused.map(|it| (it.act.as_str(), it.setting.as_str())).collect();
        assert_eq!(by, [("who_saw_asked", exchange.elsewhere.name.as_str())], "and it stands there");

        // Page by page it is the same, each entry once.
        let (mut pages, mut start) = (Vec::new(), 0);
        loop {
            let learner = Some(number.clone());
            let request = v1::WhoSawRequest { learner, start, page_size: 1, ..Default::default() };
            let page = auditor.ask(request).await.unwrap();
            assert!(page.sightings.len() <= 1);
            pages.extend(page.sightings);
            start = page.next_start;
            if start == 0 || pages.len() == all.len() { break }
        }
        assert_eq!(pages, all);

        let (entries, _) = exchange.officer.entries(0).await;
        for entry in entries {
            let body = String::from_utf8(entry.body.to_vec()).unwrap();
            assert!(!body.contains(&number.value), "the number stands in {body}");
        }
    }

    async fn a_learner_is_found_by_the_alias_entries_have_and_by_one_thing_only(exchange) {
        let (number, first, _) = known_twice(exchange).await;
        let sender = exchange.person(&first.from, &[Role::Publisher]).await;
        let stranger = exchange.person(&exchange.elsewhere, &[Role::Publisher]).await;
        let before = exchange.size();
        sender.who_saw(&first.name).await.unwrap();
        let entry = exchange.one_since(before).await;
        let alias = entry.text("detail/learner").to_owned();
        let by = |alias: &str| v1::WhoSawRequest { alias: alias.to_owned(), ..Default::default() };
        let seen = sender.ask(by(&alias)).await.unwrap().sightings;
        assert_eq!(seen.last().unwrap().act, "who_saw_asked");
        let denied = refused(stranger.ask(by(&alias)).await);
        let nobody = "als_00000000000000000000000000";
        assert_eq!(denied, refused(sender.ask(by(nobody)).await));

        let learner = Some(number);
        let both = v1::WhoSawRequest { learner, ..by(&alias) };
        assert_eq!(refused(sender.ask(both).await).rules(), [("transition", "field.beside")]);
        assert_eq!(refused(sender.ask(by(MARKER)).await).rules(), [("alias", "alias")]);
        let wrong = v1::LearnerIdentifier { scheme: "upn".to_owned(), value: MARKER.to_owned() };
        let rules = refused(sender.who_saw_by(&wrong).await);
        assert_eq!(rules.rules().len(), 1, "{rules:?}");
    }

    async fn a_sighting_says_who_by_which_role_and_what_proves_it(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let name = sender.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        receiver.get(&name).await.unwrap();
        receiver.reject(&name, 1, v1::RejectReason::Duplicate).await.unwrap();
        let seen = sender.who_saw(&of.name).await.unwrap();
        let [planned, published, fetched, rejected] = &seen[..] else { panic!("{seen:?}") };
        let part = |it: &v1::ConcernedSetting| (it.part.clone(), it.setting.clone());
        let to: Vec<_> = planned.concerned.iter().map(part).collect();
        assert_eq!(to, [("to".to_owned(), of.to.name.clone())]);
        assert_eq!(published.version, 1);
        assert_eq!(published.profile, name);
        assert!(published.kinds.contains(&"identity".to_owned()), "{published:?}");
        assert_eq!(fetched.roles().collect::<Vec<_>>(), [Role::Senco]);
        assert_eq!((fetched.version, &fetched.transition), (1, &sender.mine(&of.name)));
        assert_eq!(rejected.what, "REJECT_REASON_DUPLICATE");
        let request = v1::GetInclusionProofRequest {
            parent: sender.setting.clone(),
            position: fetched.position,
            tree_size: 0,
        };
        let proof = sender.audit().get_inclusion_proof(request).await.unwrap().into_inner();
        assert_eq!(proof.leaf_hash, fetched.leaf_hash);

        // A label may name somebody: one's own, or for who reads the whole ledger.
        assert_eq!(published.credential_label, "of a test");
        assert_eq!(fetched.credential_label, "", "of another setting");
        let told = exchange.officer.who_saw(&of.name).await.unwrap();
        assert!(told.iter().all(|it| !it.credential_label.is_empty()), "{told:?}");
    }

    async fn what_is_given_out_leaves_an_entry_without_the_text(exchange) {
        let (number, of, _) = known_twice(exchange).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let request = given(sender.mine(&of.name));
        let before = exchange.size();
        let receipt = sender.disclose(request.clone()).await.unwrap().receipt.unwrap();
        let entry = exchange.one_since(before).await;
        assert_eq!(entry.said(), ("disclosure_recorded", "done"));
        assert_eq!(entry.text("detail/audience"), "parent");
        assert_eq!(entry.text("detail/commitment"), "d1".repeat(32));
        let number_of = |path: &str| match entry.get(path) {
            Some(baton_domain::log::Json::Int(number)) => *number,
            other => panic!("{other:?}"),
        };
        assert_eq!(number_of("detail/lines"), 12);
        assert_eq!(number_of("detail/withheld/child_abuse"), 2);

        let size = exchange.size();
        let again = sender.disclose(request.clone()).await.unwrap().receipt.unwrap();
        assert_eq!((again.position, exchange.size()), (receipt.position, size), "told once");
        let other = v1::RecordDisclosureRequest { lines: 13, ..request };
        let reason = refused(sender.disclose(other).await).reason;
        assert_eq!(reason, baton_wire::status::Reason::RequestIdConflict);

        let by_number = v1::RecordDisclosureRequest {
            learner: Some(number),
            ..given(String::new())
        };
        exchange.officer.disclose(by_number).await.unwrap();
        let seen = sender.who_saw(&of.name).await.unwrap();
        let told: Vec<_> = seen.iter().filter(|it| it.act == "disclosure_recorded").collect();
        assert!(told.iter().all(|it| it.what == "parent"), "{told:?}");
        let allowed: Vec<bool> = told.iter().map(|it| it.allowed).collect();
        assert_eq!(allowed, [true, true]);
    }

    async fn who_gives_it_out_is_a_person_who_may_and_the_exemption_holds(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let (key, _) = exchange.key_holder(&of.from, &[Role::Publisher]).await;
        let senco = exchange.person(&of.from, &[Role::Senco]).await;
        let receiver = exchange.person(&of.to, &[Role::Publisher]).await;
        key.who_saw(&of.name).await.expect("a key may ask");
        for who in [&key, &senco, &receiver] {
            let before = exchange.size();
            let told = refused(who.disclose(given(who.mine(&of.name))).await);
            assert_eq!(told.reason, baton_wire::status::Reason::PermissionDenied);
            let entry = exchange.one_since(before).await;
            assert_eq!(entry.said(), ("disclosure_recorded", "denied"));
        }
        let exemption = |code: &str| v1::WithheldLines { exemption: code.to_owned(), lines: 1 };
        let wrong = v1::RecordDisclosureRequest {
            audience: v1::DisclosureAudience::YoungPerson.into(),
            withheld: vec![
                exemption("child_abuse"), exemption("crime"), exemption("crime"), exemption(MARKER),
                v1::WithheldLines { lines: 0, ..exemption("adoption") },
            ],
            commitment: vec![1; 31].into(),
            lines: -1,
            ..given(sender.mine(&of.name))
        };
        let before = exchange.size();
        assert_eq!(refused(sender.disclose(wrong).await).rules(), [
            ("commitment", "sha256"),
            ("lines", "number.range"),
            ("withheld[0].exemption", "exemption.audience"),
            ("withheld[2].exemption", "items.twice"),
            ("withheld[3].exemption", "exemption"),
            ("withheld[4].lines", "number.range"),
        ]);
        assert_eq!(exchange.size(), before, "what cannot be decoded is no act");
    }
}
