//! Which learner a question of `AuditService` is about, and what was given out about it.

use std::collections::BTreeSet;

use baton_domain::act::{RecordDisclosure, Whose};
use baton_domain::disclosure::{Audience, Exemption};
use baton_domain::ids::{Alias, SettingId};
use baton_wire::convert::required;
use baton_wire::name::{self, TransitionName};
use baton_wire::status::Problem;
use baton_wire::{field, twin};

use super::call::Fields;

/// Most lines of an account; a number above it is a mistake.
const LINES_MAX: i32 = 1_000_000;

/// The three ways a request names a learner, as they came.
pub(super) struct Named {
    pub(super) transition: String,
    pub(super) learner: Option<twin::LearnerIdentifier>,
    pub(super) alias: String,
}

impl Named {
    /// The learner, and the setting a move was named under.
    pub(super) fn read(self, fields: &mut Fields) -> Option<(Whose, Option<SettingId>)> {
        match (self.transition.as_str(), self.learner, self.alias.as_str()) {
            (name, None, "") => {
                let name = fields.take(name::read::<TransitionName>("transition", name))?;
                Some((Whose::Move(name.transition), Some(name.setting)))
            }
            ("", Some(id), "") => {
                let id = fields.take(field::learner("learner", &id.scheme, &id.value))?;
                Some((Whose::Known(id), None))
            }
            ("", None, alias) => {
                let read = Alias::parse(alias).ok();
                if read.is_none() {
                    let say = "Give `als_` and 26 characters, as entries name a learner.";
                    fields.wrong("alias", "alias", say);
                }
                read.map(|alias| (Whose::Alias(alias), None))
            }
            _ => {
                let say = "Give one of transition, learner and alias.";
                fields.wrong("transition", "field.beside", say);
                None
            }
        }
    }
}

/// The disclosure a request records, every problem told.
pub(super) fn read(
    request: twin::RecordDisclosureRequest,
) -> Result<(RecordDisclosure, Option<SettingId>), Problem> {
    let mut fields = Fields::default();
    let named = Named {
        transition: request.transition,
        learner: request.learner,
        alias: request.alias,
    };
    let whose = named.read(&mut fields);
    let audience = required::<twin::DisclosureAudience, Audience>("audience", request.audience);
    let audience = fields.take(audience);
    let commitment = <[u8; 32]>::try_from(request.commitment.as_ref()).ok();
    if commitment.is_none() {
        fields.wrong("commitment", "sha256", "Give 32 bytes.");
    }
    let lines = number(&mut fields, "lines", (0, request.lines));
    let withheld = withheld(&mut fields, &request.withheld, audience);
    let id = fields.request_id(&request.request_id);
    let all = whose
        .zip(audience)
        .zip(commitment.zip(lines))
        .zip(withheld.zip(id));
    let (((whose, audience), (commitment, lines)), (withheld, request)) = fields.all(all)?;
    let (whose, under) = whose;
    let disclosure = RecordDisclosure {
        whose,
        audience,
        commitment,
        lines,
        withheld,
        request,
    };
    Ok((disclosure, under))
}

fn withheld(
    fields: &mut Fields,
    given: &[twin::WithheldLines],
    audience: Option<Audience>,
) -> Option<Vec<(&'static Exemption, u32)>> {
    let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
    for (at, withheld) in given.iter().enumerate() {
        let lines = number(
            fields,
            &format!("withheld[{at}].lines"),
            (1, withheld.lines),
        );
        let field = format!("withheld[{at}].exemption");
        let Some(exemption) = Exemption::find(&withheld.exemption) else {
            fields.wrong(&field, "exemption", "Give a code of docs/who-saw.md.");
            continue;
        };
        if !seen.insert(exemption.code) {
            fields.wrong(&field, "items.twice", "Give each exemption once.");
        }
        if audience.is_some_and(|audience| !exemption.binds(audience)) {
            let say = "This exemption holds only against somebody who asks by parental \
                       responsibility: give the one that holds against the young person.";
            fields.wrong(&field, "exemption.audience", say);
        }
        all.extend(lines.map(|lines| (exemption, lines)));
    }
    (all.len() == given.len()).then_some(all)
}

fn number(fields: &mut Fields, field: &str, (least, value): (i32, i32)) -> Option<u32> {
    if !(least..=LINES_MAX).contains(&value) {
        let say = format!("Give a number from {least} to {LINES_MAX}.");
        fields.wrong(field, "number.range", &say);
        return None;
    }
    u32::try_from(value).ok()
}
