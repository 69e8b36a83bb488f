//! The whole tour, from an empty folder to who saw what.

use baton_domain::log::note::SignerKey;

use super::desk::{Desk, JOIN};
use super::told::{Form, Told};
use crate::harness::*;

/// Walks it, and holds every chapter to its snapshot; those of both engines are the same.
async fn walk(home: Home, form: Form) {
    let mut desk = Desk::new(home, form);
    let snapshot = |name: &str, desk: &mut Desk| {
        let name = match form {
            Form::Prose => name.to_owned(),
            Form::Json => format!("{name}_json"),
        };
        insta::assert_snapshot!(name, desk.shown.chapter());
    };
    council(&mut desk);
    snapshot("council", &mut desk);
    publish(&mut desk);
    snapshot("publish", &mut desk);
    let seen = receive(&mut desk);
    snapshot("receive", &mut desk);
    change(&mut desk, &seen);
    snapshot("change", &mut desk);
    audit(&mut desk, &seen);
    snapshot("audit", &mut desk);
    strangers(&mut desk);
    snapshot("strangers", &mut desk);
    desk.end().await;
}

fn council(desk: &mut Desk) {
    desk.open_council();
    desk.does("officer", JOIN);
    let again = desk.does("officer", JOIN);
    says_nothing_changed(desk, &again.out);
    let add = "settings add --kind childminder --name 'Childminder, Mill Lane' \
               --code ofsted-ey:EY123456 --council 351 --town Exampleton";
    desk.does("officer", add);
    desk.does("officer", add);
    desk.does("officer", "settings list");
    desk.does("officer", "settings list --code gias:199902");
    desk.does("officer", "settings list --code gias:199999");
    for (code, role, out) in [
        ("199901", "publisher", "sender"),
        ("199902", "receiver-lead", "receiver"),
        ("199903", "receiver-lead", "other"),
    ] {
        let issue =
            format!("credentials issue --code gias:{code} --role {role} --label MIS --out {out}");
        desk.does("officer", &issue);
    }
    let key = "credentials issue --code gias:199901 --role data-manager --label 'School system' \
               --api-key --days 90 --out system";
    desk.does("officer", key);
    desk.does("system", "status");
    desk.does("officer", "credentials list --code gias:199901");
    desk.does("officer", "cohort import cohort.csv --dry-run");
    desk.does("officer", "cohort import cohort.csv");
    let again = desk.does("officer", "cohort import cohort.csv");
    says_nothing_changed(desk, again.out.lines().last().unwrap());
}

fn publish(desk: &mut Desk) {
    let signed = "--signatory 'Head teacher' --point primary-to-secondary";
    let year = crate::harness::this_academic_year();
    for file in ["leavers.ndjson", "leavers.json", "leavers.xml"] {
        // A transfer file says of which year it is.
        let year = match file {
            "leavers.xml" => String::new(),
            _ => format!(" --year {year}"),
        };
        let publish = format!("publish {file} {signed}{year}");
        desk.does("sender", &format!("{publish} --dry-run"));
        desk.does("sender", &publish);
        let again = desk.does("sender", &publish);
        says_nothing_changed(desk, again.out.lines().last().unwrap());
    }
    desk.does("sender", "status");
}

/// What the receiver got, by its own names.
struct Seen {
    profile: String,
    transition: String,
}

fn receive(desk: &mut Desk) -> Seen {
    desk.does("receiver", "status");
    desk.does("receiver", "subscribe --once");
    desk.does("receiver", "subscribe --once");
    let filing = "subscribe --once --name filing --out arrivals --acknowledge";
    desk.does("receiver", filing);
    let files = std::fs::read_dir(desk.folder().join("arrivals")).unwrap();
    assert_eq!(files.count(), 6, "each profile is a file");
    desk.does("receiver", filing);
    desk.does("receiver", "status --names");
    desk.does("other", "subscribe --once");

    let only = "subscribe --once --name post-16 --point secondary-to-post-16";
    let profile = desk.does("receiver", only).name("settings/*/profiles/*");
    let shown = desk.does("receiver", &format!("show {profile}"));
    let transition = shown.name("settings/*/transitions/*");
    desk.does("receiver", &format!("show {profile} --kind identity"));
    Seen {
        profile,
        transition,
    }
}

fn change(desk: &mut Desk, seen: &Seen) {
    let (_, transition) = seen.transition.rsplit_once('/').unwrap();
    let officer = desk
        .does("officer", "status")
        .name("settings/*/transitions/");
    let redirect = format!("redirect {officer}{transition} --to gias:199903 --accepted");
    let unasked = desk.types("officer", &redirect);
    assert_eq!(unasked.code, 2, "nobody said yes: {unasked:?}");
    desk.does("officer", &format!("{redirect} --yes"));
    let former = desk.types("receiver", &format!("show {}", seen.profile));
    assert_eq!(former.code, 3, "{former:?}");
    desk.does("receiver", "subscribe --once --name filing --out arrivals");
    // What a redirect opens the service releases in its own time.
    let came = desk.awaits("other", "subscribe --out taken");
    let profile = came.name("settings/*/profiles/*");

    let (_, id) = profile.rsplit_once('/').unwrap();
    let sender = desk
        .does("sender", "status")
        .name("settings/*/transitions/");
    let sender = sender.trim_end_matches("transitions/");
    desk.does("sender", &format!("withdraw {sender}profiles/{id} --yes"));
    let gone = desk.types("other", &format!("show {profile}"));
    assert_eq!(gone.code, 3, "{gone:?}");
    desk.does("other", "subscribe --once --out taken");
    desk.does("other", "subscribe --once --out taken");
}

fn audit(desk: &mut Desk, seen: &Seen) {
    // An entry has its rows in the order of their keys; these two have one random key each. The
    // second is the setting that was added by itself: those of one import come in any order.
    desk.does("officer", "audit entries --limit 1");
    desk.does("officer", "audit entries --from 8 --limit 1");
    let (_, transition) = seen.transition.rsplit_once('/').unwrap();
    let officer = desk
        .does("officer", "status")
        .name("settings/*/transitions/");
    desk.does("officer", &format!("audit who-saw {officer}{transition}"));
    desk.does("officer", "audit verify --state");
    desk.does("officer", "audit export ledger");
    desk.does("", "audit verify ledger --state");
    desk.does("officer", "audit prove 1 --out one.tlog-proof");
    let key = SignerKey::from_seed("baton.ledger/another/1", &[7; 32]).unwrap();
    let key = key.verifier();
    let other = desk.types("officer", &format!("audit verify --key {key}"));
    assert_eq!(other.code, 1, "another ledger's key: {other:?}");
    let denied = desk.types("sender", "audit verify --state");
    assert_eq!(denied.code, 3, "{denied:?}");
}

/// Wrong keys, wrong servers, wrong words.
fn strangers(desk: &mut Desk) {
    let listed = desk.does("officer", "credentials list --code gias:199901");
    let key = listed.out.lines().find(|it| it.contains("School system"));
    let key = Told {
        out: key.unwrap().to_owned(),
        ..listed.clone()
    };
    let credential = key.name("settings/*/credentials/*");
    desk.does("officer", &format!("credentials revoke {credential}"));
    let told = desk.types("system", "status");
    assert_eq!(told.code, 3, "a revoked key: {told:?}");

    let folder = desk.folder().to_owned();
    let lay = |name: &str, change: &dyn Fn(String) -> String| {
        let made = folder.join(name);
        std::fs::create_dir(&made).unwrap();
        for file in ["cert.pem", "key.pem", "service.pem"] {
            std::fs::copy(folder.join("officer").join(file), made.join(file)).unwrap();
        }
        let text = std::fs::read_to_string(folder.join("officer/connection.toml")).unwrap();
        std::fs::write(made.join("connection.toml"), change(text)).unwrap();
        made
    };
    let unknown = lay("unknown", &|text| text);
    let papers = Papers::new();
    std::fs::write(unknown.join("cert.pem"), &papers.certificate).unwrap();
    std::fs::write(unknown.join("key.pem"), &papers.key).unwrap();
    let told = desk.types("unknown", "status");
    assert_eq!(told.code, 3, "a key nobody registered: {told:?}");

    let imposed = lay("imposed", &|text| text);
    std::fs::write(imposed.join("service.pem"), &papers.certificate).unwrap();
    let told = desk.types("imposed", "status");
    assert_eq!(
        told.code, 3,
        "another service than the pinned one: {told:?}"
    );

    let nowhere = format!("settings/stg_{}", "0".repeat(26));
    let elsewhere = regex::Regex::new("settings/stg_[0-9a-z]+").unwrap();
    lay("elsewhere", &|text| {
        elsewhere.replace(&text, &nowhere).into_owned()
    });
    let told = desk.types("elsewhere", "status");
    assert_eq!(told.code, 3, "for a setting nobody knows: {told:?}");

    lay("misspelt", &|text| text.replace("setting =", "settings ="));
    for (who, line) in [
        ("", "status"),
        ("nobody", "status"),
        ("misspelt", "status"),
        ("officer", "status --colour"),
        (
            "officer",
            "publish nothing.ndjson --signatory 'Head teacher'",
        ),
        ("officer", "publish arrivals --signatory 'Head teacher'"),
        ("officer", "settings import --gias cohort.csv"),
        ("officer", "cohort import register.csv"),
        (
            "officer",
            "credentials issue --code gias:199999 --role dsl --label MIS --out none",
        ),
        (
            "officer",
            "credentials issue --code gias:199901 --role dsl --label MIS --out sender",
        ),
    ] {
        let told = desk.types(who, line);
        assert_eq!(told.code, 2, "{who} {line}: {told:?}");
    }
    // Nobody listens any more.
    desk.close();
    let told = desk.types("officer", "status");
    assert_eq!(told.code, 3, "{told:?}");
    desk.serve();
}

/// The same file again changes nothing, and says so.
fn says_nothing_changed(desk: &Desk, last: &str) {
    match desk.form() {
        Form::Prose => assert!(last.starts_with("nothing changed: "), "{last}"),
        Form::Json => {
            let said: serde_json::Value = serde_json::from_str(last).unwrap();
            for count in ["created", "updated", "changed", "published", "refused"] {
                let count = said["summary"].get(count);
                assert!(count.is_none_or(|count| count == 0), "{last}");
            }
            assert!(said["summary"]["unchanged"].as_u64() > Some(0), "{last}");
        }
    }
}

#[test]
fn the_tour_for_people() {
    run(async || walk(Home::sqlite(), Form::Prose).await);
}

#[test]
fn the_tour_for_machines() {
    run(async || walk(Home::sqlite(), Form::Json).await);
}

#[test]
fn the_tour_is_the_same_on_postgres() {
    run(async || {
        if let Some(home) = Home::postgres().await {
            walk(home, Form::Json).await;
        }
    });
}
