//! Who was shown what of a learner. The answer comes out of the entries themselves.

use baton_domain::access::Action;
use baton_domain::act::{Caller, WhoSaw};
use baton_domain::entry::{EntryKind, PREFIX};
use baton_domain::ids::{Alias, CredentialId, SettingId, TransitionId};
use baton_domain::log::canonical::Json;
use baton_domain::section::KindSet;

use super::redirect::find;
use super::{Prepare, Step, Turn};
use crate::engine::value::{Column as _, Type, Value};
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::{LearnerRow, SettingRow, TransitionRow};
use crate::scene::Scene;
use crate::view::kinds;
use crate::world::Needs;

pub(crate) const SIGHTINGS: &str = "SELECT e.position, e.body FROM about a \
     JOIN entry e ON e.position = a.position WHERE a.alias = $1 AND a.position >= $2 \
     ORDER BY a.position LIMIT $3";
/// Most sightings an answer holds.
const SIGHTINGS_MAX: usize = 500;

/// Everything an entry says of one learner having been shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sightings {
    /// In order of position.
    pub sightings: Vec<Sighting>,
    /// Where the next page starts; none on the last one.
    pub next: Option<u64>,
}

/// One time something was shown, or may have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Position of the entry.
    pub position: u64,
    /// Ledger time, microseconds UTC.
    pub time_us: i64,
    /// Acting setting and its name; none for the service itself.
    pub setting: Option<(SettingId, String)>,
    /// The credential.
    pub credential: Option<CredentialId>,
    /// What was done.
    pub act: String,
    /// Whether it was done.
    pub allowed: bool,
    /// Section kinds shown.
    pub kinds: KindSet,
}

/// The entries about a learner, waiting for leave to be told.
#[derive(Debug)]
pub(crate) struct WhoSawStep {
    transition: TransitionId,
    alias: Option<Alias>,
    entries: Vec<(i64, Vec<u8>)>,
    settings: Vec<SettingId>,
    next: Option<u64>,
}

impl Prepare for WhoSaw {
    type Step = WhoSawStep;

    async fn prepare(self, ledger: &Inner, _caller: &Caller) -> Result<Turn<WhoSawStep>, Refusal> {
        let mut tx = ledger.db.begin_read().await?;
        let ids = vec![self.transition.clone().into_value()];
        let moves: Vec<TransitionRow> = tx.rows_by("id", ids).await?;
        let learners = moves
            .iter()
            .map(|row| row.learner_id.clone().into_value())
            .collect();
        let learner: Option<LearnerRow> = tx.rows_by("id", learners).await?.pop();
        let mut entries = Vec::new();
        let mut next = None;
        let limit = self.limit.clamp(1, SIGHTINGS_MAX);
        if let Some(learner) = &learner {
            let args = vec![
                learner.alias.clone().into_value(),
                crate::head::int(self.start).into_value(),
                i64::try_from(limit).unwrap_or(i64::MAX).into_value(),
            ];
            let found = tx.fetch(SIGHTINGS, args, &[Type::Int, Type::Blob]).await?;
            // A page is full with entries whose bodies are dropped, too.
            if found.len() == limit {
                let last = found.last().and_then(|values| match values.first() {
                    Some(Value::Int(Some(position))) => u64::try_from(*position).ok(),
                    _ => None,
                });
                next = last.map(|position| position + 1);
            }
            for values in found {
                if let [Value::Int(Some(position)), Value::Blob(Some(body))] = values.as_slice() {
                    entries.push((*position, body.clone()));
                }
            }
        }
        tx.rollback().await?;
        let settings = entries
            .iter()
            .filter_map(|(_, body)| caller(&parse(body)?))
            .map(|c| c.1);
        Ok(Turn::Decide(WhoSawStep {
            transition: self.transition,
            alias: learner.map(|learner| learner.alias),
            settings: settings.collect(),
            next,
            entries,
        }))
    }
}

impl Step for WhoSawStep {
    type Outcome = Sightings;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::WhoSawAsked
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transitions.insert(self.transition.clone());
        needs.settings.extend(self.settings.iter().cloned());
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Sightings, Refusal> {
        let (_, question) = find(scene, &self.transition)?;
        scene.require(Action::WhoSaw, question)?;
        let alias = self.alias.as_ref().map_or("", Alias::as_str);
        let name =
            |id: &SettingId| -> Option<&SettingRow> { scene.world.settings.get(id.as_str()) };
        let sightings = self
            .entries
            .iter()
            .filter_map(|(position, body)| sighting(*position, &parse(body)?, alias))
            .map(|mut sighting| {
                if let Some((id, text)) = &mut sighting.setting {
                    *text = name(id).map_or(String::new(), |row| row.name.clone());
                }
                sighting
            })
            .collect();
        Ok(Sightings {
            sightings,
            next: self.next,
        })
    }
}

/// The body of an entry, as what it says.
fn parse(body: &[u8]) -> Option<Json> {
    Json::parse(body.strip_prefix(PREFIX)?).ok()
}

fn member<'a>(json: &'a Json, name: &str) -> Option<&'a Json> {
    match json {
        Json::Obj(members) => members.get(name),
        _ => None,
    }
}

fn text<'a>(json: &'a Json, name: &str) -> Option<&'a str> {
    match member(json, name) {
        Some(Json::Str(text)) => Some(text),
        _ => None,
    }
}

fn int(json: &Json, name: &str) -> Option<i64> {
    match member(json, name) {
        Some(Json::Int(number)) => Some(*number),
        _ => None,
    }
}

fn caller(entry: &Json) -> Option<(CredentialId, SettingId)> {
    let caller = member(entry, "caller")?;
    let credential = CredentialId::parse(text(caller, "credential")?).ok()?;
    Some((credential, SettingId::parse(text(caller, "setting")?).ok()?))
}

/// What an entry says of one alias.
fn sighting(position: i64, entry: &Json, alias: &str) -> Option<Sighting> {
    let detail = member(entry, "detail")?;
    let own = int(detail, "kinds").map_or(KindSet::EMPTY, kinds);
    let shown = match member(detail, "items") {
        Some(Json::Arr(items)) => items
            .iter()
            .filter(|item| text(item, "learner") == Some(alias))
            .filter_map(|item| int(item, "kinds"))
            .map(kinds)
            .fold(own, KindSet::union),
        _ => own,
    };
    let caller = caller(entry);
    Some(Sighting {
        position: u64::try_from(position).ok()?,
        time_us: int(entry, "time_us")?,
        setting: caller.clone().map(|(_, setting)| (setting, String::new())),
        credential: caller.map(|(credential, _)| credential),
        act: text(entry, "kind")?.to_owned(),
        allowed: text(entry, "verdict") == Some("done"),
        kinds: shown,
    })
}
