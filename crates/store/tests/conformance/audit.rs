//! What an auditor can check: positions, proofs, the fold of access rows, who saw whom.

use std::collections::{BTreeMap, BTreeSet};

use baton_domain::access::{Role, RoleSet};
use baton_domain::act::{
    Acknowledge, Lease, ListAccessRows, ListEntries, ListSettings, Offer, Plan, Pull, Redirect,
    WhoSaw, Whose, Withdraw,
};
use baton_domain::entry::{ENTRY_BYTES_MAX, ITEMS_MAX};
use baton_domain::log::verify::{Record, Verifier};
use baton_domain::log::{Checkpoint, Hash, Json, verify_consistency, verify_inclusion};
use baton_domain::route::{Route, SettingKind};
use baton_domain::section::{KindSet, SectionKind};
use baton_store::Refusal;
use jiff::civil::date;

use crate::engine::on_both_engines;
use crate::line::Line;
use crate::values::{code, grantable, publishable, setting, upn};
use crate::world::World;

impl World {
    pub(crate) fn opened(&self, checkpoint: &str) -> Checkpoint {
        let key = self.ledger.verifier_key().parse().unwrap();
        Checkpoint::open(checkpoint.as_bytes(), &[key]).unwrap()
    }

    /// The last commitment to each access row, out of the entries alone.
    pub(crate) async fn fold(&self) -> BTreeMap<(String, String), String> {
        let mut fold = BTreeMap::new();
        for body in self.bodies().await {
            let entry = Line::parse(&body);
            for at in 0..entry.array("rows").len() {
                let text = |name| entry.text(&format!("rows/{at}/{name}")).to_owned();
                fold.insert((text("table"), text("key")), text("commitment"));
            }
        }
        fold
    }

    /// The commitments to the rows as they are stored.
    pub(crate) async fn access_rows(&self, limit: usize) -> BTreeMap<(String, String), String> {
        let mut rows = BTreeMap::new();
        let mut after = None;
        loop {
            let act = ListAccessRows { after, limit };
            let page = self.ledger.act(&self.officer, act).await.unwrap().value;
            for (table, key, commitment) in page.rows {
                let hex = baton_domain::log::Hash::new(commitment).to_string();
                assert_eq!(
                    rows.insert((table.to_owned(), key), hex),
                    None,
                    "shown once"
                );
            }
            after = page.next;
            if after.is_none() {
                return rows;
            }
        }
    }
}

on_both_engines! {
    async fn every_entry_is_proved_against_every_later_checkpoint(home) {
        let world = World::new(home).await;
        let mut checkpoints = vec![world.ledger.checkpoint().await.unwrap()];
        for round in 0..6 {
            // Beyond 256 entries the tree has stored nodes.
            let list = ListSettings { after: None, limit: 1, code: None };
            let acts = (0..20 + 10 * round).map(|_| world.ledger.act(&world.officer, list.clone()));
            let done = futures::future::join_all(acts).await;
            checkpoints.push(done.last().unwrap().as_ref().unwrap().receipt.clone().unwrap().checkpoint);
        }
        assert!(world.size() > 256);
        let checkpoints: Vec<_> = checkpoints.iter().map(|text| world.opened(text)).collect();
        for (at, newer) in checkpoints.iter().enumerate() {
            for position in (0..newer.size).step_by(7) {
                let proof = world.ledger.inclusion(position, Some(newer.size)).await.unwrap().unwrap();
                let leaf = proof.leaf.unwrap();
                verify_inclusion(&leaf, position, newer.size, &proof.hashes, &newer.root).unwrap();
            }
            for older in &checkpoints[..at] {
                let proof = world.ledger.consistency(older.size, Some(newer.size)).await;
                let proof = proof.unwrap().unwrap().hashes;
                let (old, new) = ((older.size, &older.root), (newer.size, &newer.root));
                verify_consistency(old.0, old.1, new.0, new.1, &proof).unwrap();
            }
        }
        assert_eq!(world.ledger.inclusion(world.size(), None).await.unwrap(), None);
        assert_eq!(world.ledger.inclusion(0, Some(world.size() + 1)).await.unwrap(), None);

        let newest = world.opened(&world.ledger.checkpoint().await.unwrap());
        let act = ListEntries { start: 0, limit: 1_000 };
        let mut verifier = Verifier::new(&newest);
        let entries = world.ledger.act(&world.officer, act).await.unwrap().value.entries;
        for (position, body, leaf) in &entries {
            let record = Record { position: *position, entry: body.as_deref(), leaf: Some(*leaf) };
            assert_eq!(verifier.record(record).faults, Vec::new());
        }
        assert_eq!(verifier.finish().faults, Vec::new());
    }

    async fn a_receipt_names_its_entry_and_a_checkpoint_that_covers_it(home) {
        let world = World::new(home).await;
        let list = ListSettings { after: None, limit: 1, code: None };
        let acts = (0..30).map(|_| world.ledger.act(&world.officer, list.clone()));
        for done in futures::future::join_all(acts).await {
            let receipt = done.unwrap().receipt.unwrap();
            let checkpoint = world.opened(&receipt.checkpoint);
            assert!(checkpoint.size > receipt.position);
            let proof = world.ledger.inclusion(receipt.position, Some(checkpoint.size)).await;
            let (leaf, hashes) = (receipt.leaf, proof.unwrap().unwrap().hashes);
            let (at, size) = (receipt.position, checkpoint.size);
            verify_inclusion(&leaf, at, size, &hashes, &checkpoint.root).unwrap();
        }
    }

    async fn access_rows_are_the_fold_of_the_entries(home) {
        let world = World::new(home).await;
        whole_walk(&world).await;
        let rows = world.access_rows(7).await;
        let fold = world.fold().await;
        for table in ["credential", "profile", "recipient", "setting", "setting_code", "transition"] {
            assert!(rows.keys().any(|(of, _)| of == table), "no {table} in the walk");
        }
        assert_eq!(rows, fold);
        // A right that somebody gives itself in the database shows.
        let all = grantable().collect::<RoleSet>().bits();
        home.tamper(&format!("UPDATE credential SET roles = {all}")).await;
        assert_ne!(world.access_rows(1_000).await, fold);
    }

    async fn entries_say_what_the_golden_file_of_their_kind_says(home) {
        let world = World::new(home).await;
        whole_walk(&world).await;
        let members = |entry: &Line| match entry.get("detail") {
            Some(Json::Obj(detail)) => detail.keys().cloned().collect(),
            _ => BTreeSet::new(),
        };
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../domain/tests/golden/entry");
        let mut seen = BTreeSet::new();
        for entry in world.entries(0).await {
            let kind = entry.kind().to_owned();
            let file = std::fs::read(format!("{golden}/{kind}.json")).unwrap();
            let (said, known) = (members(&entry), members(&Line::parse(&file)));
            assert!(said.is_subset(&known), "{kind} says {said:?}, its file {known:?}");
            seen.insert(kind);
        }
        assert!(seen.len() > 9, "{seen:?}");
    }

    async fn who_saw_tells_who_was_shown_what(home) {
        let world = World::new(home).await;
        let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
        let receiver = world.caller(&world.secondary.id, &[Role::DataManager]).await;
        let stranger = world.caller(&world.academy.id, &[Role::Senco]).await;
        let subscription = world.subscription(&receiver).await;
        let mut profiles = Vec::new();
        let mut transitions = Vec::new();
        for learner in 0..2 {
            let transition = world.open_move(learner).await;
            let kinds = [SectionKind::Identity, SectionKind::Health];
            let publish = world.publish(&transition, &kinds, "A");
            profiles.push(world.published(&sender, publish).await.value.profile);
            transitions.push(transition);
        }
        let pull = world.pull(&receiver, &subscription, 0).await.unwrap().receipt.unwrap();
        world.fetch(&receiver, &profiles[0]).await.unwrap();
        world.fetch(&stranger, &profiles[0]).await.unwrap_err();

        let ask = |transition| WhoSaw { whose: Whose::Move(transition), start: 0, limit: 500 };
        let answer = world.ledger.act(&receiver, ask(transitions[0].clone())).await;
        assert_eq!(answer.map(|done| done.value), Err(Refusal::Denied));
        let seen = world.ledger.act(&sender, ask(transitions[0].clone())).await.unwrap().value;
        let told: Vec<_> = seen
            .sightings
            .iter()
            .map(|s| {
                let name = s.setting.as_ref().map_or("", |it| it.name.as_str());
                (s.act.as_str(), name, s.allowed, s.kinds)
            })
            .collect();
        let identity = KindSet::of(&[SectionKind::Identity]);
        let both = KindSet::of(&[SectionKind::Identity, SectionKind::Health]);
        let nothing = KindSet::EMPTY;
        assert_eq!(told, [
            ("planned", "Barking and Dagenham", true, nothing),
            ("published", "Ripple Primary", true, both),
            ("pulled", "Eastbrook", true, identity),
            ("fetched", "Eastbrook", true, identity),
            ("fetched", "Riverside", false, nothing),
            ("who_saw_asked", "Eastbrook", false, nothing),
        ]);
        assert_eq!(seen.sightings[2].position, pull.position);
        let (mut pages, mut start) = (Vec::new(), Some(0));
        while let Some(from) = start {
            let act = WhoSaw { start: from, limit: 2, ..ask(transitions[0].clone()) };
            let page = world.ledger.act(&sender, act).await.unwrap().value;
            assert!(page.sightings.len() <= 2);
            pages.extend(page.sightings);
            start = page.next;
        }
        assert_eq!(pages[..seen.sightings.len()], seen.sightings[..]);
        // Bodies whose retention has ended make pages shorter, and end nothing.
        let dropped = format!("UPDATE entry SET body = NULL WHERE position < {}", pull.position);
        home.tamper(&dropped).await;
        let (mut rest, mut start, mut gone) = (Vec::new(), Some(0), 0);
        while let Some(from) = start {
            let act = WhoSaw { start: from, limit: 1, ..ask(transitions[0].clone()) };
            let page = world.ledger.act(&sender, act).await.unwrap().value;
            gone += page.sightings.iter().filter(|s| s.dropped && s.leaf != Hash::new([0; 32])).count();
            rest.extend(page.sightings.into_iter().filter(|s| s.act == "fetched"));
            start = page.next.filter(|next| *next < seen.sightings[5].position);
        }
        assert_eq!(rest, seen.sightings[3..5]);
        assert_eq!(gone, 2, "planned and published: they are told by their leaf hashes alone");
        let other = world.ledger.act(&sender, ask(transitions[1].clone())).await.unwrap().value;
        assert!(other.sightings.iter().all(|sighting| sighting.act != "fetched"));
    }

    async fn one_answer_speaks_of_64_records_of_a_number_and_a_sender_of_its_own(home) {
        let world = World::new(home).await;
        let mut first = None;
        for number in 0..65 {
            let from = format!("gias:2{number:05}");
            let school = setting(SettingKind::School, "One of many", &[from.as_str()]);
            let school = world.import(school).await;
            let plan = Plan { from: code(&from), ..world.plan(upn(1)) };
            world.planned(&world.officer, plan).await.unwrap();
            first.get_or_insert(school.id);
            let whose = Whose::Known(upn(1));
            let ask = WhoSaw { whose, start: 0, limit: 500 };
            let answer = world.ledger.act(&world.officer, ask.clone()).await;
            if number < 64 {
                let seen = answer.unwrap().value.sightings;
                let planned = seen.iter().filter(|it| it.act == "planned").count();
                assert_eq!(planned, number + 1);
                continue;
            }
            assert_eq!(answer.unwrap_err(), Refusal::Failed("TOO_MANY_LEARNERS"));
            let sender = world.caller(first.as_ref().unwrap(), &[Role::Publisher]).await;
            let own = world.ledger.act(&sender, ask).await.unwrap().value.sightings;
            assert_eq!(own.iter().filter(|it| it.act == "planned").count(), 1);
        }
    }

    async fn a_refused_act_names_the_move_it_was_about(home) {
        let world = World::new(home).await;
        let stranger = world.caller(&world.academy.id, &[Role::Publisher]).await;
        let transition = world.open_move(1).await;
        let size = world.size();
        let publish = world.publish(&transition, &[SectionKind::Identity], "A");
        world.ledger.act(&stranger, publish).await.unwrap_err();
        let (to, offer) = (None, Offer::default());
        let redirect = Redirect { transition: transition.clone(), to, offer, request: world.request() };
        world.ledger.act(&stranger, redirect).await.unwrap_err();
        for entry in world.entries(size).await {
            assert_eq!(entry.verdict(), "denied");
            assert_eq!(entry.text("detail/transition"), transition.as_str());
            assert_eq!(entry.text("decisions/0/answers/0/policies/0"), "default_deny");
            assert_eq!(entry.text("decisions/0/tuple/relation"), "none");
        }
    }

    async fn the_largest_turn_stays_under_the_limit_of_an_entry_and_loses_nothing(home) {
        let world = World::new(home).await;
        let all = [Role::Publisher, Role::Dsl];
        let sender = world.caller(&world.primary.id, &all).await;
        let roles: Vec<Role> = grantable().collect();
        let receiver = world.caller(&world.secondary.id, &roles).await;
        let subscription = world.subscription(&receiver).await;
        // As many different questions as one receiver can be asked: routes of every rule.
        let routes = ["primary-secondary", "in-year", "special-school", "y11-post16", "infant-junior"];
        let sent = (0..100u32).map(|learner| {
            let route = Route::find(routes[learner as usize % routes.len()]).unwrap();
            let plan = Plan {
                route,
                start_date: Some(date(2026, 4, 1)),
                final_plan_names_receiver: true,
                ..world.plan(upn(learner))
            };
            let (world, sender) = (&world, &sender);
            async move {
                let planned = world.planned(&world.officer, plan).await.unwrap().transition;
                let publish = world.publish(&planned.id, &publishable(false), "A");
                world.published(sender, publish).await;
            }
        });
        futures::future::join_all(sent).await;
        let open = world.size();
        world.hand.send(crate::values::at("2026-04-16T12:00:00Z")).unwrap();
        // The moves that open in April arrive one by one; all others are there.
        world.grown_to(open + 20).await;
        let (mut from, mut turns, mut items) = (0.into(), 0, Vec::new());
        loop {
            let act = Pull { subscription: subscription.clone(), from, limit: 500, inline: false, lease: Lease::Break };
            let pulled = world.ledger.act(&receiver, act).await.unwrap().value;
            if pulled.items.is_empty() {
                break;
            }
            assert!(pulled.items.len() <= ITEMS_MAX);
            items.extend(pulled.items.iter().map(|item| item.position));
            (from, turns) = (pulled.next, turns + 1);
        }
        assert_eq!(items.len(), 100);
        assert!(items.is_sorted_by(|a, b| a < b), "each once and in order");
        assert!(turns < 8, "turns are not cut short: {turns}");
        let largest = world.bodies().await.iter().map(Vec::len).max().unwrap();
        assert!(largest <= ENTRY_BYTES_MAX, "{largest}");
        assert!(largest > ENTRY_BYTES_MAX / 4, "the worst case is one: {largest}");
    }
}

/// Every kind of act that changes an access row.
async fn whole_walk(world: &World) {
    let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
    let receiver = world.caller(&world.secondary.id, &[Role::Senco]).await;
    let subscription = world.subscription(&receiver).await;
    for learner in 0..4 {
        let transition = world.open_move(learner).await;
        let kinds = [SectionKind::Identity, SectionKind::Send];
        let publish = world.publish(&transition, &kinds, "A");
        let profile = world.published(&sender, publish).await.value.profile;
        world
            .published(&sender, world.publish(&transition, &kinds, "B"))
            .await;
        world.pull(&receiver, &subscription, 0).await.unwrap();
        let request = world.request();
        match learner {
            0 => {
                let act = Acknowledge {
                    profile,
                    version: 2,
                    request,
                };
                world.ledger.act(&receiver, act).await.unwrap();
            }
            1 => {
                world
                    .ledger
                    .act(&sender, Withdraw { profile, request })
                    .await
                    .unwrap();
            }
            _ => {
                let (to, offer) = (Some(code("gias:100004")), Offer::default());
                let act = Redirect {
                    transition,
                    to,
                    offer,
                    request,
                };
                world.ledger.act(&sender, act).await.unwrap();
            }
        }
    }
}

#[test]
fn an_entry_line_is_looked_into_by_path() {
    let body = [baton_domain::entry::PREFIX, br#"{"a":[{"b":"c"}]}"#].concat();
    assert_eq!(Line::parse(&body).text("a/0/b"), "c");
    assert_eq!(Line::parse(&body).get("a/1"), None::<&Json>);
}
