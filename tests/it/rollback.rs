//! A database that was put back from an older copy: it is not served in silence, and every
//! subscriber is told.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use baton_store::StoreError;
use baton_wire::status::Reason;
use baton_wire::v1::Role;

use crate::harness::*;

on_both_engines! {
    async fn after_an_accepted_rollback_an_old_token_is_told_that_the_ledger_changed(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let early = receiver.await_item(&subscription, "").await.unwrap();
        exchange.stop().await;
        exchange.home.copy().await;

        exchange.start(false).await.unwrap();
        let (sender, receiver) = (sender.at(&exchange.door), receiver.at(&exchange.door));
        let kept = receiver.pull(&subscription, &early.token).await.unwrap();
        assert!(!kept.ledger_changed, "an ordinary restart changes nothing");
        sender.publish(submission(&of, typical(2, of.point))).await.unwrap();
        let late = receiver.await_item(&subscription, &early.token).await.unwrap();
        exchange.stop().await;
        exchange.home.put_back().await;

        let refused = exchange.start(false).await.unwrap_err();
        assert!(matches!(refused, StoreError::RolledBack { .. }), "not served in silence: {refused}");
        exchange.start(true).await.unwrap();
        let receiver = receiver.at(&exchange.door);
        for old in [&early.token, &late.token] {
            let told = receiver.pull(&subscription, old).await.unwrap();
            assert!(told.ledger_changed, "never silence");
            let mut watch = receiver.watch(&subscription, old).await.unwrap();
            let first = watch.message().await.unwrap().unwrap();
            assert!(first.ledger_changed, "on a watch too");
            assert_eq!(the_profile(&first.items).version, 1, "and a fresh snapshot follows");
            let goes_on = receiver.pull(&subscription, &told.token).await.unwrap();
            assert!(!goes_on.ledger_changed, "the fresh token is of this ledger");
        }
        let lines = exchange.lines(0).await;
        let opened = lines.iter().filter(|line| line.said().0 == "term_opened").count();
        assert_eq!(opened, 1, "the new term is an entry that names the old checkpoint");
    }

    async fn a_token_of_another_ledger_is_told_so(exchange) {
        let other = Exchange::new(Home::sqlite()).await;
        let there = other.person(&other.secondary, &[Role::Senco]).await;
        let foreign = there.pull(&there.subscribe().await.unwrap(), "").await.unwrap().token;
        let receiver = exchange.person(&exchange.secondary, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let told = receiver.pull(&subscription, &foreign).await.unwrap();
        assert!(told.ledger_changed);
        let then = receiver.pull(&subscription, &told.token).await.unwrap();
        assert!(!then.ledger_changed);
        other.end().await;
    }

    async fn a_token_of_another_version_of_the_service_is_told_so_and_bytes_are_none(exchange) {
        let receiver = exchange.person(&exchange.secondary, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let own = receiver.pull(&subscription, "").await.unwrap().token;
        let own = BASE64_URL_SAFE_NO_PAD.decode(own).unwrap();
        // The first version had no number of an item behind the term and the position.
        let (first, later) = ([&[1], &own[1..17], &own[21..]].concat(), vec![own[0] + 1]);
        for other in [first, later] {
            let other = BASE64_URL_SAFE_NO_PAD.encode(other);
            let told = receiver.pull(&subscription, &other).await.unwrap();
            assert!(told.ledger_changed);
            let then = receiver.pull(&subscription, &told.token).await.unwrap();
            assert!(!then.ledger_changed, "there is a way out");
            let mut watch = receiver.watch(&subscription, &other).await.unwrap();
            let turn = watch.message().await.unwrap().unwrap();
            assert!(turn.ledger_changed, "on a watch too");
        }
        let torn = BASE64_URL_SAFE_NO_PAD.encode(&own[..20]);
        let zero = BASE64_URL_SAFE_NO_PAD.encode([0; 64]);
        for none in ["!", "A", &torn, &zero] {
            let told = refused(receiver.pull(&subscription, none).await);
            assert_eq!(told.reason, Reason::InvalidRequest, "{none}");
        }
    }
}
