//! Two servers on one PostgreSQL database: one ledger, whoever asks which of them.

use baton_wire::status::Reason;
use baton_wire::v1::{self, ItemKind, Point, Role};
use futures::future::{join_all, try_join_all};
use tonic::Streaming;

use crate::harness::*;

/// Makes every commit take its time, from outside: what a busy disk or a distant replica does.
pub(crate) const DAWDLE: &str = "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(random() * 0.02); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle();";

/// Publishers at the same time, half of them on each server.
const PUBLISHERS: usize = 8;

/// Reads a watch until so many items came; their positions.
async fn gather(mut watch: Streaming<v1::WatchResponse>, count: usize) -> Answer<Vec<i64>> {
    let mut positions = Vec::new();
    while positions.len() < count {
        let turn = watch
            .message()
            .await?
            .expect("a watch does not end by itself");
        assert!(
            turn.items
                .iter()
                .all(|item| item.kind() == ItemKind::Profile),
            "{turn:?}"
        );
        positions.extend(turn.items.iter().map(|item| item.position));
    }
    Ok(positions)
}

/// One race: everyone publishes `each` profiles, and a watch on each server sees them all.
pub(crate) async fn race(exchange: &Exchange, other: &Door, (name, each): (&str, usize)) -> usize {
    let plans = (0..PUBLISHERS * each).map(|_| exchange.plan_of(Point::PrimaryToSecondary));
    let planned = exchange.officer.plan(plans.collect()).await.unwrap();
    let moves: Vec<v1::Transition> = planned
        .into_iter()
        .map(|it| it.transition.unwrap())
        .collect();
    let receiver = exchange
        .person(&exchange.secondary, &[Role::ReceiverLead])
        .await;
    let there = receiver.at(other);
    let subscription = receiver
        .subscribe_to(name, Point::Unspecified, 0)
        .await
        .unwrap();
    // Each of them is a consumer of its own.
    let aside = there
        .subscribe_to(&format!("{name}-aside"), Point::Unspecified, 0)
        .await
        .unwrap();
    let from = newest(&receiver, &subscription).await;
    let here = receiver.watch(&subscription, &from).await.unwrap();
    let beside = there.watch(&aside, &from).await.unwrap();

    let publishers =
        join_all((0..PUBLISHERS).map(|_| exchange.person(&exchange.primary, &[Role::Publisher])))
            .await;
    let publishing = try_join_all(publishers.iter().enumerate().map(async |(at, publisher)| {
        let publisher = if at % 2 == 0 {
            publisher.clone()
        } else {
            publisher.at(other)
        };
        let mut positions = Vec::new();
        for (seed, transition) in moves.iter().enumerate().skip(at * each).take(each) {
            let of = Move {
                name: transition.name.clone(),
                learner: transition.learner.clone(),
                point: Point::PrimaryToSecondary,
                from: exchange.primary.clone(),
                to: exchange.secondary.clone(),
            };
            let content = submission(&of, typical(seed as u64, of.point));
            positions.push(publisher.publish(content).await?.receipt.unwrap().position);
        }
        Answer::Ok(positions)
    }));
    let count = moves.len();
    let (published, seen_here, seen_there) =
        tokio::try_join!(publishing, gather(here, count), gather(beside, count)).unwrap();
    let mut published = published.concat();
    published.sort_unstable();
    assert_eq!(
        seen_here, published,
        "all, in order, each once, on the first server"
    );
    assert_eq!(
        seen_there, published,
        "all, in order, each once, on the second server"
    );
    count
}

/// The token behind everything that stands.
async fn newest(receiver: &Caller, subscription: &str) -> String {
    let mut token = String::new();
    loop {
        let turn = receiver.pull(subscription, &token).await.unwrap();
        token = turn.token;
        if turn.items.is_empty() {
            return token;
        }
    }
}

#[test]
fn a_subscriber_on_each_of_two_servers_sees_all_items_once_and_in_order() {
    run(async || {
        let Some(home) = Home::postgres().await else {
            return;
        };
        let exchange = Exchange::new(home).await;
        let (second, other) = exchange.second().await;
        exchange.home.tamper(DAWDLE).await;
        race(&exchange, &other, ("race", 6)).await;
        let entries = exchange.lines(0).await;
        assert_eq!(
            entries.len() as u64 + 1,
            exchange.size(),
            "positions are dense"
        );
        second.stop().await;
        exchange.end().await;
    });
}

#[test]
fn what_one_server_closes_is_closed_on_the_other_at_once() {
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
        the_profile(&watch.message().await.unwrap().unwrap().items);
        receiver.get(&name).await.unwrap();

        exchange
            .officer
            .redirect(&of.name, &exchange.academy, "2026-03-09")
            .await
            .unwrap();
        assert_eq!(
            refused(receiver.get(&name).await).reason,
            Reason::PermissionDenied
        );
        let closed = loop {
            let turn = watch.message().await.unwrap().unwrap();
            if let [item] = turn.items.as_slice() {
                break item.kind();
            }
        };
        assert_eq!(
            closed,
            ItemKind::Closed,
            "its watch on the other server is told"
        );
        exchange.officer.revoke(&receiver.credential).await.unwrap();
        assert_eq!(
            refused(receiver.get(&name).await).reason,
            Reason::Unauthenticated
        );
        second.stop().await;
        exchange.end().await;
    });
}

#[test]
fn a_request_repeated_at_the_other_server_is_done_once() {
    run(async || {
        let Some(home) = Home::postgres().await else {
            return;
        };
        let exchange = Exchange::new(home).await;
        let (second, other) = exchange.second().await;
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let beside = sender.at(&other);
        for seed in 0..5 {
            let (id, content) = (fresh(), submission(&of, typical(seed, of.point)));
            let (one, two) = tokio::try_join!(
                sender.publish_as(&id, content.clone()),
                beside.publish_as(&id, content)
            )
            .unwrap();
            assert_eq!(one.version, two.version);
            let (one, two) = (one.receipt.unwrap(), two.receipt.unwrap());
            assert_eq!(one.position, two.position);
            assert!(one.replayed != two.replayed, "one of them is the first");
        }
        second.stop().await;
        exchange.end().await;
    });
}
