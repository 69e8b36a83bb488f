use baton_domain::codes;

use super::identity::NAME_CHARS;
use crate::{ctf::block::Block, problem::Findings, rule::Rule};

/// Most contacts taken over; `Order` goes no further either.
const MAX_CONTACTS: usize = 15;
/// Most telephone numbers taken over of one person.
const MAX_PHONES: usize = 5;

/// Lines of an address that is not split into its parts.
const ADDRESS_LINES: [&str; 5] = [
    "AddressLine1",
    "AddressLine2",
    "AddressLine3",
    "AddressLine4",
    "AddressLine5",
];

/// A postal address, by the parts of BS7666 or by lines.
#[derive(Clone, Default, PartialEq)]
pub struct Address {
    /// `SAON`: flat or unit.
    pub saon: Option<String>,
    /// `PAON`: house number or name.
    pub paon: Option<String>,
    /// `Street`.
    pub street: Option<String>,
    /// `Locality`.
    pub locality: Option<String>,
    /// `Town`.
    pub town: Option<String>,
    /// `AdministrativeArea`.
    pub administrative_area: Option<String>,
    /// `PostTown`.
    pub post_town: Option<String>,
    /// `UniquePropertyReferenceNumber`.
    pub uprn: Option<String>,
    /// `AddressLines`.
    pub lines: Vec<String>,
    /// `County`.
    pub county: Option<String>,
    /// `PostCode`, with one space.
    pub postcode: Option<String>,
    /// `Country`.
    pub country: Option<String>,
}

/// A telephone number.
#[derive(Clone, PartialEq)]
pub struct Telephone {
    /// `TelephoneType`.
    pub kind: Option<String>,
    /// `PhoneNo`: digits and one leading plus.
    pub number: String,
}

/// Somebody to turn to.
#[derive(Clone, PartialEq)]
pub struct Contact {
    /// `Order`: whom to call first. Ties are allowed.
    pub order: Option<u16>,
    /// `Title`.
    pub title: Option<String>,
    /// `Surname`.
    pub surname: Option<String>,
    /// `Forename`.
    pub forename: Option<String>,
    /// `MiddleNames`.
    pub middle_names: Option<String>,
    /// `Sex`, also under its old name `Gender`.
    pub sex: Option<String>,
    /// `Relationship`.
    pub relationship: Option<String>,
    /// `Responsibility`: parental responsibility.
    pub responsibility: Option<bool>,
    /// `AddressAsPupil`.
    pub lives_with_pupil: Option<bool>,
    /// `Address`, when it is not the pupil's.
    pub address: Option<Address>,
    /// `Phones`.
    pub phones: Vec<Telephone>,
    /// `Email`.
    pub email: Option<String>,
}

impl Address {
    pub(super) fn read(parent: &mut Block<'_>, f: &mut Findings) -> Option<Self> {
        let block = parent.block("Address", f)?;
        Self::read_block(block, f)
    }

    fn read_block(mut block: Block<'_>, f: &mut Findings) -> Option<Self> {
        let mut address = Self {
            county: block.text("County", 35, f),
            postcode: postcode(&mut block, f),
            country: block.text("Country", 45, f),
            ..Self::default()
        };
        if let Some(mut parts) = block.block("BS7666Address", f) {
            address.saon = parts.text("SAON", 100, f);
            address.paon = parts.text("PAON", 100, f);
            address.street = parts.text("Street", 100, f);
            address.locality = parts.text("Locality", 35, f);
            address.town = parts.text("Town", 30, f);
            address.administrative_area = parts.text("AdministrativeArea", 30, f);
            address.post_town = parts.text("PostTown", 30, f);
            address.uprn = parts.text("UniquePropertyReferenceNumber", 12, f);
            parts.finish(f);
        }
        if let Some(mut lines) = block.block("AddressLines", f) {
            address.lines = ADDRESS_LINES
                .iter()
                .filter_map(|line| lines.text(line, 40, f))
                .collect();
            let line = lines.line();
            lines.finish(f);
            if !address.lines.is_empty() && address.has_parts() {
                // The one address twice; the parts say more.
                let text = "left out: the address stands in its parts too".to_owned();
                f.note(line, &block.path_of("AddressLines"), text);
                address.lines.clear();
            }
        }
        block.finish(f);
        (address != Self::default()).then_some(address)
    }

    fn has_parts(&self) -> bool {
        let parts = [
            &self.saon,
            &self.paon,
            &self.street,
            &self.locality,
            &self.town,
            &self.administrative_area,
            &self.post_town,
            &self.uprn,
        ];
        parts.into_iter().any(Option::is_some)
    }
}

impl Telephone {
    pub(super) fn read_all(parent: &mut Block<'_>, f: &mut Findings) -> Vec<Self> {
        let Some(mut phones) = parent.block("Phones", f) else {
            return Vec::new();
        };
        let rows = phones.first_blocks("Phone", MAX_PHONES, f).into_iter();
        let read = rows.filter_map(|row| Self::read(row, f)).collect();
        phones.finish(f);
        read
    }

    /// A number people cannot dial is left out with a note: offices write "after 6pm" behind it,
    /// and that is no reason to refuse a child.
    fn read(mut row: Block<'_>, f: &mut Findings) -> Option<Self> {
        let kind = row.code("TelephoneType", &codes::TELEPHONE_TYPE, f);
        let leaf = row.leaf("PhoneNo", 35, f);
        row.finish(f);
        let leaf = leaf?;
        let number = dialled(&leaf.value);
        let digits = number.strip_prefix('+').unwrap_or(&number);
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits || !(3..=15).contains(&digits.len()) {
            f.note(
                leaf.line,
                &leaf.path,
                "left out: not a telephone number".to_owned(),
            );
            return None;
        }
        Some(Self { kind, number })
    }
}

/// A number without its dressing. `+44 (0)161 …` is for two readers: the nought is dialled inland
/// only, and a number that begins with `+` or `00` is dialled from abroad.
fn dialled(written: &str) -> String {
    let grouped: String = written
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '.'))
        .collect();
    let bare = |text: &str| text.replace(['(', ')'], "");
    let abroad = bare(&grouped.replacen("(0)", "", 1));
    if abroad.starts_with('+') || abroad.starts_with("00") {
        abroad
    } else {
        bare(&grouped)
    }
}

impl Contact {
    pub(super) fn read_all(pupil: &mut Block<'_>, f: &mut Findings) -> Vec<Self> {
        let Some(mut contacts) = pupil.block("Contacts", f) else {
            return Vec::new();
        };
        let rows = contacts
            .first_blocks("Contact", MAX_CONTACTS, f)
            .into_iter();
        let read = rows.map(|row| Self::read(row, f)).collect();
        contacts.finish(f);
        read
    }

    fn read(mut row: Block<'_>, f: &mut Findings) -> Self {
        let mut address = row.block("Address", f);
        let lives_with_pupil = address.as_mut().and_then(|a| a.flag("AddressAsPupil", f));
        let contact = Self {
            order: row.number("Order", 1, 15, f),
            title: row.text("Title", 35, f),
            surname: row.text("Surname", NAME_CHARS, f),
            forename: row.text("Forename", NAME_CHARS, f),
            middle_names: row.text("MiddleNames", NAME_CHARS, f),
            sex: sex(&mut row, f),
            relationship: row.code("Relationship", &codes::RELATIONSHIP, f),
            responsibility: row.flag("Responsibility", f),
            lives_with_pupil,
            address: address.and_then(|address| Address::read_block(address, f)),
            phones: Telephone::read_all(&mut row, f),
            email: email(&mut row, f),
        };
        if contact.surname.is_none() && contact.forename.is_none() {
            let rule = Rule::Together("is missing, and so is Forename");
            f.absence(row.line(), &row.path_of("Surname"), rule);
        }
        row.finish(f);
        contact
    }
}

/// An address people cannot write to is left out with a note, as with [`Telephone::read`].
pub(super) fn email(parent: &mut Block<'_>, f: &mut Findings) -> Option<String> {
    let leaf = parent.leaf("Email", 254, f)?;
    let one_at = leaf.value.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty()
            && !host.contains('@')
            && host.contains('.')
            && host.split('.').all(|label| !label.is_empty())
    });
    if !one_at || leaf.value.contains(' ') {
        f.note(
            leaf.line,
            &leaf.path,
            "left out: not an email address".to_owned(),
        );
        return None;
    }
    Some(leaf.value)
}

/// A postcode as it is printed: capitals, one space before the last three. A letter O is mended
/// where only a digit can stand; what is no UK postcode is left out, as with [`Telephone::read`].
fn postcode(address: &mut Block<'_>, f: &mut Findings) -> Option<String> {
    let leaf = address.leaf("PostCode", 20, f)?;
    let printed = printed_postcode(&leaf.value);
    if printed.is_none() {
        f.note(
            leaf.line,
            &leaf.path,
            "left out: not a UK postcode".to_owned(),
        );
    }
    printed
}

fn printed_postcode(value: &str) -> Option<String> {
    let plain: String = value.to_ascii_uppercase().split(' ').collect();
    let (outward, inward) = plain.split_at_checked(plain.len().checked_sub(3)?)?;
    let inward = inward
        .strip_prefix('O')
        .map_or(inward.to_owned(), |unit| format!("0{unit}"));
    let kind = |byte: u8| match byte {
        b'A'..=b'Z' => 'A',
        b'0'..=b'9' => '9',
        _ => '?',
    };
    let shape: String = outward.bytes().map(kind).collect();
    let area = matches!(
        shape.as_str(),
        "A9" | "A99" | "A9A" | "AA9" | "AA99" | "AA9A"
    );
    // Units leave out letters that are read as others.
    let letter = |byte: u8| byte.is_ascii_uppercase() && !b"CIKMOV".contains(&byte);
    let unit = matches!(inward.as_bytes(), [b'0'..=b'9', a, b] if letter(*a) && letter(*b));
    (unit && (area || outward == "GIR")).then(|| format!("{outward} {inward}"))
}

fn sex(contact: &mut Block<'_>, f: &mut Findings) -> Option<String> {
    let sex = contact.code("Sex", &codes::SEX, f);
    sex.or_else(|| contact.code("Gender", &codes::SEX, f))
}
