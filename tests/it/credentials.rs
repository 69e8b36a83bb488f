//! Who is known, and who is not any more.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role};
use tonic::Code;

use crate::harness::*;

const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

/// That a caller is turned away as nobody, without an entry.
async fn is_nobody(exchange: &Exchange, caller: &Caller, what: &str) {
    let before = exchange.size();
    let told = refused(caller.list_transitions().await);
    assert_eq!(
        (told.code, told.reason),
        (Code::Unauthenticated, Reason::Unauthenticated),
        "{what}"
    );
    assert_eq!(
        exchange.size(),
        before,
        "{what}: turned away before the ledger, so no entry"
    );
}

on_both_engines! {
    async fn whoever_cannot_prove_a_live_credential_is_nobody(exchange) {
        let (holder, key) = exchange.key_holder(&exchange.primary, &[Role::Publisher]).await;
        holder.list_transitions().await.expect("the key as it was issued");
        let parent = &exchange.primary.name;
        let by_key = |key: &str| Caller::with_key(&exchange.door, key).of(parent, "");
        let torn = &key[..key.len() - 1];
        let (body, _) = key.rsplit_once('_').unwrap();
        let mut other: Vec<char> = key.chars().collect();
        let at = body.rfind('_').unwrap() + 3;
        other[at] = if other[at] == '0' { '1' } else { '0' };
        let other: String = other.into_iter().collect();

        is_nobody(exchange, &Caller::nobody(&exchange.door).of(parent, ""), "no credential").await;
        let unknown = Caller::with_papers(&exchange.door, &Papers::new()).of(parent, "");
        is_nobody(exchange, &unknown, "a certificate nobody registered").await;
        is_nobody(exchange, &by_key(torn), "a torn key").await;
        is_nobody(exchange, &by_key(&other), "a key with a wrong character").await;
        is_nobody(exchange, &by_key("baton_test_x_y_z"), "something else").await;
        is_nobody(exchange, &by_key(&exchange.token), "the used one-time token").await;
        exchange.officer.revoke(&holder.credential).await.unwrap();
        is_nobody(exchange, &holder, "a revoked key").await;
        let person = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        exchange.officer.revoke(&person.credential).await.unwrap();
        is_nobody(exchange, &person, "a revoked certificate").await;
    }

    async fn a_credential_ends_on_its_day(exchange) {
        let papers = Papers::new();
        let primary = exchange.primary.name.clone();
        let issued = exchange.officer.issue(&primary, &[Role::Publisher], &papers.spki, 30).await;
        let credential = issued.unwrap().credential.unwrap();
        let person = Caller::with_papers(&exchange.door, &papers).of(&primary, &credential.name);
        let now = *exchange.hand.borrow();
        assert_eq!(credential.expire_time_us, now + 30 * DAY_US);
        exchange.hand.send_replace(credential.expire_time_us - 1);
        person.list_transitions().await.expect("its last microsecond");
        exchange.hand.send_replace(credential.expire_time_us);
        is_nobody(exchange, &person, "an expired credential").await;
    }

    async fn an_api_key_ends_on_its_day(exchange) {
        let primary = exchange.primary.name.clone();
        let issued = exchange.officer.issue(&primary, &[Role::Publisher], &[], 30).await.unwrap();
        let credential = issued.credential.unwrap();
        let holder = Caller::with_key(&exchange.door, &issued.api_key).of(&primary, &credential.name);
        let now = *exchange.hand.borrow();
        assert_eq!(credential.expire_time_us, now + 30 * DAY_US);
        exchange.hand.send_replace(credential.expire_time_us - 1);
        holder.list_transitions().await.expect("its last microsecond");
        exchange.hand.send_replace(credential.expire_time_us);
        is_nobody(exchange, &holder, "an expired key").await;
        // Another connection does not make it younger.
        let again = Caller::with_key(&exchange.door, &issued.api_key).of(&primary, &credential.name);
        is_nobody(exchange, &again, "an expired key on a new connection").await;
        // Only the key has expired, not the door.
        let (fresh, _) = exchange.key_holder(&exchange.primary, &[Role::Publisher]).await;
        fresh.list_transitions().await.expect("a key of that day");
    }

    async fn a_membership_is_from_its_first_day_to_its_last(exchange) {
        // Until 31 March, the clocks of London being an hour ahead by then; the next one follows on.
        let (first, last) = ("2026-03-12", "2026-03-31");
        let of = exchange.open_move().await;
        let papers = Papers::new();
        let issue = async |proof: &Papers, key: bool, (first, last): (&str, &str)| {
            let request = v1::IssueCredentialRequest {
                parent: exchange.officer.setting.clone(),
                setting: of.to.name.clone(),
                label: "of a test".to_owned(),
                roles: vec![Role::ReceiverLead.into()],
                certificate_spki_sha256: if key { Vec::new() } else { proof.spki.to_vec() }.into(),
                first_day: first.to_owned(),
                last_day: last.to_owned(),
                request_id: fresh(),
                ..Default::default()
            };
            let answer = exchange.officer.settings().issue_credential(request).await;
            answer.map(tonic::Response::into_inner)
        };
        let issued = issue(&papers, false, (first, last)).await.unwrap().credential.unwrap();
        assert_eq!(issued.start_time_us, at("2026-03-12T00:00:00Z"));
        assert_eq!(issued.expire_time_us, at("2026-03-31T23:00:00Z"));
        let by_key = issue(&papers, true, (first, last)).await.unwrap();
        let person = Caller::with_papers(&exchange.door, &papers).of(&of.to.name, &issued.name);
        let holder = Caller::with_key(&exchange.door, &by_key.api_key).of(&of.to.name, "");
        for (time, known) in [
            ("2026-03-11T23:59:59.999999Z", false),
            ("2026-03-12T00:00:00Z", true),
            ("2026-03-31T22:59:59.999999Z", true),
        ] {
            exchange.hand.send_replace(at(time));
            for who in [&person, &holder] {
                if known {
                    who.list_transitions().await.unwrap_or_else(|told| panic!("{time}: {told}"));
                } else {
                    is_nobody(exchange, who, time).await;
                }
            }
        }
        // Of two at a time nobody could say which is meant; one after the other is one membership
        // and the next.
        for (first, last) in [("", "2026-04-01"), ("2026-03-31", "2026-04-30")] {
            let told = refused(issue(&papers, false, (first, last)).await);
            assert_eq!(told.reason, Reason::CertificateInUse, "{first} to {last}");
        }
        let next = issue(&papers, false, ("2026-04-02", "2026-04-03")).await.unwrap();
        let told = refused(issue(&papers, false, ("2026-04-01", "2026-04-02")).await);
        assert_eq!(told.reason, Reason::CertificateInUse);

        // A stream that is open ends with its membership, though something comes.
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let subscription = person.subscribe().await.unwrap();
        let watch = person.watch(&subscription, "").await.unwrap();
        exchange.hand.send_replace(at("2026-03-31T23:00:00Z"));
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let told = ended(watch).await;
        assert_eq!(told.reason, Reason::PermissionDenied);
        is_nobody(exchange, &person, "after its last day").await;
        is_nobody(exchange, &holder, "after its last day").await;
        exchange.hand.send_replace(at("2026-04-01T23:00:00Z"));
        let entries = exchange.size();
        person.list_transitions().await.expect("the next membership, by the same certificate");
        let line = exchange.one_since(entries).await;
        let id = next.credential.unwrap().name;
        assert!(id.ends_with(line.text("caller/credential")), "{id}");
    }

    async fn days_that_do_not_go_together_are_told_field_by_field(exchange) {
        let rules = async |first: &str, last: &str, lifetime_days: i32| {
            let request = v1::IssueCredentialRequest {
                parent: exchange.officer.setting.clone(),
                setting: exchange.primary.name.clone(),
                label: "of a test".to_owned(),
                roles: vec![Role::Publisher.into()],
                first_day: first.to_owned(),
                last_day: last.to_owned(),
                lifetime_days,
                request_id: fresh(),
                ..Default::default()
            };
            let told = refused(exchange.officer.settings().issue_credential(request).await);
            told.rules().iter().map(|(field, rule)| format!("{field} {rule}")).collect::<Vec<_>>()
        };
        let before = exchange.size();
        assert_eq!(rules("2026-03-09", "", 0).await, ["first_day date.over"]);
        assert_eq!(rules("2027-04-10", "", 0).await, ["first_day lifetime"]);
        assert_eq!(rules("2026-04-02", "2026-04-01", 0).await, ["last_day date.order"]);
        assert_eq!(rules("", "2026-03-09", 0).await, ["last_day date.order"]);
        assert_eq!(rules("", "2027-04-10", 0).await, ["last_day lifetime"]);
        assert_eq!(
            rules("tomorrow", "2026-04-01", 397).await,
            ["lifetime_days lifetime", "first_day date.form", "lifetime_days lifetime.last_day"]
        );
        assert_eq!(exchange.size(), before, "none of them reached the ledger");
    }

    async fn a_certificate_out_of_date_does_not_even_get_a_connection(exchange) {
        let papers = Papers::out_of_date();
        let primary = exchange.primary.name.clone();
        exchange.officer.issue(&primary, &[Role::Publisher], &papers.spki, 30).await.unwrap();
        let person = Caller::with_papers(&exchange.door, &papers).of(&primary, "");
        let before = exchange.size();
        let status = person.list_transitions().await.unwrap_err();
        assert_ne!(status.code(), Code::Unauthenticated, "not even a call: {status:?}");
        assert_eq!(exchange.size(), before);
    }

    async fn a_key_wins_over_the_certificate_of_the_connection(exchange) {
        let (of, other) = (exchange.primary.clone(), exchange.secondary.clone());
        let person = exchange.person(&of, &[Role::Publisher]).await;
        let (key, _) = exchange.key_holder(&other, &[Role::Publisher]).await;
        let both = key.over(person.channel.clone());
        let before = exchange.size();
        both.list_transitions().await.unwrap();
        let entry = exchange.one_since(before).await;
        assert_eq!(format!("settings/{}", entry.text("caller/setting")), other.name);
    }

    async fn the_one_time_token_makes_one_officer(exchange) {
        let token = Caller::with_key(&exchange.door, &exchange.token);
        let request = v1::BootstrapRequest::default();
        let told = refused(token.settings().bootstrap(request.clone()).await);
        assert_eq!(told.reason, Reason::Unauthenticated);
        let told = refused(exchange.officer.settings().bootstrap(request).await);
        assert_eq!(told.reason, Reason::Unauthenticated, "an ordinary credential is no token");
        let listed = v1::ListCredentialsRequest {
            parent: exchange.officer.setting.clone(),
            setting: exchange.officer.setting.clone(),
        };
        let credentials = exchange.officer.settings().list_credentials(listed).await.unwrap();
        assert_eq!(credentials.into_inner().credentials.len(), 1);
    }

    async fn a_key_issues_no_further_credentials(exchange) {
        let council = Setting { name: exchange.officer.setting.clone(), ..exchange.primary.clone() };
        let (key, _) = exchange.key_holder(&council, &[Role::CouncilAdministrator, Role::Operator]).await;
        let before = exchange.size();
        let answer = key.issue(&exchange.primary.name, &[Role::Dsl], &[], 1).await;
        assert_eq!(refused(answer).reason, Reason::PermissionDenied);
        exchange.one_since(before).await;
    }

    async fn a_contributor_is_assigned_kinds_and_fills_those_only(exchange) {
        let of = exchange.open_move().await;
        let key_person = exchange.person(&of.from, &[Role::Contributor]).await;
        let listed = v1::ListCredentialsRequest {
            parent: exchange.officer.setting.clone(),
            setting: of.from.name.clone(),
        };
        let listed = exchange.officer.settings().list_credentials(listed).await.unwrap();
        let listed = listed.into_inner().credentials;
        let own = listed.iter().find(|it| it.name == key_person.credential).unwrap();
        assert_eq!(own.kinds().collect::<Vec<_>>(), ASSIGNED);

        let whole = submission(&of, typical(1, of.point));
        let only = |kinds: &[v1::SectionKind]| {
            let mut narrowed = whole.clone();
            let full = narrowed.content.take().unwrap();
            let has = |kind| kinds.contains(&kind);
            narrowed.content = Some(Box::new(v1::Sections {
                identity: full.identity.filter(|_| has(v1::SectionKind::Identity)),
                send: full.send.filter(|_| has(v1::SectionKind::Send)),
                health: full.health.filter(|_| has(v1::SectionKind::Health)),
                ..Default::default()
            }));
            narrowed
        };
        let before = exchange.size();
        for kinds in [&[v1::SectionKind::Identity][..], &[v1::SectionKind::Identity, v1::SectionKind::Send]] {
            let told = refused(key_person.publish(only(kinds)).await);
            assert_eq!(told.reason, Reason::PermissionDenied);
        }
        assert_eq!(exchange.size(), before + 2);
        let name = key_person.publish(only(&ASSIGNED)).await.unwrap().name;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        assert_eq!(kinds(&receiver.get(&name).await.unwrap()), ["send", "health"]);
        assert_eq!(kinds(&key_person.get(&name).await.unwrap()), ["send", "health"]);
    }

    async fn roles_and_kinds_that_do_not_go_together_are_told_field_by_field(exchange) {
        use v1::SectionKind::{CapacityAndSharing, FamilyAndAgencies, Send, Unspecified};
        let rules = async |roles: &[Role], kinds: &[v1::SectionKind]| {
            let request = v1::IssueCredentialRequest {
                parent: exchange.officer.setting.clone(),
                setting: exchange.primary.name.clone(),
                label: "of a test".to_owned(),
                roles: roles.iter().map(|role| (*role).into()).collect(),
                kinds: kinds.iter().map(|kind| (*kind).into()).collect(),
                request_id: fresh(),
                ..Default::default()
            };
            let told = refused(exchange.officer.settings().issue_credential(request).await);
            assert_eq!(told.reason, Reason::InvalidRequest);
            told.rules().iter().map(|(field, rule)| format!("{field} {rule}")).collect::<Vec<_>>()
        };
        let before = exchange.size();
        assert_eq!(rules(&[Role::Contributor, Role::Senco], &[]).await, ["kinds kinds.count"]);
        assert_eq!(rules(&[Role::Senco], &[Send]).await, ["kinds kinds.role"]);
        assert_eq!(
            rules(&[Role::Contributor], &[Send, FamilyAndAgencies, CapacityAndSharing]).await,
            ["kinds[1] kinds.not_filled", "kinds[2] kinds.not_filled"]
        );
        assert_eq!(rules(&[], &[Unspecified]).await, ["roles roles.count", "kinds[0] enum.unspecified"]);
        assert_eq!(
            rules(&[Role::Unspecified; 2], &[Unspecified, Send, Unspecified]).await,
            ["roles[0] enum.unspecified", "roles[1] enum.unspecified", "kinds[0] enum.unspecified",
             "kinds[2] enum.unspecified"],
            "one that is wrong hides no other"
        );
        assert_eq!(exchange.size(), before, "none of them reached the ledger");
    }
}
