//! Single values that keep to the rule of their field.

use baton_domain::{
    codes,
    ids::{NhsNumber, Uci, Uln, Upn},
    section::SectionKind,
};
use jiff::civil::Date;

use super::{dice::Dice, words};
use crate::{
    contract::{Field, Kind},
    format,
    v1::Format,
};

/// Attempts to find a code or number that fits before giving up. A test draws every field, so
/// giving up is noticed.
const DRAWS: usize = 1000;

const CAPITALS: [&str; 26] = [
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S",
    "T", "U", "V", "W", "X", "Y", "Z",
];

/// The code of a place in the set of the field.
pub(super) fn code(field: &Field, place: u64) -> String {
    let codes = codes::find(field.rule.code_set).map(codes::CodeSet::codes);
    let code = usize::try_from(place)
        .ok()
        .zip(codes)
        .and_then(|(place, codes)| codes.get(place));
    code.map(|(code, _)| (*code).to_owned()).unwrap_or_default()
}

/// A text for the field. A date that another one must not be before lies in the past, so that there
/// is room behind it.
pub(super) fn text(kind: SectionKind, field: &Field, is_earlier: bool, dice: &mut Dice) -> String {
    let fits = |text: &String| text.chars().count() <= max(field);
    if field.rule.code_set.is_empty() {
        let drawn = if is_earlier {
            day(dice, 2016, 2025)
        } else {
            formatted(kind, field, dice)
        };
        return if fits(&drawn) {
            drawn
        } else {
            cut(&drawn, max(field))
        };
    }
    let codes: Vec<&str> = codes::find(field.rule.code_set)
        .map(|set| set.codes().iter().map(|(code, _)| *code).collect())
        .unwrap_or_default();
    draw(
        || dice.pick(&codes).to_owned(),
        |code| fits(code) && format::check(field.rule.format, code, Date::MAX).is_ok(),
    )
}

/// A number, enum value or truth value for the field, as it stands on the wire.
pub(super) fn number(field: &Field, dice: &mut Dice) -> u64 {
    match (field.kind, field.rule.range) {
        (Kind::Enum(declared), _) => {
            let known: Vec<i32> = declared
                .values
                .iter()
                .map(|(number, _)| *number)
                .filter(|it| *it > 0)
                .collect();
            let place = dice.between(1, u64::try_from(known.len()).unwrap_or(1)) - 1;
            let value = usize::try_from(place)
                .ok()
                .and_then(|place| known.get(place));
            value
                .and_then(|value| u64::try_from(*value).ok())
                .unwrap_or_default()
        }
        (Kind::Bool, _) => dice.between(0, 1),
        (_, Some((least, greatest))) => {
            let width = greatest.abs_diff(least);
            least
                .wrapping_add_unsigned(dice.between(0, width))
                .cast_unsigned()
        }
        _ => dice.between(0, 20),
    }
}

fn formatted(kind: SectionKind, field: &Field, dice: &mut Dice) -> String {
    match field.rule.format {
        Format::Unspecified => words::free_text(kind, dice),
        Format::Line => words::line(field.name, dice),
        Format::Date => day(dice, 2026, 2027),
        Format::PastDate => day(dice, 2016, 2025),
        Format::YearMonth => day(dice, 2016, 2025).chars().take(7).collect(),
        Format::AcademicYear => dice.between(2016, 2025).to_string(),
        // The pseudo postcodes of the Office for National Statistics begin with ZZ99.
        Format::Postcode => format!("ZZ99 {}WZ", dice.digits(1)),
        // Ofcom keeps these numbers for drama.
        Format::Phone => format!("01632 960{}", dice.digits(3)),
        Format::Email => format!(
            "{}@sample.example",
            dice.pick(words::FORENAMES).to_lowercase()
        ),
        Format::Upn => upn(field.name.contains("temporary"), dice),
        Format::Uln => draw(|| dice.digits(10), |it| Uln::parse(it).is_ok()),
        // Numbers that begin 999 are for tests.
        Format::NhsNumber => draw(
            || format!("999{}", dice.digits(7)),
            |it| NhsNumber::parse(it).is_ok(),
        ),
        Format::Uci => draw(
            || format!("99999025{}{}", dice.digits(4), dice.pick(&CAPITALS)),
            |it| Uci::parse(it).is_ok(),
        ),
        Format::GiasUrn => format!("9{}", dice.digits(5)),
        Format::OfstedUrn => format!("EY{}", dice.digits(6)),
        Format::Laestab => format!("999{}", dice.digits(4)),
        Format::Ukprn => format!("1{}", dice.digits(7)),
        Format::LaCode => "999".to_owned(),
        Format::LocalId => format!("class list {}", dice.digits(4)),
    }
}

/// A unique pupil number of the issuer that is kept for tests.
pub(super) fn upn(temporary: bool, dice: &mut Dice) -> String {
    let last = |dice: &mut Dice| {
        if temporary {
            "A".to_owned()
        } else {
            dice.digits(1)
        }
    };
    draw(
        || {
            let letter = dice.pick(&CAPITALS);
            format!("{letter}999{}{}", dice.digits(8), last(dice))
        },
        |it| Upn::parse(it).is_ok(),
    )
}

fn day(dice: &mut Dice, first_year: u64, last_year: u64) -> String {
    let year = dice.between(first_year, last_year);
    format!(
        "{year}-{:02}-{:02}",
        dice.between(1, 12),
        dice.between(1, 28)
    )
}

pub(super) fn draw(mut one: impl FnMut() -> String, fits: impl Fn(&String) -> bool) -> String {
    (0..DRAWS).map(|_| one()).find(fits).unwrap_or_default()
}

fn max(field: &Field) -> usize {
    usize::try_from(field.max_length()).unwrap_or(usize::MAX)
}

fn cut(text: &str, max: usize) -> String {
    text.chars()
        .take(max)
        .collect::<String>()
        .trim_end()
        .to_owned()
}
