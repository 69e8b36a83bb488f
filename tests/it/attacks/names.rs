//! Names: another setting's under one's own, one's own under another's, and ways to write one.

use baton_wire::status::Reason;
use baton_wire::v1;

use super::Scene;
use crate::harness::*;

/// Ways to write a name so that one reader takes it for another than the next does.
fn tricks(own: &str, theirs: &str, id: &str) -> Vec<String> {
    let profile = |setting: &str, id: &str| format!("{setting}/profiles/{id}");
    let (mine, victim) = (profile(own, id), profile(theirs, id));
    let setting = theirs.trim_start_matches("settings/");
    vec![
        victim.clone(),
        format!("{mine}/"),
        format!("/{mine}"),
        format!("{own}/../{setting}/profiles/{id}"),
        format!("{own}/profiles/../../{setting}/profiles/{id}"),
        format!("{own}/profiles//{id}"),
        format!("{own}//profiles/{id}"),
        format!("{own}/profiles/{id}\0"),
        format!("{own}/profiles/{id}\n"),
        format!("{own}/profiles/ {id}"),
        format!("{own}/profiles/{id} "),
        format!("{own}/profiles/{}", id.to_uppercase()),
        format!("{own}/profiles/%70{}", &id[1..]),
        format!("{own}/profiles/{}", id.replace('_', "\u{ff3f}")),
        format!("{own}/profiles/{id}?parent={theirs}"),
        format!("{own}/profiles/{id}#{theirs}"),
        format!("{own}/profiles/-"),
        format!("{own}/profiles/*"),
        "settings/-/profiles/-".to_owned(),
        format!("SETTINGS/{setting}/profiles/{id}"),
        format!("settings/*/profiles/{id}"),
        format!("{own}\\profiles\\{id}"),
        String::new(),
    ]
}

on_both_engines! {
    async fn no_way_to_write_a_name_reaches_anothers_profile(exchange) {
        let scene = Scene::of(exchange).await;
        let attacker = &scene.attacker;
        let id = scene.profile.rsplit('/').next().unwrap();
        let missing = format!("prf_{}", "0".repeat(id.len() - 4));
        let ask = async |parent: &str, name: String| {
            let request = v1::GetProfileRequest { parent: parent.to_owned(), name, kinds: Vec::new() };
            let told = attacker.profiles().get_profile(request).await;
            told.map(drop).unwrap_err()
        };
        let theirs = &scene.sender.setting;
        for parent in [&attacker.setting, theirs] {
            let there = tricks(&attacker.setting, theirs, id);
            let not_there = tricks(&attacker.setting, theirs, &missing);
            for (there, not_there) in there.into_iter().zip(not_there) {
                let what = format!("{there:?} under {parent}");
                let (one, other) = (ask(parent, there).await, ask(parent, not_there).await);
                let said = |status: &tonic::Status| {
                    (status.code(), status.message().to_owned(), status.details().to_vec())
                };
                assert_eq!(said(&one), said(&other), "{what}");
                let reason = refused::<()>(Err(one)).reason;
                assert!(
                    matches!(reason, Reason::PermissionDenied | Reason::InvalidRequest),
                    "{what}: {reason:?}"
                );
            }
        }
        // The right one by the plain name is shown it: what is refused above is not refused to all.
        assert!(scene.receiver.get(&scene.profile).await.is_ok());
        scene.stands(exchange).await;
    }

    async fn what_is_asked_for_is_never_more_than_what_is_seen(exchange) {
        let scene = Scene::of(exchange).await;
        let lead = exchange.person(&scene.of.to, &[v1::Role::SubjectTeacher]).await;
        let all = v1::SectionKind::try_from;
        let every: Vec<v1::SectionKind> = (1..=24).map(|kind| all(kind).unwrap()).collect();
        let plain = lead.get(&scene.profile).await.unwrap();
        assert_eq!(plain.kinds, [i32::from(v1::SectionKind::SupportStrategies)]);
        // A mask narrows and never widens, however often it names a kind.
        for mask in [every.clone(), [every.clone(), every.clone()].concat()] {
            if let Ok(seen) = lead.get_only(&scene.profile, &mask).await {
                assert_eq!(seen, plain);
            }
        }
        for kind in every {
            let seen = lead.get_only(&scene.profile, &[kind]).await;
            if kind == v1::SectionKind::SupportStrategies {
                assert_eq!(seen.unwrap(), plain);
            } else {
                let told = refused(seen);
                assert!(
                    matches!(told.reason, Reason::PermissionDenied | Reason::InvalidRequest),
                    "{kind:?}: {told:?}"
                );
            }
        }
        scene.stands(exchange).await;
    }
}
