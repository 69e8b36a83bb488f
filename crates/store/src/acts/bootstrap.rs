//! The first officer, from the one-time token.

use baton_domain::access::{Grant, Role, RoleSet};
use baton_domain::act::Bootstrap;
use baton_domain::entry::EntryKind;
use baton_domain::recipient::Days;
use baton_domain::route::SettingKind;
use baton_domain::section::KindSet;
use serde::{Deserialize, Serialize};

use super::credentials::{Issued, NewCredential, issue};
use super::import_setting::store;
use super::settings::{SettingView, code_text};
use super::{Step, direct};
use crate::refusal::Refusal;
use crate::rows::credential_state;
use crate::scene::Scene;
use crate::world::{Needs, Put as _, council_code};

/// Days until the first officer's credential expires.
const LIFETIME_DAYS: u32 = 396;

/// What bootstrap made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bootstrapped {
    /// The council.
    pub council: SettingView,
    /// The officer's credential.
    pub issued: Issued,
}

impl Step for Bootstrap {
    type Outcome = Bootstrapped;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::Bootstrapped
    }

    fn needs(&self, needs: &mut Needs) {
        needs.all_codes = true;
        needs.prove(&self.proof);
        needs.codes.extend(self.council.codes.iter().map(code_text));
        needs.codes.insert(council_code(&self.council.council));
    }

    /// The token is judged in `decide`: it is no live credential.
    fn admit(&self, _scene: &mut Scene<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Bootstrapped, Refusal> {
        let caller = scene.caller.ok_or(Refusal::Denied)?;
        let token = scene.world.credentials.get(caller.credential.as_str());
        let token = token.filter(|row| {
            row.state == credential_state::ONE_TIME && scene.time_us < row.expires_us
        });
        let mut token = token.cloned().ok_or(Refusal::Denied)?;
        if self.council.kind != SettingKind::Council {
            return Err(Refusal::Failed("NOT_A_COUNCIL"));
        }
        let council = (&self.council, self.signed.as_ref());
        let council = store(scene, council, false)?.setting;
        let roles = RoleSet::from_iter([
            Role::CouncilAdministrator,
            Role::AdmissionsOfficer,
            Role::TransitionOfficer,
            Role::Operator,
            Role::Auditor,
        ]);
        let grant = Grant::new(roles, KindSet::EMPTY).map_err(|_| Refusal::Internal)?;
        let issued = issue(
            scene,
            &NewCredential {
                setting: &council.id,
                label: "first officer",
                grant,
                own: None,
                proof: &self.proof,
                days: Days::default(),
                lifetime_days: LIFETIME_DAYS,
            },
        )?;
        token.state = credential_state::REVOKED;
        scene.world.put(token);
        Ok(Bootstrapped { council, issued })
    }
}
direct!(Bootstrap);
