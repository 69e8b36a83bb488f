//! The formats a text can be declared to have.

use baton_domain::ids::{
    GiasUrn, IdError, LaCode, Laestab, LocalId, NhsNumber, OfstedEyUrn, Uci, Ukprn, Uln, Upn,
};
use jiff::civil::Date;

use crate::v1::Format;

/// The rule a text breaks, and what is expected.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub(crate) rule: &'static str,
    pub(crate) expected: &'static str,
}

const fn wrong(rule: &'static str, expected: &'static str) -> Result<(), Wrong> {
    Err(Wrong { rule, expected })
}

/// First day a date may name.
const EARLIEST_YEAR: i16 = 1900;

/// Checks a text against a format. `today` is the last day of the past.
pub(crate) fn check(format: Format, text: &str, today: Date) -> Result<(), Wrong> {
    match format {
        Format::Line
            if text
                .chars()
                .any(|char| char.is_control() || is_line_separator(char)) =>
        {
            wrong("line.break", "One line, without control characters.")
        }
        Format::Date => date(text).map(drop),
        Format::PastDate if date(text)? > today => wrong("date.future", "A date that has come."),
        Format::Unspecified | Format::Line | Format::PastDate => Ok(()),
        Format::YearMonth => year_month(text),
        Format::AcademicYear => academic_year(text),
        Format::Postcode => postcode(text),
        Format::Phone => phone(text),
        Format::Email => email(text),
        Format::Upn => id(Upn::parse(text).err(), &UPN),
        Format::Uln => id(Uln::parse(text).err(), &ULN),
        Format::NhsNumber => id(NhsNumber::parse(text).err(), &NHS_NUMBER),
        Format::Uci => id(Uci::parse(text).err(), &UCI),
        Format::GiasUrn => id(GiasUrn::parse(text).err(), &GIAS_URN),
        Format::OfstedUrn => id(OfstedEyUrn::parse(text).err(), &OFSTED_URN),
        Format::Laestab => laestab(text),
        Format::Ukprn => id(Ukprn::parse(text).err(), &UKPRN),
        Format::LaCode => id(LaCode::parse(text).err(), &LA_CODE),
        Format::LocalId => id(LocalId::parse(text).err(), &LOCAL_ID),
    }
}

const fn is_line_separator(char: char) -> bool {
    matches!(char, '\u{2028}' | '\u{2029}')
}

// === dates ===

/// Reads a date of the form `CCYY-MM-DD`, from 1900 on. Stricter than ISO 8601, which has many
/// spellings of a day.
pub(crate) fn date(text: &str) -> Result<Date, Wrong> {
    let broken = Wrong {
        rule: "date.form",
        expected: "A day that exists, as CCYY-MM-DD.",
    };
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
        return Err(broken);
    };
    let day = number(&[y1, y2, y3, y4])
        .zip(number(&[m1, m2]))
        .zip(number(&[d1, d2]))
        .and_then(|((year, month), day)| {
            Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
        });
    match day {
        Some(day) if day.year() >= EARLIEST_YEAR => Ok(day),
        Some(_) => Err(Wrong {
            rule: "date.early",
            expected: "A day from 1900-01-01 on.",
        }),
        None => Err(broken),
    }
}

fn year_month(text: &str) -> Result<(), Wrong> {
    let broken = wrong("year_month.form", "A month, as CCYY-MM, from 1900-01 on.");
    let &[y1, y2, y3, y4, b'-', m1, m2] = text.as_bytes() else {
        return broken;
    };
    match (number(&[y1, y2, y3, y4]), number(&[m1, m2])) {
        (Some(EARLIEST_YEAR..), Some(1..=12)) => Ok(()),
        _ => broken,
    }
}

fn academic_year(text: &str) -> Result<(), Wrong> {
    match number(text.as_bytes()) {
        Some(EARLIEST_YEAR..=2099) if text.len() == 4 => Ok(()),
        _ => wrong(
            "academic_year.form",
            "The first calendar year of an academic year, as CCYY.",
        ),
    }
}

/// A number of at most four digits.
fn number(digits: &[u8]) -> Option<i16> {
    if digits.len() > 4 {
        return None;
    }
    digits.iter().try_fold(0, |sum: i16, digit| {
        digit
            .is_ascii_digit()
            .then(|| sum * 10 + i16::from(digit - b'0'))
    })
}

// === ways to reach someone ===

/// Form of BS7666: area and district, one space, sector and unit.
fn postcode(text: &str) -> Result<(), Wrong> {
    let broken = wrong("postcode.form", "A UK postcode in capitals with one space.");
    let Some((outward, inward)) = text.split_once(' ') else {
        return broken;
    };
    let shape: String = outward
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' => 'A',
            b'0'..=b'9' => '9',
            _ => '?',
        })
        .collect();
    let outward_fits = outward == "GIR"
        || matches!(
            shape.as_str(),
            "A9" | "A99" | "A9A" | "AA9" | "AA99" | "AA9A"
        );
    let inward_fits = matches!(
        inward.as_bytes(),
        [b'0'..=b'9', first, second] if is_unit_letter(*first) && is_unit_letter(*second)
    );
    if outward_fits && inward_fits {
        Ok(())
    } else {
        broken
    }
}

/// Units leave out letters that are read as others.
const fn is_unit_letter(letter: u8) -> bool {
    letter.is_ascii_uppercase() && !matches!(letter, b'C' | b'I' | b'K' | b'M' | b'O' | b'V')
}

/// An inland number may be dialled short; none has more than 15 digits (ITU-T E.164).
fn phone(text: &str) -> Result<(), Wrong> {
    let rest = text.strip_prefix('+').unwrap_or(text);
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    let fits = rest
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b' ');
    if fits && (3..=15).contains(&digits) && rest.trim() == rest {
        Ok(())
    } else {
        wrong(
            "phone.form",
            "3 to 15 digits, with spaces and one leading plus at most.",
        )
    }
}

/// Whether mail arrives is found out by writing to it; here only what no address can be.
fn email(text: &str) -> Result<(), Wrong> {
    let fits = text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.contains('@')
            && domain.split('.').all(|label| !label.is_empty())
            && domain.contains('.')
    });
    let plain = !text
        .chars()
        .any(|char| char.is_whitespace() || char.is_control());
    if fits && plain {
        Ok(())
    } else {
        wrong("email.form", "An e-mail address with one at sign.")
    }
}

// === identifiers ===

/// What is told of an identifier: rules for its form and its check character, and what it is.
struct Told {
    form: &'static str,
    check: &'static str,
    expected: &'static str,
}

macro_rules! told {
    ($($name:ident = $form:literal, $check:literal, $expected:literal;)+) => {
        $(const $name: Told = Told { form: $form, check: $check, expected: $expected };)+
    };
}

told! {
    UPN = "upn.form", "upn.check_letter",
        "A unique pupil number: 13 characters, the first the right check letter.";
    ULN = "uln.form", "uln.check_digit",
        "A unique learner number: 10 digits, the last the right check digit.";
    NHS_NUMBER = "nhs_number.form", "nhs_number.check_digit",
        "An NHS number: 10 digits without spaces, the last the right check digit.";
    UCI = "uci.form", "uci.check_letter",
        "A unique candidate identifier: 13 characters, the last the right check letter.";
    GIAS_URN = "gias_urn.form", "gias_urn.form", "A URN of the schools register: 6 digits.";
    OFSTED_URN = "ofsted_urn.form", "ofsted_urn.form",
        "A URN of Ofsted's early years register: 6 or 7 digits, or EY, VC or CA and 6 digits.";
    LAESTAB = "laestab.form", "laestab.form",
        "Authority and establishment number: 7 digits run together.";
    UKPRN = "ukprn.form", "ukprn.form", "A UK provider reference number: 8 digits.";
    LA_CODE = "la_code.form", "la_code.form", "A code of a local authority: 3 digits.";
    LOCAL_ID = "local_id.form", "local_id.form",
        "What you call the learner: 1 to 64 visible ASCII characters, spaces only within.";
}

fn id(broken: Option<IdError>, told: &Told) -> Result<(), Wrong> {
    match broken {
        None => Ok(()),
        Some(IdError::Check) => wrong(told.check, told.expected),
        Some(_) => wrong(told.form, told.expected),
    }
}

/// In content only the canonical spelling counts; the type reads others too.
fn laestab(text: &str) -> Result<(), Wrong> {
    match Laestab::parse(text) {
        Ok(id) if id.as_str() == text => Ok(()),
        _ => wrong(LAESTAB.form, LAESTAB.expected),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date as day;

    use super::*;

    fn rule(format: Format, text: &str) -> &'static str {
        check(format, text, day(2026, 6, 1)).map_or_else(|wrong| wrong.rule, |()| "")
    }

    #[test]
    fn dates_have_one_spelling() {
        assert_eq!(rule(Format::Date, "2031-02-28"), "");
        for text in [
            "2026-2-3",
            "20260203",
            "2026-02-30",
            "2026-13-01",
            "+026-01-01",
            "2026-01-0１",
        ] {
            assert_eq!(rule(Format::Date, text), "date.form", "{text}");
        }
        assert_eq!(rule(Format::Date, "1899-12-31"), "date.early");
        assert_eq!(rule(Format::PastDate, "2026-06-01"), "");
        assert_eq!(rule(Format::PastDate, "2026-06-02"), "date.future");
    }

    #[test]
    fn each_format_takes_what_it_names_and_nothing_near_it() {
        let table = [
            (Format::Line, "a line", "two\nlines"),
            (Format::Line, "naïve – ok", "a\u{2028}b"),
            (Format::YearMonth, "2026-12", "2026-13"),
            (Format::AcademicYear, "2026", "2026/27"),
            (Format::Postcode, "SW1A 1AA", "SW1A1AA"),
            (Format::Postcode, "M1 1AE", "m1 1ae"),
            (Format::Postcode, "CR2 6XH", "CR2 6XI"),
            (Format::Phone, "+44 161 496 0000", "0161 496 0000 ext 3"),
            (Format::Phone, "0161 496 0000", "0161-496-0000"),
            (
                Format::Email,
                "office@school.example",
                "office@school@example.org",
            ),
            (Format::Email, "a@b.example", "a b@c.example"),
            (Format::Laestab, "3513948", "351/3948"),
            (Format::GiasUrn, "105554", "EY105554"),
            (Format::OfstedUrn, "EY105554", "RP105554"),
            (Format::LaCode, "351", "35"),
            (Format::LocalId, "room 4, bed 2", " room 4"),
            (Format::LocalId, "27", "café"),
        ];
        for (format, good, bad) in table {
            assert_eq!(rule(format, good), "", "{good}");
            assert_ne!(rule(format, bad), "", "{bad}");
        }
    }

    #[test]
    fn a_slip_in_an_identifier_is_told_apart_from_a_wrong_form() {
        assert_eq!(rule(Format::Upn, "A12345678901"), "upn.form");
        assert_eq!(
            rule(Format::NhsNumber, "9434765918"),
            "nhs_number.check_digit"
        );
        assert_eq!(rule(Format::NhsNumber, "9434765919"), "");
    }
}
