//! Entries in plain words. Every kind has its words here or the program does not build.

use baton_domain::access::Role;
use baton_domain::agreement::SendingReason;
use baton_domain::entry::EntryKind;
use baton_domain::section::{KindSet, SectionKind};
use jiff::Timestamp;
use jiff::civil::DateTime;

use super::seen::{Seen, Verdict, Who};

/// An act, done and wanted: "opened it", "open it".
struct Act {
    done: String,
    wanted: String,
}

/// The act of an entry, how it ended included.
pub(super) fn act(seen: &Seen) -> String {
    let act = match seen.kind {
        Some(kind) => phrase(kind, seen),
        None => Act {
            done: format!("did: {}", seen.act),
            wanted: format!("do: {}", seen.act),
        },
    };
    match &seen.verdict {
        Verdict::Done => act.done,
        Verdict::Denied => format!("asked to {} and was refused", act.wanted),
        Verdict::Failed(reason) => {
            let reason = reason.to_lowercase().replace('_', " ");
            format!("could not {} ({reason})", act.wanted)
        }
    }
}

fn phrase(kind: EntryKind, seen: &Seen) -> Act {
    let of = of_version(seen);
    let same = |done: &str, wanted: &str, more: &str| Act {
        done: format!("{done}{more}"),
        wanted: format!("{wanted}{more}"),
    };
    let plain = |done: &str, wanted: &str| same(done, wanted, "");
    let to = places(" to ", seen);
    match kind {
        EntryKind::LedgerCreated => plain("created the ledger", "create the ledger"),
        EntryKind::TermOpened => plain(
            "opened a new term of the ledger, after a restore",
            "open a new term of the ledger",
        ),
        EntryKind::Bootstrapped => plain(
            "made the council and its first officer",
            "make the council and its first officer",
        ),
        EntryKind::SettingImported => plain("loaded a setting", "load a setting"),
        EntryKind::SettingsListed => plain("listed settings", "list settings"),
        EntryKind::CredentialIssued => plain("issued a credential", "issue a credential"),
        EntryKind::CredentialsListed => plain("listed credentials", "list credentials"),
        EntryKind::CredentialRevoked => plain("revoked a credential", "revoke a credential"),
        EntryKind::Planned => same("planned the move", "plan the move", &to),
        EntryKind::Redirected => redirected(seen, &to),
        EntryKind::RecipientAdded | EntryKind::RecipientEnded | EntryKind::PlanCouncilSet => {
            beside(kind, seen)
        }
        EntryKind::SentWithoutAgreement | EntryKind::SendingWithoutEnded => without(kind, seen),
        EntryKind::FactRecorded => fact(&seen.what),
        EntryKind::TransitionShown => plain(
            "looked at how far the move is",
            "look at how far the move is",
        ),
        EntryKind::TransitionsListed => plain(
            "listed how far moves are, this one among them",
            "list how far moves are",
        ),
        EntryKind::Published => Act {
            done: format!("published{of}{}", sections(": ", seen.kinds)),
            wanted: "publish".to_owned(),
        },
        EntryKind::Unchanged => plain("published the same again", "publish"),
        EntryKind::Withdrawn => same("withdrew", "withdraw", &of),
        EntryKind::Subscribed => plain("made a subscription", "make a subscription"),
        EntryKind::Pulled => Act {
            done: format!("was handed{}{of}", shown(" the sections ", seen)),
            wanted: "be handed what came".to_owned(),
        },
        EntryKind::Fetched => Act {
            done: format!("opened{}{of}", shown(" the sections ", seen)),
            wanted: format!("open{of}"),
        },
        EntryKind::Acknowledged => same("took over", "take over", &of),
        EntryKind::Rejected => Act {
            done: format!("sent back{of}{}", rejected(&seen.what)),
            wanted: format!("send back{of}"),
        },
        EntryKind::Released => {
            let of = if of.contains(',') {
                format!("{of},")
            } else {
                of
            };
            same("made", "make", &format!("{of} visible{to}"))
        }
        EntryKind::ExpiryAnnounced => same(
            "announced",
            "announce",
            &format!("{to} by when the content will be gone"),
        ),
        EntryKind::EntriesListed => plain("read entries of the ledger", "read the ledger"),
        EntryKind::PolicySetShown => plain("read the policies", "read the policies"),
        EntryKind::AccessRowsListed => plain(
            "read commitments of access rows",
            "read commitments of access rows",
        ),
        EntryKind::WhoSawAsked => plain("asked who saw the record", "ask who saw the record"),
        EntryKind::DisclosureRecorded => same(
            "recorded that an account of who saw was given",
            "record that an account of who saw was given",
            match seen.what.as_str() {
                "parent" => " to a parent",
                "young_person" => " to the young person",
                _ => "",
            },
        ),
        EntryKind::RefusalsSummarised => same(
            "summed up refused calls",
            "sum up refused calls",
            &format!(": {}", seen.count),
        ),
        EntryKind::EpochOpened => plain("put new keys into force", "put new keys into force"),
        EntryKind::EpochsDestroyed => plain("destroyed old keys", "destroy old keys"),
        EntryKind::DocumentStaged
        | EntryKind::DocumentAdded
        | EntryKind::DocumentsListed
        | EntryKind::DocumentDownloaded
        | EntryKind::DocumentRemoved => of_documents(kind, seen),
        other => of_keeping(other),
    }
}

/// Files that go with what is sent.
fn of_documents(kind: EntryKind, seen: &Seen) -> Act {
    let of = sections(" of ", seen.kinds);
    let act = |done: &str, wanted: &str| Act {
        done: format!("{done}{of}"),
        wanted: wanted.to_owned(),
    };
    match kind {
        EntryKind::DocumentStaged => act("sent a part of a document", "send a document"),
        EntryKind::DocumentAdded => act("added a document", "add a document"),
        EntryKind::DocumentsListed if seen.kinds.is_empty() => {
            act("looked for documents, there were none", "see the documents")
        }
        EntryKind::DocumentsListed => act("saw the titles of documents", "see the documents"),
        EntryKind::DocumentDownloaded => act("opened a document", "open a document"),
        _ => act("took back a document", "take back a document"),
    }
}

/// What keeps, forgets, copies and signs, and what was decided.
fn of_keeping(kind: EntryKind) -> Act {
    let same = |done: &str, wanted: &str| Act {
        done: done.to_owned(),
        wanted: wanted.to_owned(),
    };
    match kind {
        EntryKind::ErasurePreviewed => {
            same("asked what would be erased", "ask what would be erased")
        }
        EntryKind::Erased => same("erased content", "erase content"),
        EntryKind::Expired => same(
            "erased what was past its time",
            "erase what is past its time",
        ),
        EntryKind::ErasedAgain => same(
            "erased again what an older copy brought back",
            "erase again what an older copy brought back",
        ),
        EntryKind::HoldChanged => same("changed the legal hold", "change the legal hold"),
        EntryKind::Restricted => same("restricted processing", "restrict processing"),
        EntryKind::RestrictionLifted => same("lifted the restriction", "lift the restriction"),
        EntryKind::StorageScrubbed => same(
            "cleared the files of what was erased",
            "clear the files of what was erased",
        ),
        EntryKind::BodiesDropped => same(
            "dropped what old entries said",
            "drop what old entries said",
        ),
        EntryKind::BackedUp => same("copied the ledger to a backup", "back the ledger up"),
        EntryKind::LogKeyChanged => same(
            "changed the key that signs the ledger",
            "change the key that signs the ledger",
        ),
        EntryKind::CaretakerSet => same(
            "closed a setting and named who looks after what it left",
            "close a setting and name who looks after what it left",
        ),
        EntryKind::MasterKeyChanged => same(
            "had the keys sealed under another master key",
            "have the keys sealed under another master key",
        ),
        EntryKind::PolicyReplaced => same(
            "put other policies into force",
            "put other policies into force",
        ),
        EntryKind::PolicyChecked => same(
            "asked what other policies would change",
            "ask what other policies would change",
        ),
        EntryKind::PolicyChangesListed => same(
            "looked at when policies were replaced",
            "look at when policies were replaced",
        ),
        EntryKind::DelegationAdded | EntryKind::DelegationEnded | EntryKind::DelegationsListed => {
            of_vendors(kind)
        }
        EntryKind::AgreementSigned => same(
            "signed the framework agreement",
            "sign the framework agreement",
        ),
        EntryKind::AgreementEnded => same(
            "ended the framework agreement",
            "end the framework agreement",
        ),
        EntryKind::AgreementsListed => same(
            "listed who has signed the framework agreement",
            "list who has signed the framework agreement",
        ),
        EntryKind::SharingRecorded => same(
            "recorded what was decided about sharing",
            "record what was decided about sharing",
        ),
        EntryKind::IdentityGuarded => same(
            "said what must not be written of a learner",
            "say what must not be written of a learner",
        ),
        EntryKind::IdentifiersReadmitted => same(
            "had numbers that were retired be used again",
            "have numbers that were retired be used again",
        ),
        EntryKind::FamilyAccessAdded => same(
            "let somebody of the family see the record",
            "let somebody of the family see the record",
        ),
        EntryKind::FamilyAccessEnded => same(
            "ended that somebody of the family sees the record",
            "end that somebody of the family sees the record",
        ),
        EntryKind::FamilyAccessListed => same(
            "listed who of the family sees the record",
            "list who of the family sees the record",
        ),
        EntryKind::SharingListed => same(
            "looked at what was decided about sharing",
            "look at what was decided about sharing",
        ),
        other => same(other.name(), other.name()),
    }
}

/// Vendors that act for settings.
fn of_vendors(kind: EntryKind) -> Act {
    let (done, wanted) = match kind {
        EntryKind::DelegationAdded => (
            "let a vendor act for the setting",
            "let a vendor act for the setting",
        ),
        EntryKind::DelegationEnded => (
            "ended that a vendor acts for a setting",
            "end that a vendor acts for a setting",
        ),
        _ => (
            "listed which vendors act for a setting",
            "list which vendors act for a setting",
        ),
    };
    Act {
        done: done.to_owned(),
        wanted: wanted.to_owned(),
    }
}

/// Settings that receive, or write the plan, beside the destination.
fn beside(kind: EntryKind, seen: &Seen) -> Act {
    let who = places(" ", seen);
    let (done, wanted) = match kind {
        EntryKind::RecipientAdded => (
            format!("let{who} receive beside the destination"),
            "let another setting receive beside the destination",
        ),
        EntryKind::RecipientEnded => (
            format!("ended that{who} receives beside the destination"),
            "end that another setting receives",
        ),
        _ if seen.to.is_empty() => (
            "took away which council keeps the EHC plan".to_owned(),
            "name the council that keeps the EHC plan",
        ),
        _ => (
            format!("named{who} as the council that keeps the EHC plan"),
            "name the council that keeps the EHC plan",
        ),
    };
    Act {
        done,
        wanted: wanted.to_owned(),
    }
}

fn redirected(seen: &Seen, to: &str) -> Act {
    let from = seen
        .from
        .as_ref()
        .map(|from| format!(" from {}", from.words()));
    let from = from.unwrap_or_default();
    let (done, wanted) = if seen.to.is_empty() && seen.verdict == Verdict::Done {
        ("took the destination away", "take the destination away")
    } else {
        ("changed the destination", "change the destination")
    };
    Act {
        done: format!("{done}{from}{to}"),
        wanted: wanted.to_owned(),
    }
}

/// What goes to a setting although one of the two has not signed.
fn without(kind: EntryKind, seen: &Seen) -> Act {
    let to = places(" to ", seen);
    if kind == EntryKind::SendingWithoutEnded {
        return Act {
            done: format!("ended that it is sent{to} without agreement"),
            wanted: "end that it is sent without agreement".to_owned(),
        };
    }
    let why = SendingReason::parse(&seen.what).map_or("", SendingReason::words);
    let why = if why.is_empty() {
        String::new()
    } else {
        format!(": {why}")
    };
    Act {
        done: format!("sent{to} without agreement{why}"),
        wanted: "send without agreement".to_owned(),
    }
}

fn fact(what: &str) -> Act {
    let of = match what {
        "enrolled" => "that the learner is enrolled",
        "person_released" => "that the young person released the profile",
        "best_interests" => "a decision in the young person's best interests",
        "child_protection_note_released" => "that the child protection note was released",
        _ => "a fact",
    };
    Act {
        done: format!("recorded {of}"),
        wanted: format!("record {of}"),
    }
}

fn rejected(what: &str) -> &'static str {
    match what {
        "REJECT_REASON_NOT_OURS" => ": the learner is not coming there",
        "REJECT_REASON_DUPLICATE" => ": the learner is there under another move",
        "REJECT_REASON_MOVED" => ": the learner has moved on",
        _ => "",
    }
}

fn places(before: &str, seen: &Seen) -> String {
    let names: Vec<String> = seen.to.iter().map(super::seen::Place::words).collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!("{before}{}", listed(names)),
    }
}

/// " of version 2, sent by Oak Primary (Bromley)", as far as it is known and told.
fn of_version(seen: &Seen) -> String {
    let sender = seen.sender.as_ref().map(super::seen::Place::words);
    let shows = matches!(seen.kind, Some(EntryKind::Pulled | EntryKind::Fetched))
        && seen.verdict == Verdict::Done;
    match (seen.version, sender) {
        (version @ 1.., _) if seen.kind == Some(EntryKind::Published) => {
            format!(" version {version}")
        }
        (0, _) if seen.kind == Some(EntryKind::Published) => String::new(),
        (0, Some(sender)) if shows && !seen.kinds.is_empty() => format!(", sent by {sender}"),
        (0, Some(sender)) => format!(" what {sender} sent"),
        (0, None) if shows => String::new(),
        (0, None) => " what was sent".to_owned(),
        (version, sender) => {
            let of = if shows && !seen.kinds.is_empty() {
                " of"
            } else {
                ""
            };
            let sender = sender.map(|sender| format!(", sent by {sender}"));
            format!("{of} version {version}{}", sender.unwrap_or_default())
        }
    }
}

/// Section kinds in words, after a text; nothing where there are none.
fn sections(before: &str, kinds: KindSet) -> String {
    after(before, &kinds.iter().map(section).collect::<Vec<_>>())
}

/// The same of what was shown: what went in part is said to.
fn shown(before: &str, seen: &Seen) -> String {
    after(before, &names_of_shown(seen.kinds, seen.in_part))
}

fn after(before: &str, names: &[String]) -> String {
    match names {
        [] => String::new(),
        names => format!("{before}{}", listed(names)),
    }
}

/// Section kinds that were shown, those that went in part with the part.
pub(super) fn names_of_shown(kinds: KindSet, in_part: KindSet) -> Vec<String> {
    let name = |kind: SectionKind| match (in_part.contains(kind), kind) {
        (false, kind) => section(kind),
        (true, SectionKind::Identity) => "identity (names and date of birth alone)".to_owned(),
        (true, kind) => format!("{} (in part)", section(kind)),
    };
    kinds.iter().map(name).collect()
}

/// A section kind as people say it.
pub(super) fn section(kind: SectionKind) -> String {
    match kind {
        SectionKind::Send => "SEND".to_owned(),
        SectionKind::EhcPlan => "EHC plan".to_owned(),
        other => other.name().replace('_', " "),
    }
}

/// "a, b and c".
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [many @ .., last] => format!("{} and {last}", many.join(", ")),
    }
}

/// A role as people say it.
pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Publisher => "publisher",
        Role::Contributor => "contributor",
        Role::ReceiverLead => "transition lead",
        Role::Senco => "SENCO",
        Role::Dsl => "safeguarding lead",
        Role::DataManager => "data manager",
        Role::SubjectTeacher => "subject teacher",
        Role::CareersAdviser => "careers adviser",
        Role::HealthProfessional => "health professional",
        Role::AdultServiceWorker => "adult service worker",
        Role::CouncilAdministrator => "council administrator",
        Role::AdmissionsOfficer => "admissions officer",
        Role::TransitionOfficer => "transition officer",
        Role::EarlyYearsAdviser => "early years adviser",
        Role::VirtualSchoolOfficer => "virtual school officer",
        Role::Person => "learner or family",
        Role::SendCaseworker => "SEND caseworker",
        Role::Auditor => "auditor",
        Role::Operator => "operator",
        Role::Sweeper => "service",
    }
}

/// The credential with its roles and label: "the SENCO credential 'Office' of Elm Secondary".
pub(super) fn who(who: Option<&Who>) -> String {
    let Some(who) = who else {
        return "the service itself".to_owned();
    };
    let roles: Vec<String> = who.roles.iter().map(|it| role(*it).to_owned()).collect();
    let roles = match roles.as_slice() {
        [] => String::new(),
        roles => format!("{} ", listed(roles)),
    };
    let name = match who.label.as_str() {
        "" => who.credential.clone(),
        label => format!("'{label}' ({})", who.credential),
    };
    format!("the {roles}credential {name} of {}", who.acting())
}

/// A ledger time on the clocks of London.
pub(super) fn london(time_us: i64) -> DateTime {
    let time = Timestamp::from_microsecond(time_us).unwrap_or_default();
    match time.in_tz("Europe/London") {
        Ok(time) => time.datetime(),
        Err(_) => time.to_zoned(jiff::tz::TimeZone::UTC).datetime(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::seen::Place;
    use super::*;

    fn everything(kind: EntryKind) -> Seen {
        let place = |name: &str| Place {
            name: name.to_owned(),
            town: "Bromley".to_owned(),
            id: "settings/stg_1".to_owned(),
        };
        Seen {
            position: 12,
            // 3 June 2025, 13:05 UTC: summer time.
            time_us: 1_748_955_900_000_000,
            kind: Some(kind),
            act: kind.name().to_owned(),
            who: Some(Who {
                vendor: None,
                setting: place("Elm Secondary"),
                credential: "crd_1".to_owned(),
                label: "Office".to_owned(),
                roles: vec![Role::Senco],
            }),
            kinds: KindSet::of(&[SectionKind::Health, SectionKind::Send]),
            version: 2,
            sender: Some(place("Oak Primary")),
            to: vec![place("Elm Secondary")],
            from: Some(place("Ash Academy")),
            what: match kind {
                EntryKind::SentWithoutAgreement => "urgent_need".to_owned(),
                _ => "enrolled".to_owned(),
            },
            count: 3,
            ..Seen::default()
        }
    }

    #[test]
    fn every_kind_of_entry_reads_as_a_sentence_done_and_refused() {
        let mut all = String::new();
        for kind in EntryKind::ALL {
            let done = everything(*kind);
            let refused = Seen {
                verdict: Verdict::Denied,
                ..done.clone()
            };
            let line = [kind.name(), ": ", &act(&done), " | ", &act(&refused), "\n"];
            all += &line.concat();
        }
        insta::assert_snapshot!(all);
    }

    #[test]
    fn what_went_in_part_is_said_to() {
        let seen = Seen {
            kinds: KindSet::of(&[SectionKind::Identity, SectionKind::Send]),
            in_part: KindSet::of(&[SectionKind::Identity]),
            version: 0,
            sender: None,
            ..everything(EntryKind::Fetched)
        };
        let told = "opened the sections identity (names and date of birth alone) and SEND";
        assert_eq!(act(&seen), told);
        let handed = Seen {
            kind: Some(EntryKind::Pulled),
            ..seen
        };
        let told = "was handed the sections identity (names and date of birth alone) and SEND";
        assert_eq!(act(&handed), told);
    }

    #[test]
    fn a_caller_is_named_by_roles_label_and_setting_and_a_time_is_londons() {
        let seen = everything(EntryKind::Fetched);
        let told = who(seen.who.as_ref());
        let named = "the SENCO credential 'Office' (crd_1) of Elm Secondary (Bromley)";
        assert_eq!(told, named);
        assert_eq!(who(None), "the service itself");
        assert_eq!(london(seen.time_us).to_string(), "2025-06-03T14:05:00");
    }

    #[test]
    fn the_guides_speak_of_every_kind_and_every_exemption() {
        let siem = include_str!("../../../../../docs/siem.md");
        for kind in EntryKind::ALL {
            assert!(
                siem.contains(&format!("`{}`", kind.name())),
                "{}",
                kind.name()
            );
        }
        let guide = include_str!("../../../../../docs/who-saw.md");
        for exemption in baton_domain::disclosure::EXEMPTIONS {
            let row = format!("| `{}` | {} |", exemption.code, exemption.provision);
            assert!(guide.contains(&row), "{row}");
        }
    }

    #[test]
    fn an_act_of_a_newer_version_stands_under_its_own_name() {
        let seen = Seen {
            kind: None,
            act: "teleported".to_owned(),
            verdict: Verdict::Failed("WRONG_STATE".to_owned()),
            ..Seen::default()
        };
        assert_eq!(act(&seen), "could not do: teleported (wrong state)");
    }
}
