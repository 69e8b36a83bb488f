//! What a family is shown, and that it is told nothing else.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role, SectionKind};
use prost::Message as _;

use super::{CHILD, PARENT, PARENT_WITHOUT_HEALTH, shown_to_families};
use crate::harness::*;

/// Both profiles of every section: the ordinary one, and that of class R.
async fn everything_sent(sender: &Caller, of: &Move) -> [String; 2] {
    let mut names = Vec::new();
    for part in apart(&complete(3, &of.learner)) {
        let publish = frame(sender, &of.name, part);
        let published: Answer<v1::PublishProfileResponse> =
            twin(sender, "ProfileService/PublishProfile", &publish).await;
        names.push(published.unwrap().name);
    }
    names.try_into().unwrap()
}

on_both_engines! {
    async fn the_family_sees_what_the_setting_wrote_but_for_others_and_their_safety(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher, Role::Dsl]).await;
        let [profile, restricted] = everything_sent(&head, &of).await;
        let wrote = head.get(&profile).await.unwrap();
        for reader in [PARENT, CHILD] {
            let family = exchange.reader(&head, &of.name, reader).await;
            let sees = family.get(&profile).await.unwrap();
            let all = shown_to_families();
            let expected: Vec<String> = kinds(&wrote)
                .into_iter()
                .filter(|kind| all.contains(&kind.as_str()))
                .collect();
            assert_eq!(kinds(&sees), expected);
            let mut left = *wrote.content.clone().unwrap();
            assert!(left.relationships.take().is_some(), "there was something to leave out");
            assert_eq!(*sees.content.unwrap(), left, "the bytes are those that were sent");
            assert_eq!(refused(family.get(&restricted).await).reason, Reason::PermissionDenied);
            let only = family.get_only(&profile, &[SectionKind::Relationships]).await;
            assert_eq!(refused(only).reason, Reason::PermissionDenied);

            let moves = family.list_transitions().await.unwrap();
            assert_eq!(moves.len(), 1);
            assert_eq!(moves[0], family.transition(&of.name).await.unwrap());
            assert_eq!(moves[0].profiles, [family.mine(&profile)]);
            assert_eq!((moves[0].to.as_str(), moves[0].published_count), (of.to.name.as_str(), 1));
            assert!(moves[0].learner.is_empty() && moves[0].recipients.is_empty());
        }
        assert!(head.transition(&of.name).await.unwrap().profiles.is_empty());
        exchange.holds().await;
    }

    async fn what_is_withheld_is_not_there_nor_are_its_documents(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let profile = exchange.sent(&of).await;
        let report = head.add(&profile, (SectionKind::Health, "a plan"), b"of care").await.unwrap();
        let other = head.add(&profile, (SectionKind::Send, "a report"), b"of support").await.unwrap();
        let whole = exchange.parent(&head, &of.name).await;
        let part = exchange.reader(&head, &of.name, PARENT_WITHOUT_HEALTH).await;
        let all = kinds(&whole.get(&profile).await.unwrap());
        let mut left = all.clone();
        left.retain(|kind| kind != "health");
        assert_eq!(kinds(&part.get(&profile).await.unwrap()), left);
        assert_eq!(left.len() + 1, all.len());
        assert_eq!(whole.download(&report).await.1, b"of care");
        assert_eq!(refused(part.download(&report).await.0).reason, Reason::PermissionDenied);
        assert_eq!(part.download(&other).await.1, b"of support");
        assert_eq!(whole.documents_of(&profile).await.unwrap().len(), 2);
        assert_eq!(part.documents_of(&profile).await.unwrap().len(), 1);
        let only = part.get_only(&profile, &[SectionKind::Health]).await;
        assert_eq!(refused(only).reason, Reason::PermissionDenied);
        let listed = head.readers(&of.name).await.unwrap();
        let withheld = listed.iter().flat_map(|one| &one.withheld);
        let withheld: Vec<_> = withheld.map(|one| (one.kind(), one.exemption.as_str())).collect();
        assert_eq!(withheld, [(SectionKind::Health, "serious_harm_health")]);
        exchange.holds().await;
    }

    async fn of_everybody_else_a_family_is_told_nothing(exchange) {
        let of = exchange.open_move().await;
        let other = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let profile = exchange.sent(&of).await;
        let of_other = exchange.sent(&other).await;
        let parent = exchange.parent(&head, &of.name).await;
        assert_eq!(refused(parent.get(&of_other).await).reason, Reason::PermissionDenied);
        assert_eq!(refused(parent.transition(&other.name).await).reason, Reason::PermissionDenied);
        // At the school the child goes to they are nobody.
        let there = parent.clone().of(&of.to.name, &parent.credential);
        assert_eq!(refused(there.get(&profile).await).reason, Reason::PermissionDenied);
        assert_eq!(refused(there.list_transitions().await).reason, Reason::PermissionDenied);
        // They write nothing, ask nothing of the ledger and keep no subscription.
        let publishes = parent.publish(submission(&of, typical(9, of.point))).await;
        let register = v1::ListSettingsRequest {
            parent: parent.setting.clone(),
            ..Default::default()
        };
        let signed = v1::ListAgreementsRequest {
            parent: parent.setting.clone(),
            setting: parent.setting.clone(),
            ..Default::default()
        };
        let denied = [
            refused(publishes),
            refused(parent.who_saw(&of.name).await),
            refused(parent.subscribe().await),
            refused(parent.withdraw(&profile).await),
            refused(parent.erase(parent.erasure(&of.name)).await),
            refused(parent.restrict(&of.name).await),
            refused(parent.acknowledge(&profile, 1).await),
            refused(parent.readers(&of.name).await),
            refused(parent.settings().list_settings(register).await),
            refused(parent.settings().list_agreements(signed).await),
        ];
        for told in denied {
            assert_eq!(told.reason, Reason::PermissionDenied);
        }
        exchange.holds().await;
    }

    async fn what_another_setting_wrote_it_answers_for_itself(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        exchange.sent(&of).await;
        let council = exchange.council();
        head.plan_council(&of.name, &council).await.unwrap();
        let caseworker = exchange.person(&council, &[Role::SendCaseworker]).await;
        let content = v1::Sections {
            ehc_plan: v1::Sections::decode(complete(7, &of.learner)).unwrap().ehc_plan,
            ..Default::default()
        };
        let theirs = caseworker.publish(submission(&of, content)).await.unwrap().name;
        let parent = exchange.parent(&head, &of.name).await;
        assert_eq!(refused(parent.get(&theirs).await).reason, Reason::PermissionDenied);
        let seen = parent.transition(&of.name).await.unwrap();
        assert_eq!((seen.published_count, seen.profiles.len()), (1, 1));
        assert_eq!(head.transition(&of.name).await.unwrap().published_count, 1, "its own");
        exchange.holds().await;
    }

    async fn whoever_asks_who_saw_is_told_that_the_family_did(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let profile = exchange.sent(&of).await;
        let parent = exchange.parent(&head, &of.name).await;
        parent.get(&profile).await.unwrap();
        let saw = head.who_saw(&of.name).await.unwrap();
        let acts: Vec<_> = saw.iter().map(|one| one.act.as_str()).collect();
        assert!(acts.contains(&"family_access_added"), "{acts:?}");
        let looked = saw.iter().find(|one| one.act == "fetched").unwrap();
        assert_eq!(looked.roles, [i32::from(Role::Person)]);
        assert_eq!((looked.credential_label.as_str(), looked.allowed), ("Parent", true));
        assert!(looked.kinds.len() > 5, "{:?}", looked.kinds);
        // What they were refused before anything was asked, they were refused as the family.
        head.withdraw(&profile).await.unwrap();
        assert_eq!(refused(parent.get(&profile).await).reason, Reason::PermissionDenied);
        let saw = head.who_saw(&of.name).await.unwrap();
        let looked = saw.iter().rfind(|one| one.act == "fetched").unwrap();
        assert_eq!((&*looked.roles, looked.allowed), (&[i32::from(Role::Person)][..], false));
        exchange.sent(&of).await;
        // That they looked is no receipt of the school's.
        assert_eq!(head.transition(&of.name).await.unwrap().state(), v1::TransitionState::Published);
    }
}
