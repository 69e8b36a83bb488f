//! A database that was put back from an older copy: it is not served in silence, and every
//! subscriber is told.

use baton_store::StoreError;
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
}
