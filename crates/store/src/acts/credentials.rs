//! Credentials: issued, shown, revoked.

use baton_domain::access::{Action, Assurance, Grant, Role, RoleSet};
use baton_domain::act::{Caller, IssueCredential, ListCredentials, Proof, RevokeCredential};
use baton_domain::delegation::Mandate;
use baton_domain::entry::EntryKind;
use baton_domain::ids::{CredentialId, SettingId};
use baton_domain::log::canonical::Json;
use baton_domain::recipient::Days;
use baton_domain::section::{KindSet, SectionKind};
use serde::{Deserialize, Serialize};

use super::settings::{managing, random_id};
use super::{Idempotent, Prepare, Step, Turn, direct};
use crate::clock::london_midnight_us;
use crate::engine::value::Value;
use crate::keys::{Key, Keys};
use crate::ledger::Inner;
use crate::own_record::OwnRecord;
use crate::refusal::Refusal;
use crate::rows::{CredentialRow, credential_state};
use crate::scene::{Scene, number_of, roles};
use crate::view::kinds;
use crate::world::{Needs, Put as _};

pub(crate) const OF_SETTING: &str =
    "SELECT id FROM credential WHERE setting_id = $1 ORDER BY id LIMIT 1000";
const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

/// A credential as it is shown: never what proves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialView {
    /// Its id.
    pub id: CredentialId,
    /// Whose it is.
    pub setting: SettingId,
    /// Label.
    pub label: String,
    /// Roles.
    pub roles: RoleSet,
    /// Section kinds a contributor fills.
    pub kinds: KindSet,
    /// Groups it works on, sorted; empty: every learner of its setting.
    pub groups: Vec<String>,
    /// How it is proved.
    pub assurance: Assurance,
    /// From when it works, microseconds UTC; 0: since it was issued.
    pub starts_us: i64,
    /// When it stops working, microseconds UTC.
    pub expires_us: i64,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// A credential that was just made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// The credential.
    pub credential: CredentialView,
    /// The secret of an API key, this once: it is neither stored nor given on a replay.
    #[serde(skip)]
    pub secret: Option<[u8; 32]>,
}

/// What a credential is made from.
pub(super) struct NewCredential<'a> {
    pub(super) setting: &'a SettingId,
    pub(super) label: &'a str,
    pub(super) grant: Grant,
    /// Whose record it is for, where it is not one of the setting's people.
    pub(super) own: Option<OwnRecord>,
    pub(super) proof: &'a Proof,
    pub(super) days: Days,
    pub(super) lifetime_days: u32,
}

/// What of an API key's secret is kept.
pub(crate) fn key_digest(keys: &Keys, id: &CredentialId, secret: &[u8]) -> Vec<u8> {
    keys.blind("api-key", &[id.as_str().as_bytes(), secret])
        .to_vec()
}

/// What of a certificate is kept: under no key, since the hash of a public key is public.
pub(crate) fn certificate_digest(spki: &[u8; 32]) -> Vec<u8> {
    spki.to_vec()
}

/// Asks for the right to manage a setting's credentials; a setting that is not there is denied.
pub(super) fn manage(scene: &mut Scene<'_>, setting: &SettingId) -> Result<(), Refusal> {
    let target = scene.world.settings.get(setting.as_str());
    let known = target.is_some();
    let council = target.map_or(String::new(), |row| row.council.clone());
    let question = managing(scene, &council);
    scene.require(Action::ManageCredentials, question)?;
    if known { Ok(()) } else { Err(Refusal::Denied) }
}

/// The sweeper is no caller from outside, and whoever runs the service is named by its like: a
/// council officer must not reach other councils through a role it gives itself.
fn grantable(scene: &Scene<'_>, roles: RoleSet) -> Result<(), Refusal> {
    let operator = roles.contains(Role::Operator) && !scene.roles.contains(Role::Operator);
    // Whose record a person sees is said by who wrote it.
    let person = roles.contains(Role::Person);
    if roles.is_empty() || roles.contains(Role::Sweeper) || operator || person {
        Err(Refusal::Failed("ROLE_NOT_GRANTABLE"))
    } else {
        Ok(())
    }
}

/// Makes a credential row in the world.
pub(super) fn issue(scene: &mut Scene<'_>, new: &NewCredential<'_>) -> Result<Issued, Refusal> {
    let (starts_us, expires_us) = new.span(scene.time_us);
    if let Proof::Certificate(spki) = new.proof {
        let digest = certificate_digest(spki);
        // Those of a setting that was handed over prove nothing any more.
        let over =
            |row: &CredentialRow| scene.world.caretaker_of(row.setting_id.as_str()).is_some();
        // One may follow another: of two at a time nobody could say which is meant.
        let crosses = |row: &CredentialRow| {
            let begins = starts_us.max(scene.time_us);
            row.state == credential_state::LIVE
                && row.expires_us > begins
                && row.starts_us < expires_us
        };
        let in_use = |row: &CredentialRow| row.digest == digest && crosses(row) && !over(row);
        if scene.world.credentials.iter().any(in_use) {
            return Err(Refusal::Failed("CERTIFICATE_IN_USE"));
        }
    }
    let id = random_id(CredentialId::from_bytes)?;
    let (assurance, digest, secret) = match new.proof {
        Proof::Certificate(spki) => (Assurance::Certificate, certificate_digest(spki), None),
        Proof::NewKey => {
            let secret = *Key::random().map_err(|_| Refusal::Internal)?.bytes();
            (
                Assurance::Key,
                key_digest(scene.keys, &id, &secret),
                Some(secret),
            )
        }
    };
    let row = CredentialRow {
        id,
        setting_id: new.setting.clone(),
        label: new.label.to_owned(),
        roles: i64::from(new.grant.roles().bits()),
        kinds: i64::from(new.grant.kinds().bits()),
        learner_groups: new.grant.groups().to_text(),
        learner_id: new.own.as_ref().map(|own| own.learner.clone()),
        person: new.own.as_ref().map_or(0, |own| own.who.number().into()),
        left_out: new
            .own
            .as_ref()
            .map_or(String::new(), |own| own.left_out.to_text()),
        assurance: number_of(assurance),
        digest,
        starts_us,
        expires_us,
        state: credential_state::LIVE,
    };
    scene.detail("credential", row.id.as_str());
    scene.detail("for", row.setting_id.as_str());
    let names = |names: Vec<&str>| Json::Arr(names.into_iter().map(Json::from).collect());
    let roles = new.grant.roles().iter().map(Role::name).collect();
    scene.detail("roles", names(roles));
    if !new.grant.kinds().is_empty() {
        let kinds = new.grant.kinds().iter().map(SectionKind::name).collect();
        scene.detail("kinds", names(kinds));
    }
    // How many, not which: what a setting calls its classes may name a teacher.
    let groups = new.grant.groups().iter().count();
    if groups > 0 {
        scene.detail(
            "groups",
            Json::Int(i64::try_from(groups).unwrap_or_default()),
        );
    }
    let credential = CredentialView::of(&row);
    scene.world.put(row);
    Ok(Issued { credential, secret })
}

impl NewCredential<'_> {
    /// From when until when it works, microseconds UTC. Days begin at midnight in London.
    fn span(&self, now_us: i64) -> (i64, i64) {
        let starts_us = self.days.first.map_or(0, london_midnight_us);
        let after_last = self.days.last.and_then(|last| last.tomorrow().ok());
        let lifetime_us = i64::from(self.lifetime_days).saturating_mul(DAY_US);
        let expires_us = after_last.map_or_else(
            || now_us.max(starts_us).saturating_add(lifetime_us),
            london_midnight_us,
        );
        (starts_us, expires_us)
    }
}

impl CredentialRow {
    /// Whether a time is neither before its first day nor after its last.
    pub(crate) const fn is_in_its_days(&self, time_us: i64) -> bool {
        self.starts_us <= time_us && time_us < self.expires_us
    }
}

impl CredentialView {
    pub(super) fn of(row: &CredentialRow) -> Self {
        Self {
            id: row.id.clone(),
            setting: row.setting_id.clone(),
            label: row.label.clone(),
            roles: roles(row),
            kinds: kinds(row.kinds),
            groups: row
                .learner_groups
                .split(',')
                .filter(|code| !code.is_empty())
                .map(str::to_owned)
                .collect(),
            assurance: usize::try_from(row.assurance)
                .ok()
                .and_then(|index| Assurance::ALL.get(index).copied())
                .unwrap_or(Assurance::Key),
            starts_us: row.starts_us,
            expires_us: row.expires_us,
            revoked: row.state == credential_state::REVOKED,
        }
    }
}

impl Step for IssueCredential {
    type Outcome = Issued;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::CredentialIssued
    }

    fn needs(&self, needs: &mut Needs) {
        needs.settings.insert(self.setting.clone());
        needs.prove(&self.proof);
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!(
            "{} {} {} {} {:?} {} {:?} {}",
            self.setting,
            self.label,
            self.grant.roles().bits(),
            self.grant.kinds().bits(),
            self.proof,
            self.lifetime_days,
            self.days,
            self.grant.groups().to_text(),
        );
        Some(Idempotent {
            id: &self.request,
            method: "issue",
            content: content.into_bytes(),
        })
    }

    fn remember(outcome: &Issued) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<Issued> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Issued, Refusal> {
        manage(scene, &self.setting)?;
        if scene.world.caretaker_of(self.setting.as_str()).is_some() {
            return Err(Refusal::Failed("SETTING_HANDED_OVER"));
        }
        grantable(scene, self.grant.roles())?;
        if scene.world.is_vendor(&self.setting) && !Mandate::allows(self.grant.roles()) {
            return Err(Refusal::Failed("ROLE_NOT_OF_VENDOR"));
        }
        issue(
            scene,
            &NewCredential {
                setting: &self.setting,
                label: &self.label,
                grant: self.grant.clone(),
                own: None,
                proof: &self.proof,
                days: self.days,
                lifetime_days: self.lifetime_days,
            },
        )
    }
}
direct!(IssueCredential, RevokeCredential);

impl Step for RevokeCredential {
    type Outcome = CredentialView;
    const TAKES_AWAY: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::CredentialRevoked
    }

    fn needs(&self, needs: &mut Needs) {
        needs.credentials.insert(self.credential.clone());
        needs.settings.insert(self.setting.clone());
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!("{} {}", self.setting, self.credential).into_bytes();
        Some(Idempotent {
            id: &self.request,
            method: "revoke",
            content,
        })
    }

    /// Of one of a family without its label: the entry is not found by the learner, and so the answer would
    /// outlive the record.
    fn remember(outcome: &CredentialView) -> String {
        let mut kept = outcome.clone();
        if kept.roles.contains(Role::Person) {
            kept.label.clear();
        }
        serde_json::to_string(&kept).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<CredentialView> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<CredentialView, Refusal> {
        manage(scene, &self.setting)?;
        let row = scene.world.credentials.get(self.credential.as_str());
        let row = row.filter(|row| row.setting_id == self.setting);
        let mut row = row.cloned().ok_or(Refusal::Denied)?;
        row.state = credential_state::REVOKED;
        scene.detail("credential", row.id.as_str());
        let credential = CredentialView::of(&row);
        scene.world.put(row);
        Ok(credential)
    }
}

/// Credentials of a setting whose ids are known.
#[derive(Debug)]
pub(crate) struct CredentialsStep {
    setting: SettingId,
    ids: Vec<CredentialId>,
}

impl Prepare for ListCredentials {
    type Step = CredentialsStep;

    async fn prepare(
        self,
        ledger: &Inner,
        _caller: &Caller,
    ) -> Result<Turn<CredentialsStep>, Refusal> {
        let args = vec![Value::Text(Some(self.setting.as_str().to_owned()))];
        let ids = ledger.read_column(OF_SETTING, args).await?;
        Ok(Turn::Decide(CredentialsStep {
            setting: self.setting,
            ids,
        }))
    }
}

impl Step for CredentialsStep {
    type Outcome = Vec<CredentialView>;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::CredentialsListed
    }

    fn needs(&self, needs: &mut Needs) {
        needs.credentials.extend(self.ids.iter().cloned());
        needs.settings.insert(self.setting.clone());
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Vec<CredentialView>, Refusal> {
        manage(scene, &self.setting)?;
        scene.detail("for", self.setting.as_str());
        let rows = self
            .ids
            .iter()
            .filter_map(|id| scene.world.credentials.get(id.as_str()));
        // All of them ended when it was handed over.
        let ended = scene.world.caretaker_of(self.setting.as_str()).is_some();
        let view = |row| {
            let one = CredentialView::of(row);
            let revoked = one.revoked || ended;
            CredentialView { revoked, ..one }
        };
        Ok(rows.map(view).collect())
    }
}
