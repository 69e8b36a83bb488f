//! What is kept about a learner outside the sections: identifiers and the policy facts projected
//! at publishing, in one sealed record under the key of the setting that brought it.

use baton_domain::guarded::Guard;
use baton_domain::ids::{LearnerIdentifier, LearnerScheme, SettingId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::keys::{Key, Keys};
use crate::rows::{LearnerRow, SettingKeyRow};
use crate::world::{Put as _, World};

/// The sealed record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) identifiers: Vec<LearnerIdentifier>,
    /// Date of birth: the ages of design §6 hang on it.
    pub(crate) born: Option<Date>,
    /// What must not be written of the learner.
    #[serde(default)]
    pub(crate) guard: Guard,
}

/// An identifier in the blind index: one key for the whole ledger.
fn blind(keys: &Keys, id: &LearnerIdentifier) -> String {
    // A temporary UPN is a UPN: which of the two it is, is a question of time.
    let scheme = match id.scheme() {
        LearnerScheme::TemporaryUpn => LearnerScheme::Upn,
        scheme => scheme,
    };
    let parts = [scheme.name().as_bytes(), id.value().as_bytes()];
    hex(&keys.blind("learner", &parts)[..20])
}

/// The index entries of identifiers, strongest first.
pub(crate) fn blinds(keys: &Keys, identifiers: &[LearnerIdentifier]) -> Vec<String> {
    let named = named(keys, identifiers).into_iter();
    named.map(|(_, blind)| blind).collect()
}

/// The same, each with its scheme.
pub(crate) fn named(
    keys: &Keys,
    identifiers: &[LearnerIdentifier],
) -> Vec<(LearnerScheme, String)> {
    by_strength(identifiers)
        .into_iter()
        .map(|id| (id.scheme(), blind(keys, id)))
        .collect()
}

/// Identifiers, each with its index entry.
pub(crate) fn blinded(
    keys: &Keys,
    identifiers: Vec<LearnerIdentifier>,
) -> Vec<(LearnerIdentifier, String)> {
    let blinded = |id: LearnerIdentifier| {
        let blind = blind(keys, &id);
        (id, blind)
    };
    identifiers.into_iter().map(blinded).collect()
}

/// Identifiers in order of their strength; the first that is known decides whose move it is. A
/// former UPN is none of them: it must never lead to a child who has a new one for a reason.
fn by_strength(identifiers: &[LearnerIdentifier]) -> Vec<&LearnerIdentifier> {
    let matched = identifiers
        .iter()
        .filter(|id| id.scheme() != LearnerScheme::FormerUpn);
    let mut sorted: Vec<_> = matched.collect();
    sorted.sort_by_key(|id| match id.scheme() {
        LearnerScheme::Upn => 0,
        LearnerScheme::Uln => 1,
        LearnerScheme::Nhs => 2,
        LearnerScheme::Local => 3,
        LearnerScheme::TemporaryUpn => 4,
        LearnerScheme::FormerUpn | LearnerScheme::Uci => 5,
    });
    sorted
}

/// A setting's key of an epoch, from the world.
pub(crate) fn owner_key(
    world: &World,
    keys: &Keys,
    (owner, epoch): (&SettingId, i64),
) -> Result<Key, StoreError> {
    let row = world
        .keys
        .get(&format!("{owner}/{epoch}"))
        .ok_or(StoreError::Row("setting_key"))?;
    keys.open_setting_key(owner, row.epoch, &row.wrapped)
}

/// The key of a setting that is in force; made, where the epoch has none of it yet. Only under the
/// head lock: two made at once would leave what one of them wraps without a key.
fn current_key(
    world: &mut World,
    keys: &Keys,
    (owner, epoch): (&SettingId, i64),
) -> Result<Key, StoreError> {
    if world.keys.get(&format!("{owner}/{epoch}")).is_some() {
        return owner_key(world, keys, (owner, epoch));
    }
    let (wrapped, key) = keys.fresh_setting_key(owner, epoch)?;
    world.put(SettingKeyRow {
        setting_id: owner.clone(),
        epoch,
        wrapped,
    });
    Ok(key)
}

/// Opens a learner's record.
pub(crate) fn open(world: &World, keys: &Keys, row: &LearnerRow) -> Result<Record, StoreError> {
    let aad = keys.learner_aad(&row.owner_id, &row.id);
    let owner = owner_key(world, keys, (&row.keeper_id, row.epoch))?;
    let key = owner.unwrap(&aad, &row.wrapped)?;
    let plain = key.open(&aad, &row.sealed)?;
    serde_json::from_slice(&plain).map_err(|_| StoreError::Row("learner"))
}

/// Seals a record into a learner's row under a fresh key.
pub(crate) fn seal(
    world: &mut World,
    keys: &Keys,
    mut row: LearnerRow,
    record: &Record,
) -> Result<LearnerRow, StoreError> {
    let aad = keys.learner_aad(&row.owner_id, &row.id);
    let epoch = keys.current();
    // Nothing more is sealed under a key of a setting that has closed.
    let owner = world.settings.get(row.owner_id.as_str());
    if let Some(caretaker) = owner.and_then(|owner| owner.caretaker_id.clone()) {
        row.keeper_id = caretaker;
    }
    let owner = current_key(world, keys, (&row.keeper_id, epoch))?;
    let (wrapped, key) = owner.wrap_fresh(&aad)?;
    let plain = serde_json::to_vec(record).map_err(|_| StoreError::Row("learner"))?;
    row.sealed = key.seal(&aad, plain)?;
    (row.epoch, row.wrapped) = (epoch, wrapped);
    Ok(row)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
}
