//! What another set narrows is narrowed at once, on open streams too; what it widens comes to whoever
//! had gone past it.

use baton_domain::access::PolicyText;
use baton_wire::status::Reason;
use baton_wire::v1::{self, Point, Role};
use tonic::Streaming;

use super::{asked, hash, with, without_send};
use crate::harness::*;

/// Data managers are shown these kinds, too.
fn more_for_data_managers(kinds: &[&str]) -> String {
    let kinds: Vec<String> = kinds
        .iter()
        .map(|kind| format!("Kind::\"{kind}\""))
        .collect();
    let kinds = kinds.join(", ");
    with(&format!(
        "@id(\"more\") permit (principal in Role::\"data_manager\", action == Action::\"read\", resource)
        when {{ context.relation == Relation::\"named_destination\" && [{kinds}].contains(context.kind) }};"
    ))
}

/// Puts a set into force; the position of that.
async fn put(officer: &Caller, text: &str) -> i64 {
    let expected = officer.in_force().await.hash;
    let done = officer
        .replace(asked(officer, text, &expected))
        .await
        .unwrap();
    assert_eq!(done.hash, hash(text));
    done.receipt.unwrap().position
}

/// The next turn that shows something: a stream that waits long gets bookmarks.
async fn next(watch: &mut Streaming<v1::WatchResponse>) -> v1::WatchResponse {
    loop {
        let turn = watch.message().await.unwrap().unwrap();
        if !turn.items.is_empty() {
            break turn;
        }
    }
}

fn shows(items: &[v1::Item], kind: &str) -> bool {
    kinds(the_profile(items)).iter().any(|shown| shown == kind)
}

on_both_engines! {
    async fn a_stream_that_is_open_shows_less_from_the_next_item_on(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let mut watch = receiver.watch(&subscription, "").await.unwrap();
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let turn = next(&mut watch).await;
        assert!(shows(&turn.items, "send"));

        put(&exchange.officer, &without_send()).await;
        sender.publish(submission(&of, typical(2, of.point))).await.unwrap();
        let turn = next(&mut watch).await;
        assert!(!shows(&turn.items, "send"));

        // Who may not subscribe at all any more is told so, and shown nothing.
        put(&exchange.officer, &with(
            r#"@id("no_feed") forbid (principal, action == Action::"subscribe", resource);"#,
        )).await;
        sender.publish(submission(&of, typical(3, of.point))).await.unwrap();
        let end = loop {
            match watch.message().await {
                Ok(Some(turn)) => assert_eq!(turn.items, []),
                end => break end,
            }
        };
        assert_eq!(refused(end).reason, Reason::PermissionDenied);
    }

    async fn what_somebody_is_shown_more_of_comes_again_to_a_token_that_was_past_it(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::DataManager]).await;
        let subscription = receiver.subscribe().await.unwrap();
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let first = receiver.await_item(&subscription, "").await.unwrap();
        assert!(!shows(&first.items, "learner_voice"));
        // Another school's move, for which nobody is there who would be shown more.
        let to_another = v1::PlannedTransition {
            to: Some(exchange.academy.code.clone()),
            ..exchange.plan_of(Point::PrimaryToSecondary)
        };
        let other = exchange.planned_as(to_another).await;
        let lead = exchange.person(&other.to, &[Role::ReceiverLead]).await;
        let leads = lead.subscribe().await.unwrap();
        sender.publish(submission(&other, typical(2, other.point))).await.unwrap();
        let seen = lead.await_item(&leads, "").await.unwrap();

        let since = put(&exchange.officer, &more_for_data_managers(&["learner_voice"])).await;
        let again = receiver.await_item(&subscription, &first.token).await.unwrap();
        assert!(shows(&again.items, "learner_voice"));
        is_released_since(exchange, &again.items, since).await;

        // A pass that was broken off begins again, and tells nobody twice. The next one comes after.
        exchange.stop().await;
        exchange.home.tamper("UPDATE policy_change SET told = 0").await;
        exchange.start(false).await.unwrap();
        let receiver = receiver.at(&exchange.door);
        let both = more_for_data_managers(&["learner_voice", "family_voice"]);
        let since = put(&exchange.officer, &both).await;
        let third = receiver.await_item(&subscription, &again.token).await.unwrap();
        assert!(shows(&third.items, "family_voice"));
        is_released_since(exchange, &third.items, since).await;
        let none = lead.at(&exchange.door).pull(&leads, &seen.token).await.unwrap();
        assert_eq!(none.items, [], "nobody there is shown more");
    }
}

/// The one item was put there because of the change at that position.
async fn is_released_since(exchange: &Exchange, items: &[v1::Item], since: i64) {
    let position = u64::try_from(items[0].position).unwrap();
    let entry = exchange.lines(position).await.remove(0);
    assert_eq!(entry.said(), ("released", "done"));
    let told = entry
        .get("detail/policies_since")
        .map(baton_domain::log::Json::to_bytes);
    assert_eq!(told, Some(since.to_string().into_bytes()));
    assert_eq!(entry.array("detail/to").len(), 1);
}

#[test]
fn both_servers_show_less_at_once_and_tell_of_more() {
    run(async || {
        let Some(home) = Home::postgres().await else {
            return;
        };
        let exchange = Exchange::new(home).await;
        let (second, other) = exchange.second().await;
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await.at(&other);
        let subscription = receiver.subscribe().await.unwrap();
        let name = sender
            .publish(submission(&of, typical(1, of.point)))
            .await
            .unwrap()
            .name;
        let mut watch = receiver.watch(&subscription, "").await.unwrap();
        let turn = next(&mut watch).await;
        assert!(shows(&turn.items, "send"));

        put(&exchange.officer, &without_send()).await;
        let less = receiver.get(&name).await.unwrap().content.unwrap();
        assert!(
            less.send.is_none(),
            "on the other server, the very next call"
        );
        assert_eq!(receiver.in_force().await.hash, hash(&without_send()));

        // Back again from the other server: what was hidden in between comes once more.
        let officer = exchange.officer.at(&other);
        put(&officer, &PolicyText::shipped().canonical()).await;
        let again = next(&mut watch).await;
        assert!(shows(&again.items, "send"));
        second.stop().await;
        exchange.end().await;
    });
}
