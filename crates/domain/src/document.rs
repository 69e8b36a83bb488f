//! Files that go with a contribution: what may be one, and how it is cut.

use crate::section::SectionKind;

/// Length of every chunk but the last.
pub const CHUNK_BYTES: u64 = 1024 * 1024;
/// Greatest length of a document.
pub const DOCUMENT_BYTES_MAX: u64 = 25 * CHUNK_BYTES;
/// Documents that stand with one contribution.
pub const DOCUMENTS_MAX: usize = 20;
/// Their bytes together.
pub const DOCUMENTS_BYTES_MAX: u64 = 100 * CHUNK_BYTES;
/// Documents one contribution may ever have had: of each a row is left that says there was one.
pub const DOCUMENTS_EVER_MAX: usize = 200;

macro_rules! types {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal, $media:literal, $ending:literal;)+) => {
        /// What sort of file a document is. A type is only ever added; its number is stored.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum MediaType {
            $($(#[doc = $doc])+ $name = $number,)+
        }

        impl MediaType {
            /// Every type there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// As IANA registers it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $media,)+ }
            }

            /// How names of such files end, without the dot.
            pub const fn ending(self) -> &'static str {
                match self { $(Self::$name => $ending,)+ }
            }
        }
    };
}

types! {
    /// Begins with `%PDF-` (ISO 32000-2, 7.5.2).
    Pdf = 1, "application/pdf", "pdf";
    /// A ZIP archive (ISO/IEC 29500-2, 6); macros have another type, which is not taken.
    Docx = 2, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx";
    /// A ZIP archive whose first file says what it is (ODF 1.3, part 2, 3.3).
    Odt = 3, "application/vnd.oasis.opendocument.text", "odt";
    /// Begins with the eight bytes of the signature (W3C PNG, 5.2).
    Png = 4, "image/png", "png";
    /// Begins with a start-of-image marker and another marker (ITU-T T.81, B.1.1).
    Jpeg = 5, "image/jpeg", "jpg";
    /// UTF-8 without control characters but tab, line feed, form feed and carriage return.
    Text = 6, "text/plain", "txt";
}

const ZIP: &[u8] = b"PK\x03\x04";
/// Where the name of the first file of a ZIP archive stands.
const FIRST_NAME: usize = 30;
const ODT_FIRST: &[u8] = b"mimetypeapplication/vnd.oasis.opendocument.text";

impl MediaType {
    /// The number in stored rows.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The type of that number, if there is one.
    pub fn from_number(number: i64) -> Option<Self> {
        let of = |one: &&Self| i64::from(one.number()) == number;
        Self::ALL.iter().find(of).copied()
    }

    /// The type of that name, parameters left out.
    pub fn parse(name: &str) -> Option<Self> {
        let of = |one: &&Self| one.name() == name;
        Self::ALL.iter().find(of).copied()
    }

    /// The type of files whose names end so.
    pub fn of_ending(ending: &str) -> Option<Self> {
        let ending = match ending.to_ascii_lowercase().as_str() {
            "jpeg" => "jpg".to_owned(),
            other => other.to_owned(),
        };
        let of = |one: &&Self| one.ending() == ending;
        Self::ALL.iter().find(of).copied()
    }

    /// Whether a file of this type begins so. `first` is its first chunk, or all of it.
    pub fn fits(self, first: &[u8]) -> bool {
        let is_odt = || {
            first
                .get(FIRST_NAME..)
                .is_some_and(|it| it.starts_with(ODT_FIRST))
        };
        match self {
            Self::Pdf => first.starts_with(b"%PDF-"),
            Self::Docx => first.starts_with(ZIP) && !is_odt(),
            Self::Odt => first.starts_with(ZIP) && is_odt(),
            Self::Png => first.starts_with(b"\x89PNG\r\n\x1a\n"),
            Self::Jpeg => first.starts_with(b"\xff\xd8\xff"),
            Self::Text => is_text(first),
        }
    }
}

fn is_text(first: &[u8]) -> bool {
    let whole = match std::str::from_utf8(first) {
        Ok(text) => text,
        // A character may be cut in two where the chunk ends.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&first[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let allowed = |it: char| !it.is_control() || matches!(it, '\t' | '\n' | '\x0c' | '\r');
    whole.chars().all(allowed)
}

/// Whether documents of a kind are taken. A child protection file goes by its own way, from one
/// safeguarding lead to another.
pub const fn takes(kind: SectionKind) -> bool {
    kind.publishable() && !matches!(kind, SectionKind::ChildProtectionNote)
}

/// How many chunks a document of a length has.
pub const fn chunks(bytes: u64) -> u64 {
    bytes.div_ceil(CHUNK_BYTES)
}

/// How long a chunk has to be, from 0; 0 where there is none.
pub const fn chunk_bytes(bytes: u64, index: u64) -> u64 {
    let left = bytes.saturating_sub(index.saturating_mul(CHUNK_BYTES));
    if left < CHUNK_BYTES {
        left
    } else {
        CHUNK_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_cut_into_whole_chunks_and_a_rest() {
        let cut = |bytes| -> Vec<u64> {
            (0..chunks(bytes))
                .map(|at| chunk_bytes(bytes, at))
                .collect()
        };
        assert_eq!(cut(0), Vec::<u64>::new());
        assert_eq!(cut(1), [1]);
        assert_eq!(cut(CHUNK_BYTES), [CHUNK_BYTES]);
        assert_eq!(cut(CHUNK_BYTES + 1), [CHUNK_BYTES, 1]);
        assert_eq!(chunk_bytes(CHUNK_BYTES + 1, 2), 0);
        assert_eq!(chunks(DOCUMENT_BYTES_MAX), 25);
    }

    #[test]
    fn a_file_is_known_by_how_it_begins() {
        let zip = |first: &str| [ZIP, &[0; 26], first.as_bytes()].concat();
        let all = [
            (MediaType::Pdf, b"%PDF-1.7\n".to_vec()),
            (MediaType::Docx, zip("[Content_Types].xml")),
            (
                MediaType::Odt,
                zip("mimetypeapplication/vnd.oasis.opendocument.textPK"),
            ),
            (MediaType::Png, b"\x89PNG\r\n\x1a\n\0".to_vec()),
            (MediaType::Jpeg, b"\xff\xd8\xff\xe0".to_vec()),
            (MediaType::Text, "Support plan\r\n\tof Ada\n".into()),
        ];
        for (media, first) in &all {
            for other in MediaType::ALL {
                let plain = *other == MediaType::Text && *media == MediaType::Pdf;
                assert_eq!(
                    other.fits(first),
                    other == media || plain,
                    "{media:?} as {other:?}"
                );
            }
            assert_eq!(MediaType::from_number(media.number().into()), Some(*media));
            assert_eq!(MediaType::parse(media.name()), Some(*media));
            assert_eq!(MediaType::of_ending(media.ending()), Some(*media));
        }
        assert_eq!(MediaType::of_ending("JPEG"), Some(MediaType::Jpeg));
        assert_eq!(MediaType::parse("application/msword"), None);
        let cut = &"voil\u{e0}".as_bytes()[..5];
        assert!(
            MediaType::Text.fits(cut),
            "cut in the middle of a character"
        );
        for bad in [&b"a\0b"[..], b"a\x1bb", b"\xffabc", b"a\xe0b"] {
            assert!(!MediaType::Text.fits(bad), "{bad:?}");
        }
    }

    #[test]
    fn what_is_derived_reserved_or_goes_another_way_takes_no_documents() {
        let not = SectionKind::ALL.into_iter().filter(|kind| !takes(*kind));
        let not: Vec<_> = not.collect();
        assert_eq!(
            not,
            [
                SectionKind::CapacityAndSharing,
                SectionKind::IndividualSupportPlan,
                SectionKind::ChildProtectionNote
            ]
        );
    }
}
