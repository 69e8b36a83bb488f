//! The first officer, the register of settings, credentials.

use baton_domain::access::{Assurance, Role};
use baton_domain::act::{
    Bootstrap, Caller, ImportSetting, IssueCredential, ListCredentials, ListSettings, Proof,
    SettingDraft,
};
use baton_domain::recipient::Days;
use baton_domain::route::SettingKind;
use baton_store::{Clock, Ledger, Presented, Refusal, StoreError};

use crate::engine::on_both_engines;
use crate::values::{NOON_10_MARCH, at, code, setting};
use crate::world::{World, bootstrap};

const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

on_both_engines! {
    async fn bootstrap_works_once(home) {
        let (clock, _hand) = Clock::fixed(at(NOON_10_MARCH));
        let token = Ledger::create(&home.place(), &clock).await.unwrap();
        let again = Ledger::create(&home.place(), &clock).await;
        assert!(matches!(again, Err(StoreError::LedgerExists)), "{again:?}");
        let ledger = Ledger::open(&home.place(), clock, false).await.unwrap();
        let proof = |secret| Presented::Key { credential: token.credential.clone(), secret };
        assert_eq!(ledger.authenticate(&proof(vec![0; 32])).await.unwrap(), None);
        let known = ledger.authenticate(&proof(token.secret.to_vec())).await.unwrap().unwrap();
        assert!(known.one_time);

        let caller = Caller { credential: known.credential, acting: known.setting };
        let school = setting(SettingKind::School, "A school", &["gias:100009"]);
        let act = Bootstrap { council: school, signed: None, proof: Proof::NewKey };
        let refused = ledger.act(&caller, act).await.map(|done| done.value);
        assert_eq!(refused, Err(Refusal::Failed("NOT_A_COUNCIL")));
        let council = setting(SettingKind::Council, "Barking", &["baton-local:lbbd"]);
        let act = Bootstrap { council, signed: None, proof: Proof::NewKey };
        // Two at once: they share a batch or not, and one of them is first.
        let (first, second) =
            tokio::join!(ledger.act(&caller, act.clone()), ledger.act(&caller, act.clone()));
        let (made, late) = if first.is_ok() { (first, second) } else { (second, first) };
        assert_eq!(late.map(|done| done.value), Err(Refusal::Denied));
        assert_eq!(ledger.authenticate(&proof(token.secret.to_vec())).await.unwrap(), None);

        let made = made.unwrap().value;
        let secret = made.issued.secret.unwrap().to_vec();
        let presented = Presented::Key { credential: made.issued.credential.id, secret };
        let officer = ledger.authenticate(&presented).await.unwrap().unwrap();
        assert_eq!((officer.setting, officer.one_time), (made.council.id, false));
        ledger.close().await;
    }

    async fn the_one_time_token_does_nothing_else_and_expires(home) {
        let (clock, hand) = Clock::fixed(at(NOON_10_MARCH));
        let token = Ledger::create(&home.place(), &clock).await.unwrap();
        let ledger = Ledger::open(&home.place(), clock, false).await.unwrap();
        let (credential, secret) = (token.credential, token.secret.to_vec());
        let presented = Presented::Key { credential, secret };
        let known = ledger.authenticate(&presented).await.unwrap().unwrap();
        let caller = Caller { credential: known.credential, acting: known.setting };
        let list = ListSettings { after: None, limit: 10, code: None };
        assert_eq!(ledger.act(&caller, list).await.map(|d| d.value), Err(Refusal::Denied));
        hand.send(at(NOON_10_MARCH) + 7 * DAY_US).unwrap();
        assert_eq!(ledger.authenticate(&presented).await.unwrap(), None);
        let council = setting(SettingKind::Council, "Barking", &["baton-local:lbbd"]);
        let late = ledger.act(&caller, Bootstrap { council, signed: None, proof: Proof::NewKey }).await;
        assert_eq!(late.map(|done| done.value), Err(Refusal::Denied));
        ledger.close().await;
    }

    async fn an_import_creates_updates_or_finds_the_same(home) {
        let world = World::new(home).await;
        let import = async |setting: SettingDraft, validate_only| {
            let act = ImportSetting { setting, signed: None, request: world.request(), validate_only };
            world.ledger.act(&world.officer, act).await.map(|done| done.value)
        };
        let draft = setting(SettingKind::School, "Warren", &["gias:100020", "laestab:3014000"]);
        let tried = import(draft.clone(), true).await.unwrap();
        assert!(tried.created);
        let new = import(draft.clone(), false).await.unwrap();
        assert_eq!((new.created, new.updated), (true, false));
        assert_eq!(new.setting.codes.len(), 2);
        let same = import(draft.clone(), false).await.unwrap();
        assert_eq!((same.created, same.updated), (false, false));
        assert_eq!(same.setting, new.setting);

        let named = SettingDraft { name: "Warren Junior".to_owned(), ..draft.clone() };
        let renamed = import(named, false).await.unwrap();
        assert_eq!((renamed.created, renamed.updated), (false, true));
        assert_eq!(renamed.setting.id, new.setting.id);
        // Known by one code, it learns another and keeps the rest.
        let more = setting(SettingKind::School, "Warren Junior", &["gias:100020", "ukprn:10000021"]);
        let more = import(more, false).await.unwrap();
        assert_eq!((more.updated, more.setting.codes.len()), (true, 3));

        let list = ListSettings { after: None, limit: 10, code: Some(code("ukprn:10000021")) };
        let found = world.ledger.act(&world.officer, list).await.unwrap().value;
        assert_eq!(found.settings, vec![more.setting]);
    }

    async fn an_import_whose_codes_are_of_two_settings_is_refused(home) {
        let world = World::new(home).await;
        let both = setting(SettingKind::School, "Both", &["gias:100002", "gias:100003"]);
        let act = ImportSetting { setting: both, signed: None, request: world.request(), validate_only: false };
        let answer = world.ledger.act(&world.officer, act).await.map(|done| done.value);
        assert_eq!(answer, Err(Refusal::Failed("SETTING_CODES_DISAGREE")));
        let none = setting(SettingKind::School, "None", &[]);
        let act = ImportSetting { setting: none, signed: None, request: world.request(), validate_only: false };
        let answer = world.ledger.act(&world.officer, act).await.map(|done| done.value);
        assert_eq!(answer, Err(Refusal::Failed("SETTING_CODES_NUMBER")));
    }

    async fn a_council_cannot_take_over_another_ones_school_by_its_code(home) {
        let world = World::new(home).await;
        let council = setting(SettingKind::Council, "Havering", &["baton-local:havering"]);
        let council = SettingDraft { council: "311".to_owned(), ..council };
        let havering = world.import(council).await;
        let officer = world.caller(&havering.id, &[Role::CouncilAdministrator]).await;
        let taken = setting(SettingKind::School, "Ours now", &["gias:100002"]);
        let taken = SettingDraft { council: "311".to_owned(), ..taken };
        let act = ImportSetting { setting: taken, signed: None, request: world.request(), validate_only: false };
        let answer = world.ledger.act(&officer, act).await.map(|done| done.value);
        assert_eq!(answer, Err(Refusal::Denied));
        let issue = IssueCredential {
            setting: world.primary.id.clone(),
            label: "theirs".to_owned(),
            grant: crate::values::grant(&[Role::Dsl]),
            proof: Proof::NewKey,
            days: Days::default(),
            lifetime_days: 1,
            request: world.request(),
        };
        let answer = world.ledger.act(&officer, issue).await.map(|done| done.value);
        assert_eq!(answer, Err(Refusal::Denied));
    }

    async fn nobody_gives_itself_the_operators_role(home) {
        let world = World::new(home).await;
        let officer = world.caller(&world.officer.acting, &[Role::CouncilAdministrator]).await;
        for (by, role, allowed) in [
            (&officer, Role::Operator, false),
            (&officer, Role::Sweeper, false),
            (&officer, Role::Dsl, true),
            (&world.officer, Role::Operator, true),
            (&world.officer, Role::Sweeper, false),
        ] {
            let act = IssueCredential {
                setting: world.officer.acting.clone(),
                label: "for me".to_owned(),
                grant: crate::values::grant(&[role]),
                proof: Proof::NewKey,
                days: Days::default(),
                lifetime_days: 1,
                request: world.request(),
            };
            let answer = world.ledger.act(by, act).await;
            assert_eq!(answer.is_ok(), allowed, "{role:?}: {answer:?}");
        }
    }

    async fn a_key_is_shown_once_and_works_until_it_expires(home) {
        let world = World::new(home).await;
        let act = IssueCredential {
            setting: world.primary.id.clone(),
            label: "MIS".to_owned(),
            grant: crate::values::grant(&[Role::DataManager]),
            proof: Proof::NewKey,
            days: Days::default(),
            lifetime_days: 2,
            request: world.request(),
        };
        let issued = world.ledger.act(&world.officer, act.clone()).await.unwrap().value;
        let replayed = world.ledger.act(&world.officer, act).await.unwrap().value;
        assert_eq!(replayed.credential, issued.credential);
        assert_eq!(replayed.secret, None);
        assert_eq!(issued.credential.assurance, Assurance::Key);

        let (credential, secret) = (issued.credential.id, issued.secret.unwrap().to_vec());
        let presented = Presented::Key { credential: credential.clone(), secret };
        assert!(world.ledger.authenticate(&presented).await.unwrap().is_some());
        let caller = Caller { credential, acting: world.primary.id.clone() };
        let list = ListSettings { after: None, limit: 10, code: None };
        world.ledger.act(&caller, list.clone()).await.unwrap();
        world.hand.send(at(NOON_10_MARCH) + 2 * DAY_US).unwrap();
        assert_eq!(world.ledger.authenticate(&presented).await.unwrap(), None);
        let late = world.ledger.act(&caller, list).await.map(|done| done.value);
        assert_eq!(late, Err(Refusal::Denied), "who was let in before it expired, too");
    }

    async fn a_revoked_caller_is_denied_inside_the_act_with_one_entry(home) {
        let world = World::new(home).await;
        let caller = world.caller(&world.primary.id, &[Role::Publisher]).await;
        world.revoke(&world.ledger, &caller).await;
        let before = world.size();
        let answer = world.planned(&caller, world.plan(crate::values::upn(1))).await;
        assert_eq!(answer, Err(Refusal::Denied));
        assert_eq!(world.size(), before + 1);
        let entry = &world.entries(before).await[0];
        assert_eq!((entry.kind(), entry.verdict()), ("planned", "denied"));
        assert_eq!(entry.text("caller/credential"), caller.credential.as_str());
        let list = ListCredentials { setting: world.primary.id.clone() };
        let shown = world.ledger.act(&world.officer, list).await.unwrap().value;
        assert!(shown.iter().any(|c| c.id == caller.credential && c.revoked));
    }

    async fn a_credential_acts_for_its_own_setting_only(home) {
        let world = World::new(home).await;
        let caller = world.caller(&world.academy.id, &[Role::Publisher]).await;
        let acting = world.primary.id.clone();
        let borrowed = Caller { acting, ..caller };
        let answer = world.planned(&borrowed, world.plan(crate::values::upn(1))).await;
        assert_eq!(answer, Err(Refusal::Denied));
    }

    async fn a_caller_who_was_known_is_unknown_once_revoked(home) {
        let world = World::new(home).await;
        let (caller, presented) = world.certified(&world.primary.id, &[Role::Publisher]).await;
        for time in ["looked up", "remembered"] {
            let known = world.ledger.authenticate(&presented).await.unwrap().unwrap();
            assert_eq!(known.credential, caller.credential, "{time}");
        }
        world.revoke(&world.ledger, &caller).await;
        assert_eq!(world.ledger.authenticate(&presented).await.unwrap(), None);
    }

    async fn a_certificate_serves_one_credential_at_a_time(home) {
        let world = World::new(home).await;
        let issue = |setting: &baton_domain::ids::SettingId| IssueCredential {
            setting: setting.clone(),
            label: "MIS".to_owned(),
            grant: crate::values::grant(&[Role::Publisher]),
            proof: Proof::Certificate([9; 32]),
            days: Days::default(),
            lifetime_days: 2,
            request: world.request(),
        };
        // In one batch too.
        let (first, second) = tokio::join!(
            world.ledger.act(&world.officer, issue(&world.primary.id)),
            world.ledger.act(&world.officer, issue(&world.academy.id)),
        );
        let (made, late) = if first.is_ok() { (first, second) } else { (second, first) };
        let late = late.map(|done| done.value);
        assert_eq!(late, Err(Refusal::Failed("CERTIFICATE_IN_USE")));
        let made = made.unwrap().value.credential;
        world.hand.send(made.expires_us).unwrap();
        let renewed = world.ledger.act(&world.officer, issue(&made.setting)).await.unwrap().value;
        let known = world.ledger.authenticate(&Presented::Certificate([9; 32])).await.unwrap();
        assert_eq!(known.unwrap().credential, renewed.credential.id);
    }

    async fn a_lifetime_beyond_all_reason_is_no_fault(home) {
        let (clock, _hand) = Clock::fixed(at(NOON_10_MARCH));
        let (ledger, officer) = bootstrap(home, &clock).await;
        let act = IssueCredential {
            setting: officer.acting.clone(),
            label: "for ever".to_owned(),
            grant: crate::values::grant(&[Role::Auditor]),
            proof: Proof::NewKey,
            days: Days::default(),
            lifetime_days: u32::MAX,
            request: crate::values::request("for-ever"),
        };
        ledger.act(&officer, act).await.unwrap();
        ledger.close().await;
    }
}
