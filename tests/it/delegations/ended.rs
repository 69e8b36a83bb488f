//! A delegation ends: by an act, by its day, by what is given in its place.

use baton_wire::status::Reason;
use baton_wire::v1::{self, DelegationScope as Scope, Role};
use tonic::Code;

use super::{ALL, Mandate, ROLES};
use crate::harness::*;

/// How a stream ends; one that goes on is told, not waited for.
async fn stopped(watch: tonic::Streaming<v1::WatchResponse>) -> Told {
    let patience = std::time::Duration::from_mins(1);
    let told = tokio::time::timeout(patience, crate::harness::ended(watch)).await;
    told.expect("the stream goes on")
}

on_both_engines! {
    async fn ended_while_a_stream_is_open_shows_nothing_more(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.to, &[Role::Publisher]).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let vendor = exchange.vendor("example-mis").await;
        let client = exchange.client(&vendor, &of.to).await;
        head.lets(&vendor, ALL).await.unwrap();
        let subscription = client.subscribe().await.unwrap();
        let mut watch = client.watch(&subscription, "").await.unwrap();
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        loop {
            if !watch.message().await.unwrap().unwrap().items.is_empty() {
                break;
            }
        }
        let ended = head.lets_no_more("", &vendor).await.unwrap();
        let position = u64::try_from(ended.receipt.unwrap().position).unwrap();
        sender.publish(submission(&of, typical(2, of.point))).await.unwrap();
        let told = stopped(watch).await;
        assert_eq!((told.code, told.reason), (Code::PermissionDenied, Reason::PermissionDenied));
        // Nothing that is done by the vendor stands after it.
        for line in exchange.lines(position + 1).await {
            let by_vendor = line.get("caller/vendor").is_some();
            assert!(!by_vendor || line.said().1 == "denied", "{:?}", line.said());
        }
        assert!(refused(client.pull(&subscription, "").await).reason == Reason::PermissionDenied);
        // The setting's own people go on from there.
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        assert!(!lead.pull(&subscription, "").await.unwrap().items.is_empty());
        exchange.holds().await;
    }

    async fn it_is_in_force_from_its_first_day_to_its_last_on_open_streams_too(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.to, &[Role::Publisher]).await;
        let vendor = exchange.vendor("example-mis").await;
        let client = exchange.client(&vendor, &of.to).await;
        let days = Mandate { first: "2026-03-12", last: "2026-04-01", ..ALL };
        head.lets(&vendor, days).await.unwrap();
        let may = async || client.transition(&of.name).await.map(drop).map_err(|it| it.code());
        for (time, expected) in [
            ("2026-03-11T23:59:59Z", Err(Code::PermissionDenied)),
            ("2026-03-12T00:00:00Z", Ok(())),
            // By the clocks of London, which are an hour ahead by then.
            ("2026-04-01T22:59:59Z", Ok(())),
        ] {
            exchange.hand.send_replace(at(time));
            assert_eq!(may().await, expected, "{time}");
        }
        let subscription = client.subscribe().await.unwrap();
        let watch = client.watch(&subscription, "").await.unwrap();
        exchange.hand.send_replace(at("2026-04-01T23:00:00Z"));
        assert_eq!(may().await, Err(Code::PermissionDenied), "its last day is over");
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        assert_eq!(stopped(watch).await.code, Code::PermissionDenied);
        let listed = head.delegations("").await.unwrap();
        assert_eq!((listed.len(), listed[0].ended), (1, false), "its days alone ended it");
    }

    async fn a_request_of_the_setting_or_of_more_rights_is_not_repeated(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let vendor = exchange.vendor("example-mis").await;
        let client = exchange.client(&vendor, &of.from).await;
        let colleague = exchange.client(&vendor, &of.from).await;
        let other = exchange.vendor("another-mis").await;
        let rival = exchange.client(&other, &of.from).await;
        head.lets(&vendor, ALL).await.unwrap();
        head.lets(&other, ALL).await.unwrap();
        let (theirs, id) = (fresh(), fresh());
        let said = || submission(&of, typical(1, of.point));
        head.publish_as(&theirs, said()).await.unwrap();
        let denied = async |who: &Caller, id: &str| {
            refused(who.publish_as(id, said()).await).reason == Reason::PermissionDenied
        };
        assert!(denied(&client, &theirs).await, "a person's request");
        let first = client.publish_as(&id, said()).await.unwrap();
        // Somebody of the setting goes on where its vendor broke off, with the same rights.
        let person = exchange.person(&of.from, &ROLES).await;
        let size = exchange.size();
        for who in [&client, &colleague, &person] {
            assert_eq!(who.publish_as(&id, said()).await.unwrap().name, first.name);
        }
        assert_eq!(exchange.size(), size, "repeated, nothing is entered");
        assert!(denied(&rival, &id).await, "another vendor's request");
        let less = Mandate { scopes: &[Scope::Status, Scope::Read], ..ALL };
        head.lets(&vendor, less).await.unwrap();
        assert!(denied(&client, &id).await, "it may publish no more");
        head.lets_no_more("", &vendor).await.unwrap();
        assert!(denied(&client, &id).await, "it may do nothing more");
    }

    async fn what_was_handed_over_ends_with_the_setting_the_vendor_and_the_credential(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let vendor = exchange.vendor("example-mis").await;
        head.lets(&vendor, ALL).await.unwrap();
        let (client, other) = (
            exchange.client(&vendor, &of.from).await,
            exchange.client(&vendor, &of.from).await,
        );
        client.transition(&of.name).await.unwrap();
        exchange.officer.revoke(&client.credential).await.unwrap();
        assert_eq!(refused(client.transition(&of.name).await).reason, Reason::Unauthenticated);
        other.transition(&of.name).await.unwrap();
        // The maker closes.
        exchange.closes(&vendor).await;
        assert_eq!(refused(other.transition(&of.name).await).reason, Reason::PermissionDenied);
    }
}
