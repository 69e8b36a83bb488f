//! What must not be written of a learner is not published, wherever in the profile it stands.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role, SectionKind};

use super::{OLD, faults, local, others};
use crate::harness::*;

/// A profile in which nothing leads back.
fn clean(of: &Move) -> v1::ProfileSubmission {
    let mut content = typical(3, of.point);
    let identity = content.identity.as_mut().unwrap();
    identity.former_upns.clear();
    if let Some(characteristics) = &mut content.characteristics {
        characteristics.former_names.clear();
    }
    submission(of, content)
}

fn strategies(what_works: &str) -> v1::SupportStrategies {
    v1::SupportStrategies {
        what_works: Some(what_works.to_owned()),
        ..Default::default()
    }
}

fn with(of: &Move, change: impl FnOnce(&mut v1::Sections)) -> v1::ProfileSubmission {
    let mut changed = clean(of);
    change(changed.content.as_mut().unwrap());
    changed
}

on_both_engines! {
    async fn everything_that_would_lead_back_is_told_at_once_and_nothing_is_stored(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let answer = sender.guards(&of.name, &OLD).await.unwrap();
        assert_eq!((answer.phrases, answer.published_before), (3, false));
        let mut wrong = with(&of, |content| {
            let identity = content.identity.as_mut().unwrap();
            identity.legal_surname = Some("ASHDOWN-Reed".to_owned());
            identity.former_upns.push(upn(77).value);
            let name = v1::FormerName { surname: Some("Doe".to_owned()), ..Default::default() };
            content.characteristics.get_or_insert_default().former_names.push(name);
            content.support_strategies = Some(strategies("Sits with Mrs O’Ferrall, near Marigold  lane."));
        });
        wrong.signatory = "B. Ashdown, head".to_owned();
        let size = exchange.size();
        let told = refused(sender.publish(wrong).await);
        assert_eq!(
            faults(&told),
            [
                ("profile.content.identity.former_upns", "former.upn"),
                ("profile.content.characteristics.former_names", "former.name"),
                ("profile.signatory", "former.phrase"),
                ("profile.content.identity.legal_surname", "former.phrase"),
                ("profile.content.support_strategies.what_works", "former.phrase"),
            ]
        );
        let line = exchange.one_since(size).await;
        assert_eq!(line.said(), ("published", "failed"), "a slip like any other: {line:?}");
        assert_eq!(line.text("reason"), "ANOTHER_LEARNER");
        assert_eq!(exchange.home.count("SELECT count(*) FROM profile").await, 0);
        assert_eq!(exchange.home.count("SELECT count(*) FROM content").await, 0);

        let published = sender.publish(clean(&of)).await.unwrap();
        let title = (SectionKind::SupportStrategies, "Report on Zoë Ashdown");
        let told = refused(sender.begin(sender.announce(&published.name, title, b"of a year")).await.map(drop));
        assert_eq!(faults(&told), [("title", "former.phrase")]);
        exchange.verify_all().await;
    }

    async fn a_guard_holds_for_who_else_writes_for_later_moves_and_after_a_restart(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Dsl]).await;
        sender.guards(&of.name, &OLD).await.unwrap();
        let named = |of: &Move| with(of, |content| {
            content.support_strategies = Some(strategies("as with the Ashdowns, as Ashdown"));
        });
        let later = exchange.planned_as(v1::PlannedTransition {
            academic_year: 2026,
            offer_date: String::new(),
            acceptance: v1::AcceptanceState::Unspecified.into(),
            learner: of.learner.clone(),
            ..exchange.plan_of(of.point)
        }).await;
        exchange.stop().await;
        exchange.start(false).await.unwrap();
        let door = exchange.door.clone();
        let writer = exchange.person(&of.from, &[Role::Publisher]).await.at(&door);
        for of in [&of, &later] {
            let told = refused(writer.publish(named(of)).await);
            assert_eq!(faults(&told).len(), 1, "{told:?}");
        }
        // Another learner's profile may say the same.
        let other = exchange.open_move().await;
        writer.publish(named(&other)).await.unwrap();
        // Taken away, and said anew: the whole list each time.
        let sender = sender.at(&door);
        assert_eq!(sender.guards(&of.name, &["Reed"]).await.unwrap().phrases, 1);
        writer.publish(named(&of)).await.unwrap();
        let gone = sender.guards(&of.name, &[]).await.unwrap();
        assert_eq!((gone.phrases, gone.published_before), (0, true));
    }

    async fn who_answers_for_the_learner_guards_and_nobody_else(exchange) {
        let of = exchange.open_move().await;
        let nowhere = format!("{}/transitions/trn_{}", of.from.name, "0".repeat(26));
        for who in others(exchange, &of).await {
            let there = refused(who.guards(&of.name, &OLD).await);
            let absent = refused(who.guards(&nowhere, &OLD).await);
            assert_eq!(there.reason, Reason::PermissionDenied, "{}", who.setting);
            assert_eq!(there.reason, absent.reason);
            assert_eq!(there.violations, absent.violations);
            if who.setting == of.from.name {
                let told = refused(who.readmits(&of.learner).await.map(drop));
                assert_eq!(told.reason, Reason::PermissionDenied);
            }
        }
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let size = exchange.size();
        sender.guards(&of.name, &OLD).await.unwrap();
        let line = exchange.one_since(size).await;
        assert_eq!(line.said(), ("identity_guarded", "done"));
        let text = format!("{line:?}");
        let transition = of.name.rsplit('/').next().unwrap();
        for tells in ["als_", transition, "learner"] {
            assert!(!text.contains(tells), "the entry names nobody: {text}");
        }
    }

    async fn bad_phrases_are_told_at_once_and_repeat_nothing(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let long = MARKER.repeat(20);
        let told = refused(sender.guards(&of.name, &["x", "Ashdown", &long, "", "?!"]).await);
        let rules: Vec<_> = told.violations.iter().map(|one| (one.field.as_str(), one.rule.as_str())).collect();
        assert_eq!(
            rules,
            [
                ("phrases[0]", "phrase.short"),
                ("phrases[2]", "phrase.long"),
                ("phrases[3]", "phrase.short"),
                ("phrases[4]", "phrase.short"),
            ]
        );
        let many: Vec<String> = (0..33).map(|one| format!("name{one}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        let told = refused(sender.guards(&of.name, &many).await);
        assert_eq!(told.violations[0].rule, "items.count");
        let none = refused(sender.readmits(&[]).await.map(drop));
        assert_eq!(none.violations[0].rule, "items.count");
        let bad = refused(sender.readmits(&[local("")]).await.map(drop));
        assert_eq!(bad.reason, Reason::InvalidRequest);
    }

    async fn an_erased_learner_leaves_no_guard(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        sender.guards(&of.name, &OLD).await.unwrap();
        sender.erase(sender.erasure(&of.name)).await.unwrap();
        let told = refused(sender.guards(&of.name, &OLD).await);
        assert_eq!(told.reason, Reason::Erased);
        assert_eq!(exchange.home.count("SELECT count(*) FROM learner").await, 0);
    }
}
