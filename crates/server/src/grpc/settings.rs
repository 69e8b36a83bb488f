//! `SettingService`.

use baton_domain::access::{Grant, GrantError, Role, RoleSet};
use baton_domain::act::{
    Bootstrap, ImportSetting, IssueCredential, ListCredentials, ListSettings, Proof, RequestId,
    RevokeCredential, SetCaretaker, SettingDraft,
};
use baton_domain::agreement::Signed;
use baton_domain::group::Groups;
use baton_domain::ids::SettingId;
use baton_domain::recipient::Days;
use baton_domain::route::SettingKind;
use baton_domain::section::{KindSet, SectionKind};
use baton_store::{ImportedSetting, london_date};
use baton_wire::convert::required;
use baton_wire::field;
use baton_wire::name::{self, CredentialName};
use baton_wire::status::Problem;
use baton_wire::twin::{self, setting_service_server::SettingService};
use jiff::civil::Date;
use tonic::{Request, Response, Status};

use super::agreements::some_signed;
use super::call::{Asking, Fields, caller, each, known};
use super::page::{self, Binding};
use super::{Services, encode};
use crate::api_key::ApiKey;

const IMPORT_MAX: usize = 500;
const PAGE: usize = 100;
const PAGE_MAX: usize = 500;
const CODES_MAX: usize = 20;
/// Longest life of a credential: 13 months.
const LIFETIME_DAYS_MAX: u32 = 396;
const LIFETIME_DAYS: i32 = 396;

fn draft(fields: &mut Fields, path: &str, setting: &twin::Setting) -> Option<SettingDraft> {
    let at = |name: &str| format!("{path}.{name}");
    let kind = required::<twin::SettingKind, SettingKind>(&at("kind"), setting.kind);
    let kind = fields.take(kind);
    let name = fields.take(field::line(&at("display_name"), &setting.display_name));
    let town = match setting.town.as_str() {
        "" => Some(String::new()),
        town => fields.take(field::line(&at("town"), town)),
    };
    let council = &setting.council;
    let council_fits = council.is_empty()
        || (council.len() == 3 && council.bytes().all(|byte| byte.is_ascii_digit()));
    if !council_fits {
        fields.wrong(
            &at("council"),
            "la_code",
            "Give the three digits of the council.",
        );
    }
    if setting.identifiers.is_empty() || setting.identifiers.len() > CODES_MAX {
        let say = "Give 1 to 20 codes the setting is known by.";
        fields.wrong(&at("identifiers"), "items.count", say);
    }
    let mut codes = Vec::new();
    for (index, code) in setting.identifiers.iter().enumerate().take(CODES_MAX) {
        codes.push(fields.code(&at(&format!("identifiers[{index}]")), code));
    }
    Some(SettingDraft {
        kind: kind?,
        name: name?,
        council: council.clone(),
        town: town?,
        open: setting.state != i32::from(twin::SettingState::Closed),
        codes: codes.into_iter().collect::<Option<Vec<_>>>()?,
    })
}

pub(super) fn proof(fields: &mut Fields, spki: &[u8]) -> Option<Proof> {
    if spki.is_empty() {
        return Some(Proof::NewKey);
    }
    let hash: Option<[u8; 32]> = spki.try_into().ok();
    if hash.is_none() {
        let say = "Give SHA-256 over the DER SubjectPublicKeyInfo: 32 bytes.";
        fields.wrong("certificate_spki_sha256", "spki", say);
    }
    hash.map(Proof::Certificate)
}

pub(super) fn role_set(fields: &mut Fields, numbers: &[i32]) -> Option<RoleSet> {
    if numbers.is_empty() {
        fields.wrong("roles", "roles.count", "Give at least one role.");
    }
    let roles = each(numbers, |index, number| {
        let role = required::<twin::Role, Role>(&format!("roles[{index}]"), *number);
        fields.take(role)
    });
    roles.filter(|roles: &RoleSet| !roles.is_empty())
}

/// Kinds as they are assigned to a contributor.
fn kind_set(fields: &mut Fields, numbers: &[i32]) -> Option<KindSet> {
    each(numbers, |index, number| {
        let path = format!("kinds[{index}]");
        let kind = required::<twin::SectionKind, SectionKind>(&path, *number);
        let kind = fields.take(kind)?;
        if !Grant::can_fill(kind) {
            let say = "No contributor fills this kind; a restricted one takes the role of DSL.";
            fields.wrong(&path, "kinds.not_filled", say);
        }
        Some(kind)
    })
}

/// Groups a contributor works on.
fn groups(fields: &mut Fields, codes: &[String]) -> Option<Groups> {
    if codes.len() > Groups::MAX {
        fields.wrong("groups", "groups.count", "Give at most 20 groups.");
        return None;
    }
    each(codes, |index, code| {
        let path = format!("groups[{index}]");
        if code.is_empty() {
            fields.wrong(&path, "required", "Give it.");
        }
        fields.take(field::group(&path, code))?
    })
}

/// Roles, the kinds a contributor fills, and of which learners.
fn grant(fields: &mut Fields, request: &twin::IssueCredentialRequest) -> Option<Grant> {
    let roles = role_set(fields, &request.roles);
    let kinds = kind_set(fields, &request.kinds);
    let groups = groups(fields, &request.groups);
    let groups = groups?;
    let grant = Grant::new(roles?, kinds?).and_then(|grant| grant.within(groups));
    let (rule, say) = match grant {
        Ok(grant) => return Some(grant),
        Err(GrantError::NoKind) => (
            "kinds.count",
            "Give at least one kind that the contributor fills.",
        ),
        Err(GrantError::GroupsOfOthers) => {
            let say = "Give groups only with the role of contributor and no other.";
            fields.wrong("groups", "groups.role", say);
            return None;
        }
        Err(GrantError::NoContributor) => (
            "kinds.role",
            "Give kinds only with the role of contributor.",
        ),
        // Told at the kind.
        Err(GrantError::NotFilled(_)) => return None,
    };
    fields.wrong("kinds", rule, say);
    None
}

/// First and last day, and how long it works without a last one, as a request says them.
pub(super) struct Lifetime<'r> {
    pub(super) days: i32,
    pub(super) first: &'r str,
    pub(super) last: &'r str,
}

impl Lifetime<'_> {
    pub(super) fn read(&self, fields: &mut Fields, today: Date) -> Option<(Days, u32)> {
        let lifetime_days = match u32::try_from(self.days) {
            Ok(0) => Some(LIFETIME_DAYS_MAX),
            Ok(days) if days <= LIFETIME_DAYS_MAX => Some(days),
            _ => {
                fields.wrong("lifetime_days", "lifetime", "Give 1 to 396 days.");
                None
            }
        };
        let first = fields.take(field::date("first_day", self.first));
        let last = fields.take(field::date("last_day", self.last));
        if self.days != 0 && !self.last.is_empty() {
            let say = "Give a last day or a number of days, not both.";
            fields.wrong("lifetime_days", "lifetime.last_day", say);
        }
        let (first, last) = (first?, last?);
        let begins = first.unwrap_or(today);
        let ahead = |from: Date, day: Date| {
            let span = day.since(from).map(|span| span.get_days());
            span.is_ok_and(|days| (0..LIFETIME_DAYS).contains(&days))
        };
        if begins < today {
            fields.wrong("first_day", "date.over", "Today or a day that is to come.");
        } else if !ahead(today, begins) {
            fields.wrong("first_day", "lifetime", "At most 396 days ahead.");
        }
        if last.is_some_and(|last| last < begins) {
            let say = "Not before the first day, nor before today.";
            fields.wrong("last_day", "date.order", say);
        } else if last.is_some_and(|last| !ahead(begins, last)) {
            let say = "At most 396 days (13 months) from the first to the last.";
            fields.wrong("last_day", "lifetime", say);
        }
        Some((Days { first, last }, lifetime_days?))
    }
}

impl Services {
    async fn import_one(
        &self,
        caller: &Asking,
        (index, setting): (usize, &twin::Setting),
        (signed, request, validate_only): (&Option<Signed>, &RequestId, bool),
    ) -> Result<ImportedSetting, Problem> {
        let mut fields = Fields::default();
        let setting = draft(&mut fields, &format!("settings[{index}]"), setting);
        let setting = fields.all(setting)?;
        let act = ImportSetting {
            setting,
            signed: signed.clone(),
            request: request.item(index),
            validate_only,
        };
        Ok(self.act(caller, act).await?.value)
    }
}

#[tonic::async_trait]
impl SettingService for Services {
    async fn bootstrap(
        &self,
        request: Request<twin::BootstrapRequest>,
    ) -> Result<Response<twin::BootstrapResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let mut fields = Fields::default();
        let council = draft(
            &mut fields,
            "council",
            &request.council.clone().unwrap_or_default(),
        );
        let proof = proof(&mut fields, &request.certificate_spki_sha256);
        let today = london_date(self.ledger.now_us());
        let signed = some_signed(&mut fields, request.agreement.as_ref(), today);
        let (council, (proof, signed)) = fields.all(council.zip(proof.zip(signed)))?;
        // The token is of no setting: it acts for the one id it was made with.
        let caller = known.asking_for(known.setting.clone());
        let act = Bootstrap {
            council,
            signed,
            proof,
        };
        let done = self.act(&caller, act).await?;
        let issued = done.value.issued;
        let key = issued
            .secret
            .map(|secret| ApiKey::print(&self.environment, &issued.credential.id, &secret));
        Ok(Response::new(twin::BootstrapResponse {
            council: Some(encode::setting(done.value.council)),
            credential: Some(encode::credential(issued.credential)),
            api_key: key.unwrap_or_default(),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    async fn import_settings(
        &self,
        request: Request<twin::ImportSettingsRequest>,
    ) -> Result<Response<twin::ImportSettingsResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let id = fields.request_id(&request.request_id);
        if request.settings.len() > IMPORT_MAX {
            fields.wrong("settings", "items.count", "Give at most 500 settings.");
        }
        let today = london_date(self.ledger.now_us());
        let signed = some_signed(&mut fields, request.agreement.as_ref(), today);
        let (id, signed) = fields.all(id.zip(signed))?;
        let items = request.settings.iter().enumerate();
        let with = (&signed, &id, request.validate_only);
        let imports = items.map(|item| self.import_one(&caller, item, with));
        let settings = futures::future::join_all(imports)
            .await
            .into_iter()
            .map(|done| {
                let outcome = match &done {
                    Ok(import) if import.created => twin::ImportOutcome::Created,
                    Ok(import) if import.updated => twin::ImportOutcome::Updated,
                    Ok(_) => twin::ImportOutcome::Unchanged,
                    Err(_) => twin::ImportOutcome::Unspecified,
                };
                let (setting, error) = match done {
                    Ok(import) => (Some(encode::setting(import.setting)), None),
                    Err(problem) => (None, Some(problem.into())),
                };
                twin::ImportedSetting {
                    setting,
                    outcome: outcome.into(),
                    error,
                }
            });
        Ok(Response::new(twin::ImportSettingsResponse {
            settings: settings.collect(),
        }))
    }

    async fn list_settings(
        &self,
        request: Request<twin::ListSettingsRequest>,
    ) -> Result<Response<twin::ListSettingsResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let binding = Binding {
            ledger: &self.ledger,
            caller: &caller,
            arguments: format!("settings {:?}", request.identifier),
        };
        let mut fields = Fields::default();
        let code = fields.some_code("identifier", request.identifier.as_ref());
        let after = fields.take(binding.open(&request.page_token));
        let limit = fields.take(page::size(request.page_size, PAGE, PAGE_MAX));
        let ((after, limit), code) = fields.all(after.zip(limit).zip(code))?;
        let act = ListSettings {
            after: after.and_then(|id| SettingId::parse(&id).ok()),
            limit,
            code,
        };
        let page = self.act(&caller, act).await?.value;
        Ok(Response::new(twin::ListSettingsResponse {
            settings: page.settings.into_iter().map(encode::setting).collect(),
            next_page_token: binding.seal(page.next.as_ref().map(SettingId::as_str))?,
        }))
    }

    async fn set_caretaker(
        &self,
        request: Request<twin::SetCaretakerRequest>,
    ) -> Result<Response<twin::SetCaretakerResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let setting = fields.setting("setting", &request.setting);
        let caretaker = fields.setting("caretaker", &request.caretaker);
        let still_open = request.still_open;
        let id = fields.request_id(&request.request_id);
        let ((setting, caretaker), request) = fields.all(setting.zip(caretaker).zip(id))?;
        let act = SetCaretaker {
            setting,
            caretaker,
            still_open,
            request,
        };
        let done = self.act(&caller, act).await?;
        Ok(Response::new(twin::SetCaretakerResponse {
            setting: Some(encode::setting(done.value)),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    async fn issue_credential(
        &self,
        request: Request<twin::IssueCredentialRequest>,
    ) -> Result<Response<twin::IssueCredentialResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let setting = fields.setting("setting", &request.setting);
        let label = fields.take(field::line("label", &request.label));
        let grant = grant(&mut fields, &request);
        let proof = proof(&mut fields, &request.certificate_spki_sha256);
        let id = fields.request_id(&request.request_id);
        let lifetime = Lifetime {
            days: request.lifetime_days,
            first: &request.first_day,
            last: &request.last_day,
        };
        let lifetime = lifetime.read(&mut fields, london_date(self.ledger.now_us()));
        let act = || {
            Some(IssueCredential {
                setting: setting?,
                label: label?,
                grant: grant?,
                proof: proof?,
                days: lifetime?.0,
                lifetime_days: lifetime?.1,
                request: id?,
            })
        };
        let done = self.act(&caller, fields.all(act())?).await?;
        let issued = done.value;
        let key = issued
            .secret
            .map(|secret| ApiKey::print(&self.environment, &issued.credential.id, &secret));
        Ok(Response::new(twin::IssueCredentialResponse {
            credential: Some(encode::credential(issued.credential)),
            api_key: key.unwrap_or_default(),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    async fn list_credentials(
        &self,
        request: Request<twin::ListCredentialsRequest>,
    ) -> Result<Response<twin::ListCredentialsResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let setting = fields.setting("setting", &request.setting);
        let setting = fields.all(setting)?;
        let done = self.act(&caller, ListCredentials { setting }).await?;
        let credentials = done.value.into_iter().map(encode::credential).collect();
        Ok(Response::new(twin::ListCredentialsResponse { credentials }))
    }

    async fn revoke_credential(
        &self,
        request: Request<twin::RevokeCredentialRequest>,
    ) -> Result<Response<twin::RevokeCredentialResponse>, Status> {
        let known = known(&request)?;
        let request = request.into_inner();
        let caller = caller(&known, &request.parent)?;
        let mut fields = Fields::default();
        let name = fields.take(name::read::<CredentialName>("name", &request.name));
        let id = fields.request_id(&request.request_id);
        let (name, id) = fields.all(name.zip(id))?;
        let act = RevokeCredential {
            setting: name.setting,
            credential: name.credential,
            request: id,
        };
        let done = self.act(&caller, act).await?;
        Ok(Response::new(twin::RevokeCredentialResponse {
            credential: Some(encode::credential(done.value)),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    async fn add_delegation(
        &self,
        request: Request<twin::AddDelegationRequest>,
    ) -> Result<Response<twin::AddDelegationResponse>, Status> {
        Ok(self.let_act(request).await?)
    }

    async fn end_delegation(
        &self,
        request: Request<twin::EndDelegationRequest>,
    ) -> Result<Response<twin::EndDelegationResponse>, Status> {
        Ok(self.let_act_no_more(request).await?)
    }

    async fn list_delegations(
        &self,
        request: Request<twin::ListDelegationsRequest>,
    ) -> Result<Response<twin::ListDelegationsResponse>, Status> {
        Ok(self.who_may_act(request).await?)
    }

    async fn sign_agreement(
        &self,
        request: Request<twin::SignAgreementRequest>,
    ) -> Result<Response<twin::SignAgreementResponse>, Status> {
        Ok(self.sign(request).await?)
    }

    async fn end_agreement(
        &self,
        request: Request<twin::EndAgreementRequest>,
    ) -> Result<Response<twin::EndAgreementResponse>, Status> {
        Ok(self.sign_no_more(request).await?)
    }

    async fn list_agreements(
        &self,
        request: Request<twin::ListAgreementsRequest>,
    ) -> Result<Response<twin::ListAgreementsResponse>, Status> {
        Ok(self.who_signed(request).await?)
    }
}
