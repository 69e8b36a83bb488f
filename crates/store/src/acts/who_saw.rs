//! Who was shown what of a learner. The answer comes out of the entries themselves.

use std::collections::BTreeSet;

use baton_domain::access::{Action, Role, RoleSet};
use baton_domain::act::{Caller, WhoSaw};
use baton_domain::entry::EntryKind;
use baton_domain::ids::{Alias, CredentialId, SettingId};
use baton_domain::log::Hash;

use super::sighting::{Said, Sighting};
use super::whose::Asked;
use super::{Prepare, Step, Turn};
use crate::engine::Tx;
use crate::engine::value::{Column as _, Type, Value};
use crate::error::StoreError;
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::CredentialRow;
use crate::scene::{Question, Scene, live, roles};
use crate::world::Needs;

pub(crate) const SIGHTINGS: &str = "SELECT e.position, e.body, e.leaf FROM about a \
     JOIN entry e ON e.position = a.position WHERE a.alias = $1 AND a.position >= $2 \
     AND (a.apart = 0 OR $4 = 1) \
     ORDER BY a.position LIMIT $3";
const TYPES: [Type; 3] = [Type::Int, Type::Blob, Type::Blob];
/// Most sightings an answer holds.
const SIGHTINGS_MAX: usize = 500;

/// Everything an entry says of a learner having been shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sightings {
    /// In order of position.
    pub sightings: Vec<Sighting>,
    /// Where the next page starts; none on the last one.
    pub next: Option<u64>,
}

/// The entries about a learner, waiting for leave to be told.
#[derive(Debug)]
pub(crate) struct WhoSawStep {
    asked: Asked,
    /// Whose entries these are: of nobody who may not be told of now.
    aliases: BTreeSet<Alias>,
    entries: Vec<Entry>,
    /// What is kept apart is among them.
    apart: bool,
    settings: BTreeSet<SettingId>,
    credentials: BTreeSet<CredentialId>,
    next: Option<u64>,
}

/// An entry as it is kept.
#[derive(Debug)]
struct Entry {
    position: i64,
    /// None where it was dropped.
    said: Option<Said>,
    leaf: Hash,
}

impl Prepare for WhoSaw {
    type Step = WhoSawStep;

    async fn prepare(self, ledger: &Inner, caller: &Caller) -> Result<Turn<WhoSawStep>, Refusal> {
        let asked = Asked::find(ledger, self.whose).await?;
        let aliases = asked.look(ledger, caller, Action::WhoSaw).await?;
        let limit = self.limit.clamp(1, SIGHTINGS_MAX);
        let mut tx = ledger.db.begin_read().await?;
        let apart = ledger.roles(&mut tx, caller).await?.is_some_and(told);
        let page = page(&mut tx, &aliases, (self.start, limit, apart)).await;
        let (entries, next) = page?;
        tx.rollback().await?;
        let said = || entries.iter().filter_map(|entry| entry.said.as_ref());
        Ok(Turn::Decide(WhoSawStep {
            asked,
            aliases: aliases.into_iter().collect(),
            settings: said().flat_map(Said::settings).collect(),
            credentials: said().filter_map(Said::credential).collect(),
            entries,
            apart,
            next,
        }))
    }
}

impl Inner {
    /// The roles of a caller's live credential. A look, no decision.
    async fn roles(&self, tx: &mut Tx, caller: &Caller) -> Result<Option<RoleSet>, Refusal> {
        let keys = vec![caller.credential.clone().into_value()];
        let rows: Vec<CredentialRow> = tx.rows_by("id", keys).await?;
        let now = self.clock.now_us();
        let live = |row: &&CredentialRow| row.setting_id == caller.acting && live(row, now);
        Ok(rows.iter().find(live).map(roles))
    }
}

/// Whether these roles are told of what is kept apart: who could read it, and who reads the whole
/// ledger.
fn told(roles: RoleSet) -> bool {
    roles.contains(Role::Dsl) || roles.contains(Role::Auditor)
}

/// Entries about any of these, in order of position and each once.
async fn page(
    tx: &mut Tx,
    aliases: &[Alias],
    (start, limit, apart): (u64, usize, bool),
) -> Result<(Vec<Entry>, Option<u64>), Refusal> {
    let mut entries: Vec<Entry> = Vec::new();
    for alias in aliases {
        let args = vec![
            alias.clone().into_value(),
            crate::head::int(start).into_value(),
            i64::try_from(limit).unwrap_or(i64::MAX).into_value(),
            i64::from(apart).into_value(),
        ];
        for values in tx.fetch(SIGHTINGS, args, &TYPES).await? {
            entries.push(entry(values)?);
        }
        entries.sort_by_key(|entry| entry.position);
        entries.dedup_by_key(|entry| entry.position);
        entries.truncate(limit);
    }
    // A page is full with entries whose bodies are dropped, too.
    let last = entries.last().filter(|_| entries.len() == limit);
    let next = last.and_then(|last| u64::try_from(last.position).ok());
    Ok((entries, next.map(|position| position + 1)))
}

fn entry(values: Vec<Value>) -> Result<Entry, StoreError> {
    let broken = || StoreError::Row("entry");
    let [position, body, leaf]: [Value; 3] = values.try_into().map_err(|_| broken())?;
    let body: Option<Vec<u8>> = Option::from_value(body).map_err(|_| broken())?;
    let leaf = Vec::from_value(leaf).map_err(|_| broken())?;
    Ok(Entry {
        position: i64::from_value(position).map_err(|_| broken())?,
        said: body.as_deref().map(Said::parse),
        leaf: Hash::try_from(leaf.as_slice()).map_err(|_| broken())?,
    })
}

impl Step for WhoSawStep {
    type Outcome = Sightings;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::WhoSawAsked
    }

    fn needs(&self, needs: &mut Needs) {
        self.asked.needs(needs);
        needs.settings.extend(self.settings.iter().cloned());
        needs.credentials.extend(self.credentials.iter().cloned());
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Sightings, Refusal> {
        let told = self.asked.require(scene, Action::WhoSaw)?;
        let told: BTreeSet<Alias> = told.into_iter().collect();
        if !self.aliases.is_subset(&told) || self.apart && !self::told(scene.roles) {
            // A right was lost since the entries were read: nothing of them is told.
            return Err(Refusal::Denied);
        }
        // Labels may name people. Those of other settings are for who reads the whole ledger.
        let all_labels = scene.ask(Action::ReadAudit, Question::GENERAL, None);
        let sightings = self.entries.iter().map(|entry| match &entry.said {
            Some(said) => {
                let with = (&self.aliases, self.apart);
                said.sighting(scene, with, all_labels, entry.position, entry.leaf)
            }
            None => Sighting::dropped(entry.position, entry.leaf),
        });
        Ok(Sightings {
            sightings: sightings.collect(),
            next: self.next,
        })
    }
}
