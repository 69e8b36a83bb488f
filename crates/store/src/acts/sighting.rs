//! What an entry says of a learner, as whoever asks who saw is told.

use std::collections::BTreeSet;

use baton_domain::access::{Role, RoleSet};
use baton_domain::entry::PREFIX;
use baton_domain::ids::{Alias, CredentialId, ProfileId, SettingId, TransitionId};
use baton_domain::log::Hash;
use baton_domain::log::canonical::Json;
use baton_domain::section::{KindSet, SectionKind};

use super::cut::IN_PART;
use crate::rows::CredentialRow;
use crate::scene::{Scene, roles};
use crate::view::kinds;

/// One time something was shown, or may have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Position of the entry.
    pub position: u64,
    /// Leaf hash of the entry.
    pub leaf: Hash,
    /// The body was dropped: what follows is not known.
    pub dropped: bool,
    /// Ledger time, microseconds UTC.
    pub time_us: i64,
    /// Acting setting; none for the service itself.
    pub setting: Option<Concerned>,
    /// The vendor it is of, where it acted for the setting by delegation.
    pub vendor: Option<Concerned>,
    /// The credential.
    pub credential: Option<CredentialId>,
    /// Its label, where the asker may know it.
    pub label: String,
    /// Roles it had then.
    pub roles: RoleSet,
    /// What was done, as entries name it.
    pub act: String,
    /// Whether it was done.
    pub allowed: bool,
    /// Why the state of things forbade it; empty otherwise.
    pub reason: String,
    /// Section kinds shown or published.
    pub kinds: KindSet,
    /// Those of which a part was shown, each time: the rest was refused.
    pub in_part: KindSet,
    /// The move, where it is about one.
    pub transition: Option<TransitionId>,
    /// The contribution, where it is about one.
    pub profile: Option<ProfileId>,
    /// Its version; 0: none.
    pub version: u32,
    /// What a turn of a subscription showed.
    pub items: Vec<ShownItem>,
    /// Where the learner goes, or who it was released to.
    pub to: Vec<Concerned>,
    /// Where it went before.
    pub from: Option<Concerned>,
    /// The fact that was recorded, or whom an account was given to.
    pub fact: String,
    /// Why it was sent back, as the contract numbers it; 0: it was not.
    pub rejected_for: u8,
}

/// What a turn of a subscription showed of one contribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownItem {
    /// The entry that put it there.
    pub position: u64,
    /// Section kinds.
    pub kinds: KindSet,
    /// Those of which a part was shown.
    pub in_part: KindSet,
}

/// A setting in an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concerned {
    /// Its id.
    pub id: SettingId,
    /// Display name.
    pub name: String,
    /// Town, or empty.
    pub town: String,
}

impl Sighting {
    /// All that is left of an entry at the end of its retention.
    pub(super) fn dropped(position: i64, leaf: Hash) -> Self {
        Self {
            position: u64::try_from(position).unwrap_or_default(),
            leaf,
            dropped: true,
            time_us: 0,
            setting: None,
            vendor: None,
            credential: None,
            label: String::new(),
            roles: RoleSet::EMPTY,
            act: String::new(),
            allowed: false,
            reason: String::new(),
            kinds: KindSet::EMPTY,
            in_part: KindSet::EMPTY,
            transition: None,
            profile: None,
            version: 0,
            items: Vec::new(),
            to: Vec::new(),
            from: None,
            fact: String::new(),
            rejected_for: 0,
        }
    }
}

/// The body of an entry, as what it says; null where that cannot be read.
#[derive(Debug)]
pub(super) struct Said(Json);

impl Said {
    pub(super) fn parse(body: &[u8]) -> Self {
        let json = body.strip_prefix(PREFIX).map(Json::parse);
        Self(json.and_then(Result::ok).unwrap_or(Json::Null))
    }

    pub(super) fn credential(&self) -> Option<CredentialId> {
        CredentialId::parse(text(member(&self.0, "caller")?, "credential")?).ok()
    }

    fn acting(&self) -> Option<SettingId> {
        SettingId::parse(text(member(&self.0, "caller")?, "setting")?).ok()
    }

    fn vendor(&self) -> Option<SettingId> {
        SettingId::parse(text(member(&self.0, "caller")?, "vendor")?).ok()
    }

    /// Every setting it names.
    pub(super) fn settings(&self) -> Vec<SettingId> {
        let mut all = [self.named("to"), self.named("from")].concat();
        all.extend(self.acting());
        all.extend(self.vendor());
        all
    }

    fn detail(&self, name: &str) -> Option<&Json> {
        member(member(&self.0, "detail")?, name)
    }

    fn detail_text(&self, name: &str) -> Option<&str> {
        text(member(&self.0, "detail")?, name)
    }

    fn detail_int<N: TryFrom<i64> + Default>(&self, name: &str) -> N {
        let number = match self.detail(name) {
            Some(Json::Int(number)) => N::try_from(*number).ok(),
            _ => None,
        };
        number.unwrap_or_default()
    }

    /// Settings under a word: one, several or none.
    fn named(&self, name: &str) -> Vec<SettingId> {
        let texts = match self.detail(name) {
            Some(Json::Str(one)) => vec![one.as_str()],
            Some(Json::Arr(many)) => many.iter().filter_map(as_text).collect(),
            _ => Vec::new(),
        };
        let ids = texts.into_iter().map(SettingId::parse);
        ids.filter_map(Result::ok).collect()
    }

    /// Roles of its caller: they stand in every question it asked. The service itself has none.
    fn roles(&self) -> RoleSet {
        if self.acting().is_none() {
            return RoleSet::EMPTY;
        }
        let tuple = match member(&self.0, "decisions") {
            Some(Json::Arr(decisions)) => decisions.first().and_then(|it| member(it, "tuple")),
            _ => None,
        };
        match tuple.and_then(|tuple| member(tuple, "roles")) {
            Some(Json::Arr(roles)) => roles
                .iter()
                .filter_map(|role| Role::parse(as_text(role)?))
                .collect(),
            _ => RoleSet::EMPTY,
        }
    }

    /// Section kinds of the whole entry: shown by a fetch, or published.
    fn kinds(&self) -> KindSet {
        let published = match self.detail("sections") {
            Some(Json::Obj(sections)) => SectionKind::ALL
                .into_iter()
                .filter(|kind| sections.contains_key(kind.name()))
                .collect(),
            _ => KindSet::EMPTY,
        };
        published.union(kinds(self.detail_int("kinds")))
    }

    /// What a turn showed of these learners, what is kept apart only if that is told.
    fn items(&self, aliases: &BTreeSet<Alias>, apart: bool) -> Vec<ShownItem> {
        let Some(Json::Arr(items)) = self.detail("items") else {
            return Vec::new();
        };
        let of = |item: &&Json| {
            text(item, "learner").is_some_and(|it| aliases.iter().any(|a| a.as_str() == it))
        };
        let told = |item: &&Json| apart || member(item, "apart").is_none();
        let shown = items.iter().filter(of).filter(told).filter_map(|item| {
            let position = u64::try_from(int(item, "position")?).ok()?;
            Some(ShownItem {
                position,
                kinds: kinds(int(item, "kinds")?),
                in_part: kinds(int(item, IN_PART).unwrap_or_default()),
            })
        });
        shown.collect()
    }

    /// What whoever asks is told of it.
    pub(super) fn sighting(
        &self,
        scene: &Scene<'_>,
        (aliases, apart): (&BTreeSet<Alias>, bool),
        all_labels: bool,
        position: i64,
        leaf: Hash,
    ) -> Sighting {
        let concerned = |id: SettingId| {
            let row = scene.world.settings.get(id.as_str());
            Concerned {
                name: row.map_or(String::new(), |row| row.name.clone()),
                town: row.map_or(String::new(), |row| row.town.clone()),
                id,
            }
        };
        let items = self.items(aliases, apart);
        let all = |of: KindSet, item: &ShownItem| of.union(item.kinds);
        let all = items.iter().fold(self.kinds(), all);
        // What was shown whole once, was shown.
        let whole = |of: KindSet, item: &ShownItem| of.union(item.kinds.difference(item.in_part));
        let fetched: KindSet = kinds(self.detail_int(IN_PART));
        let whole = items.iter().fold(self.kinds().difference(fetched), whole);
        let credential = self.credential();
        let row = credential
            .as_ref()
            .and_then(|id| scene.world.credentials.get(id.as_str()));
        let own = |setting: &SettingId| {
            let caretaker = scene.world.caretaker_of(setting.as_str());
            let acting = scene.caller.map(|it| &it.acting);
            acting == Some(setting) || acting.is_some() && acting == caretaker
        };
        let asked_as = self.roles();
        let label = row.filter(|row| all_labels || own(&row.setting_id));
        Sighting {
            time_us: int(&self.0, "time_us").unwrap_or_default(),
            dropped: false,
            setting: self.acting().map(concerned),
            vendor: self.vendor().map(concerned),
            label: label.map_or(String::new(), |row| row.label.clone()),
            credential,
            roles: if asked_as.is_empty() {
                row.map_or(asked_as, of_a_family)
            } else {
                asked_as
            },
            act: text(&self.0, "kind").unwrap_or_default().to_owned(),
            allowed: text(&self.0, "verdict") == Some("done"),
            reason: text(&self.0, "reason").unwrap_or_default().to_owned(),
            kinds: all,
            in_part: all.difference(whole),
            transition: self
                .detail_text("transition")
                .and_then(|id| TransitionId::parse(id).ok()),
            profile: self
                .detail_text("profile")
                .and_then(|id| ProfileId::parse(id).ok()),
            version: self.detail_int("version"),
            items,
            to: self.named("to").into_iter().map(concerned).collect(),
            from: self.named("from").into_iter().map(concerned).next(),
            fact: self
                .detail_text("fact")
                .or(self.detail_text("audience"))
                .or(self.detail_text("why"))
                .unwrap_or_default()
                .to_owned(),
            rejected_for: self.detail_int("reason"),
            ..Sighting::dropped(position, leaf)
        }
    }
}

/// The role of one of a family. Where they were refused before anything was asked, no question has it.
fn of_a_family(row: &CredentialRow) -> RoleSet {
    let person = RoleSet::only(Role::Person);
    if roles(row) == person {
        person
    } else {
        RoleSet::EMPTY
    }
}

fn member<'a>(json: &'a Json, name: &str) -> Option<&'a Json> {
    match json {
        Json::Obj(members) => members.get(name),
        _ => None,
    }
}

fn as_text(json: &Json) -> Option<&str> {
    match json {
        Json::Str(text) => Some(text),
        _ => None,
    }
}

fn text<'a>(json: &'a Json, name: &str) -> Option<&'a str> {
    as_text(member(json, name)?)
}

fn int(json: &Json, name: &str) -> Option<i64> {
    match member(json, name) {
        Some(Json::Int(number)) => Some(*number),
        _ => None,
    }
}
