//! An entry as reports and watchers speak of it, whether it came from who-saw or from the ledger
//! itself.

use std::collections::BTreeSet;

use baton_domain::access::Role;
use baton_domain::entry::{EntryKind, PREFIX};
use baton_domain::section::{KindSet, SectionKind};
use baton_wire::v1;
use serde_json::Value;

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
    /// Those of which a part was shown.
    pub(super) in_part: KindSet,
    /// Learners it is about, by alias; only the ledger itself says so.
    pub(super) learners: Vec<String>,
    /// The move, `trn_…`.
    pub(super) transition: String,
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
    /// Whose it is, where that is a vendor that acts for the setting.
    pub(super) vendor: Option<Place>,
    /// Its id, `crd_…`.
    pub(super) credential: String,
    /// Empty where it is not told.
    pub(super) label: String,
    pub(super) roles: Vec<Role>,
}

impl Who {
    /// The setting, and the vendor that acted for it where one did.
    pub(super) fn acting(&self) -> String {
        let setting = self.setting.words();
        match &self.vendor {
            Some(vendor) => format!("{} for {setting}", vendor.words()),
            None => setting,
        }
    }
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
            vendor: (!sighting.vendor.is_empty()).then(|| Place {
                name: sighting.vendor_display_name.clone(),
                town: String::new(),
                id: sighting.vendor.clone(),
            }),
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
            in_part: named(sighting.kinds_in_part.iter().map(String::as_str)),
            learners: Vec::new(),
            transition: last(&sighting.transition),
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

    /// As the ledger has it. There are no names in it.
    pub(super) fn entry(entry: &v1::LedgerEntry) -> Self {
        let leaf = hex(&entry.leaf_hash);
        let position = entry.position.unsigned_abs();
        let said = entry.body.strip_prefix(PREFIX);
        let said: Option<Value> = said.and_then(|said| serde_json::from_slice(said).ok());
        let Some(said) = said else {
            return Self {
                position,
                leaf,
                dropped: true,
                ..Self::default()
            };
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let detail = &said["detail"];
        let place = |value: &Value| {
            let id = value.as_str()?;
            let id = format!("settings/{id}");
            Some(Place {
                id,
                ..Place::default()
            })
        };
        let to = match &detail["to"] {
            Value::Array(many) => many.iter().filter_map(place).collect(),
            one => place(one).into_iter().collect(),
        };
        let verdict = match said["verdict"].as_str() {
            Some("done") => Verdict::Done,
            Some("failed") => Verdict::Failed(text(&said["reason"])),
            _ => Verdict::Denied,
        };
        let roles = said["decisions"][0]["tuple"]["roles"].as_array();
        let roles = roles.into_iter().flatten();
        let caller = &said["caller"];
        let who = place(&caller["setting"]).map(|setting| Who {
            setting,
            vendor: place(&caller["vendor"]),
            credential: text(&caller["credential"]),
            label: String::new(),
            roles: roles
                .filter_map(|role| Role::parse(role.as_str()?))
                .collect(),
        });
        let items = detail["items"].as_array().map_or(&[][..], Vec::as_slice);
        let sections = detail["sections"].as_object();
        let sections = sections
            .into_iter()
            .flat_map(|it| it.keys().map(String::as_str));
        let sections = named(sections);
        let shown = items.iter().chain([detail]);
        let shown = shown.map(|it| (bits(&it["kinds"]), bits(&it["in_part"])));
        let kinds = shown.clone().map(|(kinds, _)| kinds);
        let kinds = kinds.fold(sections, KindSet::union);
        // What was shown whole once, was shown.
        let whole = shown.map(|(kinds, in_part)| kinds.difference(in_part));
        let whole = whole.fold(sections, KindSet::union);
        let what = [&detail["fact"], &detail["audience"], &detail["why"]];
        let what = what.map(text).concat();
        let act = text(&said["kind"]);
        Self {
            position,
            leaf,
            dropped: false,
            time_us: said["time_us"].as_i64().unwrap_or_default(),
            kind: EntryKind::parse(&act),
            act,
            verdict,
            who,
            kinds,
            in_part: kinds.difference(whole),
            learners: learners(detail),
            transition: text(&detail["transition"]),
            profile: text(&detail["profile"]),
            version: number(&detail["version"]).unwrap_or_default(),
            sender: None,
            items: items
                .iter()
                .filter_map(|it| it["position"].as_u64())
                .collect(),
            to,
            from: place(&detail["from"]),
            what,
            count: detail["count"].as_u64().unwrap_or_default(),
        }
    }
}

fn number(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

fn bits(value: &Value) -> KindSet {
    let bits = number(value).and_then(|bits| KindSet::try_from(bits).ok());
    bits.unwrap_or(KindSet::EMPTY)
}

/// Every alias in a detail, once.
fn learners(detail: &Value) -> Vec<String> {
    let many = |name: &str| detail[name].as_array().map_or(&[][..], Vec::as_slice);
    let items = many("items").iter().map(|item| &item["learner"]);
    let all = items.chain(many("learners")).chain([&detail["learner"]]);
    let all = all
        .filter_map(Value::as_str)
        .filter(|alias| !alias.is_empty());
    let all: BTreeSet<String> = all.map(str::to_owned).collect();
    all.into_iter().collect()
}

fn named<'a>(names: impl Iterator<Item = &'a str>) -> KindSet {
    let kind = |name: &str| SectionKind::ALL.into_iter().find(|it| it.name() == name);
    names.filter_map(kind).collect()
}
