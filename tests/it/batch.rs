//! Many publishes in one call: an answer for each, and a bad one takes no good one with it.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role};

use crate::harness::*;

on_both_engines! {
    async fn bad_items_are_listed_with_all_their_problems_and_good_ones_go_through(exchange) {
        let sender = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let receiver = exchange.person(&exchange.secondary, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let mut requests = Vec::new();
        for seed in 0..9 {
            let of = exchange.open_move().await;
            let mut profile = submission(&of, typical(seed, of.point));
            profile.transition = sender.mine(&of.name);
            let profile = Some(profile);
            requests.push(v1::PublishProfileRequest { profile, request_id: fresh(), ..Default::default() });
        }
        let bad = requests[4].profile.as_mut().unwrap();
        bad.signatory = String::new();
        let identity = bad.content.as_mut().unwrap().identity.as_mut().unwrap();
        identity.upn = Some(format!("A{MARKER}"));
        identity.date_of_birth = Some("2031-02-30".to_owned());
        requests[4].request_id = String::new();
        let foreign = exchange.planned(v1::Point::SecondaryToPost16).await;
        requests[7].profile = Some(submission(&foreign, typical(7, foreign.point)));
        requests[7].profile.as_mut().unwrap().transition = sender.mine(&foreign.name);
        let before = exchange.size();
        let request = v1::BatchPublishProfilesRequest { parent: sender.setting.clone(), requests };
        let items = sender.profiles().batch_publish_profiles(request).await.unwrap().into_inner().items;

        assert_eq!(items.len(), 9);
        let done: Vec<bool> = items.iter().map(|item| item.published.is_some()).collect();
        assert_eq!(done, [true, true, true, true, false, true, true, false, true]);
        let error = items[4].error.as_ref().unwrap();
        assert_eq!(error.reason, Reason::InvalidRequest.name());
        let fields: Vec<&str> = error.violations.iter().map(|it| it.field.as_str()).collect();
        for field in [
            "request_id",
            "profile.signatory",
            "profile.content.identity.upn",
            "profile.content.identity.date_of_birth",
        ] {
            assert!(fields.contains(&field), "{field} is not among {fields:?}");
        }
        assert!(!format!("{error:?}").contains(MARKER), "no value is repeated: {error:?}");
        assert_eq!(items[7].error.as_ref().unwrap().reason, Reason::PermissionDenied.name());
        assert_eq!(exchange.size(), before + 8, "one entry each, none for what was not decoded");

        let mut token = String::new();
        let mut positions = Vec::new();
        while positions.len() < 7 {
            let turn = receiver.await_item(&subscription, &token).await.unwrap();
            positions.extend(turn.items.iter().map(|item| item.position));
            token = turn.token;
        }
        let mut published: Vec<i64> =
            items.into_iter().filter_map(|it| Some(it.published?.receipt?.position)).collect();
        published.sort_unstable();
        assert_eq!(positions, published);
    }

    async fn a_batch_holds_at_most_64_items_of_one_setting(exchange) {
        let sender = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let before = exchange.size();
        let mut requests = vec![v1::PublishProfileRequest::default(); 65];
        requests[3].parent = exchange.secondary.name.clone();
        let request = v1::BatchPublishProfilesRequest { parent: sender.setting.clone(), requests };
        let told = refused(sender.profiles().batch_publish_profiles(request).await);
        assert_eq!(told.rules(), [("requests", "items.count"), ("requests[3].parent", "parent")]);
        assert_eq!(exchange.size(), before);
    }

    async fn a_check_tells_the_same_problems_and_stores_nothing(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let mut profile = submission(&of, typical(1, of.point));
        profile.signatory = String::new();
        let identity = profile.content.as_mut().unwrap().identity.as_mut().unwrap();
        identity.upn = Some("B000000000000".to_owned());
        let before = exchange.size();
        profile.transition = sender.mine(&of.name);
        let told = refused(sender.publish(profile.clone()).await);
        let checked = sender.check(profile).await.unwrap();
        let rules: Vec<(&str, &str)> =
            checked.violations.iter().map(|it| (it.field.as_str(), it.rule.as_str())).collect();
        assert_eq!(rules, told.rules());
        assert_eq!(rules.len(), 2, "{rules:?}");
        assert_eq!(exchange.size(), before, "neither is an act");
    }
}
