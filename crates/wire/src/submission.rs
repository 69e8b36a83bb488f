//! What a publish carries, read whole: everything wrong with it is told at once, and what is right
//! becomes the parts of an act.

use std::fmt;

use baton_domain::{
    act::{Former, NamedPeer, Target},
    ids::{LearnerIdentifier, LearnerScheme, Upn},
    route::Point,
    section::{Class, KindSet, SectionKind},
};
use bytes::Bytes;
use jiff::civil::Date;

use crate::{
    convert, facts, field,
    name::{self, TransitionName},
    peers, twin, v1,
    violation::Violation,
    walk,
};

/// Identifiers one learner is named by at most.
pub const IDENTIFIERS_MAX: usize = 6;

/// As many kinds as there are.
const REMOVES_MAX: usize = SectionKind::ALL.len();

/// A submission that keeps every rule that can be checked without the ledger.
pub struct Submission {
    /// Which move it is for.
    pub target: Target,
    /// How much it answers; unspecified: what stands.
    pub level: v1::Level,
    /// The sections, as received.
    pub sections: Vec<(SectionKind, Bytes)>,
    /// Kinds that are taken away.
    pub removes: KindSet,
    /// Who signed it off.
    pub signatory: String,
    /// Date of birth, where the section identity gives one.
    pub born: Option<Date>,
    /// The numbers the section identity states, former ones left out.
    pub stated: Vec<LearnerIdentifier>,
    /// What the sections state of who the learner was.
    pub former: Former,
    /// Other children the section relationships names.
    pub peers: Vec<NamedPeer>,
}

/// Says nothing of the content: a debug print ends up in a log.
impl fmt::Debug for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<_> = self.sections.iter().map(|(kind, _)| kind.name()).collect();
        f.debug_struct("Submission")
            .field("kinds", &kinds)
            .finish_non_exhaustive()
    }
}

/// Reads a submission; `today` is the day of publishing. Paths are those of the submission.
pub fn read(from: &twin::ProfileSubmission, today: Date) -> Result<Submission, Vec<Violation>> {
    let twin::ProfileSubmission {
        transition,
        learner,
        point,
        academic_year,
        level,
        content,
        signatory,
        removes,
    } = from;
    let mut violations = Vec::new();
    let target = if transition.is_empty() {
        by_learner(learner, *point, *academic_year, &mut violations)
    } else {
        if !learner.is_empty() || *point != 0 || *academic_year != 0 {
            let expected = "Name the move, or give learner, point and year, not both.";
            violations.push(Violation::new("transition", "target.twice", expected));
        }
        kept(by_name(transition), &mut violations)
    };
    let level = match v1::Level::try_from(*level) {
        Ok(level) => Some(level),
        Err(_) => {
            let expected = "Give a level of this contract version.";
            violations.push(Violation::new("level", "enum.unknown", expected).shaped("number"));
            None
        }
    };
    let signatory = kept(field::line("signatory", signatory), &mut violations);
    let gone = removed(removes, content, &mut violations);
    violations.extend(mixed(content, removes));
    let alone = content.is_empty() && !gone.is_empty();
    let sections = match walk::sections(content, today) {
        Err(_) if alone => Some(Vec::new()),
        Ok(sections) => Some(sections),
        Err(found) => {
            violations.extend(found);
            None
        }
    };
    if let Some(sections) = &sections {
        violations.extend(blank(sections));
        violations.extend(another_child(target.as_ref(), sections));
        let mut learner = stated(sections);
        if let Some(Target::Learner { identifiers, .. }) = &target {
            learner.extend(identifiers.iter().cloned());
        }
        violations.extend(peers::themselves(&peers::named(sections), &learner));
    }
    match (target, level, signatory, sections) {
        (Some(target), Some(level), Some(signatory), Some(sections)) if violations.is_empty() => {
            let (born, stated) = (born(&sections), stated(&sections));
            let former = former(&sections);
            Ok(Submission {
                peers: peers::named(&sections),
                target,
                level,
                sections,
                removes: gone,
                signatory,
                born,
                stated,
                former,
            })
        }
        _ => Err(violations),
    }
}

fn by_name(transition: &str) -> Result<Target, Violation> {
    let TransitionName {
        transition,
        setting: _,
    } = name::read("transition", transition)?;
    Ok(Target::Transition(transition))
}

fn by_learner(
    learner: &[twin::LearnerIdentifier],
    point: i32,
    academic_year: i32,
    violations: &mut Vec<Violation>,
) -> Option<Target> {
    let identifiers = identifiers("learner", learner, violations);
    let point = kept(
        convert::required::<twin::Point, Point>("point", point),
        violations,
    );
    let year = kept(
        field::academic_year("academic_year", academic_year),
        violations,
    );
    Some(Target::Learner {
        identifiers: identifiers?,
        point: point?,
        academic_year: year?,
    })
}

/// The identifiers of one learner, at least one; `None` when any is wrong.
pub fn identifiers(
    path: &str,
    given: &[twin::LearnerIdentifier],
    violations: &mut Vec<Violation>,
) -> Option<Vec<LearnerIdentifier>> {
    if !(1..=IDENTIFIERS_MAX).contains(&given.len()) {
        let expected = format!("Give 1 to {IDENTIFIERS_MAX} identifiers.");
        violations.push(Violation::new(path, "items.count", expected));
        return None;
    }
    let read: Vec<_> = given
        .iter()
        .enumerate()
        .filter_map(|(index, it)| {
            let place = format!("{path}[{index}]");
            kept(field::learner(&place, &it.scheme, &it.value), violations)
        })
        .collect();
    (read.len() == given.len()).then_some(read)
}

/// Kinds to be taken away: each once, one that is published at all, and none that is sent as well.
fn removed(given: &[i32], content: &Bytes, violations: &mut Vec<Violation>) -> KindSet {
    let sent: KindSet = walk::cut(content)
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    let mut removes = KindSet::EMPTY;
    for (index, number) in given.iter().enumerate().take(REMOVES_MAX + 1) {
        let path = format!("removes[{index}]");
        let mut wrong = |rule, expected: &str| {
            violations.push(Violation::new(path.clone(), rule, expected));
        };
        if index == REMOVES_MAX {
            wrong("items.count", "Give each kind once.");
            break;
        }
        match convert::required::<twin::SectionKind, SectionKind>(&path, *number) {
            Err(violation) => violations.push(violation),
            Ok(kind) if !kind.publishable() => wrong(
                "section.not_publishable",
                "Leave it out: sections of this kind are not published.",
            ),
            Ok(kind) if removes.contains(kind) => wrong("section.twice", "Give each kind once."),
            Ok(kind) if sent.contains(kind) => wrong(
                "section.sent_and_removed",
                "Send the section, or take it away, not both.",
            ),
            Ok(kind) => removes.insert(kind),
        }
    }
    removes
}

/// Kinds of class R make a contribution of their own: one that others may not even know of.
fn mixed(content: &Bytes, removes: &[i32]) -> Vec<Violation> {
    let sent = walk::cut(content).into_iter();
    let sent = sent.map(|(kind, _)| (format!("content.{kind}"), kind));
    let removed = removes.iter().take(REMOVES_MAX).enumerate();
    let removed = removed.filter_map(|(index, number)| {
        let kind = SectionKind::from_number(u32::try_from(*number).ok()?)?;
        Some((format!("removes[{index}]"), kind))
    });
    let all: Vec<_> = sent.chain(removed).collect();
    let restricted = |(_, kind): &&(String, SectionKind)| kind.class() == Class::R;
    let apart = all.iter().filter(restricted);
    if apart.clone().count() == all.len() {
        return Vec::new();
    }
    let expected = "Publish it by itself, in a submission of its own: it is of class R.";
    let apart = apart.map(|(path, _)| Violation::new(path.clone(), "section.apart", expected));
    apart.collect()
}

/// A section that says nothing would wipe what stood there before.
fn blank(sections: &[(SectionKind, Bytes)]) -> impl Iterator<Item = Violation> {
    sections
        .iter()
        .filter(|(_, bytes)| bytes.is_empty())
        .map(|(kind, _)| {
            let expected = "Fill it, say nothing_to_add, or leave the section out.";
            Violation::new(format!("content.{kind}"), "section.blank", expected)
        })
}

/// The pupil number in the profile must be the one the profile is published under: anything else
/// puts one child's profile before another child's next school.
fn another_child(target: Option<&Target>, sections: &[(SectionKind, Bytes)]) -> Option<Violation> {
    let Some(Target::Learner { identifiers, .. }) = target else {
        return None;
    };
    let stated = of_identity(sections, "upn")?;
    let asked = identifiers
        .iter()
        .find(|id| id.scheme() == LearnerScheme::Upn)?;
    (asked.value() != stated).then(|| {
        let expected = "The UPN of the learner the profile is published for.";
        Violation::new("content.identity.upn", "upn.another_learner", expected)
    })
}

/// A text of the section identity.
fn of_identity<'a>(sections: &'a [(SectionKind, Bytes)], path: &str) -> Option<&'a str> {
    let (kind, identity) = sections
        .iter()
        .find(|(kind, _)| *kind == SectionKind::Identity)?;
    facts::read_text(identity, *kind, path)
}

fn born(sections: &[(SectionKind, Bytes)]) -> Option<Date> {
    field::date("", of_identity(sections, "date_of_birth")?).ok()?
}

/// What a learner has one of at a time, and for life or long. A former UPN is not among them: for a
/// pupil whose identity is protected it must lead nowhere.
fn stated(sections: &[(SectionKind, Bytes)]) -> Vec<LearnerIdentifier> {
    let upn = |path| Upn::parse(of_identity(sections, path)?).ok();
    let number = |scheme, path| LearnerIdentifier::parse(scheme, of_identity(sections, path)?).ok();
    let stated = [
        upn("upn").map(Into::into),
        upn("temporary_upn").map(Into::into),
        number("uln", "uln"),
        number("nhs", "nhs_number"),
    ];
    stated.into_iter().flatten().collect()
}

/// Former numbers and names: of a pupil whose identity is protected they must not be there.
fn former(sections: &[(SectionKind, Bytes)]) -> Former {
    let section = |wanted| sections.iter().find(|(kind, _)| *kind == wanted);
    let upns = section(SectionKind::Identity).into_iter();
    let upns = upns.flat_map(|(kind, bytes)| facts::read_texts(bytes, *kind, "former_upns"));
    let names = section(SectionKind::Characteristics);
    Former {
        upns: upns.filter_map(|upn| Upn::parse(upn).ok()).collect(),
        names: names.is_some_and(|(kind, bytes)| facts::is_set(bytes, *kind, "former_names")),
    }
}

fn kept<T>(read: Result<T, Violation>, violations: &mut Vec<Violation>) -> Option<T> {
    read.map_err(|violation| violations.push(violation)).ok()
}
