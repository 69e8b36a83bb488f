//! An entry as reports and watchers speak of it, whether it came from who-saw or from the ledger
//! itself.

use baton_domain::access::Role;
use baton_domain::entry::EntryKind;
use baton_domain::section::{KindSet, SectionKind};
use baton_wire::v1;

use super::entries::hex;

/// One entry, as far as it is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) position: u64,
    pub(super) leaf: String,
    /// Its body was dropped: what follows is not known.
    pub(super) dropped: bool,
    pub(super) time_us: i64,
    /// None for a kind of a newer version, whose name is `act`.
    pub(super) kind: Option<EntryKind>,
    pub(super) act: String,
    pub(super) verdict: Verdict,
    /// None for the service itself.
    pub(super) who: Option<Who>,
    pub(super) kinds: KindSet,
    pub(super) profile: String,
    pub(super) version: u32,
    /// Whose contribution it was, where that is known.
    pub(super) sender: Option<Place>,
    /// Entries that put before a receiver what this one showed.
    pub(super) items: Vec<u64>,
    pub(super) to: Vec<Place>,
    pub(super) from: Option<Place>,
    /// What was recorded, why it was sent back, whom an account was given to.
    pub(super) what: String,
    /// Calls that are summed up.
    pub(super) count: u64,
}

/// How it ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Verdict {
    #[default]
    Done,
    /// By the policies.
    Denied,
    /// By the state of things.
    Failed(String),
}

/// A credential and the setting it acts for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) setting: Place,
    /// Its id, `crd_…`.
    pub(super) credential: String,
    /// Empty where it is not told.
    pub(super) label: String,
    pub(super) roles: Vec<Role>,
}

/// A setting.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Empty where it is not known.
    pub(super) name: String,
    pub(super) town: String,
    /// `settings/stg_…`.
    pub(super) id: String,
}

impl Place {
    /// By its name and town; by its id where no name is known.
    pub(super) fn words(&self) -> String {
        match (self.name.as_str(), self.town.as_str()) {
            ("", _) => self.id.clone(),
            (name, "") => name.to_owned(),
            (name, town) => format!("{name} ({town})"),
        }
    }
}

impl Seen {
    /// As who-saw tells it.
    pub(super) fn of(sighting: v1::Sighting) -> Self {
        let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        let roles: Vec<Role> = sighting
            .roles()
            .filter_map(|role| Role::try_from(role).ok())
            .collect();
        let concerned = |part: &'static str| {
            let of = sighting.concerned.iter().filter(move |it| it.part == part);
            of.map(|it| Place {
                name: it.display_name.clone(),
                town: it.town.clone(),
                id: it.setting.clone(),
            })
        };
        let who = Who {
            setting: Place {
                name: sighting.setting_display_name.clone(),
                town: sighting.setting_town.clone(),
                id: sighting.setting.clone(),
            },
            credential: last(&sighting.credential),
            label: sighting.credential_label.clone(),
            roles,
        };
        let verdict = match (sighting.allowed, sighting.reason.as_str()) {
            (true, _) => Verdict::Done,
            (false, "") => Verdict::Denied,
            (false, reason) => Verdict::Failed(reason.to_owned()),
        };
        Self {
            position: sighting.position.unsigned_abs(),
            leaf: hex(&sighting.leaf_hash),
            dropped: sighting.dropped,
            time_us: sighting.time_us,
            kind: EntryKind::parse(&sighting.act),
            verdict,
            kinds: named(sighting.kinds.iter().map(String::as_str)),
            profile: last(&sighting.profile),
            version: sighting.version.unsigned_abs(),
            sender: None,
            items: sighting
                .items
                .iter()
                .map(|it| it.position.unsigned_abs())
                .collect(),
            to: concerned("to").collect(),
            from: concerned("from").next(),
            what: sighting.what.clone(),
            count: 0,
            who: (!sighting.setting.is_empty()).then_some(who),
            act: sighting.act,
        }
    }
}

fn named<'a>(names: impl Iterator<Item = &'a str>) -> KindSet {
    let kind = |name: &str| SectionKind::ALL.into_iter().find(|it| it.name() == name);
    names.filter_map(kind).collect()
}
