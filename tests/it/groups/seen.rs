//! Who is told a learner's class, and what the ledger says of it.

use baton_wire::v1::Role;

use super::filled;
use crate::harness::*;

/// Somebody called a class after its teacher.
const CLASS: &str = "MX TESTCROFT";

on_both_engines! {
    async fn a_class_is_the_senders_own_affair(exchange) {
        let of = exchange.move_of_group(CLASS).await;
        let teacher = exchange.teacher(&of.from, &[CLASS]).await;
        teacher.publish(filled(&of, 1)).await.unwrap();
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        assert_eq!(head.transition(&of.name).await.unwrap().group, CLASS);
        let receiver = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let council = Setting { name: exchange.officer.setting.clone(), ..of.from.clone() };
        let tracking = exchange.person(&council, &[Role::TransitionOfficer]).await;
        for other in [&receiver, &exchange.officer, &tracking] {
            match other.transition(&of.name).await {
                Ok(seen) => assert_eq!(seen.group, ""),
                // A council officer who plans may not ask how far a move is.
                Err(status) => drop(refused::<()>(Err(status))),
            }
        }
        let (entries, _) = exchange.officer.entries(0).await;
        let lines = entries.iter().map(|entry| String::from_utf8(entry.body.to_vec()).unwrap());
        let lines: Vec<String> = lines.collect();
        assert!(lines.iter().any(|line| line.contains("\"groups\":1")), "that there is a limit is entered");
        let named: Vec<_> = lines.iter().filter(|line| line.contains("TESTCROFT")).collect();
        assert!(named.is_empty(), "{named:?}");
        exchange.holds().await;
    }

    async fn what_is_erased_has_no_class(exchange) {
        let of = exchange.move_of_group(CLASS).await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let bearing = format!("SELECT count(*) FROM transition WHERE learner_group = '{CLASS}'");
        assert_eq!(exchange.home.count(&bearing).await, 1);
        head.erase(head.erasure(&of.name)).await.unwrap();
        assert_eq!(exchange.home.count(&bearing).await, 0);
        exchange.holds().await;
    }
}
