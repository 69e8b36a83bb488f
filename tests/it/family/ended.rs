//! When a family sees the record no more.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role};

use super::PARENT;
use crate::harness::*;

/// Why a family is not shown a profile; none: it is.
async fn why_not(who: &Caller, profile: &str) -> Option<Reason> {
    let got = who.get(profile).await;
    got.err().map(|status| refused::<()>(Err(status)).reason)
}

on_both_engines! {
    async fn it_ends_at_once_by_the_sender_or_its_council(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let profile = exchange.sent(&of).await;
        let mother = exchange.parent(&head, &of.name).await;
        let father = exchange.parent(&head, &of.name).await;
        assert_eq!(why_not(&mother, &profile).await, None);
        let lead = exchange.person(&of.from, &[Role::Dsl]).await;
        let receipt = lead.takes_from(&mother, &of.name).await.unwrap();
        assert_eq!(why_not(&mother, &profile).await, Some(Reason::Unauthenticated));
        let after = exchange.lines(receipt.position.unsigned_abs() + 1).await;
        let looked = after.iter().filter(|line| line.said() == ("fetched", "done"));
        assert_eq!(looked.count(), 0);
        assert_eq!(why_not(&father, &profile).await, None);
        exchange.officer.revoke(&father.credential).await.unwrap();
        assert_eq!(why_not(&father, &profile).await, Some(Reason::Unauthenticated));
        let all = head.readers(&of.name).await.unwrap();
        let ended = all.iter().filter(|one| one.credential.as_ref().unwrap().revoked);
        assert_eq!((all.len(), ended.count()), (2, 2));
        exchange.holds().await;
    }

    async fn it_has_a_first_and_a_last_day(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let profile = exchange.sent(&of).await;
        let papers = Papers::new();
        let asked = v1::AddFamilyAccessRequest {
            first_day: "2026-03-12".to_owned(),
            last_day: "2026-03-20".to_owned(),
            ..PARENT.asked(&head, &of.name, &papers.spki)
        };
        let given = head.gives(asked).await.unwrap().access.unwrap().credential.unwrap();
        let parent = Caller::with_papers(&exchange.door, &papers).of(&of.from.name, &given.name);
        for (time, expected) in [
            ("2026-03-11T23:59:59Z", Some(Reason::Unauthenticated)),
            ("2026-03-12T00:00:00Z", None),
            ("2026-03-20T23:59:59Z", None),
            ("2026-03-21T00:00:00Z", Some(Reason::Unauthenticated)),
        ] {
            exchange.hand.send_replace(at(time));
            assert_eq!(why_not(&parent, &profile).await, expected, "{time}");
        }
    }

    async fn with_the_record_the_access_is_gone_for_good(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let profile = exchange.sent(&of).await;
        let parent = exchange.parent(&head, &of.name).await;
        let bearing = "SELECT count(*) FROM credential WHERE learner_id IS NOT NULL OR label = 'Parent'";
        assert_eq!(exchange.home.count(bearing).await, 1);
        head.erase(head.erasure(&of.name)).await.unwrap();
        assert_eq!(why_not(&parent, &profile).await, Some(Reason::Unauthenticated));
        assert_eq!(exchange.home.count(bearing).await, 0);
        exchange.holds().await;
    }

    async fn what_is_past_its_time_is_gone_for_the_family_too(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let profile = exchange.sent(&of).await;
        let parent = exchange.parent(&head, &of.name).await;
        let kept = parent.transition(&of.name).await.unwrap().kept_until;
        assert_eq!(kept, "2026-12-31");
        let size = exchange.size();
        exchange.hand.send_replace(at("2027-01-01T09:00:00Z"));
        exchange.entered("expired", size, 1).await;
        assert_eq!(why_not(&parent, &profile).await, Some(Reason::Unauthenticated));
        exchange.holds().await;
    }

    async fn what_is_taken_back_or_restricted_is_not_there_for_them(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let profile = exchange.sent(&of).await;
        let parent = exchange.parent(&head, &of.name).await;
        head.restrict(&of.name).await.unwrap();
        assert_eq!(why_not(&parent, &profile).await, Some(Reason::PermissionDenied));
        assert!(parent.list_transitions().await.unwrap().is_empty());
        let more = PARENT.asked(&head, &of.name, &[]);
        assert_eq!(refused(head.gives(more).await).reason, Reason::ProcessingRestricted);
        head.lift(&of.name).await.unwrap();
        assert_eq!(why_not(&parent, &profile).await, None);
        // Where the learner goes changes nothing of what the sender wrote.
        exchange.officer.redirect(&of.name, &exchange.academy, "2026-03-09").await.unwrap();
        assert_eq!(why_not(&parent, &profile).await, None);
        assert_eq!(parent.transition(&of.name).await.unwrap().to, exchange.academy.name);
        head.withdraw(&profile).await.unwrap();
        assert_eq!(why_not(&parent, &profile).await, Some(Reason::PermissionDenied));
        let left = parent.transition(&of.name).await.unwrap();
        assert_eq!((left.published_count, left.profiles), (0, Vec::new()));
        exchange.holds().await;
    }

    async fn it_ends_with_the_setting_that_gave_it(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let profile = exchange.sent(&of).await;
        let parent = exchange.parent(&head, &of.name).await;
        let council = exchange.council();
        exchange.officer.hand_over(&of.from, &council.name).await.unwrap();
        assert_eq!(why_not(&parent, &profile).await, Some(Reason::Unauthenticated));
        // The council that looks after what is left would give what it may not see itself.
        let carer = exchange.person(&council, &[Role::Publisher, Role::Dsl]).await;
        let asked = PARENT.asked(&carer, &of.name, &[]);
        assert_eq!(refused(carer.gives(asked).await).reason, Reason::PermissionDenied);
        exchange.holds().await;
    }
}
