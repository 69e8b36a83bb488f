//! The account for the controller's officer: everything, in plain words, each line with what proves
//! it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use baton_client::Client;
use baton_domain::access::Role;
use baton_domain::entry::EntryKind;
use baton_domain::section::KindSet;
use clap::ValueEnum;

use super::learner::Learner;
use crate::commands::audit::seen::{Place, Seen, Verdict, Who};
use crate::commands::audit::words::{act, listed, london, names_of_shown, who};
use crate::output::Wrong;

/// Most entries one report is made of; `--json` has no end.
const ENTRIES_MAX: usize = 100_000;

/// What the lines stand under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum By {
    /// Day after day.
    Day,
    /// Setting after setting.
    Setting,
}

/// Everything that is told of a learner, page by page.
pub(super) async fn fetch(client: &Client, learner: &Learner) -> anyhow::Result<Vec<Seen>> {
    let mut request = learner.ask();
    let mut all = Vec::new();
    loop {
        let page = client.who_saw(request.clone()).await?;
        all.extend(page.sightings.into_iter().map(Seen::of));
        if all.len() > ENTRIES_MAX {
            let say = format!(
                "there are more than {ENTRIES_MAX} entries about this learner, which is more than \
                 a report can be read for: `--json` gives them one by one"
            );
            return Err(Wrong(say).into());
        }
        request.start = page.next_start;
        if page.next_start == 0 {
            break;
        }
    }
    resolve(&mut all);
    Ok(all)
}

/// Fills in whose contribution an entry was about, and which version a turn showed: the entries
/// before it tell.
fn resolve(all: &mut [Seen]) {
    let mut senders: HashMap<String, Place> = HashMap::new();
    let mut versions: HashMap<String, u32> = HashMap::new();
    // What an entry put before a receiver.
    let mut put: HashMap<u64, String> = HashMap::new();
    for seen in all {
        if seen.profile.is_empty() && seen.items.len() == 1 {
            seen.profile = put.get(&seen.items[0]).cloned().unwrap_or_default();
            seen.version = versions.get(&seen.profile).copied().unwrap_or_default();
        }
        if seen.profile.is_empty() {
            continue;
        }
        put.insert(seen.position, seen.profile.clone());
        if seen.kind == Some(EntryKind::Published) && seen.verdict == Verdict::Done {
            versions.insert(seen.profile.clone(), seen.version);
            if let Some(who) = &seen.who {
                senders.insert(seen.profile.clone(), who.setting.clone());
            }
        }
        seen.sender = senders.get(&seen.profile).cloned();
    }
}

/// The whole report. As Markdown, names are kept from being read as marks.
pub(super) fn write(all: &[Seen], by: By, markdown: bool) -> String {
    let mut text = String::from(HEAD);
    let shown = |seen: &&Seen| !seen.dropped;
    let groups = grouped(all.iter().filter(shown), by);
    for (title, lines) in groups {
        let _ = write!(text, "\n## {}\n\n", escaped(&title, markdown));
        for seen in lines {
            let _ = writeln!(text, "- {}", escaped(&line(seen, by), markdown));
            let _ = writeln!(text, "  entry {}, leaf {}", seen.position, seen.leaf);
        }
    }
    text += &escaped(&may_have_seen(all), markdown);
    text += &dropped(all);
    text += FOOT;
    text
}

fn grouped<'a>(all: impl Iterator<Item = &'a Seen>, by: By) -> Vec<(String, Vec<&'a Seen>)> {
    let mut groups: Vec<(String, Vec<&Seen>)> = Vec::new();
    for seen in all {
        let title = match by {
            By::Day => day(seen),
            By::Setting => seen
                .who
                .as_ref()
                .map_or("The service itself".to_owned(), Who::acting),
        };
        match groups.iter_mut().find(|(known, _)| *known == title) {
            Some((_, lines)) => lines.push(seen),
            None => groups.push((title, vec![seen])),
        }
    }
    groups
}

pub(super) fn day(seen: &Seen) -> String {
    london(seen.time_us).strftime("%A %-d %B %Y").to_string()
}

/// "At 14:05 the SENCO credential … opened the sections health and SEND of version 2, sent by …".
pub(super) fn line(seen: &Seen, by: By) -> String {
    let at = london(seen.time_us);
    let at = match by {
        By::Day => at.strftime("At %H:%M"),
        By::Setting => at.strftime("On %A %-d %B %Y at %H:%M"),
    };
    format!("{at} {} {}.", who(seen.who.as_ref()), act(seen))
}

/// Whether an act of this kind shows something of a section, or a document of its kind.
const fn is_reading(kind: EntryKind) -> bool {
    matches!(
        kind,
        EntryKind::Pulled
            | EntryKind::Fetched
            | EntryKind::DocumentsListed
            | EntryKind::DocumentDownloaded
    )
}

/// What a setting may have seen.
#[derive(Default)]
struct MaySeen {
    kinds: KindSet,
    /// Those of which it was shown all, once at least.
    whole: KindSet,
    /// The first time and the last.
    first_us: i64,
    last_us: i64,
}

/// Who may have seen what, over all: what a breach is judged by.
fn may_have_seen(all: &[Seen]) -> String {
    // With each setting, whether it is a family that it gave access.
    let mut by_place: BTreeMap<(&Place, bool), MaySeen> = BTreeMap::new();
    let mut refused: BTreeSet<String> = BTreeSet::new();
    for seen in all {
        let Some(who) = &seen.who else { continue };
        let shows = seen.kind.is_some_and(is_reading);
        if shows && seen.verdict == Verdict::Done && !seen.kinds.is_empty() {
            let reader = (&who.setting, who.roles.contains(&Role::Person));
            let known = by_place.entry(reader).or_insert(MaySeen {
                first_us: seen.time_us,
                ..MaySeen::default()
            });
            known.kinds = known.kinds.union(seen.kinds);
            known.whole = known.whole.union(seen.kinds.difference(seen.in_part));
            known.last_us = seen.time_us;
        }
        if seen.verdict == Verdict::Denied {
            refused.insert(who.setting.words());
        }
    }
    let mut text = String::from("\n## May have seen\n\n");
    if by_place.is_empty() {
        text += "Nobody: no section was handed to or opened by any setting.\n";
    }
    for ((place, family), seen) in by_place {
        let kinds = names_of_shown(seen.kinds, seen.kinds.difference(seen.whole));
        let day = |time| london(time).strftime("%-d %B %Y").to_string();
        let (first, last) = (day(seen.first_us), day(seen.last_us));
        let when = if first == last {
            first
        } else {
            format!("{first} to {last}")
        };
        let reader = if family {
            format!("The learner or family, by {}", place.words())
        } else {
            place.words()
        };
        let _ = writeln!(text, "- {reader}: {} ({when}).", listed(&kinds));
    }
    if !refused.is_empty() {
        let refused: Vec<String> = refused.into_iter().collect();
        let _ = writeln!(text, "\nWas refused something: {}.", listed(&refused));
    }
    text
}

fn dropped(all: &[Seen]) -> String {
    let dropped: Vec<String> = all
        .iter()
        .filter(|seen| seen.dropped)
        .map(|seen| seen.position.to_string())
        .collect();
    if dropped.is_empty() {
        return String::new();
    }
    format!(
        "\n## Past their retention\n\nOf these entries only the leaf hash is left. They were about \
         this learner and were not changed; what they said is not known any more: {}.\n",
        listed(&dropped)
    )
}

/// Text in which nothing is a mark of Markdown or of HTML.
pub(super) fn escaped(text: &str, markdown: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if !markdown => out.push(c),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '&' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

const HEAD: &str = "\
# Who saw, and who was refused

For the controller's data protection officer. It names credentials, which may name people, and is
personal data of the learner: keep it as you keep such things. For a parent or young person make a
draft (--draft). Times are London's. Where a section was handed over or opened it may have been
seen: the ledger has the entry before anything leaves, and an answer can be lost on its way.
";

const FOOT: &str = "
## What this cannot show

- What a setting did with what it has: a printed page, a screen in a staff room, its own system.
- Somebody with root on the service's machine who also has the master key can read without an
  entry. The ledger shows that no entry was changed or taken away, not that this did not happen.
- Records of this learner at senders you may not ask about, and what went another way than Baton.
- Who sat at the keyboard: an entry names the credential and its setting.

Every line can be proved to somebody who trusts neither side: `baton audit prove N --out FILE`
writes the proof of entry N, and its leaf hash has to be the one above.
";

#[cfg(test)]
mod tests {
    use baton_domain::section::SectionKind;

    use super::*;

    #[test]
    fn what_a_turn_showed_is_known_by_the_entries_before_it() {
        let place = |name: &str| Place {
            name: name.to_owned(),
            ..Place::default()
        };
        let by = |name: &str| {
            Some(crate::commands::audit::seen::Who {
                setting: place(name),
                ..Default::default()
            })
        };
        let published = |position, version| Seen {
            position,
            kind: Some(EntryKind::Published),
            profile: "prf_1".to_owned(),
            version,
            who: by("Oak"),
            ..Seen::default()
        };
        let pulled = |position, of| Seen {
            position,
            kind: Some(EntryKind::Pulled),
            items: vec![of],
            who: by("Elm"),
            ..Seen::default()
        };
        let mut all = [published(3, 1), pulled(4, 3), published(5, 2), pulled(6, 3)];
        resolve(&mut all);
        let told: Vec<_> = all
            .iter()
            .map(|it| (it.version, it.sender.clone()))
            .collect();
        let oak = Some(place("Oak"));
        assert_eq!(
            told,
            [
                (1, oak.clone()),
                (1, oak.clone()),
                (2, oak.clone()),
                (2, oak)
            ]
        );
    }

    #[test]
    fn a_family_is_told_apart_from_the_setting_that_let_it_look() {
        let looked = |roles: Vec<Role>, kinds: &[SectionKind]| Seen {
            kind: Some(EntryKind::Fetched),
            kinds: KindSet::of(kinds),
            time_us: 1_748_955_900_000_000,
            who: Some(Who {
                setting: Place {
                    name: "Oak".to_owned(),
                    ..Place::default()
                },
                roles,
                ..Who::default()
            }),
            ..Seen::default()
        };
        let all = [
            looked(vec![Role::Senco], &[SectionKind::Send]),
            looked(vec![Role::Person], &[SectionKind::Attainment]),
        ];
        let told = may_have_seen(&all);
        let lines: Vec<&str> = told.lines().filter(|line| line.starts_with("- ")).collect();
        let expected = [
            "- Oak: SEND (3 June 2025).",
            "- The learner or family, by Oak: attainment (3 June 2025).",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_name_is_no_mark() {
        assert_eq!(escaped("<b>*x*</b>", true), r"\<b\>\*x\*\</b\>");
        assert_eq!(escaped("<b>", false), "<b>");
    }
}
