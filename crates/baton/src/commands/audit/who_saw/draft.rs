//! The draft for a parent or the young person, and what is left out of it by itself.
//!
//! What is left out leaves no trace: the draft has days and no times, no positions, versions, names
//! of credentials or counts; lines of a day stand in the order of the alphabet, and what reads the
//! same stands once. So a draft from which something was left out reads like one where it never
//! was. What was left out stands in the officer's record beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use baton_domain::access::Role;
use baton_domain::disclosure::{Audience, Exemption};
use baton_domain::entry::EntryKind;
use baton_domain::section::{Class, KindSet, SectionKind};
use jiff::civil::Date;

use super::record::{Entry, LeftOut, Line};
use super::report::{By, day, escaped, line};
use crate::commands::audit::seen::{Place, Seen};
use crate::commands::audit::words::{act, london, role};

/// What a draft begins with until somebody has read it.
pub(super) const BANNER: &str = "> DRAFT, not to be given out.";

/// What is left out, and on which ground.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) audience: Audience,
    /// For what is about child protection.
    pub(super) child_protection: &'static Exemption,
    /// Settings nobody may learn of: their name or id.
    pub(super) hidden: Vec<(String, &'static Exemption)>,
    /// Nothing may tell where the learner is.
    pub(super) protected: Option<&'static Exemption>,
    /// Entries the reviewer names.
    pub(super) withheld: BTreeMap<u64, &'static Exemption>,
}

/// A draft, and what its record says.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) text: String,
    pub(super) lines: Vec<Line>,
    pub(super) left_out: Vec<LeftOut>,
    /// Settings it names, for whoever reads it over.
    pub(super) names: BTreeSet<String>,
}

/// What is left of an entry, and what was taken of it.
struct Ruling {
    kept: Option<Seen>,
    left_out: Option<(&'static str, &'static Exemption)>,
}

impl Rules {
    /// The whole draft.
    pub(super) fn draft(&self, all: &[Seen]) -> Draft {
        // Who sent and is no destination itself: naming it tells nothing of where the learner is.
        let gone_to: BTreeSet<&Place> = all.iter().flat_map(|seen| &seen.to).collect();
        let senders = all.iter().filter_map(|seen| seen.sender.as_ref());
        let senders: BTreeSet<&Place> = senders.filter(|it| !gone_to.contains(it)).collect();
        let mut days: BTreeMap<Date, (String, BTreeMap<String, Vec<Entry>>)> = BTreeMap::new();
        let (mut left_out, mut names) = (Vec::new(), BTreeSet::new());
        for seen in all.iter().filter(|seen| !seen.dropped) {
            let ruling = self.judge(seen, &senders);
            if let Some((rule, exemption)) = ruling.left_out {
                left_out.push(LeftOut {
                    entry: Entry::of(seen),
                    text: line(seen, By::Setting),
                    rule: rule.to_owned(),
                    exemption: exemption.code.to_owned(),
                    provision: exemption.provision.to_owned(),
                    partly: ruling.kept.is_some(),
                });
            }
            let Some(kept) = ruling.kept else { continue };
            names.extend(places(&kept).map(Place::words));
            let date = london(kept.time_us).date();
            let of_day = days
                .entry(date)
                .or_insert_with(|| (day(&kept), BTreeMap::new()));
            let entries = of_day.1.entry(escaped(&told(&kept), true)).or_default();
            entries.push(Entry::of(&kept));
        }
        let mut text = head(self.audience);
        let mut lines = Vec::new();
        for (title, of_day) in days.into_values() {
            let _ = write!(text, "\n## {title}\n\n");
            for (told, entries) in of_day {
                let _ = writeln!(text, "- {told}");
                lines.push(Line {
                    day: title.clone(),
                    text: told,
                    entries,
                });
            }
        }
        text += FOOT;
        Draft {
            text,
            lines,
            left_out,
            names,
        }
    }

    fn judge(&self, seen: &Seen, senders: &BTreeSet<&Place>) -> Ruling {
        let whole = |rule, exemption| Ruling {
            kept: None,
            left_out: Some((rule, exemption)),
        };
        if let Some(exemption) = self.withheld.get(&seen.position) {
            return whole("the reviewer's", exemption);
        }
        if let Some(exemption) = self.hides(seen) {
            return whole("a name that may harm", exemption);
        }
        if let Some(exemption) = self.protected
            && !stays_here(seen, senders)
        {
            return whole("a protected pupil", exemption);
        }
        if is_about_child_protection(seen) {
            return whole("child protection", self.child_protection);
        }
        if seen.kind == Some(EntryKind::DisclosureRecorded) {
            return whole("another request", Exemption::RIGHTS_OF_OTHERS);
        }
        if is_of_a_family(seen) {
            return whole("somebody of the family", Exemption::RIGHTS_OF_OTHERS);
        }
        let mut kept = seen.clone();
        kept.version = 0;
        let (taken, left): (Vec<SectionKind>, Vec<SectionKind>) =
            seen.kinds.iter().partition(|kind| kind.class() == Class::R);
        if taken.is_empty() {
            return Ruling {
                kept: Some(kept),
                left_out: None,
            };
        }
        kept.kinds = KindSet::of(&left);
        Ruling {
            kept: (!left.is_empty()).then_some(kept),
            left_out: Some(("child protection", self.child_protection)),
        }
    }

    fn hides(&self, seen: &Seen) -> Option<&'static Exemption> {
        let named = |hidden: &str| places(seen).any(|it| it.id == hidden || it.name == hidden);
        let found = self.hidden.iter().find(|(hidden, _)| named(hidden));
        found.map(|(_, exemption)| *exemption)
    }

    /// Names that were to be hidden and stand nowhere: a slip, most likely.
    pub(super) fn unknown<'a>(&'a self, all: &[Seen]) -> Vec<&'a str> {
        let stands = |hidden: &str| {
            let mut of = all.iter().flat_map(places);
            of.any(|it| it.id == hidden || it.name == hidden)
        };
        let hidden = self.hidden.iter().map(|(hidden, _)| hidden.as_str());
        hidden.filter(|hidden| !stands(hidden)).collect()
    }
}

/// Settings an entry speaks of.
fn places(seen: &Seen) -> impl Iterator<Item = &Place> {
    let who = seen.who.iter().map(|who| &who.setting);
    who.chain(&seen.sender).chain(&seen.to).chain(&seen.from)
}

/// Whether an entry tells nothing of where the learner goes: it is an act of a sender, and names
/// nobody else.
fn stays_here(seen: &Seen, senders: &BTreeSet<&Place>) -> bool {
    let own = |place: &Place| senders.contains(place);
    seen.who.as_ref().is_some_and(|who| own(&who.setting)) && places(seen).all(own)
}

/// Who else of a family may look, or did, is about that person.
fn is_of_a_family(seen: &Seen) -> bool {
    let given = [
        EntryKind::FamilyAccessAdded,
        EntryKind::FamilyAccessEnded,
        EntryKind::FamilyAccessListed,
    ];
    let looked = |roles: &[Role]| roles.contains(&Role::Person);
    seen.kind.is_some_and(|kind| given.contains(&kind))
        || seen.who.as_ref().is_some_and(|who| looked(&who.roles))
}

/// What a safeguarding lead does as nothing else, and the note's release.
fn is_about_child_protection(seen: &Seen) -> bool {
    let lead = |roles: &[Role]| !roles.is_empty() && roles.iter().all(|role| *role == Role::Dsl);
    seen.who.as_ref().is_some_and(|who| lead(&who.roles))
        || seen.what == "child_protection_note_released"
}

/// "Elm Secondary (Bromley): the SENCO opened the sections health and SEND, sent by …".
fn told(seen: &Seen) -> String {
    let Some(who) = &seen.who else {
        return format!("The service itself {}.", act(seen));
    };
    let mut roles = who.roles.iter().filter(|role| **role != Role::Dsl);
    let by = roles
        .next()
        .map_or("somebody".to_owned(), |it| format!("the {}", role(*it)));
    format!("{}: {by} {}.", who.acting(), act(seen))
}

fn head(audience: Audience) -> String {
    let whose = match audience {
        Audience::Parent => "your child's",
        Audience::YoungPerson => "your",
    };
    format!(
        "{BANNER} Read every line as whoever gets it will; change what you like. A line you take
> out needs its reason when you release it. Delete this paragraph, then run
> `baton audit who-saw --release` with this file. What was left out already stands in the record
> beside it.

# Who was given {whose} information

When a child moves to another school, college or service, what helps to look after them there is
passed on. This is a list of who sent, was handed, opened or asked for {whose} information, by day.
\"Was handed\" means that it was delivered; whether somebody read it cannot be known. \"Was refused\"
means that nothing was shown.
"
    )
}

const FOOT: &str = "
---

The law allows an organisation to leave some things out of an answer like this one, for example to
protect other people. Records past the time they are kept for are not in it. If you think that
something is missing or wrong, ask the data protection officer who gave you this; you may also
complain to the Information Commissioner's Office (ico.org.uk, 0303 123 1113).
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::audit::seen::Who;

    const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

    fn place(name: &str) -> Place {
        Place {
            name: name.to_owned(),
            town: String::new(),
            id: format!("settings/{name}"),
        }
    }

    fn entry(kind: EntryKind, by: (&str, Role), kinds: &[SectionKind]) -> Seen {
        Seen {
            // 3 June 2025.
            time_us: 1_748_955_900_000_000,
            kind: Some(kind),
            act: kind.name().to_owned(),
            who: Some(Who {
                vendor: None,
                setting: place(by.0),
                roles: vec![by.1],
                ..Who::default()
            }),
            kinds: KindSet::of(kinds),
            version: 3,
            sender: Some(place("Oak")),
            ..Seen::default()
        }
    }

    fn rules() -> Rules {
        Rules {
            audience: Audience::Parent,
            child_protection: Exemption::find("child_abuse").unwrap(),
            hidden: Vec::new(),
            protected: None,
            withheld: BTreeMap::new(),
        }
    }

    /// In order, with positions as a ledger would give them.
    fn drafted(rules: &Rules, mut all: Vec<Seen>) -> Draft {
        for (position, seen) in (100..).zip(&mut all) {
            seen.position = position;
        }
        rules.draft(&all)
    }

    const SENCO: (&str, Role) = ("Elm", Role::Senco);
    const LEAD: (&str, Role) = ("Elm", Role::Dsl);
    const NOTE: SectionKind = SectionKind::ChildProtectionNote;
    const FAMILY: SectionKind = SectionKind::FamilyAndAgencies;
    const HEALTH: SectionKind = SectionKind::Health;

    #[test]
    fn a_draft_with_things_left_out_is_the_one_in_which_they_never_were() {
        let published = || entry(EntryKind::Published, ("Oak", Role::Publisher), &[HEALTH]);
        let opened = || entry(EntryKind::Fetched, SENCO, &[HEALTH]);
        let plain = drafted(&rules(), vec![published(), opened()]);
        let note = Seen {
            what: "child_protection_note_released".to_owned(),
            ..entry(EntryKind::FactRecorded, LEAD, &[])
        };
        let secret = drafted(
            &rules(),
            vec![
                entry(EntryKind::Published, ("Oak", Role::Dsl), &[NOTE, FAMILY]),
                entry(
                    EntryKind::Published,
                    ("Oak", Role::Publisher),
                    &[HEALTH, NOTE],
                ),
                entry(EntryKind::Fetched, LEAD, &[HEALTH, NOTE]),
                note,
                entry(EntryKind::Fetched, SENCO, &[NOTE]),
                entry(EntryKind::Fetched, SENCO, &[HEALTH, NOTE]),
                entry(EntryKind::DisclosureRecorded, ("Oak", Role::Publisher), &[]),
                entry(EntryKind::FamilyAccessAdded, ("Oak", Role::Publisher), &[]),
                entry(EntryKind::Fetched, ("Oak", Role::Person), &[HEALTH]),
                opened(),
            ],
        );
        assert_eq!(secret.text, plain.text);
        let said: Vec<_> = secret
            .left_out
            .iter()
            .map(|it| (it.entry.position, it.exemption.as_str(), it.partly))
            .collect();
        assert_eq!(
            said,
            [
                (100, "child_abuse", false),
                (101, "child_abuse", true),
                (102, "child_abuse", false),
                (103, "child_abuse", false),
                (104, "child_abuse", false),
                (105, "child_abuse", true),
                (106, "rights_of_others", false),
                (107, "rights_of_others", false),
                (108, "rights_of_others", false),
            ]
        );
        assert!(plain.left_out.is_empty());
        assert!(
            plain
                .text
                .contains("- Elm: the SENCO opened the sections health, sent by Oak.")
        );
    }

    #[test]
    fn where_a_protected_pupil_went_is_not_told_nor_that_it_went() {
        let rules = Rules {
            protected: Exemption::find("serious_harm_education"),
            ..rules()
        };
        let to = |kind, by| Seen {
            to: vec![place("Elm")],
            ..entry(kind, by, &[])
        };
        // Elm sends on later: it is a sender then, and still where the learner went.
        let onward = Seen {
            sender: Some(place("Elm")),
            ..entry(EntryKind::Published, ("Elm", Role::Publisher), &[HEALTH])
        };
        let draft = drafted(
            &rules,
            vec![
                to(EntryKind::Planned, ("Oak", Role::Publisher)),
                entry(EntryKind::Published, ("Oak", Role::Publisher), &[HEALTH]),
                entry(EntryKind::Fetched, SENCO, &[HEALTH]),
                onward,
            ],
        );
        assert!(!draft.text.contains("Elm"), "{}", draft.text);
        assert!(
            draft
                .text
                .contains("- Oak: the publisher published: health."),
            "{}",
            draft.text
        );
        assert_eq!(draft.lines.len(), 1);
        assert_eq!(draft.names, BTreeSet::from(["Oak".to_owned()]));
    }

    #[test]
    fn what_is_withheld_by_its_entry_goes_and_each_day_has_its_lines() {
        let withheld = BTreeMap::from([(101, Exemption::find("crime").unwrap())]);
        let rules = Rules {
            withheld,
            ..rules()
        };
        let later = Seen {
            time_us: entry(EntryKind::Fetched, SENCO, &[]).time_us + DAY_US,
            ..entry(EntryKind::Fetched, SENCO, &[HEALTH])
        };
        let draft = drafted(
            &rules,
            vec![
                entry(EntryKind::Fetched, SENCO, &[HEALTH]),
                entry(EntryKind::Fetched, ("Ash", Role::Senco), &[HEALTH]),
                entry(EntryKind::Fetched, SENCO, &[HEALTH]),
                later,
            ],
        );
        let days: Vec<_> = draft
            .lines
            .iter()
            .map(|it| (it.day.as_str(), it.entries.len()))
            .collect();
        assert_eq!(
            days,
            [("Tuesday 3 June 2025", 2), ("Wednesday 4 June 2025", 1)]
        );
        assert!(!draft.text.contains("Ash"));
        assert_eq!(draft.left_out[0].exemption, "crime");
    }
}
