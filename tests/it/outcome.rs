//! What a client is told when the database fails in the middle, and that repeating the same request
//! is always right.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role};
use futures::future::join_all;
use tonic::Code;

use crate::harness::*;
use crate::killed::cast::{Serving, assemble, init};
use crate::severed::{Cut, Wire};

/// A row of this name cannot be written.
async fn poison(home: &Home, name: &str) {
    let sql = if home.is_postgres() {
        format!(
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE 'poisoned'; END $$; \
             CREATE TRIGGER poison BEFORE INSERT ON subscription FOR EACH ROW \
             WHEN (NEW.name = '{name}') EXECUTE FUNCTION poison();"
        )
    } else {
        format!(
            "CREATE TRIGGER poison BEFORE INSERT ON subscription WHEN NEW.name = '{name}' \
             BEGIN SELECT RAISE(ABORT, 'poisoned'); END"
        )
    };
    home.tamper(&sql).await;
}

on_both_engines! {
    async fn of_calls_that_share_a_batch_only_the_one_that_cannot_be_written_fails(exchange) {
        let receiver = exchange.person(&exchange.secondary, &[Role::Senco]).await;
        poison(&exchange.home, "in-the-middle").await;
        let mut names: Vec<String> = (0..40).map(|number| format!("feed-{number}")).collect();
        names.insert(20, "in-the-middle".to_owned());
        let before = exchange.size();
        let calls = names.iter().map(|name| receiver.subscribe_to(name, v1::Point::Unspecified, 0));
        for (name, answer) in names.iter().zip(join_all(calls).await) {
            if name == "in-the-middle" {
                let told = refused(answer);
                assert_eq!((told.code, told.reason), (Code::Unavailable, Reason::Unavailable));
            } else {
                answer.unwrap();
            }
        }
        assert_eq!(exchange.size(), before + 40, "one entry each, none for what was not done");
        let entries = exchange.lines(before).await;
        assert_eq!(entries.len(), 40);
        assert!(entries.iter().all(|entry| entry.text("kind") == "subscribed"));
    }
}

#[test]
fn an_answer_lost_at_the_commit_is_told_as_unknown_and_the_repetition_succeeds() {
    run(async || {
        let Some(home) = Home::postgres().await else {
            return;
        };
        let exchange = Exchange::new(home).await;
        let wire = Wire::to(&exchange.home.place().postgres.unwrap()).await;
        let place = exchange.home.place_over(wire.port);
        let (second, door) = exchange.second_at(&place).await;
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let there = sender.at(&door);
        for (version, cut) in [(1, Cut::Before), (2, Cut::After)] {
            let content = submission(&of, typical(version, of.point));
            let (id, before) = (fresh(), exchange.size());
            wire.at_next_commit(cut);
            let told = refused(there.publish_as(&id, content.clone()).await);
            assert!(wire.was_cut());
            assert_eq!(
                (told.code, told.reason),
                (Code::Unavailable, Reason::OutcomeUnknown)
            );
            let first = there.publish_as(&id, content.clone()).await.unwrap();
            assert_eq!(u64::try_from(first.version).unwrap(), version);
            let receipt = first.receipt.unwrap();
            assert_eq!(receipt.replayed, cut == Cut::After, "{cut:?}");
            assert_eq!(receipt.position, i64::try_from(before).unwrap(), "{cut:?}");
            let again = sender
                .publish_as(&id, content)
                .await
                .unwrap()
                .receipt
                .unwrap();
            assert!(again.replayed);
            assert_eq!(again.position, receipt.position, "on the other server too");
            exchange.grown_to(before + 1).await;
        }
        second.stop().await;
        exchange.end().await;
    });
}

/// The database tells another time than the program's machine.
const OFF: &str = "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
    $$ SELECT pg_catalog.clock_timestamp() - interval '1 minute' $$;
    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog',
    current_database()); END $$";

#[test]
fn a_node_whose_clock_is_wrong_says_so_and_writes_nothing() {
    run(async || {
        let Some(home) = Home::postgres().await else {
            return;
        };
        let token = init(&home);
        let serving = Serving::start(&home);
        let cast = assemble(&home, &serving, &token).await;
        serving.kill();
        home.tamper(OFF).await;
        let serving = Serving::start(&home);
        let officer = &cast.officer;
        let client = serving
            .client(&home, &officer.papers, &officer.setting)
            .await;
        let list = v1::ListSettingsRequest::default();
        let error = client.list_settings(list).await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::ClockSkew));
        serving.kill();
        home.forget().await;
    });
}
