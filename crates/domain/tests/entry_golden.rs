//! The bytes of an entry of every kind. They are hashed and kept for good, so a change here is a
//! change of what every ledger says: kinds and fields are only ever added.
#![cfg(test)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use baton_domain::access::{
    Action, AgeStage, Assurance, Delegation, Facts, Relation, Role, RoleSet, RouteGroup,
    SharingDecision, Tuple,
};
use baton_domain::entry::{
    Answer, Decision, ENTRY_BYTES_MAX, Entry, EntryCaller, EntryKind, PREFIX, RowChange, Verdict,
};
use baton_domain::ids::{
    Alias, CredentialId, DocumentId, LedgerId, ProfileId, SettingId, SubscriptionId, TransitionId,
};
use baton_domain::log::Json;
use baton_domain::opening::Window;
use baton_domain::section::{KindSet, SectionKind};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/entry")
}

fn setting(byte: u8) -> String {
    SettingId::from_bytes([byte; 16]).to_string()
}

fn credential() -> String {
    CredentialId::from_bytes([0x33; 16]).to_string()
}

fn profile() -> String {
    ProfileId::from_bytes([0x44; 16]).to_string()
}

fn alias() -> String {
    Alias::from_bytes([0x66; 16]).to_string()
}

/// What a publish writes about itself, besides contribution and version.
fn published() -> Vec<(&'static str, Json)> {
    let text = |value: &str| Json::Str(value.to_owned());
    let sections = Json::object([("identity", text(&"5a".repeat(32)))]);
    vec![
        ("cover", text(&"c5".repeat(32))),
        ("removed", Json::Int(1 << 11)),
        ("sections", sections),
    ]
}

/// What an act of this kind writes about itself.
fn detail(kind: EntryKind) -> Vec<(&'static str, Json)> {
    let text = |value: &str| Json::Str(value.to_owned());
    let about = || {
        let transition = TransitionId::from_bytes([0x55; 16]);
        vec![
            ("learner", text(&alias())),
            ("transition", text(transition.as_str())),
        ]
    };
    let with = |more: Vec<(&'static str, Json)>| [about(), more].concat();
    let version = || vec![("profile", text(&profile())), ("version", Json::Int(3))];
    match kind {
        EntryKind::LedgerCreated => vec![],
        EntryKind::TermOpened => vec![
            ("checkpoint", text("baton.ledger/ldg/1\n41\nAAAA\n\n— …\n")),
            ("mark_size", Json::Int(42)),
            ("mark_term", Json::Int(1)),
        ],
        EntryKind::Bootstrapped => {
            let council = ("setting", text(&setting(0x22)));
            let issued = detail(EntryKind::CredentialIssued);
            [vec![council], issued, signed_at_joining()].concat()
        }
        EntryKind::CredentialIssued => vec![
            ("credential", text(&credential())),
            ("for", text(&setting(0x22))),
            ("roles", Json::Arr(vec![text("publisher"), text("dsl")])),
        ],
        EntryKind::SettingImported => {
            let words = vec![
                ("setting", text(&setting(0x22))),
                ("validate_only", Json::Bool(true)),
            ];
            [words, signed_at_joining()].concat()
        }
        EntryKind::SettingsListed | EntryKind::AccessRowsListed => vec![("shown", Json::Int(50))],
        EntryKind::CredentialsListed => vec![("for", text(&setting(0x22)))],
        EntryKind::CredentialRevoked => vec![("credential", text(&credential()))],
        EntryKind::Planned => with(vec![
            ("route", text("primary-secondary")),
            ("to", text(&setting(0x77))),
        ]),
        EntryKind::Redirected => with(vec![("from", text(&setting(0x77))), ("to", Json::Null)]),
        EntryKind::FactRecorded => with(vec![("fact", text("enrolled"))]),
        EntryKind::TransitionShown | EntryKind::WhoSawAsked | EntryKind::RestrictionLifted => {
            about()
        }
        EntryKind::DisclosureRecorded => with(given_out()),
        EntryKind::TransitionsListed => vec![("learners", Json::Arr(vec![text(&alias())]))],
        EntryKind::Published => with([version(), published()].concat()),
        EntryKind::Unchanged | EntryKind::Withdrawn | EntryKind::Acknowledged => with(version()),
        EntryKind::Subscribed => vec![
            ("changed", Json::Bool(true)),
            (
                "subscription",
                text(SubscriptionId::from_bytes([0x88; 16]).as_str()),
            ),
        ],
        EntryKind::Pulled => {
            let item = Json::object([
                ("kinds", Json::Int(258)),
                ("learner", text(&alias())),
                ("position", Json::Int(1_234_567)),
            ]);
            vec![
                ("items", Json::Arr(vec![item])),
                (
                    "subscription",
                    text(SubscriptionId::from_bytes([0x88; 16]).as_str()),
                ),
            ]
        }
        EntryKind::Fetched => with([version(), vec![("kinds", Json::Int(258))]].concat()),
        EntryKind::Rejected => with([version(), vec![("reason", Json::Int(2))]].concat()),
        EntryKind::Released => with(
            [
                version(),
                vec![("to", Json::Arr(vec![text(&setting(0x77))]))],
            ]
            .concat(),
        ),
        EntryKind::EntriesListed => vec![("shown", Json::Int(50)), ("start", Json::Int(1_000))],
        EntryKind::LogKeyChanged => vec![
            ("new_key", text("baton.ledger/ldg_0/2+5b7c1f02+AZkH")),
            ("old_key", text("baton.ledger/ldg_0/2+93a0d7e1+AXq2")),
            ("old_key_until_us", Json::Int(1_775_736_000_000_001)),
        ],
        EntryKind::EpochOpened => vec![("check", text(&"e4".repeat(16))), ("epoch", Json::Int(4))],
        EntryKind::EpochsDestroyed => vec![("last_epoch", Json::Int(1))],
        EntryKind::PolicyReplaced
        | EntryKind::PolicyChecked
        | EntryKind::PolicyChangesListed
        | EntryKind::PolicySetShown => of_policies(kind),
        EntryKind::RefusalsSummarised => {
            vec![
                ("count", Json::Int(17)),
                ("credential", text(&credential())),
            ]
        }
        other => of_keeping(other, with),
    }
}

/// Policy sets, by their hashes.
fn of_policies(kind: EntryKind) -> Vec<(&'static str, Json)> {
    let text = |value: &str| Json::Str(value.to_owned());
    match kind {
        EntryKind::PolicyChangesListed => vec![("count", Json::Int(2))],
        EntryKind::PolicySetShown => vec![("shown", text(&"c0".repeat(32)))],
        _ => vec![
            ("old", text(&"c0".repeat(32))),
            ("new", text(&"d1".repeat(32))),
            ("reason", text("Agreed by the board in March")),
        ],
    }
}

/// Settings that receive, or write the plan, beside the destination.
fn of_recipients(kind: EntryKind) -> Vec<(&'static str, Json)> {
    let text = |value: &str| Json::Str(value.to_owned());
    match kind {
        EntryKind::RecipientAdded => vec![
            ("purpose", text("looked_after")),
            ("relation", text("further")),
            ("subset", Json::Int(96)),
            ("to", text(&setting(0x77))),
        ],
        EntryKind::RecipientEnded => vec![("to", Json::Arr(vec![text(&setting(0x77))]))],
        _ => vec![("to", text(&setting(0x22)))],
    }
}

/// What a learner, or somebody for the learner, decided.
fn of_family(kind: EntryKind) -> Vec<(&'static str, Json)> {
    let text = |value: &str| Json::Str(value.to_owned());
    match kind {
        EntryKind::FamilyAccessListed => vec![("count", Json::Int(2))],
        EntryKind::FamilyAccessEnded => vec![("credential", text(&credential()))],
        _ => vec![
            ("basis", text("parental_responsibility")),
            ("credential", text(&credential())),
            ("for", text(&setting(0x22))),
            (
                "left_out",
                Json::Arr(vec![text("health=serious_harm_health")]),
            ),
            ("roles", Json::Arr(vec![text("person")])),
            ("who", text("parent")),
        ],
    }
}

fn of_sharing(kind: EntryKind) -> Vec<(&'static str, Json)> {
    let text = |value: &str| Json::Str(value.to_owned());
    match kind {
        EntryKind::SharingListed => vec![("count", Json::Int(2))],
        _ => vec![
            ("basis", text("own_decision")),
            ("giver", text("learner")),
            ("not_stopped", Json::Int(16_779_264)),
            ("said", text("refused")),
            ("subset", Json::Int(0)),
            ("to", text(&setting(0x77))),
            ("toward", text("education")),
        ],
    }
}

/// What a setting signed when it was registered.
fn signed_at_joining() -> Vec<(&'static str, Json)> {
    let text = |value: &str| Json::Str(value.to_owned());
    vec![
        ("first_day", text("2025-09-01")),
        ("recorded", Json::Bool(true)),
        ("text", text("2025.1")),
        ("text_sha256", text(&"7e".repeat(32))),
    ]
}

/// Who signed what.
fn of_agreements(kind: EntryKind) -> Vec<(&'static str, Json)> {
    let text = |value: &str| Json::Str(value.to_owned());
    let whose = ("for", text(&setting(0x22)));
    match kind {
        EntryKind::AgreementSigned => vec![
            ("first_day", text("2026-03-10")),
            whose,
            ("last_day", text("2029-08-31")),
            ("recorded", Json::Bool(true)),
            ("text", text("2026.1")),
            ("text_sha256", text(&"7e".repeat(32))),
        ],
        EntryKind::AgreementsListed => vec![whose, ("shown", Json::Int(1))],
        _ => vec![whose],
    }
}

/// Files that go with a contribution.
fn of_documents(
    kind: EntryKind,
    with: impl Fn(Vec<(&'static str, Json)>) -> Vec<(&'static str, Json)>,
) -> Vec<(&'static str, Json)> {
    let text = |value: &str| Json::Str(value.to_owned());
    let id = DocumentId::from_bytes([0x99; 16]);
    let (document, profile) = (
        ("document", text(id.as_str())),
        ("profile", text(&profile())),
    );
    let kinds = ("kinds", Json::Int(512));
    match kind {
        EntryKind::DocumentStaged => with(vec![document, profile]),
        EntryKind::DocumentAdded => with(vec![
            document,
            profile,
            kinds,
            ("bytes", Json::Int(1_048_577)),
            ("media_type", text("application/pdf")),
            ("cover", text(&"c5".repeat(32))),
            (
                "chunks",
                Json::Arr(vec![text(&"a1".repeat(32)), text(&"b2".repeat(32))]),
            ),
        ]),
        EntryKind::DocumentsListed => with(vec![
            ("documents", Json::Arr(vec![text(id.as_str())])),
            profile,
            kinds,
        ]),
        EntryKind::DocumentDownloaded => {
            with(vec![document, profile, kinds, ("from_chunk", Json::Int(0))])
        }
        EntryKind::DocumentRemoved => {
            with(vec![document, profile, kinds, ("kept", Json::Bool(false))])
        }
        other => panic!("{} says nothing here", other.name()),
    }
}

/// What keeps, forgets and copies; `with` says whose it is.
fn of_keeping(
    kind: EntryKind,
    with: impl Fn(Vec<(&'static str, Json)>) -> Vec<(&'static str, Json)>,
) -> Vec<(&'static str, Json)> {
    let text = |value: &str| Json::Str(value.to_owned());
    match kind {
        EntryKind::RecipientAdded | EntryKind::RecipientEnded | EntryKind::PlanCouncilSet => {
            with(of_recipients(kind))
        }
        EntryKind::SharingRecorded | EntryKind::SharingListed => with(of_sharing(kind)),
        EntryKind::FamilyAccessAdded
        | EntryKind::FamilyAccessEnded
        | EntryKind::FamilyAccessListed => with(of_family(kind)),
        EntryKind::ErasurePreviewed | EntryKind::Erased => with(vec![
            ("extent", text("send")),
            ("profiles", Json::Arr(vec![text(&profile())])),
            ("reason", text("sent_in_error")),
        ]),
        EntryKind::ExpiryAnnounced => with(vec![
            ("last_day", text("2026-12-20")),
            ("profiles", Json::Arr(vec![text(&profile())])),
            ("to", Json::Arr(vec![text(&setting(0x77))])),
        ]),
        EntryKind::Expired => with(vec![("profiles", Json::Arr(vec![text(&profile())]))]),
        EntryKind::CaretakerSet => vec![
            ("before", text(&setting(0x66))),
            ("caretaker", text(&setting(0x77))),
            ("setting", text(&setting(0x55))),
            ("still_open", Json::Bool(true)),
        ],
        EntryKind::MasterKeyChanged => vec![
            ("new_key", text(&"5e".repeat(8))),
            ("old_key", text(&"d0".repeat(8))),
            ("validate_only", Json::Bool(true)),
        ],
        EntryKind::DelegationAdded => vec![
            ("first_day", text("2026-03-10")),
            ("last_day", text("2027-03-09")),
            ("roles", Json::Arr(vec![text("publisher")])),
            ("scopes", Json::Arr(vec![text("publish"), text("read")])),
            ("subset", Json::Int(2)),
            ("to", text(&setting(0x77))),
        ],
        EntryKind::DelegationEnded => {
            vec![("for", text(&setting(0x22))), ("to", text(&setting(0x77)))]
        }
        EntryKind::IdentityGuarded => vec![("guarded", Json::Bool(true))],
        EntryKind::DelegationsListed => vec![("for", text(&setting(0x22)))],
        EntryKind::AgreementSigned | EntryKind::AgreementEnded | EntryKind::AgreementsListed => {
            of_agreements(kind)
        }
        EntryKind::SentWithoutAgreement => with(vec![
            ("to", text(&setting(0x77))),
            ("why", text("urgent_need")),
        ]),
        EntryKind::SendingWithoutEnded => with(vec![("to", text(&setting(0x77)))]),
        EntryKind::ErasedAgain | EntryKind::IdentifiersReadmitted => {
            vec![("count", Json::Int(2))]
        }
        EntryKind::HoldChanged => with(vec![
            ("held", Json::Bool(true)),
            ("reason", text("inquiry")),
        ]),
        EntryKind::Restricted => with(vec![("reason", text("accuracy_contested"))]),
        EntryKind::StorageScrubbed | EntryKind::BodiesDropped => {
            vec![("below", Json::Int(1_000))]
        }
        EntryKind::BackedUp => vec![("content", Json::Bool(true)), ("keys", Json::Bool(true))],
        other => of_documents(other, with),
    }
}

/// What is said of an account that was given to a parent.
fn given_out() -> Vec<(&'static str, Json)> {
    let text = |value: &str| Json::Str(value.to_owned());
    let withheld = [
        ("child_abuse", Json::Int(2)),
        ("rights_of_others", Json::Int(1)),
    ];
    vec![
        ("audience", text("parent")),
        ("commitment", text(&"d1".repeat(32))),
        ("lines", Json::Int(14)),
        ("withheld", Json::object(withheld)),
    ]
}

/// An entry with every field its kind may have.
fn entry(kind: EntryKind) -> Entry {
    let by_itself = matches!(
        kind,
        EntryKind::LedgerCreated
            | EntryKind::TermOpened
            | EntryKind::Released
            | EntryKind::RefusalsSummarised
    );
    let facts = Facts {
        action: Action::Read,
        roles: RoleSet::only(Role::Senco),
        relation: Relation::NamedDestination,
        kind: Some(SectionKind::Identity),
        window: Window::Open,
        agreement_in_force: true,
        sharing: SharingDecision::Undecided,
        age: AgeStage::Under16,
        delegation: Delegation::Direct,
        assurance: Assurance::Certificate,
        route: RouteGroup::Coordinated,
        ..Facts::about(Action::Read, RoleSet::only(Role::Senco))
    };
    let answer = |allowed, kinds: &[SectionKind], policy: &str| Answer {
        kinds: KindSet::of(kinds),
        allowed,
        policies: vec![policy.to_owned()],
    };
    let answers = vec![
        answer(
            true,
            &[SectionKind::Identity, SectionKind::Send],
            "senco_reads",
        ),
        answer(false, &[SectionKind::FamilyAndAgencies], "default_deny"),
    ];
    let (table, key) = (
        "transition",
        TransitionId::from_bytes([0x55; 16]).to_string(),
    );
    Entry {
        ledger: LedgerId::from_bytes([0x11; 16]),
        term: 2,
        position: 1_234_568,
        time_us: 1_773_144_000_000_001,
        caller: (!by_itself).then(|| EntryCaller {
            credential: CredentialId::from_bytes([0x33; 16]),
            setting: SettingId::from_bytes([0x22; 16]),
            vendor: None,
        }),
        kind,
        verdict: Verdict::Done,
        request: (!by_itself).then_some([0xab; 16]),
        decisions: vec![Decision {
            tuple: Tuple::new(facts),
            answers,
        }],
        policy_set: "c0".repeat(32),
        detail: detail(kind)
            .into_iter()
            .map(|(k, v)| (k.to_owned(), v))
            .collect::<BTreeMap<_, _>>(),
        rows: vec![RowChange {
            table,
            key,
            commitment: [0xcd; 32],
        }],
    }
}

/// `BATON_UPDATE_GOLDEN=1` writes files that are missing; it never changes one that is there.
fn compare(name: &str, bytes: &[u8]) {
    let path = folder().join(format!("{name}.json"));
    if !path.exists() && std::env::var_os("BATON_UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(folder()).unwrap();
        std::fs::write(&path, bytes).unwrap();
    }
    let kept = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(text(bytes), text(&kept), "{name}");
}

#[test]
fn an_entry_of_every_kind_is_written_as_ever() {
    for kind in EntryKind::ALL {
        compare(kind.name(), &entry(*kind).to_bytes());
    }
}

#[test]
fn every_golden_file_is_of_a_kind_or_of_a_verdict() {
    let mut kept: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|file| {
            file.unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    kept.sort();
    let mut known: Vec<_> = EntryKind::ALL
        .iter()
        .map(|kind| kind.name().to_owned())
        .collect();
    let others = ["by_vendor", "verdict_denied", "verdict_failed"];
    known.extend(others.map(str::to_owned));
    known.sort();
    assert_eq!(kept, known);
}

#[test]
fn a_refusal_is_written_as_ever() {
    let denied = Entry {
        verdict: Verdict::Denied,
        rows: Vec::new(),
        ..entry(EntryKind::Fetched)
    };
    compare("verdict_denied", &denied.to_bytes());
    let verdict = Verdict::Failed("VERSION_CHANGED");
    let failed = Entry {
        verdict,
        rows: Vec::new(),
        ..entry(EntryKind::Acknowledged)
    };
    compare("verdict_failed", &failed.to_bytes());
}

#[test]
fn what_a_vendor_did_for_a_setting_names_both() {
    let mut by_vendor = entry(EntryKind::Fetched);
    if let Some(caller) = &mut by_vendor.caller {
        caller.vendor = Some(SettingId::from_bytes([0x99; 16]));
    }
    compare("by_vendor", &by_vendor.to_bytes());
}

#[test]
fn an_entry_is_its_prefix_and_canonical_json() {
    for kind in EntryKind::ALL {
        let bytes = entry(*kind).to_bytes();
        assert!(bytes.len() <= ENTRY_BYTES_MAX);
        let json = bytes.strip_prefix(PREFIX).unwrap();
        let parsed = Json::parse(json).unwrap();
        assert_eq!(parsed.to_bytes(), json, "read back, it is written the same");
    }
}

#[test]
fn what_a_decision_takes_is_known_before_it_is_written() {
    let mut with = entry(EntryKind::Fetched);
    let without = Entry {
        decisions: Vec::new(),
        ..with.clone()
    };
    // The member's own name and brackets.
    let fixed = r#""decisions":[],"#.len();
    let [decision] = with.decisions.as_mut_slice() else {
        unreachable!()
    };
    for answer in &mut decision.answers {
        answer.kinds = KindSet::ALL;
    }
    let said = decision.bytes()
        + decision
            .answers
            .iter()
            .map(Answer::bytes_max)
            .sum::<usize>();
    let taken = with.to_bytes().len() - without.to_bytes().len() - fixed;
    assert!(
        taken <= said && said <= taken + 3,
        "{taken} taken, {said} said"
    );
}
