//! The framework agreement: `SettingService`'s calls about who signed, and `TransitionService`'s about
//! what is sent without.

use baton_domain::act::{
    EndAgreement, EndSendingWithoutAgreement, ListAgreements, Parties, SendWithoutAgreement,
    SignAgreement,
};
use baton_domain::agreement::{DayFault, SendingReason, Signed, TextVersion, day_faults};
use baton_domain::ids::SettingId;
use baton_store::{AgreementView, WithoutAgreement, london_date};
use baton_wire::convert::required;
use baton_wire::field;
use baton_wire::name::{self, TransitionName};
use baton_wire::status::Problem;
use baton_wire::twin;
use baton_wire::violation::Violation;
use jiff::civil::Date;
use tonic::{Request, Response};

use super::call::{Asking, Fields, caller, known, under};
use super::page::{self, Binding};
use super::{Services, encode};

const PAGE: usize = 100;
const PAGE_MAX: usize = 500;

/// What was signed, every problem told.
fn signed(
    fields: &mut Fields,
    signed: Option<&twin::SignedAgreement>,
    today: Date,
) -> Option<Signed> {
    let Some(signed) = signed else {
        fields.wrong("agreement", "required", "Say what was signed.");
        return None;
    };
    let version = TextVersion::parse(&signed.version);
    if version.is_none() {
        let say =
            "Give 1 to 40 letters, digits, dots, dashes and underscores; first a letter or digit.";
        fields.wrong("agreement.version", "version", say);
    }
    let text: Option<[u8; 32]> = signed.text_sha256.as_ref().try_into().ok();
    if text.is_none() {
        let say = "Give SHA-256 of the text that was signed: 32 bytes.";
        fields.wrong("agreement.text_sha256", "sha256", say);
    }
    let first = fields.take(field::date("agreement.first_day", &signed.first_day));
    let last = fields.take(field::date("agreement.last_day", &signed.last_day));
    let days = first
        .zip(last)
        .map(|(first, last)| (first.unwrap_or(today), last));
    if let Some((first, last)) = days {
        fields.extend(
            day_faults(first, last, today)
                .into_iter()
                .map(fault)
                .collect(),
        );
    }
    let (first, last) = days?;
    Some(Signed {
        version: version?,
        text: text?,
        first,
        last,
    })
}

fn fault(fault: DayFault) -> Violation {
    let (day, rule, say) = match fault {
        DayFault::Order => ("last_day", "date.order", "Not before the first day."),
        DayFault::Over => ("last_day", "date.over", "Today or a day that is to come."),
        DayFault::FarAhead => ("first_day", "lifetime", "At most 396 days ahead."),
    };
    Violation::new(format!("agreement.{day}"), rule, say)
}

/// The same where it may be left out.
pub(super) fn some_signed(
    fields: &mut Fields,
    given: Option<&twin::SignedAgreement>,
    today: Date,
) -> Option<Option<Signed>> {
    match given {
        None => Some(None),
        some => signed(fields, some, today).map(Some),
    }
}

/// The setting a call is about: the acting one where none is named.
fn of(fields: &mut Fields, named: &str, asking: &Asking) -> Option<SettingId> {
    if named.is_empty() {
        Some(asking.acting.clone())
    } else {
        fields.setting("setting", named)
    }
}

/// Whose agreements are asked for. A page is of a council, never of one setting.
fn parties(
    fields: &mut Fields,
    request: &twin::ListAgreementsRequest,
    after: Option<String>,
) -> Option<Parties> {
    let limit = fields.take(page::size(request.page_size, PAGE, PAGE_MAX));
    let council = &request.council;
    let digits = council.len() == 3 && council.bytes().all(|byte| byte.is_ascii_digit());
    if !council.is_empty() && !digits {
        fields.wrong(
            "council",
            "la_code",
            "Give the three digits of the council.",
        );
    }
    if request.setting.is_empty() {
        return Some(Parties::Council {
            council: council.clone(),
            without_only: request.without_agreement_only,
            after: after.and_then(|id| SettingId::parse(&id).ok()),
            limit: limit?,
        });
    }
    let setting = fields.setting("setting", &request.setting);
    let say = "Only without `setting`; leave it out.";
    for (field, given) in [
        ("council", !council.is_empty()),
        ("without_agreement_only", request.without_agreement_only),
        ("page_size", request.page_size != 0),
        ("page_token", !request.page_token.is_empty()),
    ] {
        if given {
            fields.wrong(field, "setting.alone", say);
        }
    }
    setting.map(Parties::Setting)
}

/// How a setting stands to the agreement.
fn shown(view: AgreementView) -> twin::Agreement {
    twin::Agreement {
        setting: encode::setting_name(&view.setting),
        version: view.version,
        text_sha256: view.text.into(),
        first_day: view.first_day,
        last_day: view.last_day.unwrap_or_default(),
        recorded: view.recorded,
        ended: view.ended,
        in_force: view.in_force,
    }
}

/// A receiver without an agreement, as the sending side is told.
pub(super) fn missing(one: &WithoutAgreement) -> twin::MissingAgreement {
    let reason = one.reason().map(twin::SendingReason::from);
    twin::MissingAgreement {
        setting: encode::setting_name(&one.setting),
        sender_unsigned: one.sender_unsigned,
        receiver_unsigned: one.receiver_unsigned,
        reason: reason.unwrap_or_default().into(),
    }
}

impl Services {
    pub(super) async fn sign(
        &self,
        request: Request<twin::SignAgreementRequest>,
    ) -> Result<Response<twin::SignAgreementResponse>, Problem> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let today = london_date(self.ledger.now_us());
        let mut fields = Fields::default();
        let setting = of(&mut fields, &request.setting, &asking);
        let signed = signed(&mut fields, request.agreement.as_ref(), today);
        let id = fields.request_id(&request.request_id);
        let (setting, (signed, request)) = fields.all(setting.zip(signed.zip(id)))?;
        let act = SignAgreement {
            setting,
            signed,
            request,
        };
        let done = self.act(&asking, act).await?;
        Ok(Response::new(twin::SignAgreementResponse {
            agreement: Some(shown(done.value)),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    pub(super) async fn sign_no_more(
        &self,
        request: Request<twin::EndAgreementRequest>,
    ) -> Result<Response<twin::EndAgreementResponse>, Problem> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let mut fields = Fields::default();
        let setting = of(&mut fields, &request.setting, &asking);
        let id = fields.request_id(&request.request_id);
        let (setting, request) = fields.all(setting.zip(id))?;
        let done = self.act(&asking, EndAgreement { setting, request }).await?;
        Ok(Response::new(twin::EndAgreementResponse {
            agreement: Some(shown(done.value)),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    pub(super) async fn who_signed(
        &self,
        request: Request<twin::ListAgreementsRequest>,
    ) -> Result<Response<twin::ListAgreementsResponse>, Problem> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let binding = Binding {
            ledger: &self.ledger,
            caller: &asking,
            arguments: format!(
                "agreements {} {} {}",
                request.setting, request.council, request.without_agreement_only
            ),
        };
        let mut fields = Fields::default();
        let after = fields.take(binding.open(&request.page_token));
        let of = parties(&mut fields, &request, after.flatten());
        let of = fields.all(of)?;
        let page = self.act(&asking, ListAgreements { of }).await?.value;
        Ok(Response::new(twin::ListAgreementsResponse {
            agreements: page.agreements.into_iter().map(shown).collect(),
            next_page_token: binding.seal(page.next.as_ref().map(SettingId::as_str))?,
        }))
    }

    pub(super) async fn send_without(
        &self,
        request: Request<twin::SendWithoutAgreementRequest>,
    ) -> Result<Response<twin::SendWithoutAgreementResponse>, Problem> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let mut fields = Fields::default();
        let name = fields.take(name::read::<TransitionName>("name", &request.name));
        let setting = fields.code("setting", &request.setting.unwrap_or_default());
        let reason = required::<twin::SendingReason, SendingReason>("reason", request.reason);
        let reason = fields.take(reason);
        let id = fields.request_id(&request.request_id);
        let ((name, setting), (reason, id)) = fields.all(name.zip(setting).zip(reason.zip(id)))?;
        let asking = under(asking, &call, name.setting);
        let act = SendWithoutAgreement {
            transition: name.transition,
            setting,
            reason,
            request: id,
        };
        let done = self.act(&asking, act).await?;
        Ok(Response::new(twin::SendWithoutAgreementResponse {
            transition: Some(encode::transition(&asking, done.value.transition)),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }

    pub(super) async fn send_without_no_more(
        &self,
        request: Request<twin::EndSendingWithoutAgreementRequest>,
    ) -> Result<Response<twin::EndSendingWithoutAgreementResponse>, Problem> {
        let call = known(&request)?;
        let request = request.into_inner();
        let asking = caller(&call, &request.parent)?;
        let mut fields = Fields::default();
        let name = fields.take(name::read::<TransitionName>("name", &request.name));
        let setting = fields.code("setting", &request.setting.unwrap_or_default());
        let id = fields.request_id(&request.request_id);
        let (name, (setting, id)) = fields.all(name.zip(setting.zip(id)))?;
        let asking = under(asking, &call, name.setting);
        let act = EndSendingWithoutAgreement {
            transition: name.transition,
            setting,
            request: id,
        };
        let done = self.act(&asking, act).await?;
        Ok(Response::new(twin::EndSendingWithoutAgreementResponse {
            transition: Some(encode::transition(&asking, done.value.transition)),
            receipt: encode::receipt(self.ledger.id().as_str(), done.receipt),
        }))
    }
}
