//! Requests: ids somebody else used, numbers that are another's, fields said twice, tokens and
//! documents of others.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role, SectionKind};
use bytes::Bytes;
use prost::Message as _;

use super::Scene;
use crate::harness::*;

/// Two messages one after the other are one in which the last word counts.
fn joined(first: &v1::GetProfileRequest, last: &v1::GetProfileRequest) -> Bytes {
    [first.encode_to_vec(), last.encode_to_vec()]
        .concat()
        .into()
}

on_both_engines! {
    async fn a_request_id_answers_only_who_has_the_rights_it_was_used_with(exchange) {
        let scene = Scene::of(exchange).await;
        let of = exchange.open_move().await;
        let (id, said) = (fresh(), submission(&of, typical(2, of.point)));
        let first = scene.sender.publish_as(&id, said.clone()).await.unwrap();
        let size = exchange.size();
        let again = scene.sender.publish_as(&id, said.clone()).await.unwrap();
        assert_eq!((&again.name, again.version), (&first.name, first.version));
        assert_eq!(exchange.size(), size, "a repeated request leaves no entry");

        // Another credential with the same rights goes on where the first broke off; one with fewer
        // is not told what became of a request it could not have made.
        let colleague = exchange.person(&of.from, &[Role::Publisher, Role::Senco]).await;
        let again = colleague.publish_as(&id, said.clone()).await.unwrap();
        assert_eq!(again.name, first.name);
        for roles in [Role::Contributor, Role::Senco, Role::DataManager] {
            let fewer = exchange.person(&of.from, &[roles]).await;
            let size = exchange.size();
            let told = refused(fewer.publish_as(&id, said.clone()).await);
            assert_eq!(told.reason, Reason::PermissionDenied, "{roles:?}");
            let other = submission(&of, typical(3, of.point));
            let told = refused(fewer.publish_as(&id, other).await);
            assert_eq!(told.reason, Reason::PermissionDenied, "{roles:?}, of other content");
            assert_eq!(exchange.size(), size + 2, "both are entered");
        }
        // What was asked with a certificate is no copied key's to ask again; the other way round it is.
        let (key, _) = exchange.key_holder(&of.from, &[Role::Publisher]).await;
        let told = refused(key.publish_as(&id, said.clone()).await);
        assert_eq!(told.reason, Reason::PermissionDenied);
        let (id_of_key, more) = (fresh(), submission(&of, typical(4, of.point)));
        let made = key.publish_as(&id_of_key, more.clone()).await.unwrap();
        let again = colleague.publish_as(&id_of_key, more).await.unwrap();
        assert_eq!(again.version, made.version);
        // To another setting the id is as new as any.
        for said in [said.clone(), submission(&of, typical(3, of.point))] {
            let told = refused(scene.attacker.publish_as(&id, said).await);
            assert_eq!(told.reason, Reason::PermissionDenied);
        }
        let own = submission(&scene.own, typical(3, scene.own.point));
        let done = scene.attacker.publish_as(&id, own).await.unwrap();
        assert_ne!(done.name.rsplit('/').next(), first.name.rsplit('/').next());
        scene.stands(exchange).await;
    }

    async fn claiming_a_number_tells_nothing_of_whose_it_is(exchange) {
        let scene = Scene::of(exchange).await;
        let unknown = exchange.plan_of(v1::Point::EarlyYearsToPrimary);
        let claimed = v1::PlannedTransition { learner: scene.of.learner.clone(), ..unknown.clone() };
        // One after the other, so that each could have been the first.
        let (mut answers, mut names) = (Vec::new(), Vec::new());
        for plan in [unknown, claimed] {
            let known = scene.attacker.list_transitions().await.unwrap().len();
            let done = scene.attacker.plan(vec![plan]).await.unwrap().remove(0);
            let mut made = done.transition.unwrap();
            assert_eq!(scene.attacker.list_transitions().await.unwrap().len(), known + 1);
            names.push(std::mem::take(&mut made.name));
            made.learner.clear();
            answers.push((made, done.error));
        }
        assert_eq!(answers[0], answers[1], "but for its name and the number");
        // Nothing of the other's move stands behind the claimed one, nor the other way about.
        let seen = scene.attacker.transition(&names[1]).await.unwrap();
        assert_eq!((seen.published_count, seen.state()), (0, v1::TransitionState::Planned));
        let told = refused(scene.attacker.get(&scene.profile).await);
        assert_eq!(told.reason, Reason::PermissionDenied);
        // By numbers alone a publish finds one's own moves and no other's.
        let mut content = typical(4, scene.of.point);
        content.identity.as_mut().unwrap().upn = None;
        let by_number = |learner: &[v1::LearnerIdentifier]| v1::ProfileSubmission {
            learner: learner.to_vec(),
            point: scene.of.point.into(),
            academic_year: 2025,
            content: Some(Box::new(content.clone())),
            signatory: "Head of year".to_owned(),
            ..Default::default()
        };
        let theirs = refused(scene.attacker.publish(by_number(&scene.of.learner)).await);
        let nobodys = refused(scene.attacker.publish(by_number(&[upn(900_001)])).await);
        assert_eq!(theirs, nobodys);
        scene.stands(exchange).await;
    }

    async fn who_says_a_thing_twice_means_the_last_and_is_judged_by_it(exchange) {
        let scene = Scene::of(exchange).await;
        let of = |who: &Caller| v1::GetProfileRequest {
            parent: who.setting.clone(),
            name: who.mine(&scene.profile),
            kinds: Vec::new(),
        };
        let (own, theirs) = (of(&scene.attacker), of(&scene.receiver));
        for message in [joined(&own, &theirs), joined(&theirs, &own)] {
            let told = refused(raw(&scene.attacker, "ProfileService/GetProfile", message).await);
            assert_eq!(told.reason, Reason::PermissionDenied);
        }
        let last = joined(&own, &theirs);
        assert!(raw(&scene.receiver, "ProfileService/GetProfile", last).await.is_ok());
        // One's own parent over another's move, and a batch with somebody else's item.
        let mut said = submission(&scene.of, typical(5, scene.of.point));
        said.transition = scene.sender.mine(&scene.of.name);
        let item = |parent: &str| v1::PublishProfileRequest {
            parent: parent.to_owned(),
            profile: Some(said.clone()),
            request_id: fresh(),
        };
        let batch = v1::BatchPublishProfilesRequest {
            parent: scene.attacker.setting.clone(),
            requests: vec![item(&scene.sender.setting)],
        };
        let told = refused(scene.attacker.profiles().batch_publish_profiles(batch).await);
        assert_eq!(told.rules(), [("requests[0].parent", "parent")]);
        let one = item(&scene.attacker.setting);
        let told = refused(scene.attacker.profiles().publish_profile(one).await);
        assert!(matches!(told.reason, Reason::PermissionDenied | Reason::InvalidRequest));
        // A move named and a learner as well: neither is taken for the other.
        let both = v1::ProfileSubmission { learner: scene.own.learner.clone(), ..said.clone() };
        let request = v1::PublishProfileRequest { profile: Some(both), ..item(&scene.sender.setting) };
        let told = refused(scene.attacker.profiles().publish_profile(request).await);
        assert!(matches!(told.reason, Reason::PermissionDenied | Reason::InvalidRequest));
        scene.stands(exchange).await;
    }

    async fn what_another_was_given_to_go_on_with_is_of_no_use(exchange) {
        let scene = Scene::of(exchange).await;
        let theirs = scene.receiver.subscribe().await.unwrap();
        let got = scene.receiver.await_item(&theirs, "").await.unwrap();
        let mine = scene.attacker.subscribe().await.unwrap();
        // Another's place in another's feed is a place in one's own, in which nothing of theirs lies.
        for token in [got.token.as_str(), ""] {
            let pulled = scene.attacker.pull(&mine, token).await.unwrap();
            assert!(pulled.items.iter().all(|item| item.profile.is_none()), "{:?}", pulled.items);
        }
        let told = refused(scene.attacker.pull(&theirs, &got.token).await);
        assert_eq!(told.reason, Reason::PermissionDenied);
        for version in [1, 0, -1, 2, i32::MAX] {
            for told in [
                refused(scene.attacker.acknowledge(&scene.profile, version).await),
                refused(scene.attacker.reject(&scene.profile, version, v1::RejectReason::Moved).await),
            ] {
                assert!(matches!(told.reason, Reason::PermissionDenied | Reason::InvalidRequest));
            }
        }
        // The receiver answers for what was there, not for what may come.
        for version in [0, -1, 2, i32::MAX] {
            assert!(scene.receiver.acknowledge(&scene.profile, version).await.is_err(), "{version}");
        }
        scene.receiver.acknowledge(&scene.profile, 1).await.unwrap();
        scene.stands(exchange).await;
    }

    async fn documents_go_with_their_own_profile_only(exchange) {
        let scene = Scene::of(exchange).await;
        let own = submission(&scene.own, typical(6, scene.own.point));
        let own = scene.attacker.publish(own).await.unwrap().name;
        let of = (SectionKind::Health, "a report");
        let stands = scene.sender.add(&scene.profile, of, b"a report").await.unwrap();
        let begun = scene.sender.announce(&scene.profile, of, b"another report");
        let staged = scene.sender.begin(begun).await.unwrap().name;
        let mine = scene.attacker.announce(&own, of, b"my own report");
        let mine = scene.attacker.begin(mine).await.unwrap().name;
        let reason = Reason::PermissionDenied;
        let attacker = &scene.attacker;
        assert_eq!(refused(attacker.send_chunk(&staged, 0, b"not theirs").await).reason, reason);
        assert_eq!(refused(attacker.finalise(&staged).await).reason, reason);
        assert_eq!(refused(attacker.remove_document(&stands).await).reason, reason);
        assert_eq!(refused(attacker.download(&stands).await.0).reason, reason);
        assert_eq!(refused(attacker.documents_of(&scene.profile).await).reason, reason);
        let onto = attacker.announce(&scene.profile, of, b"another report");
        assert_eq!(refused(attacker.begin(onto).await).reason, reason);
        // Nor has the sender any part in what the attacker began.
        assert_eq!(refused(scene.sender.send_chunk(&mine, 0, b"my own report").await).reason, reason);
        scene.sender.send_chunk(&staged, 0, b"another report").await.unwrap();
        scene.sender.finalise(&staged).await.unwrap();
        assert_eq!(scene.receiver.download(&staged).await.1, b"another report");
        scene.stands(exchange).await;
    }
}
